"""Passing facts about Confluent Cloud. Each takes changes by keyword."""

from dataclasses import replace
from typing import Any

from factories_world import NOW, PREFIX
from tidegate.models.observed import Absent, Known
from tidegate.models.orphans import Identity, OrphanFacts

KINDS = ("environments", "service_accounts", "api_keys", "role_bindings", "parameters")


def identity(kind: Any = "service_account", id: str = "sa-1", display_name: str = f"{PREFIX}-producer") -> Identity:
    """The producer's service account."""
    return Identity(kind=kind, id=id, display_name=display_name)


def orphan_facts(**changes: Any) -> OrphanFacts:
    """After a teardown of everything that left nothing."""
    facts = OrphanFacts(
        observed_at=NOW,
        stack="confluent",
        target="demo+confluent",
        targeted=True,
        name_prefix=PREFIX,
        parameter_prefix="/fraud-platform/dev_min/kafka/",
        environments=Known(()),
        service_accounts=Known(()),
        api_keys=Known(()),
        role_bindings=Known(()),
        parameters=Known(()),
    )
    return replace(facts, **changes)


def left_alone(**changes: Any) -> OrphanFacts:
    """After a teardown of demo alone: confluent keeps its identities, and nobody asked for them."""
    return orphan_facts(**{"target": "demo", "targeted": False, **dict.fromkeys(KINDS, Absent()), **changes})
