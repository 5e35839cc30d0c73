"""What every DAG must look like, so that a closed gate can never be masked. (The runs are in tests/end_to_end.)"""

import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag

from manifests import COMMITTED
from standins import three_stacks
from tidegate import environments
from tidegate.dag_factory import _build, dags_of
from tidegate.lanes.phases import phase_of
from tidegate.models.environment import BUILD_PARAMS, Environment
from tidegate.models.stack import StackParam
from tidegate.operators.without_verdict import RunWithoutVerdict
from tidegate.pools import pool_of, pools
from tidegate.settings import settings

PROJECT = Path(__file__).resolve().parents[2]
PHASES = {
    "m1_backend_bootstrap": "m1",
    "m2_substrate_build": "m2",
    "m9_teardown_cost_check": "m9",
    "emergency_stop": "stop",
    "emergency_release": "release",
    "teardown_audit": "audit",
    "hourly_check": "hourly",
    "extend_time_to_live": "extend",
    "release_lock": "unlock",
}
PLANNING = {"PLAN-GUARD", "TEARDOWN-SCOPE", "TEARDOWN-VIABILITY"}


@pytest.fixture(scope="module")
def bag() -> Any:
    return DagBag(str(PROJECT / "dags"))


def lanes(dag: Any) -> Any:
    environment, _, name = dag.dag_id.partition(".")
    return phase_of(environments.load(environment), PHASES[name])  # type: ignore[arg-type]


def test_every_environment_has_its_dags_and_nothing_else(bag: Any) -> None:
    assert not bag.import_errors
    assert set(bag.dags) == {f"{name}.{dag}" for name in environments.names() for dag in PHASES}


@pytest.mark.parametrize("name", PHASES)
def test_the_tasks_are_the_lanes_and_one_verdict(bag: Any, name: str) -> None:
    dag = bag.dags[f"dev_min.{name}"]
    spec = lanes(dag)
    assert {task.task_id for task in dag.tasks} == {lane.task_id for lane in (*spec.lanes, spec.verdict)}
    assert {task.lane.gate for task in dag.tasks} == {lane.gate for lane in (*spec.lanes, spec.verdict)}


@pytest.mark.parametrize("name", PHASES)
def test_the_verdict_is_the_only_leaf_and_directly_below_every_task(bag: Any, name: str) -> None:
    dag = bag.dags[f"dev_min.{name}"]
    verdict = lanes(dag).verdict.task_id
    assert [task.task_id for task in dag.leaves] == [verdict]
    assert dag.task_dict[verdict].upstream_task_ids == {task.task_id for task in dag.tasks} - {verdict}
    assert dag.task_dict[verdict].trigger_rule == "all_done"
    assert not any(task.is_setup or task.is_teardown for task in dag.tasks)


@pytest.mark.parametrize("name", [name for name in PHASES if name[:2] not in {"m2", "m9"}])
def test_every_other_task_waits_for_all_lanes_before_it(bag: Any, name: str) -> None:
    """For none of them to fail; only where each lane looks at something of its own does it run whatever they found."""
    dag = bag.dags[f"dev_min.{name}"]
    spec = lanes(dag)
    assert spec.every_lane_runs is (spec.phase in {"audit", "hourly"})
    before: set[str] = set()
    beside: set[str] = set()
    for lane in spec.lanes:
        task = dag.task_dict[lane.task_id]
        if not lane.beside:
            before, beside = before | beside, set()
        assert task.trigger_rule == ("all_done" if spec.every_lane_runs else "none_failed")
        assert {found.task_id for found in task.get_flat_relatives(upstream=True)} == before
        beside.add(lane.task_id)


