"""Reads `terraform show -json` of a saved plan into facts, keeping only what policy looks at (ID4)."""

import gc
import json
from pathlib import Path
from typing import Any

from tidegate.models.observed import Absent, Known, Observed, UnknownUntilApply, Unreadable
from tidegate.models.plan import Plan, PlannedResource, Purpose
from tidegate.models.policy import ForbiddenPolicy

_NOTHING = {("no-op",), ("read",)}


class PlanUnreadable(Exception):
    """The document is not a plan that tidegate can judge."""


def load_document(path: Path) -> dict[str, Any]:
    """Parse the JSON of a plan. Raises PlanUnreadable."""
    collecting = gc.isenabled()
    gc.disable()  # a large plan is one big tree; collecting during the parse costs half its time
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise PlanUnreadable(f"{path.name}: {error}") from error
    finally:
        if collecting:
            gc.enable()
    if not isinstance(document, dict) or "format_version" not in document:
        raise PlanUnreadable(f"{path.name}: not the output of terraform show -json (no format_version)")
    return document


def to_plan(
    document: dict[str, Any],
    *,
    stack: str,
    purpose: Purpose,
    has_changes: bool,
    policy: ForbiddenPolicy,
    sha256: str,
    source_digest: str,
) -> Plan:
    """The facts of a plan document. Raises PlanUnreadable when its shape is not the documented one."""
    try:
        drifted = {change["address"] for change in document.get("resource_drift", ())}
        resources = tuple(
            _resource(change, change["address"] in drifted, policy)
            for change in document.get("resource_changes", ())
            if change["mode"] == "managed"
        )
        return Plan(
            stack=stack,
            purpose=purpose,
            format_version=str(document["format_version"]),
            terraform_version=str(document["terraform_version"]),
            complete=document.get("complete") is True,
            errored=document.get("errored") is not False,
            has_changes=has_changes,
            resources=resources,
            sha256=sha256,
            source_digest=source_digest,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise PlanUnreadable(f"unexpected shape: {type(error).__name__}: {error}") from error


def _resource(change: dict[str, Any], drifted: bool, policy: ForbiddenPolicy) -> PlannedResource:
    inner = change["change"]
    actions = tuple(inner["actions"])
    names = policy.attributes_of(change["type"])
    return PlannedResource(
        address=change["address"],
        type=change["type"],
        actions=actions,
        importing="importing" in inner,
        drifted=drifted and actions not in _NOTHING,
        attributes={
            name: Unreadable(f"{name} is sensitive") if _sensitive(inner, name) else _attribute(inner, name)
            for name in names
        },
    )


def _attribute(change: dict[str, Any], dotted: str) -> Observed[Any]:
    value: Any = change.get("after")
    unknown: Any = change.get("after_unknown")
    for part in dotted.split("."):
        if unknown is True:
            return UnknownUntilApply()
        if isinstance(value, list) and len(value) > 1:
            return Unreadable(f"{dotted}: {len(value)} blocks, expected one")
        value, unknown = _step(value, part), _step(unknown, part)
    if unknown is True:
        return UnknownUntilApply()
    if value is None:
        return Absent()
    if isinstance(value, (str, int, float, bool)):
        return Known(value)
    return Unreadable(f"{dotted} is a {type(value).__name__}, expected one value")


def _sensitive(change: dict[str, Any], dotted: str) -> bool:
    """Did Terraform mark the attribute, or what it lies in, as sensitive? (ID4)"""
    node: Any = change.get("after_sensitive")
    for part in dotted.split("."):
        if node is True:
            return True
        node = _step(node, part)
    return node is True


def _step(node: Any, part: str) -> Any:
    """Go down one attribute; a block is a list of one."""
    if isinstance(node, list):
        node = node[0] if len(node) == 1 else None
    return node.get(part) if isinstance(node, dict) else None
