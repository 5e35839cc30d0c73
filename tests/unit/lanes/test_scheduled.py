"""Builds and teardowns by the clock: what forbids a build, what starts a teardown, and what their tasks say."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from structlog.testing import capture_logs

import factories_control as control
from factories_findings import finding_facts, finding_look, owners
from factories_schedule import BUILD_RUN, DAY, TEARDOWN_RUN, with_office_hours
from factories_world import NO_FINDINGS
from tidegate.alerts.causes import asked_by
from tidegate.dag_factory import params_of
from tidegate.evidence.canonical import seal
from tidegate.evidence.control import set_latch
from tidegate.evidence.findings import record_findings
from tidegate.evidence.holds import record_hold
from tidegate.lanes import closing, findings, scheduled
from tidegate.lanes.run import LaneRun
from tidegate.lanes.verdict import collect_verdict
from tidegate.models.environment import Environment
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.viability import DagStatus
from tidegate.operators import gate as gate_operator
from tidegate.operators import telling
from tidegate.operators.gate import GateOperator
from tidegate.operators.verdict import PhaseVerdictOperator

M2, M9 = "dev_min.m2_substrate_build", "dev_min.m9_teardown_cost_check"
DUE = datetime(2026, 2, 13, 8, 0, tzinfo=UTC)
"""A Friday, at eight."""


class Airflow:
    """What Airflow knows: runs by id, DAGs that are paused or broken, and whether it takes a new run."""

    def __init__(self) -> None:
        self.runs: dict[str, Observed[str]] = {}
        self.triggered: list[tuple[str, str, dict[str, Any]]] = []
        self.refusal = ""
        self.paused: dict[str, Observed[bool]] = {}
        self.loads: dict[str, Observed[bool]] = {}

    def trigger(self, dag_id: str, run_id: str, conf: dict[str, Any]) -> str:
        if not self.refusal:
            self.triggered.append((dag_id, run_id, conf))
            self.runs[run_id] = Known("queued")
        return self.refusal

    def state(self, dag_id: str, run_id: str) -> Observed[str]:
        return self.runs.get(run_id, Absent())

    def status(self, dag_id: str) -> DagStatus:
        return DagStatus(
            dag_id=dag_id,
            paused=self.paused.get(dag_id, Known(False)),
            loads=self.loads.get(dag_id, Known(True)),
        )


class Clock:
    """One environment with office hours: its evidence, its Airflow, and the tasks of its scheduled DAGs."""

    def __init__(self, world: Any, moment: Any) -> None:
        self.world, self.moment, self.airflow = world, moment, Airflow()
        self.environment: Environment = with_office_hours()
        self.due = DUE
        self.states: dict[str, dict[str, str]] = {}

    def run(self, phase: Any, task_id: str) -> LaneRun:
        made: LaneRun = self.world.run(
            phase,
            task_id,
            environment=self.environment,
            run_after=self.due,
            run_id=f"scheduled__{self.due.isoformat()}",
            dag_runs=self.airflow,
            dag_status=self.airflow.status,
            task_states=lambda: self.states.get(phase, {}),
            log=gate_operator.log,
        )
        return made

    def build(self) -> tuple[str, str]:
        """Let the task of a scheduled build run: how it ends, and what its log says."""
        return self.task("scheduledbuild", "a_build")

    def teardown(self) -> tuple[str, str]:
        """The same of a scheduled teardown."""
        return self.task("scheduledteardown", "a_teardown")

    def task(self, phase: Any, task_id: str) -> tuple[str, str]:
        run = self.run(phase, task_id)
        lane = run.lane
        kind = PhaseVerdictOperator if lane.gate == "PHASE-VERDICT" else GateOperator
        operator = kind(task_id=task_id, lane=lane, environment="dev_min")
        context = {"ti": SimpleNamespace(xcom_push=lambda key, value: self.world.handed_over.update({task_id: value}))}
        with pytest.MonkeyPatch.context() as patch, capture_logs() as lines:
            patch.setattr(gate_operator, "lane_run", lambda *_: run)
            try:
                operator.execute(context)
                ended, last = "success", ""
            except AirflowSkipException as error:
                ended, last = "skipped", str(error)
            except AirflowFailException as error:
                ended, last = "failed", str(error)
        self.states.setdefault(phase, {})[task_id] = ended
        return ended, " ".join(" ".join([*(str(line["event"]) for line in lines), last]).split())

    def verdict(self, phase: Any) -> tuple[str, str]:
        """The last task of the DAG."""
        return self.task(phase, "b_phase_verdict")

    def held(self, days: float = 3, **changes: Any) -> None:
        until = self.moment.now + timedelta(days=days)
        given = {"is_set": True, "until": until, "reason": "the team is away", "who": "jane", **changes}
        record_hold(
            self.world.remote,
            "dev_min",
            recorded_by="hold_1",
            at=self.moment.now - timedelta(hours=1),
            evidence={},
            **given,
        )


@pytest.fixture
def clock(world: Any, moment: Any, monkeypatch: pytest.MonkeyPatch) -> Clock:
    moment.now = DUE + timedelta(seconds=9)
    monkeypatch.setattr(scheduled, "caller", lambda _run: control.caller())
    monkeypatch.setattr(scheduled, "tools", lambda _run: control.tools())
    monkeypatch.setattr(scheduled, "now", moment)
    monkeypatch.setattr(scheduled, "finding_facts", lambda _run: replace(NO_FINDINGS, today=moment.now.date()))
    monkeypatch.setattr(closing, "_give_lease_back", lambda _run: None)
    monkeypatch.setattr(telling, "tell_of_verdict", lambda *_: ())
    return Clock(world, moment)


def started(clock: Clock) -> list[tuple[str, str]]:
    return [(dag_id, run_id) for dag_id, run_id, _ in clock.airflow.triggered]


# Nothing forbids it.


def test_a_build_is_started_with_every_param_and_lives_until_an_hour_after_its_teardown(clock: Clock) -> None:
    ended, said = clock.build()
    assert ended == "success"
    ((dag_id, run_id, conf),) = clock.airflow.triggered
    assert (dag_id, run_id) == (M2, "scheduled_build__20260213T080000Z")
    assert conf == {
        "platform_run": "auto",
        "stacks": "all",
        "runtime_database_enabled": True,
        "time_to_live_hours": 12,
        "repair_drift": False,
        "repair_reason": None,
        "release_dead_lock": False,
        "unsaved_state": None,
        "restore_state_version": None,
        "state_reason": None,
    }
    params = params_of(clock.environment, "m2")
    assert set(conf) == set(params)
    assert {name: params[name].resolve(value) for name, value in conf.items()} == conf
    assert f"started {M2} run {run_id}" in said
    assert clock.verdict("scheduledbuild")[0] == "success"


def test_a_teardown_is_started_with_every_param_for_all_that_may_be_destroyed(clock: Clock) -> None:
    ended, said = clock.teardown()
    assert ended == "success"
    ((dag_id, run_id, conf),) = clock.airflow.triggered
    assert (dag_id, run_id) == (M9, "scheduled_teardown__20260213T080000Z")
    assert (conf["target"], conf["confirm"]) == ("demo", "dev_min")
    params = params_of(clock.environment, "m9")
    assert set(conf) == set(params)
    assert {name: params[name].resolve(value) for name, value in conf.items()} == conf
    assert f"started {M9} run {run_id}" in said
    assert clock.verdict("scheduledteardown")[0] == "success"


@pytest.mark.parametrize("what", ["build", "teardown"])
def test_a_task_that_runs_twice_starts_one_run(clock: Clock, what: str) -> None:
    act = getattr(clock, what)
    act()
    ended, said = act()
    assert (ended, len(clock.airflow.triggered)) == ("success", 1)
    assert f"run scheduled_{what}__20260213T080000Z is queued already" in said.replace("Known ", "")


@pytest.mark.parametrize("what", ["build", "teardown"])
def test_after_a_run_that_failed_a_cleared_task_starts_another(clock: Clock, what: str) -> None:
    clock.airflow.runs[f"scheduled_{what}__20260213T080000Z"] = Known("failed")
    assert getattr(clock, what)()[0] == "success"
    assert started(clock)[0][1] == f"scheduled_{what}__20260213T080000Z__2"


def test_a_time_to_live_that_ends_before_the_teardown_is_said(clock: Clock) -> None:
    schedules = clock.environment.schedules
    assert schedules is not None
    late = schedules.model_copy(update={"teardown": "0 19 * * 1"})
    clock.environment = clock.environment.model_copy(update={"schedules": late})
    _, said = clock.build()
    assert clock.airflow.triggered[0][2]["time_to_live_hours"] == 24
    assert (
        "the time to live ends at 2026-02-14 08:00 UTC, before the scheduled teardown at 2026-02-16 19:00 UTC: "
        "time_to_live.max_hours is 24"
    ) in said


# What forbids it.


def test_the_emergency_latch_forbids_a_build_and_no_teardown(clock: Clock) -> None:
    set_latch(clock.world.remote, "dev_min", reason="spent", recorded_by="audit_1", at=DUE)
    ended, said = clock.build()
    assert (ended, clock.airflow.triggered) == ("failed", [])
    assert "BLOCKED LATCH-SET" in said
    assert "trigger dev_min.emergency_release with your own confirm and your own reason" in said
    assert clock.verdict("scheduledbuild")[0] == "failed"
    assert clock.teardown()[0] == "success"
    assert [dag_id for dag_id, _ in started(clock)] == [M9]


def test_an_open_finding_forbids_a_build_and_no_teardown(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    open_now = finding_facts(finding_look())
    monkeypatch.setattr(scheduled, "finding_facts", lambda _run: open_now)
    ended, said = clock.build()
    assert (ended, clock.airflow.triggered) == ("failed", [])
    assert "BLOCKED FINDING-OPEN aws_iam_role fraud-platform-dev-min-demo-runtime" in said
    assert clock.teardown()[0] == "success"


def test_findings_are_asked_for_live(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their record alone would forbid builds until another check closes it, though what it names is gone."""
    found = finding_look().finding
    evidence = {"uri": "s3://e/x", "sha256": "d"}
    record_findings(clock.world.remote, "dev_min", seen=(found,), gone=(), recorded_by="m9", at=DUE, evidence=evidence)
    asked: list[str] = []

    def gone(_clients: Any, resources: Any) -> Known[tuple[Any, ...]]:
        asked.extend(resource.id for resource in resources)
        return Known(())

    monkeypatch.setattr(scheduled, "finding_facts", findings.finding_facts)
    monkeypatch.setattr(findings, "owners_of", lambda _run: owners())
    monkeypatch.setattr(findings, "still_there", gone)
    assert clock.build()[0] == "success"
    assert asked == [found.id]


