"""The hold: set and lifted by a person, and told to whoever builds by hand."""

from datetime import timedelta
from typing import Any

import pytest

import factories_control as control
from factories_control import NOW
from factories_schedule import DAY, with_office_hours
from standins import dev_min
from tidegate.evidence.holds import read_hold
from tidegate.gates.registry import by_id
from tidegate.lanes import held, hold
from tidegate.lanes.held import tell_of_hold
from tidegate.lanes.hold import collect_hold, write_hold
from tidegate.models.facts import CollectorBroken
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.schedule import Hold

UNTIL = "2026-02-16T20:14:27Z"


@pytest.fixture(autouse=True)
def at_a_moment(monkeypatch: pytest.MonkeyPatch, moment: Any) -> Any:
    moment.now = NOW
    monkeypatch.setattr(hold, "caller", lambda _run: control.caller())
    monkeypatch.setattr(hold, "tools", lambda _run: control.tools())
    monkeypatch.setattr(hold, "now", moment)
    monkeypatch.setattr(held, "now", moment)
    return moment


def asked(world: Any, *, who: str = "jane", **params: Any) -> list[str]:
    """Run the lane of the hold; the codes that closed its gate."""
    given = {"action": "set", "until": UNTIL, "reason": "the team\n is away", **params}
    run = world.run("hold", "a_hold", environment=with_office_hours(), params=given, triggered_by=who)
    facts = collect_hold(run)
    codes = [blocker.code for blocker in by_id("BUILD-HOLD").evaluate(facts, judged_at=NOW)]
    if not codes:
        write_hold(run, facts, world.left("hold", "a_hold", facts, environment=with_office_hours()).published.document)
    return codes


def recorded(world: Any) -> Observed[Hold]:
    return read_hold(world.remote, "dev_min")


def test_it_is_recorded_with_who_why_and_until(world: Any) -> None:
    assert asked(world) == []
    assert recorded(world) == Known(
        Hold(
            number=1,
            is_set=True,
            until=NOW + 3 * DAY,
            reason="the team is away",
            who="jane",
            recorded_by="hold_20260213T201427Z",
            recorded_at=NOW,
        )
    )
    assert world.said[-1] == (
        "scheduled builds of dev_min are held off until 2026-02-16T20:14:27+00:00, as "
        "s3://the-evidence/control/dev_min/holds/000001.json says; teardowns start as before"
    )


@pytest.mark.parametrize(
    ("until", "code"),
    [
        (None, "HOLD-UNTIL-MISSING"),
        ("", "HOLD-UNTIL-MISSING"),
        ("soon", "HOLD-UNTIL-UNREADABLE"),
        ("2026-02-28T20:14:27Z", "HOLD-TOO-LONG"),
        ("2026-02-13T20:14:27Z", "HOLD-UNTIL-PAST"),
    ],
)
def test_an_end_out_of_bounds_holds_nothing(world: Any, until: Any, code: str) -> None:
    assert asked(world, until=until) == [code]
    assert recorded(world) == Absent()


@pytest.mark.parametrize("until", ["2026-02-16T20:14:27", "2026-02-16T21:14:27+01:00", "2026-02-16T20:14:27.000Z"])
def test_times_are_utc_unless_they_name_a_zone(world: Any, until: str) -> None:
    assert asked(world, until=until) == []
    found = recorded(world)
    assert isinstance(found, Known)
    assert found.value.until == NOW + 3 * DAY


def test_a_user_whom_airflow_does_not_name_is_called_that(world: Any) -> None:
    assert asked(world, who="") == []
    found = recorded(world)
    assert isinstance(found, Known)
    assert found.value.who == "a user whom Airflow does not name"


def test_it_is_lifted_by_a_record_of_its_own(world: Any, at_a_moment: Any) -> None:
    asked(world)
    assert asked(world, action="lift", until=None, who="joe", reason="back again") == []
    found = recorded(world)
    assert isinstance(found, Known)
    assert (found.value.number, found.value.is_set, found.value.who) == (2, False, "joe")
    assert "scheduled builds of dev_min go on" in world.said[-1]


def test_setting_it_again_moves_its_end(world: Any) -> None:
    asked(world)
    asked(world, until="2026-02-14T20:14:27Z")
    found = recorded(world)
    assert isinstance(found, Known)
    assert (found.value.number, found.value.until) == (2, NOW + DAY)


def test_where_nothing_is_held_lifting_writes_nothing(world: Any, at_a_moment: Any) -> None:
    assert asked(world, action="lift") == []
    assert recorded(world) == Absent()
    asked(world)
    at_a_moment.now = NOW + 3 * DAY
    run = world.run("hold", "a_hold", environment=with_office_hours(), params={"action": "lift", "reason": "x"})
    write_hold(run, collect_hold(run), {"attempt": 1, "digest": "d"})
    found = recorded(world)
    assert isinstance(found, Known)
    assert found.value.number == 1
    assert world.said[-1] == "nothing holds the scheduled builds of dev_min off: there is nothing to lift"


def test_a_damaged_record_is_lifted_too(world: Any) -> None:
    world.remote.objects["control/dev_min/holds/000001.json"] = b"{"
    assert asked(world, action="lift", until=None) == []
    found = recorded(world)
    assert isinstance(found, Known)
    assert (found.value.number, found.value.is_set) == (2, False)


def test_facts_that_were_not_collected_record_nothing(world: Any) -> None:
    run = world.run("hold", "a_hold", environment=with_office_hours())
    with pytest.raises(LookupError):
        write_hold(run, CollectorBroken(observed_at=NOW, error="x"), {})
    assert recorded(world) == Absent()


# Whoever builds by hand.


def told(world: Any, environment: Any) -> list[str]:
    world.said.clear()
    tell_of_hold(world.run("m2", "a_readiness", environment=environment))
    return list(world.said)


def test_whoever_builds_by_hand_is_told_and_goes_on(world: Any) -> None:
    asked(world)
    assert told(world, with_office_hours()) == [
        "there is a hold, set by jane at 2026-02-13T20:14:27+00:00, until 2026-02-16T20:14:27+00:00: the team is away. "
        "It keeps scheduled builds off and not this one; lift it with dev_min.hold, action = lift"
    ]


def test_nothing_is_told_without_a_hold(world: Any, at_a_moment: Any) -> None:
    assert told(world, with_office_hours()) == []
    asked(world)
    at_a_moment.now = NOW + 3 * DAY + timedelta(seconds=1)
    assert told(world, with_office_hours()) == []


def test_an_environment_without_schedules_is_not_even_asked(world: Any) -> None:
    world.remote.refusing = {"keys"}
    assert told(world, dev_min()[0]) == []


def test_that_nobody_can_tell_is_told_too(world: Any) -> None:
    world.remote.refusing = {"keys"}
    (said,) = told(world, with_office_hours())
    assert said.startswith("whether there is a hold cannot be read, so no build starts by the clock: ")
    assert "told not to answer" in said
    assert isinstance(recorded(world), Unreadable)
