"""From a verdict to the channels: what is new leaves, with a link to the run, and is not sent again."""

from pathlib import Path
from typing import Any

import pytest

import factories_control as control
import factories_world as world_facts
from factories_world import NOW
from standins import MemoryStore, lane_run
from tidegate.lanes import judging
from tidegate.models.alert import Alert
from tidegate.models.facts import CollectorBroken
from tidegate.operators import notifiers
from tidegate.operators.telling import tell_of_no_verdict, tell_of_verdict


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Alert]:
    found: list[Alert] = []

    def deliver(_clients: Any, _environment: Any, _channel: Any, alert: Alert, _context: Any) -> None:
        found.append(alert)

    monkeypatch.setattr(notifiers, "deliver", deliver)
    monkeypatch.setattr(judging, "now", lambda: NOW)
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example")
    monkeypatch.setenv("TIDEGATE_GIT_COMMIT", "0123abc")
    return found


def judged(directory: Path, store: MemoryStore, run_id: str, facts: Any) -> tuple[Any, Any]:
    """The verdict's run of an audit whose posture lane found this, and its judgement."""
    given: dict[str, Any] = {"run_id": run_id, "remote": store}
    lane = judging.judge(lane_run(directory, "audit", "c_network_posture", **given), facts)
    given["handed_over"] = {"c_network_posture": lane.published.document}
    run = lane_run(directory, "audit", "n_phase_verdict", **given)
    return run, judging.judge(run, control.verdict_facts(observed_at=NOW, phase="audit"))


def test_a_finding_is_told_once_and_again_when_it_changed(tmp_path: Path, sent: list[Alert]) -> None:
    store = MemoryStore()
    for run_id, error in (("night_1", "KeyError: 'x'"), ("night_2", "KeyError: 'x'"), ("night_3", "KeyError: 'y'")):
        run, verdict = judged(tmp_path, store, run_id, CollectorBroken(observed_at=NOW, error=error))
        assert tell_of_verdict(run, verdict, {}) == ()
    mine = [alert for alert in sent if "NETWORK-POSTURE" in alert.key]
    assert len(mine) == 2
    assert mine[0].subject == "tidegate dev_min AUDIT: COLLECTOR-BROKEN NETWORK-POSTURE"
    assert "Run: https://airflow.example/dags/dev_min.audit/runs/night_1" in mine[0].text
    assert "audit_c_network_posture_snapshot.json" in mine[0].text


def test_a_finding_that_is_gone_is_told_when_it_comes_back(tmp_path: Path, sent: list[Alert]) -> None:
    store = MemoryStore()
    broken = world_facts.posture_facts(world_facts.live("aws_nat_gateway", "nat-1"), observed_at=NOW)
    for number, facts in enumerate((broken, world_facts.posture_facts(observed_at=NOW), broken)):
        run, verdict = judged(tmp_path, store, f"night_{number}", facts)
        tell_of_verdict(run, verdict, {})
    keys = [alert.key for alert in sent if alert.scope == "NETWORK-POSTURE"]
    assert len(keys) == 2 * len(set(keys)) > 0


def test_a_verdict_that_is_not_in_the_evidence_is_told_although_nothing_can_be_remembered(
    tmp_path: Path, sent: list[Alert]
) -> None:
    store = MemoryStore()
    store.refusing |= {"create", "read", "keys"}
    run = lane_run(tmp_path, "m9", "i_phase_verdict", remote=store)
    problems = tell_of_no_verdict(run, "EVIDENCE-UNREACHABLE s3://b: not taken | observed: x", {})
    assert [problem.code for problem in problems] == ["ALERTS-UNREMEMBERED"]
    (alert,) = sent
    assert "EVIDENCE-UNREACHABLE" in alert.subject