@pytest.mark.parametrize("series", ["latch", "holds"])
def test_a_damaged_record_forbids_a_build_and_no_teardown(clock: Clock, series: str) -> None:
    clock.world.remote.objects[f"control/dev_min/{series}/000001.json"] = b"{"
    ended, said = clock.build()
    assert (ended, clock.airflow.triggered) == ("failed", [])
    assert f"BLOCKED {'LATCH' if series == 'latch' else 'HOLD'}-UNREADABLE" in said
    assert clock.teardown()[0] == "success"
    assert [dag_id for dag_id, _ in started(clock)] == [M9]


@pytest.mark.parametrize("dag", [M2, "dev_min.scheduled_teardown"])
def test_a_build_waits_for_no_dag_that_is_paused(clock: Clock, dag: str) -> None:
    """M2's run would build whenever somebody unpauses it; and what is built must come down by the clock."""
    clock.airflow.paused[dag] = Known(True)
    ended, said = clock.build()
    assert (ended, clock.airflow.triggered) == ("failed", [])
    assert f"airflow dags unpause {dag}" in said


def test_a_run_of_which_nobody_can_tell_is_not_started_a_second_time(clock: Clock) -> None:
    clock.airflow.runs["scheduled_build__20260213T080000Z"] = Unreadable("500")
    ended, said = clock.build()
    assert (ended, clock.airflow.triggered) == ("failed", [])
    assert "BLOCKED SCHEDULED-BUILD-RUN-UNREADABLE" in said


