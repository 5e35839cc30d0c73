"""The AWS stand-in of the sandbox: moto's threaded server with labelled extensions; never imported by product code.

python -m sandbox.aws.server --fd 5 --lifeline 6
"""

import argparse
import logging
import signal
import socket
import sys
from collections.abc import Sequence

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

from sandbox.aws.application import build_application
from sandbox.lifeline import leave_when_closed

log = logging.getLogger("sandbox.aws")


class QuietRequestHandler(MotoRequestHandler):
    """Writes no line per request: the proxy's journal has them."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM (there is nothing to save), or until the supervisor is gone."""
    parser = argparse.ArgumentParser(prog="sandbox.aws.server", description="The sandbox's AWS stand-in.")
    parser.add_argument("--fd", type=int, required=True, help="a listening socket, inherited")
    parser.add_argument("--lifeline", type=int, help="a pipe that closes when the supervisor is gone")
    parser.add_argument("--enforce-iam", action="store_true", help="judge every call by the caller's policies")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if options.lifeline is not None:
        leave_when_closed(options.lifeline)
    listener = socket.socket(fileno=options.fd)
    host, port = listener.getsockname()[:2]
    server = make_server(
        host,
        port,
        build_application(enforce_iam=options.enforce_iam),
        threaded=True,
        request_handler=QuietRequestHandler,
        fd=options.fd,
    )
    log.info("AWS stand-in on %s:%s", host, port)
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
