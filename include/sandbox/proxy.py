"""The fault proxy before the AWS stand-in of the sandbox (both labelled stand-ins; never imported by product code).

    python -m sandbox.proxy --fd 5 --lifeline 6 --upstream 127.0.0.1:41234

It reads the whole request, names the call, spoils it when a fault says so, else passes it on, and writes it down.
A path under CONTROL_PREFIX is not an AWS call: /faults and /journal are answered here, the rest by the stand-in.
"""

import argparse
import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import h11

from sandbox import proxy_control
from sandbox.calls import Call, identify
from sandbox.errors import Answer, Protocol, error_answer, protocol_of
from sandbox.faults import Fault, FaultBook, spoiled_answer, with_short_session
from sandbox.journal import Journal
from sandbox.lifeline import leave_when_closed
from sandbox.loopback import AddressRefused, require_loopback

log = logging.getLogger("sandbox.proxy")

READ_SIZE = 256 * 1024
NAMING_SIZE = 256 * 1024
HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"expect"}
)
NO_BODY_STATUSES = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Request:
    """A request that was read to its end."""

    method: str
    target: str
    raw_headers: list[tuple[bytes, bytes]]
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        """Header values by lower-case name."""
        return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self.raw_headers}


@dataclass(frozen=True, slots=True)
class Client:
    """One client connection."""

    connection: h11.Connection
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class ClientGone(Exception):
    """The client closed its connection, or wrote something that is not HTTP."""


class Proxy:
    """Serves client connections; each keeps its own h11 state, faults and journal are shared."""

    def __init__(self, upstream_host: str, upstream_port: int) -> None:
        require_loopback(upstream_host, "the proxy's upstream")
        self.upstream = (upstream_host, upstream_port)
        self.faults = FaultBook()
        self.journal = Journal()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one client connection until it is closed."""
        client = Client(h11.Connection(h11.SERVER, max_incomplete_event_size=READ_SIZE), reader, writer)
        try:
            while await self._answer(await _read_request(client), client):
                if client.connection.our_state is not h11.DONE or client.connection.their_state is not h11.DONE:
                    return
                client.connection.start_next_cycle()
        except (ClientGone, ConnectionError):
            return
        finally:
            writer.close()

    async def _answer(self, request: Request, client: Client) -> bool:
        """Answer one request; False when the connection is to be dropped."""
        if request.target.startswith(proxy_control.PREFIX):
            answer = proxy_control.answer(request.method, request.target, request.body, self.faults, self.journal)
            await _send(client, answer or await self._pass_on(request), request.method)
            return True
        naming_body = request.body[:NAMING_SIZE]
        call = identify(request.method, request.target, request.headers, naming_body)
        protocol = protocol_of(call.service, request.target, request.headers)
        fault = self.faults.take(call, request.target, naming_body)
        if fault is not None:
            return await self._spoil(fault, call, protocol, request, client)
        answer = await self._pass_on_or_explain(request, protocol)
        self.journal.record(call, answer.status, None)
        await _send(client, answer, request.method)
        return True

    async def _spoil(self, fault: Fault, call: Call, protocol: Protocol, request: Request, client: Client) -> bool:
        match fault.kind:
            case "refuse":
                self.journal.record(call, None, fault.kind)
                return False
            case "delay":
                if not await _client_waits(client, fault.seconds):
                    self.journal.record(call, None, fault.kind)
                    return False
                answer = await self._pass_on_or_explain(request, protocol)
            case "truncate":
                answer = await self._pass_on_or_explain(request, protocol)
                self.journal.record(call, answer.status, fault.kind)
                await _send(client, answer, request.method, cut=True)
                return False
            case "short_session":
                done = await self._pass_on_or_explain(request, protocol)
                answer = with_short_session(done, fault.seconds, datetime.now(UTC))
            case "lose":
                answer = await self._pass_on_or_explain(request, protocol)
                self.journal.record(call, answer.status, fault.kind)
                return False
            case "error_after":
                done = await self._pass_on_or_explain(request, protocol)
                self.journal.record(call, done.status, fault.kind)
                await _send(client, spoiled_answer(fault, call, protocol), request.method)
                return True
            case _:
                answer = spoiled_answer(fault, call, protocol)
        self.journal.record(call, answer.status, fault.kind)
        await _send(client, answer, request.method)
        return True

    async def _pass_on_or_explain(self, request: Request, protocol: Protocol) -> Answer:
        """Pass the request on; a stand-in that does not answer becomes an error that no client retries."""
        try:
            return await self._pass_on(request)
        except (OSError, h11.RemoteProtocolError) as error:
            log.exception("the AWS stand-in did not answer %s %s", request.method, request.target)
            message = f"the AWS stand-in did not answer: {type(error).__name__}: {error}"
            return error_answer(protocol, 400, "InternalErrorInSandbox", message)

    async def _pass_on(self, request: Request) -> Answer:
        reader, writer = await asyncio.open_connection(*self.upstream)
        try:
            connection = h11.Connection(h11.CLIENT)
            headers = _end_to_end(request.raw_headers, but=b"content-length")
            headers += [(b"Content-Length", str(len(request.body)).encode()), (b"Connection", b"close")]
            head = h11.Request(method=request.method, target=request.target, headers=headers)
            writer.write(connection.send(head) or b"")
            if request.body:
                writer.write(connection.send(h11.Data(data=request.body)) or b"")
            writer.write(connection.send(h11.EndOfMessage()) or b"")
            await writer.drain()
            return await _read_answer(connection, reader)
        finally:
            writer.close()


async def _client_waits(client: Client, seconds: float) -> bool:
    """Let `seconds` pass; False as soon as the client gives up, so that its call is never made late."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while (left := deadline - loop.time()) > 0:
        try:
            data = await asyncio.wait_for(client.reader.read(READ_SIZE), left)
        except TimeoutError:
            return True
        if not data:
            return False
        client.connection.receive_data(data)
    return True


