"""The emergency stop: who sets the latch and when, and how M9 is triggered once and followed to its verdict."""

from datetime import timedelta
from typing import Any

import pytest

import factories_control as control
import factories_guardrails as guardrails
from factories_guardrails import NOW
from factories_prices import nat
from factories_world import inventory
from tidegate.evidence.canonical import unseal
from tidegate.evidence.control import latch_series, read_latch, set_latch
from tidegate.evidence.execution import claim
from tidegate.gates.registry import by_id
from tidegate.lanes import emergency_stop
from tidegate.lanes.emergency_stop import collect_latch, collect_teardown, latch_at_the_stop
from tidegate.lanes.judging import judge
from tidegate.lanes.run import ActionBlocked
from tidegate.models.control import LatchRecord
from tidegate.models.emergency import EmergencyLatchFacts, EmergencyTeardownFacts
from tidegate.models.facts import CollectorBroken
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.viability import DagStatus

M9 = "dev_min.m9_teardown_cost_check"
STOP = "stop_20260213T201427Z"
ASKED = {"reason": "spend\n runs  away", "target": "demo", "confirm": "dev_min"}
AT_THE_STOP = guardrails.cost_facts(budgets=guardrails.spent("28"))
UNREAD = guardrails.cost_facts(budgets=Unreadable("403"), days=Unreadable("403"))


class DagRuns:
    """Airflow with the runs that it is given; what was triggered stands in `triggered`."""

    def __init__(self, **states: Any) -> None:
        self.states: dict[str, Any] = states
        self.triggered: list[tuple[str, str, dict[str, Any]]] = []
        self.refusal = ""

    def trigger(self, dag_id: str, run_id: str, conf: dict[str, Any]) -> str:
        if not self.refusal:
            self.triggered.append((dag_id, run_id, conf))
            self.states[run_id] = "queued"
        return self.refusal

    def state(self, dag_id: str, run_id: str) -> Observed[str]:
        state = self.states.get(run_id, Absent())
        return Known(state) if isinstance(state, str) else state  # type: ignore[no-any-return]


@pytest.fixture(autouse=True)
def as_the_role(monkeypatch: pytest.MonkeyPatch, moment: Any) -> None:
    moment.now = NOW
    monkeypatch.setattr(emergency_stop, "caller", lambda _run: control.caller())
    monkeypatch.setattr(emergency_stop, "tools", lambda _run: control.tools())
    monkeypatch.setattr(emergency_stop, "now", lambda: NOW)
    monkeypatch.setattr(emergency_stop, "stop_what_stands", lambda _run: None)  # test_cost_stop.py


def latch_of(world: Any) -> Any:
    return read_latch(world.remote, "dev_min")


# M9.G.


def at_the_stop(world: Any, facts: Any, **changes: Any) -> Any:
    """Judge M9.G's facts, and do what follows a closed gate."""
    run = world.run("m9", "g_cost_guardrail", **changes)
    judged = judge(run, facts)
    assert not judged.passed
    latch_at_the_stop(run, facts, judged.published.document)
    return judged.published


def test_the_stop_sets_the_latch_with_amount_source_and_snapshot(world: Any) -> None:
    snapshot = at_the_stop(world, AT_THE_STOP)
    told = (
        "AWS 28 USD since 2026-02-01: AWS Budgets 28 USD, Cost Explorer 6.5 USD; 28 reported, 0 projected, at 0 USD "
        "per hour"
    )
    reason = f"the cost has reached the stop of 28 USD: {told}"
    by = "m9_20260213T201427Z"
    assert latch_of(world) == Known(LatchRecord(number=1, is_set=True, reason=reason, recorded_by=by, recorded_at=NOW))
    record = unseal(world.remote.objects["control/dev_min/latch/000001.json"])
    assert record["evidence"] == {"uri": snapshot.stored.uri, "sha256": snapshot.digest}


@pytest.mark.parametrize(
    ("phase", "task"),
    [("m2", "b_cost_guardrail"), ("audit", "f_cost_guardrail"), ("hourly", "a_cost_guardrail")],
)
def test_projected_cost_sets_the_latch_from_everywhere(world: Any, phase: Any, task: str) -> None:
    """27 USD are reported, and what stands has spent 2 USD since."""
    facts = guardrails.cost_facts(
        budgets=guardrails.spent("27"), inventories={"aws": inventory(nat())}, prices_max_age_days=730
    )
    run = world.run(phase, task)
    assert run.lane.on_fail == "tidegate.lanes.emergency_stop:latch_at_the_stop"
    judged = judge(run, facts)
    assert [blocker.code for blocker in judged.blockers] == ["COST-STOP-REACHED"]
    latch_at_the_stop(run, facts, judged.published.document)
    assert "27 reported, 2.212 projected, at 0.05 USD per hour" in latch_of(world).value.reason


