"""Generated documents: fresh, whole, and true to what the gates do."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from factories_evidence import M2, Evidence
from tidegate.documents.__main__ import main, rendered, stale
from tidegate.documents.architecture import OUTSIDE, WAY, layers
from tidegate.documents.taxonomy import COMMON, taxonomy
from tidegate.environments import load, names
from tidegate.gates import base
from tidegate.gates.base import Gate
from tidegate.gates.registry import GATES
from tidegate.settings import PROJECT

DOCS = PROJECT / "docs"
WITH_IDENTITIES = any(load(name).stacks_with_identities for name in names())
GATES_FOLDER = Path(base.__file__).parent
CODE = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)+")


def test_the_documents_are_fresh() -> None:
    assert stale(DOCS) == [], "run `make docs` and commit what it changes below docs/"


def test_writing_and_checking(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"], tmp_path) == 1
    assert "docs/gates.md is not what the code says: run `make docs`" in capsys.readouterr().err
    assert main([], tmp_path) == 0
    assert set(capsys.readouterr().out.split()) == {f"docs/{name}" for name in rendered()}
    assert main(["--check"], tmp_path) == 0
    (tmp_path / "gates.md").write_text("edited", "utf-8")
    (tmp_path / "schemas" / "old.json").write_text("{}", "utf-8")
    assert stale(tmp_path) == ["gates.md", "schemas/old.json"]
    assert main([], tmp_path) == 0
    assert stale(tmp_path) == []
    assert main(["--nonsense"], tmp_path) == 64


def test_the_way_of_the_data_goes_through_layers() -> None:
    met = {name for start, _, end in WAY for name in (start, end)}
    assert met - {*OUTSIDE} <= {*layers()}
    assert met >= {*OUTSIDE}


def test_every_package_and_module_is_a_layer() -> None:
    """One that import-linter does not know imports what it likes."""
    package = PROJECT / "plugins" / "tidegate"
    modules = {path.stem for path in package.glob("*.py")} | {
        path.parent.name for path in package.glob("*/__init__.py")
    }
    assert modules - {"__init__"} == {*layers()}


# The taxonomy.


def literals() -> set[str]:
    """Codes as they are written in the gates, whole."""
    stems = {"stem", "otherwise", "transient_codes"}
    found = set()
    for path in GATES_FOLDER.glob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        parts = {
            id(part)
            for node in ast.walk(tree)
            if isinstance(node, ast.keyword) and node.arg in stems
            for part in ast.walk(node.value)
        }
        parts |= {
            id(node.args[0])
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "need"
        }
        found |= {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and CODE.fullmatch(node.value)
            and id(node) not in parts
        }
    return found - {gate.id for gate in GATES}


def test_no_code_is_forgotten() -> None:
    known = {entry.code for gate in GATES for entry in taxonomy(gate)} | {entry.code for entry in COMMON}
    assert literals() - known == set()


def test_every_entry_says_something() -> None:
    for gate in GATES:
        entries = taxonomy(gate)
        assert entries
        assert len(set(entries)) == len(entries)
        for entry in entries:
            assert CODE.fullmatch(entry.code), entry
            assert entry.summary.strip(), entry
            assert entry.remedy.strip(), entry
            assert "None" not in f"{entry.summary} {entry.remedy}", entry
            assert not re.fullmatch(r"<[^>]*>", entry.remedy), entry


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.id)
def test_transient_codes_are_among_the_codes_of_their_own_gate(gate: Gate[Any]) -> None:
    assert gate.transient_codes <= {entry.code for entry in taxonomy(gate)}


@pytest.mark.parametrize(
    ("gate_id", "entry"),
    [
        (
            "PLAN-GUARD",
            (
                "TYPE-NOT-ALLOWED",
                "the stack may not hold a resource of this type",
                "set stacks.<stack> in include/policies/allowed_types.yaml: list <type> there, or take it out of the "
                "stack (it counts from the next run on; where include/ is in an image or a config map, roll that out "
                "first); "
                "then trigger this DAG again",
            ),
        ),
        (
            "BACKEND-READINESS",
            (
                "BUCKET-TLS-OFF",
                "the TLS-only policy of the <purpose> bucket is not True",
                "trigger <environment>.m1_backend_bootstrap; then clear this task with everything downstream",
            ),
        ),
        (
            "BACKEND-READINESS",
            (
                "LOCKING-OFF",
                "the stack locks its state with no lock file",
                "set backend.use_lockfile in include/environments/<environment>.yaml: use_lockfile = true "
                "(it counts from the next run on; where include/ is in an image or a config map, roll that out first); "
                "then trigger this DAG again",
            ),
        ),
        (
            "TEARDOWN-SCOPE",
            (
                "PRESERVE-SET-EMPTY",
                "nothing is set to survive",
                "let the execution role read the state bucket (the account's owner); "
                "then trigger <environment>.m2_substrate_build; then clear this task with everything downstream",
            ),
        ),
        (
            "RESIDUAL-SCAN",
            (
                "RESIDUAL-DELETING",
                "a resource is still on its way out",
                "wait until the service has finished; then clear this task with everything downstream",
            ),
        ),
        (
            "BUILD-READINESS",
            (
                "LATCH-UNREADABLE",
                "the emergency latch cannot be read",
                "let the execution role read control/<environment>/latch in the evidence bucket (the account's owner); "
                "then clear this task with everything downstream",
            ),
        ),
    ],
)
def test_an_entry(gate_id: str, entry: tuple[str, str, str]) -> None:
    gate = next(gate for gate in GATES if gate.id == gate_id)
    assert entry in {(it.code, it.summary, it.remedy) for it in taxonomy(gate)}


def test_pages_name_every_gate_and_lane() -> None:
    made = rendered()
    for gate in GATES:
        assert f"\n## {gate.id}\n" in made["gates.md"]
        judges = gate.id != "ORPHAN-IDENTITIES" or WITH_IDENTITIES  # only a stack with identities asks for its lane
        assert (f" {gate.id}\n" in made["decision-trail.md"]) is judges
        for code in {entry.code for entry in taxonomy(gate)}:
            assert f"`{code}`" in made["gates.md"]
            assert not judges or f"`{code}`" in made["decision-trail.md"]
    rows = [line for line in made["decision-trail.md"].splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {4, 9}
    assert not [row for row in rows if re.search(r"<[a-z_]+>", row)], "Markdown would take it for a tag"


# The schemas.


def schema(name: str) -> Any:
    return json.loads((DOCS / "schemas" / f"{name}.json").read_text("utf-8"))


@pytest.mark.parametrize(
    "name", ["snapshot", "verdict_record", "environment", "policy_forbidden", "policy_allowed_types", "policy_prices"]
)
def test_every_schema_is_one(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))
    assert schema(name)["additionalProperties"] is False


def test_what_is_written_fits_its_schema(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path, M2, remote=True).lanes().verdict()
    for path in tmp_path.rglob("*.json"):
        name = "verdict_record" if path.parent.name == "verdicts" else "snapshot"
        jsonschema.validate(json.loads(path.read_bytes()), schema(name))
    document = evidence.document("g_network_posture")
    for field in document:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({name: value for name, value in document.items() if name != field}, schema("snapshot"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**document, "extra": 1}, schema("snapshot"))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("include/policies/forbidden.yaml", "policy_forbidden"),
        ("include/policies/allowed_types.yaml", "policy_allowed_types"),
    ],
)
def test_what_people_write_fits_its_schema(path: str, name: str) -> None:
    from ruamel.yaml import YAML

    jsonschema.validate(YAML(typ="safe").load((PROJECT / path).read_text("utf-8")), schema(name))
