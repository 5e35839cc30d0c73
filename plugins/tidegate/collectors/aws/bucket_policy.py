"""What a bucket policy denies to everybody. Pure: a policy document in, a yes or no out.

Only a Deny for principal `*` without any narrowing part (NotAction, further conditions, ...) counts. A policy may be
stricter in ways that are not recognised here; it is never taken for stricter than it is.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from tidegate.collectors.aws.reading import MalformedAnswer, json_of


def denies_plain_http(policy: str, bucket: str) -> bool:
    """Is every call without TLS denied, on the bucket and on its objects? Raises MalformedAnswer."""
    denying = _matching(policy, "s3:*", lambda condition: condition is not None and _is_without_tls(condition))
    return {"bucket", "objects"} <= _covered(denying, bucket)


def denies_version_deletion(policy: str, bucket: str) -> bool:
    """Is s3:DeleteObjectVersion denied to everybody on all objects? Raises MalformedAnswer."""
    denying = _matching(policy, "s3:DeleteObjectVersion", lambda condition: not condition)
    return "objects" in _covered(denying, bucket)


def _matching(policy: str, action: str, condition_fits: Callable[[Any], bool]) -> list[dict[str, Any]]:
    return [
        statement
        for statement in statements(policy)
        if statement.get("Effect") == "Deny"
        and statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
        and any(_covers(pattern, action) for pattern in _listed(statement.get("Action")))
        and condition_fits(statement.get("Condition"))
    ]


def statements(policy: str) -> list[dict[str, Any]]:
    """The statements of a policy document. Raises MalformedAnswer."""
    document = json_of(policy, "the policy")
    statements = document.get("Statement") if isinstance(document, dict) else None
    listed = [statements] if isinstance(statements, dict) else statements
    if not isinstance(listed, list) or not all(isinstance(statement, dict) for statement in listed):
        raise MalformedAnswer("the policy has no list of statements")
    return listed


def _is_without_tls(condition: Any) -> bool:
    """Exactly `{"Bool": {"aws:SecureTransport": "false"}}`; names of operators and keys ignore case."""
    flat = {
        (str(operator).lower(), str(key).lower()): [str(value).lower() for value in _listed(values)]
        for operator, keys in (condition.items() if isinstance(condition, dict) else ())
        for key, values in (keys.items() if isinstance(keys, dict) else ())
    }
    return flat == {("bool", "aws:securetransport"): ["false"]}


def _covered(statements: list[dict[str, Any]], bucket: str) -> set[str]:
    """`bucket`, `objects` or both, as the resources of the statements together cover them."""
    patterns = [pattern for statement in statements for pattern in _listed(statement.get("Resource"))]
    covered = set()
    for pattern in patterns:
        name = re.sub(r"^arn:aws[a-z-]*:s3:::", "", pattern)
        if name in (bucket, f"{bucket}*", "*"):
            covered.add("bucket")
        if name in (f"{bucket}/*", f"{bucket}*", "*"):
            covered.add("objects")
    return covered


def _covers(pattern: str, action: str) -> bool:
    """Does an action pattern cover an action? `s3:*` is covered only by itself and by `*`."""
    if action.endswith("*"):
        return pattern.lower() in (action.lower(), "*")
    expression = re.escape(pattern.lower()).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, action.lower()) is not None


def _listed(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [item if isinstance(item, str) else json.dumps(item) for item in values if item is not None]
