"""The release of the latch: the newest cost guardrail counts, and exactly the judged record is released."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import factories_control as control
import factories_guardrails as guardrails
from factories_guardrails import NOW
from tidegate.evidence.canonical import seal, unseal
from tidegate.evidence.control import latch_series, read_latch, set_latch
from tidegate.evidence.cost_judgements import record_judging
from tidegate.evidence.store import WriteUnconfirmed
from tidegate.gates.registry import by_id
from tidegate.lanes import emergency_release
from tidegate.lanes.cost import shown_results
from tidegate.lanes.cost_history import HELD_AGAINST
from tidegate.lanes.emergency_release import collect_release, release
from tidegate.lanes.judging import judge
from tidegate.lanes.run import ActionBlocked
from tidegate.models.emergency import EmergencyReleaseFacts
from tidegate.models.facts import Source
from tidegate.models.observed import Absent, Known

ASKED = {"reason": "the cluster is gone", "confirm": "dev_min"}
SET_AT = NOW - timedelta(hours=80)
G = "evidence/dev_min/run_control/{}/m9_g_cost_guardrail_snapshot"
PASS = guardrails.cost_facts()
STOP = guardrails.cost_facts(budgets=guardrails.spent("28"))


@pytest.fixture(autouse=True)
def as_the_role(monkeypatch: pytest.MonkeyPatch, moment: Any) -> None:
    moment.now = NOW
    monkeypatch.setattr(emergency_release, "caller", lambda _run: control.caller())
    monkeypatch.setattr(emergency_release, "tools", lambda _run: control.tools())
    monkeypatch.setattr(emergency_release, "now", moment)


@pytest.fixture
def latched(world: Any) -> Any:
    set_latch(world.remote, "dev_min", reason="28 USD", recorded_by="m9_1", at=SET_AT)
    return world


def cost_of(world: Any, moment: Any, facts: Any, *, started: Any, observed: Any = None, under: bool = False) -> str:
    """M9.G in an execution of M9 that started then, observed then or later; returns the execution id."""
    moment.now = observed or started
    days = tuple(guardrails.daily(number) for number in range(1, moment.now.day + 1))
    end = moment.now.date() + timedelta(days=1)
    given = guardrails.cost_facts(*days, end=end, budgets=facts.budgets, observed_at=moment.now)
    sources = (
        Source(name="aws-budgets", data_as_of=moment.now - timedelta(hours=24)),
        Source(name="confluent-costs", data_as_of=moment.now - timedelta(hours=72)),
    )
    given = replace(shown_results(given), latched=under, sources=sources)
    judge(world.run("m9", "g_cost_guardrail", run_id=f"manual__{started}", run_after=started), given)
    moment.now = NOW
    return f"m9_{started:%Y%m%dT%H%M%SZ}"


def collected(world: Any, **changes: Any) -> EmergencyReleaseFacts:
    return collect_release(world.run("release", "a_emergency_release", params={**ASKED, **changes}))


def test_a_pass_at_the_stop_releases_nothing(latched: Any, moment: Any) -> None:
    cost_of(
        latched, moment, replace(PASS, budgets=guardrails.spent("28")), started=NOW - timedelta(hours=1), under=True
    )
    facts = collected(latched)
    assert codes(facts) == ["RELEASE-COST-AT-STOP"]
    judged = next(iter(latched.remote.keys(G.format(f"m9_{NOW - timedelta(hours=1):%Y%m%dT%H%M%SZ}"))))
    assert b'"overall_pass":true' in latched.remote.objects[judged].replace(b" ", b"")


def codes(facts: Any) -> list[str]:
    return [blocker.code for blocker in by_id("EMERGENCY-RELEASE").evaluate(facts, judged_at=NOW)]


def test_a_pass_since_the_latch_was_set(latched: Any, moment: Any) -> None:
    execution = cost_of(latched, moment, PASS, started=NOW - timedelta(hours=1))
    run = latched.run("release", "a_emergency_release", params=ASKED)
    facts = collect_release(run)
    assert facts.cost.value.execution_id == execution  # type: ignore[union-attr]
    assert codes(facts) == []
    assert [given.uri for given in run.inputs] == [latched.remote.uri(f"{G.format(execution)}.json")]


def test_a_pass_whose_bills_are_older_than_the_latch(latched: Any, moment: Any) -> None:
    """The youngest bill is complete past the latch; Confluent's, three days late, is not."""
    cost_of(latched, moment, PASS, started=SET_AT + timedelta(hours=70))
    facts = collected(latched)
    assert facts.cost.value.vouches_until == Known(SET_AT - timedelta(hours=2))  # type: ignore[union-attr]
    assert codes(facts) == ["RELEASE-COST-NOT-BILLED-YET"]


