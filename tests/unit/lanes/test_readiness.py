"""The first lanes: what they hold against the manifest, and that M1 makes nothing while it cannot see the lease."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

import factories_control as control
from factories_world import NOW
from standins import NO_TOKEN_FILE, aws_error, dev_min, refuse, s3_in_moto
from tidegate.gates.registry import by_id
from tidegate.lanes import readiness
from tidegate.lanes import run as lane_run_module
from tidegate.lanes.run import LaneRun
from tidegate.models.backend import BootstrapFacts, BootstrapStep
from tidegate.models.observed import Absent, Known
from tidegate.models.readiness import LaneGap

EVIDENCE = dev_min()[0].evidence.bucket
LEASE = "control/dev_min/lease.json"
MADE = BootstrapFacts(observed_at=NOW, expected=("x",), steps=(BootstrapStep(resource="x", outcome="created"),))


@pytest.fixture
def s3() -> Iterator[Any]:
    with s3_in_moto(EVIDENCE) as client:
        yield client


@pytest.fixture
def m1(world: Any, s3: Any, monkeypatch: pytest.MonkeyPatch) -> LaneRun:
    """M1's bootstrap lane, whose identity is fine and whose bootstrap only says that it was done."""
    identity = control.identity_facts(observed_at=NOW)
    monkeypatch.setattr(readiness, "now", lambda: NOW)
    monkeypatch.setattr(lane_run_module, "now", lambda: NOW)
    monkeypatch.setattr(readiness, "collect_identity", lambda _run: identity)
    monkeypatch.setattr(readiness, "bootstrap", lambda *_: MADE)
    found: LaneRun = world.run("m1", "b_bootstrap", clients=SimpleNamespace(s3=s3))
    return found


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(aws_error("403", "HeadBucket"), id="access-denied"),
        pytest.param(aws_error("500", "HeadBucket"), id="internal-error"),
        pytest.param(aws_error("SlowDown", "HeadBucket"), id="throttled"),
        pytest.param(aws_error("301", "HeadBucket"), id="elsewhere"),
        pytest.param(ReadTimeoutError(endpoint_url="https://s3"), id="no-answer"),
        pytest.param(NO_TOKEN_FILE, id="no-token-file"),
    ],
)
def test_a_bucket_of_which_nobody_can_tell_is_not_no_bucket(m1: LaneRun, s3: Any, error: Exception) -> None:
    for operation in ("HeadBucket", "GetObject"):
        refuse(s3, operation, error)
    (step,) = readiness.bootstrap_backend(m1).steps
    assert (step.resource, step.outcome) == ("lease", "refused")
    assert "Unreadable" in step.detail


@pytest.mark.parametrize("code", ["404", "NoSuchBucket"])
def test_before_there_is_a_bucket_there_is_no_lease(m1: LaneRun, s3: Any, code: str) -> None:
    refuse(s3, "HeadBucket", aws_error(code, "HeadBucket"))
    assert readiness.bootstrap_backend(m1) == MADE
    assert s3.list_objects_v2(Bucket=EVIDENCE)["KeyCount"] == 0


def test_the_lease_is_taken_where_there_is_a_bucket(m1: LaneRun, s3: Any) -> None:
    assert readiness.bootstrap_backend(m1) == MADE
    assert s3.list_objects_v2(Bucket=EVIDENCE)["Contents"][0]["Key"] == LEASE


def test_a_lease_that_another_run_holds_stops_the_bootstrap(m1: LaneRun) -> None:
    assert m1.lease.acquire(dag_id="dev_min.m2", run_id="other", execution_id="m2_x", now=NOW).ours
    (step,) = readiness.bootstrap_backend(m1).steps
    assert (step.resource, step.outcome) == ("lease", "refused")
    assert "dev_min.m2" in step.detail


def test_an_identity_that_is_refused_stops_the_bootstrap(m1: LaneRun, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = control.identity_facts(observed_at=NOW, caller=control.caller(role=Known("admin")))
    monkeypatch.setattr(readiness, "collect_identity", lambda _run: stranger)
    facts = readiness.bootstrap_backend(m1)
    assert {step.outcome for step in facts.steps} == {"refused"}
    assert any("ROLE-" in step.detail for step in facts.steps)


# Stacks of which no lane takes care.


@pytest.mark.parametrize(
    ("phase", "collect"), [("m2", "collect_build_readiness"), ("m9", "collect_teardown_readiness")]
)
def test_a_stack_without_a_lane_closes_the_first_lane(
    world: Any, s3: Any, monkeypatch: pytest.MonkeyPatch, phase: Any, collect: str
) -> None:
    monkeypatch.setattr(readiness, "now", lambda: NOW)
    monkeypatch.setattr(readiness, "caller", lambda _run: control.caller())
    monkeypatch.setattr(readiness, "tools", lambda _run: control.tools())
    monkeypatch.setattr(readiness, "standing_role", lambda _run: Absent())
    monkeypatch.setattr(readiness, "collect_stack_locks", lambda _run, _stacks: (control.stack_locks(),))
    monkeypatch.setattr(readiness, "read_state", lambda *_: SimpleNamespace(version=Absent()))
    monkeypatch.setattr(readiness, "check_digest", lambda *_: Absent())
    gaps = (LaneGap(stack="edge", missing="build"), LaneGap(stack="edge", missing="destroy"))
    monkeypatch.setattr(readiness, "lane_gaps", lambda _environment: gaps)
    params = {"target": "demo", "confirm": "dev_min"}
    run = world.run(phase, "a_readiness", params=params, clients=SimpleNamespace(s3=s3))
    facts = getattr(readiness, collect)(run)
    assert facts.lane_gaps == gaps
    codes = [blocker.code for blocker in by_id(run.lane.gate).evaluate(facts, judged_at=NOW)]
    assert codes == ["STACK-WITHOUT-LANE", "STACK-WITHOUT-LANE"]
