"""`make mutants`: breaks the code one place at a time with mutmut; wants a test that notices, or a written reason.

mutmut derives module names from a directory `src` and knows one set of tests. So each suite below gets a workspace in
`runs/mutants/<suite>` of its own: the project as symbolic links, `plugins` under the name `src`, and a `setup.cfg`.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from rich.console import Console

from workbench.airflow import WorkbenchError
from workbench.places import PROJECT
from workbench.survivors import Mutant, ReasonsError, Report, mutants_of, read_reasons

PACKAGES = PROJECT / ".venv" / "mutants"
REASONS = PROJECT / "tests" / "survivors.toml"
WORKSPACES = PROJECT / "runs" / "mutants"
_LINKS = {"src": "plugins", **{name: name for name in ("tests", "include", "docs", "dags", "pyproject.toml")}}

# pytest 9.2 has renamed what mutmut 3.8 reads of a test; both are pinned.
_START = (
    "from pytest import Item; Item._nodeid = property(lambda item: item.nodeid); from mutmut.__main__ import cli; cli()"
)

_TEXT_FOR_PEOPLE = (
    r"^\s+(summary|remedy|what)=",
    r'^\s+(observed|expected)=f?"[^"]*",?$',
    r'^\s+f?"[^"{]* [^"{]*",?$',
)
"""Lines that hold nothing but words. Codes, resources, owners and every value that is computed are mutated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Files of the package, and the tests that answer for them. Patterns are relative to `plugins/tidegate`."""

    name: str
    mutate: tuple[str, ...]
    tests: tuple[str, ...]
    deselect: tuple[str, ...] = ()

    def modules(self) -> list[str]:
        """Names of the modules, e.g. `tidegate.gates.plan_guard`."""
        package = PROJECT / "plugins" / "tidegate"
        paths = {path for pattern in self.mutate for path in package.glob(pattern) if path.name != "__init__.py"}
        return sorted(".".join(path.relative_to(package.parent).with_suffix("").parts) for path in paths)


_WATCHING = (
    *("alerting", "cost_stop", "ended_lives", "found", "own_reads", "residual", "spend", "time_to_live"),
    *(f"audit_{name}" for name in ("continuity", "drift", "evidence", "identities", "locks", "passes")),
)
_MORE_OF_THEM = ("audit_continuity_hourly", "own_reads_answers", "time_to_live_facts")
_CONTRACT = "tests/unit/gates/test_contract.py"
SUITES = (
    Suite(
        name="gates",
        mutate=("gates/*.py", "cost/*.py", "models/policy*.py"),
        tests=("tests/unit/gates", "tests/unit/cost", "tests/unit/models"),
        # These read the source of the gates, and would read the mutants that stand in it.
        deselect=(
            f"{_CONTRACT}::test_every_code_has_a_test",
            f"{_CONTRACT}::test_transient_codes_are_codes_of_the_gates",
            f"{_CONTRACT}::test_gates_import_nothing_that_does_anything",
            f"{_CONTRACT}::test_the_documents_know_every_blocker_of_the_walk",
        ),
    ),
    Suite(
        name="verify",
        mutate=("verify/*.py", "evidence/canonical.py", "evidence/derived.py", "lanes/verdict.py"),
        tests=("tests/unit/verify", "tests/unit/evidence/test_canonical.py", "tests/unit/lanes/test_verdict.py"),
    ),
    # Who is told what, and what audit and hourly check set off by themselves.
    Suite(
        name="watch",
        mutate=("alerts/*.py", *(f"lanes/{name}.py" for name in _WATCHING)),
        tests=("tests/unit/alerts", *(f"tests/unit/lanes/test_{name}.py" for name in (*_WATCHING, *_MORE_OF_THEM))),
    ),
)


def main(console: Console, only: Sequence[str], children: int | None) -> int:
    """Mutate the modules that match `only` (all, when empty), report, and say whether each survivor has a reason.

    Status 0: each has one, and no reason is left over. Status 1 otherwise. Raises WorkbenchError when mutmut stops.
    """
    chosen = {suite.name: [m for m in suite.modules() if _matches(m, only)] for suite in SUITES}
    if not any(chosen.values()):
        raise WorkbenchError(f"no module matches {' '.join(only)}; name one like tidegate.gates.plan_guard")
    try:
        reasons = read_reasons(REASONS)
    except ReasonsError as error:
        raise WorkbenchError(str(error)) from error
    found: list[Mutant] = []
    for suite in SUITES:
        if modules := chosen[suite.name]:
            workspace = prepare(suite)
            _mutate(console, workspace, modules if only else [], children)
            found += mutants_of(workspace / "mutants" / "src", modules)
    ran = [module for modules in chosen.values() for module in modules]
    report = Report.of(found, reasons, modules=ran, whole=not only)
    for line in report.lines():
        console.print(line, highlight=False, markup=False)
    return 0 if report.clean else 1


def _matches(module: str, only: Sequence[str]) -> bool:
    return not only or any(fnmatch(module, pattern) for pattern in only)


def prepare(suite: Suite) -> Path:
    """A fresh workspace: results of earlier tests would count as results of these."""
    workspace = WORKSPACES / suite.name
    shutil.rmtree(workspace, ignore_errors=True)
    workspace.mkdir(parents=True)
    for name, target in _LINKS.items():
        (workspace / name).symlink_to(PROJECT / target)
    (workspace / "setup.cfg").write_text("\n".join(_settings(suite)) + "\n", "utf-8")
    return workspace


def _settings(suite: Suite) -> Iterator[str]:
    yield "[mutmut]"
    yield from _setting("source_paths", ["src"])
    yield from _setting("only_mutate", [f"src/tidegate/{pattern}" for pattern in suite.mutate])
    yield from _setting("do_not_mutate_patterns", _TEXT_FOR_PEOPLE)
    yield from _setting("also_copy", ["include", "docs", "dags"])
    yield from _setting("pytest_add_cli_args", ["-p", "no:cacheprovider"])
    yield from _setting(
        "pytest_add_cli_args_test_selection", [*suite.tests, *(f"--deselect={test}" for test in suite.deselect)]
    )
    yield "use_git_change_detection = false"
    yield "timeout_constant = 4"


def _setting(name: str, values: Iterable[str]) -> Iterator[str]:
    yield f"{name} ="
    yield from (f"    {value}" for value in values)


def _mutate(console: Console, workspace: Path, modules: Sequence[str], children: int | None) -> None:
    """Run mutmut to its end. What it prints goes to `log` in the workspace."""
    log = workspace / "log"
    console.print(f"mutating  {workspace.name}; mutmut writes to {log.relative_to(PROJECT)}", highlight=False)
    arguments = ["run", "--max-children", str(children or os.cpu_count() or 1), *(f"{name}.x*" for name in modules)]
    environment = {name: value for name, value in os.environ.items() if name not in {"MUTANT_UNDER_TEST"}}
    with log.open("w", encoding="utf-8") as out:
        done = subprocess.run(
            [sys.executable, "-c", _START, *arguments],
            cwd=workspace,
            env={**environment, "PYTHONPATH": str(PACKAGES)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        tail = log.read_text("utf-8", errors="replace").replace("\r", "\n").splitlines()[-30:]
        console.print("\n".join(tail), highlight=False, markup=False)
        raise WorkbenchError(f"mutmut stopped with status {done.returncode}; read {log.relative_to(PROJECT)}")
