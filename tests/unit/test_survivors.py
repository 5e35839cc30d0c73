"""`make mutants`: which survivors are told apart, which are excused, and what turns the run red."""

import json
from pathlib import Path
from typing import Any

import pytest

from workbench.mutants import SUITES, prepare
from workbench.survivors import Mutant, Reason, ReasonsError, Report, Status, mutants_of, read_reasons

WHY = "both branches answer the same, for nothing is given"

ORIGINAL = """
    if facts.stack == "core network":
        yield blocker(
            code="STACK-GONE",
            resource=facts.stack,
            observed=", ".join(facts.names) or "nothing",
            said=shown(facts.stack, "not in the state"),
        )
"""


def mutated(tmp_path: Path, *pairs: tuple[str, str], codes: tuple[int | None, ...] = ()) -> list[Mutant]:
    """The mutants of a module, as mutmut leaves them, that differ from ORIGINAL by one replacement each."""
    bodies = [ORIGINAL, *(ORIGINAL.replace(before, after) for before, after in pairs)]
    names = ["x__gone__mutmut_orig", *(f"x__gone__mutmut_{number}" for number in range(1, len(bodies)))]
    source = "\n".join(f"def {name}(facts):{body}" for name, body in zip(names, bodies, strict=True))
    path = tmp_path / "tidegate" / "gates" / "gone.py"
    path.parent.mkdir(parents=True)
    path.write_text(source, "utf-8")
    results = {
        f"tidegate.gates.gone.{name}": code for name, code in zip(names[1:], codes or (0,) * len(pairs), strict=True)
    }
    path.with_name("gone.py.meta").write_text(json.dumps({"exit_code_by_key": results}), "utf-8")
    return list(mutants_of(tmp_path, ["tidegate.gates.gone"]))


def survivor(status: Status = "survived", **changes: Any) -> Mutant:
    given = {"module": "tidegate.gates.gone", "function": "_gone", "before": "a", "after": "b", "only_text": False}
    return Mutant(status=status, **{**given, **changes})


def reasons(**changes: str) -> dict[tuple[str, str, str], Reason]:
    reason = Reason(**{"before": "a", "after": "b", "reason": WHY, **changes})
    return {("tidegate.gates.gone._gone", reason.before, reason.after): reason}


def report(*mutants: Mutant, given: Any = None, modules: tuple[str, ...] = (), whole: bool = True) -> Report:
    return Report.of(mutants, given or {}, modules=modules or ("tidegate.gates.gone",), whole=whole)


def test_a_mutant_is_named_by_what_it_changes(tmp_path: Path) -> None:
    """Not by its number, which moves with every edit."""
    (mutant,) = mutated(tmp_path, ('"STACK-GONE"', "None"))
    assert mutant.key == ("tidegate.gates.gone._gone", 'code="STACK-GONE",', "code=None,")
    assert (mutant.status, mutant.only_text) == ("survived", False)


def test_a_line_that_is_gone_has_nothing_after_it(tmp_path: Path) -> None:
    (mutant,) = mutated(tmp_path, ("            resource=facts.stack,\n", ""))
    assert (mutant.before, mutant.after) == ("resource=facts.stack,", "")


@pytest.mark.parametrize(
    ("before", "after", "only_text"),
    [
        pytest.param('"nothing"', '"XXnothingXX"', True, id="a-word-in-observed"),
        pytest.param('", "', '"XX, XX"', True, id="a-separator-in-observed"),
        pytest.param('"not in the state"', '"NOT IN THE STATE"', True, id="prose-elsewhere"),
        pytest.param(' or "nothing"', ' and "nothing"', False, id="another-operator"),
        pytest.param("facts.names", "None", False, id="another-value-in-observed"),
        pytest.param('"core network"', '"XXcore networkXX"', False, id="prose-that-is-compared"),
        pytest.param('"STACK-GONE"', '"stack-gone"', False, id="a-code"),
    ],
)
def test_text_for_people(tmp_path: Path, before: str, after: str, only_text: bool) -> None:
    (mutant,) = mutated(tmp_path, (before, after))
    assert mutant.only_text is only_text


def test_exit_codes(tmp_path: Path) -> None:
    """What is neither seen nor known to be missed counts as broken: nobody knows."""
    found = mutated(tmp_path, *(("facts.stack", "x"),) * 6, codes=(0, 1, 33, -24, None, -11))
    assert [mutant.status for mutant in found] == ["survived", "killed", "no tests", "timeout", "not run", "broken"]


