"""The mark `tainted` comes off protected resources of core only, on fresh facts, with a record written first."""

from types import SimpleNamespace
from typing import Any

import pytest

import factories_control as control
from factories_world import NOW, state_lock, state_version
from tidegate.collectors.aws.state import StateRead
from tidegate.evidence.canonical import unseal
from tidegate.lanes import readiness, taint
from tidegate.lanes.run import LaneRun
from tidegate.lanes.taint import take_marks_off
from tidegate.models.control import Lease
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.terraform.runner import TerraformStopped

BUDGET, ROLE = "aws_budgets_budget.monthly", "aws_iam_role.execution"
RECORDS = "control/dev_min/untainted"
WHY = "the worker was restarted"


def state(*tainted: str) -> StateRead:
    return StateRead(version=Known(state_version()), resources=Known(()), tainted=Known(tainted), outputs=Known({}))


def unknown(observed: Absent | Unreadable) -> StateRead:
    return StateRead(version=observed, resources=observed, tainted=observed, outputs=observed)


class Terraform:
    """Notes what it was told, and how many records were there by then."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.told: list[tuple[str, int]] = []
        self.stops_at = ""

    def init(self) -> None:
        self.told.append(("init", 0))

    def untaint(self, address: str) -> None:
        if address == self.stops_at:
            raise TerraformStopped("untaint", 1, ("no",))
        self.told.append((address, len(self.world.remote.keys(f"{RECORDS}/"))))


class Core:
    """M2.C's plan lane as it may take marks off; a test changes one thing of it."""

    def __init__(self, world: Any) -> None:
        self.read = state(BUDGET)
        self.locks: Observed[Any] = Known(())
        self.intent: Observed[Any] = Absent()
        self.caller = control.caller()
        self.control = control.control(latch=Absent())
        self.writable: Observed[bool] = Known(True)
        self.terraform = Terraform(world)
        self.run: Any = world.run("m2", "c_core.plan_and_guard")
        self.run.acquire_lease = lambda: self.control.lease
        self.run.intents = lambda _stack: SimpleNamespace(unfinished=lambda: self.intent)
        self.run.terraform = lambda _workspace: self.terraform

    def take(self, stack: str = "core") -> tuple[str, ...]:
        run: LaneRun = self.run
        return take_marks_off(run, stack, WHY)


@pytest.fixture
def core(world: Any, monkeypatch: pytest.MonkeyPatch) -> Core:
    core = Core(world)
    monkeypatch.setattr(taint, "now", lambda: NOW)
    monkeypatch.setattr(taint, "read_state", lambda *_: core.read)
    monkeypatch.setattr(taint, "read_state_locks", lambda *_: core.locks)
    monkeypatch.setattr(taint, "checked_workspace", lambda *_: (SimpleNamespace(), ""))
    monkeypatch.setattr(readiness, "caller", lambda _run: core.caller)
    monkeypatch.setattr(readiness, "tools", lambda _run: control.tools())
    monkeypatch.setattr(readiness, "control_records", lambda _run, lease: core.control)
    monkeypatch.setattr(readiness, "evidence_writable", lambda _run: core.writable)
    return core


def records(world: Any) -> list[dict[str, Any]]:
    return [unseal(world.remote.objects[key]) for key in world.remote.keys(f"{RECORDS}/")]


def test_each_mark_is_recorded_and_then_taken_off(core: Core, world: Any) -> None:
    core.read = state(BUDGET, ROLE)
    assert core.take() == (BUDGET, ROLE)
    assert core.terraform.told == [("init", 0), (BUDGET, 1), (ROLE, 2)]
    first = records(world)[0]
    assert (first["stack"], first["address"], first["reason"]) == ("core", BUDGET, WHY)
    assert first["execution_id"] == core.run.execution_id
    assert first["recorded_at"] == NOW.isoformat()
    assert "serial=8" in first["state"]


def test_in_a_stack_that_stays_everything_loses_its_mark(core: Core) -> None:
    """Terraform would replace it, and no build takes anything from there."""
    core.read = state("aws_ssm_parameter.x", BUDGET)
    assert core.take() == ("aws_ssm_parameter.x", BUDGET)


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(state(), id="nothing-tainted"),
        pytest.param(unknown(Absent()), id="no-state"),
        pytest.param(unknown(Unreadable("403")), id="not-readable"),
    ],
)
def test_where_there_is_nothing_to_take_off_terraform_does_not_run(core: Core, world: Any, read: StateRead) -> None:
    core.read = read
    assert core.take() == ()
    assert core.terraform.told == []
    assert records(world) == []


def test_in_an_ephemeral_stack_nothing_is_protected(core: Core) -> None:
    assert core.take("demo") == ()
    assert core.terraform.told == []


THEIRS = Lease(ours=False, holder=control.THEIRS.holder)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("caller", control.caller(role=Known("admin")), "ROLE-MISMATCH"),
        ("caller", control.caller(account_id=Unreadable("403")), "ACCOUNT-UNREADABLE"),
        ("control", control.control(lease=THEIRS), "LEASE-NOT-OURS"),
        ("control", control.control(latch=Known(control.latch(is_set=True))), "LATCH-SET"),
        ("locks", Known((state_lock(),)), "STATE-LOCKED"),
        ("locks", Unreadable("403"), "STATE-LOCK-UNREADABLE"),
        ("intent", Known(control.intent(liveness="live")), "TERRAFORM-STILL-RUNNING"),
        ("intent", Known(control.intent(liveness="unknown")), "TERRAFORM-STILL-RUNNING"),
        ("intent", Unreadable("403"), "INTENT-UNREADABLE"),
        ("writable", Unreadable("403"), "EVIDENCE-UNREACHABLE"),
    ],
)
def test_whatever_would_stop_an_apply_keeps_the_marks(
    core: Core, world: Any, field: str, value: Any, code: str
) -> None:
    setattr(core, field, value)
    assert core.take() == ()
    assert core.terraform.told == []
    assert records(world) == []
    assert any(code in line for line in world.said)


def test_without_a_record_no_mark_is_taken_off(core: Core, world: Any) -> None:
    assert core.run.execution_id
    world.remote.refusing.add("create")
    assert core.take() == ()
    assert core.terraform.told == [("init", 0)]
    assert any("marks in the state of core stay: " in line for line in world.said)


def test_what_terraform_does_not_manage_stays_tainted(core: Core) -> None:
    core.read = state(BUDGET, ROLE)
    core.terraform.stops_at = ROLE
    assert core.take() == (BUDGET,)