BUILD = {
    "a_readiness": [],
    "b_backend_readiness": ["a_readiness"],
    "b_cost_guardrail": ["a_readiness"],
    "c_core.plan_and_guard": ["b_backend_readiness", "b_cost_guardrail"],
    "c_core.apply": ["c_core.plan_and_guard"],
    "c_core.verify": ["c_core.apply"],
    "d_confluent.plan_and_guard": ["c_core.verify"],
    "d_confluent.apply": ["d_confluent.plan_and_guard"],
    "d_confluent.verify": ["d_confluent.apply"],
    "e_stack_contract": ["c_core.verify", "d_confluent.verify"],
    "f_demo.plan_and_guard": ["e_stack_contract"],
    "f_demo.apply": ["f_demo.plan_and_guard"],
    "f_demo.verify": ["f_demo.apply"],
    **{
        task: ["c_core.verify", "d_confluent.verify", "f_demo.verify"]
        for task in ("g_network_posture", "h_state_ownership", "i_budget_guardrail", "i_teardown_viability")
    },
}


def test_a_build_waits_for_what_a_stack_needs_and_for_none_of_it_to_fail(bag: Any) -> None:
    dag = bag.dags["dev_min.m2_substrate_build"]
    found = {task.task_id: task for task in dag.tasks if task.task_id != "j_phase_verdict"}
    assert {name: sorted(task.upstream_task_ids) for name, task in found.items()} == BUILD, (
        "a task that is new says what it waits for in BUILD of tests/dags/test_dags.py"
    )
    assert {task.trigger_rule for task in found.values()} == {"none_failed"}
    assert dag.max_active_tasks == environments.load("dev_min").slots == 2


def test_an_environment_with_a_queue_leaves_its_tasks_to_that_queue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = COMMITTED.read_text("utf-8")
    (tmp_path / COMMITTED.name).write_text(text.replace("\nstacks:", "\nqueue: team-a\nstacks:"), "utf-8")
    monkeypatch.setenv("TIDEGATE_ENVIRONMENTS_DIR", str(tmp_path))
    settings.cache_clear()
    queues = {task.queue for phase in ("m2", "audit") for dag in dags_of(phase).values() for task in dag.tasks}
    assert queues == {"team-a"}


def test_without_one_they_go_where_airflow_sends_them(bag: Any) -> None:
    assert {task.queue for dag in bag.dags.values() for task in dag.tasks} == {"default"}


DESTROYS = ["d_demo.destroy", "d_demo.verify", "e_confluent.destroy", "e_confluent.verify", "e_confluent.orphans"]
TEARDOWN = {
    "a_readiness": ("none_failed", []),
    "b_scope_freeze": ("none_failed", ["a_readiness"]),
    "c_pre_destroy": ("all_done", ["b_scope_freeze"]),
    "d_demo.destroy": ("all_done", ["c_pre_destroy"]),
    "d_demo.verify": ("none_failed", ["d_demo.destroy"]),
    "e_confluent.destroy": ("all_done", ["c_pre_destroy", "d_demo.destroy"]),
    "e_confluent.verify": ("none_failed", ["e_confluent.destroy"]),
    "e_confluent.orphans": ("none_failed", ["e_confluent.verify"]),
    "f_residual_scan": ("all_done", DESTROYS),
    "f_preserved": ("all_done", DESTROYS),
    "g_confluent_billing": ("all_done", [*DESTROYS, "f_residual_scan"]),
    "g_cost_guardrail": ("all_done", [*DESTROYS, "f_residual_scan"]),
    "h_teardown_proof": (
        "none_failed",
        [
            "a_readiness",
            "b_scope_freeze",
            "c_pre_destroy",
            *DESTROYS,
            "f_residual_scan",
            "g_confluent_billing",
            "g_cost_guardrail",
        ],
    ),
}


def test_a_destroy_waits_for_the_last_look_and_for_what_needs_the_stack_and_for_nothing_else(bag: Any) -> None:
    """RE2: not for a look afterwards, not for a bill, not for a proof."""
    tasks = bag.dags["dev_min.m9_teardown_cost_check"].task_dict
    found = {name: (task.trigger_rule, sorted(task.upstream_task_ids)) for name, task in tasks.items()}
    del found["i_phase_verdict"]
    assert found == {name: (rule, sorted(upstream)) for name, (rule, upstream) in TEARDOWN.items()}, (
        "a task that is new says what it waits for in TEARDOWN of tests/dags/test_dags.py"
    )


