"""Policy documents, read as strictly as IAM reads them. Part of the sandbox's IAM evaluator (labelled stand-in).

Source: IAM User Guide, "Grammar of the IAM JSON policy language".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

VERSIONS = ("2012-10-17", "2008-10-17")
_STATEMENT_KEYS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
_DOCUMENT_KEYS = frozenset({"Version", "Id", "Statement"})

Kind = Literal["identity", "resource", "trust"]
Principals = Mapping[str, tuple[str, ...]]


class MalformedPolicy(Exception):
    """IAM would refuse the document, or this evaluator cannot read it; the text says why."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator with one key: satisfied by any of the values, or by none of them when the operator is negated."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. Where a list is meant to exclude, its `except_` field is set."""

    sid: str
    allows: bool
    actions: tuple[str, ...]
    except_actions: bool
    resources: tuple[str, ...]
    except_resources: bool
    principals: Principals | None
    except_principals: bool
    conditions: tuple[Condition, ...]
    with_variables: bool


@lru_cache(maxsize=512)
def parse(text: str, kind: Kind = "identity") -> tuple[Statement, ...]:
    """Return the statements of a document. Raises MalformedPolicy."""
    try:
        document = json.loads(text, object_pairs_hook=_without_duplicates)
    except ValueError as error:
        raise MalformedPolicy(f"the document is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise MalformedPolicy("the document is not a JSON object")
    _refuse_unknown(document, _DOCUMENT_KEYS, "the document")
    version = document.get("Version", "2008-10-17")
    if version not in VERSIONS:
        raise MalformedPolicy(f"Version is {version!r}, and IAM knows {' and '.join(VERSIONS)}")
    statements = document.get("Statement")
    listed = statements if isinstance(statements, list) else [statements]
    if not listed:
        raise MalformedPolicy("the document has no statement")
    read = tuple(_statement(each, kind, version) for each in listed)
    sids = [statement.sid for statement in read if statement.sid]
    if len(sids) != len(set(sids)):
        raise MalformedPolicy("two statements have the same Sid")
    return read


def _statement(raw: object, kind: Kind, version: object) -> Statement:
    if not isinstance(raw, dict):
        raise MalformedPolicy("a statement is not a JSON object")
    _refuse_unknown(raw, _STATEMENT_KEYS, "a statement")
    effect = raw.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise MalformedPolicy(f"Effect is {effect!r}, and it must be Allow or Deny")
    if not isinstance(raw.get("Sid", ""), str):
        raise MalformedPolicy("Sid is not a text")
    actions, except_actions = _either(raw, "Action")
    for action in actions:
        if action != "*" and ":" not in action:
            raise MalformedPolicy(f"the action {action!r} names no service")
    resources, except_resources = _resources(raw, kind)
    principals, except_principals = _principals(raw, kind)
    return Statement(
        sid=raw.get("Sid", ""),
        allows=effect == "Allow",
        actions=actions,
        except_actions=except_actions,
        resources=resources,
        except_resources=except_resources,
        principals=principals,
        except_principals=except_principals,
        conditions=_conditions(raw.get("Condition", {})),
        with_variables=version == VERSIONS[0],
    )


def _resources(raw: Mapping[str, object], kind: Kind) -> tuple[tuple[str, ...], bool]:
    if kind == "trust":
        if "Resource" in raw or "NotResource" in raw:
            raise MalformedPolicy("a trust policy has no Resource")
        return ("*",), False
    resources, except_resources = _either(raw, "Resource")
    for resource in resources:
        if not (resource.startswith(("arn:", "${")) or resource == "*"):
            raise MalformedPolicy(f"the resource {resource!r} is neither an ARN nor '*'")
    return resources, except_resources


def _principals(raw: Mapping[str, object], kind: Kind) -> tuple[Principals | None, bool]:
    if kind == "identity":
        if "Principal" in raw or "NotPrincipal" in raw:
            raise MalformedPolicy("a policy of an identity names no Principal")
        return None, False
    name = _one_of(raw, "Principal")
    value = raw[name]
    if value == "*":
        return {"AWS": ("*",)}, name == "NotPrincipal"
    if not isinstance(value, dict) or not value:
        raise MalformedPolicy(f"{name} is neither '*' nor an object")
    return {str(kind_): _texts(each, name) for kind_, each in value.items()}, name == "NotPrincipal"


def _conditions(raw: object) -> tuple[Condition, ...]:
    if not isinstance(raw, dict):
        raise MalformedPolicy("Condition is not a JSON object")
    conditions = []
    for operator, keys in raw.items():
        if not isinstance(keys, dict):
            raise MalformedPolicy(f"the condition {operator} is not a JSON object")
        conditions += [Condition(operator, key, _scalars(values, operator)) for key, values in keys.items()]
    return tuple(conditions)


def _either(raw: Mapping[str, object], name: str) -> tuple[tuple[str, ...], bool]:
    """Return the list of `Name` or of `NotName`, exactly one of which must be there, and whether it was the latter."""
    found = _one_of(raw, name)
    return _texts(raw[found], found), found != name


def _one_of(raw: Mapping[str, object], name: str) -> str:
    found = [each for each in (name, f"Not{name}") if each in raw]
    if len(found) != 1:
        raise MalformedPolicy(f"a statement needs exactly one of {name} and Not{name}")
    return found[0]


def _texts(value: object, name: str) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(each, str) and each for each in values):
        raise MalformedPolicy(f"{name} is neither a text nor a list of texts")
    return tuple(values)


def _scalars(value: object, name: str) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str | bool | int | float) for each in values):
        raise MalformedPolicy(f"a value of the condition {name} is neither a text, a number nor a Boolean")
    return tuple(str(each).lower() if isinstance(each, bool) else str(each) for each in values)


def _refuse_unknown(found: Mapping[str, object], known: frozenset[str], what: str) -> None:
    if unknown := sorted(set(found) - known):
        raise MalformedPolicy(f"{what} has the unknown element {unknown[0]!r}")


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise MalformedPolicy("an element stands twice in one object")
    return dict(pairs)
