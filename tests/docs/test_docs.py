"""What the documents say must be so: targets, links, lanes, gates, codes, dependencies; and no path of one machine."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest
import typer

from tidegate import cli, environments
from tidegate.commands.gate_skeleton import filled
from tidegate.documents.pages import MADE
from tidegate.evidence.layout import Phase
from tidegate.gates.registry import GATES
from tidegate.lanes.phases import phase_of
from tidegate.models.cost import PLATFORMS

PROJECT = Path(__file__).resolve().parents[2]
README = PROJECT / "README.md"
CONTRIBUTING = PROJECT / "CONTRIBUTING.md"
OPERATIONS = PROJECT / "docs" / "operations.md"
LANES = PROJECT / "docs" / "lanes.md"
COMMANDS = PROJECT / "docs" / "commands.md"
REASONS = PROJECT / "docs" / "adr" / "0004-dependencies.md"
DOCUMENTS = sorted(
    [
        *PROJECT.glob("*.md"),
        *(PROJECT / ".github").rglob("*.md"),
        *(PROJECT / "docs").rglob("*.md"),
        *(PROJECT / "include").rglob("README.md"),
    ]
)
OURS = [path for path in DOCUMENTS if not path.is_relative_to(PROJECT / "include")]

FILE = re.compile(r"(?<![\w./*{}<>-])(?:dags|docs|include|plugins|tests)/[\w./-]+\.(?:hcl|json|md|py|tf|toml|ya?ml)\b")
CODE = re.compile(r"[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+")
ROW = re.compile(r"\| ((?:M\d|[A-Z]{4,})\.[A-Z]) \| `([a-z_.]+)` \| (.+?) \| `([A-Z-]+)` \|")

each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(PROJECT).as_posix())
each_of_ours = pytest.mark.parametrize("path", OURS, ids=lambda path: path.relative_to(PROJECT).as_posix())


def code_of(text: str) -> Iterator[str]:
    """What is written as code: fenced blocks, then spans in the rest."""
    yield from re.findall(r"^ *```\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    yield from re.findall(r"`([^`]+)`", prose(text))


def prose(text: str) -> str:
    """The text without its fenced blocks."""
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(path: Path) -> set[str]:
    """The anchors that headings make."""
    headings = re.findall(r"^#+ (.+)$", prose(path.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-") for heading in headings}


def like(shown: str) -> Callable[[str], bool]:
    """The line itself; one that ends in dots stands for every line that begins so."""
    start = shown.removesuffix("...").rstrip()
    return (lambda line: line.startswith(start)) if shown.endswith("...") else (lambda line: line == shown)


def targets() -> set[str]:
    """The Makefile's targets for people."""
    return set(re.findall(r"^([a-z-]+):.*## ", (PROJECT / "Makefile").read_text("utf-8"), re.MULTILINE))


def requirements(name: str) -> set[str]:
    """The distributions that a .in file asks for."""
    lines = (line.partition("#")[0].strip() for line in (PROJECT / name).read_text("utf-8").splitlines())
    return {re.split(r"[\[=<>~! ]", line)[0] for line in lines if line and not line.startswith("-")}


def lanes() -> set[tuple[str, str, str, str]]:
    """Lane, task, title and gate of every phase of every environment, under the widest cost scope."""
    whole = [environments.load(name).model_copy(update={"cost_scope": PLATFORMS}) for name in environments.names()]
    specs = [phase_of(environment, phase) for environment in whole for phase in get_args(Phase)]
    return {(lane.name, lane.task_id, lane.title, lane.gate) for spec in specs for lane in (*spec.lanes, spec.verdict)}


def known_codes() -> set[str]:
    """Every code in the package: whole ones, and those that a stem and an ending make."""
    text = "\n".join(path.read_text("utf-8") for path in (PROJECT / "plugins").rglob("*.py"))
    stems = set(re.findall(r'(?:stem=|need\()"([A-Z0-9-]+)"', text))
    endings = {"MISSING", "UNREADABLE", *re.findall(r'otherwise="([A-Z-]+)"', text)}
    return set(CODE.findall(text)) | {f"{stem}-{ending}" for stem in stems for ending in endings}


def test_there_is_something_to_read() -> None:
    names = {path.relative_to(PROJECT).as_posix() for path in OURS}
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "docs/sandbox.md"} <= names
    runbooks = {"blocked-run.md", "stale-lock.md", "evidence-unreachable.md", "emergency-stop.md"}
    assert runbooks <= {path.name for path in OURS}
    assert len(known_codes()) > len(GATES)


@each_document
def test_every_make_target_exists(path: Path) -> None:
    named = {
        target
        for code in code_of(path.read_text("utf-8"))
        for target in re.findall(r"\bmake (?:[A-Z_]+=\S+ )*([a-z][a-z-]*)", code)
    }
    assert named - targets() == set()


def test_every_make_target_is_explained() -> None:
    assert set(re.findall(r"^\| `make ([a-z-]+)` \|", OPERATIONS.read_text("utf-8"), re.MULTILINE)) == targets()


def test_every_command_is_shown() -> None:
    """A command may hold others; then one of those is shown."""
    shown = re.findall(r"^\.venv/bin/tidegate ([a-z-]+)", COMMANDS.read_text("utf-8"), re.MULTILINE)
    assert set(shown) == set(typer.main.get_group(cli.app).commands)


