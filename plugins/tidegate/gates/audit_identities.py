"""AUDIT-IDENTITIES. Whoever can log in as the environment, and every secret of it, is in a state (LC3).

Whether a stack is up does not matter: what its state holds is known, and all else with the environment's name is not.
"""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_observed import Need, readable
from tidegate.gates.rules_orphans import CONFLUENT_KEY, PARAMETERS_ALLOWED, left_blockers
from tidegate.gates.rules_remedies import FINDER, MANIFEST_STACKS, STATE_BUCKET
from tidegate.models.audit import AuditIdentitiesFacts
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known, Observed
from tidegate.models.orphans import Identity
from tidegate.models.remedy import Clear, Person, Remedy


def blockers(facts: AuditIdentitiesFacts) -> Iterator[Blocker]:
    """The states first: while one of them cannot be read, nobody can tell an orphan from one of its own."""
    return each(_states(facts), _kinds(facts))


def _states(facts: AuditIdentitiesFacts) -> Iterator[Blocker]:
    for name in facts.expected_stacks:
        if name not in facts.held:
            yield Blocker(
                code="STATE-NOT-LOOKED-AT",
                summary="nobody looked which identities this state holds",
                resource=f"state of {name}",
                observed="no answer about this stack",
                expected="the ids that its state holds",
                remedy=MANIFEST_STACKS,
            )
    for name, held in facts.held.items():
        yield from readable(
            held,
            Need(
                stem="STATE",
                what="the state that says which identities are its own",
                resource=f"state of {name}",
                expected="a state, or none yet",
                remedy=STATE_BUCKET,
            ),
        )


def _kinds(facts: AuditIdentitiesFacts) -> Iterator[Blocker]:
    return each(
        _unheld(
            facts,
            facts.environments,
            stem="CONFLUENT-ENVIRONMENTS",
            code="ORPHAN-ENVIRONMENT",
            kind="environment",
            unread=CONFLUENT_KEY,
        ),
        _unheld(
            facts,
            facts.service_accounts,
            stem="SERVICE-ACCOUNTS",
            code="ORPHAN-SERVICE-ACCOUNT",
            kind="service account",
            unread=CONFLUENT_KEY,
        ),
        _unheld(facts, facts.api_keys, stem="API-KEYS", code="ORPHAN-API-KEY", kind="API key", unread=CONFLUENT_KEY),
        _unheld(
            facts,
            facts.role_bindings,
            stem="ROLE-BINDINGS",
            code="ORPHAN-ROLE-BINDING",
            kind="role binding",
            unread=CONFLUENT_KEY,
        ),
        _unheld(
            facts,
            facts.parameters,
            stem="KAFKA-PARAMETERS",
            code="ORPHAN-PARAMETER",
            kind="SSM parameter",
            unread=PARAMETERS_ALLOWED,
        ),
    )


def _unheld(
    facts: AuditIdentitiesFacts,
    found: Observed[tuple[Identity, ...]],
    *,
    stem: str,
    code: str,
    kind: str,
    unread: Remedy,
) -> Iterator[Blocker]:
    return left_blockers(
        _of_no_state(facts, found),
        stem=stem,
        code=code,
        kind=kind,
        resource=facts.name_prefix,
        summary=f"no state holds this {kind}",
        expected="held by the state of a stack, or gone",
        remedy=Remedy.of(
            Person(FINDER, "find out who made it, and let them remove it"),
            Clear(),
            note="A teardown does not reach what no state holds",
        ),
        unread=unread,
    )


def _of_no_state(facts: AuditIdentitiesFacts, found: Observed[tuple[Identity, ...]]) -> Observed[tuple[Identity, ...]]:
    """Those that no state holds. None while a state is unreadable, for then it is the state that is the finding, and
    none while an apply lives that may have made them.
    """
    if not isinstance(found, Known):
        return found
    if facts.applying or not all(isinstance(held, Known | Absent) for held in facts.held.values()):
        return Known(())
    held = {id for ids in facts.held.values() if isinstance(ids, Known) for id in ids.value}
    return Known(tuple(identity for identity in found.value if identity.id not in held))


GATE = Gate(
    id="AUDIT-IDENTITIES",
    title="Every identity and parameter of the environment is held by a state",
    owner="platform",
    requirements=("TD8", "LC3", "TD5"),
    facts=AuditIdentitiesFacts,
    blockers=blockers,
    policy_sections=("project", "name", "stacks", "confluent"),
)
