"""What a root may not hold closes every gate that judges a plan made from it, each thing with a code of its own."""

from dataclasses import replace
from typing import Any

import pytest

import factories_audit as audit
import factories_guardrails as guardrails
import factories_world as world
from factories_control import build_readiness_facts
from factories_root import root_sources
from tidegate.gates.registry import by_id
from tidegate.gates.rules_root import root_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.root import RootPart, StackRoot

WITHOUT = Unreadable("ROOT-PROVISIONER main.tf:3")
REFUSED = RootPart(kind="provisioner", what="provisioner local-exec", where="main.tf:3")

NULL = RootPart(kind="provider", what="registry.terraform.io/hashicorp/null", where="a.tf:1")
CODES: list[Any] = [
    (NULL, "ROOT-PROVIDER-NOT-ALLOWED"),
    (RootPart(kind="provider", what="evil.example/hashicorp/aws", where="a.tf:1"), "ROOT-PROVIDER-NOT-ALLOWED"),
    (REFUSED, "ROOT-PROVISIONER"),
    (RootPart(kind="connection", what="connection", where="main.tf:3"), "ROOT-CONNECTION"),
    (RootPart(kind="data_source", what="external", where="main.tf:3"), "ROOT-DATA-SOURCE"),
    (RootPart(kind="data_source", what="http", where="main.tf:3"), "ROOT-DATA-SOURCE"),
    (RootPart(kind="open_variable", what="api_token", where="main.tf:3"), "ROOT-VARIABLE-NOT-SENSITIVE"),
    (
        RootPart(kind="no_login", what="Airflow has no connection x", where="stacks.demo.connections.x"),
        "ROOT-CONNECTION-UNUSABLE",
    ),
    (RootPart(kind="credentials", what="profile of provider aws", where="main.tf:3"), "ROOT-CREDENTIALS"),
    (RootPart(kind="remote_state", what="http", where="main.tf:3"), "ROOT-REMOTE-STATE"),
    (RootPart(kind="remote_state", what="an expression", where="main.tf:3"), "ROOT-REMOTE-STATE"),
    (RootPart(kind="module", what="hashicorp/consul/aws", where="main.tf:3"), "ROOT-MODULE-OUTSIDE"),
    (RootPart(kind="backend", what="local", where="main.tf:3"), "ROOT-BACKEND"),
    (RootPart(kind="backend", what="s3, with settings", where="main.tf:3"), "ROOT-BACKEND"),
    (RootPart(kind="no_backend", what="no backend block", where="backend.tf"), "ROOT-BACKEND-MISSING"),
    (RootPart(kind="cloud", what="cloud", where="main.tf:3"), "ROOT-CLOUD"),
    (RootPart(kind="symlink", what="x -> /etc", where="x"), "ROOT-SYMLINK"),
    (RootPart(kind="file", what="terraform.tfvars", where="terraform.tfvars"), "ROOT-FILE"),
    (RootPart(kind="not_understood", what="a comment does not end", where="main.tf:3"), "ROOT-NOT-UNDERSTOOD"),
]


def before_a_build(root: Any) -> list[str]:
    given = build_readiness_facts(roots=(StackRoot(stack="demo", root=root),))
    return [it.code for it in by_id("BUILD-READINESS").evaluate(given, judged_at=given.observed_at)]


@pytest.mark.parametrize(("part", "code"), CODES)
def test_nothing_is_built_while_the_root_of_any_stack_would_be_refused(part: RootPart, code: str) -> None:
    assert before_a_build(Known(root_sources(part))) == [code]


@pytest.mark.parametrize(
    ("root", "codes"),
    [
        (Known(root_sources()), []),
        (Absent(), ["ROOT-MISSING"]),
        (Unreadable("Permission denied: main.tf"), ["ROOT-UNREADABLE"]),
    ],
)
def test_a_root_that_cannot_be_looked_at_keeps_a_build_from_starting(root: Any, codes: list[str]) -> None:
    assert before_a_build(root) == codes


def facts(gate: str, root: Any, plan: Any) -> Any:
    scope = world.scope(root=root, **({} if plan is None else {"plan": plan}))
    match gate:
        case "PLAN-GUARD":
            return world.plan_facts(root=root, **({} if plan is None else {"plan": plan}))
        case "TEARDOWN-SCOPE":
            return world.scope_facts(scope)
        case "TEARDOWN-VIABILITY":
            return replace(guardrails.viability_facts(), stacks=(scope,), destroyable=("demo",))
        case _:
            given = {} if plan is None else {"plan": plan}
            return audit.drift_facts(audit.stack_drift("demo", root=root, **given))


def judged(gate: str, root: Any, plan: Any = None) -> tuple[Blocker, ...]:
    given = facts(gate, root, plan)
    return by_id(gate).evaluate(given, judged_at=given.observed_at)


GATES = ["PLAN-GUARD", "TEARDOWN-SCOPE", "TEARDOWN-VIABILITY", "STACK-DRIFT"]


@pytest.mark.parametrize("gate", GATES)
def test_a_refused_root_is_why_there_is_no_plan(gate: str) -> None:
    (blocker,) = judged(gate, Known(root_sources(REFUSED)), WITHOUT)
    assert (blocker.code, blocker.resource) == ("ROOT-PROVISIONER", "main.tf:3")
    assert "<root of demo>" in blocker.remedy.text


@pytest.mark.parametrize("gate", GATES)
def test_it_closes_the_gate_even_if_there_is_a_plan(gate: str) -> None:
    assert [it.code for it in judged(gate, Known(root_sources(REFUSED)))] == ["ROOT-PROVISIONER"]


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("root", [Absent(), Known(root_sources())], ids=["nobody-looked", "harmless"])
def test_else_terraforms_own_words(gate: str, root: Any) -> None:
    assert judged(gate, root) == ()
    assert [it.code for it in judged(gate, root, WITHOUT)] == ["PLAN-UNREADABLE"]


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize(("root", "code"), [(Unreadable("EIO"), "ROOT-UNREADABLE")])
def test_a_root_that_nobody_could_read(gate: str, root: Any, code: str) -> None:
    assert [it.code for it in judged(gate, root, WITHOUT)] == [code]


@pytest.mark.parametrize(("part", "code"), CODES)
def test_each_thing_has_its_code(part: RootPart, code: str) -> None:
    (blocker,) = root_blockers(Known(root_sources(part)), "demo")
    assert (blocker.code, blocker.resource) == (code, part.where)
    assert part.what in blocker.observed
    assert ("<root of demo>" in blocker.remedy.text) is (part.kind != "no_login"), "who mends it mends the root"


def test_of_several_each_is_said() -> None:
    parts = [part for part, _ in CODES]
    assert [it.code for it in root_blockers(Known(root_sources(*parts)), "demo")] == [code for _, code in CODES]


def test_a_provider_may_be_allowed() -> None:
    (blocker,) = root_blockers(Known(root_sources(NULL)), "demo")
    assert "providers in include/environments/<environment>.yaml" in blocker.remedy.text
    allowed = replace(root_sources(NULL), allowed_providers=(*root_sources().allowed_providers, NULL.what))
    assert list(root_blockers(Known(allowed), "demo")) == []
