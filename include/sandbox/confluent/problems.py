"""Errors of the fake Confluent API (labelled stand-in), in the two shapes that the real one has."""

import secrets
from collections.abc import Mapping

KAFKA_PREFIX = "/kafka/v3/"


class ApiProblem(Exception):
    """A refusal: HTTP status, Confluent's code for it, one sentence, and headers that belong to it."""

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})


def unauthenticated() -> ApiProblem:
    """Return the 401 for a key that is missing, wrong or gone."""
    challenge = 'Basic error="invalid_key", error_description="The API Key is invalid"'
    return ApiProblem(
        401,
        "user_unauthenticated",
        "Valid authentication credentials must be provided",
        {"WWW-Authenticate": challenge},
    )


def forbidden() -> ApiProblem:
    """Return the 403 that also stands for a cluster or an API key that was deleted."""
    return ApiProblem(403, "forbidden_access", "Forbidden Access")


def not_found(what: str) -> ApiProblem:
    """Return the 404 of the control plane."""
    return ApiProblem(404, "resource_not_found", f"Resource Not Found: {what}")


def invalid(detail: str) -> ApiProblem:
    """Return the 400 for a request that makes no sense."""
    return ApiProblem(400, "invalid_filter", detail)


def conflict(detail: str) -> ApiProblem:
    """Return the 409 for a name that is taken, or something that is still in use."""
    return ApiProblem(409, "resource_already_exists", detail)


def throttled(limit: int, reset_seconds: int) -> ApiProblem:
    """Return the 429, with the headers that say when to come back (relative seconds)."""
    headers = {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(reset_seconds),
        "Retry-After": str(reset_seconds),
    }
    return ApiProblem(429, "rate_limit_exceeded", "Too Many Requests", headers)


def body_of(problem: ApiProblem, path: str) -> dict[str, object]:
    """Return the JSON body: Kafka REST has one shape, the control plane and the costs API the other."""
    if path.startswith(KAFKA_PREFIX):
        # A code of Kafka is a number; the control plane's words, which a fault may bring, stand for their status.
        code = int(problem.code) if problem.code.isdecimal() else problem.status
        return {"error_code": code, "message": problem.detail}
    error = {
        "id": secrets.token_hex(16),
        "status": str(problem.status),
        "code": problem.code,
        "detail": problem.detail,
        "source": {},
    }
    return {"errors": [error]}
