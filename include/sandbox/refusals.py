"""What a stand-in of the sandbox refuses as the real service does, and what it is still kinder about.

Each extension holds SERVICE, REFUSALS and KINDER. tests/sandbox/test_refusals.py makes one refused call for each
Refusal, and demands that every error in botocore's model of an operation is one or the other.
"""

from dataclasses import dataclass

EVERY = "*"
"""In place of an operation: the refusal is made whatever is asked."""

MADE_ELSEWHERE = frozenset(
    {"AccessDeniedException", "AuthorizationErrorException", "UnauthenticatedException"}
    | {"ThrottlingException", "TooManyRequestsException"}
    | {"InternalErrorException", "InternalServerException", "InternalServiceErrorException", "InternalServiceException"}
    | {"KMSInternalException", "ServerException", "ServiceException"}
)
"""Errors of botocore's models that no extension declares: IAM's evaluation makes those of the first row, faults of the
admin API (`access_denied`, `throttle`, `error`) make all of them for any operation."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal that a stand-in makes."""

    operation: str
    """As the service's API reference calls it."""
    code: str
    """As a client of the service sees it."""
    when: str
    """What the caller did, as the end of a sentence that begins with `when`."""
    source: str
    """The page that says so."""
    service: str = ""
    """Only where an extension stands for several services."""


@dataclass(frozen=True, slots=True)
class Kinder:
    """One error that the real service has and the stand-in never makes."""

    operation: str
    code: str
    why: str
    service: str = ""


def unlimited(*operations: str, code: str, service: str = "") -> tuple[Kinder, ...]:
    """Return that operations know no quota."""
    why = "quotas of an account are not counted; a fault of the admin API makes the answer"
    return tuple(Kinder(operation, code, why, service) for operation in operations)


def never_expiring(*operations: str, code: str = "ExpiredNextTokenException", service: str = "") -> tuple[Kinder, ...]:
    """Return that the tokens of pages do not get old."""
    why = "a token of a page stays valid as long as the list is that long; no run waits for hours between two pages"
    return tuple(Kinder(operation, code, why, service) for operation in operations)
