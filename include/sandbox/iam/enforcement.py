"""Every request of the AWS stand-in is judged before it is answered: labelled extension, never imported by the product.

Who signed it, what is attached to that role, its boundary, the bucket's policy and the role's trust policy are read
from the stand-in at the moment of the request. What cannot be judged is denied, and named in the log.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from sandbox.calls import Call
from sandbox.errors import Answer, Protocol, error_answer
from sandbox.iam import account, assumption
from sandbox.iam.conditions import Context
from sandbox.iam.evaluation import Caller, Decision, Need, Policies, decide
from sandbox.iam.needs import needs
from sandbox.iam.owner import OWNER_ROLE
from sandbox.iam.reference import UnknownAction
from sandbox.iam.request import CannotRead, Request, read_request
from sandbox.refusals import EVERY, Kinder, Refusal

log = logging.getLogger("sandbox.iam")

SERVICE = "every service"
_LOGIC = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"
_BOUNDARIES = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html"
_PASSING = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"
_MESSAGES = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"
REFUSALS = (
    *(
        Refusal(EVERY, code, f"no policy of the role allows it, asked of {asked}", _LOGIC)
        for asked, code in (
            ("S3", "AccessDenied"),
            ("EC2", "UnauthorizedOperation"),
            ("a service with forms", "AccessDenied"),
            ("a service with XML", "AccessDenied"),
            ("a service with JSON", "AccessDeniedException"),
            ("a service with JSON and paths", "AccessDeniedException"),
            ("SNS", "AuthorizationError"),
        )
    ),
    Refusal(EVERY, "AccessDenied", "a policy denies it", _LOGIC),
    Refusal(EVERY, "AccessDenied", "the boundary does not allow it", _BOUNDARIES),
    Refusal(EVERY, "AccessDenied", "the bucket's policy denies it", _MESSAGES),
    Refusal(EVERY, "AccessDeniedException", "a role is handed over that may not be", _PASSING),
    Refusal(EVERY, "AccessDenied", "the request is not signed", _MESSAGES),
)
KINDER = (
    Kinder(EVERY, "SignatureDoesNotMatch", "signatures are not checked: the key's id alone tells who asks"),
    Kinder(EVERY, "RequestExpired", "the time in a request is not looked at"),
    Kinder(EVERY, "ExpiredToken", "sessions do not end by themselves; the fault `expired_token` ends one"),
    Kinder(
        EVERY,
        "AccessDenied",
        "policies of keys, queues, topics, secrets and organisations are not evaluated; the fault `explicit_deny` "
        "stands for an organisation's, and nothing of the product sets the others",
    ),
)

_CODES = {
    Protocol.S3: (403, "AccessDenied"),
    Protocol.EC2: (403, "UnauthorizedOperation"),
    Protocol.QUERY: (403, "AccessDenied"),
    Protocol.REST_XML: (403, "AccessDenied"),
    Protocol.JSON: (400, "AccessDeniedException"),
    Protocol.REST_JSON: (403, "AccessDeniedException"),
}
NEEDED: dict[tuple[str, str, str], Need] = {}
"""What roles were asked to be allowed since the start, each once; the admin API lists it (`GET /iam/needs`)."""

_MOMENTS = frozenset({"aws:currenttime", "aws:epochtime"})
_OWN_CODES = {"sns": (403, "AuthorizationError")}


def refusal(call: Call, protocol: Protocol, target: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
    """Return AWS's answer to a call that IAM does not allow, else None. `headers` have lower-case names."""
    if call.service == "sts" and call.operation == "AssumeRoleWithWebIdentity":
        return assumption.refusal(call, protocol, target, headers, body)
    if call.access_key_id is None:
        return _denied(call, protocol, "the request is not signed")
    try:
        caller, role = account.caller_of(call.access_key_id)
    except account.UnknownCaller as error:
        return _denied(call, protocol, str(error))
    if caller.role_arn is not None and caller.role_arn.endswith(f":role/{OWNER_ROLE}"):
        return None
    if role is None:
        return _denied(call, protocol, f"{caller.arn}: the role is gone")
    try:
        request = read_request(call, protocol, target, headers, body)
        wanted = list(needs(request, account.world(caller.account, request.region), _common(caller, request)))
    except (CannotRead, UnknownAction) as error:
        return _denied(call, protocol, f"{caller.arn}: the sandbox cannot tell what {error} needs")
    policies = account.policies_of(role, caller.account)
    if call.service == "sts" and call.operation == "AssumeRole":
        policies = assumption.with_trust(policies, request.value("RoleArn") or "")
    NEEDED.update({_key(need): need for need in wanted})
    for need in wanted:
        decision = decide(need, caller, _with_bucket(policies, need, caller))
        if not decision.allowed:
            return _not_authorized(call, protocol, caller.arn, need, decision)
    return None


def _key(need: Need) -> tuple[str, str, str]:
    lasting = sorted((name, values) for name, values in need.context.items() if name not in _MOMENTS)
    return need.action, need.resource, repr(lasting)


def needed() -> list[dict[str, object]]:
    """Return all needs as JSON can hold them."""
    return [
        {"action": need.action, "resource": need.resource, "context": {key: [*it] for key, it in need.context.items()}}
        for need in list(NEEDED.values())
    ]


def _with_bucket(policies: Policies, need: Need, caller: Caller) -> Policies:
    if not need.resource.startswith("arn:aws:s3:::"):
        return policies
    name = need.resource.removeprefix("arn:aws:s3:::").partition("/")[0]
    return replace(policies, resource=account.bucket_policy(name, caller.account))


def _common(caller: Caller, request: Request) -> Context:
    now = datetime.now(UTC)
    return {
        "aws:requestedregion": (request.region,),
        # Loopback has nothing to secure, and AWS's own endpoints are asked with TLS only.
        "aws:securetransport": ("true",),
        "aws:principalarn": (caller.role_arn or caller.arn,),
        "aws:principalaccount": (caller.account,),
        "aws:principaltype": ("AssumedRole",),
        "aws:sourceip": ("127.0.0.1",),
        "aws:viaawsservice": ("false",),
        "aws:currenttime": (now.isoformat(),),
        "aws:epochtime": (str(int(now.timestamp())),),
    }


def _not_authorized(call: Call, protocol: Protocol, who: str, need: Need, decision: Decision) -> Answer:
    on = "" if need.resource == "*" else f" on resource: {need.resource}"
    return _denied(call, protocol, f"User: {who} is not authorized to perform: {need.action}{on} {decision.reason}")


def _denied(call: Call, protocol: Protocol, message: str) -> Answer:
    log.warning("denied: %s", message)
    status, code = _OWN_CODES.get(call.service) or _CODES[protocol]
    return error_answer(protocol, status, code, message)
