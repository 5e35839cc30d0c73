"""What a destroyed stack at Confluent may have left behind in Confluent Cloud and in SSM (LC3)."""

from dataclasses import dataclass
from typing import Literal

from tidegate.models.facts import Facts
from tidegate.models.observed import Observed

Kind = Literal["environment", "service_account", "api_key", "role_binding", "parameter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One thing that answers although its stack is gone: its id, and the name that people gave it (may be blank)."""

    kind: Kind
    id: str
    display_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrphanFacts(Facts):
    """Facts of M9.E after the destroy: per kind, what answers and belongs to the environment.

    ACLs, topics and clusters live in a Confluent environment and go with it: one that is left stands for them.
    A stack that this teardown leaves alone (`targeted` is false) keeps its identities: nothing was asked, all Absent.
    """

    stack: str
    target: str
    """What M9.B froze as the target of this run."""
    targeted: bool
    name_prefix: str
    """What is called so, or begins with it and a hyphen, belongs to the environment."""
    parameter_prefix: str
    environments: Observed[tuple[Identity, ...]]
    service_accounts: Observed[tuple[Identity, ...]]
    api_keys: Observed[tuple[Identity, ...]]
    role_bindings: Observed[tuple[Identity, ...]]
    parameters: Observed[tuple[Identity, ...]]
