"""The watch over later bills: when it begins, and that it asks nobody anything that costs."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

import factories_guardrails as guardrails
import factories_world as world_of
from factories_residual import CLOSED, platform_run
from factories_world import NOW
from standins import three_stacks
from tidegate.evidence.control import close_platform_run, open_platform_run
from tidegate.gates.registry import by_id
from tidegate.lanes import spend
from tidegate.models.facts import CollectorBroken, Source
from tidegate.models.observed import Absent, Known, Unreadable

SOURCES = (Source(name="aws-cost-explorer", data_as_of=NOW - timedelta(hours=24)),)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch, moment: Any) -> None:
    monkeypatch.setattr(spend, "now", moment)


def proven(world: Any, moment: Any, **changes: Any) -> str:
    """A teardown of all, proven on the 14th; its proof closed the platform run."""
    moment.now = CLOSED
    judged = world.left("m9", "h_teardown_proof", world_of.proof_facts(observed_at=CLOSED, **changes))
    moment.now = NOW
    open_platform_run(world.remote, "dev_min", platform_run(is_open=True))
    close_platform_run(world.remote, "dev_min", platform_run(is_open=True), judged.published.stored.uri)
    uri: str = judged.published.stored.uri
    return uri


def bills(world: Any, amount: str = "0.05", **changes: Any) -> None:
    """What the cost guardrail of this audit read: all days of November at this price."""
    facts = guardrails.both_on(date(2026, 11, 21))
    days = tuple(replace(day, cost=replace(day.cost, amount=type(day.cost.amount)(amount))) for day in facts.days.value)  # type: ignore[union-attr]
    billing = replace(guardrails.billing_on(date(2026, 11, 21)), data_as_of=NOW - timedelta(hours=72))
    given = {"days": Known(days), "confluent": billing, "observed_at": NOW, "sources": SOURCES, **changes}
    world.left("audit", "f_cost_guardrail", replace(facts, **given), environment=three_stacks())


def watched(world: Any) -> Any:
    return spend.collect_spend_after_zero(world.run("audit", "m_spend_after_zero", environment=three_stacks()))


def codes(facts: Any) -> list[tuple[str, str]]:
    found = by_id("SPEND-AFTER-ZERO").evaluate(facts, judged_at=NOW)
    return [(blocker.code, blocker.resource) for blocker in found]


def test_days_after_the_proof_cost_nothing(world: Any, moment: Any) -> None:
    uri = proven(world, moment)
    bills(world)
    facts = watched(world)
    assert (facts.closed_at, facts.watched_from, codes(facts)) == (Known(CLOSED), date(2026, 11, 16), [])
    run = world.run("audit", "m_spend_after_zero", environment=three_stacks())
    spend.collect_spend_after_zero(run)
    assert uri in {given.uri for given in run.inputs}
    assert "aws: days from 2026-11-16 on must cost nothing; watched 2026-11-16 to 2026-11-19" in world.said


def test_a_later_bill_is_found(world: Any, moment: Any) -> None:
    proven(world, moment)
    bills(world, "0.50")
    assert codes(watched(world)) == [("SPEND-AFTER-ZERO", f"aws 2026-11-{day}") for day in range(16, 20)]


def test_confluent_may_charge_nothing(world: Any, moment: Any) -> None:
    proven(world, moment)
    billing = replace(
        guardrails.billing_on(date(2026, 11, 21)),
        data_as_of=NOW - timedelta(hours=72),
        bill=Known(guardrails.bill(guardrails.billed(day=date(2026, 11, 17)))),
    )
    bills(world, confluent=billing)
    assert codes(watched(world)) == [("SPEND-AFTER-ZERO", "confluent 2026-11-17")]


@pytest.mark.parametrize("is_open", [True, False])
def test_without_a_closed_platform_run_nothing_is_watched(world: Any, is_open: bool) -> None:
    if is_open:
        open_platform_run(world.remote, "dev_min", platform_run(is_open=True))
    bills(world, "9.00")
    facts = watched(world)
    assert (facts.closed_at, codes(facts)) == (Absent(), [])
    assert "platform run is not closed" in world.said[-1]


@pytest.mark.parametrize(
    ("opened", "unseen"),
    [
        pytest.param(datetime(2026, 11, 15, 9, tzinfo=UTC), True, id="the-next-day"),
        pytest.param(datetime(2026, 11, 19, 23, 59, tzinfo=UTC), True, id="before-confluent-has-reported-it"),
        pytest.param(datetime(2026, 11, 20, tzinfo=UTC), False, id="once-the-16th-was-reported"),
    ],
)
def test_a_watch_that_closed_unseen_is_told(world: Any, moment: Any, opened: datetime, unseen: bool) -> None:
    proven(world, moment)
    bills(world, "9.00")
    following = replace(platform_run(is_open=True), id="platform_2", opened_at=opened)
    open_platform_run(world.remote, "dev_min", following)
    facts = watched(world)
    assert (facts.closed_at, codes(facts)) == (Absent(), [])
    told = [line for line in world.said if "closed unseen" in line]
    assert bool(told) is unseen
    assert all("platform_2" in line and "2026-11-16" in line and "platform_1" in line for line in told)


def test_whether_a_watch_closed_unseen_can_be_unknown(world: Any, moment: Any) -> None:
    uri = proven(world, moment)
    del world.remote.objects[uri.removeprefix(world.remote.uri(""))]
    bills(world)
    open_platform_run(world.remote, "dev_min", replace(platform_run(is_open=True), id="platform_2"))
    assert codes(watched(world)) == []
    assert "nobody can tell" in world.said[-1]


def test_a_cost_that_nobody_handed_over_is_not_zero(world: Any, moment: Any) -> None:
    proven(world, moment)
    assert codes(watched(world)) == [("SPEND-UNKNOWN", "aws"), ("SPEND-UNKNOWN", "confluent")]


def test_a_cost_guardrail_that_crashed_is_not_zero(world: Any, moment: Any) -> None:
    proven(world, moment)
    broken = CollectorBroken(observed_at=NOW, error="KeyError: 'x'")
    world.left("audit", "f_cost_guardrail", broken, environment=three_stacks())
    assert codes(watched(world)) == [("SPEND-UNKNOWN", "aws"), ("SPEND-UNKNOWN", "confluent")]


@pytest.mark.parametrize(
    ("changes", "resource"),
    [
        ({"days": Unreadable("403")}, "aws"),
        ({"sources": ()}, "aws"),
        ({"confluent": None}, "confluent"),
        ({"confluent": guardrails.billing(bill=Unreadable("401"))}, "confluent"),
    ],
)
def test_what_one_platform_does_not_tell(world: Any, moment: Any, changes: dict[str, Any], resource: str) -> None:
    proven(world, moment)
    bills(world, **changes)
    assert codes(watched(world)) == [("SPEND-UNKNOWN", resource)]


@pytest.mark.parametrize("broken", ["failed-proof", "elsewhere", "lost", "cut"])
def test_a_closing_whose_proof_is_not_there(world: Any, moment: Any, broken: str) -> None:
    changes = {"platform_run": None, "references": ()} if broken == "failed-proof" else {}
    uri = proven(world, moment, **changes)
    key = uri.removeprefix(world.remote.uri(""))
    if broken == "elsewhere":
        open_platform_run(world.remote, "dev_min", replace(platform_run(), closed_by="s3://other/x.json"))
    if broken == "lost":
        del world.remote.objects[key]
    if broken == "cut":
        world.remote.objects[key] = world.remote.objects[key][:-20]
    bills(world)
    assert codes(watched(world)) == [("CLOSING-UNREADABLE", "platform_1")]


def test_a_platform_run_that_cannot_be_read(world: Any, moment: Any) -> None:
    proven(world, moment)
    bills(world)
    world.remote.refusing.add("keys")
    assert [code for code, _ in codes(watched(world))] == ["PLATFORM-RUN-UNREADABLE"]
