"""What M9 does after its proof: it closes the platform run that it proved the end of, and no other."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from factories_world import NOW, REGION, proof_facts, residual_facts
from tidegate.evidence.control import open_platform_run, read_platform_run
from tidegate.lanes import proof
from tidegate.lanes.proof import close_platform_run
from tidegate.lanes.run import ActionBlocked, LaneRun
from tidegate.models.control import PlatformRun
from tidegate.models.inventory import NotScanned
from tidegate.models.observed import Absent, Known

OURS = PlatformRun(id="platform_1", opened_by="m2_1", opened_at=NOW, closed_by=None)
PROOF = "s3://the-evidence/evidence/runs/platform_1/teardown/teardown_proof.attempt2.json"


@pytest.fixture
def run(world: Any) -> LaneRun:
    """The proof's lane of a run that began with platform run 1."""
    world.handed_over["a_readiness"] = {"platform_run": OURS.id}
    found: LaneRun = world.run("m9", "h_teardown_proof")
    return found


def test_the_platform_run_is_closed_by_the_proof_of_this_try(world: Any, run: LaneRun) -> None:
    open_platform_run(world.remote, "dev_min", OURS)
    close_platform_run(run, proof_facts(), {"attempt": 2})
    closed = read_platform_run(world.remote, "dev_min")
    assert isinstance(closed, Known)
    assert (closed.value.id, closed.value.closed_by) == (OURS.id, PROOF)


def test_a_platform_run_that_was_opened_meanwhile_is_not_closed(world: Any, run: LaneRun) -> None:
    newer = PlatformRun(id="platform_2", opened_by="m2_2", opened_at=NOW, closed_by=None)
    open_platform_run(world.remote, "dev_min", newer)
    with pytest.raises(ActionBlocked, match=r"^PLATFORM-RUN-NOT-OURS platform_2 is open") as raised:
        close_platform_run(run, proof_facts(), {"attempt": 1})
    assert "proved the end of platform_1" in str(raised.value)
    assert "remedy: trigger dev_min.m9_teardown_cost_check anew" in str(raised.value)
    assert read_platform_run(world.remote, "dev_min") == Known(newer)


def test_without_an_open_platform_run_nothing_is_recorded(world: Any, run: LaneRun) -> None:
    close_platform_run(run, proof_facts(), {"attempt": 1})
    assert read_platform_run(world.remote, "dev_min") == Absent()
    assert world.said == ["no platform run was open"]


def test_the_proof_carries_the_limits_of_the_scan(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = residual_facts()
    limits = (
        NotScanned(subject="aws_kms_key@*", reason="no listing"),
        NotScanned(subject="aws_lightsail_lb@us-west-1", reason="not offered"),
        NotScanned(subject="*@ap-southeast-2", reason="not in scan_regions"),
    )
    world.left("m9", "a_readiness", scan)
    world.left("m9", "f_residual_scan", replace(scan, inventory=replace(scan.inventory, not_scanned=limits)))
    monkeypatch.setattr(proof, "now", lambda: NOW)
    monkeypatch.setattr(proof, "frozen_scope", lambda _run: SimpleNamespace(stacks=()))
    monkeypatch.setattr(proof, "read_state", lambda *_: SimpleNamespace(resources=Absent()))
    facts = proof.collect_proof(world.run("m9", "h_teardown_proof"))
    assert facts.not_scanned == limits
    assert facts.scanned == tuple(sorted(scan.inventory.expected_coverage))
    assert world.said[-1] == (
        f"looked at 2 types in {REGION}; not looked at: "
        "types aws_kms_key, aws_lightsail_lb@us-west-1; regions ap-southeast-2"
    )