def test_cost_that_was_never_judged(latched: Any) -> None:
    assert collected(latched).cost == Absent()
    assert codes(collected(latched)) == ["RELEASE-NEEDS-COST-PASS"]


def test_a_pass_from_before_the_latch(latched: Any, moment: Any) -> None:
    cost_of(latched, moment, PASS, started=SET_AT - timedelta(hours=1))
    assert codes(collected(latched)) == ["RELEASE-NEEDS-COST-PASS", "RELEASE-COST-STALE"]


def test_the_newest_execution_counts(latched: Any, moment: Any) -> None:
    cost_of(latched, moment, PASS, started=NOW - timedelta(hours=2))
    cost_of(latched, moment, STOP, started=NOW - timedelta(hours=1))
    assert codes(collected(latched)) == ["RELEASE-NEEDS-COST-PASS"]


def test_an_older_execution_whose_task_was_cleared_since_is_the_newest_judgement(latched: Any, moment: Any) -> None:
    started = NOW - timedelta(hours=2)
    cost_of(latched, moment, PASS, started=started)
    cost_of(latched, moment, PASS, started=NOW - timedelta(hours=1))
    cost_of(latched, moment, STOP, started=started, observed=NOW - timedelta(minutes=5))
    assert codes(collected(latched)) == ["RELEASE-NEEDS-COST-PASS"]


def test_the_newest_attempt_counts(latched: Any, moment: Any) -> None:
    started = NOW - timedelta(hours=2)
    cost_of(latched, moment, STOP, started=started)
    cost_of(latched, moment, PASS, started=started, observed=NOW - timedelta(minutes=5))
    assert codes(collected(latched)) == []


def test_an_expired_pass(latched: Any, moment: Any) -> None:
    """Its 24 hours are over; the latch was set before all that."""
    world = latched
    latch_series(world.remote, "dev_min").append(
        {
            "is_set": True,
            "reason": "r",
            "recorded_by": "m9_1",
            "recorded_at": (NOW - timedelta(days=6)).isoformat(),
        },
        after=1,
    )
    cost_of(world, moment, PASS, started=NOW - timedelta(days=2))
    assert codes(collected(world)) == ["RELEASE-COST-STALE"]


def test_a_pass_under_another_policy(latched: Any, moment: Any) -> None:
    cost_of(latched, moment, PASS, started=NOW - timedelta(hours=1))
    run = latched.run("release", "a_emergency_release", params=ASKED)
    budget = run.environment.budget.model_copy(update={"stop_usd": run.environment.budget.stop_usd - 1})
    run.environment = run.environment.model_copy(update={"budget": budget})
    assert codes(collect_release(run)) == ["RELEASE-COST-STALE"]


def test_a_pass_from_before_the_scope_was_raised(latched: Any, moment: Any) -> None:
    """EV4: an AWS-only pass releases nothing once Confluent counts as well; a pass of both does."""
    cost_of(latched, moment, PASS, started=NOW - timedelta(hours=2))
    run = latched.run("release", "a_emergency_release", params=ASKED)
    run.environment = run.environment.model_copy(update={"cost_scope": ("aws", "confluent")})
    assert codes(collect_release(run)) == ["RELEASE-COST-STALE"]
    cost_run = latched.run("m9", "g_cost_guardrail", run_id="manual__2", run_after=NOW - timedelta(hours=1))
    cost_run.environment = run.environment
    moment.now = NOW - timedelta(hours=1)
    bills = (Source(name="confluent-costs", data_as_of=moment.now - timedelta(hours=72)),)
    both = guardrails.both_platforms(observed_at=moment.now, sources=bills)
    assert judge(cost_run, both).passed
    moment.now = NOW
    assert codes(collect_release(run)) == []


