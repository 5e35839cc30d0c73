"""The sandbox's supervisor: one process that runs the AWS stand-in, the fault proxy before it, and the fake Confluent.

    python -m sandbox.supervisor start   # in the background; a second start says that it is already running
    python -m sandbox.supervisor status
    python -m sandbox.supervisor stop    # stopping loses the sandbox's state
    python -m sandbox.supervisor run     # in the foreground, for containers

Labelled stand-in; never imported by product code.
"""

import argparse
import ipaddress
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.lifecycle import start_in_background, status, stop
from sandbox.loopback import AddressRefused, require_loopback
from sandbox.options import DEFAULT_DIRECTORY, DEFAULT_REGION, DEFAULT_ROLE_ARN, LOOPBACK, Options, account_and_role


def _options(arguments: argparse.Namespace) -> Options:
    """Check what the command line asked for. Raises ValueError or AddressRefused with one sentence."""
    account_and_role(arguments.role_arn)
    if not arguments.inside_container:
        require_loopback(arguments.bind, "--bind")
    directory = arguments.directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    return Options(
        directory=directory,
        role_arn=arguments.role_arn,
        region=arguments.region,
        port=arguments.port,
        admin_port=arguments.admin_port,
        confluent_port=arguments.confluent_port,
        seed_role=arguments.seed_role,
        bind=arguments.bind,
        advertise=arguments.advertise or _reachable(arguments.bind),
        environments=(*arguments.environment, *_every(arguments.every_environment)),
        reader_directory=arguments.reader_tokens,
    )


def _every(directory: Path | None) -> tuple[str, ...]:
    """The environments that have a manifest in a directory."""
    return () if directory is None else tuple(sorted(path.stem for path in directory.glob("*.yaml")))


def _reachable(bind: str) -> str:
    """Return the address at which others reach `bind`: an IP address, because clients use S3's path style with one."""
    if ipaddress.ip_address(bind).is_unspecified:
        return socket.gethostbyname(socket.gethostname())
    return bind


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sandbox.supervisor", description="The embedded sandbox on loopback.")
    parser.add_argument("command", choices=["start", "stop", "status", "run"])
    parser.add_argument("--directory", type=Path, default=DEFAULT_DIRECTORY, help="default: %(default)s")
    parser.add_argument("--role-arn", default=DEFAULT_ROLE_ARN, help="whose account is used; default: %(default)s")
    parser.add_argument("--region", default=DEFAULT_REGION, help="default: %(default)s")
    parser.add_argument("--port", type=int, default=0, help="of the AWS endpoint; default: a free one")
    parser.add_argument("--admin-port", type=int, default=0, help="of the admin API; default: a free one")
    parser.add_argument("--confluent-port", type=int, default=0, help="of the fake Confluent API; default: a free one")
    parser.add_argument("--seed-role", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument(
        "--environment",
        action="append",
        default=[],
        help="whose role the owner makes as `tidegate policy` says, one or more; enforces IAM",
    )
    parser.add_argument("--every-environment", type=Path, help="the same for each manifest in this directory")
    parser.add_argument("--reader-tokens", type=Path, help="default: reader_tokens in the sandbox's directory")
    parser.add_argument("--bind", default=LOOPBACK, help="default: %(default)s; only loopback outside a container")
    parser.add_argument("--inside-container", action="store_true", help="allow --bind beyond loopback")
    parser.add_argument("--advertise", help="the host in the env file's URLs; default: the bound address")
    parser.add_argument("--report-fd", type=int, help=argparse.SUPPRESS)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 when done, 1 when it failed (`status`: 1 when not running), 2 on wrong usage."""
    given = list(sys.argv[1:] if argv is None else argv)
    arguments = _parser().parse_args(given)
    directory = arguments.directory.resolve()
    if arguments.command == "status":
        return status(directory)
    if arguments.command == "stop":
        return stop(directory)
    try:
        options = _options(arguments)
    except (ValueError, AddressRefused) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if arguments.command == "start":
        return start_in_background(directory, ["run", *(word for word in given if word != "start")])
    from sandbox.service import run  # here, because it is slow to import and the other commands do without

    return run(options, arguments.report_fd)


if __name__ == "__main__":
    sys.exit(main())
