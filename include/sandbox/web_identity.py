"""The web identity token of the sandbox, a labelled stand-in for a cluster's service account token.

It has the shape of a JWT and is signed with nothing (`alg: none`), so it is worth nothing anywhere else.
"""

import base64
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

ISSUER_HOST = "oidc.sandbox.tidegate.example"
ISSUER = f"https://{ISSUER_HOST}"
AUDIENCE = "sts.amazonaws.com"
SUBJECT = "system:serviceaccount:tidegate:dev-min"
LIFETIME = timedelta(days=30)
"""Nobody renews the token of a sandbox, and an expired one is refused: it outlasts every sandbox."""


def make_token(now: datetime) -> str:
    """Return an unsigned token for the sandbox's service account, valid from `now` for LIFETIME."""
    claims: dict[str, str | int] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": SUBJECT,
        "iat": int(now.timestamp()),
        "exp": int((now + LIFETIME).timestamp()),
        "jti": os.urandom(8).hex(),
    }
    return f"{_segment({'alg': 'none', 'typ': 'JWT'})}.{_segment(claims)}."


def write_token(path: Path) -> None:
    """Write a fresh token that only its owner can read, replacing an earlier one at once."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(make_token(datetime.now(UTC)))
    unfinished.replace(path)


def _segment(content: Mapping[str, str | int]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()
