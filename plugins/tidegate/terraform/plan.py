"""Reads `terraform show -json` of a saved plan into facts, keeping only what policy looks at (ID4)."""

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tidegate.models.log_groups import LOG_GROUP
from tidegate.models.observed import Absent, Known, Planned, UnknownUntilApply, Unreadable
from tidegate.models.plan import Plan, PlannedResource, Purpose
from tidegate.models.policy import ForbiddenPolicy
from tidegate.models.prices import PricePolicy
from tidegate.terraform.identity_loss import taken_away
from tidegate.terraform.plan_attributes import changed_attributes, protected_from_deletion
from tidegate.terraform.plan_regions import region_uses

NO_CHANGE = {("no-op",), ("read",)}
"""Actions that change nothing."""
GOES = {("delete",), ("forget",)}
"""Actions after which nothing stands under the address."""
_ENDS = {"update", "delete"}
"""Actions after which something is not as it was before."""
_SIZE_OF_TASKS = ("cpu", "memory")
"""Of a service they stand in its task definition."""
_ASKED_BY_NAME = {LOG_GROUP: ("name",)}
"""AWS may have written one again under the name that the plan creates (models/log_groups.py)."""
_NUMBER = ".#"
"""Ends the name of a number of blocks: `basic.#`."""


class PlanUnreadable(Exception):
    """The document is not a plan that tidegate can judge."""


@contextmanager
def collection_paused() -> Iterator[None]:
    """No garbage collection meanwhile: a large plan is one big tree, and looking for cycles in it costs much."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def load_document(path: Path) -> dict[str, Any]:
    """Parse the JSON of a plan. Raises PlanUnreadable."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PlanUnreadable(f"{path.name}: {error}") from error
    return parse_document(content, path.name)


def parse_document(content: bytes, name: str) -> dict[str, Any]:
    """The JSON of a plan; `name` says where it came from. Raises PlanUnreadable."""
    try:
        with collection_paused():
            document = json.loads(content, object_pairs_hook=_each_key_once)
    except (ValueError, RecursionError) as error:
        raise PlanUnreadable(f"{name}: {error}") from error
    if not isinstance(document, dict) or "format_version" not in document:
        raise PlanUnreadable(f"{name}: not the output of terraform show -json (no format_version)")
    return document


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Terraform writes no key twice; of two, one would be judged and nobody could say which counts."""
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} stands twice in one object")
    return found


def to_plan(
    document: dict[str, Any],
    *,
    stack: str,
    purpose: Purpose,
    has_changes: bool,
    policy: ForbiddenPolicy,
    prices: PricePolicy,
    sha256: str,
    source_digest: str,
) -> Plan:
    """The facts of a plan document. Raises PlanUnreadable when its shape is not the documented one."""
    looked_at = _LookedAt(policy, prices)
    try:
        drifted = {it["address"]: it["change"] for it in document.get("resource_drift", ())}
        sizes = _sizes_of_tasks(document)
        changes = [it for it in document.get("resource_changes", ()) if is_managed(it)]
        deferred = [it["resource_change"] for it in document.get("deferred_changes") or ()]
        managed = [it for it in deferred if is_managed(it)]
        resources = tuple(
            _with_size_of_tasks(
                _resource(change, drifted.get(change["address"]), looked_at), sizes.get(_module(change), [])
            )
            for change in (*changes, *managed)
        )
        resources += tuple(_unannounced(document, _announced(changes), looked_at))
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
            refreshed=_refreshed(document) if purpose == "destroy" else None,
            protected=tuple(protected_from_deletion(document)) if purpose == "destroy" else (),
            deferred=tuple(_text(it, "address") for it in deferred),
            invoked=tuple(_text(it, "address") for it in _invocations(document)),
            regions=region_uses(document),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise PlanUnreadable(f"unexpected shape: {type(error).__name__}: {error}") from error


@dataclass(frozen=True, slots=True)
class _LookedAt:
    """Whose attributes facts keep: those by which something is forbidden, and those that decide a price."""

    policy: ForbiddenPolicy
    prices: PricePolicy

    def names(self, kind: str) -> tuple[str, ...]:
        """Of a planned resource."""
        return tuple(sorted({*self.policy.plan_attributes_of(kind), *self.priced(kind), *_ASKED_BY_NAME.get(kind, ())}))

    def priced(self, kind: str) -> tuple[str, ...]:
        """Those that decide a price."""
        return self.prices.attributes_of(kind, "plan")


def _invocations(document: dict[str, Any]) -> list[dict[str, Any]]:
    """What an apply runs besides (Terraform 1.14): a provider's action, also one that is put off."""
    put_off = [it["action_invocation"] for it in document.get("deferred_action_invocations") or ()]
    return [*(document.get("action_invocations") or ()), *put_off]