def test_both_sources_are_named(world: Any) -> None:
    days = tuple(guardrails.daily(number, "3") for number in range(1, 14))
    at_the_stop(world, guardrails.cost_facts(*days, budgets=guardrails.spent("30")))
    assert "AWS Budgets 30 USD" in latch_of(world).value.reason
    assert "Cost Explorer 39 USD" in latch_of(world).value.reason


def test_the_stop_is_one_of_all_platforms_together(world: Any) -> None:
    """Neither AWS (25 USD) nor Confluent (3.25 USD) has reached it; their sum has."""
    at_the_stop(world, guardrails.both_platforms(budgets=guardrails.spent("25")))
    reason = latch_of(world).value.reason
    assert "AWS + Confluent 28.25 USD since 2026-02-01" in reason
    assert "AWS Budgets 25 USD, Cost Explorer 6.5 USD, Confluent 3.25 USD" in reason


def test_a_bill_of_confluent_that_is_not_known_hides_no_stop(world: Any) -> None:
    dark = guardrails.billing(bill=Unreadable("401"))
    at_the_stop(world, guardrails.both_platforms(budgets=guardrails.spent("28"), confluent=dark))
    assert "at least 28 USD since 2026-02-01" in latch_of(world).value.reason
    assert "Confluent not known" in latch_of(world).value.reason


def test_one_source_at_the_stop_is_enough_when_the_other_is_unreadable(world: Any) -> None:
    at_the_stop(world, guardrails.cost_facts(budgets=guardrails.spent("28"), days=Unreadable("403")))
    assert latch_of(world).value.is_set


@pytest.mark.parametrize(
    "facts", [UNREAD, guardrails.cost_facts(days=Known(())), CollectorBroken(observed_at=NOW, error="KeyError: 'x'")]
)
def test_cost_that_is_not_known_sets_nothing(world: Any, facts: Any) -> None:
    at_the_stop(world, facts)
    assert latch_of(world) == Absent()


def test_a_latch_that_is_set_gets_no_second_record(world: Any) -> None:
    for _ in range(2):
        at_the_stop(world, AT_THE_STOP)
    assert len([key for key in world.remote.objects if "/latch/" in key]) == 1


def test_a_latch_that_cannot_be_written_says_so_and_what_to_do(world: Any) -> None:
    run = world.run("m9", "g_cost_guardrail")
    document = judge(run, AT_THE_STOP).published.document
    world.remote.refusing.add("create")
    with pytest.raises(ActionBlocked, match="EMERGENCY-LATCH-UNWRITABLE control/dev_min/latch: ") as raised:
        latch_at_the_stop(run, AT_THE_STOP, document)
    assert "told not to answer" in str(raised.value)
    assert "pause dev_min.m2_substrate_build" in str(raised.value)


