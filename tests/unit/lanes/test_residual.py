"""The nightly scan: what it asks, and what one look leaves to the next."""

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from factories_control import intent
from factories_residual import platform_run
from factories_world import NOW, PREFIX, REGION, inventory, live, look
from standins import dev_min
from tidegate.collectors.aws.state import StateRead
from tidegate.evidence.control import close_platform_run, open_platform_run
from tidegate.gates.registry import by_id
from tidegate.lanes import looks as lanes_looks
from tidegate.lanes import residual, scope
from tidegate.models.inventory import LiveResource
from tidegate.models.observed import Absent, Known, Unreadable

TAGS = {"project": "fraud-platform", "environment": "dev_min", "lifecycle": "ephemeral"}
EMPTY = StateRead(version=Absent(), resources=Absent(), tainted=Absent(), outputs=Absent())


@pytest.fixture(autouse=True)
def found(monkeypatch: pytest.MonkeyPatch, moment: Any) -> list[LiveResource]:
    """An account in which only these answer, and no stack has a state."""
    answering: list[LiveResource] = []
    monkeypatch.setattr(residual, "now", moment)
    monkeypatch.setattr(residual, "collect_inventory", lambda *_: inventory(*answering))
    monkeypatch.setattr(residual, "read_state", lambda *_: EMPTY)
    monkeypatch.setattr(scope, "read_state", lambda *_: EMPTY)
    return answering


def scanned(world: Any, kept: Any = None, intents: Any = lambda _stack: Absent()) -> Any:
    run = world.run("audit", "d_residual_scan", kept=kept)
    run.intents = lambda stack: SimpleNamespace(unfinished=lambda: intents(stack))
    return residual.collect_audit_residual(run)


def codes(facts: Any, at: Any = NOW) -> list[str]:
    return [blocker.code for blocker in by_id("AUDIT-RESIDUAL").evaluate(facts, judged_at=at)]


def test_the_first_night_ever_is_clean_after_two_looks(world: Any, moment: Any) -> None:
    first = scanned(world)
    assert (first.platform_run, first.looks.first, codes(first)) == (Absent(), Absent(), ["RESIDUAL-UNCONFIRMED"])
    kept = json.loads(json.dumps(lanes_looks.carried_on(first.looks)))
    moment.now = NOW + timedelta(seconds=first.looks.pause_seconds)
    second = scanned(world, kept)
    assert second.looks.first == Known(first.looks.this)
    assert codes(second, moment.now) == []
    assert second.looks.this.inventory_sha256 == first.looks.this.inventory_sha256


def test_a_second_look_that_comes_too_early_still_confirms_the_first(world: Any, moment: Any) -> None:
    first = scanned(world)
    moment.now = NOW + timedelta(seconds=first.looks.pause_seconds - 1)
    early = scanned(world, lanes_looks.carried_on(first.looks))
    assert codes(early, moment.now) == ["RESIDUAL-UNCONFIRMED"]
    assert lanes_looks.carried_on(early.looks) == lanes_looks.carried_on(first.looks)
    assert early.looks.due_at == NOW + timedelta(seconds=first.looks.pause_seconds)


def test_what_appears_between_two_looks_is_found(world: Any, moment: Any, found: list[LiveResource]) -> None:
    first = scanned(world)
    found.append(live(tags=TAGS))
    moment.now = NOW + timedelta(minutes=1)
    second = scanned(world, lanes_looks.carried_on(first.looks))
    assert codes(second, moment.now) == ["RESIDUAL-RESOURCE"]
    assert second.looks.this.inventory_sha256 != first.looks.this.inventory_sha256


def test_a_clock_that_goes_back_between_two_looks(world: Any, moment: Any) -> None:
    first = scanned(world)
    moment.now = NOW - timedelta(seconds=1)
    assert codes(scanned(world, lanes_looks.carried_on(first.looks)), moment.now) == ["CLOCK-WENT-BACK"]


@pytest.mark.parametrize("kept", ["x", 3, {}, {"began": "soon"}, []])
def test_what_is_no_look_is_not_taken_for_one(world: Any, kept: Any) -> None:
    facts = scanned(world, kept)
    assert isinstance(facts.looks.first, Unreadable)
    assert codes(facts) == ["FIRST-LOOK-UNREADABLE"]


@pytest.mark.parametrize(("is_open", "code"), [(True, "ORPHAN-BESIDE-STACKS"), (False, "RESIDUAL-RESOURCE")])
def test_the_platform_run_decides(world: Any, found: list[LiveResource], is_open: bool, code: str) -> None:
    open_platform_run(world.remote, "dev_min", platform_run(is_open=True))
    if not is_open:
        close_platform_run(world.remote, "dev_min", platform_run(is_open=True), "s3://proof")
    found.append(live("aws_ecs_cluster", f"{PREFIX}-runtime"))
    assert codes(scanned(world)) == [code]


def test_states_that_cannot_be_read(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    dark = StateRead(version=Absent(), resources=Unreadable("403"), tainted=Absent(), outputs=Absent())
    monkeypatch.setattr(residual, "read_state", lambda *_: dark)
    assert codes(scanned(world)) == ["STATE-UNREADABLE"] * len(dev_min()[0].stacks)


def test_free_vendors_are_named_in_the_log(world: Any, found: list[LiveResource]) -> None:
    found.append(live(tags={**TAGS, "aws:cloudformation:stack-name": "infra"}))
    scanned(world)
    assert "aws_vpc vpc-0other eu-west-2 (CloudFormation stack infra)" in world.said[-1]


def test_only_what_is_free_whatever_its_attributes_counts_as_free() -> None:
    free = residual.free_types(dev_min()[1].prices)
    assert {"aws_vpc", "aws_ecs_cluster", "aws_security_group"} <= set(free)
    assert not {"aws_vpc_endpoint", "aws_ecs_service", "aws_ssm_parameter", "aws_db_instance", "aws_nat_gateway"} & set(
        free
    )


def test_only_what_was_read_is_a_subject(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(residual, "collect_inventory", lambda *_: inventory(coverage=inventory().coverage[:1]))
    facts = scanned(world)
    assert facts.looks.this.subjects == (f"aws_nat_gateway@{REGION}",)
    assert look().subjects != facts.looks.this.subjects


def test_what_an_apply_is_making_is_no_orphan(world: Any, found: list[LiveResource]) -> None:
    """Also when it ended while the scan went on: it was under way when the scan began."""
    open_platform_run(world.remote, "dev_min", platform_run(is_open=True))
    found.append(live(tags=TAGS))
    answers = {"core": [Absent(), Absent()], "demo": [Known(intent(liveness="live")), Absent()]}
    facts = scanned(world, intents=lambda stack: answers[stack].pop(0))
    assert facts.applying == ("demo",)
    assert "ORPHAN-BESIDE-STACKS" not in codes(facts)
    assert "an apply of demo is under way: what no state holds is not looked for" in world.said


def test_without_an_apply_it_is_one(world: Any, found: list[LiveResource]) -> None:
    open_platform_run(world.remote, "dev_min", platform_run(is_open=True))
    found.append(live(tags=TAGS))
    facts = scanned(world, intents=lambda _stack: Known(intent(liveness="dead")))
    assert (facts.applying, codes(facts)[:1]) == ((), ["ORPHAN-BESIDE-STACKS"])
