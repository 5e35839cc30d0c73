"""CO7: what a task is told about Cost Explorer, whole, for every way that a read can go."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from standins import dev_min
from tidegate.collectors.aws.cost import MOST_REQUESTS
from tidegate.evidence.canonical import unseal
from tidegate.lanes import own_reads
from tidegate.lanes.own_reads import ExplorerRead, read_explorer
from tidegate.models.cost import DailyCost, Money, OwnReads
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.snapshot import InputRecord

MORNING = datetime(2026, 2, 13, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
COST = Money(amount=Decimal("0.5"), unit="USD")
DAYS = (DailyCost(day=date(2026, 2, 12), days=1, cost=COST, estimated=True, groups=()),)
OWN = OwnReads(
    asked=True,
    needed=True,
    read_at=MORNING,
    pages=Known(1),
    page_usd=Known(Decimal("0.01")),
    limit_usd=Decimal(1),
    spent=False,
)
ASKED = ExplorerRead(days=Known(DAYS), start=date(2026, 2, 1), end=date(2026, 2, 14), own=OWN, newest_at=None)
"""The first read of a month, with an answer."""


class Answers:
    """Cost Explorer behind its collector: one page per read. What it was asked for stands in `asked`."""

    def __init__(self) -> None:
        self.days: Observed[tuple[DailyCost, ...]] = Known(DAYS)
        self.asked: list[tuple[Any, ...]] = []

    def __call__(self, clients: Any, start: date, end: date, *, most_requests: int, on_request: Any) -> Any:
        self.asked.append((clients, start, end, most_requests))
        on_request()
        return self.days


@pytest.fixture(autouse=True)
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    given = Answers()
    monkeypatch.setattr(own_reads, "read_daily_cost", given)
    return given


def run_of(world: Any, phase: Any = "m9", **changes: Any) -> Any:
    task = {"m9": "g_cost_guardrail", "hourly": "a_cost_guardrail"}[phase]
    return world.run(phase, task, **changes)


def told(world: Any, at: datetime = MORNING, phase: Any = "m9", **changes: Any) -> ExplorerRead:
    return read_explorer(run_of(world, phase, **changes), at)


def not_asked(reason: str, *, newest_at: datetime | None, **changes: Any) -> ExplorerRead:
    """Nobody was asked, and there is no answer."""
    own = replace(OWN, asked=False, read_at=None, **changes)
    return replace(ASKED, days=Unreadable(reason), own=own, newest_at=newest_at)


def test_an_answer_and_its_record(world: Any, answers: Answers) -> None:
    run = run_of(world)
    assert read_explorer(run, MORNING) == ASKED
    assert answers.asked == [(run.clients, date(2026, 2, 1), date(2026, 2, 14), MOST_REQUESTS)]
    records = [unseal(content) for key, content in sorted(world.remote.objects.items()) if "/cost_reads/" in key]
    assert [(record["what"], record["recorded_by"]) for record in records] == [
        ("asked", "m9_20260213T201427Z"),
        ("answered", "m9_20260213T201427Z"),
    ]


def test_an_answer_from_the_record_names_it_with_its_version(world: Any) -> None:
    told(world)
    run = run_of(world)
    taken = replace(ASKED, own=replace(OWN, asked=False), newest_at=MORNING)
    assert read_explorer(run, MORNING + HOUR) == taken
    key = "control/dev_min/cost_reads/2026-02/000002.json"
    digest = str(unseal(world.remote.objects[key])["digest"])
    assert run.inputs == [InputRecord(uri=f"s3://the-evidence/{key}", version_id=f"v-{key}", sha256=digest)]


def test_an_error_is_no_answer_and_is_not_forgotten(world: Any, answers: Answers) -> None:
    """The hourly check that finds no answer knows all the same when somebody asked."""
    answers.days = Unreadable("400")
    assert told(world) == replace(ASKED, days=Unreadable("400"), own=replace(OWN, read_at=None))
    own = replace(OWN, asked=False, needed=False, read_at=None)
    assert told(world, MORNING + HOUR, "hourly") == replace(ASKED, days=Absent(), own=own, newest_at=MORNING)


def test_a_read_at_the_very_moment_of_the_one_before(world: Any) -> None:
    """A clock that stands ran neither ahead nor back."""
    told(world)
    again = replace(ASKED, own=replace(OWN, pages=Known(2)), newest_at=MORNING)
    assert told(world, try_number=2) == again


def test_without_a_price(world: Any) -> None:
    told(world)
    policies = dev_min()[1]
    unpriced = replace(policies, prices=policies.prices.model_copy(update={"usage": ()}))
    expected = not_asked(
        "the prices do not say what a page costs, so nobody asked", newest_at=MORNING, page_usd=Absent()
    )
    assert told(world, try_number=2, policies=unpriced) == expected


def test_a_budget_that_is_spent(world: Any) -> None:
    told(world)
    environment = dev_min()[0]
    section = environment.own_reads.model_copy(update={"monthly_usd": Decimal("0.01")})
    spent = not_asked(
        "the budget for own reads is spent, so nobody asked",
        newest_at=MORNING,
        limit_usd=Decimal("0.01"),
        spent=True,
    )
    changed = environment.model_copy(update={"own_reads": section})
    assert told(world, try_number=2, environment=changed) == spent


def test_records_that_cannot_be_read(world: Any) -> None:
    told(world)
    world.remote.refusing.add("keys")
    dark = Unreadable("control/dev_min/cost_reads/2026-02/: told not to answer")
    expected = not_asked("own reads are not known, so nobody asked", newest_at=None, pages=dark)
    assert told(world, try_number=2) == expected


def test_a_read_that_cannot_be_counted(world: Any) -> None:
    told(world)
    world.remote.refusing.add("create")
    refused = "control/dev_min/cost_reads/2026-02/000003.json: told not to answer"
    expected = not_asked(
        f"the read could not be counted, so nobody asked: {refused}", newest_at=MORNING, pages=Unreadable(refused)
    )
    assert told(world, try_number=2) == expected


def test_an_answer_that_is_not_recorded(world: Any, monkeypatch: pytest.MonkeyPatch, answers: Answers) -> None:
    def then_refuse(*given: Any, **more: Any) -> Any:
        world.remote.refusing.add("create")
        return answers(*given, **more)

    monkeypatch.setattr(own_reads, "read_daily_cost", then_refuse)
    refused = Unreadable("control/dev_min/cost_reads/2026-02/000002.json: told not to answer")
    assert told(world) == replace(ASKED, own=replace(OWN, pages=refused))
