"""The cost has reached the stop: besides the latch, the emergency stop is triggered for what stands, once."""

from types import SimpleNamespace
from typing import Any

import pytest

import factories_control as control
import factories_guardrails as guardrails
from factories_guardrails import NOW
from standins import three_stacks
from tidegate import environments
from tidegate.collectors.aws.state import StateRead
from tidegate.evidence.control import latch_series, read_latch, set_latch
from tidegate.gates.registry import by_id
from tidegate.lanes import build, cost_stop, emergency_stop, readiness
from tidegate.lanes.emergency_stop import latch_at_the_stop
from tidegate.lanes.judging import judge
from tidegate.lanes.run import ActionBlocked
from tidegate.models.control import LatchRecord
from tidegate.models.facts import CollectorBroken
from tidegate.models.observed import Absent, Known, Observed, Unreadable, shown
from tidegate.models.state import StateResource
from tidegate.models.viability import DagStatus

STOP = "dev_min.emergency_stop"
AT_THE_STOP = guardrails.cost_facts(budgets=guardrails.spent("28"))
UNREAD = guardrails.cost_facts(budgets=Unreadable("403"), days=Unreadable("403"))
VPC = Known((StateResource(address="aws_vpc.this", type="aws_vpc", id="vpc-1"),))
REFUSED = Unreadable("403")
CHECKS = [("hourly", "a_cost_guardrail"), ("audit", "f_cost_guardrail"), ("m9", "g_cost_guardrail")]


class DagRuns:
    """Airflow with runs of the emergency stop by their names; what was triggered stands in `triggered`."""

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
        if dag_id != STOP:
            return Unreadable(f"404: {dag_id}")
        state = self.states.get(run_id, Absent())
        return Known(state) if isinstance(state, str) else state  # type: ignore[no-any-return]

    @property
    def names(self) -> list[str]:
        """The runs that were triggered."""
        return [run_id for _, run_id, _ in self.triggered]


@pytest.fixture(autouse=True)
def stands(monkeypatch: pytest.MonkeyPatch, moment: Any) -> dict[str, Observed[Any]]:
    """What the states hold, by stack; both destroyable stacks stand. Caller and tools are those of the lane's run."""
    resources: dict[str, Observed[Any]] = {"demo": VPC, "confluent": VPC}

    def read(clients: Any, environment: Any, stack: str) -> StateRead:
        assert (clients, environment.name) == (SimpleNamespace(), "dev_min")
        found = resources.get(stack, Absent())
        return StateRead(version=Absent(), resources=found, tainted=Absent(), outputs=Absent())

    moment.now = NOW
    for module in (emergency_stop, cost_stop):
        monkeypatch.setattr(module, "caller", lambda run: control.caller(session=Known(run.dag_id)))
        monkeypatch.setattr(module, "tools", lambda run: control.tools(managed_lane=Known(f"{run.dag_id}/1/a")))
    monkeypatch.setattr(emergency_stop, "now", lambda: NOW)
    monkeypatch.setattr(cost_stop, "read_state", read)
    return resources


def at_the_stop(
    world: Any, runs: DagRuns, check: tuple[Any, str] = CHECKS[0], facts: Any = AT_THE_STOP, **changes: Any
) -> None:
    """Judge a cost guardrail's facts, and do what follows a closed gate."""
    phase, task = check
    run = world.run(phase, task, environment=three_stacks(), dag_runs=runs, **changes)
    judged = judge(run, facts)
    assert not judged.passed
    latch_at_the_stop(run, facts, judged.published.document)


@pytest.mark.parametrize("check", CHECKS[:2])
def test_the_stop_is_triggered_for_everything_that_can_be_destroyed(world: Any, check: Any) -> None:
    runs = DagRuns()
    at_the_stop(world, runs, check)
    ((dag, run_id, conf),) = runs.triggered
    assert (dag, run_id) == (STOP, "cost_stop__1")
    assert (conf["target"], conf["confirm"]) == ("demo+confluent", "dev_min")
    assert conf["reason"].startswith("latch record 1: the cost has reached the stop of 28 USD: ")
    assert read_latch(world.remote, "dev_min").value.is_set  # type: ignore[union-attr]


def test_what_is_asked_for_is_what_the_stop_takes(world: Any) -> None:
    """Its params: a target that is offered, and a reason that is not longer than it may be."""
    runs = DagRuns()
    set_latch(world.remote, "dev_min", reason="x" * 300, recorded_by="stop_1", at=NOW)
    at_the_stop(world, runs)
    conf = runs.triggered[0][2]
    assert conf["target"] in three_stacks().targets
    assert len(conf["reason"]) == 200


