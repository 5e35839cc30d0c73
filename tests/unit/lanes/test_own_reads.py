"""CO7: what Cost Explorer is asked, counted in real records, and when nobody asks it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.hooks import HierarchicalEmitter

import factories_guardrails as guardrails
from factories_world import inventory
from standins import MemoryStore, aws_error, dev_min
from tidegate.evidence.canonical import seal, unseal
from tidegate.evidence.control import Series
from tidegate.gates.registry import by_id
from tidegate.lanes import cost
from tidegate.lanes.judging import judge
from tidegate.lanes.run import LaneRun
from tidegate.models.cost import CostFacts
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.operations import OwnReads as Section

MORNING = datetime(2026, 2, 13, 9, tzinfo=UTC)


class Explorer:
    """Cost Explorer: half a dollar a day. It knows how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.pages = 1
        self.error: Exception | None = None
        self.tries = 1
        """How often botocore sends a page until it is answered."""
        self.meta = SimpleNamespace(events=HierarchicalEmitter())

    def get_cost_and_usage(self, TimePeriod: dict[str, str], **rest: Any) -> dict[str, Any]:
        for _ in range(self.tries):
            self.meta.events.emit("before-send.cost-explorer.GetCostAndUsage")
            self.asked += 1
        if self.error is not None:
            raise self.error
        first, end = (date.fromisoformat(TimePeriod[name]) for name in ("Start", "End"))
        page = int(rest.get("NextPageToken", 1))
        all_days = [first + timedelta(days=number) for number in range((end - first).days)]
        answer: dict[str, Any] = {"ResultsByTime": [day_of(day) for day in all_days if page == 1]}
        return answer | ({"NextPageToken": str(page + 1)} if page < self.pages else {})


def day_of(day: date) -> dict[str, Any]:
    return {
        "TimePeriod": {"Start": day.isoformat(), "End": (day + timedelta(days=1)).isoformat()},
        "Total": {"UnblendedCost": {"Amount": "0.5", "Unit": "USD"}},
        "Groups": [],
        "Estimated": True,
    }


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch, moment: Any) -> Any:
    moment.now = MORNING
    monkeypatch.setattr(cost, "now", moment)
    monkeypatch.setattr(cost, "read_budget_spend", lambda *_: guardrails.spent("1"))
    monkeypatch.setattr(cost, "read_inventories", lambda *_: {"aws": inventory()})
    return moment


@pytest.fixture
def explorer() -> Explorer:
    return Explorer()


TASKS = {"m9": "g_cost_guardrail", "m2": "b_cost_guardrail", "audit": "f_cost_guardrail", "hourly": "a_cost_guardrail"}


def run_of(world: Any, explorer: Explorer, phase: Any = "m9", **changes: Any) -> LaneRun:
    own: dict[str, Any] = changes.pop("own_reads", {})
    run: LaneRun = world.run(phase, TASKS[phase], clients=SimpleNamespace(ce=explorer), **changes)
    section = Section(max_age_hours=8, monthly_usd=Decimal(1)).model_copy(update=own)
    run.environment = run.environment.model_copy(update={"own_reads": section})
    return run


def collected(world: Any, explorer: Explorer, phase: Any = "m9", **changes: Any) -> CostFacts:
    return cost.collect_cost(run_of(world, explorer, phase, **changes))


def codes(facts: CostFacts) -> list[str]:
    return [it.code for it in by_id("COST-GUARDRAIL").evaluate(facts, judged_at=facts.observed_at)]


def records(store: MemoryStore) -> list[dict[str, Any]]:
    return [unseal(content) for key, content in sorted(store.objects.items()) if "/cost_reads/" in key]