def test_a_build_that_airflow_does_not_take_fails_with_the_way_out(clock: Clock) -> None:
    clock.airflow.refusal = "TriggerDagRun: 500"
    ended, said = clock.build()
    assert ended == "failed"
    assert f"SCHEDULED-BUILD-NOT-STARTED {M2} run scheduled_build__20260213T080000Z" in said
    assert "observed: TriggerDagRun: 500 | expected: a run that starts | remedy: mend what is observed" in said
    assert f"or trigger {M2}" in said
    assert clock.verdict("scheduledbuild")[0] == "failed"


# A hold.


def test_a_hold_skips_the_build_says_why_and_is_no_failure(clock: Clock) -> None:
    clock.held()
    ended, said = clock.build()
    assert (ended, clock.airflow.triggered) == ("skipped", [])
    assert (
        "SCHEDULEDBUILD.A did nothing: there is a hold, set by jane at 2026-02-13T07:00:09+00:00, until "
        "2026-02-16T08:00:09+00:00: the team is away | remedy: trigger dev_min.hold with action = lift and your own "
        "reason; or trigger dev_min.m2_substrate_build"
    ) in said
    snapshot = clock.world.handed_over["a_build"]
    assert (snapshot["status"], snapshot["overall_pass"]) == ("not_run", False)
    assert snapshot["facts"]["hold"]["who"] == "jane"
    ended, said = clock.verdict("scheduledbuild")
    assert (ended, "skipped SCHEDULEDBUILD.A" in said) == ("success", True)


