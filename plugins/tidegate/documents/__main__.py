"""`python -m tidegate.documents` writes the documents that are made of the code; `--check` only compares them."""

import sys
from pathlib import Path

from tidegate.documents.architecture import architecture_page
from tidegate.documents.pages import gates_page, lanes_page, trail_page
from tidegate.documents.schemas import schemas
from tidegate.settings import PROJECT


def rendered() -> dict[str, str]:
    """Path below docs/ and text of every generated document."""
    return {
        "architecture.md": architecture_page(),
        "gates.md": gates_page(),
        "lanes.md": lanes_page(),
        "decision-trail.md": trail_page(),
        **{f"schemas/{name}": text for name, text in schemas().items()},
    }


def stale(docs: Path) -> list[str]:
    """Documents that differ from what the code says now, and schemas that no model makes any more."""
    made = rendered()
    differing = [name for name, text in made.items() if not _is(docs / name, text)]
    there = {f"schemas/{path.name}" for path in (docs / "schemas").glob("*.json")}
    return sorted({*differing, *(there - made.keys())})


def main(arguments: list[str], docs: Path = PROJECT / "docs") -> int:
    """Write, or check with `--check`; 0 when everything is fresh afterwards."""
    if arguments not in ([], ["--check"]):
        print("usage: python -m tidegate.documents [--check]", file=sys.stderr)  # noqa: T201
        return 64
    names = stale(docs)
    if arguments:
        for name in names:
            print(f"docs/{name} is not what the code says: run `make docs`", file=sys.stderr)  # noqa: T201
        return 1 if names else 0
    made = rendered()
    for name in names:
        path = docs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name in made:
            path.write_text(made[name], encoding="utf-8")
        else:
            path.unlink()
        print(f"docs/{name}")  # noqa: T201
    return 0


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
