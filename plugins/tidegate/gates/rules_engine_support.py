"""A database whose engine is beyond its standard support is billed by the vCPU and hour, unless it may not be."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from tidegate.gates.rules_remedies import AUTHOR, SAME_DAG, manifest, root_of
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known, Planned
from tidegate.models.plan import PlannedResource
from tidegate.models.policy import OLD_ENGINE, SUPPORTED_TYPES, PolicyException
from tidegate.models.remedy import Clear, Person, Remedy

SWITCHED_OFF = "open-source-rds-extended-support-disabled"

Support = Mapping[str, Mapping[str, date]]
"""By engine and major version the last day of standard support."""


def old_engine_blockers(
    resource: PlannedResource, support: Support, exceptions: tuple[PolicyException, ...], *, stack: str, today: date
) -> Iterator[Blocker]:
    """Block where the plan names an old version. A version that it leaves to AWS is a supported one."""
    if resource.type not in SUPPORTED_TYPES or resource.actions == ("delete",):
        return
    of = resource.attributes
    engine, version = _text(of.get("engine")), _text(of.get("engine_version"))
    if _text(of.get("engine_lifecycle_support")) == SWITCHED_OFF:
        return
    ended = _ended(support.get(engine, {}), version)
    mine = [it for it in exceptions if (it.rule, it.resource) == (OLD_ENGINE, resource.address)]
    if ended is None or today <= ended or any(today <= it.expires for it in mine):
        return
    yield Blocker(
        code="FORBIDDEN-RESOURCE",
        summary=f"rule {OLD_ENGINE}: an engine beyond its standard support is billed by the vCPU and hour",
        resource=resource.address,
        observed=f"{engine} {version}, whose standard support ended on {ended.isoformat()}",
        expected=f"a newer major version, or engine_lifecycle_support = {SWITCHED_OFF}",
        remedy=Remedy.of(
            Person(AUTHOR, f"change {root_of(stack)}"),
            Clear(),
            alternative=(manifest("exceptions", why="an exception with owner, reason and expiry"), SAME_DAG),
        ),
    )


def _ended(ends: Mapping[str, date], version: str) -> date | None:
    """Of the major version that a version belongs to; `16` is one, and so is `16.4`."""
    return next((day for major, day in ends.items() if version == major or version.startswith(f"{major}.")), None)


def _text(value: Planned[Any] | None) -> str:
    return value.value if isinstance(value, Known) and isinstance(value.value, str) else ""
