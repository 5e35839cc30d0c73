"""The hold that keeps scheduled builds off: a person sets it and lifts it (LC8)."""

from datetime import UTC, datetime
from typing import Any

from tidegate.evidence.holds import read_hold, record_hold
from tidegate.lanes.emergency_stop import said_reason
from tidegate.lanes.readiness import caller, tools
from tidegate.lanes.run import LaneRun, now
from tidegate.models.facts import Facts, Source
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.schedule import HoldFacts

NOBODY = "a user whom Airflow does not name"


def collect_hold(run: LaneRun) -> HoldFacts:
    """HOLD.A: what was asked for, and the newest record. Takes no lease."""
    who, what = caller(run), tools(run)
    schedules = run.environment.schedules
    observed_at = now()
    return HoldFacts(
        observed_at=observed_at,
        sources=(Source(name="sts", data_as_of=observed_at), Source(name="evidence", data_as_of=observed_at)),
        caller=who,
        tools=what,
        environment=run.environment.name,
        action=str(run.params.get("action", "")),
        reason=said_reason(run),
        who=run.triggered_by or NOBODY,
        until=_moment(run.params.get("until")),
        max_days=0 if schedules is None else schedules.max_hold_days,
        hold=read_hold(run.control, run.environment.name),
    )


def write_hold(run: LaneRun, facts: Facts, document: dict[str, Any]) -> None:
    """After the pass: record what was asked for. Where nothing is held, lifting writes nothing. Raises StoreError."""
    if not isinstance(facts, HoldFacts):
        raise LookupError("no judged hold")
    is_set = facts.action == "set"
    held = facts.hold
    if not is_set and (isinstance(held, Absent) or (isinstance(held, Known) and not held.value.in_force(now()))):
        run.log(f"nothing holds the scheduled builds of {facts.environment} off: there is nothing to lift")
        return
    until = facts.until.value if is_set and isinstance(facts.until, Known) else facts.observed_at
    stored = record_hold(
        run.remote,
        run.environment.name,
        is_set=is_set,
        until=until,
        reason=facts.reason,
        who=facts.who,
        recorded_by=run.execution_id,
        at=now(),
        evidence={
            "uri": run.remote.uri(run.place(run.lane).remote_key(int(document["attempt"]))),
            "sha256": str(document["digest"]),
        },
    )
    done = f"are held off until {until.isoformat()}" if is_set else "go on"
    run.log(f"scheduled builds of {facts.environment} {done}, as {stored.uri} says; teardowns start as before")


def _moment(given: object) -> Observed[datetime]:
    """What a person typed, as UTC. Without a zone it is UTC: the field says so."""
    if given is None or given == "":
        return Absent()
    try:
        moment = datetime.fromisoformat(str(given))
    except ValueError:
        return Unreadable(f"{given!r} is no time")
    return Known(moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC))