def test_a_hold_keeps_no_teardown_off(clock: Clock) -> None:
    clock.held()
    assert clock.teardown()[0] == "success"
    assert [dag_id for dag_id, _ in started(clock)] == [M9]


def test_a_hold_that_has_ended_or_was_lifted_forbids_nothing(clock: Clock) -> None:
    clock.held(days=1)
    clock.moment.now += DAY
    clock.due += DAY
    assert clock.build()[0] == "success"
    clock.held(days=2)
    clock.held(is_set=False)
    clock.due += timedelta(minutes=1)
    assert clock.build()[0] == "success"
    assert len(clock.airflow.triggered) == 2


def test_a_hold_is_no_reason_to_ask_for_anything_else(clock: Clock) -> None:
    """It is the wish of a person: that the latch is set as well, other runs tell."""
    clock.held()
    set_latch(clock.world.remote, "dev_min", reason="spent", recorded_by="audit_1", at=DUE)
    clock.airflow.paused[M2] = Known(True)
    assert clock.build()[0] == "skipped"


def test_a_skip_without_a_reason_is_no_pass(clock: Clock) -> None:
    """Whoever writes a snapshot that says "not wanted" without a hold leaves a red verdict."""
    clock.held()
    clock.build()
    document = clock.world.handed_over["a_build"]
    document["facts"]["hold"] = None

    content = seal({name: value for name, value in document.items() if name != "digest"})
    key = next(key for key in clock.world.remote.objects if key.endswith("scheduledbuild_a_build_snapshot.json"))
    clock.world.remote.objects[key] = content

    clock.world.handed_over["a_build"] = json.loads(content)
    assert clock.verdict("scheduledbuild")[0] == "failed"