def _text(node: dict[str, Any], name: str) -> str:
    """A name that Terraform always writes. Raises TypeError."""
    value = node[name]
    if not isinstance(value, str) or not value:
        raise TypeError(f"{name} is {json.dumps(value)[:40]}, expected a text")
    return value


def is_managed(change: dict[str, Any]) -> bool:
    """Is it a resource, not a data source? Raises TypeError for anything else."""
    if change["mode"] not in {"managed", "data"}:
        raise TypeError(f"{change['address']} has mode {change['mode']!r}, expected managed or data")
    return bool(change["mode"] == "managed")


def _resource(change: dict[str, Any], drift: dict[str, Any] | None, looked_at: _LookedAt) -> PlannedResource:
    inner = change["change"]
    actions = tuple(inner["actions"])
    return PlannedResource(
        address=_text(change, "address"),
        type=_text(change, "type"),
        actions=actions,
        importing="importing" in inner,
        drifted=drift is not None and actions not in NO_CHANGE,
        changed_outside=() if drift is None or actions in NO_CHANGE else changed_attributes(drift),
        attributes={name: _judged(inner, actions, name) for name in looked_at.names(change["type"])},
        before=_before(inner, actions, looked_at.priced(change["type"])),
        takes_away=tuple(taken_away(change["type"], inner)) if "importing" in inner else (),
    )


_Size = tuple[dict[str, Planned[Any]], dict[str, Planned[Any]] | None]
"""Of a task: as it is planned, and as it stands (None: it does not)."""


def _module(change: dict[str, Any]) -> str:
    """The module instance that a change is in; blank for the root."""
    return str(change.get("module_address") or "")


def _sizes_of_tasks(document: dict[str, Any]) -> dict[str, list[_Size]]:
    """By module instance the size of each task definition that stands after the plan."""
    sizes: dict[str, list[_Size]] = {}
    for change in document.get("resource_changes", ()):
        if is_managed(change) and change["type"] == "aws_ecs_task_definition":
            inner = change["change"]
            actions = tuple(inner["actions"])
            if actions not in GOES:
                planned = {name: _judged(inner, actions, name) for name in _SIZE_OF_TASKS}
                stood = planned if actions in NO_CHANGE else _before(inner, actions, _SIZE_OF_TASKS)
                sizes.setdefault(_module(change), []).append((planned, stood))
    return sizes


def _with_size_of_tasks(resource: PlannedResource, sizes: list[_Size]) -> PlannedResource:
    """A service with the size of its tasks, where its module has one task definition: else nobody knows which."""
    if resource.type != "aws_ecs_service" or len(sizes) != 1:
        return resource
    planned, stood = sizes[0]
    before = resource.before if resource.before is None or stood is None else _filled(resource.before, stood)
    return replace(resource, attributes=_filled(resource.attributes, planned), before=before)


def _filled(own: dict[str, Planned[Any]], size: dict[str, Planned[Any]]) -> dict[str, Planned[Any]]:
    """Only what the facts look at, and what the service does not say itself."""
    return {name: size[name] if name in size and value == Absent() else value for name, value in own.items()}


def _before(change: dict[str, Any], actions: tuple[str, ...], names: tuple[str, ...]) -> dict[str, Planned[Any]] | None:
    """What decides the price of what stands now and does not stay as it is; None where there is no such thing."""
    if _ENDS.isdisjoint(actions) or not isinstance(change.get("before"), dict):
        return None
    marks = change.get("before_sensitive")
    return {
        name: _hidden(name) if _sensitive(marks, name) else _attribute(change["before"], None, name) for name in names
    }


