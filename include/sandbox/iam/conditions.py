"""Condition operators of IAM. Part of the sandbox's IAM evaluator (labelled stand-in for AWS).

Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Multivalued context keys".
"""

import base64
import binascii
import ipaddress
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from sandbox.iam.documents import Condition
from sandbox.iam.patterns import VariableMissing, arn_matches, matches, substitute, unescaped

_COLONS_OF_AN_ARN = 5

Context = Mapping[str, tuple[str, ...]]
"""Condition keys of a request, in lower case, with their values. A key without a value is present and empty."""

Test = Callable[[str, str], bool]
"""Does the value of the policy cover the value of the request?"""


class CannotEvaluate(Exception):
    """The evaluator does not know the operator; the text names it."""


def holds(condition: Condition, context: Context, *, with_variables: bool) -> bool:
    """Return whether the request meets the condition. Raises CannotEvaluate."""
    quantifier, _, name = condition.operator.rpartition(":")
    if_exists = name.endswith("IfExists") and name != "Null"
    name = name.removesuffix("IfExists")
    values = context.get(condition.key.lower())
    if name == "Null":
        return _is_null(condition.values, values)
    test, negated, texts = _operator(name, condition.operator)
    wanted = _wanted(condition, context, negated) if with_variables and texts else condition.values
    if quantifier.lower() == "forallvalues":
        return not values or all(_one(test, negated, wanted, value) for value in values)
    if quantifier.lower() == "foranyvalue":
        if values is None:
            return if_exists
        return any(_one(test, negated, wanted, value) for value in values)
    if quantifier:
        raise CannotEvaluate(f"the condition operator {condition.operator}")
    if not values:
        return if_exists or negated
    if len(values) > 1:
        raise CannotEvaluate(f"{condition.operator} on {condition.key}, which has several values")
    return _one(test, negated, wanted, values[0])


def _one(test: Test, negated: bool, wanted: tuple[str, ...], value: str) -> bool:
    return any(test(each, value) for each in wanted) is not negated


def _is_null(wanted: tuple[str, ...], values: tuple[str, ...] | None) -> bool:
    return any((each.lower() == "true") is (not values) for each in wanted)


def _wanted(condition: Condition, context: Context, negated: bool) -> tuple[str, ...]:
    """Return the values with their variables replaced; one whose variable is missing covers nothing."""
    replaced = []
    for value in condition.values:
        try:
            replaced.append(substitute(value, context))
        except VariableMissing as missing:
            if negated:
                raise CannotEvaluate(f"{condition.operator} with the missing variable {missing}") from missing
    return tuple(replaced)


def _arn(wanted: str, value: str) -> bool:
    if wanted.count(":") < _COLONS_OF_AN_ARN:
        raise CannotEvaluate(f"{wanted}, which is no ARN")
    return arn_matches(wanted, value)


def _string_equals(wanted: str, value: str) -> bool:
    return unescaped(wanted) == value


def _string_equals_ignoring_case(wanted: str, value: str) -> bool:
    return unescaped(wanted).lower() == value.lower()


def _boolean(wanted: str, value: str) -> bool:
    return wanted.lower() == value.lower()


def _binary(wanted: str, value: str) -> bool:
    try:
        return base64.b64decode(wanted, validate=True) == base64.b64decode(value, validate=True)
    except binascii.Error:
        return False


def _address(wanted: str, value: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _moment(text: str) -> Decimal | None:
    """Return seconds since 1970 of an ISO 8601 time or of such a number."""
    if (number := _number(text)) is not None:
        return number
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return Decimal(str((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()))


def _compared(read: Callable[[str], Decimal | None], compare: Callable[[Decimal, Decimal], bool]) -> Test:
    def test(wanted: str, value: str) -> bool:
        limit, given = read(wanted), read(value)
        return limit is not None and given is not None and compare(given, limit)

    return test


_COMPARISONS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "Equals": lambda given, limit: given == limit,
    "LessThan": lambda given, limit: given < limit,
    "LessThanEquals": lambda given, limit: given <= limit,
    "GreaterThan": lambda given, limit: given > limit,
    "GreaterThanEquals": lambda given, limit: given >= limit,
}
_TEXT_TESTS: dict[str, Test] = {
    "StringEquals": _string_equals,
    "StringEqualsIgnoreCase": _string_equals_ignoring_case,
    "StringLike": matches,
    "ArnEquals": _arn,
    "ArnLike": _arn,
}
_OTHER_TESTS: dict[str, Test] = {
    "Bool": _boolean,
    "BinaryEquals": _binary,
    "IpAddress": _address,
    **{f"Numeric{name}": _compared(_number, compare) for name, compare in _COMPARISONS.items()},
    **{f"Date{name}": _compared(_moment, compare) for name, compare in _COMPARISONS.items()},
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
}


def _operator(name: str, written: str) -> tuple[Test, bool, bool]:
    """Return the test, whether its result is negated, and whether policy variables are replaced."""
    plain = _NEGATED.get(name, name)
    test = _TEXT_TESTS.get(plain) or _OTHER_TESTS.get(plain)
    if test is None:
        raise CannotEvaluate(f"the condition operator {written}")
    return test, name in _NEGATED, plain in _TEXT_TESTS
