"""The web identity tokens of the sandbox, labelled stand-ins for a cluster's service account tokens.

It has the shape of a JWT and is signed with nothing (`alg: none`), so it is worth nothing anywhere else.
"""

import base64
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

ISSUER_HOST = "oidc.sandbox.tidegate.example"
ISSUER = f"https://{ISSUER_HOST}"
AUDIENCE = "sts.amazonaws.com"
SUBJECT = "system:serviceaccount:tidegate:dev-min"
LIFETIME = timedelta(days=30)
"""Nobody renews the token of a sandbox, and an expired one is refused: it outlasts every sandbox."""


class Holder(NamedTuple):
    """Who holds a token, whose it is, and for whom it may be."""

    issuer: str
    audience: str
    subject: str


SANDBOX = Holder(ISSUER, AUDIENCE, SUBJECT)


def make_token(now: datetime, holder: Holder = SANDBOX) -> str:
    """Return an unsigned token, valid from `now` for LIFETIME."""
    claims: dict[str, str | int] = {
        "iss": holder.issuer,
        "aud": holder.audience,
        "sub": holder.subject,
        "iat": int(now.timestamp()),
        "exp": int((now + LIFETIME).timestamp()),
        "jti": os.urandom(8).hex(),
    }
    return f"{_segment({'alg': 'none', 'typ': 'JWT'})}.{_segment(claims)}."


def write_token(path: Path, holder: Holder = SANDBOX) -> None:
    """Write a fresh token that only its owner can read, replacing an earlier one at once."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(make_token(datetime.now(UTC), holder))
    unfinished.replace(path)


def _segment(content: Mapping[str, str | int]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()