def _announced(changes: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """By address the change of what stands under it; a deposed object has lost its address to another."""
    return {it["address"]: it for it in changes if "deposed" not in it}


def _unannounced(
    document: dict[str, Any], announced: dict[str, dict[str, Any]], looked_at: _LookedAt
) -> Iterator[PlannedResource]:
    """What stands after the plan although no change names it. Terraform names them all; a cut document does not.

    Raises ValueError where a change says of one that it goes, or that it is of another type.
    """
    modules = [(document.get("planned_values") or {}).get("root_module") or {}]
    while modules:
        module = modules.pop()
        modules += module.get("child_modules") or ()
        for resource in module.get("resources") or ():
            if resource["mode"] != "managed":
                continue
            change = announced.get(_text(resource, "address"))
            if change is not None:
                _refuse_contradiction(change, resource)
            else:
                yield PlannedResource(
                    address=_text(resource, "address"),
                    type=_text(resource, "type"),
                    actions=("no-op",),
                    importing=False,
                    drifted=False,
                    attributes={name: _kept(resource, name) for name in looked_at.names(resource["type"])},
                )


def _refuse_contradiction(change: dict[str, Any], planned: dict[str, Any]) -> None:
    address = planned["address"]
    if change["type"] != planned["type"]:
        raise ValueError(
            f"resource_changes and planned_values disagree about {address}: {change['type']} and {planned['type']}"
        )
    # What is forgotten stands at the provider, and Terraform goes on to list it.
    if change["change"]["actions"] == ["delete"]:
        raise ValueError(f"resource_changes and planned_values disagree about {address}: it goes, and it stands after")


def _refreshed(document: dict[str, Any]) -> tuple[str, ...] | None:
    """Managed addresses in the state that the plan was made from, after Terraform had asked the cloud.

    A destroy plan does not list what it found gone, not even as drift (Terraform 1.11).
    """
    if "prior_state" not in document:
        return None
    modules, found = [document["prior_state"]["values"].get("root_module") or {}], []
    while modules:
        module = modules.pop()
        modules += module.get("child_modules") or ()
        found += [it["address"] for it in module.get("resources") or () if it["mode"] == "managed"]
    return tuple(sorted(found))


def _kept(resource: dict[str, Any], dotted: str) -> Planned[Any]:
    if _sensitive(resource.get("sensitive_values"), dotted):
        return _hidden(dotted)
    return _attribute(resource.get("values"), None, dotted)


def _judged(change: dict[str, Any], actions: tuple[str, ...], dotted: str) -> Planned[Any]:
    """The value that counts: the planned one; of a resource that Terraform lets go of, the one it lives on with."""
    lets_go = "forget" in actions
    if _sensitive(change.get("after_sensitive"), dotted) or (
        lets_go and _sensitive(change.get("before_sensitive"), dotted)
    ):
        return _hidden(dotted)
    planned = _attribute(change.get("after"), change.get("after_unknown"), dotted)
    if not lets_go:
        return planned
    kept = _attribute(change.get("before"), None, dotted)
    if actions == ("forget",) or kept == planned:
        return kept
    return Unreadable(f"{dotted}: one resource is let go of and another one made, with different values")


def _attribute(value: Any, unknown: Any, dotted: str) -> Planned[Any]:
    if dotted.endswith(_NUMBER):
        return _blocks(value, unknown, dotted)
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


def _blocks(value: Any, unknown: Any, dotted: str) -> Planned[Any]:
    """How many blocks there are of a name: Terraform writes them as a list, also where there is none."""
    for part in dotted.removesuffix(_NUMBER).split("."):
        if unknown is True:
            return UnknownUntilApply()
        if isinstance(value, list) and len(value) > 1:
            return Unreadable(f"{dotted}: {len(value)} blocks around it, expected one")
        value, unknown = _step(value, part), _step(unknown, part)
    if unknown is True:
        return UnknownUntilApply()
    if value is None:
        return Absent()
    return (
        Known(len(value))
        if isinstance(value, list)
        else Unreadable(f"{dotted} is a {type(value).__name__}, expected blocks")
    )


def _hidden(dotted: str) -> Unreadable:
    return Unreadable(f"{dotted} is sensitive")


def _sensitive(marks: Any, dotted: str) -> bool:
    """Did Terraform mark the attribute, or what it lies in, as sensitive? (ID4)"""
    node = marks
    for part in dotted.removesuffix(_NUMBER).split("."):
        if node is True:
            return True
        node = _step(node, part)
    return node is True


def _step(node: Any, part: str) -> Any:
    """Go down one attribute; a block is a list of one."""
    if isinstance(node, list):
        node = node[0] if len(node) == 1 else None
    return node.get(part) if isinstance(node, dict) else None
