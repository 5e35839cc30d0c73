"""The WSGI application of the sandbox's AWS stand-in (labelled): moto, wrapped so that every gap fails at once.

moto answers what it lacks with 500, 404 or an HTML page, and clients retry a 500 for minutes. Here such a call gets
400 `NotImplementedBySandbox`, and a crash inside moto 400 `InternalErrorInSandbox`; no client retries either.
"""

import io
import logging
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Response

from sandbox.aws import control, identity, price_list, s3, seeded
from sandbox.aws.extensions import install_extensions
from sandbox.calls import Call, identify
from sandbox.errors import Answer, Protocol, error_answer, protocol_of
from sandbox.iam import enforcement
from sandbox.proxy_control import PREFIX as CONTROL_PREFIX

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger("sandbox.aws")

NAMING_SIZE = 256 * 1024
"""How much of a body is looked at to name a call."""


class ServiceLocks:
    """One lock per service, so that conditional writes are as atomic as in AWS; moto checks and writes in two steps."""

    WAITING_SERVICES = frozenset({"sqs"})
    """Services whose calls may wait for others of the same service."""

    def __init__(self) -> None:
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def of(self, service: str) -> AbstractContextManager[object]:
        """Return what to hold while a call of the service runs."""
        return nullcontext() if service in self.WAITING_SERVICES else self._locks[service]


LOCKS = ServiceLocks()


class Dispatcher(DomainDispatcherApplication):
    """moto's dispatcher, saying plainly when moto has no such service."""

    def get_backend_for_host(self, host: str | None) -> object:
        """Return the name of moto's backend. Raises NotImplementedError when there is none."""
        backend = super().get_backend_for_host(host)
        if backend is None and host is not None:
            raise NotImplementedError(f"moto has no service for {host}")
        return backend


def build_application(*, enforce_iam: bool = False) -> "WSGIApplication":
    """Install the extensions and return the application. With `enforce_iam` every call is judged first."""
    install_extensions()
    moto = Dispatcher(create_backend_app)

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        answer = _answer(moto, environ, enforce_iam=enforce_iam)
        reason = Response(status=answer.status).status
        start_response(reason, answer.headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    return application


def _answer(moto: "WSGIApplication", environ: "WSGIEnvironment", *, enforce_iam: bool) -> Answer:
    body = _read_body(environ)
    path = str(environ.get("PATH_INFO", "/"))
    if path.startswith(CONTROL_PREFIX):
        return control.answer(environ["REQUEST_METHOD"], path, body)
    if path.startswith("/moto-api/"):
        return _ask(moto, environ)
    headers = dict(_headers(environ))
    target = str(environ.get("REQUEST_URI") or path)
    call = identify(environ["REQUEST_METHOD"], target, headers, body[:NAMING_SIZE])
    protocol = protocol_of(call.service, path, headers)
    without_moto = (
        identity.refusal(call, protocol)
        or (enforcement.refusal(call, protocol, target, headers, body) if enforce_iam else None)
        or s3.refusal(call, protocol)
        or price_list.answer(call, body)
        or seeded.answer(call, protocol, target, headers, body)
    )
    if without_moto:
        return without_moto
    with LOCKS.of(call.service):
        return ask_or_explain(moto, environ, call, protocol)


def ask_or_explain(moto: "WSGIApplication", environ: "WSGIEnvironment", call: Call, protocol: Protocol) -> Answer:
    """Return moto's answer; a gap or a crash becomes an error that names itself and that no client retries."""
    try:
        answer = _ask(moto, environ)
    except NotImplementedError as error:
        return _not_implemented(call, protocol, str(error))
    except Exception as error:  # the one catch-all: whatever breaks inside moto must not look like a retryable 500
        log.exception("moto broke on %s %s", call.service, call.operation)
        return _broken(call, protocol, f"{type(error).__name__}: {error}")
    if answer.status >= 500:
        return _broken(call, protocol, answer.body.decode("utf-8", "replace")[:500])
    if _is_a_gap(answer, protocol):
        return _not_implemented(call, protocol, "moto has no such operation")
    return answer


def _ask(moto: "WSGIApplication", environ: "WSGIEnvironment") -> Answer:
    response = Response.from_app(moto, environ, buffered=True)
    return Answer(response.status_code, list(response.headers), response.get_data())


def _is_a_gap(answer: Answer, protocol: Protocol) -> bool:
    """True for the pages that Flask and moto write when nothing handles a request."""
    if answer.status == 405 or answer.body.lstrip()[:9].lower() == b"<!doctype":
        return True
    return answer.status == 404 and not answer.body and protocol is not Protocol.S3


def _not_implemented(call: Call, protocol: Protocol, why: str) -> Answer:
    message = f"the sandbox does not implement {call.service} {call.operation}: {why}"
    return error_answer(protocol, 400, "NotImplementedBySandbox", message)


def _broken(call: Call, protocol: Protocol, why: str) -> Answer:
    message = f"the sandbox broke on {call.service} {call.operation}: {why}"
    return error_answer(protocol, 400, "InternalErrorInSandbox", message)


def _read_body(environ: "WSGIEnvironment") -> bytes:
    """Read the request's body and leave a fresh one for moto."""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _headers(environ: "WSGIEnvironment") -> Iterator[tuple[str, str]]:
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            yield name[5:].replace("_", "-").lower(), str(value)
    yield "content-type", str(environ.get("CONTENT_TYPE", ""))
