"""Amounts of money as AWS writes them: a decimal number as text, beside its unit."""

import re
from decimal import Decimal

from tidegate.collectors.aws.reading import MalformedAnswer, field

_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?")
"""As AWS writes them, tiny ones with an exponent. Decimal would also take `1_0` and what overflows a sum."""


def amount(answer: object, path: str) -> Decimal:
    """The `Amount` below a dotted path. Raises MalformedAnswer unless it is the text of a number that can be summed."""
    text = field(answer, f"{path}.Amount", str)
    if not _NUMBER.fullmatch(text):
        raise MalformedAnswer(f"{path}.Amount is not a number")
    return Decimal(text)
