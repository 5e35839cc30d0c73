"""The web identity token: private, fresh, and worth nothing elsewhere."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

from sandbox.web_identity import LIFETIME, make_token, write_token


def decoded(segment: str) -> dict[str, object]:
    content: dict[str, object] = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    return content


def test_claims_and_no_signature() -> None:
    now = datetime(2026, 2, 13, 20, 14, 27, tzinfo=UTC)

    header, claims, signature = make_token(now).split(".")

    assert decoded(header)["alg"] == "none"
    assert signature == ""
    assert decoded(claims) | {"jti": ""} == {
        "iss": "https://oidc.sandbox.tidegate.example",
        "aud": "sts.amazonaws.com",
        "sub": "system:serviceaccount:tidegate:dev-min",
        "iat": int(now.timestamp()),
        "exp": int((now + LIFETIME).timestamp()),
        "jti": "",
    }


def test_the_file_is_private_and_new_each_time(tmp_path: Path) -> None:
    path = tmp_path / "token"
    tokens = []
    for _ in range(2):
        write_token(path)
        tokens.append(path.read_text())
        assert path.stat().st_mode & 0o777 == 0o600

    assert tokens[0] != tokens[1]
    assert [each.name for each in tmp_path.iterdir()] == ["token"]
