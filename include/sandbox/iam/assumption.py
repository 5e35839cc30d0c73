"""Who gets a session of a role by a web identity token: as STS judges, but for the signature (labelled stand-in)."""

import base64
import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from sandbox.calls import Call
from sandbox.errors import Answer, Protocol, error_answer
from sandbox.iam import account
from sandbox.iam.evaluation import Caller, Decision, Need, Policies, Policy, decide
from sandbox.iam.owner import OWNER_ROLE
from sandbox.iam.request import read_request
from sandbox.refusals import Kinder, Refusal

log = logging.getLogger("sandbox.iam")

SERVICE, OPERATION = "sts", "AssumeRoleWithWebIdentity"
_REFERENCE = f"https://docs.aws.amazon.com/STS/latest/APIReference/API_{OPERATION}.html"
REFUSALS = (
    Refusal(OPERATION, "InvalidIdentityToken", "the token is none", _REFERENCE),
    Refusal(OPERATION, "InvalidIdentityToken", "the token has no subject", _REFERENCE),
    Refusal(OPERATION, "InvalidIdentityToken", "the account has no provider of that issuer", _REFERENCE),
    Refusal(OPERATION, "InvalidIdentityToken", "the provider does not know the audience", _REFERENCE),
    Refusal(OPERATION, "ExpiredTokenException", "the token's time is over", _REFERENCE),
    Refusal(OPERATION, "AccessDenied", "the role's trust is for another subject", _REFERENCE),
    Refusal(OPERATION, "AccessDenied", "the role is not there", _REFERENCE),
)
_NO_SESSION_POLICY = "policies of sessions are not read: the product sends none"
KINDER = (
    Kinder(OPERATION, "InvalidIdentityToken", "nobody signs the token, and nobody checks a signature"),
    Kinder(OPERATION, "IDPRejectedClaim", "there is no provider to ask about a token"),
    Kinder(OPERATION, "IDPCommunicationError", "there is no provider to ask about a token"),
    Kinder(OPERATION, "MalformedPolicyDocument", _NO_SESSION_POLICY),
    Kinder(OPERATION, "PackedPolicyTooLarge", _NO_SESSION_POLICY),
    Kinder(OPERATION, "RegionDisabledException", "STS answers in every region that the account has"),
)
_REQUIRED = ("iss", "sub", "aud", "exp")


class TokenRefused(Exception):
    """STS does not take the token: code and message."""


def refusal(call: Call, protocol: Protocol, target: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
    """Return STS's answer to somebody who gets no session, else None. The owner's role needs no trust."""
    request = read_request(call, protocol, target, headers, body)
    role_arn = request.value("RoleArn") or ""
    if role_arn.endswith(f":role/{OWNER_ROLE}"):
        return None
    account_id = (role_arn.split(":") + [""] * 5)[4]
    try:
        claims = _claims(request.value("WebIdentityToken") or "")
        _known(claims, account_id)
    except TokenRefused as error:
        code, message = error.args
        log.warning("denied: %s for %s: %s", OPERATION, role_arn, message)
        return error_answer(protocol, 400, code, message)
    issuer = claims["iss"].removeprefix("https://")
    provider = f"arn:aws:iam::{account_id}:oidc-provider/{issuer}"
    caller = Caller(provider, account_id, federated=provider)
    keys = {f"{issuer}:{name}".lower(): (claims[name],) for name in ("aud", "sub")}
    need = Need("sts:AssumeRoleWithWebIdentity", "*", keys)
    trust = account.trust_of(role_arn)
    if trust is None:
        decision = Decision(False, "because there is no such role")
    else:
        decision = decide(need, caller, Policies(resource=Policy("trust", trust), resource_kind="trust"))
    if decision.allowed:
        return None
    log.warning("denied: %s for %s: %s", need.action, role_arn, decision.reason)
    return error_answer(protocol, 403, "AccessDenied", f"Not authorized to perform {need.action}")


def with_trust(policies: Policies, role_arn: str) -> Policies:
    """Return a caller's policies with the trust of the role that it wants; one that is not there trusts nobody."""
    trust = account.trust_of(role_arn)
    document = json.dumps({"Version": "2012-10-17", "Statement": []}) if trust is None else trust
    account_id = (role_arn.split(":") + [""] * 5)[4]
    return replace(policies, resource=Policy("trust", document), resource_kind="trust", resource_account=account_id)


def _claims(token: str) -> dict[str, str]:
    """Return the claims of a token that name who asks and until when. Raises TokenRefused."""
    parts = token.split(".")
    try:
        claims = (
            json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))) if len(parts) == 3 else None
        )
    except ValueError:
        claims = None
    if not isinstance(claims, dict):
        raise TokenRefused("InvalidIdentityToken", "The ID Token provided is not a valid JWT.")
    for name in _REQUIRED:
        if not isinstance(claims.get(name), int if name == "exp" else str):
            raise TokenRefused("InvalidIdentityToken", f"Missing a required claim: {name}")
    return {name: str(claims[name]) for name in _REQUIRED}


def _known(claims: Mapping[str, str], account_id: str) -> None:
    """Refuse tokens of other issuers, for others, and old ones. Raises TokenRefused."""
    audiences = account.audiences_of(account_id, claims["iss"].removeprefix("https://"))
    if audiences is None:
        message = f"No OpenIDConnect provider found in your account for {claims['iss']}"
        raise TokenRefused("InvalidIdentityToken", message)
    if claims["aud"] not in audiences:
        raise TokenRefused("InvalidIdentityToken", "Incorrect token audience")
    now = int(datetime.now(UTC).timestamp())
    if int(claims["exp"]) <= now:
        message = f"Token expired: current date/time {now} must be before the expiration date/time {claims['exp']}"
        raise TokenRefused("ExpiredTokenException", message)
