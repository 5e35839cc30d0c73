"""What terraform-plugin-sdk does between configuration, state and plan (stand-in): pure functions over plain values.

A value that is not known yet is UNKNOWN, wherever it stands.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.confluent.provider.schema import Attribute, Block, Body, Values

Path = tuple[str | int, ...]


class Unknown:
    """The type of UNKNOWN."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __deepcopy__(self, memo: object) -> "Unknown":
        return self


UNKNOWN: Final = Unknown()


def holds_unknown(value: Any) -> bool:
    """True when UNKNOWN stands anywhere in the value."""
    if isinstance(value, dict):
        return any(map(holds_unknown, value.values()))
    if isinstance(value, list):
        return any(map(holds_unknown, value))
    return value is UNKNOWN


def without_unknown(value: Any) -> Any:
    """Return the value with null for what is not known: the state of something that was made only in part."""
    if isinstance(value, dict):
        return {name: without_unknown(each) for name, each in value.items()}
    if isinstance(value, list):
        return [without_unknown(each) for each in value]
    return None if value is UNKNOWN else value


def planned(body: Body, config: Mapping[str, Any], prior: Mapping[str, Any] | None, proposed: Values) -> Values:
    """Return the planned values of one object: defaults, computed values, and changes that mean nothing undone.

    `prior` is None for an object that is to be made.
    """
    result = dict(proposed)
    for name, part in body.items():
        given, before = config.get(name), (prior or {}).get(name)
        if isinstance(part, Attribute):
            result[name] = _planned_attribute(part, given, prior is None, before, result.get(name))
        elif not part.single and isinstance(result.get(name), list):
            result[name] = _planned_blocks(part, given or [], prior is None, before or [], result[name])
    return result


def _planned_attribute(part: Attribute, given: Any, creating: bool, before: Any, proposed: Any) -> Any:
    if given is None:
        if part.default is not None:
            return part.default
        if part.computed:
            return UNKNOWN if creating or before is None else before
        return proposed
    if part.same and before is not None and given is not UNKNOWN and part.same(before, given):
        return before
    return proposed


def _planned_blocks(part: Block, given: Any, creating: bool, before: list[Any], proposed: list[Any]) -> Any:
    if part.computed and not given:  # optional and computed: what is there stays
        return UNKNOWN if creating else copy.deepcopy(before)
    result = []
    for index, item in enumerate(proposed):
        config = given[index] if isinstance(given, list) and index < len(given) else {}
        old = before[index] if index < len(before) else None
        result.append(planned(part.body, config, old, item))
    return result


def replacements(body: Body, prior: Mapping[str, Any], new: Mapping[str, Any], at: Path = ()) -> Iterator[Path]:
    """Yield the paths of changes that cannot be made in place."""
    for name, part in body.items():
        before, after = prior.get(name), new.get(name)
        if isinstance(part, Attribute):
            if part.force_new and before != after:
                yield (*at, name)
        elif not part.single and after is not UNKNOWN:
            yield from _replaced_blocks(part, before or [], after or [], (*at, name))


def _replaced_blocks(part: Block, before: list[Any], after: list[Any], at: Path) -> Iterator[Path]:
    if len(before) != len(after):
        if part.force_new:
            yield at
        return
    for index, (old, new) in enumerate(zip(before, after, strict=True)):
        yield from replacements(part.body, old, new, (*at, index))


def problems(body: Body, config: Mapping[str, Any], at: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield what is wrong with known values of a configuration, and where."""
    for name, part in body.items():
        value = config.get(name)
        if value is None or value is UNKNOWN:
            continue
        if isinstance(part, Attribute):
            if part.check and (wrong := part.check(value)):
                yield (*at, name), wrong
        elif not part.single:
            for index, item in enumerate(value):
                if item is not UNKNOWN:
                    yield from problems(part.body, item, (*at, name, index))


def settled(body: Body, wanted: Mapping[str, Any], found: Values) -> Values:
    """Return what was found with null where nothing was wanted and the API answers an empty value."""
    empty = {
        name
        for name, part in body.items()
        if isinstance(part, Attribute) and not part.computed and wanted.get(name) is None
    }
    return {name: None if name in empty and value in ("", False, 0) else value for name, value in found.items()}
