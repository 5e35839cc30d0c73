"""What all stand-ins of the sandbox refuse, and what they are still kinder about, in one place."""

from collections.abc import Iterator
from types import ModuleType

from sandbox.aws import identity, price_list, seeded
from sandbox.aws.extensions import EXTENSIONS
from sandbox.confluent import application, control_plane, costs, kafka_rest
from sandbox.iam import assumption, enforcement
from sandbox.refusals import Kinder, Refusal

STAND_INS: tuple[ModuleType, ...] = (
    *(identity, enforcement, assumption),
    *EXTENSIONS,
    *(price_list, seeded),
    *(application, control_plane, costs, kafka_rest),
)
"""Every module that answers in the place of a real service."""


def refusals() -> Iterator[tuple[str, Refusal]]:
    """Yield each refusal with its service."""
    for module in STAND_INS:
        for each in module.REFUSALS:
            yield each.service or module.SERVICE, each


def kinder() -> Iterator[tuple[str, Kinder]]:
    """Yield each error that is never made, with its service."""
    for module in STAND_INS:
        for each in module.KINDER:
            yield each.service or module.SERVICE, each
