"""What every gate owes: a name, an owner, a test file, and a closed door for whatever it cannot judge."""

import ast
import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import factories_control as control
from factories_world import ALL_FREE
from facts_that_pass import PASSING, VARIANTS, passing_on, variants, without_a_line
from tidegate.commands.gate_skeleton import MARK
from tidegate.documents.taxonomy import taxonomy
from tidegate.gates import base
from tidegate.gates.base import MAX_FACT_AGE, Gate
from tidegate.gates.registry import GATES, by_id
from tidegate.models.blocker import Blocker
from tidegate.models.environment import Environment
from tidegate.models.facts import CollectorBroken, Facts
from tidegate.models.observed import Known, Unreadable
from tidegate.models.policy import Policies

PACKAGE = Path(base.__file__).parent
MODULES = sorted(path.stem for path in PACKAGE.glob("*.py") if not path.stem.startswith(("rules_", "_")))
GATE_MODULES = [name for name in MODULES if name not in {"base", "registry"}]
TESTS = Path(__file__).parent
PROJECT = Path(__file__).parents[3]
OWNERS = {"platform", "finops"}
PURE_IMPORTS = {"collections", "dataclasses", "datetime", "decimal", "itertools", "re", "tidegate", "typing"}
CODE = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)+")

MAY_BE_UNREADABLE = {
    ("TEARDOWN-READINESS", "control.latch"): "the emergency latch stops builds; a teardown is the way out of it (CO4)",
    ("TEARDOWN-READINESS", "control.platform_run"): "history never stops a teardown (TD9)",
    ("PLAN-GUARD free", "month"): "a plan that adds nothing that costs is never stopped by cost (CO6)",
    ("COST-GUARDRAIL both", "widest_scope"): "a scope that leaves no platform out cannot have been narrowed",
    ("MUTATION-AUTHORIZATION destroy", "control.latch"): "the emergency latch stops builds, not a destroy (CO4)",
    ("MUTATION-AUTHORIZATION destroy", "control.platform_run"): "history never stops a destroy (TD9)",
    ("MUTATION-AUTHORIZATION left alone", "control.latch"): "nothing is applied",
    ("MUTATION-AUTHORIZATION left alone", "control.platform_run"): "nothing is applied",
    ("MUTATION-AUTHORIZATION left alone", "state"): "nothing is applied; the verify lane judges that it did not move",
    ("DESTROYED-STATE left alone", "post_destroy_state_count"): "it may hold whatever it held; its serial is judged",
    ("TIME-TO-LIVE-EXTENSION", "record"): "the new record on top of a broken one is the way out",
    ("BUILD-HOLD", "hold"): "the new record on top of a broken one is the way out",
}
"""Observations whose gate may pass without them, each with its reason."""


def gates_with_facts() -> Iterator[Any]:
    """Each gate with each of its valid facts."""
    for gate in GATES:
        for valid in variants(gate.id):
            facts = valid()
            name = f"{gate.id} destroy" if getattr(facts, "direction", "build") == "destroy" else gate.id
            name += " both" if getattr(facts, "confluent", None) is not None else ""
            name += " free" if getattr(facts, "prices", None) is ALL_FREE else ""
            name = name if getattr(facts, "targeted", True) else f"{gate.id} left alone"
            yield pytest.param(gate, facts, name, id=name)


