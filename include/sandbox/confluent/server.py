"""The sandbox's fake of the Confluent Cloud API, as a process (labelled stand-in); never imported by product code.

python -m sandbox.confluent.server --fd 5 --lifeline 6 --cloud-key runs/sandbox/confluent_cloud_key.json
"""

import argparse
import logging
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.confluent.application import SERVER, Application
from sandbox.confluent.credentials import read_cloud_key
from sandbox.lifeline import leave_when_closed
from sandbox.loopback import require_loopback

log = logging.getLogger("sandbox.confluent")


class LabelledRequestHandler(WSGIRequestHandler):
    """Says in every answer what it is, and writes no line per request: the journal has them."""

    def version_string(self) -> str:
        """Return the Server header."""
        return SERVER

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM (there is nothing to save), or until the supervisor is gone. Raises AddressRefused."""
    parser = argparse.ArgumentParser(prog="sandbox.confluent.server", description="A fake of Confluent Cloud's API.")
    parser.add_argument("--fd", type=int, required=True, help="a listening socket on loopback, inherited")
    parser.add_argument("--lifeline", type=int, help="a pipe that closes when the supervisor is gone")
    parser.add_argument("--cloud-key", type=Path, required=True, help="the file that holds the Cloud API key")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if options.lifeline is not None:
        leave_when_closed(options.lifeline)
    listener = socket.socket(fileno=options.fd)
    host, port = listener.getsockname()[:2]
    require_loopback(host, "the fake Confluent API's address")
    application = Application(f"http://{host}:{port}", read_cloud_key(options.cloud_key))
    server = make_server(host, port, application, threaded=True, request_handler=LabelledRequestHandler, fd=options.fd)
    log.info("fake Confluent API on %s:%s", host, port)
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
