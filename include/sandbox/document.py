"""Writes docs/sandbox-refusals.md: what each stand-in refuses, with source, and what is still kinder, with reason.

python -m sandbox.document
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from sandbox.declarations import kinder, refusals
from sandbox.refusals import EVERY, MADE_ELSEWHERE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sandbox-refusals.md"


def page() -> str:
    """Return the document, whole."""
    made, missing = list(refusals()), list(kinder())
    services = list(dict.fromkeys(service for service, _ in (*made, *missing)))
    lines = [
        "# What the sandbox refuses",
        "",
        "<!-- Made by `make docs` from include/sandbox. Do not edit. -->",
        "",
        "What a stand-in answers itself it refuses as the real service does. `tests/sandbox/test_refusals.py` makes",
        "each call of the first table and demands the code. Each error that botocore's model has of an operation is in",
        "one of the two tables, but for those that IAM's evaluation and the faults of the admin API make of every one:",
        f"{', '.join(f'`{name}`' for name in sorted(MADE_ELSEWHERE))}.",
        "What is not answered here is moto's, and as strict as moto is.",
        "[The sandbox](sandbox.md#still-kinder-than-aws) says what holds for everything.",
        "",
        f"{len(made)} refusals, {len(missing)} errors that are never made.",
        "",
        "## Refused",
        "",
        "| service | operation | code | when | source |",
        "| --- | --- | --- | --- | --- |",
        *_rows(
            (service, _named(each.operation), f"`{each.code}`", each.when, f"[page]({each.source})")
            for wanted in services
            for service, each in made
            if service == wanted
        ),
        "",
        "## Still kinder",
        "",
        "| service | operation | never made | why |",
        "| --- | --- | --- | --- |",
        *_rows(
            (service, _named(each.operation), f"`{each.code}`", each.why)
            for wanted in services
            for service, each in missing
            if service == wanted
        ),
    ]
    return "\n".join(lines) + "\n"


def _named(operation: str) -> str:
    return "all" if operation == EVERY else f"`{operation}`"


def _rows(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    return (f"| {' | '.join(cells)} |" for cells in rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