def test_a_stranger_at_the_stop_sets_nothing_and_says_who_he_is(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker with the keys of another account must not close the builds of this one."""
    monkeypatch.setattr(emergency_stop, "caller", lambda _run: control.caller(role=Known("admin")))
    with pytest.raises(ActionBlocked, match=r"^EMERGENCY-LATCH-NOT-SET control/dev_min/latch: .*ROLE-MISMATCH"):
        at_the_stop(world, AT_THE_STOP)
    assert latch_of(world) == Absent()


# STOP.A.


def asked(world: Any, **changes: Any) -> EmergencyLatchFacts:
    facts = collect_latch(world.run("stop", "a_emergency_latch", params={**ASKED, **changes}))
    assert isinstance(facts, EmergencyLatchFacts)
    return facts


def codes(facts: Any, gate: str) -> list[str]:
    return [blocker.code for blocker in by_id(gate).evaluate(facts, judged_at=NOW)]


def test_the_stop_of_a_person_sets_the_latch_and_reads_it_back(world: Any) -> None:
    facts = asked(world)
    wanted = LatchRecord(number=1, is_set=True, reason="spend runs away", recorded_by=STOP, recorded_at=NOW)
    assert facts.latch == Known(wanted) == latch_of(world)
    assert codes(facts, "EMERGENCY-LATCH") == []


def test_a_latch_that_was_set_before_is_as_good(world: Any) -> None:
    set_latch(world.remote, "dev_min", reason="28 USD", recorded_by="m9_1", at=NOW)
    assert asked(world).latch.value.recorded_by == "m9_1"  # type: ignore[union-attr]


def test_a_broken_newest_record_gets_one_on_top(world: Any) -> None:
    world.remote.create("control/dev_min/latch/000003.json", b"{")
    assert asked(world).latch.value.number == 4  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"confirm": "prod"}, "CONFIRM-MISMATCH"),
        ({"confirm": ""}, "CONFIRM-MISMATCH"),
        ({"reason": " \n"}, "REASON-MISSING"),
        ({"reason": None}, "REASON-MISSING"),
    ],
)
def test_what_was_not_meant_sets_nothing(world: Any, changes: dict[str, Any], code: str) -> None:
    facts = asked(world, **changes)
    assert not any("/latch/" in key for key in world.remote.objects)
    assert codes(facts, "EMERGENCY-LATCH") == [code, "LATCH-MISSING"]


def test_another_account_sets_nothing(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emergency_stop, "caller", lambda _run: control.caller(account_id=Known("999999999999")))
    assert codes(asked(world), "EMERGENCY-LATCH") == ["ACCOUNT-MISMATCH", "LATCH-MISSING"]
    assert latch_of(world) == Absent()


def test_a_wrong_target_tears_nothing_down_and_closes_builds_all_the_same(world: Any) -> None:
    facts = asked(world, target="core")
    assert codes(facts, "EMERGENCY-LATCH") == ["TARGET-NOT-DESTROYABLE"]
    assert latch_of(world).value.is_set


def test_a_refused_record_is_told(world: Any) -> None:
    world.remote.refusing.add("create")
    facts = collect_latch(world.run("stop", "a_emergency_latch", params=ASKED))
    assert "told not to answer" in facts.write_problem


# STOP.B.


def teardown(world: Any, runs: DagRuns, **changes: Any) -> EmergencyTeardownFacts:
    return collect_teardown(world.run("stop", "b_teardown", params=ASKED, dag_runs=runs, **changes))


def test_m9_is_triggered_once_and_then_followed(world: Any) -> None:
    runs = DagRuns()
    first, second = teardown(world, runs), teardown(world, runs)
    assert runs.triggered == [(M9, f"{STOP}__try1", {"target": "demo", "confirm": "dev_min"})]
    assert first == second
    assert (first.run_id, first.run_state, first.verdict) == (f"{STOP}__try1", Known("queued"), Absent())
    assert codes(first, "EMERGENCY-TEARDOWN") == ["TEARDOWN-RUNNING"]


@pytest.mark.parametrize(
    ("paused", "loads"),
    [(Known(True), Known(True)), (Unreadable("500"), Known(True)), (Known(False), Known(False)), (Absent(), Absent())],
)
def test_an_m9_that_would_not_start_is_not_triggered(world: Any, paused: Any, loads: Any) -> None:
    runs = DagRuns()
    facts = teardown(world, runs, dag_status=lambda dag_id: DagStatus(dag_id=dag_id, paused=paused, loads=loads))
    assert runs.triggered == []
    assert not any(code.startswith("TEARDOWN-") for code in codes(facts, "EMERGENCY-TEARDOWN"))
    assert codes(facts, "EMERGENCY-TEARDOWN")


def test_airflow_refuses_the_run(world: Any) -> None:
    runs = DagRuns()
    runs.refusal = "TriggerDagRun: 403"
    assert codes(teardown(world, runs), "EMERGENCY-TEARDOWN") == ["TEARDOWN-NOT-TRIGGERED"]


@pytest.mark.parametrize(
    ("states", "run", "triggered"),
    [
        pytest.param({"try1": "running"}, "try1", False, id="the-one-before-goes-on"),
        pytest.param({"try1": "queued"}, "try1", False, id="or-waits"),
        pytest.param({"try1": "success"}, "try1", False, id="or-has-done-it"),
        pytest.param({"try1": Unreadable("500")}, "try1", False, id="nobody-knows-so-no-second-one"),
        pytest.param({"try1": "failed"}, "try2", True, id="the-one-before-is-over"),
        pytest.param({}, "try2", True, id="the-one-before-never-came-so-far"),
        pytest.param({"try1": "running", "try2": "failed"}, "try2", False, id="its-own-counts-also-when-it-failed"),
    ],
)
def test_a_further_try(world: Any, states: dict[str, Any], run: str, triggered: bool) -> None:
    runs = DagRuns(**{f"{STOP}__{name}": state for name, state in states.items()})
    facts = teardown(world, runs, try_number=2)
    assert facts.run_id == f"{STOP}__{run}"
    assert bool(runs.triggered) is triggered


def ended(world: Any, state: str = "success", **changes: Any) -> EmergencyTeardownFacts:
    """M9 left its verdict and ended."""
    run_id = f"{STOP}__try1"
    with_claim = {"dag_id": M9, "run_id": run_id, "run_after": NOW + timedelta(seconds=3)}
    claim(world.remote, "dev_min", "m9", **with_claim)
    lanes = changes.pop("lanes", ())
    facts = control.verdict_facts(
        *lanes, observed_at=NOW, phase="m9", execution_id="m9_20260213T201430Z", profile="sandbox"
    )
    run = world.run("m9", "i_phase_verdict", **with_claim, **changes)
    judge(run, facts)
    return teardown(world, DagRuns(**{run_id: state}))


def passed_lane(**changes: Any) -> Any:
    return control.lane(execution_id=Known("m9_20260213T201430Z"), profile=Known("sandbox"), **changes)


def test_the_verdict_of_the_triggered_m9_counts(world: Any) -> None:
    facts = ended(world, lanes=(passed_lane(task="d_demo.destroy", lane="M9.D"),))
    assert isinstance(facts.verdict, Known)
    assert facts.verdict.value.overall_pass is True
    assert facts.verdict.value.lanes == ("M9.D d_demo.destroy pass",)
    assert codes(facts, "EMERGENCY-TEARDOWN") == []


def test_a_blocked_m9_is_told_lane_by_lane(world: Any) -> None:
    lanes = (passed_lane(task="d", lane="M9.D"), control.failed_lane(task="g", lane="M9.G"))
    facts = ended(world, "failed", lanes=lanes)
    (blocker,) = by_id("EMERGENCY-TEARDOWN").evaluate(facts, judged_at=NOW)
    assert (blocker.code, blocker.observed) == ("TEARDOWN-NOT-PASSED", "m9_20260213T201430Z: M9.G g fail")


def test_an_m9_without_verdict(world: Any) -> None:
    facts = teardown(world, DagRuns(**{f"{STOP}__try1": "failed"}))
    assert codes(facts, "EMERGENCY-TEARDOWN") == ["TEARDOWN-VERDICT-MISSING"]


def test_a_tampered_verdict_is_none(world: Any, tampered: Any) -> None:
    ended(world, lanes=(passed_lane(),))
    tampered(world, "evidence/dev_min/run_control/m9_20260213T201430Z/m9_i_phase_verdict.json")
    facts = teardown(world, DagRuns(**{f"{STOP}__try1": "success"}))
    assert codes(facts, "EMERGENCY-TEARDOWN") == ["TEARDOWN-VERDICT-UNREADABLE"]


@pytest.mark.parametrize("refused", ["keys", "read"])
def test_a_verdict_without_an_answer(world: Any, refused: str) -> None:
    ended(world, lanes=(passed_lane(),))
    run = world.run("stop", "b_teardown", params=ASKED, dag_runs=DagRuns(**{f"{STOP}__try1": "success"}))
    assert run.execution_id == STOP  # claimed while the store still answered
    world.remote.refusing.add(refused)
    assert codes(collect_teardown(run), "EMERGENCY-TEARDOWN") == ["TEARDOWN-VERDICT-UNREADABLE"]


def test_the_verdict_is_an_input_of_the_snapshot(world: Any) -> None:
    ended(world, lanes=(passed_lane(),))
    run = world.run("stop", "b_teardown", params=ASKED, dag_runs=DagRuns(**{f"{STOP}__try1": "success"}))
    collect_teardown(run)
    assert [given.uri.rpartition("/")[2] for given in run.inputs] == ["m9_i_phase_verdict.json"]


def test_the_stop_never_takes_the_lease(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """M9 needs it: `clients` of this world have no S3 to take it with."""
    assert codes(asked(world), "EMERGENCY-LATCH") == []
    teardown(world, DagRuns())
    assert not any("lease" in key for key in world.remote.objects)
    assert latch_series(world.remote, "dev_min").highest() == 1