def holes(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each way to make one known observation below a node unreadable: where, and the node as it then is."""
    if isinstance(node, Known):
        yield path, Unreadable("x")
    for step, child, rebuilt in children(node):
        for where, value in holes(child, f"{path}{step}".lstrip(".")):
            yield where, rebuilt(value)


def children(node: Any) -> Iterator[tuple[str, Any, Callable[[Any], Any]]]:
    """What a node consists of: the step in the path, the child, and how to build the node with another one."""
    if isinstance(node, Known):
        yield "", node.value, lambda value: replace(node, value=value)
    elif is_dataclass(node) and not isinstance(node, type):
        for field in fields(node):
            yield f".{field.name}", getattr(node, field.name), partial(changed, node, field.name)
    elif isinstance(node, tuple):
        for index, item in enumerate(node):
            yield f"[{index}]", item, partial(spliced, node, index)
    elif isinstance(node, dict):
        for key, item in node.items():
            yield f"[{key}]", item, partial(lambda of, value: {**node, of: value}, key)


def changed(node: Any, name: str, value: Any) -> Any:
    """A dataclass with another value of one field."""
    return replace(node, **{name: value})


def spliced(items: tuple[Any, ...], index: int, value: Any) -> tuple[Any, ...]:
    """A tuple with another value at one place."""
    return (*items[:index], value, *items[index + 1 :])


def module_of(gate: Gate[Any]) -> str:
    """The file of a gate, by the name of its id."""
    return gate.id.lower().replace("-", "_")


ROLES = {"stem", "otherwise", "transient_codes"}


def literals(kind: str) -> set[str]:
    """Codes as written in the gates: `whole` ones, or what is given as `stem=` or `alternative=`."""
    found: dict[str, set[str]] = {"whole": set(), **{role: set() for role in ROLES}}
    for path in PACKAGE.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        given = [node for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg in ROLES]
        role_of = {id(part): str(keyword.arg) for keyword in given for part in ast.walk(keyword.value)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                role = role_of.get(id(node), "whole")
                if role != "whole" or CODE.fullmatch(node.value):
                    found[role].add(node.value)
    return found[kind] - {gate.id for gate in GATES}


def text_of_tests() -> str:
    """The text of all tests of gates."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(TESTS.glob("test_*.py")))


def test_ids_are_unique_and_found() -> None:
    """Evidence names a gate by its id."""
    assert len({gate.id for gate in GATES}) == len(GATES)
    assert all(by_id(gate.id) is gate for gate in GATES)
    with pytest.raises(KeyError):
        by_id("NO-SUCH-GATE")


def test_every_gate_module_is_listed() -> None:
    """A gate that nobody lists judges nothing."""
    listed = {module_of(gate) for gate in GATES}
    assert [
        f"{name} is not listed: add {name}.GATE to GATES in plugins/tidegate/gates/registry.py"
        for name in GATE_MODULES
        if name not in listed
    ] == []
    assert sorted(listed) == GATE_MODULES
    for gate in GATES:
        assert importlib.import_module(f"tidegate.gates.{module_of(gate)}").GATE is gate


@pytest.mark.parametrize("name", GATE_MODULES)
def test_every_gate_has_a_test_file_and_says_what_it_guards(name: str) -> None:
    """One gate, one file, one test file, and a sentence that begins with its id."""
    assert (TESTS / f"test_{name}.py").is_file(), f"{name} has no test: write tests/unit/gates/test_{name}.py"
    doc = importlib.import_module(f"tidegate.gates.{name}").__doc__
    begins = name.upper().replace("_", "-") + ". "
    assert str(doc).startswith(begins), f"begin the docstring of plugins/tidegate/gates/{name}.py with `{begins}`"


def test_every_gate_has_facts_that_pass() -> None:
    """Without them no test of a whole phase can have the gate in it, and those leave the phase out."""
    assert without_a_line() == []


def test_nothing_says_any_more_what_the_skeleton_says() -> None:
    """`tidegate new gate` leaves its mark where only the author knows the words."""
    left = [
        f"{path.relative_to(PROJECT)}:{number}: put your own words in the place of `{MARK}`"
        for folder in (PACKAGE, PACKAGE.parent / "models", TESTS)
        for path in sorted(folder.glob("*.py"))
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if MARK in line
    ]
    assert left == []


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.id)
def test_every_gate_names_its_owner_and_requirements(gate: Gate[Any]) -> None:
    """EV7."""
    assert CODE.fullmatch(gate.id)
    assert gate.title.strip()
    assert not gate.title.endswith(".")
    where = f"in plugins/tidegate/gates/{module_of(gate)}.py"
    assert gate.owner in OWNERS, f"give {gate.id} one of these owners {where}"
    assert gate.requirements, f"give {gate.id} requirements of docs/requirements.md {where}"
    assert all(re.fullmatch(r"(ID|ST|LC|CO|TD|EV|IN|RE|AN)[1-9]", given) for given in gate.requirements)
    assert len(set(gate.requirements)) == len(gate.requirements)


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.id)
def test_policy_sections_exist(gate: Gate[Any]) -> None:
    """EV4: a section that does not exist would never make a pass stale."""
    sections = set(Environment.model_fields) | {f"policies.{field.name}" for field in fields(Policies)}
    assert set(gate.policy_sections) <= sections


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.id)
def test_transient_codes_are_codes_of_the_gates(gate: Gate[Any]) -> None:
    """A misspelt one would never let a sensor look again."""
    assert gate.transient_codes <= literals("whole")


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.stem)
def test_gates_import_nothing_that_does_anything(path: Path) -> None:
    """No I/O, no clock, no chance: models, other gates, and a few modules that only compute."""
    source = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            assert name.partition(".")[0] in PURE_IMPORTS
            assert not name.startswith("tidegate.") or name.split(".")[1] in {"models", "gates", "cost"}
    assert not re.search(r"\.(now|utcnow|today)\(|\bopen\(", source)


