"""docs/architecture.md: the way of the data, and the layers as import-linter's contracts have them."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tidegate.documents.pages import MADE, table
from tidegate.settings import PROJECT

OUTSIDE = ("manifest and policies", "AWS and Confluent Cloud", "Airflow")
WAY: tuple[tuple[str, str, str], ...] = (
    ("manifest and policies", "are read by", "environments"),
    ("AWS and Confluent Cloud", "answers", "collectors"),
    ("environments", "expectations", "lanes"),
    ("collectors", "observations", "lanes"),
    ("lanes", "facts", "gates"),
    ("gates", "blockers", "lanes"),
    ("lanes", "snapshot", "evidence"),
    ("lanes", "plan, after a pass", "terraform"),
    ("terraform", "changes", "AWS and Confluent Cloud"),
    ("lanes", "pass or fail", "operators"),
    ("operators", "state of the task", "Airflow"),
    ("evidence", "stored facts", "verify"),
    ("lanes", "events", "alerts"),
)
"""From where, what, to where. Whatever is not outside is a layer of the package."""


def architecture_page() -> str:
    """docs/architecture.md"""
    first, *others = _contracts()
    return (
        "\n\n".join(
            [
                "# Architecture",
                MADE,
                "## The way of the data",
                "A lane collects facts, a gate judges them, a snapshot stays. The evidence takes the snapshot\n"
                "before an apply starts. The verdict is made of the evidence alone. [Requirements](requirements.md)\n"
                "explain the words.",
                _way(),
                "## The layers",
                "A layer imports layers below it and none above it. Neighbours on one floor do not import each other.\n"
                "`make lint` enforces the contracts in `pyproject.toml`. The docstring of a layer says what it is for.",
                _floors(first["layers"]),
                table(("layer", "what it is"), ((f"`{name}`", _purpose(name)) for name in layers())),
                "Besides, these hold:",
                "\n".join(f"- {contract['name']}" for contract in others),
            ]
        )
        + "\n"
    )


def layers() -> list[str]:
    """The names of the layers, from the top; those of one floor as they are written."""
    return [name for floor in _contracts()[0]["layers"] for name in _on(floor)]


def _contracts() -> list[dict[str, Any]]:
    """Those of import-linter; the one about layers is the first."""
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return sorted(contracts, key=lambda contract: contract["type"] != "layers")


def _way() -> str:
    ids = {name: f"n{number}" for number, name in enumerate(dict.fromkeys(n for a, _, b in WAY for n in (a, b)))}
    nodes = (f'  {id_}[/"{name}"/]' if name in OUTSIDE else f'  {id_}["{name}"]' for name, id_ in ids.items())
    edges = (f'  {ids[start]} -- "{what}" --> {ids[end]}' for start, what, end in WAY)
    return _mermaid("LR", (*nodes, *edges))


def _floors(floors: list[str]) -> str:
    nodes = (f'  f{number}["{", ".join(_on(floor))}"]' for number, floor in enumerate(floors))
    return _mermaid("TD", (*nodes, "  " + " --> ".join(f"f{number}" for number in range(len(floors)))))


def _mermaid(direction: str, lines: tuple[str, ...]) -> str:
    return "\n".join(["```mermaid", f"flowchart {direction}", *lines, "```"])


def _on(floor: str) -> Iterator[str]:
    for name in floor.split("|"):
        yield name.strip().removeprefix("tidegate.")


def _purpose(layer: str) -> str:
    """The first paragraph of the docstring. Read, not imported: importing the DAG factory imports Airflow."""
    package = Path(__file__).resolve().parents[1]
    module = package / layer / "__init__.py"
    source = module if module.is_file() else package / f"{layer}.py"
    said = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    return " ".join(said.partition("\n\n")[0].split())