@pytest.mark.parametrize(
    "resources",
    [
        pytest.param({"demo": VPC, "confluent": Absent()}, id="demo"),
        pytest.param({"demo": Known(()), "confluent": VPC}, id="confluent"),
        pytest.param({"demo": REFUSED, "confluent": Known(())}, id="nobody-can-tell"),
    ],
)
def test_one_stack_that_may_stand_is_enough(world: Any, stands: dict[str, Any], resources: dict[str, Any]) -> None:
    stands |= resources
    runs = DagRuns()
    at_the_stop(world, runs)
    assert runs.names == ["cost_stop__1"]


@pytest.mark.parametrize("nothing", [Known(()), Absent()])
def test_nothing_stands(world: Any, stands: dict[str, Any], nothing: Any) -> None:
    stands |= {"demo": nothing, "confluent": nothing}
    runs = DagRuns()
    at_the_stop(world, runs)
    assert runs.triggered == []
    assert world.said[-1] == "nothing that can be torn down stands beyond this run: no emergency stop is triggered"
    assert read_latch(world.remote, "dev_min").value.is_set  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("target", "resources", "triggered"),
    [
        pytest.param("demo", {"demo": VPC, "confluent": VPC}, True, id="something-beyond"),
        pytest.param("demo", {"demo": REFUSED, "confluent": Known(())}, False, id="its-own-target-only"),
        pytest.param("demo", {"demo": Known(()), "confluent": REFUSED}, True, id="beyond-unreadable"),
        pytest.param("demo+confluent", {"demo": VPC, "confluent": VPC}, False, id="it-takes-everything-itself"),
    ],
)
def test_a_teardown_triggers_the_stop_for_what_it_leaves(
    world: Any, stands: dict[str, Any], target: str, resources: dict[str, Any], triggered: bool
) -> None:
    stands |= resources
    runs = DagRuns()
    at_the_stop(world, runs, ("m9", "g_cost_guardrail"), params={"target": target})
    assert bool(runs.triggered) is triggered


@pytest.mark.parametrize("check", CHECKS[:2])
def test_only_a_teardown_takes_its_target_itself(world: Any, check: Any) -> None:
    runs = DagRuns()
    at_the_stop(world, runs, check, params={"target": "demo+confluent"})
    assert runs.names == ["cost_stop__1"]


@pytest.mark.parametrize("facts", [UNREAD, CollectorBroken(observed_at=NOW, error="KeyError: 'x'")])
def test_cost_that_is_not_known_stops_nothing(world: Any, facts: Any) -> None:
    """It closes the gate, so nothing is built; only known cost tears down."""
    runs = DagRuns()
    at_the_stop(world, runs, facts=facts)
    assert runs.triggered == []
    assert read_latch(world.remote, "dev_min") == Absent()


@pytest.mark.parametrize(
    ("states", "triggered"),
    [
        pytest.param({"cost_stop__1": "queued"}, [], id="it-waits"),
        pytest.param({"cost_stop__1": "running"}, [], id="it-runs"),
        pytest.param({"cost_stop__1": "failed"}, ["cost_stop__1__2"], id="in-vain"),
        pytest.param({"cost_stop__1": "failed", "cost_stop__1__2": "failed"}, ["cost_stop__1__3"], id="in-vain-twice"),
        pytest.param({"cost_stop__1": "failed", "cost_stop__1__2": "running"}, [], id="the-second-runs"),
        pytest.param({"cost_stop__1": "success"}, ["cost_stop__1__2"], id="something-stands-again"),
    ],
)
def test_one_more_run_per_check(world: Any, states: dict[str, str], triggered: list[str]) -> None:
    runs = DagRuns(**states)
    at_the_stop(world, runs)
    assert runs.names == triggered


def test_after_three_in_vain_a_person_has_to_look(world: Any) -> None:
    runs = DagRuns(cost_stop__1="failed", cost_stop__1__2="failed", cost_stop__1__3="failed")
    for check in CHECKS[:2]:
        with pytest.raises(ActionBlocked, match=f"^COST-STOP-KEEPS-FAILING {STOP} run cost_stop__1__4: ") as raised:
            at_the_stop(world, runs, check)
    assert runs.names == []
    assert "cost_stop__1, cost_stop__1__2, cost_stop__1__3 failed" in str(raised.value)
    assert "read the log of cost_stop__1__3 " in str(raised.value)
    assert "docs/runbooks/stale-lock.md" in str(raised.value)


def test_what_a_success_came_between_are_not_three_in_a_row(world: Any) -> None:
    runs = DagRuns(cost_stop__1="failed", cost_stop__1__2="failed", cost_stop__1__3="success", cost_stop__1__4="failed")
    at_the_stop(world, runs)
    assert runs.names == ["cost_stop__1__5"]


