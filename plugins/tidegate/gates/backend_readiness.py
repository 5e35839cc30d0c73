"""BACKEND-READINESS. Nothing mutates until state can be kept, protected and locked alike for every stack (ST2)."""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_backend import bucket_blockers, lock_table_blockers, probe_blockers, stack_blockers
from tidegate.models.backend import BackendFacts
from tidegate.models.blocker import Blocker


def blockers(facts: BackendFacts) -> Iterator[Blocker]:
    """Buckets, lock table, a real lock of each kind, then the stacks against each other."""
    return each(
        bucket_blockers(facts),
        lock_table_blockers(facts),
        probe_blockers(facts),
        stack_blockers(facts),
    )


GATE = Gate(
    id="BACKEND-READINESS",
    title="The backend is there, protected, and locks",
    owner="platform",
    requirements=("ST1", "ST2", "ST3", "EV1", "EV6"),
    facts=BackendFacts,
    blockers=blockers,
    policy_sections=("account_id", "region", "backend", "evidence", "work", "stacks"),
)
