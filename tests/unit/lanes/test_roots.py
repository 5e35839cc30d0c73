"""A refused root is neither copied nor initialised, whatever wants a plan of it; nor is one that changed since."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from factories_world import NOW, plan, state_version
from stage import PROJECT
from standins import dev_min
from tidegate.gates.registry import by_id
from tidegate.lanes import audit_drift, build, planning, roots, scope, taint
from tidegate.lanes.run import ActionBlocked
from tidegate.models.environment import Environment
from tidegate.models.login import Login
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.settings import settings
from tidegate.terraform import workspace

STATE = SimpleNamespace(
    resources=Known(()), version=Known(state_version()), outputs=Known({}), tainted=Known(("aws_budgets_budget.this",))
)


class Place:
    """A copy of the shipped roots that a test may spoil, and a run whose terraform nobody may start."""

    def __init__(self, world: Any, directory: Path) -> None:
        self.world = world
        self.roots = directory / "terraform"
        self.work = directory / "work"
        left_out = shutil.ignore_patterns(".terraform")
        shutil.copytree(PROJECT / "include" / "terraform", self.roots, ignore=left_out)

    def spoil(self, stack: str = "demo") -> None:
        (self.roots / stack / "more.tf").write_text('data "external" "x" {\n  program = ["id"]\n}\n')

    def run(self, phase: str, task: str, **given: Any) -> Any:
        run = self.world.run(phase, task, **given)
        run.terraform = lambda _prepared: pytest.fail("terraform was started")
        run.intents = lambda _stack: SimpleNamespace(unfinished=Absent, last_apply=Absent)
        return run

    def is_untouched(self) -> bool:
        return not self.work.exists()


@pytest.fixture
def place(world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place(world, tmp_path)
    monkeypatch.setenv("TIDEGATE_TERRAFORM_DIR", str(place.roots))
    monkeypatch.setenv("TIDEGATE_WORK_DIR", str(place.work))
    settings.cache_clear()
    for module in (build, scope, audit_drift):
        monkeypatch.setattr(module, "read_state", lambda *_: STATE)
    monkeypatch.setattr(planning, "read_state_locks", lambda *_: Known(()))
    monkeypatch.setattr(build, "stack_inputs", lambda *_: {})
    monkeypatch.setattr(scope, "_recorded_inputs", lambda *_: Known({}))
    monkeypatch.setattr(audit_drift, "_inputs", lambda *_: Known({}))
    return place


def codes(gate: str, facts: Any) -> list[tuple[str, str]]:
    return [(it.code, it.resource) for it in by_id(gate).evaluate(facts, judged_at=facts.observed_at)]


REFUSED = [("ROOT-DATA-SOURCE", "more.tf:1"), ("ROOT-PROVIDER-NOT-ALLOWED", "more.tf:1")]


def test_a_build_makes_no_plan(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.spoil()
    monkeypatch.setattr(build, "refused_now", lambda *_: ())
    facts = build.collect_plan(place.run("m2", "f_demo.plan_and_guard"))
    assert isinstance(facts.plan, Unreadable)
    assert "ROOT-DATA-SOURCE more.tf:1" in facts.plan.reason
    assert codes("PLAN-GUARD", facts) == REFUSED
    assert place.is_untouched()


def test_nor_does_a_destroy(place: Place) -> None:
    place.spoil()
    found = scope.stack_scope(place.run("m9", "b_scope_freeze"), "demo", Absent())
    assert isinstance(found.plan, Unreadable)
    assert isinstance(found.root, Known)
    assert place.is_untouched()


def test_a_held_stack_is_not_even_looked_at(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scope, "look_at_root", lambda *_: pytest.fail("looked"))
    held = by_id("PLAN-GUARD").evaluate(object(), judged_at=NOW)
    assert scope.stack_scope(place.run("m9", "b_scope_freeze"), "demo", Absent(), held=held).root == Absent()


def test_nor_does_the_audit(place: Place) -> None:
    place.spoil()
    run = place.run("audit", "h_drift")
    found = audit_drift._drift(run, "demo")
    assert isinstance(found.plan, Unreadable)
    assert isinstance(found.root, Known)
    assert place.is_untouched()


def test_no_mark_is_taken_off(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.spoil("core")
    monkeypatch.setattr(taint, "read_state", lambda *_: STATE)
    monkeypatch.setattr(taint, "mutation_refusals", lambda *_: ())
    assert taint.take_marks_off(place.run("m2", "c_core.plan_and_guard"), "core", "why") == ()
    assert any("ROOT-DATA-SOURCE" in said for said in place.world.said)
    assert place.is_untouched()


def test_a_root_that_changes_while_it_is_read(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def edited(*given: Any) -> Any:
        place.spoil()
        return prepare(*given)

    prepare = workspace.prepare
    monkeypatch.setattr(workspace, "prepare", edited)
    with pytest.raises(roots.RootRefused, match="the root of demo changed while it was read"):
        roots.checked_workspace(place.run("m2", "f_demo.plan_and_guard"), "demo")


def test_what_is_shipped_is_copied(place: Place) -> None:
    run = place.run("m2", "f_demo.plan_and_guard")
    prepared, digest = roots.checked_workspace(run, "demo")
    assert (prepared.root / "main.tf").is_file()
    looked = roots.look_at_root(run, "demo")
    assert isinstance(looked, Known)
    assert (looked.value.source_digest, looked.value.allowed_providers) == (digest, run.environment.providers)


HELD = Known(Login(login="somebody", password="s3cr3t"))


def takes(**variables: str) -> Environment:
    """demo takes a connection."""
    document = dev_min()[0].model_dump(by_alias=True)
    document["stacks"]["demo"]["connections"] = {"api": variables}
    return Environment.model_validate(document)


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (Absent(), "Airflow has no connection api"),
        (Unreadable("connection api: ValueError"), "connection api: ValueError"),
        (Known(Login(login="", password="s3cr3t")), "connection api has no login"),
        (Known(Login(login="somebody", password="")), "connection api has no password"),
    ],
)
def test_without_its_connection_a_stack_is_not_planned(place: Place, held: Any, said: str) -> None:
    given = takes(login="API_USER", password="API_TOKEN")
    run = place.run("m2", "f_demo.plan_and_guard", environment=given, login=lambda _name: held)
    with pytest.raises(roots.RootRefused, match=f"ROOT-CONNECTION-UNUSABLE stacks.demo.connections.api: {said}"):
        roots.checked_workspace(run, "demo")
    assert place.is_untouched()


def test_a_stacks_connection_reaches_its_terraform_alone(place: Place) -> None:
    given = takes(login="API_USER", password="API_TOKEN")
    run = place.run("m2", "f_demo.plan_and_guard", environment=given, login=lambda _name: HELD)
    roots.checked_workspace(run, "demo")
    assert run._secrets("demo") == {"API_USER": "somebody", "API_TOKEN": "s3cr3t"}
    assert run._secrets("core") == {}
    looked = roots.look_at_root(run, "demo")
    assert "s3cr3t" not in repr(looked)


def test_half_a_connection_is_enough_where_half_is_taken(place: Place) -> None:
    given = takes(password="API_TOKEN")
    only = Known(Login(login="", password="s3cr3t"))
    run = place.run("m2", "f_demo.plan_and_guard", environment=given, login=lambda _name: only)
    assert run._secrets("demo") == {"API_TOKEN": "s3cr3t"}


def test_a_variable_that_would_be_shown_takes_no_secret(place: Place) -> None:
    given = takes(password="TF_VAR_region")
    run = place.run("m2", "f_demo.plan_and_guard", environment=given, login=lambda _name: HELD)
    with pytest.raises(roots.RootRefused, match=r"ROOT-VARIABLE-NOT-SENSITIVE variables\.tf:\d+: variable region"):
        roots.checked_workspace(run, "demo")


def test_no_root_is_left_to_the_plan_to_say(place: Place) -> None:
    (place.roots / "demo" / "backend.tf").unlink()
    run = place.run("m2", "f_demo.plan_and_guard")
    assert roots.look_at_root(run, "demo") == Absent()
    planned = planning.make_plan(run, "demo", "build", {})
    assert isinstance(planned, Unreadable)
    assert "not the root of stack 'demo'" in planned.reason


def test_a_root_that_cannot_be_read(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: Any) -> Any:
        raise PermissionError(13, "Permission denied", "demo/main.tf")

    monkeypatch.setattr(roots, "read_root", refuses)
    run = place.run("m2", "f_demo.plan_and_guard")
    assert roots.look_at_root(run, "demo") == Unreadable("Permission denied: demo/main.tf")
    with pytest.raises(roots.RootRefused, match="ROOT-UNREADABLE"):
        roots.checked_workspace(run, "demo")


# Between plan and apply.


class Terraform:
    def __init__(self) -> None:
        self.did: list[str] = []

    def init(self) -> None:
        self.did.append("init")

    def apply(self, _path: Path) -> None:
        self.did.append("apply")


@pytest.fixture
def fetched(place: Place) -> tuple[Any, Terraform, Any]:
    """A run that fetched the plan of a root as it is now, its terraform, and the plan."""
    run = place.run("m2", "f_demo.apply")
    terraform = Terraform()
    run.terraform = lambda _prepared: terraform
    prepared, digest = roots.checked_workspace(run, "demo")
    workspace.fetched_plan(prepared).write_text("plan")
    return run, terraform, plan(source_digest=digest)


def test_the_root_that_was_planned_is_applied(fetched: tuple[Any, Terraform, Any], place: Place) -> None:
    run, terraform, planned = fetched
    build.apply_fetched(run, "demo", planned)
    assert terraform.did == ["init", "apply"]
    assert list(place.work.rglob("*.tfplan")) == []


def test_one_that_changed_since_is_not_even_initialised(fetched: tuple[Any, Terraform, Any], place: Place) -> None:
    run, terraform, planned = fetched
    place.spoil()
    with pytest.raises(ActionBlocked, match="include/terraform/demo changed after demo was planned"):
        build.apply_fetched(run, "demo", planned)
    assert terraform.did == []
    assert list(place.work.rglob("*.tfplan")) == []