def test_a_read_is_asked_once_and_then_taken_from_the_record(world: Any, explorer: Explorer, clock: Any) -> None:
    first = collected(world, explorer, "m2")
    assert (first.own_reads.asked, first.own_reads.read_at, first.own_reads.pages) == (True, MORNING, Known(1))
    clock.now = MORNING + timedelta(hours=7, minutes=59)
    run = run_of(world, explorer)
    second = cost.collect_cost(run)
    assert (second.own_reads.asked, second.own_reads.read_at, second.own_reads.pages) == (False, MORNING, Known(1))
    assert (second.days, explorer.asked, codes(second)) == (first.days, 1, [])
    assert {it.name: it.data_as_of for it in second.sources}["aws-cost-explorer"] == MORNING - timedelta(hours=24)
    assert [given.uri.rpartition("control/")[2] for given in run.inputs] == ["dev_min/cost_reads/2026-02/000002.json"]
    assert world.said[-1].endswith(
        "Cost Explorer taken from the record of 2026-02-13 09:00 UTC, pages this month 1, 0.01 of 1 USD"
    )
    clock.now = MORNING + timedelta(hours=8)
    third = collected(world, explorer)
    assert (third.own_reads.asked, third.own_reads.pages, explorer.asked) == (True, Known(2), 2)


def test_an_answer_is_good_across_midnight_and_not_across_months(world: Any, explorer: Explorer, clock: Any) -> None:
    clock.now = datetime(2026, 2, 27, 23, tzinfo=UTC)
    collected(world, explorer)
    clock.now += timedelta(hours=2)
    after = collected(world, explorer)
    assert (after.own_reads.asked, after.end, codes(after)) == (False, date(2026, 2, 28), [])
    clock.now = datetime(2026, 2, 28, 23, 30, tzinfo=UTC)
    collected(world, explorer)
    clock.now += timedelta(hours=1)
    march = collected(world, explorer)
    assert (march.own_reads.asked, march.own_reads.pages, march.start) == (True, Known(1), date(2026, 3, 1))
    assert (explorer.asked, codes(march)) == (3, [])


@pytest.mark.parametrize(
    "changes", [{"try_number": 2}, {"params": {"read_bills_anew": True}}, {"own_reads": {"max_age_hours": 0}}]
)
def test_who_asks_anew(world: Any, explorer: Explorer, clock: Any, changes: dict[str, Any]) -> None:
    collected(world, explorer)
    clock.now += timedelta(minutes=1)
    assert collected(world, explorer, **changes).own_reads.asked
    assert explorer.asked == 2


def test_an_answer_without_services_is_asked_anew(world: Any, explorer: Explorer, clock: Any) -> None:
    """An earlier version made its record: nobody can tell what its days were for. Who never asks takes it."""
    collected(world, explorer)
    (key,) = [key for key in world.remote.objects if key.endswith("cost_reads/2026-02/000002.json")]
    record = unseal(world.remote.objects[key])
    days = [{name: value for name, value in day.items() if name != "groups"} for day in record["days"]]
    without = {name: value for name, value in record.items() if name != "digest"}
    world.remote.objects[key] = seal({**without, "days": days})
    clock.now += timedelta(minutes=1)
    hourly = collected(world, explorer, "hourly")
    assert (hourly.own_reads.asked, {day.groups for day in hourly.days.value}) == (False, {None})  # type: ignore[union-attr]
    assert collected(world, explorer).own_reads.asked
    assert explorer.asked == 2


def test_an_answer_of_two_pages_is_good_for_twice_as_long(world: Any, explorer: Explorer, clock: Any) -> None:
    explorer.pages = 2
    collected(world, explorer)
    for later, asked in ((timedelta(hours=15, minutes=59), 2), (timedelta(hours=16), 4)):
        clock.now = MORNING + later
        collected(world, explorer, "m2")
        assert explorer.asked == asked


@pytest.mark.parametrize("pages", [1, 2, 5])
def test_a_month_of_reads_costs_less_than_its_limit(world: Any, explorer: Explorer, clock: Any, pages: int) -> None:
    """Somebody looks every hour of 31 days, however many pages the bill has: no read is ever refused."""
    explorer.pages = pages
    clock.now = datetime(2026, 3, 1, tzinfo=UTC)
    facts = collected(world, explorer)
    for _ in range(31 * 24 - 1):
        clock.now += timedelta(hours=1)
        facts = collected(world, explorer, "audit")
        assert not facts.own_reads.spent
    assert isinstance(facts.own_reads.pages, Known)
    assert facts.own_reads.pages.value == explorer.asked <= 95


@pytest.mark.parametrize("said", [False, "true", 1, None])
def test_who_does_not(world: Any, explorer: Explorer, clock: Any, said: object) -> None:
    collected(world, explorer)
    clock.now += timedelta(minutes=1)
    assert not collected(world, explorer, params={"read_bills_anew": said}).own_reads.asked


