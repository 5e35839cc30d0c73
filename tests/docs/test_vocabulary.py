"""Whoever meets a requirement id, a decision's number or the name of a document finds it in this repository."""

import re
from pathlib import Path

from sources import PROJECT, sources

PAGE = Path("docs/requirements.md")
ID = re.compile(r"\b(?:AN|CO|EV|ID|IN|LC|RE|ST|TD)[1-9][0-9]?\b")
DECISION = re.compile(r"\bADR (\d+)\b")
DOCUMENT = re.compile(r"(?<![\w./*{}>-])(?:[\w.-]+/)*[\w-]+\.md\b")


def defined() -> list[str]:
    return re.findall(r"^- \*\*([A-Z]+\d+)\*\* \S", sources()[PAGE], re.MULTILINE)


def cited() -> dict[str, Path]:
    """Each id that is cited outside the page, with one file that cites it."""
    return {found: path for path, text in sources().items() if path != PAGE for found in ID.findall(text)}


def test_every_id_that_is_cited_is_defined() -> None:
    assert {id_: path.as_posix() for id_, path in cited().items() if id_ not in defined()} == {}


def test_every_id_that_is_defined_is_cited_and_defined_once() -> None:
    assert len(defined()) == len(set(defined())) > 40
    assert set(defined()) - cited().keys() == set()


def test_every_decision_that_is_cited_was_taken() -> None:
    taken = {int(path.name[:4]) for path in sources() if path.parent == Path("docs/adr")}
    found = {int(number) for text in sources().values() for number in DECISION.findall(text)}
    assert found - taken == set()
    assert found


def test_every_document_that_is_named_is_in_the_repository() -> None:
    """A path leads there from the project, docs/ or the file that names it; a bare name is some document's."""
    names = {path.name for path in sources() if path.suffix == ".md"}
    missing = {
        f"{path.as_posix()}: {name}"
        for path, text in sources().items()
        for name in DOCUMENT.findall(text)
        if name not in names and not any((PROJECT / start / name).is_file() for start in ("", "docs", path.parent))
    }
    assert missing == set()