def test_every_code_has_a_test() -> None:
    """All that have none at once."""
    text = text_of_tests()
    whole = {code for code in literals("whole") if not re.search(rf"(?<![A-Z0-9-]){code}(?![A-Z0-9-])", text)}
    stems = {
        stem
        for stem in literals("stem")
        if not re.search(rf"(?<![A-Z0-9-]){stem}-(MISSING|UNKNOWN|UNREADABLE)(?![A-Z0-9-])", text)
    }
    endings = {ending for ending in literals("otherwise") if not re.search(rf"-{ending}(?![A-Z0-9-])", text)}
    untested = sorted(whole) + [f"{stem}-*" for stem in sorted(stems)] + [f"*-{ending}" for ending in sorted(endings)]
    assert untested == [], "each needs a case in the test of its gate, below tests/unit/gates"


@pytest.mark.parametrize(("gate", "facts", "name"), list(gates_with_facts()))
def test_valid_facts_pass(gate: Gate[Any], facts: Facts, name: str) -> None:
    """Otherwise the walk below would prove nothing."""
    assert gate.evaluate(facts, judged_at=facts.observed_at) == ()


@pytest.mark.parametrize("gate", [gate for gate in GATES if gate.id in PASSING], ids=lambda gate: gate.id)
@pytest.mark.parametrize("at", [datetime(2026, 11, 21, 9, 30, tzinfo=UTC), datetime(2027, 2, 1, 0, 5, tzinfo=UTC)])
def test_valid_facts_of_a_day_pass_on_that_day(gate: Gate[Any], at: datetime) -> None:
    """Whole phases are given them: stored executions on a day of their own, real runs today."""
    facts = replace(passing_on(at, gate.id), observed_at=at)
    assert gate.evaluate(facts, judged_at=at) == ()


@pytest.mark.parametrize(("gate", "facts", "name"), list(gates_with_facts()))
def test_whatever_cannot_be_read_blocks(gate: Gate[Any], facts: Facts, name: str) -> None:
    """Every known observation, made unreadable one at a time; the exceptions are named and must be real."""
    passed = set()
    for where, changed in holes(facts):
        blockers = gate.evaluate(changed, judged_at=facts.observed_at)
        assert "GATE-BROKEN" not in {blocker.code for blocker in blockers}, (where, blockers)
        if not blockers:
            passed.add(where)
    assert passed == {where for of, where in MAY_BE_UNREADABLE if of == name}, (
        f"plugins/tidegate/gates/{module_of(gate)}.py blocks where one of these cannot be read, or MAY_BE_UNREADABLE "
        "in tests/unit/gates/test_contract.py has the reason why not"
    )


