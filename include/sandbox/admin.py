"""The sandbox's admin API on its own port (labelled stand-in; never imported by product code).

    GET    /ready                     200 once the stand-in answers through the proxy, else 503
    GET    /faults  POST /faults  DELETE /faults[?id=N]
    GET    /journal?since=N
    GET    /spend   PUT /spend        what Cost Explorer answers from
    PUT    /budget-spend              {"budget_name": "...", "actual": "12.34", "forecasted": "20"}
    PUT    /budget-state              {"budget_name": "...", "traits": {"HealthStatus": {"Status": "UNHEALTHY"}},
                                      "actions": [{"ActionId": "...", "ActionType": "...", "Status": "..."}]}
    PUT    /billing                   {"state": "enabled" | "not_enabled" | "data_unavailable" | "access_not_activated"}
    GET    /iam/needs                 what roles were asked to be allowed since the start, each once
    GET    /seeded  PUT /seeded       {"resources": [{"service": "lightsail", "operation": "GetInstances",
                                      "region": "eu-west-2", "item": {...}, "tags": {...}}]}: what stands in services
                                      that moto lacks
    GET    /sns/default  PUT /sns/default   {"state": "pending" | "confirmed"}
    POST   /sns/confirm               {"topic_arn": "...", "endpoint": "...", "confirmed": true}
    POST   /sns/unsubscribe           {"topic_arn": "...", "endpoint": "..."}, as the link in every mail does
    POST   /sns/clock                 {"hours": 48}: what waits for its confirmation that long is gone
    GET    /sns/messages              what was published to topics, of one topic the oldest first
    POST   /reset                     everything as after the start; sessions already issued stay valid

Confluent:

    GET    /confluent/faults  POST /confluent/faults  DELETE /confluent/faults[?id=N]
    GET    /confluent/calls?since=N
    GET    /confluent/spend   PUT /confluent/spend    what the costs API answers from
    GET    /confluent/state                           everything that is there, without secrets
    DELETE /confluent/state?kind=topics&id=lkc-1/a    takes one thing away, as a person in the console would

Wrong input gets 400 and {"error": "one clear sentence"}.
"""

import json
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from sandbox.confluent import control as confluent_control
from sandbox.proxy_control import PREFIX

FORWARD_TIMEOUT_SECONDS = 30.0
CONFLUENT = "/confluent/"
Reseed = Callable[[], None]


class AdminServer(ThreadingHTTPServer):
    """Passes requests on to the proxy and the stand-in behind it, and to the fake Confluent API.

    `reseed` is what a reset ends with.
    """

    daemon_threads = True

    def __init__(self, listener: socket.socket, proxy_url: str, confluent_url: str, reseed: Reseed) -> None:
        super().__init__(listener.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self._proxy = httpx.Client(base_url=proxy_url, trust_env=False, timeout=FORWARD_TIMEOUT_SECONDS)
        self._confluent = httpx.Client(base_url=confluent_url, trust_env=False, timeout=FORWARD_TIMEOUT_SECONDS)
        self._reseed = reseed
        self._reset_lock = threading.Lock()

    def serve_in_background(self) -> None:
        """Serve in a thread of its own, until this process ends."""
        threading.Thread(target=self.serve_forever, name="admin", daemon=True).start()

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """Answer one request with a status and a JSON body."""
        try:
            if (method, path) == ("POST", "/reset"):
                return self._reset()
            return self._forward(method, path, body)
        except httpx.HTTPError as error:
            why = f"the sandbox does not answer: {type(error).__name__}: {error}."
            return 503, json.dumps({"error": why}).encode()

    def _forward(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        if path.startswith(CONFLUENT):
            target = confluent_control.PREFIX + path.removeprefix(CONFLUENT)
            answer = self._confluent.request(method, target, content=body)
        else:
            answer = self._proxy.request(method, PREFIX + path.lstrip("/"), content=body)
        return answer.status_code, answer.content

    def _reset(self) -> tuple[int, bytes]:
        with self._reset_lock:
            self._forward("DELETE", "/faults")
            self._forward("POST", f"{CONFLUENT}reset")
            status, content = self._forward("POST", "/reset")
            if status == 200:
                self._reseed()
            return status, content


class _Handler(BaseHTTPRequestHandler):
    server: AdminServer
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, content = self.server.answer(self.command, self.path, body)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # the names that http.server looks for

    def log_message(self, format: str, *args: object) -> None:
        """Write no access log."""
