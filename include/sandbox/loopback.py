"""Loopback addresses only: part of the sandbox, a labelled stand-in; never imported by product code."""

import errno
import ipaddress
import socket

BACKLOG = 128


class AddressRefused(Exception):
    """An address that the sandbox will not listen on or talk to; the text is one sentence for the user."""


def require_loopback(host: str, purpose: str) -> None:
    """Refuse `host` unless it is a literal loopback address (a name could be re-pointed elsewhere)."""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise AddressRefused(f"{purpose} must be a loopback address such as 127.0.0.1, not {host!r}.")


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket, on a free port when `port` is 0. Raises AddressRefused when the port is taken."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise AddressRefused(_why_not(host, port, error)) from error
    return listener


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use on {host}: stop what listens there or choose another port."
    return f"cannot listen on {host} port {port}: {error.strerror}."
