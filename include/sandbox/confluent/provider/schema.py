"""The schema of a resource, as terraform-plugin-sdk describes one: attributes, and blocks in lists (stand-in)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

STRING, NUMBER, BOOL = '"string"', '"number"', '"bool"'
STRINGS, STRING_MAP = '["list","string"]', '["map","string"]'

Check = Callable[[Any], str | None]
"""Takes a value, returns what is wrong with it."""
Same = Callable[[Any, Any], bool]
"""Takes the old and the new value; True when the change means nothing."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One value. `type` is Terraform's own notation in JSON."""

    type: str = STRING
    required: bool = False
    optional: bool = False
    computed: bool = False
    sensitive: bool = False
    force_new: bool = False
    default: Any = None
    check: Check | None = None
    same: Same | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A nested block: a list of objects, or (`single`) one object. `largest` 0 sets no limit."""

    body: "Body"
    smallest: int = 0
    largest: int = 0
    computed: bool = False
    force_new: bool = False
    single: bool = False


Body = Mapping[str, Attribute | Block]
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Schema:
    """What a resource, a data source or the provider takes."""

    body: Body
    version: int = 0

    def empty(self) -> Values:
        """Return an object in which nothing is set."""
        return {name: [] if isinstance(each, Block) and not each.single else None for name, each in self.body.items()}


ID = Attribute(optional=True, computed=True)
COMPUTED = Attribute(computed=True)
OPTIONAL = Attribute(optional=True)
OPTIONAL_COMPUTED = Attribute(optional=True, computed=True)


def required(check: Check | None = None, *, force_new: bool = False, sensitive: bool = False) -> Attribute:
    """Return a string that must be given."""
    return Attribute(required=True, check=check, force_new=force_new, sensitive=sensitive)


def reference(*more: str, environment: bool = False, check: Check | None = None) -> Body:
    """Return the body of a block that points at another thing by `id` and `more`; changing it makes a new resource."""
    body: dict[str, Attribute | Block] = {"id": required(check, force_new=True)}
    body |= {name: required(force_new=True) for name in more}
    if environment:
        body["environment"] = Block({"id": required(force_new=True)})
    return body


def one_of(*allowed: str) -> Check:
    """Return a check for one of these words."""

    def check(value: Any) -> str | None:
        return None if value in allowed else f"expected one of {', '.join(allowed)}, got {value!r}"

    return check


def matching(pattern: str, sentence: str) -> Check:
    """Return a check for a text in which the pattern is found."""

    def check(value: Any) -> str | None:
        return None if re.search(pattern, str(value)) else sentence

    return check


def not_empty(value: Any) -> str | None:
    """Check for a text that says something."""
    return None if value else "expected a text that is not empty"
