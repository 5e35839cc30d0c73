"""The prices as YAML text, refreshed: comments, order and everything that did not change stay as they are."""

from collections.abc import Sequence
from datetime import date
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tidegate.cost.price_check import CheckedPrice

_VERSION = ", version "


def refreshed(text: str, checked: "Sequence[CheckedPrice]", today: date) -> tuple[str, int]:
    """The text with the prices of the price list, and how many entries changed.

    A price that differs gets AWS's amount, today's date and the version of the offer in `source`. One that agrees and
    was read too long ago gets the date and the version. Nothing else is touched, nor what costs nothing by now.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 1_000_000  # an entry stays on its line
    yaml.indent(mapping=2, sequence=4, offset=2)
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


def _is_stale(each: "CheckedPrice") -> bool:
    return any(finding.code in {"PRICE-DIFFERS", "PRICE-OLD", "PRICE-DATED-AHEAD"} for finding in each.findings)


def _plain(each: "CheckedPrice") -> str:
    """AWS writes 0.0500000000; people write 0.05."""
    return "" if each.listed is None else f"{each.listed.usd.normalize():f}"
