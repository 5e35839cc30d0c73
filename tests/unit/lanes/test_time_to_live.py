"""The time to live: renewed by a build before it applies, watched every hour, ended by M9, extended by a person."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

import factories_control as control
import factories_world as world_of
from factories_control import NOW
from factories_world import state_version
from standins import three_stacks
from tidegate.collectors.aws.state import StateRead
from tidegate.evidence.control import set_latch
from tidegate.evidence.store import StoreError
from tidegate.evidence.time_to_live import read_time_to_live, renew_time_to_live
from tidegate.gates.registry import by_id
from tidegate.lanes import build, time_to_live
from tidegate.lanes.judging import judge
from tidegate.lanes.run import ActionBlocked
from tidegate.lanes.time_to_live import collect_extension, collect_time_to_live, extend, tear_down_the_ended
from tidegate.models.facts import CollectorBroken
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.state import StateResource
from tidegate.models.time_to_live import ExtensionFacts, TimeToLiveFacts
from tidegate.models.viability import DagStatus

M9 = "dev_min.m9_teardown_cost_check"
ENDED_RUN = "ttl__demo__20260213T191427Z__"
HOUR = timedelta(hours=1)
VPC = StateResource(address="aws_vpc.this", type="aws_vpc", id="vpc-1")
ASKED = {"stack": "demo", "hours": 3, "confirm": "dev_min", "reason": "it\n goes on"}


class DagRuns:
    """Airflow with runs of M9 by the number at their end; what was triggered stands in `triggered`."""

    def __init__(self, *states: Any) -> None:
        self.states: dict[str, Any] = {f"{ENDED_RUN}{number}": state for number, state in enumerate(states, start=1)}
        self.triggered: list[tuple[str, str, dict[str, Any]]] = []
        self.refusal = ""

    def trigger(self, dag_id: str, run_id: str, conf: dict[str, Any]) -> str:
        if not self.refusal:
            self.triggered.append((dag_id, run_id, conf))
            self.states[run_id] = "queued"
        return self.refusal

    def state(self, dag_id: str, run_id: str) -> Observed[str]:
        state = self.states.get(run_id, Absent()) if dag_id == M9 else Unreadable(f"404: {dag_id}")
        return Known(state) if isinstance(state, str) else state  # type: ignore[no-any-return]


def state_of(resources: Observed[Any]) -> StateRead:
    version = Known(state_version()) if isinstance(resources, Known) else resources
    return StateRead(version=version, resources=resources, tainted=resources, outputs=resources)


@pytest.fixture(autouse=True)
def stands(monkeypatch: pytest.MonkeyPatch, moment: Any) -> dict[str, Observed[Any]]:
    """What the states hold, by stack; demo stands."""
    resources: dict[str, Observed[Any]] = {"demo": Known((VPC,))}
    moment.now = NOW
    monkeypatch.setattr(time_to_live, "caller", lambda _run: control.caller())
    monkeypatch.setattr(time_to_live, "tools", lambda _run: control.tools())
    monkeypatch.setattr(time_to_live, "now", moment)
    monkeypatch.setattr(time_to_live, "read_state", lambda _c, _e, stack: state_of(resources.get(stack, Absent())))
    return resources


def built(world: Any, ago: timedelta = timedelta(0), hours: int = 8) -> None:
    """Demo was built so long ago, for so many hours."""
    renew_time_to_live(
        world.remote, "dev_min", "demo", hours=hours, set_by="m2_1", reason="built by m2_1", at=NOW - ago
    )


def record_of(world: Any) -> Any:
    return read_time_to_live(world.remote, "dev_min", "demo")


def codes(facts: Any, gate: str = "TIME-TO-LIVE") -> list[str]:
    return [blocker.code for blocker in by_id(gate).evaluate(facts, judged_at=NOW)]


# The build.


def applying(world: Any, stack: str, *, has_changes: bool = True, **params: Any) -> Any:
    group = {"core": "c_core", "demo": "f_demo"}[stack]
    plan = world_of.plan(world_of.planned("aws_vpc.this", "create"), has_changes=has_changes)
    world.left("m2", f"{group}.plan_and_guard", world_of.plan_facts(plan=Known(plan)))
    return world.run("m2", f"{group}.apply", params=params)


@pytest.fixture
def happened(monkeypatch: pytest.MonkeyPatch, world: Any) -> list[str]:
    """What an apply does, in order, with the number of time-to-live records before it."""
    done: list[str] = []

    def note(what: str) -> Any:
        return lambda *_a, **_k: done.append(
            f"{what} after {sum('/time_to_live/' in key for key in world.remote.objects)}"
        )

    monkeypatch.setattr(build, "_record_inputs", note("inputs"))
    monkeypatch.setattr(build, "end_teardown", note("rebuilt"))
    monkeypatch.setattr(build, "apply_fetched", note("applied"))
    return done


def test_a_build_sets_the_time_before_it_changes_anything(world: Any, happened: list[str]) -> None:
    build.apply(applying(world, "demo"), world_of.plan_facts(), {})
    assert happened == ["inputs after 1", "rebuilt after 1", "applied after 1"]
    record = record_of(world).value
    assert (record.hours, record.set_at, record.ends_at) == (8, NOW, NOW + 8 * HOUR)
    assert record.set_by == "m2_20260213T201427Z"
    assert "demo may stand for 8 h, until 2026-02-14T04:14:27+00:00; then it is torn down" in world.said


def test_a_build_without_changes_renews_it_as_well(world: Any, happened: list[str]) -> None:
    built(world, ago=7 * HOUR)
    build.apply(applying(world, "demo", has_changes=False, time_to_live_hours=5), world_of.plan_facts(), {})
    assert happened == []
    assert (record_of(world).value.number, record_of(world).value.ends_at) == (2, NOW + 5 * HOUR)


def test_core_has_no_time_to_live(world: Any, happened: list[str]) -> None:
    build.apply(applying(world, "core"), world_of.plan_facts(), {})
    assert not any("/time_to_live/" in key for key in world.remote.objects)


def test_the_messaging_stack_has_none(world: Any) -> None:
    run = world.run("m2", "d_confluent.apply", environment=three_stacks())
    time_to_live.renew(run, "confluent")
    assert world.remote.objects == {}


@pytest.mark.parametrize("hours", [0, -1, 25, "8", None, True, 1.5])
def test_hours_out_of_bounds_apply_nothing(world: Any, happened: list[str], hours: Any) -> None:
    run = applying(world, "demo", time_to_live_hours=hours)
    observed = f"TIME-TO-LIVE-HOURS-INVALID param time_to_live_hours: .* observed: {hours!r} .* expected: 1 to 24,"
    with pytest.raises(ActionBlocked, match=observed):
        build.apply(run, world_of.plan_facts(), {})
    assert happened == []


@pytest.mark.parametrize("hours", [1, 24])
def test_the_bounds_are_inside(world: Any, happened: list[str], hours: int) -> None:
    build.apply(applying(world, "demo", time_to_live_hours=hours), world_of.plan_facts(), {})
    assert record_of(world).value.hours == hours


def test_a_record_that_is_not_taken_applies_nothing(world: Any, happened: list[str]) -> None:
    run = applying(world, "demo")
    assert run.execution_id
    world.remote.refusing.add("create")
    with pytest.raises(StoreError):
        build.apply(run, world_of.plan_facts(), {})
    assert happened == []


# The watch.


def watch(world: Any, runs: DagRuns | None = None, phase: Any = "hourly", **changes: Any) -> Any:
    task = {"hourly": "b_time_to_live", "audit": "l_time_to_live"}[phase]
    return world.run(phase, task, dag_runs=runs or DagRuns(), **changes)


def act(run: Any) -> TimeToLiveFacts:
    """Collect, judge, and do what follows a closed gate."""
    facts = collect_time_to_live(run)
    judged = judge(run, facts)
    if not judged.passed:
        tear_down_the_ended(run, facts, judged.published.document)
    return facts


def test_a_stack_within_its_time(world: Any) -> None:
    built(world, ago=2 * HOUR)
    runs = DagRuns()
    facts = act(watch(world, runs))
    assert codes(facts) == []
    assert runs.triggered == []
    assert (facts.max_hours, facts.warn_hours, facts.environment) == (24, (2, 1), "dev_min")
    (life,) = facts.stacks
    assert (life.stack, life.resource_count, life.teardown) == ("demo", Known(1), None)


def test_a_warning_is_a_notice_and_no_blocker(world: Any) -> None:
    built(world, ago=6 * HOUR)
    facts = collect_time_to_live(watch(world))
    assert codes(facts) == []
    assert [notice.key for notice in facts.notices] == ["ttl/demo/2026-02-13T22:14:27+00:00/2"]


@pytest.mark.parametrize("phase", ["hourly", "audit"])
def test_an_ended_time_triggers_m9_for_that_stack(world: Any, phase: Any) -> None:
    built(world, ago=9 * HOUR)
    runs = DagRuns()
    facts = act(watch(world, runs, phase))
    assert codes(facts) == ["TIME-TO-LIVE-ENDED"]
    conf = {"target": "demo", "confirm": "dev_min", "time_to_live_ended": "2026-02-13T19:14:27+00:00"}
    assert runs.triggered == [(M9, f"{ENDED_RUN}1", conf)]


def test_of_two_ended_stacks_the_downstream_one_goes_first(world: Any, stands: dict[str, Observed[Any]]) -> None:
    """The other would be refused while what needs it is deployed; M9 takes its runs in this order."""
    environment = world.run("m9", "a_readiness").environment
    page = {"depends_on": ("demo",), "state_key": "dev_min/page/terraform.tfstate", "params": {}}
    stacks = {**environment.stacks, "page": environment.stacks["demo"].model_copy(update=page)}
    stands["page"] = stands["demo"]
    for stack in ("demo", "page"):
        renew_time_to_live(
            world.remote, "dev_min", stack, hours=8, set_by="m2_1", reason="built by m2_1", at=NOW - 9 * HOUR
        )
    runs = DagRuns()
    act(watch(world, runs, environment=environment.model_copy(update={"stacks": stacks})))
    assert [conf["target"] for _, _, conf in runs.triggered] == ["page", "demo"]


def test_what_is_triggered_is_named_in_the_blocker(world: Any) -> None:
    built(world, ago=9 * HOUR)
    (blocker,) = by_id("TIME-TO-LIVE").evaluate(act(watch(world)), judged_at=NOW)
    assert f"{M9} run {ENDED_RUN}1, which this task triggers, has ended" in blocker.remedy.text


def test_two_checks_at_once_trigger_one_run(world: Any) -> None:
    """Both saw that there was none; the name is the same, and Airflow takes a name once."""
    built(world, ago=9 * HOUR)
    runs = DagRuns()
    hourly, audit = watch(world, runs), watch(world, runs, "audit")
    both = [(run, collect_time_to_live(run)) for run in (hourly, audit)]
    for run, facts in both:
        tear_down_the_ended(run, facts, {})
    assert {run_id for _, run_id, _ in runs.triggered} == {f"{ENDED_RUN}1"}


@pytest.mark.parametrize(
    ("states", "triggered"),
    [
        pytest.param(["queued"], [], id="it-waits"),
        pytest.param(["running"], [], id="it-runs"),
        pytest.param(["failed"], ["2"], id="in-vain"),
        pytest.param(["failed", "failed"], ["3"], id="in-vain-twice"),
        pytest.param(["failed", "running"], [], id="the-second-runs"),
        pytest.param(["success"], ["2"], id="it-was-built-again-by-hand"),
        pytest.param(["failed", "failed", "failed", "running"], [], id="somebody-tries-a-fourth"),
        pytest.param(["failed", "failed", "success", "failed"], ["5"], id="not-in-a-row"),
    ],
)
def test_one_more_run_per_check(world: Any, states: list[str], triggered: list[str]) -> None:
    built(world, ago=9 * HOUR)
    runs = DagRuns(*states)
    act(watch(world, runs))
    assert [run_id for _, run_id, _ in runs.triggered] == [f"{ENDED_RUN}{number}" for number in triggered]


@pytest.mark.parametrize("before", [[], ["failed"], ["failed", "success"]])
def test_after_three_in_vain_a_person_has_to_look(world: Any, before: list[str]) -> None:
    """A lock whose holder is dead: one more run every hour would be one more alert every hour."""
    built(world, ago=9 * HOUR)
    runs = DagRuns(*before, "failed", "failed", "failed")
    for _ in range(2):
        with pytest.raises(ActionBlocked, match=r"^TEARDOWN-KEEPS-FAILING ") as raised:
            act(watch(world, runs))
    last = f"{ENDED_RUN}{len(before) + 3}"
    assert runs.triggered == []
    assert f"read the log of {last} " in str(raised.value)
    assert "docs/runbooks/stale-lock.md" in str(raised.value)
    assert f"trigger {M9} with target = demo and your own confirm" in str(raised.value)


def test_the_finding_says_that_it_keeps_failing(world: Any) -> None:
    built(world, ago=9 * HOUR)
    facts = collect_time_to_live(watch(world, DagRuns("failed", "failed", "failed")))
    (blocker,) = by_id("TIME-TO-LIVE").evaluate(facts, judged_at=NOW)
    assert f"{ENDED_RUN}1, {ENDED_RUN}2, {ENDED_RUN}3 failed: " in blocker.remedy.text
    assert "which this task triggers" not in blocker.remedy.text


def test_a_new_end_has_three_attempts_of_its_own(world: Any) -> None:
    built(world, ago=10 * HOUR)
    built(world, ago=9 * HOUR)
    runs = DagRuns()
    older = ENDED_RUN.replace("T19", "T18")
    runs.states = {f"{older}{number}": "failed" for number in (1, 2, 3)}
    act(watch(world, runs))
    assert [run_id for _, run_id, _ in runs.triggered] == [f"{ENDED_RUN}1"]


def test_a_run_that_waits_behind_a_pause_is_no_run(world: Any) -> None:
    """It would be queued for ever, and every check would be content with it."""
    built(world, ago=9 * HOUR)
    runs = DagRuns("queued")
    status = DagStatus(dag_id=M9, paused=Known(True), loads=Known(True))
    with pytest.raises(ActionBlocked, match=r"NOT-TRIGGERED .*queued, and would not start: M9-PAUSED") as raised:
        act(watch(world, runs, dag_status=lambda _id: status))
    assert f"airflow dags unpause {M9}" in str(raised.value)
    assert runs.triggered == []


def test_a_run_that_runs_asks_for_no_switch(world: Any) -> None:
    built(world, ago=9 * HOUR)
    status = DagStatus(dag_id=M9, paused=Known(True), loads=Known(True))
    act(watch(world, DagRuns("running"), dag_status=lambda _id: status))


def test_the_runs_are_asked_for_before_the_state(
    world: Any, stands: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """M9 ends between the two: the state is read after it, and is empty. Nothing is triggered for nothing."""
    built(world, ago=9 * HOUR)
    runs = DagRuns("running")
    monkeypatch.setattr(runs, "state", lambda *_: stands.update(demo=Known(())) or Known("running"), raising=True)
    facts = act(watch(world, runs))
    assert codes(facts) == []


@pytest.mark.parametrize("resources", [Known(()), Absent()])
def test_a_record_of_what_is_gone_means_nothing(world: Any, stands: dict[str, Any], resources: Any) -> None:
    built(world, ago=9 * HOUR)
    stands["demo"] = resources
    runs = DagRuns()
    assert codes(act(watch(world, runs))) == []
    assert runs.triggered == []


def test_nothing_is_torn_down_under_an_unreadable_state(world: Any, stands: dict[str, Any]) -> None:
    built(world, ago=9 * HOUR)
    stands["demo"] = Unreadable("403")
    runs = DagRuns()
    assert codes(act(watch(world, runs))) == ["TIME-TO-LIVE-STATE-UNREADABLE", "TIME-TO-LIVE-ENDED"]
    assert runs.triggered == []


def test_nothing_is_torn_down_without_a_record(world: Any) -> None:
    runs = DagRuns()
    assert codes(act(watch(world, runs))) == ["TIME-TO-LIVE-MISSING"]
    assert runs.triggered == []


def test_nothing_is_torn_down_by_a_record_from_the_future(world: Any) -> None:
    built(world, ago=-30 * 24 * HOUR)
    runs = DagRuns()
    assert codes(act(watch(world, runs))) == ["CLOCK-JUMPED"]
    assert runs.triggered == []


def test_another_identity_triggers_nothing(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    built(world, ago=9 * HOUR)
    monkeypatch.setattr(time_to_live, "caller", lambda _run: control.caller(account_id=Known("999999999999")))
    runs = DagRuns()
    with pytest.raises(ActionBlocked, match=r"TIME-TO-LIVE-TEARDOWN-NOT-TRIGGERED .*ACCOUNT-MISMATCH"):
        act(watch(world, runs))
    assert runs.triggered == []


@pytest.mark.parametrize(
    ("paused", "loads", "named"),
    [
        (Known(True), Known(True), "M9-PAUSED"),
        (Known(False), Known(False), "M9-IMPORT-ERROR"),
        (Absent(), Absent(), "M9-MISSING"),
        (Unreadable("500"), Known(True), "M9-UNREADABLE"),
    ],
)
def test_an_m9_that_would_not_start_is_named(world: Any, paused: Any, loads: Any, named: str) -> None:
    built(world, ago=9 * HOUR)
    runs = DagRuns()
    status = DagStatus(dag_id=M9, paused=paused, loads=loads)
    with pytest.raises(ActionBlocked, match=f"TIME-TO-LIVE-TEARDOWN-NOT-TRIGGERED .*{named}"):
        act(watch(world, runs, dag_status={M9: status}.__getitem__))
    assert runs.triggered == []


def test_a_run_that_nobody_can_tell_of_is_not_triggered_again(world: Any) -> None:
    built(world, ago=9 * HOUR)
    runs = DagRuns(Unreadable("500"))
    with pytest.raises(ActionBlocked, match="nobody can tell how it stands: unreadable: 500"):
        act(watch(world, runs))
    assert runs.triggered == []


def test_what_airflow_refuses_is_told(world: Any) -> None:
    built(world, ago=9 * HOUR)
    runs = DagRuns()
    runs.refusal = "TriggerDagRun: 403"
    with pytest.raises(ActionBlocked) as raised:
        act(watch(world, runs))
    assert str(raised.value).startswith(
        f"TIME-TO-LIVE-TEARDOWN-NOT-TRIGGERED {M9} run {ENDED_RUN}1: the time of demo has ended, and no teardown of it "
        "is under way | observed: TriggerDagRun: 403 | "
    )


def test_a_stack_that_is_no_target_is_named(world: Any) -> None:
    built(world, ago=9 * HOUR)
    run = watch(world)
    demo = run.environment.stacks["demo"].model_copy(update={"destroyable": False})
    run.environment = run.environment.model_copy(update={"stacks": {**run.environment.stacks, "demo": demo}})
    with pytest.raises(ActionBlocked, match="TIME-TO-LIVE-NOT-A-TARGET stack demo"):
        act(run)


def test_a_crashed_collector_triggers_nothing(world: Any) -> None:
    runs = DagRuns()
    tear_down_the_ended(watch(world, runs), CollectorBroken(observed_at=NOW, error="x"), {})
    assert runs.triggered == []


def test_the_watch_makes_no_call_besides_states_and_evidence(world: Any) -> None:
    """`clients` of this world has no client at all: a call of Cost Explorer, or of any other service, would crash."""
    built(world, ago=2 * HOUR)
    run = watch(world, clients=SimpleNamespace())
    assert codes(collect_time_to_live(run)) == []


# The extension.


def asking(world: Any, runs: DagRuns | None = None, **changes: Any) -> Any:
    return world.run("extend", "a_extend", params={**ASKED, **changes}, dag_runs=runs or DagRuns())


def asked(world: Any, runs: DagRuns | None = None, **changes: Any) -> ExtensionFacts:
    return collect_extension(asking(world, runs, **changes))


def extension_codes(facts: ExtensionFacts) -> list[str]:
    return codes(facts, "TIME-TO-LIVE-EXTENSION")


def extended(world: Any, **changes: Any) -> Any:
    run = asking(world, **changes)
    facts = collect_extension(run)
    judged = judge(run, facts)
    assert judged.passed, judged.blockers
    extend(run, facts, judged.published.document)
    return record_of(world).value


def test_an_extension_is_a_record_with_reason_and_name(world: Any) -> None:
    built(world, ago=2 * HOUR)
    record = extended(world)
    assert (record.number, record.ends_at, record.hours) == (2, NOW + 9 * HOUR, 3)
    assert (record.set_by, record.reason, record.set_at) == ("extend_20260213T201427Z", "it goes on", NOW)
    stored = "s3://the-evidence/control/dev_min/time_to_live/demo/000002.json"
    assert world.said[-1] == f"demo may stand until 2026-02-14T05:14:27+00:00, as {stored} says"


def test_an_extension_is_bounded_from_now(world: Any) -> None:
    built(world, ago=2 * HOUR)
    assert extension_codes(asked(world, hours=19)) == ["EXTENSION-TOO-LONG"]
    assert extended(world, hours=18).ends_at == NOW + 24 * HOUR
    assert extension_codes(asked(world, hours=1)) == ["EXTENSION-TOO-LONG"]


def test_the_extended_record_passes_the_watch(world: Any) -> None:
    """Also one that was extended to the maximum."""
    built(world, ago=2 * HOUR)
    extended(world, hours=18)
    assert codes(collect_time_to_live(watch(world))) == []


@pytest.mark.parametrize("broken", [None, b"{"])
def test_the_way_out_of_a_missing_or_broken_record(world: Any, broken: bytes | None) -> None:
    if broken:
        world.remote.create("control/dev_min/time_to_live/demo/000001.json", broken)
    assert extended(world).ends_at == NOW + 3 * HOUR
    assert codes(collect_time_to_live(watch(world))) == []


def test_the_way_out_of_a_record_from_the_future(world: Any) -> None:
    built(world, ago=-10 * HOUR)
    assert codes(collect_time_to_live(watch(world))) == ["CLOCK-JUMPED"]
    assert extended(world).ends_at == NOW + 3 * HOUR
    assert codes(collect_time_to_live(watch(world))) == []


def test_an_ended_time_is_extended_until_m9_is_on_its_way(world: Any) -> None:
    built(world, ago=9 * HOUR)
    assert extension_codes(asked(world, DagRuns("queued"))) == ["EXTENSION-TOO-LATE"]
    assert extension_codes(asked(world, DagRuns(Unreadable("500")))) == ["EXTENSION-TEARDOWN-UNREADABLE"]
    assert extended(world).ends_at == NOW + 3 * HOUR


def test_an_emergency_stop_is_not_extended(world: Any) -> None:
    built(world)
    set_latch(world.remote, "dev_min", reason="28 USD", recorded_by="m9_1", at=NOW)
    assert extension_codes(asked(world)) == ["LATCH-SET"]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"confirm": "prod"}, ["CONFIRM-MISMATCH"]),
        ({"reason": " "}, ["REASON-MISSING"]),
        ({"reason": None}, ["REASON-MISSING"]),
        ({"hours": "3"}, ["EXTENSION-HOURS-INVALID"]),
        ({"hours": True}, ["EXTENSION-HOURS-INVALID"]),
        ({"hours": None}, ["EXTENSION-HOURS-INVALID"]),
        ({"stack": "core"}, ["EXTENSION-STACK-UNKNOWN", "EXTENSION-NOTHING-STANDS"]),
    ],
)
def test_what_was_not_meant(world: Any, changes: dict[str, Any], found: list[str]) -> None:
    built(world)
    assert extension_codes(asked(world, **changes)) == found


def test_a_stack_that_does_not_stand(world: Any, stands: dict[str, Any]) -> None:
    stands["demo"] = Known(())
    assert extension_codes(asked(world)) == ["EXTENSION-NOTHING-STANDS"]


def test_a_build_that_came_between_is_not_overwritten(world: Any) -> None:
    built(world, ago=2 * HOUR)
    run = asking(world)
    facts = collect_extension(run)
    built(world)
    with pytest.raises(ActionBlocked, match="TIME-TO-LIVE-MOVED stack demo"):
        extend(run, facts, {})
    assert record_of(world).value.set_by == "m2_1"


def test_facts_of_something_else_extend_nothing(world: Any) -> None:
    with pytest.raises(LookupError, match="no judged extension"):
        extend(asking(world), CollectorBroken(observed_at=NOW, error="x"), {})
