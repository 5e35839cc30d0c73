"""The two scans that prove a teardown: what the first hands to the second, across a deferral."""

from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tidegate.evidence.canonical import digest_of, plain
from tidegate.lanes.run import LaneRun
from tidegate.models.inventory import Inventory
from tidegate.models.looks import Look, Looks, subjects_read
from tidegate.models.observed import Absent, Known, Observed, Unreadable

_LOOK = TypeAdapter(Look)


def looks_of(run: LaneRun, inventory: Inventory, *, began: datetime, ended: datetime) -> Looks:
    """This scan, with the clean one that the same task kept, if there is one."""
    return Looks(
        pause_seconds=run.environment.deadlines.residual_pause,
        first=_kept(run.kept),
        this=Look(
            began=began,
            ended=ended,
            subjects=subjects_read(inventory),
            inventory_sha256=digest_of(inventory.resources),
        ),
    )


def carried_on(looks: Looks) -> dict[str, Any]:
    """The clean scan that the next one has to confirm, as JSON."""
    kept: dict[str, Any] = plain(looks.to_confirm)
    return kept


def _kept(kept: Any) -> Observed[Look]:
    if kept is None:
        return Absent()
    try:
        return Known(_LOOK.validate_python(kept))
    except ValidationError as error:
        return Unreadable(f"what the look before left: {error.error_count()} fields do not fit a look")
