"""The nightly audit on a real environment: nothing up, everything up, changed by hand, changed in the configuration.

It reads only, and leaves a verdict each time.
"""

from typing import Any

import pytest

from stage import Stage
from verified import from_s3

pytestmark = pytest.mark.end_to_end

OWN = {
    "b": "audit_b_continuity_snapshot",
    "g": "audit_g_state_locks_snapshot",
    "h": "audit_h_drift_snapshot",
    "j": "audit_j_evidence_chain_snapshot",
    "k": "audit_k_standing_passes_snapshot",
}
VERDICT = "audit_n_phase_verdict"


def codes(run: Any) -> dict[str, set[str]]:
    return {letter: run.codes(name) for letter, name in OWN.items()}


def nothing_found() -> dict[str, set[str]]:
    return {letter: set() for letter in OWN}


def drift(run: Any) -> dict[str, Any]:
    """By stack: what its plan said."""
    return {it["stack"]: it for it in run.snapshots[OWN["h"]]["facts"]["stacks"]}


def execution_of(run: Any) -> str:
    return str(run.snapshots[VERDICT]["execution_id"])


def test_an_audit_before_anything_was_built_leaves_its_record(bootstrapped: Stage) -> None:
    since = bootstrapped.position()
    run = bootstrapped.run("audit")
    assert codes(run) == nothing_found()
    assert bootstrapped.mutations(since) == []
    assert set(run.tasks.values()) <= {"success", "failed"}, "every lane runs"
    assert VERDICT in run.snapshots


def test_everything_stands_as_it_was_left(built: Stage) -> None:
    since = built.position()
    run = built.run("audit")
    assert codes(run) == nothing_found()
    assert {name for name, it in drift(run).items() if it["plan"]["kind"] == "known"} == {"core", "demo"}
    assert built.mutations(since) == []
    assert not {code for code, _ in from_s3(built, execution_of(run))} - {"VERDICT"}


def test_what_was_changed_by_hand_is_found_by_name_and_left_alone(built: Stage) -> None:
    ec2 = built.sandbox.client("ec2")
    (vpc,) = [
        it["VpcId"]
        for it in ec2.describe_vpcs()["Vpcs"]
        if any(tag["Key"] == "stack" and tag["Value"] == "demo" for tag in it.get("Tags", ()))
    ]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "by-hand", "Value": "s3cr3t-of-somebody"}])
    try:
        run = built.run("audit")
        assert codes(run)["h"] == {"STACK-DRIFTED"}
        (blocker,) = run.snapshots[OWN["h"]]["blockers"]
        assert "tags" in blocker["observed"]
        assert "s3cr3t-of-somebody" not in str(run.snapshots[OWN["h"]])
        assert run.state == "failed"
    finally:
        ec2.delete_tags(Resources=[vpc], Tags=[{"Key": "by-hand"}])


def test_a_configuration_that_was_changed_is_pending(built: Stage) -> None:
    with built.terraform_with("demo", "more.tf", 'output "another" {\n  value = "x"\n}\n'):
        run = built.run("audit")
    assert codes(run)["h"] == {"STACK-CHANGES-PENDING"}
