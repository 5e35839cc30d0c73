"""Only credentials that the stand-in issued are accepted. Labelled extension of the sandbox's moto.

moto takes any access key and then works in its default account; here an unknown key is refused as AWS refuses it, so
that a static key, or a session from before a restart, is noticed.
"""

from typing import NamedTuple

from moto.iam.models import iam_backends
from moto.sts.models import AssumedRole, sts_backends
from moto.utilities.utils import PARTITION_NAMES

from sandbox.calls import Call
from sandbox.errors import Answer, Protocol, error_answer
from sandbox.refusals import EVERY, Kinder, Refusal

_INVALID_KEY_CODES = {
    Protocol.S3: "InvalidAccessKeyId",
    Protocol.EC2: "AuthFailure",
    Protocol.QUERY: "InvalidClientTokenId",
    Protocol.REST_XML: "InvalidClientTokenId",
    Protocol.JSON: "UnrecognizedClientException",
    Protocol.REST_JSON: "UnrecognizedClientException",
}

SERVICE = "every service"
_ASKED = {
    Protocol.S3: "S3",
    Protocol.EC2: "EC2",
    Protocol.QUERY: "a service with forms",
    Protocol.REST_XML: "a service with XML",
    Protocol.JSON: "a service with JSON",
    Protocol.REST_JSON: "a service with JSON and paths",
}
_SOURCES = {
    Protocol.S3: "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html",
    Protocol.EC2: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html",
}
_COMMON_ERRORS = "https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html"
REFUSALS = tuple(
    Refusal(EVERY, code, f"the access key was never issued, asked of {_ASKED[protocol]}", source)
    for protocol, code in _INVALID_KEY_CODES.items()
    for source in (_SOURCES.get(protocol, _COMMON_ERRORS),)
)
KINDER = (Kinder(EVERY, "InvalidToken", "a session's token is not read: its access key tells the session"),)


class Session(NamedTuple):
    """An assumed role, and where it lives."""

    account_id: str
    partition: str
    role: AssumedRole


def refusal(call: Call, protocol: Protocol) -> Answer | None:
    """Return the answer to a call whose access key nobody here issued; None when the call is unsigned or known."""
    if call.access_key_id is None or _is_known(call.access_key_id):
        return None
    message = "The security token included in the request is invalid: the sandbox never issued this access key."
    return error_answer(protocol, 403, _INVALID_KEY_CODES[protocol], message)


def _is_known(access_key_id: str) -> bool:
    accounts = list(iam_backends.values())
    return any(access_key_id in account[partition].access_keys for account in accounts for partition in PARTITION_NAMES)


def live_sessions() -> list[Session]:
    """Return every assumed-role session that the stand-in issued."""
    return [
        Session(account_id, partition, role)
        for account_id, account in list(sts_backends.items())
        for partition, backend in list(account.items())
        for role in backend.assumed_roles
    ]


def restore_sessions(sessions: list[Session]) -> None:
    """Make the sessions valid again after moto was emptied."""
    for account_id, partition, role in sessions:
        iam_backends[account_id][partition].access_keys[role.access_key_id] = role.access_key
        sts_backends[account_id][partition].assumed_roles.append(role)
