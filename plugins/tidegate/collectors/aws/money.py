"""Amounts of money as AWS writes them: a decimal number as text, beside its unit."""

from decimal import Decimal, InvalidOperation

from tidegate.collectors.aws.reading import MalformedAnswer, field


def amount(answer: object, path: str) -> Decimal:
    """The `Amount` below a dotted path. Raises MalformedAnswer unless it is the text of a finite number."""
    text = field(answer, f"{path}.Amount", str)
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise MalformedAnswer(f"{path}.Amount is not a number") from error
    if not number.is_finite():
        raise MalformedAnswer(f"{path}.Amount is not a finite number")
    return number