async def _read_request(client: Client) -> Request:
    connection = client.connection
    head: h11.Request | None = None
    body = bytearray()
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError as error:
            raise ClientGone from error
        if event is h11.NEED_DATA:
            if connection.they_are_waiting_for_100_continue:
                go_on = h11.InformationalResponse(status_code=100, headers=[], reason="Continue")
                client.writer.write(connection.send(go_on) or b"")
                await client.writer.drain()
            connection.receive_data(await client.reader.read(READ_SIZE))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            target = head.target.decode("latin-1")
            return Request(head.method.decode(), target, list(head.headers.raw_items()), bytes(body))
        else:
            raise ClientGone


async def _read_answer(connection: h11.Connection, reader: asyncio.StreamReader) -> Answer:
    head: h11.Response | None = None
    body = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(READ_SIZE))
        elif isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers.raw_items()]
            return Answer(head.status_code, headers, bytes(body))
        elif not isinstance(event, h11.InformationalResponse):
            raise ConnectionResetError("the connection was closed before the answer was complete")


async def _send(client: Client, answer: Answer, method: str, *, cut: bool = False) -> None:
    """Write the answer; with `cut`, announce its whole length and write only the first half of its body."""
    connection, writer = client.connection, client.writer
    bodiless = method == "HEAD" or answer.status in NO_BODY_STATUSES
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    headers = _end_to_end(raw, but=None if bodiless else b"content-length")
    if not bodiless:
        headers.append((b"Content-Length", str(len(answer.body)).encode()))
    writer.write(connection.send(h11.Response(status_code=answer.status, headers=headers)) or b"")
    if not bodiless and answer.body:
        data = answer.body[: len(answer.body) // 2] if cut else answer.body
        writer.write(connection.send(h11.Data(data=data)) or b"")
    if not cut:
        writer.write(connection.send(h11.EndOfMessage()) or b"")
    await writer.drain()


def _end_to_end(headers: Iterable[tuple[bytes, bytes]], but: bytes | None = None) -> list[tuple[bytes, bytes]]:
    dropped = HOP_BY_HOP | ({but} if but else set())
    return [(name, value) for name, value in headers if name.lower() not in dropped]


async def run(listener: socket.socket, upstream_host: str, upstream_port: int) -> None:
    """Serve on an already listening socket for good."""
    proxy = Proxy(upstream_host, upstream_port)
    server = await asyncio.start_server(proxy.serve, sock=listener)
    log.info("fault proxy before %s:%s", upstream_host, upstream_port)
    await server.serve_forever()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or the supervisor's end, with nothing to save; 1 when the upstream is not on loopback."""
    parser = argparse.ArgumentParser(prog="sandbox.proxy", description="The sandbox's fault proxy.")
    parser.add_argument("--fd", type=int, required=True, help="a listening socket, inherited")
    parser.add_argument("--lifeline", type=int, help="a pipe that closes when the supervisor is gone")
    parser.add_argument("--upstream", required=True, help="host:port on loopback")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    host, _, port = options.upstream.rpartition(":")
    try:
        require_loopback(host, "the proxy's upstream")
    except AddressRefused as refusal:
        print(f"error: {refusal}", file=sys.stderr)
        return 1
    if options.lifeline is not None:
        leave_when_closed(options.lifeline)
    asyncio.run(run(socket.socket(fileno=options.fd), host, int(port)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
