"""What `python -m sandbox.supervisor run` does: bring the sandbox up, watch it, take it down.

Labelled stand-in; never imported by product code.
"""

import fcntl
import ipaddress
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from sandbox.admin import AdminServer
from sandbox.children import Children
from sandbox.confluent import control as confluent_control
from sandbox.confluent.credentials import new_cloud_key, write_cloud_key
from sandbox.confluent.mirror import make_mirror
from sandbox.environment import Addresses, Files, render, sandbox_environment
from sandbox.loopback import AddressRefused, listen
from sandbox.options import LOOPBACK, Options
from sandbox.proxy_control import PREFIX
from sandbox.record import FILE_NAME, this_process, write_whole
from sandbox.seed import Owner, RoleDocuments, SeedFailed, holder_of, printed_role_documents
from sandbox.web_identity import SANDBOX, write_token

log = logging.getLogger("sandbox.supervisor")

READY_SECONDS = 60.0
PROBE_SECONDS = 2.0
PROBE_PAUSE_SECONDS = 0.05


class StartFailed(Exception):
    """The sandbox cannot start; the text is one sentence for the user."""


class Stopped(Exception):
    """SIGTERM or SIGINT arrived."""


class Supervisor:
    """Brings the sandbox up, watches it, and takes it down; a child that dies takes the whole sandbox with it."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._role_documents: dict[str, RoleDocuments] = {}

    def run(self, report_fd: int | None) -> None:
        """Serve until a signal or a child's death. Raises StartFailed or AddressRefused when it cannot start."""
        options = self._options
        wake_read, wake_write = os.pipe()
        with _only_one(options.directory), Children(options.directory) as children:
            try:
                self._bring_up(children)
                children.tell_deaths(wake_write)
                _report(report_fd, "ready")
                os.read(wake_read, 1)
                log.error("stopping: %s", children.first_death())
            except Stopped:
                log.info("stopping: asked to")
            finally:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                for token in (*options.tokens.glob("*"), *options.reader_tokens.glob("*")):
                    token.unlink()
                for left_over in (FILE_NAME, options.env_file, options.token_file, options.connections_file):
                    (options.directory / left_over).unlink(missing_ok=True)

    def _bring_up(self, children: Children) -> None:
        options = self._options
        proxy = listen(options.bind, options.port)
        admin = listen(options.bind, options.admin_port)
        aws = listen(LOOPBACK, 0)
        confluent = listen(LOOPBACK, options.confluent_port)
        ports = {"proxy": _port(proxy), "admin": _port(admin), "aws": _port(aws), "confluent": _port(confluent)}
        write_token(options.token_file)
        write_cloud_key(options.connections_file, new_cloud_key())
        make_mirror(options.provider_mirror)
        children.start("aws", "sandbox.aws.server", aws, ["--enforce-iam"] if options.environments else [])
        children.start("proxy", "sandbox.proxy", proxy, ["--upstream", f"{LOOPBACK}:{ports['aws']}"])
        children.start(
            "confluent", "sandbox.confluent.server", confluent, ["--cloud-key", str(options.connections_file)]
        )
        confluent_url = f"http://{LOOPBACK}:{ports['confluent']}"
        inner = LOOPBACK if ipaddress.ip_address(options.bind).is_unspecified else options.bind
        proxy_url = f"http://{inner}:{ports['proxy']}"
        _wait_until_ready(f"{proxy_url}{PREFIX}ready", children)
        _wait_until_ready(f"{confluent_url}{confluent_control.PREFIX}ready", children)
        aws_url = f"http://{LOOPBACK}:{ports['aws']}"
        self._seed(aws_url)
        AdminServer(admin, proxy_url, confluent_url, lambda: self._seed(aws_url)).serve_in_background()
        urls = {name: f"http://{options.advertise}:{ports[name]}" for name in ("proxy", "admin")}
        urls["confluent"] = confluent_url
        addresses = Addresses(aws=urls["proxy"], admin=urls["admin"], confluent=confluent_url)
        tokens = options.tokens if options.environments else None
        files = Files(options.token_file, options.connections_file, options.provider_mirror, tokens)
        environment = sandbox_environment(addresses, options.region, self._role_arn(), files)
        write_whole(options.env_file, render(environment))
        record = this_process(urls, ports, children.pids, options.region, self._role_arn())
        write_whole(options.directory / FILE_NAME, record.model_dump_json(indent=2) + "\n")
        log.info("ready: AWS at %s, Confluent at %s, admin at %s", urls["proxy"], confluent_url, urls["admin"])

    def _seed(self, endpoint: str) -> None:
        options = self._options
        token = options.token_file.read_text(encoding="ascii")
        if not options.seed_role:
            return
        if not options.environments:
            Owner(endpoint, options.region, options.role_arn, token).make_role()
        for name in options.environments:
            documents = self._documents(name)
            Owner(endpoint, options.region, documents.role.arn, token).apply(documents)
            write_token(options.tokens / name, holder_of(documents.role.trust) or SANDBOX)
            if documents.reader is not None:
                write_token(options.reader_tokens / name, holder_of(documents.reader.role.trust) or SANDBOX)

    def _role_arn(self) -> str:
        """The role of a process that is not told an environment: the first one's."""
        first = self._options.environments[:1]
        return self._documents(first[0]).role.arn if first else self._options.role_arn

    def _documents(self, environment: str) -> RoleDocuments:
        """What the owner is asked to apply, as the command prints it: nothing of the product is imported here."""
        if environment not in self._role_documents:
            self._role_documents[environment] = printed_role_documents(environment)
        return self._role_documents[environment]


def _wait_until_ready(url: str, children: Children) -> None:
    deadline = time.monotonic() + READY_SECONDS
    with httpx.Client(trust_env=False, timeout=PROBE_SECONDS) as client:
        while time.monotonic() < deadline:
            if death := children.first_death():
                raise StartFailed(death)
            try:
                if client.get(url).status_code == httpx.codes.OK:
                    return
            except httpx.TimeoutException:
                continue  # the socket already listens, the child behind it is still importing
            except httpx.TransportError:
                pass
            time.sleep(PROBE_PAUSE_SECONDS)
    raise StartFailed(f"the sandbox was not ready within {READY_SECONDS:.0f} seconds; see its logs.")


@contextmanager
def _only_one(directory: Path) -> Iterator[None]:
    with (directory / "supervisor.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StartFailed(f"a sandbox is already running in {directory}.") from error
        yield


def _port(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def _report(report_fd: int | None, text: str) -> None:
    """Tell the process that waits in `start` how it went."""
    if report_fd is not None:
        os.write(report_fd, text.encode())
        os.close(report_fd)


def run(options: Options, report_fd: int | None) -> int:
    """Serve until a signal (0) or a failure (1); tell `report_fd` "ready", or the error in one sentence."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    signal.signal(signal.SIGTERM, _raise_stopped)
    signal.signal(signal.SIGINT, _raise_stopped)
    try:
        Supervisor(options).run(report_fd)
    except (StartFailed, AddressRefused, SeedFailed) as error:
        print(f"error: {error}", file=sys.stderr)
        _report(report_fd, f"error: {error}")
        return 1
    return 0


def _raise_stopped(*_: object) -> None:
    raise Stopped