def test_a_read_that_ends_in_an_error_counts_each_page(world: Any, explorer: Explorer) -> None:
    """IN3: it fails closed, and the task that is cleared asks again."""
    explorer.error = aws_error("ValidationException", "GetCostAndUsage", "Start time is invalid")
    facts = collected(world, explorer)
    assert (codes(facts), facts.own_reads.pages, facts.own_reads.asked) == (["COST-UNREADABLE"], Known(1), True)
    assert "Start time is invalid" in records(world.remote)[-1]["reason"]
    explorer.error = None
    again = collected(world, explorer, try_number=2)
    assert (codes(again), again.own_reads.pages) == ([], Known(2))


def test_each_page_counts_and_none_is_sent_beyond_the_budget(world: Any, explorer: Explorer) -> None:
    explorer.pages = 3
    facts = collected(world, explorer, own_reads={"monthly_usd": Decimal("0.05")})
    assert (explorer.asked, facts.own_reads.pages, codes(facts)) == (3, Known(3), [])
    facts = collected(world, explorer, own_reads={"monthly_usd": Decimal("0.05")}, try_number=2)
    assert (explorer.asked, facts.own_reads.pages, codes(facts)) == (5, Known(5), ["COST-UNREADABLE"])
    facts = collected(world, explorer, own_reads={"monthly_usd": Decimal("0.05")}, try_number=3)
    assert (explorer.asked, facts.own_reads.spent, codes(facts)) == (5, True, ["COST-OWN-READS-SPENT"])
    assert "pages this month 5, 0.05 of 0.05 USD" in world.said[-1]


@pytest.mark.parametrize("method", ["keys", "read", "create"])
def test_what_cannot_be_counted_is_not_asked(world: Any, explorer: Explorer, clock: Any, method: str) -> None:
    collected(world, explorer)
    clock.now += timedelta(hours=9)
    world.remote.refusing.add(method)
    facts = collected(world, explorer)
    assert explorer.asked == 1
    assert "COST-OWN-READS-UNREADABLE" in codes(facts)
    assert isinstance(facts.days, Unreadable)


def test_a_record_that_was_changed_is_no_free_read(world: Any, explorer: Explorer, clock: Any) -> None:
    collected(world, explorer)
    (key,) = [key for key in world.remote.objects if key.endswith("cost_reads/2026-02/000002.json")]
    world.remote.objects[key] = world.remote.objects[key].replace(b'"pages_of_month": 1', b'"pages_of_month": 0')
    clock.now += timedelta(hours=9)
    for number in (1, 2):
        assert codes(collected(world, explorer, try_number=number)) == ["COST-OWN-READS-UNREADABLE"]
    assert explorer.asked == 1


def test_an_answer_that_could_not_be_recorded_is_a_blocker(
    world: Any, explorer: Explorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def then_refuse(**_: Any) -> dict[str, Any]:
        world.remote.refusing.add("create")
        return {"ResultsByTime": []}

    monkeypatch.setattr(explorer, "get_cost_and_usage", then_refuse)
    assert "COST-OWN-READS-UNREADABLE" in codes(collected(world, explorer))


def test_without_a_price_nobody_asks(world: Any, explorer: Explorer) -> None:
    run = run_of(world, explorer)
    prices = run.policies.prices.model_copy(update={"usage": ()})
    run.policies = replace(run.policies, prices=prices)
    facts = cost.collect_cost(run)
    assert (codes(facts), explorer.asked) == (["COST-OWN-READS-PRICE-MISSING"], 0)
    assert "not asked, pages this month not known" in world.said[-1]


# The hourly check.


def test_the_hourly_check_takes_the_record_however_old(world: Any, explorer: Explorer, clock: Any) -> None:
    collected(world, explorer, "audit")
    clock.now += timedelta(days=5)
    facts = collected(world, explorer, "hourly", try_number=3)
    assert (facts.own_reads.asked, facts.own_reads.read_at, explorer.asked) == (False, MORNING, 1)
    assert codes(facts) == []


def test_without_a_record_the_hourly_check_goes_by_aws_budgets(world: Any, explorer: Explorer) -> None:
    facts = collected(world, explorer, "hourly")
    assert (facts.days, facts.own_reads.needed, explorer.asked) == (Absent(), False, 0)
    assert (codes(facts), facts.rung, facts.total) == ([], "none", Decimal(1))
    assert world.said[-1].endswith("Cost Explorer not asked, pages this month 0, 0.00 of 1 USD")


# A month of it.


def month_of_work() -> Iterator[tuple[datetime, Any]]:
    """31 days: an audit at 02:00, a check every hour, and two builds with their teardowns."""
    for day in range(31):
        midnight = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=day)
        work = [(timedelta(hours=hour), "hourly") for hour in range(24)]
        work += [(timedelta(hours=2), "audit")]
        work += [(timedelta(hours=8, minutes=10), "m2"), (timedelta(hours=12, minutes=40), "m9")]
        work += [(timedelta(hours=13, minutes=20), "m2"), (timedelta(hours=18, minutes=50), "m9")]
        for after, phase in sorted(work):
            yield midnight + after, phase