def test_a_stop_that_waits_behind_a_pause_is_none(world: Any) -> None:
    runs, status = DagRuns(cost_stop__1="queued"), DagStatus(dag_id=STOP, paused=Known(True), loads=Known(True))
    with pytest.raises(ActionBlocked, match=r"COST-STOP-NOT-TRIGGERED .*queued, and would not start: STOP-PAUSED"):
        at_the_stop(world, runs, dag_status=lambda _id: status)


def test_a_stop_that_ends_while_the_states_are_read_is_not_repeated(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What they say is older than its end."""
    runs, answers = DagRuns(), ["running"]
    monkeypatch.setattr(
        runs,
        "state",
        lambda _dag, run_id: Absent() if run_id != "cost_stop__1" else Known(answers.pop() if answers else "success"),
    )
    at_the_stop(world, runs)
    assert runs.triggered == []


def test_a_stop_that_has_done_it_is_not_repeated_for_a_state_that_cannot_be_read(
    world: Any, stands: dict[str, Any]
) -> None:
    stands |= {"demo": REFUSED, "confluent": Known(())}
    runs = DagRuns(cost_stop__1="success")
    at_the_stop(world, runs)
    assert runs.triggered == []


def test_a_latch_that_was_set_before_triggers_once_in_all(world: Any) -> None:
    set_latch(world.remote, "dev_min", reason="28 USD", recorded_by="m9_1", at=NOW)
    runs = DagRuns()
    for check in CHECKS[:2]:
        at_the_stop(world, runs, check)
    assert runs.names == ["cost_stop__1"]
    assert latch_series(world.remote, "dev_min").highest() == 1


def test_a_latch_that_was_released_and_set_anew_has_its_own_run(world: Any) -> None:
    """The cost passed once, then reached the stop again."""
    series = latch_series(world.remote, "dev_min")
    for number in range(3):
        record = {"is_set": number != 1, "reason": "r", "recorded_by": "x", "recorded_at": NOW.isoformat()}
        series.append(record, after=number)
    runs = DagRuns(cost_stop__1="success")
    at_the_stop(world, runs)
    assert runs.names == ["cost_stop__3"]


@pytest.mark.parametrize("module", [emergency_stop, cost_stop])
def test_another_identity_sets_no_latch_and_triggers_nothing(
    world: Any, monkeypatch: pytest.MonkeyPatch, module: Any
) -> None:
    monkeypatch.setattr(module, "caller", lambda _run: control.caller(account_id=Known("999999999999")))
    runs, early = DagRuns(), module is emergency_stop
    code = "EMERGENCY-LATCH-NOT-SET control/dev_min/latch: " if early else "COST-STOP-NOT-TRIGGERED "
    with pytest.raises(ActionBlocked, match=f"^{code}.*ACCOUNT-MISMATCH"):
        at_the_stop(world, runs)
    assert runs.triggered == []
    assert (read_latch(world.remote, "dev_min") == Absent()) is early


@pytest.mark.parametrize(
    ("paused", "loads", "named"),
    [
        (Known(True), Known(True), "STOP-PAUSED"),
        (Known(False), Known(False), "STOP-IMPORT-ERROR"),
        (Absent(), Absent(), "STOP-MISSING"),
        (Unreadable("500"), Known(True), "STOP-UNREADABLE"),
    ],
)
def test_a_stop_that_would_not_start_is_named(world: Any, paused: Any, loads: Any, named: str) -> None:
    runs = DagRuns()
    status = DagStatus(dag_id=STOP, paused=paused, loads=loads)
    with pytest.raises(ActionBlocked, match=f"COST-STOP-NOT-TRIGGERED {STOP} run cost_stop__1: .*{named}") as raised:
        at_the_stop(world, runs, dag_status={STOP: status}.__getitem__)
    assert "demo (1 resources), confluent (1 resources)" in str(raised.value)
    assert runs.triggered == []


@pytest.mark.parametrize("refused", ["TriggerDagRun: 403", ""])
def test_a_run_that_airflow_does_not_take_or_tell_of(world: Any, refused: str) -> None:
    runs = DagRuns(cost_stop__1=Absent() if refused else Unreadable("500"))
    runs.refusal = refused
    with pytest.raises(ActionBlocked, match=r"COST-STOP-NOT-TRIGGERED .*(TriggerDagRun: 403|unreadable: 500)"):
        at_the_stop(world, runs)
    assert runs.triggered == []


@pytest.mark.parametrize("latch", [Unreadable("403"), Absent(), Known(control.latch(is_set=False))])
def test_a_latch_that_does_not_read_as_set_triggers_nothing(
    world: Any, monkeypatch: pytest.MonkeyPatch, latch: Any
) -> None:
    monkeypatch.setattr(cost_stop.control, "read_latch", lambda *_: latch)
    runs = DagRuns()
    with pytest.raises(ActionBlocked) as raised:
        cost_stop.stop_what_stands(world.run("hourly", "a_cost_guardrail", dag_runs=runs))
    assert str(raised.value) == (
        "COST-STOP-NOT-TRIGGERED control/dev_min/latch: the cost has reached the stop, and the latch does not read as "
        f"set | observed: {shown(latch)} | expected: the record that was just written | remedy: let the "
        "execution role read there; the next check triggers the stop (the account's owner); or "
        f"trigger {STOP} with your own confirm and your own reason"
    )
    assert runs.triggered == []


def test_the_stop_takes_what_was_triggered_for_a_latch_that_is_set(world: Any) -> None:
    """STOP.A of the triggered run passes on the record that is there, and writes none."""
    runs = DagRuns()
    at_the_stop(world, runs)
    conf = runs.triggered[0][2]
    facts = emergency_stop.collect_latch(
        world.run("stop", "a_emergency_latch", run_id="cost_stop__1", params=conf, environment=three_stacks())
    )
    assert by_id("EMERGENCY-LATCH").evaluate(facts, judged_at=NOW) == ()
    assert latch_series(world.remote, "dev_min").highest() == 1


# What a build does then, and how long M9 waits for it.


def test_a_running_build_meets_a_latch_that_somebody_else_has_set(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before its next mutation the latch is read afresh: what it read at its start does not count."""
    monkeypatch.setattr(readiness, "caller", lambda _run: control.caller())
    monkeypatch.setattr(readiness, "tools", lambda _run: control.tools())
    for name, found in {"read_state": None, "read_state_locks": Known(()), "_fetched": Absent()}.items():
        answer = cost_stop.read_state if found is None else lambda *_, found=found: found
        monkeypatch.setattr(build, name, answer)
    monkeypatch.setattr(build, "now", lambda: NOW)

    def latches() -> tuple[bool, bool]:
        run = world.run("m2", "f_demo.apply")
        monkeypatch.setattr(type(run), "acquire_lease", lambda _run: control.OURS)
        monkeypatch.setattr(type(run), "intents", lambda _run, _stack: type("None_", (), {"unfinished": Absent})())
        facts = build.authorize_apply(run)
        found = {blocker.code for blocker in by_id("MUTATION-AUTHORIZATION").evaluate(facts, judged_at=NOW)}
        return facts.control.latch == Absent(), "LATCH-SET" in found

    assert latches() == (True, False)
    at_the_stop(world, DagRuns())
    assert latches() == (False, True)


def test_m9_waits_for_a_build_that_still_holds_the_lease() -> None:
    """A build whose M2.B reached the stop holds it until its verdict: time alone mends that."""
    holder = control.holder(dag_id="dev_min.m2_substrate_build", run_id="scheduled__1")
    theirs = control.control(lease=control.Lease(ours=False, holder=Known(holder)))
    gate = by_id("TEARDOWN-READINESS")
    blockers = gate.evaluate(control.teardown_readiness_facts(control=theirs), judged_at=NOW)
    assert [blocker.code for blocker in blockers] == ["LEASE-HELD"]
    assert gate.may_clear_by_itself(blockers)


@pytest.mark.parametrize("name", environments.names())
def test_no_wait_before_the_first_destroy_is_longer_than_a_minute(name: str) -> None:
    """M9.A looks again so often; no lane between the decision and the first destroy waits for anything else."""
    environment = environments.load(name)
    assert environment.deadlines.look_again < 60
    before = []
    for lane in (*cost_stop_path(environment, "stop"), *cost_stop_path(environment, "m9")):
        before.append((lane.task_id, lane.waits_seconds > 0))
    assert before == [
        ("a_emergency_latch", False),
        ("b_teardown", True),  # triggers M9 at its first look, then waits for its end
        ("a_readiness", True),  # for a lease or a lock that another run holds
        ("b_scope_freeze", False),
        ("c_pre_destroy", False),
        ("d_demo.destroy", False),
    ]


def cost_stop_path(environment: Any, phase: Any) -> list[Any]:
    """The lanes of a phase up to its first mutation."""
    from tidegate.lanes.phases import phase_of

    lanes = list(phase_of(environment, phase).lanes)
    first = next((number for number, lane in enumerate(lanes) if lane.mutates), len(lanes) - 1)
    return lanes[: first + 1]


def test_the_record_of_the_latch_names_who_set_it(world: Any) -> None:
    """An hourly check does, as M9.G does."""
    at_the_stop(world, DagRuns())
    found = read_latch(world.remote, "dev_min").value  # type: ignore[union-attr]
    assert isinstance(found, LatchRecord)
    assert found.recorded_by == "hourly_20260213T201427Z"
