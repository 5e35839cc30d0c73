"""Wildcards and policy variables of IAM policies. Part of the sandbox's IAM evaluator (labelled stand-in for AWS).

Source: IAM User Guide, "IAM JSON policy elements: Resource" and "IAM policy elements: Variables and tags".
"""

import re
from collections.abc import Mapping
from functools import lru_cache

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_WITH_DEFAULT = re.compile(r"([^,]+?)\s*,\s*'([^']*)'\s*")
_LITERALS = {"*": "*", "?": "?", "$": "$"}
"""`${*}` stands for the character itself."""
_ARN_PARTS = 6
_SEPARATOR = re.compile(r"[:/]")
_WILDCARD = re.compile(r"[*?]")
_WITHOUT_TYPE = re.compile(r"s3$|sns$")
"""Services whose ARNs begin with the name of the resource."""


class VariableMissing(Exception):
    """A policy variable has no single value in the request."""


def matches(pattern: str, value: str, *, ignore_case: bool = False) -> bool:
    """Return whether `*` (any characters) and `?` (one character) of the pattern cover the whole value."""
    return _compiled(pattern, ignore_case).fullmatch(value) is not None


def resource_matches(pattern: str, resource: str, *, grants: bool) -> bool:
    """Return whether an element of Resource covers an ARN.

    Where AWS's documentation leaves two readings, an Allow (`grants`) gets the narrow one and a Deny the wide one: a
    wildcard stays within its part of an ARN, except in the last one, and does not stand for a type of resource
    (`arn:aws:iam::123456789012:u*`).
    """
    if pattern == "*":
        return True
    if grants and _has_wildcard_as_type(pattern, resource):
        return False
    return arn_matches(pattern, resource) or (not grants and matches(pattern, resource))


def _has_wildcard_as_type(pattern: str, resource: str) -> bool:
    service, _, name = resource.partition(":")[2].partition(":")[2].partition(":")
    last = pattern.split(":", _ARN_PARTS - 1)[-1]
    types = not _WITHOUT_TYPE.match(service) and _SEPARATOR.search(name.split(":", 2)[-1]) is not None
    return types and last != "*" and _WILDCARD.search(_SEPARATOR.split(last, maxsplit=1)[0]) is not None


def arn_matches(pattern: str, arn: str) -> bool:
    """Return whether each of the six parts of the pattern covers that part of the ARN."""
    wanted, given = pattern.split(":", _ARN_PARTS - 1), arn.split(":", _ARN_PARTS - 1)
    if len(wanted) < len(given) and wanted[-1].endswith("*"):
        given = [*given[: len(wanted) - 1], ":".join(given[len(wanted) - 1 :])]
    return len(wanted) == len(given) and all(map(matches, wanted, given))


def substitute(text: str, context: Mapping[str, tuple[str, ...]]) -> str:
    """Return the pattern with its policy variables replaced. `context` has lower-case names.

    A wildcard within a value is no wildcard of the pattern. Raises VariableMissing.
    """
    return _VARIABLE.sub(lambda found: _value_of(found[1], context), text) if "${" in text else text


def _value_of(variable: str, context: Mapping[str, tuple[str, ...]]) -> str:
    if variable in _LITERALS:
        return _escaped(_LITERALS[variable])
    name, default = variable, None
    if with_default := _WITH_DEFAULT.fullmatch(variable):
        name, default = with_default.groups()
    values = context.get(name.strip().lower(), ())
    if len(values) == 1:
        return _escaped(values[0])
    if default is None or values:
        raise VariableMissing(variable)
    return _escaped(default)


# Private characters stand for `*` and `?` that are meant literally, until the pattern is compiled.
_STAR, _QUESTION_MARK = "\ue000", "\ue001"


def _escaped(value: str) -> str:
    return value.replace("*", _STAR).replace("?", _QUESTION_MARK)


def unescaped(text: str) -> str:
    """Return a text in which variables were replaced as it reads."""
    return text.replace(_STAR, "*").replace(_QUESTION_MARK, "?")


_MEANINGS = {"*": ".*", "?": ".", _STAR: r"\*", _QUESTION_MARK: r"\?"}


@lru_cache(maxsize=8192)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    expression = "".join(_MEANINGS.get(character) or re.escape(character) for character in pattern)
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if ignore_case else 0))