def test_a_scope_that_was_narrowed_to_get_a_pass(latched: Any, moment: Any) -> None:
    """The narrowed M9.G does not pass, so nothing is released."""
    narrowed = guardrails.cost_facts(widest_scope=Known(("aws", "confluent")), observed_at=NOW - timedelta(hours=1))
    moment.now = NOW - timedelta(hours=1)
    assert not judge(latched.run("m9", "g_cost_guardrail", run_after=moment.now), narrowed).passed
    moment.now = NOW
    assert codes(collected(latched)) == ["RELEASE-NEEDS-COST-PASS"]


def test_a_changed_snapshot_is_none(latched: Any, moment: Any, tampered: Any) -> None:
    execution = cost_of(latched, moment, STOP, started=NOW - timedelta(hours=1))
    tampered(latched, f"{G.format(execution)}.json")
    assert codes(collected(latched)) == ["RELEASE-COST-UNREADABLE"]


def test_a_later_pass_is_the_way_out_of_a_broken_snapshot(latched: Any, moment: Any) -> None:
    latched.remote.create(f"{G.format('m9_20260213T181427Z')}.json", b"{")
    assert codes(collected(latched)) == ["RELEASE-COST-UNREADABLE"]
    cost_of(latched, moment, PASS, started=NOW - timedelta(hours=1))
    assert codes(collected(latched)) == []


def test_a_file_of_no_execution_counts_as_the_newest(latched: Any, moment: Any) -> None:
    cost_of(latched, moment, PASS, started=NOW - timedelta(hours=1))
    latched.remote.create(f"{G.format('m9_copy')}.json", b"{")
    assert codes(collected(latched)) == ["RELEASE-COST-UNREADABLE"]


@pytest.mark.parametrize("refused", ["keys", "read"])
def test_a_store_without_an_answer(latched: Any, moment: Any, refused: str) -> None:
    cost_of(latched, moment, PASS, started=NOW - timedelta(hours=1))
    run = latched.run("release", "a_emergency_release", params=ASKED)
    latched.remote.refusing.add(refused)
    assert codes(collect_release(run)) == ["LATCH-UNREADABLE", "RELEASE-COST-UNREADABLE"]


def test_the_release_is_a_record_with_reason_name_and_evidence(latched: Any, moment: Any) -> None:
    cost_of(latched, moment, PASS, started=NOW - timedelta(hours=1))
    run = latched.run("release", "a_emergency_release", params=ASKED)
    facts = collect_release(run)
    judged = judge(run, facts)
    release(run, facts, judged.published.document)
    latch = read_latch(latched.remote, "dev_min")
    assert isinstance(latch, Known)
    assert (latch.value.number, latch.value.is_set, latch.value.reason) == (2, False, "the cluster is gone")
    assert latch.value.recorded_by == "release_20260213T201427Z"
    record = unseal(latched.remote.objects["control/dev_min/latch/000002.json"])
    assert record["evidence"] == {"uri": judged.published.stored.uri, "sha256": judged.published.digest}


def test_a_release_that_nobody_can_confirm_says_that_builds_may_be_open(latched: Any, moment: Any) -> None:
    cost_of(latched, moment, PASS, started=NOW - timedelta(hours=1))
    run = latched.run("release", "a_emergency_release", params=ASKED)
    facts = collect_release(run)
    document = judge(run, facts).published.document

    def unconfirmed(key: str, content: bytes) -> Any:
        raise WriteUnconfirmed(key, "no answer; it may be written all the same")

    latched.remote.create = unconfirmed
    said = "LATCH-RELEASE-UNCONFIRMED .*000002.json: whether the latch is released, and builds are open, is not known"
    with pytest.raises(ActionBlocked, match=said):
        release(run, facts, document)