@pytest.mark.parametrize("name", PHASES)
def test_what_starts_after_a_red_task_is_decided_by_its_lane(bag: Any, name: str) -> None:
    """Airflow starts it; whether it was reached at all its operator looks up, and its gate decides the rest."""
    dag, spec = bag.dags[f"dev_min.{name}"], lanes(bag.dags[f"dev_min.{name}"])
    for lane in spec.lanes:
        task = dag.task_dict[lane.task_id]
        assert task.upstream_task_ids == set(spec.upstream_of(lane))
        after_red = spec.every_lane_runs or lane.starts != "success"
        assert task.trigger_rule == ("all_done" if after_red else "none_failed")
        if lane.starts == "end" and lane.mutates:
            assert {"b_scope_freeze", "c_pre_destroy"} <= set(lane.guards), "its authorisation reads what was red"


@pytest.mark.parametrize("name", PHASES)
@pytest.mark.parametrize("end", ["failed", "upstream_failed", "skipped"])
def test_no_end_of_a_task_is_masked(bag: Any, name: str, end: str) -> None:
    """Whatever task ends like that without a snapshot: the verdict judges it, is the only leaf, and fails."""
    from factories_control import NOW, empty_lane, lane, verdict_facts
    from tidegate.gates.phase_verdict import GATE

    spec = lanes(bag.dags[f"dev_min.{name}"])
    for red in spec.lanes:
        results = tuple(
            empty_lane(task=it.task_id, task_state=end) if it == red else lane(task=it.task_id) for it in spec.lanes
        )
        assert GATE.evaluate(verdict_facts(*results), judged_at=NOW), red.task_id


@pytest.mark.parametrize("name", PHASES)
def test_gates_are_never_retried_and_runs_never_overlap(bag: Any, name: str) -> None:
    dag = bag.dags[f"dev_min.{name}"]
    assert dag.max_active_runs == 1
    assert dag.catchup is False
    assert {task.retries for task in dag.tasks if not task.lane.waits_seconds} == {0}
    assert {task.retries for task in dag.tasks if task.lane.waits_seconds} <= {1}


@pytest.mark.parametrize("name", PHASES)
def test_a_run_that_fails_without_a_verdict_is_told(bag: Any, name: str) -> None:
    dag = bag.dags[f"dev_min.{name}"]
    assert isinstance(dag.on_failure_callback, RunWithoutVerdict)
    assert (dag.on_failure_callback.environment, dag.on_failure_callback.phase) == ("dev_min", PHASES[name])


def test_terraform_runs_in_a_pool_that_is_declared(bag: Any) -> None:
    declared = pools()
    assert {name: pool["slots"] for name, pool in declared.items()} == {"dev_min_terraform": 2}
    for dag in bag.dags.values():
        pooled = {task.task_id for task in dag.tasks if task.pool in declared}
        mutating = {lane.task_id for lane in lanes(dag).lanes if lane.mutates}
        planning = {lane.task_id for lane in lanes(dag).lanes if lane.gate in PLANNING}
        assert pooled == mutating | planning
    audit = bag.dags["dev_min.teardown_audit"]
    assert not {task.task_id for task in audit.tasks if task.pool in declared}  # behind an apply it would end unheard


@pytest.mark.parametrize("name", PHASES)
def test_people_can_read_what_a_dag_does(bag: Any, name: str) -> None:
    dag = bag.dags[f"dev_min.{name}"]
    assert "**Changes:**" in dag.doc_md
    assert "### Reading a failure" in dag.doc_md
    assert dag.dag_display_name.endswith(" - dev_min")
    assert all(task.doc_md for task in dag.tasks)
    assert all(param.description and param.schema.get("title") for param in _params(dag))


def _params(dag: Any) -> list[Any]:
    return [dag.params.get_param(name) for name in dag.params]


def test_m9_reads_the_bills_anew_only_when_asked_to(bag: DagBag) -> None:
    """CO7: a page costs money, and the form says how much."""
    anew = bag.dags["dev_min.m9_teardown_cost_check"].params.get_param("read_bills_anew")
    assert (anew.value, anew.schema["type"], anew.schema["title"]) == (False, "boolean", "Read the bills anew")
    assert "0.01 USD" in anew.description


