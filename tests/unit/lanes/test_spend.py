"""The watch over later bills: when it begins, and that it asks nobody anything that costs."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

import factories_guardrails as guardrails
import factories_world as world_of
from factories_residual import CLOSED, platform_run
from factories_world import NOW
from standins import three_stacks
from tidegate.evidence.canonical import unseal
from tidegate.evidence.control import close_platform_run, open_platform_run
from tidegate.gates.registry import by_id
from tidegate.lanes import spend
from tidegate.lanes.guards import handed_over_facts
from tidegate.models.cost import CostFacts, Money
from tidegate.models.facts import CollectorBroken, Source
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.snapshot import InputRecord
from tidegate.models.spend import DaySpend, PlatformSpend, SpendAfterZeroFacts

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


def run_of(world: Any) -> Any:
    return world.run("audit", "m_spend_after_zero", environment=three_stacks())


def watched(world: Any) -> Any:
    """The watch without the bill by service and region, which test_bill has for its own."""
    return replace(spend.collect_spend_after_zero(run_of(world)), bill=None)


def facts_of(uri: str, aws: dict[str, Any], confluent: dict[str, Any], **changes: Any) -> SpendAfterZeroFacts:
    """The watch after a proof, with what the platforms tell."""
    base = three_stacks().audit.base_usd_per_day
    facts = SpendAfterZeroFacts(
        observed_at=NOW,
        sources=SOURCES,
        platform_run=Known(replace(platform_run(), closed_by=uri)),
        closed_at=Known(CLOSED),
        start=date(2026, 11, 1),
        expected_unit="USD",
        cost_scope=("aws", "confluent"),
        platforms=(
            PlatformSpend(platform="aws", names_every_day=True, base_per_day=base, **aws),
            PlatformSpend(platform="confluent", names_every_day=False, base_per_day=Decimal(0), **confluent),
        ),
    )
    return replace(facts, **changes)


def usd(amount: str) -> Money:
    return Money(amount=Decimal(amount), unit="USD")


def codes(facts: Any) -> list[tuple[str, str]]:
    found = by_id("SPEND-AFTER-ZERO").evaluate(facts, judged_at=NOW)
    return [(blocker.code, blocker.resource) for blocker in found]


def test_days_after_the_proof_cost_nothing(world: Any, moment: Any) -> None:
    uri = proven(world, moment)
    bills(world)
    facts = watched(world)
    assert (facts.closed_at, facts.watched_from, codes(facts)) == (Known(CLOSED), date(2026, 11, 16), [])
    assert facts == facts_of(
        uri,
        {
            "data_as_of": Known(NOW - timedelta(hours=24)),
            "days": Known(tuple(DaySpend(day=date(2026, 11, day), cost=usd("0.05")) for day in range(1, 22))),
        },
        {
            "data_as_of": Known(NOW - timedelta(hours=72)),
            "days": Known((DaySpend(day=date(2026, 11, 1), cost=usd("0.25")),)),
        },
    )
    assert "aws: days from 2026-11-16 on must cost nothing; watched 2026-11-16 to 2026-11-19" in world.said


def test_the_proof_is_named_with_its_version(world: Any, moment: Any) -> None:
    uri = proven(world, moment)
    run = run_of(world)
    spend.collect_spend_after_zero(run)
    key = uri.removeprefix(world.remote.uri(""))
    digest = str(unseal(world.remote.objects[key])["digest"])
    assert run.inputs == [InputRecord(uri=uri, version_id=f"v-{key}", sha256=digest)]


def test_the_month_is_that_of_the_read(world: Any, moment: Any) -> None:
    """Also where the next one began meanwhile."""
    proven(world, moment)
    bills(world)
    moment.now = datetime(2026, 12, 1, tzinfo=UTC)
    assert watched(world).start == date(2026, 11, 1)


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


@pytest.mark.parametrize("lost", [1, 2])
def test_whether_there_was_a_watch_at_all_can_be_unknown(world: Any, lost: int) -> None:
    """The record before those of this platform run is gone, be it the first one."""
    for number in range(1, lost + 2):
        opened = replace(platform_run(is_open=True), id=f"platform_{number}")
        open_platform_run(world.remote, "dev_min", opened)
    key = f"control/dev_min/platform_runs/{lost:06d}.json"
    del world.remote.objects[key]
    watched(world)
    assert world.said[-1] == (
        f"nobody can tell whether the days after the platform run before this one were watched: {key}"
    )


def test_a_cost_that_nobody_handed_over_is_not_zero(world: Any, moment: Any) -> None:
    uri = proven(world, moment)
    facts = watched(world)
    assert codes(facts) == [("SPEND-UNKNOWN", "aws"), ("SPEND-UNKNOWN", "confluent")]
    nothing = Unreadable("f_cost_guardrail of this run handed nothing over")
    both = {"data_as_of": nothing, "days": nothing}
    assert facts == facts_of(uri, both, both, sources=())


def test_a_cost_guardrail_that_crashed_is_not_zero(world: Any, moment: Any) -> None:
    proven(world, moment)
    broken = CollectorBroken(observed_at=NOW, error="KeyError: 'x'")
    world.left("audit", "f_cost_guardrail", broken, environment=three_stacks())
    facts = watched(world)
    assert codes(facts) == [("SPEND-UNKNOWN", "aws"), ("SPEND-UNKNOWN", "confluent")]
    cost = handed_over_facts(run_of(world), "f_cost_guardrail", CostFacts)
    assert "do not fit CostFacts" in str(cost)
    assert [(it.data_as_of, it.days) for it in facts.platforms] == [(cost, cost), (cost, cost)]


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


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ("failed-proof", "{uri} is no teardown proof that passed"),
        ("elsewhere", "s3://other/x.json is not in the evidence bucket s3://the-evidence/"),
        ("lost", "{key}"),
        ("cut", "{uri}: Unterminated string starting at: line 2 column 3 (char 4)"),
        ("changed", "{uri}: the digest does not match the content"),
    ],
)
def test_a_closing_whose_proof_is_not_there(world: Any, moment: Any, broken: str, why: str) -> None:
    changes = {"platform_run": None, "references": ()} if broken == "failed-proof" else {}
    uri = proven(world, moment, **changes)
    key = uri.removeprefix(world.remote.uri(""))
    if broken == "elsewhere":
        open_platform_run(world.remote, "dev_min", replace(platform_run(), closed_by="s3://other/x.json"))
    if broken == "lost":
        del world.remote.objects[key]
    if broken == "cut":
        world.remote.objects[key] = world.remote.objects[key][:6]
    if broken == "changed":
        world.remote.objects[key] = world.remote.objects[key].replace(b'"pass"', b'"fail"')
    bills(world)
    facts = watched(world)
    assert codes(facts) == [("CLOSING-UNREADABLE", "platform_1")]
    assert facts.closed_at == Unreadable(why.format(uri=uri, key=key))


def test_a_platform_run_that_cannot_be_read(world: Any, moment: Any) -> None:
    proven(world, moment)
    bills(world)
    world.remote.refusing.add("keys")
    facts = watched(world)
    assert [code for code, _ in codes(facts)] == ["PLATFORM-RUN-UNREADABLE"]
    assert isinstance(facts.platform_run, Unreadable)
    assert facts.closed_at == Unreadable("platform run: unreadable: control/dev_min/platform_runs/: told not to answer")