def test_the_gate_that_is_shown_is_the_one_that_is_written() -> None:
    """In CONTRIBUTING.md, whole, and on one screen."""
    written = filled((PROJECT / "include" / "skeletons" / "gate" / "gate.py.txt").read_text("utf-8"), "sample_quota")
    shown = re.findall(r"^```python\n(.*?)^```$", CONTRIBUTING.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert shown == [written], "show in CONTRIBUTING.md what include/skeletons/gate/gate.py.txt has, for sample_quota"
    assert len(written.splitlines()) <= 48


def test_every_test_that_contributing_names_is_there() -> None:
    """It names the test that turns red for each step that is forgotten."""
    rows = re.findall(r"^\| .+ \| `(tests/[\w/.]+)::(\w+)` \|$", CONTRIBUTING.read_text("utf-8"), re.MULTILINE)
    assert len(rows) >= 12
    gone = [row for row in rows if f"\ndef {row[1]}(" not in (PROJECT / row[0]).read_text("utf-8")]
    assert gone == []


def test_the_readme_is_read_in_a_minute() -> None:
    assert len(README.read_text("utf-8").splitlines()) <= 150


def test_the_readme_shows_a_blocked_plan_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole lines, but for those that end in dots."""
    command, *shown = next(
        block for block in README.read_text("utf-8").split("```\n") if block.startswith("$ ")
    ).splitlines()
    monkeypatch.setenv("COLUMNS", "112")
    ran = subprocess.run(
        [sys.executable, "-m", "tidegate.cli", *command.split()[2:]],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    said = [line.rstrip() for line in ran.stdout.splitlines()]
    assert ran.returncode == 1, ran.stderr
    assert [line for line in shown if not any(map(like(line), said))] == []


@each_document
def test_every_file_that_is_named_is_there(path: Path) -> None:
    """What is made from the code says what the code says."""
    text = path.read_text("utf-8")
    named = set() if MADE in text else set(FILE.findall(text))
    assert {name for name in named if not (PROJECT / name).exists()} == set()


@each_document
def test_every_relative_link_resolves(path: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(path.read_text("utf-8"))):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        assert target.is_relative_to(PROJECT), link
        assert not anchor or anchor in anchors(target), link


def test_every_lane_is_listed_as_it_is() -> None:
    rows = ROW.findall(LANES.read_text("utf-8"))
    assert len(rows) == len(set(rows))
    assert set(rows) == lanes()


def test_every_gate_has_a_lane() -> None:
    """Asked of the lanes themselves: a page that is stale is told apart."""
    used = {gate for *_, gate in lanes()}
    messaging = any(environments.load(name).stacks_with_identities for name in environments.names())
    idle = set() if messaging else {"ORPHAN-IDENTITIES"}
    assert idle & used == set()
    assert [
        f"no lane uses {gate.id}: give it a Lane, whose `collect` reads its facts, in plugins/tidegate/lanes/phases.py "
        "or, for audit and hourly check, in plugins/tidegate/lanes/watch_phases.py"
        for gate in GATES
        if gate.id not in used | idle
    ] == []


@each_of_ours
def test_every_code_exists(path: Path) -> None:
    codes = {
        code
        for span in re.findall(r"`([^`\n]+)`", prose(path.read_text("utf-8")))
        for code in [span]
        if CODE.fullmatch(code)
    }
    blocked = re.findall(r"^ *(?:BLOCKED|WAITING) (\S+)", path.read_text("utf-8"), re.MULTILINE)
    assert (codes | set(blocked)) - known_codes() == set()


@pytest.mark.parametrize(
    "name",
    [
        "requirements.in",
        "requirements-dev.in",
        "requirements-terraform.in",
        "requirements-mutants.in",
        "requirements-standin.in",
    ],
)
def test_every_requirement_has_its_reason(name: str) -> None:
    section = REASONS.read_text("utf-8").partition(f"\n`{name}`")[2].partition("\n`requirements")[0]
    reasons = dict(re.findall(r"^- `([^`]+)`: (.+)$", section.partition("\n## ")[0], re.MULTILINE))
    assert set(reasons) == requirements(name)


@each_document
def test_no_path_of_one_machine_and_no_registry_host(path: Path) -> None:
    text = path.read_text("utf-8")
    assert re.findall(r"(?<![\w.>*-])/(?:home|work|root|Users|tmp)/\S*", text) == []
    assert re.findall(r"(?i)pypi\.|pythonhosted|registry\.terraform|docker\.io|npmjs|proxy\.golang", text) == []


def test_decisions_are_numbered_without_a_gap() -> None:
    paths = sorted((PROJECT / "docs" / "adr").glob("*.md"))
    assert [int(path.name[:4]) for path in paths] == list(range(1, len(paths) + 1))
    for number, path in enumerate(paths, start=1):
        text = path.read_text("utf-8")
        assert text.startswith(f"# {number}. ")
        assert re.findall(r"^(?:## \w+|Status: \w+)", text, re.MULTILINE) == [
            "Status: accepted",
            "## Context",
            "## Decision",
            "## Consequences",
        ]


def test_the_licence_is_the_one_that_the_project_names() -> None:
    assert 'license = "Apache-2.0"' in (PROJECT / "pyproject.toml").read_text("utf-8")
    text = (PROJECT / "LICENSE").read_text("utf-8")
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
