"""For every gate of every DAG: when it closes, nothing after it starts and the run is failed. Real runs, given facts.

Every lane is judged, published, pushed and rolled up by the real code; only what the collectors would read is given.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

import factories_world as world
from facts_that_pass import fail_without_a_line, passing_on
from stage import TEARDOWN, Stage
from tidegate import environments
from tidegate.lanes.phases import phase_of, phases_of
from tidegate.lanes.spec import PhaseSpec, Starts
from tidegate.models.facts import Facts
from tidegate.models.observed import Known
from tidegate.operators import gate, verdict
from tidegate.operators.airflow_run import resolve
from tidegate.sensors import guardrail

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(900)]

CONF: dict[str, dict[str, Any]] = {
    "m1": {},
    "m2": {},
    "m9": TEARDOWN,
    "stop": {**TEARDOWN, "reason": "a test"},
    "release": {"confirm": TEARDOWN["confirm"], "reason": "a test"},
    "audit": {},
    "hourly": {},
    "extend": {"confirm": TEARDOWN["confirm"], "reason": "a test"},
    "unlock": {"stack": "demo", "lock_id": "a-lock", "confirm": TEARDOWN["confirm"], "reason": "a test"},
}


def ends(spec: PhaseSpec, closed: str) -> dict[str, str]:
    """How every task ends when this one's gate is closed and all others would pass.

    Nothing that was not reached starts, but for what looks up that it was not, and ends skipped.
    """
    found: dict[str, str] = {}
    for lane in spec.lanes:
        before = [] if spec.every_lane_runs else [found[task] for task in spec.upstream_of(lane)]
        if lane.starts == "success" and {"failed", "upstream_failed"} & set(before):
            end = "upstream_failed"
        elif before and not _reached(lane.starts, before):
            end = "skipped"
        else:
            end = "failed" if lane.task_id == closed else "success"
        found[lane.task_id] = end
    return found


def _reached(starts: Starts, before: list[str]) -> bool:
    if starts == "any":
        return "success" in before
    return set(before) <= ({"success"} if starts == "success" else {"success", "failed"})


def valid_facts(gate_id: str) -> Facts:
    """Facts that pass now."""
    now = datetime.now(UTC)
    facts = both_targets() if gate_id == "TEARDOWN-SCOPE" else passing_on(now, gate_id)
    return replace(facts, observed_at=now)


def both_targets() -> Facts:
    """A scope with a part for each stack: no lane has nothing to do."""
    plan = world.plan(world.planned("aws_vpc.this", "delete"), purpose="destroy", stack="confluent")
    confluent = world.scope(stack="confluent", lifecycle="messaging", plan=Known(plan), needed_by=("demo",))
    return world.scope_facts(world.scope(), confluent, target="demo+confluent")


def lanes() -> Iterator[Any]:
    """Every gate of every DAG: first, first mutating and last one in `make test`, the others in `make matrix`.

    Where every lane runs, whatever the others found, the first one tells as much as any. tests/dags proves for each
    of them, without a run, that its failure fails the run.
    """
    environment = environments.load("dev_min")
    for phase in phases_of(environment):
        spec = phase_of(environment, phase)
        mutating = [lane for lane in spec.lanes if lane.mutates]
        chosen = [spec.lanes[0]] if spec.every_lane_runs else [spec.lanes[0], *mutating[:1], spec.lanes[-1]]
        for lane in spec.lanes:
            telling = lane in chosen
            marks = () if telling else (pytest.mark.matrix,)
            yield pytest.param(phase, lane.task_id, id=f"{phase}-{lane.task_id}", marks=marks)


def given_facts(closed: str | None) -> Callable[[str], Callable[..., Any]]:
    """Stands in for `resolve`: valid facts for every lane but the closed one; the verdict's own collector stays."""

    def collect(run: Any) -> Any:
        if run.lane.task_id == closed:
            return "not facts at all"
        return valid_facts(run.lane.gate)

    def given(path: str) -> Callable[..., Any]:
        if path.endswith(":collect_verdict"):
            return resolve(path)
        return collect if path.split(":")[1].startswith(("collect", "authorize", "bootstrap")) else lambda *_: None

    return given


@pytest.fixture
def given(with_kafka: Stage, monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], Stage]:
    def close(task_id: str | None) -> Stage:
        for module in (gate, guardrail, verdict):
            monkeypatch.setattr(module, "resolve", given_facts(task_id))
        return with_kafka

    return close


@pytest.mark.parametrize("phase", CONF)
def test_with_all_gates_open_the_run_succeeds(given: Callable[[str | None], Stage], phase: str) -> None:
    fail_without_a_line(it.gate for it in phase_of(environments.load("dev_min"), phase).lanes)
    run = given(None).run(phase, **CONF[phase])
    assert run.state == "success", {name: run.codes(name) for name in run.snapshots}


@pytest.mark.parametrize(("phase", "task_id"), list(lanes()))
def test_a_closed_gate_fails_the_run(given: Callable[[str | None], Stage], phase: str, task_id: str) -> None:
    spec = phase_of(environments.load("dev_min"), phase)
    fail_without_a_line(it.gate for it in spec.lanes)
    run = given(task_id).run(phase, **CONF[phase])
    expected = ends(spec, task_id)
    assert run.state == "failed"
    assert {name: run.tasks[name] for name in expected} == expected
    verdicts = [document for name, document in run.snapshots.items() if name.endswith("phase_verdict")]
    assert [document["overall_pass"] for document in verdicts] == [False]
    assert spec.verdict.task_id in run.started