def test_m9_takes_the_end_that_triggered_it_and_asks_no_person_for_one(bag: DagBag) -> None:
    ended = bag.dags["dev_min.m9_teardown_cost_check"].params.get_param("time_to_live_ended")
    assert (ended.value, ended.schema["type"]) == (None, ["null", "string"])
    assert "Persons leave it empty" in ended.description


def test_unknown_cost_keeps_a_build_from_starting(bag: DagBag) -> None:
    """Beside backend readiness; whatever builds waits for both."""
    tasks = bag.dags["dev_min.m2_substrate_build"].task_dict
    assert tasks["b_cost_guardrail"].upstream_task_ids == {"a_readiness"}
    assert tasks["c_core.plan_and_guard"].upstream_task_ids == {"b_backend_readiness", "b_cost_guardrail"}


@pytest.mark.parametrize("name", ["m9_teardown_cost_check", "emergency_stop"])
def test_core_is_offered_nowhere_as_a_target(bag: Any, name: str) -> None:
    target = bag.dags[f"dev_min.{name}"].params.get_param("target")
    assert target.schema["enum"] == ["demo", "confluent", "demo+confluent"]


@pytest.mark.parametrize(("phase", "default"), [("m9", "demo"), ("stop", "demo+confluent")])
def test_every_choice_of_stacks_is_offered_downstream_first(phase: Any, default: str) -> None:
    """The stop takes everything unless it is told otherwise."""
    target = _build(three_stacks(), phase).params.get_param("target")
    assert target.schema["enum"] == ["demo", "confluent", "demo+confluent"]
    assert target.value == default


@pytest.mark.parametrize(("name", "param", "default"), [("m2", "time_to_live_hours", 8), ("extend", "hours", 1)])
def test_hours_are_bounded_by_the_manifest(name: Any, param: str, default: int) -> None:
    bounds = {"default_hours": 8, "max_hours": 24}
    environment = three_stacks()
    longer = environment.time_to_live.model_copy(update=bounds)
    found = _build(environment.model_copy(update={"time_to_live": longer}), name).params.get_param(param)
    assert (found.value, found.schema["type"]) == (default, "integer")
    assert (found.schema["minimum"], found.schema["maximum"]) == (1, 24)


@pytest.mark.parametrize(("hours", "accepted"), [(1, True), (24, True), (0, False), (25, False), ("8", False)])
def test_hours_out_of_bounds_start_no_run(bag: Any, hours: Any, accepted: bool) -> None:
    from airflow.sdk.exceptions import AirflowException

    for dag, name in (("m2_substrate_build", "time_to_live_hours"), ("extend_time_to_live", "hours")):
        param = bag.dags[f"dev_min.{dag}"].params.get_param(name)
        try:
            assert param.resolve(hours) == hours
            taken = True
        except (AirflowException, ValueError):
            taken = False
        assert taken is accepted


def test_only_ephemeral_stacks_have_a_time_to_extend(bag: Any) -> None:
    """Core and the messaging stack have none."""
    dag = bag.dags["dev_min.extend_time_to_live"]
    assert dag.params.get_param("stack").schema["enum"] == ["demo"]
    assert set(dag.params) == {"stack", "hours", "confirm", "reason"}


@pytest.mark.parametrize("name", PHASES)
def test_what_looks_by_itself_has_a_schedule_and_nothing_to_type(bag: Any, name: str) -> None:
    dag, spec = bag.dags[f"dev_min.{name}"], lanes(bag.dags[f"dev_min.{name}"])
    scheduled = spec.phase in {"audit", "hourly"}
    assert (spec.schedule is not None) is scheduled
    assert getattr(dag.timetable, "expression", None) == spec.schedule
    assert bool(dag.params) is (spec.phase not in {"m1", "audit", "hourly"})