@pytest.mark.parametrize(("max_age_hours", "pages", "blocked"), [(8, 62, 0), (0, 100, 55)])
def test_a_month_of_own_reads_stays_below_its_budget(
    world: Any, explorer: Explorer, clock: Any, max_age_hours: int, pages: int, blocked: int
) -> None:
    """Counted from the records and from what was really sent."""
    refused = 0
    for at, phase in month_of_work():
        clock.now = at
        facts = collected(world, explorer, phase, run_after=at, own_reads={"max_age_hours": max_age_hours})
        found = codes(facts)
        refused += found == ["COST-OWN-READS-SPENT"]
        assert found in ([], ["COST-OWN-READS-SPENT"])
        assert not (phase == "hourly" and (found or facts.own_reads.asked))
    spent = sum(record["pages"] for record in records(world.remote)) * Decimal("0.01")
    assert (explorer.asked, spent, refused) == (pages, pages * Decimal("0.01"), blocked)
    assert spent <= Decimal(1)


# What the evidence has seen.


def test_a_clock_that_fell_back_is_told_by_the_record(world: Any, explorer: Explorer, clock: Any) -> None:
    collected(world, explorer)
    clock.now = MORNING - timedelta(hours=1)
    facts = collected(world, explorer)
    assert (facts.last_seen, set(codes(facts)), explorer.asked) == (Known(MORNING), {"COST-CLOCK"}, 1)


def test_a_clock_that_ran_ahead_once_needs_one_clear(world: Any, explorer: Explorer, clock: Any) -> None:
    """The read that somebody asked for anew is the newest one."""
    clock.now = MORNING + timedelta(hours=2)
    collected(world, explorer)
    clock.now = MORNING
    assert set(codes(collected(world, explorer))) == {"COST-CLOCK"}
    cleared = collected(world, explorer, try_number=2)
    assert (codes(cleared), cleared.last_seen, cleared.own_reads.asked) == ([], Absent(), True)
    assert codes(collected(world, explorer)) == []


def test_a_clock_that_ran_ahead_is_not_forgotten_without_an_answer(world: Any, explorer: Explorer, clock: Any) -> None:
    clock.now = MORNING + timedelta(hours=2)
    collected(world, explorer)
    clock.now = MORNING
    assert "COST-CLOCK" in codes(collected(world, explorer, params={"read_bills_anew": True}))
    clock.now = MORNING - timedelta(hours=1)
    explorer.error = aws_error("ValidationException", "GetCostAndUsage", "no")
    assert "COST-CLOCK" in codes(collected(world, explorer, try_number=2))


@pytest.mark.parametrize(
    ("recorded_at", "expected"),
    [
        ("2026-02-13T12:00:00+00:00", ["COST-CLOCK"]),
        ("2026-02-13T08:00:00+00:00", []),
        ("2026-02-13T08:00:00", ["COST-CLOCK-UNREADABLE"]),
        ("noon", ["COST-CLOCK-UNREADABLE"]),
        (None, ["COST-CLOCK-UNREADABLE"]),
    ],
)
def test_a_clock_that_fell_back_is_told_by_the_newest_verdict(
    world: Any, explorer: Explorer, recorded_at: Any, expected: list[str]
) -> None:
    Series(world.remote, "evidence/dev_min/verdicts").append({"recorded_at": recorded_at}, after=0)
    assert codes(collected(world, explorer)) == expected