@pytest.mark.parametrize(
    ("mutants", "given", "clean"),
    [
        pytest.param([survivor("killed")], {}, True, id="killed"),
        pytest.param([survivor("timeout")], {}, True, id="one-that-never-ends-was-noticed"),
        pytest.param([survivor()], {}, False, id="survived"),
        pytest.param([survivor("no tests")], {}, False, id="no-test"),
        pytest.param([survivor()], reasons(), True, id="with-a-reason"),
        pytest.param([survivor()], reasons(after="c"), False, id="with-a-reason-for-another-change"),
        pytest.param([survivor(only_text=True)], {}, True, id="text-for-people"),
        pytest.param([survivor("not run", only_text=True)], {}, False, id="text-that-was-not-tried"),
        pytest.param([survivor("broken")], reasons(), False, id="a-crash-has-no-excuse"),
        pytest.param([survivor("killed")], reasons(), False, id="a-reason-that-is-left-over"),
        pytest.param([], {}, False, id="nothing-was-mutated"),
    ],
)
def test_what_turns_the_run_red(mutants: list[Mutant], given: Any, clean: bool) -> None:
    assert report(*mutants, given=given).clean is clean


def test_a_run_over_some_modules_does_not_judge_the_reasons_of_others() -> None:
    killed = survivor("killed", module="tidegate.gates.other")
    part = report(killed, given=reasons(), modules=("tidegate.gates.other",), whole=False)
    assert part.clean
    assert not report(killed, given=reasons(), modules=("tidegate.gates.other",)).clean


def test_what_is_printed_can_be_pasted_as_a_reason(tmp_path: Path) -> None:
    """After the table comes each open survivor, in the form of the file of reasons."""
    odd = survivor(before='it\'s\n"so"', after="")
    lines = list(report(odd, survivor("killed")).lines())
    assert lines[2] == "| tidegate.gates.gone | 2 | 1 | 0 | 1 | 0 | 0 | 1 |"
    entry = "\n".join(lines[lines.index('[["tidegate.gates.gone._gone"]]') :]).replace(
        'reason = ""', f'reason = "{WHY}"'
    )
    file = tmp_path / "survivors.toml"
    file.write_text(entry, "utf-8")
    assert report(odd, given=read_reasons(file)).clean


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[[", id="no-toml"),
        pytest.param('[["a"]]\nbefore = "a"\nafter = "b"\nreason = ""', id="no-reason"),
        pytest.param('[["a"]]\nbefore = "a"\nafter = "b"', id="a-reason-left-out"),
        pytest.param(f'[["a"]]\nbefore = "a"\nafter = "b"\nreason = "{WHY}"\n' * 2, id="two-reasons"),
    ],
)
def test_reasons_that_cannot_be_used(tmp_path: Path, text: str) -> None:
    file = tmp_path / "survivors.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(ReasonsError, match=r"survivors\.toml"):
        read_reasons(file)


def test_the_reasons_that_are_checked_in_can_be_read() -> None:
    """And each is about a module that is mutated."""
    named = {function for function, _, _ in read_reasons(Path(__file__).parents[1] / "survivors.toml")}
    modules = {module for suite in SUITES for module in suite.modules()}
    assert {function for function in named if not any(function.startswith(f"{module}.") for module in modules)} == set()


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_a_suite_names_files_that_exist(suite: Any) -> None:
    """A pattern that matches nothing would mutate nothing, and a test that is gone deselects nothing."""
    project = Path(__file__).parents[2]
    assert all(list((project / "plugins" / "tidegate").glob(pattern)) for pattern in suite.mutate)
    assert all((project / path).exists() for path in suite.tests)
    for test in suite.deselect:
        file, _, name = test.partition("::")
        assert f"def {name}(" in (project / file).read_text("utf-8")


def test_a_workspace_holds_the_project_with_its_sources_under_src(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("workbench.mutants.WORKSPACES", tmp_path)
    workspace = prepare(SUITES[0])
    assert (workspace / "src" / "tidegate" / "gates" / "plan_guard.py").is_file()
    assert "    src/tidegate/gates/*.py" in (workspace / "setup.cfg").read_text("utf-8").splitlines()
    assert prepare(SUITES[0]) == workspace