@pytest.mark.parametrize("phase", ["m2", "m9"])
def test_three_stacks_make_a_dag(phase: Any) -> None:
    three = three_stacks()
    dag, spec = _build(three, phase), phase_of(three, phase)
    assert [task.task_id for task in dag.leaves] == [spec.verdict.task_id]
    assert {task.task_id for task in dag.tasks} == {lane.task_id for lane in (*spec.lanes, spec.verdict)}
    assert {task.pool for task in dag.tasks if task.lane.mutates} == {pool_of("dev_min")}


def test_the_audit_ends_by_its_deadline_and_its_verdict_before(bag: Any) -> None:
    dag = bag.dags["dev_min.teardown_audit"]
    audit = environments.load("dev_min").audit
    assert dag.schedule == audit.schedule
    assert dag.dagrun_timeout == timedelta(minutes=audit.deadline_minutes)
    assert all(task.execution_timeout for task in dag.tasks)
    waits = timedelta(seconds=sum(task.lane.waits_seconds for task in dag.tasks))
    assert sum((task.execution_timeout for task in dag.tasks), start=waits) < dag.dagrun_timeout
    assert "Unpausing the DAG starts the last missed audit at once" in dag.doc_md


def test_an_hourly_check_that_hangs_is_over_before_the_next_is_due(bag: Any) -> None:
    """One run at a time: it would hold up all others, and nobody would hear of the stop."""
    dag = bag.dags["dev_min.hourly_check"]
    assert dag.dagrun_timeout == timedelta(minutes=20)
    assert all(task.execution_timeout for task in dag.tasks)
    assert sum((task.execution_timeout for task in dag.tasks), start=timedelta(0)) < dag.dagrun_timeout


@pytest.mark.parametrize("name", [name for name, phase in PHASES.items() if phase not in {"audit", "hourly"}])
def test_no_other_run_is_cut_off(bag: Any, name: str) -> None:
    """An apply that is ended by a clock leaves a half-made stack."""
    dag = bag.dags[f"dev_min.{name}"]
    assert dag.dagrun_timeout is None
    assert {task.execution_timeout for task in dag.tasks} == {None}


def test_a_broken_manifest_yields_dags_that_say_why_and_the_others_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = COMMITTED.read_text(encoding="utf-8")
    (tmp_path / "dev_min.yaml").write_text(good, encoding="utf-8")
    (tmp_path / "broken.yaml").write_text(good.replace("unit: USD", "unit: EUR"), encoding="utf-8")
    monkeypatch.setenv("TIDEGATE_ENVIRONMENTS_DIR", str(tmp_path))
    bag = DagBag(str(PROJECT / "dags"))
    assert not bag.import_errors
    assert len(bag.dags) == 2 * len(PHASES)
    broken = bag.dags["broken.m2_substrate_build"]
    assert [task.task_id for task in broken.tasks] == ["manifest_is_valid"]
    with pytest.raises(Exception, match=r"MANIFEST-INVALID broken.yaml:\d+: budget.unit"):
        broken.tasks[0].execute({})