def test_a_month_that_ends_between_two_reads(
    world: Any, explorer: Explorer, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.now = datetime(2026, 2, 28, 23, 59, 58, tzinfo=UTC)

    def slow(*_: Any) -> Any:
        clock.now += timedelta(seconds=4)
        return {"aws": inventory()}

    monkeypatch.setattr(cost, "read_inventories", slow)
    facts = collected(world, explorer)
    assert codes(facts) == ["COST-MONTH-CHANGED", "COST-MONTH-CHANGED"]


# A first build.


@pytest.mark.parametrize(
    ("phase", "core", "expected"),
    [
        ("m2", Absent(), []),
        ("m2", Known(()), []),
        ("m2", Known(("something",)), []),
        ("m2", Unreadable("403"), []),
        ("audit", Absent(), []),
        ("audit", Known(("something",)), ["COST-MISSING"]),
        ("audit", Unreadable("403"), ["COST-MISSING"]),
        ("hourly", Absent(), []),
        ("hourly", Known(("something",)), ["COST-MISSING", "COST-MISSING"]),
        ("m9", Absent(), ["COST-MISSING"]),
    ],
)
def test_a_budget_is_expected_once_core_stands_but_never_by_a_build(
    world: Any, explorer: Explorer, monkeypatch: pytest.MonkeyPatch, phase: Any, core: Any, expected: list[str]
) -> None:
    monkeypatch.setattr(cost, "read_budget_spend", lambda *_: Absent())
    monkeypatch.setattr(cost, "read_state", lambda *_: SimpleNamespace(resources=core))
    assert codes(collected(world, explorer, phase)) == expected


@pytest.mark.parametrize(
    ("budget", "explorer_error", "expected"),
    [
        (Absent(), True, ["COST-UNREADABLE"]),
        (Unreadable("403"), False, ["COST-UNREADABLE"]),
    ],
)
def test_a_build_without_a_budget_needs_cost_explorer(
    world: Any, explorer: Explorer, monkeypatch: pytest.MonkeyPatch, budget: Any, explorer_error: bool, expected: Any
) -> None:
    """A budget that is gone is made again by core; one that cannot be read is not gone."""
    monkeypatch.setattr(cost, "read_budget_spend", lambda *_: budget)
    if explorer_error:
        explorer.error = aws_error("ValidationException", "GetCostAndUsage", "no")
    facts = collected(world, explorer, "m2")
    assert (codes(facts), facts.rung) == (expected, "unknown")


def test_before_anything_was_built_an_hourly_check_has_nobody_to_ask(
    world: Any, explorer: Explorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost, "read_budget_spend", lambda *_: Absent())
    monkeypatch.setattr(cost, "read_state", lambda *_: SimpleNamespace(resources=Absent()))
    facts = collected(world, explorer, "hourly")
    assert (codes(facts), facts.rung, facts.budget_expected, explorer.asked) == ([], "unknown", False, 0)


def test_the_facts_of_every_phase_can_be_judged_and_kept(world: Any, explorer: Explorer) -> None:
    for phase in TASKS:
        assert judge(run_of(world, explorer, phase), collected(world, explorer, phase)).passed, phase


def test_the_manifest_has_this_budget() -> None:
    own = dev_min()[0].own_reads
    assert (own.max_age_hours, own.monthly_usd) == (8, Decimal(1))


def test_requests_that_are_sent_again_count(world: Any, explorer: Explorer) -> None:
    explorer.tries = 3
    facts = collected(world, explorer)
    assert (explorer.asked, facts.own_reads.pages) == (3, Known(3))
    assert [record["pages"] for record in records(world.remote)] == [1, 2]


def test_no_request_is_sent_again_beyond_the_budget(world: Any, explorer: Explorer) -> None:
    explorer.tries = 4
    facts = collected(world, explorer, own_reads={"monthly_usd": Decimal("0.02")})
    assert (explorer.asked, facts.own_reads.pages) == (2, Known(2))
    assert isinstance(facts.days, Unreadable)
    assert "no request is left: 2 were to be sent at most" in facts.days.reason
