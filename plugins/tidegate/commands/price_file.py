"""The prices as YAML text, refreshed or longer: comments, order and everything that did not change stay as they are."""

from collections.abc import Sequence
from datetime import date
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ruamel.yaml import YAML

    from tidegate.cost.price_check import CheckedPrice
    from tidegate.cost.price_region import MadePrice
    from tidegate.models.prices import Price, Usage

_VERSION = ", version "


def refreshed(text: str, checked: "Sequence[CheckedPrice]", today: date) -> tuple[str, int]:
    """The text with the prices of the price list, and how many entries changed.

    A price that differs gets AWS's amount, today's date and the version of the offer in `source`. One that agrees and
    was read too long ago gets the date and the version. Nothing else is touched, nor what costs nothing by now.
    """
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    yaml = _yaml()
    document: Any = yaml.load(text)
    changed = 0
    for each in checked:
        if each.listed is None or each.listed.usd == 0 or not _is_stale(each):
            continue
        entry = document[each.section][each.number]
        if each.differs:
            entry["usd"] = DoubleQuotedScalarString(_plain(each))
        entry["date"] = DoubleQuotedScalarString(today.isoformat())
        source = each.entry.source.partition(_VERSION)[0]
        entry["source"] = DoubleQuotedScalarString(f"{source}{_VERSION}{each.listed.version}")
        changed += 1
    stream = StringIO()
    yaml.dump(document, stream)
    return stream.getvalue(), changed


def with_entries(text: str, made: "Sequence[MadePrice]") -> tuple[str, int]:
    """The text with every entry that was made at the end of its section, and how many those are.

    Everything that was there stays byte for byte. A section that the text lacks is begun at its end.
    """
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    number = 0
    for section in ("prices", "usage"):
        entries = [each.entry for each in made if each.entry is not None and each.pattern.section == section]
        if not entries:
            continue
        if not any(line.startswith(f"{section}:") for line in lines):
            lines += ["\n", f"{section}:\n"]
        at = _end_of(lines, section)
        lines[at:at] = [f"  # {entries[0].region}, from the price list.\n", *map(_line, entries)]
        number += len(entries)
    return "".join(lines), number


def _yaml() -> "YAML":
    from ruamel.yaml import YAML

    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 1_000_000  # an entry stays on its line
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _end_of(lines: "Sequence[str]", section: str) -> int:
    """The number of the line after the last entry of a section, counted from 0."""
    first = next(number for number, line in enumerate(lines) if line.startswith(f"{section}:"))
    end = first + 1
    for number in range(first + 1, len(lines)):
        line = lines[number]
        if line.strip() and not line.startswith((" ", "#", "-")):
            break
        if line.strip() and not line.lstrip().startswith("#"):
            end = number + 1
    return end


def _line(entry: "Price | Usage") -> str:
    """An entry in one line, as a person would write it."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    def flow(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            mapping = CommentedMap({key: flow(item, key) for key, item in value.items()})
            mapping.fa.set_flow_style()
            return mapping
        if isinstance(value, list | tuple):
            sequence = CommentedSeq([flow(item) for item in value])
            sequence.fa.set_flow_style()
            return sequence
        quoted = isinstance(value, str) and (name in {"usd", "date", "source"} or ":" in value)
        return DoubleQuotedScalarString(value) if quoted else value

    given = entry.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    given["usd"] = f"{entry.usd.normalize():f}"
    order = (
        "types",
        "region",
        "part",
        "where",
        "when",
        "what",
        "usd",
        "unit",
        "times",
        "count",
        "source",
        "offer",
        "date",
    )
    stream = StringIO()
    _yaml().dump(flow({name: given[name] for name in order if name in given}), stream)
    return f"  - {stream.getvalue().strip()}\n"


def _is_stale(each: "CheckedPrice") -> bool:
    return any(finding.code in {"PRICE-DIFFERS", "PRICE-OLD", "PRICE-DATED-AHEAD"} for finding in each.findings)


def _plain(each: "CheckedPrice") -> str:
    """AWS writes 0.0500000000; people write 0.05."""
    return "" if each.listed is None else f"{each.listed.usd.normalize():f}"
