"""The WSGI application of the fake Confluent API (labelled stand-in): faults, then authentication, then the answer."""

import binascii
import json
import socket
import time
from base64 import b64decode
from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request as WebRequest
from werkzeug.wrappers import Response

from sandbox.confluent import costs
from sandbox.confluent.control import PREFIX, Control
from sandbox.confluent.control_plane import ControlPlane
from sandbox.confluent.credentials import CloudKey
from sandbox.confluent.faults import ConfluentFault, half_page
from sandbox.confluent.kafka_rest import KafkaRest
from sandbox.confluent.messages import Reply, Request
from sandbox.confluent.organization import CLOUD, Organization
from sandbox.confluent.problems import KAFKA_PREFIX, ApiProblem, body_of, unauthenticated
from sandbox.refusals import EVERY, Kinder, Refusal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SERVICE = "Confluent Cloud"
_REFERENCE = "https://docs.confluent.io/cloud/current/api.html"
REFUSALS = (
    Refusal(EVERY, "401 user_unauthenticated", "there is no key", _REFERENCE),
    Refusal(EVERY, "401 user_unauthenticated", "the key's secret is wrong", _REFERENCE),
    Refusal(EVERY, "401 user_unauthenticated", "the key is one of a cluster", _REFERENCE),
    Refusal(EVERY, "404 resource_not_found", "the path is none", _REFERENCE),
)
KINDER = (
    Kinder(EVERY, "429 rate_limit_exceeded", "no rate is counted; the fault `throttle` makes the answer"),
    Kinder(EVERY, "402 quota_exceeded", "quotas of an organization are not counted"),
    Kinder(EVERY, "403 forbidden_access", "every Cloud key may do everything: role bindings are stored, not enforced"),
)
SERVER = "fake-confluent"


class Application:
    """One organization behind one address. `base_url` is where clients reach it; answers point back there."""

    def __init__(self, base_url: str, cloud_key: CloudKey) -> None:
        self._cloud_key = cloud_key
        self._base_url = base_url
        self._organization = Organization()
        self._control_plane = ControlPlane(self._organization, base_url)
        self._kafka = KafkaRest(self._organization, base_url)
        self._control = Control(self._organization)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one call."""
        web = WebRequest(environ)
        if web.path.startswith(PREFIX):
            status, content = self._control.answer(web.method, web.path, web.query_string.decode(), web.get_data())
            return Response(content, status, mimetype="application/json")(environ, start_response)
        request = Request(web.method, web.path, web.args.to_dict(), web.get_data(), _credentials(web))
        fault = self._control.faults.take(request)
        response = self._respond(request, fault)
        spoiled = fault.kind if fault else None
        refused = spoiled == "refuse"
        self._control.journal.record(
            request.method, request.path, dict(request.query), None if refused else response.status_code, spoiled
        )
        if refused:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return response(environ, start_response)

    def _respond(self, request: Request, fault: ConfluentFault | None) -> Response:
        if fault and fault.kind == "refuse":
            return Response(status=500)
        if fault and fault.kind == "delay":
            time.sleep(fault.seconds)
        try:
            if fault and (problem := fault.problem()):
                raise problem
            with self._organization.lock:
                reply = self._answer(request)
        except ApiProblem as problem:
            reply = Reply(problem.status, body_of(problem, request.path), problem.headers)
        if fault and fault.kind == "half_page":
            reply = half_page(reply)
        content = b"" if reply.content is None else json.dumps(reply.content).encode()
        response = Response(content, reply.status, headers=dict(reply.headers), mimetype="application/json")
        if fault and fault.kind == "truncate":
            response.set_data(content[: len(content) // 2])
            response.headers["Content-Length"] = str(len(content))
        return response

    def _answer(self, request: Request) -> Reply:
        if request.path.startswith(KAFKA_PREFIX):
            return self._kafka.answer(request)
        self._require_cloud_key(request)
        if request.path == costs.PATH:
            return costs.costs(request, self._base_url, self._control.spend)
        return self._control_plane.answer(request)

    def _require_cloud_key(self, request: Request) -> None:
        """Take the sandbox's own Cloud key, and Cloud keys made here. Raises ApiProblem (401)."""
        id_, secret = request.credentials or ("", "")
        made = self._organization.api_keys.get(id_)
        known = (self._cloud_key.key, self._cloud_key.secret) == (id_, secret)
        if not known and not (made and made.resource_kind == CLOUD and made.secret == secret):
            raise unauthenticated()


def _credentials(web: WebRequest) -> tuple[str, str] | None:
    scheme, _, encoded = web.headers.get("Authorization", "").partition(" ")
    try:
        key, found, secret = b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeError):
        return None
    return (key, secret) if scheme == "Basic" and found else None
