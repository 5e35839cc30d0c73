"""M2.I asks for the DAGs that tear down, and for those that watch where schedules are on."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from factories_guardrails import NOW
from tidegate.gates.registry import by_id
from tidegate.lanes import guardrails
from tidegate.models.observed import Known
from tidegate.models.viability import DagStatus, ViabilityFacts
from tidegate.settings import settings


@pytest.fixture(autouse=True)
def _no_terraform(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(guardrails, "now", lambda: NOW)
    monkeypatch.setattr(guardrails, "stack_scope", lambda *_: None)
    monkeypatch.setattr(guardrails, "preserve_set", lambda *_: Known(()))
    yield
    settings.cache_clear()


def asked(world: Any, monkeypatch: pytest.MonkeyPatch, schedules: str) -> tuple[ViabilityFacts, list[str]]:
    """As a fresh Airflow has it: M9 and stop were unpaused by hand, the others not."""
    monkeypatch.setenv("TIDEGATE_SCHEDULES", schedules)
    settings.cache_clear()
    names: list[str] = []

    def status(dag_id: str) -> DagStatus:
        names.append(dag_id.partition(".")[2])
        ready = names[-1] in {"m9_teardown_cost_check", "emergency_stop"}
        return DagStatus(dag_id=dag_id, paused=Known(not ready), loads=Known(True))

    return guardrails.collect_viability(world.run("m2", "i_teardown_viability", dag_status=status)), names


def test_nobody_watches_in_a_fresh_airflow(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    facts, names = asked(world, monkeypatch, "true")
    assert names == ["m9_teardown_cost_check", "emergency_stop", "teardown_audit", "hourly_check"]
    assert facts.schedules is True
    gate = by_id("TEARDOWN-VIABILITY")
    found = {blocker.code: blocker for blocker in gate.blockers(_without_stacks(facts))}
    assert {"AUDIT-PAUSED", "HOURLY-PAUSED"} <= set(found)
    assert found["AUDIT-PAUSED"].remedy.text.startswith("run `airflow dags unpause dev_min.teardown_audit` as ")


def test_where_nothing_runs_by_itself_nobody_is_asked_for(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    facts, names = asked(world, monkeypatch, "false")
    assert names == ["m9_teardown_cost_check", "emergency_stop"]
    assert (facts.schedules, facts.audit, facts.hourly_check) == (False, None, None)


def _without_stacks(facts: ViabilityFacts) -> ViabilityFacts:
    return replace(facts, stacks=())
