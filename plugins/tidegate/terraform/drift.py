"""Reads from a plan document what differs, by address and by name of attribute, and never a value (ID4, LC7)."""

from collections.abc import Iterator
from typing import Any

from tidegate.models.audit import ChangedResource, DriftPlan
from tidegate.terraform.plan import NO_CHANGE, PlanUnreadable, is_managed


def to_drift(document: dict[str, Any], *, has_changes: bool) -> DriftPlan:
    """What a plan document says about drift and pending changes. `has_changes`: Terraform's exit status was 2.

    Drift counts where the plan would change something back: Terraform also notes changes that nobody declared, such as
    counters and times of AWS. Raises PlanUnreadable when the shape is not the documented one.
    """
    try:
        outside = {it["address"]: it["change"] for it in document.get("resource_drift", ()) if is_managed(it)}
        changed = [
            it
            for it in document.get("resource_changes", ())
            if is_managed(it) and tuple(it["change"]["actions"]) not in NO_CHANGE
        ]
        return DriftPlan(
            complete=document.get("complete") is True and document.get("errored") is False,
            drifted=tuple(_changed(it, outside[it["address"]]) for it in changed if it["address"] in outside),
            pending=tuple(_changed(it, it["change"]) for it in changed if it["address"] not in outside),
            outputs=tuple(sorted(_outputs(document))),
            has_changes=has_changes,
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise PlanUnreadable(f"unexpected shape: {type(error).__name__}: {error}") from error


def _changed(resource: dict[str, Any], differing: dict[str, Any]) -> ChangedResource:
    return ChangedResource(
        address=str(resource["address"]),
        actions=tuple(resource["change"]["actions"]),
        attributes=tuple(sorted(_names(differing))),
    )


def _names(change: dict[str, Any]) -> Iterator[str]:
    """Attributes whose value differs, or is decided during the apply. None where the whole resource comes or goes."""
    before, after = change.get("before"), change.get("after")
    if before is None or after is None:
        return
    unknown = change.get("after_unknown") or {}
    for name in {*before, *after}:
        if before.get(name) != after.get(name) or unknown.get(name) not in (None, False, {}, []):
            yield str(name)


def _outputs(document: dict[str, Any]) -> Iterator[str]:
    for name, change in (document.get("output_changes") or {}).items():
        if tuple(change["actions"]) not in NO_CHANGE:
            yield str(name)
