"""What looking found: a value, nothing, or no permission to look; in a plan also: not decided yet.

"Not there" and "could not look" never look alike (ADR 2). A gate that meets anything but
`Known` where it needs a value reports a blocker.
"""

from dataclasses import dataclass
from typing import Annotated, Generic, Literal, TypeVar, Union

from pydantic import Field

from tidegate.models.redaction import without_secrets

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """The value was read."""

    value: T
    kind: Literal["known"] = "known"


@dataclass(frozen=True, slots=True)
class Absent:
    """The answer was read, and it says: there is none."""

    kind: Literal["absent"] = "absent"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """No usable answer. `reason` is for people: what was asked and what came back. Secrets are taken out here (ID4).

    `transient`: the service was busy or the connection was cut off, so that asking again later may well give one.
    """

    reason: str
    transient: bool = False
    kind: Literal["unreadable"] = "unreadable"

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", without_secrets(self.reason))


@dataclass(frozen=True, slots=True)
class UnknownUntilApply:
    """Terraform decides the value during apply; a plan cannot show it."""

    kind: Literal["unknown_until_apply"] = "unknown_until_apply"


Observed = Annotated[
    Union[Known[T], Absent, Unreadable],  # noqa: UP007 - a generic alias needs Union on 3.11
    Field(discriminator="kind"),
]
Planned = Annotated[
    Union[Known[T], Absent, Unreadable, UnknownUntilApply],  # noqa: UP007 - as above
    Field(discriminator="kind"),
]
"""What a plan says of an attribute. Nothing else can be undecided until the apply."""


def shown(observed: Known[T] | Absent | Unreadable | UnknownUntilApply) -> str:
    """Say an observation in a few words, for the `observed` field of a blocker."""
    match observed:
        case Known(value):
            return str(value)
        case Absent():
            return "none"
        case Unreadable(reason):
            return f"unreadable: {reason}"
        case UnknownUntilApply():
            return "unknown until apply"
