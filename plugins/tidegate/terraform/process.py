"""Spawns terraform: the only place in tidegate that starts a process.

The child runs in a session of its own with its output in files. A pipe would kill it with SIGPIPE when its reader dies,
leaving an empty state and a lock behind; with files it goes on, and the next try finds it (ADR 10).
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

POLL_SECONDS = 0.2
HEARTBEAT_SECONDS = 30.0
GRACE_SECONDS = 60.0

INTENT_VARIABLE = "TIDEGATE_INTENT"
"""Environment variable that marks a child, so that it can be found again when its pid was never recorded."""

GARBAGE_COLLECTION = "400"
"""Go's GOGC for terraform and its providers, which live for seconds: a fifth less processor time than with Go's own
100, for a sixth more memory (measured with `terraform validate` of core, provider hashicorp/aws 5.100.0)."""

CONFLUENT_KEYS = ("CONFLUENT_CLOUD_API_KEY", "CONFLUENT_CLOUD_API_SECRET")
"""Where Confluent's provider looks for its key: neither a variable nor an argument (ID4)."""

_PASSED_ON = frozenset(
    {
        *("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"),
        *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
        *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"),
        *("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_SESSION_NAME"),
        *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
        *("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_EC2_METADATA_DISABLED"),
        *("AWS_CA_BUNDLE", "AWS_S3_USE_PATH_STYLE", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"),
    }
)


_interrupted: set[tuple[int, float]] = set()
"""Children of this process that were asked to stop."""


class TerraformDeadline(Exception):
    """terraform did not end in time and was asked to stop; it may still be running."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A child that ended. `output` and `errors` are files that hold what it wrote."""

    returncode: int
    output: Path
    errors: Path
    seconds: float


@dataclass(frozen=True, slots=True)
class Started:
    """A child right after its start, for the intent record. `create_time` is seconds since the epoch."""

    pid: int
    create_time: float


def child_environment(
    environ: Mapping[str, str], cli_config: Path, intent: str, secrets: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The allow-listed environment of a child: no static keys, nothing that could switch Terraform's behaviour.

    `secrets` are the stack's own credentials, under names that its manifest entry may give them.
    """
    passed = {name: environ[name] for name in _PASSED_ON if name in environ}
    passed |= {name: value for name, value in environ.items() if name.startswith("AWS_ENDPOINT_URL")}
    return {**(secrets or {}), **passed} | {
        "TF_CLI_CONFIG_FILE": str(cli_config),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        "GOGC": GARBAGE_COLLECTION,
        INTENT_VARIABLE: intent,
    }


def run(
    argv: list[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    logs: Path,
    deadline_seconds: float,
    on_start: Callable[[Started], None] = lambda _started: None,
    on_line: Callable[[str], None] = lambda _line: None,
    on_heartbeat: Callable[[float], None] = lambda _seconds: None,
) -> Ended:
    """Run a child to its end and hand over its output line by line. `logs` is the stem of the two output files.

    Raises TerraformDeadline after `deadline_seconds` plus a grace period in which the child was interrupted once.
    """
    logs.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    output, errors = logs.with_suffix(".out"), logs.with_suffix(".err")
    began = time.monotonic()
    with output.open("wb") as out, errors.open("wb") as err:
        for file in (out, err):
            os.fchmod(file.fileno(), 0o600)
        child = subprocess.Popen(
            argv,
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
            umask=0o077,  # plans, states and errored.tfstate hold secrets (ID4)
        )
    started = Started(child.pid, psutil.Process(child.pid).create_time())
    on_start(started)
    for line in _follow(child, started, output, began, deadline_seconds, on_heartbeat):
        on_line(line)
    return Ended(child.returncode, output, errors, time.monotonic() - began)


def interrupt(pid: int, create_time: float) -> bool:
    """Ask a child once to stop, so that it releases its lock and writes its state. True when it was asked now.

    Never twice: at a second SIGINT terraform exits at once and may lose its state.
    """
    if (pid, create_time) in _interrupted or not alive(pid, create_time):
        return False
    _interrupted.add((pid, create_time))
    os.kill(pid, signal.SIGINT)
    return True


def alive(pid: int, create_time: float) -> bool:
    """Is the very process alive that had this pid and start time?"""
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - create_time) < 1.0 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def find_marked(intent: str) -> Started | None:
    """The live child that carries an intent id in its environment, when its pid was never recorded."""
    for process in psutil.process_iter():
        try:
            if process.environ().get(INTENT_VARIABLE) == intent and process.status() != psutil.STATUS_ZOMBIE:
                return Started(process.pid, process.create_time())
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return None


def _follow(
    child: "subprocess.Popen[bytes]",
    started: Started,
    output: Path,
    began: float,
    deadline_seconds: float,
    on_heartbeat: Callable[[float], None],
) -> Iterator[str]:
    """Complete lines of the output file as they appear, until the child has ended and all was read."""
    rest, next_heartbeat, interrupted_at = b"", began + HEARTBEAT_SECONDS, None
    with output.open("rb") as file:
        while True:
            ended = child.poll() is not None
            *lines, rest = (rest + file.read()).split(b"\n")
            yield from (line.decode(errors="replace") for line in lines)
            if ended:
                if rest:
                    yield rest.decode(errors="replace")
                return
            now = time.monotonic()
            if now >= next_heartbeat:
                on_heartbeat(now - began)
                next_heartbeat = now + HEARTBEAT_SECONDS
            if interrupted_at is None and now - began > deadline_seconds:
                interrupt(started.pid, started.create_time)
                interrupted_at = now
            if interrupted_at is not None and now - interrupted_at > GRACE_SECONDS:
                raise TerraformDeadline(
                    f"still running {GRACE_SECONDS:.0f} s after it was asked to stop (pid {child.pid})"
                )
            try:
                child.wait(POLL_SECONDS)
            except subprocess.TimeoutExpired:
                continue
