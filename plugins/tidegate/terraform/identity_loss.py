"""What an update of an identity provider or role takes away from whoever else in the account relies on it.

The account's owner made both, and others may use them: audiences, certificates, statements of the trust policy, tags.
"""

import json
from collections.abc import Iterator
from typing import Any

_LISTS = {"aws_iam_openid_connect_provider": ("client_id_list", "thumbprint_list")}
_TRUST = {"aws_iam_role": "assume_role_policy"}
IDENTITIES = frozenset({*_LISTS, *_TRUST})
_TAGS = "tags_all"
_LONGEST = 200


def taken_away(kind: str, change: dict[str, Any]) -> Iterator[str]:
    """A sentence for each thing that stands before the update and not after it.

    What the plan does not show or cannot say yet counts as taken away. Raises TypeError, ValueError and AttributeError
    when the shape is not the documented one.
    """
    if kind not in IDENTITIES or change["actions"] != ["update"]:
        return
    before, after, unknown = change["before"], change["after"], change.get("after_unknown") or {}
    for name in (*_LISTS.get(kind, ()), *((_TRUST[kind],) if kind in _TRUST else ()), _TAGS):
        if not before.get(name):
            continue
        if unknown is True or unknown.get(name) not in (None, False, [], {}):
            yield f"{name}: what would stand afterwards is not known before the apply"
        elif name == _TAGS:
            yield from _tags(before[name], after.get(name) or {})
        elif name in _TRUST.values():
            yield from _statements(name, before[name], after.get(name))
        else:
            for value in before[name]:
                if value not in (after.get(name) or ()):
                    yield f"{name}: {_short(value)} would be removed"


def _tags(before: dict[str, str], after: dict[str, str]) -> Iterator[str]:
    for name, value in sorted(before.items()):
        if name not in after:
            yield f"tag {_short(name)} = {_short(value)} would be removed"
        elif after[name] != value:
            yield f"tag {_short(name)} would change from {_short(value)} to {_short(after[name])}"


def _statements(name: str, before: str | None, after: str | None) -> Iterator[str]:
    kept = {_same(each) for each in _of(after)}
    for statement in _of(before):
        if _same(statement) not in kept:
            yield f"{name}: the statement {_short(json.dumps(statement, sort_keys=True))} would be removed"


def _of(policy: str | None) -> list[dict[str, Any]]:
    found = json.loads(policy)["Statement"] if policy else []
    return found if isinstance(found, list) else [found]


def _same(statement: dict[str, Any]) -> str:
    """Statements that mean the same are written the same: no Sid, and one value is a list of one."""
    return json.dumps(_plain({key: value for key, value in statement.items() if key != "Sid"}), sort_keys=True)


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return sorted(map(str, node))
    return node if node in ("Allow", "Deny") else [str(node)]


def _short(value: Any) -> str:
    said = str(value)
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}..."