def test_the_bill_of_confluent_stands_beside_the_cost_guardrail_where_the_scope_asks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bill that cannot be read keeps nobody from judging the stop, and both keep the teardown from being proven."""
    good = COMMITTED.read_text(encoding="utf-8")
    raised = re.sub(r"(?m)^cost_scope: .*$", "cost_scope: [aws, confluent]", good)
    (tmp_path / "dev_min.yaml").write_text(raised, encoding="utf-8")
    monkeypatch.setenv("TIDEGATE_ENVIRONMENTS_DIR", str(tmp_path))
    bag = DagBag(str(PROJECT / "dags"))
    assert not bag.import_errors
    tasks = bag.dags["dev_min.m9_teardown_cost_check"].task_dict
    cost = tasks["g_cost_guardrail"].upstream_task_ids
    assert tasks["g_confluent_billing"].upstream_task_ids == cost
    assert "f_residual_scan" in cost
    assert {"g_confluent_billing", "g_cost_guardrail"} <= tasks["h_teardown_proof"].upstream_task_ids
    assert tasks["i_phase_verdict"].upstream_task_ids == set(tasks) - {"i_phase_verdict"}


@pytest.mark.parametrize(
    ("without", "ours"),
    [
        ("AIRFLOW__CORE__XCOM_BACKEND", []),
        ("", ["tidegate", "tidegate.operators", "tidegate.operators.xcom"]),
    ],
    ids=["alone", "with-the-xcom-class-that-its-settings-name"],
)
def test_the_plugin_scanner_executes_nothing_of_ours(without: str, ours: list[str]) -> None:
    """Airflow runs every file below plugins/ under its bare name unless .airflowignore says otherwise."""
    script = (
        "import sys; from airflow import plugins_manager as manager; from airflow.configuration import conf;"
        "loaded = getattr(manager, 'ensure_plugins_loaded', None) or manager._get_plugins; loaded();"
        "folder = conf.get('core', 'plugins_folder');"
        "ours = [n for n, m in sys.modules.items() if str(getattr(m, '__file__', '') or '').startswith(folder)];"
        "print('OURS', ours)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={name: value for name, value in os.environ.items() if name != without},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert f"OURS {ours}\n" in done.stdout


def test_a_dag_file_needs_no_aws_no_terraform_and_no_facts() -> None:
    """Airflow parses each file every half minute in a process of its own, and imports are most of that."""
    script = (
        "import sys, airflow.sdk, tidegate.dag_factory;"
        "names = ('botocore', 'boto3', 'tidegate.lanes.run', 'tidegate.evidence.store', 'tidegate.terraform',"
        " 'tidegate.models.readiness', 'tidegate.models.plan', 'tidegate.gates', 'ruamel');"
        "print('IMPORTED', [name for name in names if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert "IMPORTED []\n" in done.stdout


def test_each_manifest_is_read_once_for_a_dag_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not once for each of the others: with a hundred environments that would be ten thousand times."""
    for number in range(70):
        name = f"e{number:02d}x"
        text = COMMITTED.read_text(encoding="utf-8").replace("dev_min", name).replace("dev-min", name)
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("TIDEGATE_ENVIRONMENTS_DIR", str(tmp_path))
    settings.cache_clear()
    read: list[str] = []
    parsed: list[str] = []
    monkeypatch.setattr(environments, "_text", lambda path: read.append(path.name) or path.read_text("utf-8"))
    parse = environments.plain
    monkeypatch.setattr(environments, "plain", lambda text: parsed.append(text) or parse(text))
    assert len(dags_of("hourly")) == 70
    settings.cache_clear()
    assert len(read) == len(set(read)) == 70
    assert len(parsed) == len(set(parsed)) == 70


def test_m2_asks_what_the_stacks_of_the_manifest_ask() -> None:
    """A field of a stack's entry is a field of the form, beside the others of the build."""
    environment = three_stacks()
    asked = environment.stacks["demo"].params | {
        "log_days": StackParam(type="integer", default=3, choices=(1, 3, 7), title="Days of logs", help="How long.")
    }
    demo = environment.stacks["demo"].model_copy(update={"params": asked})
    dag = _build(environment.model_copy(update={"stacks": {**environment.stacks, "demo": demo}}), "m2")
    switch, days = (dag.params.get_param(name) for name in ("runtime_database_enabled", "log_days"))
    assert (switch.value, days.value) == (True, 3)
    assert switch.schema["type"] == "boolean"
    assert "enum" not in switch.schema
    assert (days.schema["enum"], days.schema["title"], days.description) == ([1, 3, 7], "Days of logs", "How long.")
    assert switch.schema["section"] == days.schema["section"] == "Build"
    assert set(dag.params) == {*BUILD_PARAMS, "runtime_database_enabled", "log_days"}


def test_the_form_says_which_stacks_have_no_time_to_live() -> None:
    def said(environment: Environment) -> str:
        return str(_build(environment, "m2").params.get_param("time_to_live_hours").description)

    environment = three_stacks()
    timed = environment.stacks["confluent"].model_copy(update={"time_to_live": True})
    everywhere = environment.model_copy(update={"stacks": {**environment.stacks, "confluent": timed}})
    assert said(environment).endswith("after they are built; confluent only when M9 is asked for it.")
    assert said(everywhere).endswith("after they are built.")
