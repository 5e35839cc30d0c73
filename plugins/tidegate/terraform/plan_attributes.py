"""The few values of a plan that people need to see: what changed outside Terraform, and what refuses to be deleted.

A value is kept only when Terraform marks it as no secret on both sides and it is a single short value (ID4).
"""

from collections.abc import Iterator
from typing import Any

from tidegate.models.plan import ChangedAttribute, ProtectedFromDeletion
from tidegate.models.redaction import without_secrets

_PROTECTING = (
    "deletion_protection",
    "deletion_protection_enabled",
    "enable_deletion_protection",
    "disable_api_termination",
)
_NAMES = ("identifier", "cluster_identifier", "id")
_LONGEST = 120


def changed_attributes(drift: dict[str, Any]) -> tuple[ChangedAttribute, ...]:
    """Top-level attributes that differ between state and cloud. None where the whole resource came or went.

    Raises KeyError, TypeError and AttributeError when the shape is not the documented one.
    """
    before, after = drift.get("before"), drift.get("after")
    if before is None or after is None:
        return ()
    marks = (drift.get("before_sensitive"), drift.get("after_sensitive"))
    return tuple(
        ChangedAttribute(name=name, was=_shown(before.get(name), name, marks), now=_shown(after.get(name), name, marks))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    )


def protected_from_deletion(document: dict[str, Any]) -> Iterator[ProtectedFromDeletion]:
    """What a destroy plan deletes although it is protected, as Terraform's own refresh found it just now."""
    for change in document.get("resource_changes", ()):
        before = change["change"].get("before") or {}
        if change["mode"] != "managed" or "delete" not in change["change"]["actions"]:
            continue
        for attribute in _PROTECTING:
            if before.get(attribute) is True:
                yield ProtectedFromDeletion(
                    address=str(change["address"]),
                    type=str(change["type"]),
                    name=next((str(before[key]) for key in _NAMES if before.get(key)), ""),
                    region=_region(before.get("arn")),
                    attribute=attribute,
                )


def _shown(value: Any, name: str, marks: tuple[Any, ...]) -> str | None:
    if any(mark is True or (isinstance(mark, dict) and _any_true(mark.get(name))) for mark in marks):
        return None
    if value is None:
        return "none"
    if not isinstance(value, str | bool | int | float):
        return None
    said = str(value).lower() if isinstance(value, bool) else str(value)
    return without_secrets(said) if len(said) <= _LONGEST and said.isprintable() else None


def _any_true(mark: Any) -> bool:
    if isinstance(mark, dict):
        return any(_any_true(each) for each in mark.values())
    if isinstance(mark, list):
        return any(_any_true(each) for each in mark)
    return mark is True


def _region(arn: Any) -> str:
    """`eu-west-2` of `arn:aws:rds:eu-west-2:123456789012:db:name`."""
    parts = arn.split(":") if isinstance(arn, str) else []
    return parts[3] if len(parts) > 5 and parts[0] == "arn" else ""