def test_the_walk_reaches_into_everything() -> None:
    """Tuples, dicts, dataclasses, and what is inside of what is known."""
    where = {path for path, _ in holes(VARIANTS["PLAN-GUARD"][0]())}
    assert "plan" in where
    assert "plan.resources[0].attributes[desired_count]" in where
    assert "guards[1]" in {path for path, _ in holes(control.authorization_facts())}
    assert "caller.account_id" in {path for path, _ in holes(control.identity_facts())}


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.id)
@pytest.mark.parametrize(
    "wrong", [None, {}, "facts", Facts(observed_at=control.NOW)], ids=["none", "dict", "text", "base"]
)
def test_facts_of_the_wrong_type_break_the_gate(gate: Gate[Any], wrong: object) -> None:
    """A broken gate is a closed gate."""
    (blocker,) = gate.evaluate(wrong, judged_at=control.NOW)
    assert (blocker.code, blocker.owner) == ("GATE-BROKEN", gate.owner)
    assert blocker.observed == f"facts of type {type(wrong).__name__}"


@pytest.mark.parametrize(("gate", "facts", "name"), list(gates_with_facts()))
def test_facts_of_another_time_are_not_judged(gate: Gate[Any], facts: Facts, name: str) -> None:
    """Too old, or from a clock that runs ahead."""
    just_over = MAX_FACT_AGE + timedelta(seconds=1)
    for judged_at in (facts.observed_at + just_over, facts.observed_at - just_over):
        (blocker,) = gate.evaluate(facts, judged_at=judged_at)
        assert blocker.code == "FACTS-STALE"
    assert gate.evaluate(facts, judged_at=facts.observed_at + MAX_FACT_AGE) == ()
    assert gate.evaluate(facts, judged_at=facts.observed_at - MAX_FACT_AGE) == ()


def test_a_time_without_a_zone_breaks_the_gate() -> None:
    """It cannot be compared; that is no reason to raise."""
    facts = control.identity_facts(observed_at=control.NOW.replace(tzinfo=None))
    (blocker,) = by_id("IDENTITY-AND-TOOLS").evaluate(facts, judged_at=control.NOW)
    assert (blocker.code, "TypeError" in blocker.observed) == ("GATE-BROKEN", True)


@pytest.mark.parametrize(("gate", "facts", "name"), list(gates_with_facts()))
def test_a_crash_closes_the_gate(gate: Gate[Any], facts: Facts, name: str) -> None:
    """Also one that comes after the first blocker."""

    def crashing(_: Facts) -> Iterator[Blocker]:
        yield Blocker("SOME-CODE", "a", "b", "c", "d", "e")
        raise ZeroDivisionError("late")

    (blocker,) = replace(gate, blockers=crashing).evaluate(facts, judged_at=facts.observed_at)
    assert (blocker.code, blocker.observed) == ("GATE-BROKEN", "ZeroDivisionError: late")


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.id)
def test_a_crashed_collector_closes_every_gate(gate: Gate[Any]) -> None:
    broken = CollectorBroken(observed_at=control.NOW, error="KeyError: 'x'")
    (blocker,) = gate.evaluate(broken, judged_at=control.NOW)
    assert (blocker.code, blocker.observed) == ("COLLECTOR-BROKEN", "KeyError: 'x'")


@pytest.mark.parametrize(("gate", "facts", "name"), list(gates_with_facts()))
def test_the_documents_know_every_blocker_of_the_walk(gate: Gate[Any], facts: Facts, name: str) -> None:
    """docs/decision-trail.md is read from the source; this is what really comes out."""
    known = {entry.code for entry in taxonomy(gate)}
    for where, changed in holes(facts):
        codes = {blocker.code for blocker in gate.evaluate(changed, judged_at=facts.observed_at)}
        assert codes <= known, where