# Too late.


def test_a_build_after_its_teardown_was_due_is_skipped(clock: Clock) -> None:
    """Airflow was down all day: it makes up for the build at a quarter past seven, and nobody would tear it down."""
    clock.moment.now = datetime(2026, 2, 13, 19, 15, tzinfo=UTC)
    ended, said = clock.build()
    assert (ended, clock.airflow.triggered) == ("skipped", [])
    assert "it comes too late: the teardown after it was due at 2026-02-13T19:00:00+00:00" in said
    assert "remedy: trigger dev_min.m2_substrate_build. The next scheduled build comes by itself" in said
    assert clock.verdict("scheduledbuild")[0] == "success"


def test_a_build_that_is_late_on_its_own_day_is_started_for_the_hours_that_are_left(clock: Clock) -> None:
    clock.moment.now = datetime(2026, 2, 13, 15, 30, tzinfo=UTC)
    assert clock.build()[0] == "success"
    assert clock.airflow.triggered[0][2]["time_to_live_hours"] == 5


def test_a_late_teardown_is_started_all_the_same(clock: Clock) -> None:
    clock.moment.now = DUE + 3 * DAY
    assert clock.teardown()[0] == "success"
    assert [dag_id for dag_id, _ in started(clock)] == [M9]


# A teardown always starts.


@contextmanager
def silent(clock: Clock, *methods: str) -> Iterator[None]:
    clock.world.remote.refusing = set(methods)
    yield
    clock.world.remote.refusing = set()


def test_a_teardown_is_started_before_the_evidence_is_asked_for_anything(clock: Clock) -> None:
    with silent(clock, "create", "read", "keys"):
        ended, said = clock.teardown()
    assert [dag_id for dag_id, _ in started(clock)] == [M9]
    assert (ended, "EVIDENCE-UNREACHABLE" in said) == ("failed", True)


def test_a_teardown_of_which_nobody_can_tell_is_asked_for_again(clock: Clock) -> None:
    """Airflow knows the run by its name and takes it once."""
    clock.airflow.runs["scheduled_teardown__20260213T080000Z"] = Unreadable("500")
    clock.airflow.paused[M9] = Unreadable("500")
    ended, said = clock.teardown()
    assert [dag_id for dag_id, _ in started(clock)] == [M9]
    assert (ended, "BLOCKED M9-UNREADABLE" in said) == ("failed", True)


@pytest.mark.parametrize(
    ("what", "value", "code"), [("paused", True, "M9-PAUSED"), ("loads", False, "M9-IMPORT-ERROR")]
)
def test_a_teardown_that_would_wait_is_not_queued_and_says_so(clock: Clock, what: str, value: bool, code: str) -> None:
    getattr(clock.airflow, what)[M9] = Known(value)
    ended, said = clock.teardown()
    assert (ended, clock.airflow.triggered) == ("failed", [])
    assert f"BLOCKED {code}" in said


def test_a_teardown_that_airflow_does_not_take_fails_with_the_way_out(clock: Clock) -> None:
    clock.airflow.refusal = "TriggerDagRun: 500"
    ended, said = clock.teardown()
    assert ended == "failed"
    assert "BLOCKED SCHEDULED-TEARDOWN-NOT-STARTED" in said
    assert f"or trigger {M9} with your own confirm" in said


def test_the_verdict_of_a_build_that_was_not_wanted_names_it(clock: Clock) -> None:
    clock.held()
    clock.build()
    (lane,) = collect_verdict(clock.run("scheduledbuild", "b_phase_verdict")).lanes
    assert (lane.task, lane.no_target, lane.status) == ("a_build", True, Known("not_run"))


def test_the_names_of_the_runs_are_those_of_their_causes() -> None:
    """Alerts of their tries are one."""

    for run_id in (BUILD_RUN, TEARDOWN_RUN):
        assert asked_by(run_id, None) == asked_by(f"{run_id}__2", None) == run_id
