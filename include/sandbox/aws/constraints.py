"""What botocore's model says of a request's values, judged as AWS judges it before it looks at anything else.

Clients check types and required parameters by themselves, but no patterns, lengths, ranges and lists of values: those
are the service's to refuse. Part of the sandbox, a labelled stand-in for AWS.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from botocore import xform_name
from botocore.model import ListShape, Shape, StructureShape
from botocore.session import get_session

_LONGEST_SHOWN = 100
_CASELESS = re.compile(r"\(\?i\)([^()]*(?:\([^()]*\)[^()]*)*)\)")


def violation(service: str, operation: str, given: Mapping[str, Any]) -> str | None:
    """Return AWS's sentence about the values that the model of the operation does not admit; None when it admits all.

    `service` is botocore's name.
    """
    shape = _model(service).operation_model(operation).input_shape
    if shape is None:
        return None
    found = [
        f"Value '{str(value)[:_LONGEST_SHOWN]}' at '{path}' failed to satisfy constraint: {constraint}"
        for path, value, constraint in _violations(shape, given, "")
    ]
    if not found:
        return None
    return f"{len(found)} validation error{'s' * (len(found) > 1)} detected: {'; '.join(found)}"


@cache
def operation_of(service: str, method: str) -> str | None:
    """Return the operation that moto answers by a method with this name; None when the service has none."""
    return next((name for name in _model(service).operation_names if xform_name(name) == method), None)


@cache
def _model(service: str) -> Any:
    return get_session().get_service_model(service)


def _violations(shape: Shape, value: Any, path: str) -> Iterator[tuple[str, Any, str]]:
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        for name, member in shape.members.items():
            if value.get(name) is not None:
                below = name[0].lower() + name[1:]
                yield from _violations(member, value[name], f"{path}.{below}" if path else below)
        return
    for constraint in _broken(shape, value):
        yield path, value, constraint
    if isinstance(shape, ListShape) and isinstance(value, list):
        for place, each in enumerate(value, start=1):
            yield from _violations(shape.member, each, f"{path}.{place}.member")


def _broken(shape: Shape, value: Any) -> Iterator[str]:
    told: Mapping[str, Any] = shape.metadata
    if allowed := told.get("enum"):
        if value not in allowed:
            yield f"Member must satisfy enum value set: [{', '.join(allowed)}]"
        return
    measure = _MEASURES.get(shape.type_name)
    if measure is not None and isinstance(value, str | list | int | float):
        size, noun = measure(value)
        if size < told.get("min", size):
            yield f"Member must have {noun} greater than or equal to {told['min']}"
        if size > told.get("max", size):
            yield f"Member must have {noun} less than or equal to {told['max']}"
    if "pattern" in told and isinstance(value, str) and not _pattern(told["pattern"]).fullmatch(value):
        yield f"Member must satisfy regular expression pattern: {told['pattern']}"


def _length(value: Any) -> tuple[float, str]:
    return len(value if isinstance(value, list) else str(value)), "length"


def _number(value: Any) -> tuple[float, str]:
    return float(value), "value"


_MEASURES: Mapping[str, Callable[[Any], tuple[float, str]]] = {
    "string": _length,
    "list": _length,
    "integer": _number,
    "long": _number,
    "double": _number,
    "float": _number,
}


@cache
def _pattern(text: str) -> re.Pattern[str]:
    r"""Read a pattern of Java: flags in the middle become a group's, and `\p{...}` classes admit everything."""
    text = _CASELESS.sub(r"(?i:\1))", text)
    return re.compile("(?s:.*)" if r"\p{" in text or r"\uD800" in text else text)