def test_a_latch_that_was_set_anew_meanwhile_stays_set(latched: Any, moment: Any) -> None:
    cost_of(latched, moment, PASS, started=NOW - timedelta(hours=1))
    run = latched.run("release", "a_emergency_release", params=ASKED)
    facts = collect_release(run)
    document = judge(run, facts).published.document
    again = {"is_set": True, "reason": "29 USD", "recorded_by": "m9_2", "recorded_at": NOW.isoformat()}
    latch_series(latched.remote, "dev_min").append(again, after=1)
    with pytest.raises(ActionBlocked, match="LATCH-MOVED"):
        release(run, facts, document)
    assert read_latch(latched.remote, "dev_min").value.reason == "29 USD"  # type: ignore[union-attr]


# Which judgement is the newest is on record.

JUDGEMENTS = "control/dev_min/cost_judgements"


def judging(world: Any, started: Any) -> str:
    """An M9 that started then begins to judge the cost."""
    execution = f"m9_{started:%Y%m%dT%H%M%SZ}"
    record_judging(world.remote, "dev_min", execution, at=NOW)
    return execution


def long_past(latched: Any, moment: Any) -> Any:
    """Teardowns of a month, all passed and on record; the first one's task was cleared today, and it is at the stop."""
    first = NOW - timedelta(days=30)
    for days in range(30, 0, -1):
        cost_of(latched, moment, PASS, started=NOW - timedelta(days=days), observed=NOW - timedelta(hours=days))
        judging(latched, NOW - timedelta(days=days))
    cost_of(latched, moment, STOP, started=first, observed=NOW - timedelta(minutes=5))
    judging(latched, first)
    return first


def reads_of(latched: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The snapshots of M9.G that are read from now on."""
    seen: list[str] = []
    read = latched.remote.read

    def noted(key: str) -> Any:
        if "m9_g_cost_guardrail" in key:
            seen.append(key)
        return read(key)

    monkeypatch.setattr(latched.remote, "read", noted)
    return seen


def test_the_recorded_judgement_counts_however_old_its_execution_is(
    latched: Any, moment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = long_past(latched, moment)
    seen = reads_of(latched, monkeypatch)
    facts = collected(latched)
    assert facts.cost.value.execution_id == f"m9_{first:%Y%m%dT%H%M%SZ}"  # type: ignore[union-attr]
    assert "RELEASE-NEEDS-COST-PASS" in codes(facts)
    assert len(set(seen)) == len(seen) == 1 + HELD_AGAINST


def test_a_newer_execution_that_is_not_on_record_counts_as_well(latched: Any, moment: Any) -> None:
    """Whoever hides the newest record hides nothing that way."""
    cost_of(latched, moment, PASS, started=NOW - timedelta(hours=3))
    judging(latched, NOW - timedelta(hours=3))
    cost_of(latched, moment, STOP, started=NOW - timedelta(hours=1))
    assert codes(collected(latched)) == ["RELEASE-NEEDS-COST-PASS"]


def test_a_record_without_a_snapshot_makes_no_older_one_better(latched: Any, moment: Any) -> None:
    """Its worker died before it was judged."""
    cost_of(latched, moment, STOP, started=NOW - timedelta(hours=2))
    judging(latched, NOW - timedelta(hours=1))
    assert codes(collected(latched)) == ["RELEASE-NEEDS-COST-PASS"]


@pytest.mark.parametrize("content", [b"{", seal({"number": 1, "execution_id": "m9_1"})])
def test_a_damaged_record_releases_nothing_and_the_next_teardown_leads_out(
    latched: Any, moment: Any, content: bytes
) -> None:
    cost_of(latched, moment, PASS, started=NOW - timedelta(hours=2))
    latched.remote.objects[f"{JUDGEMENTS}/000001.json"] = content
    assert codes(collected(latched)) == ["RELEASE-COST-UNREADABLE"]
    cost_of(latched, moment, PASS, started=NOW - timedelta(hours=1))
    judging(latched, NOW - timedelta(hours=1))
    assert codes(collected(latched)) == []


def test_without_any_record_all_of_history_is_read(latched: Any, moment: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    long_past(latched, moment)
    for key in latched.remote.keys(f"{JUDGEMENTS}/"):
        del latched.remote.objects[key]
    seen = reads_of(latched, monkeypatch)
    assert "RELEASE-NEEDS-COST-PASS" in codes(collected(latched))
    assert len(seen) == 30
