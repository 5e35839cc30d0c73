"""ORPHAN-IDENTITIES. After a stack at Confluent is gone, nobody can log in as one of its identities any more (LC3).

Environments stand for what is in them: clusters, topics and ACLs.
"""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_orphans import CONFLUENT_KEY, PARAMETERS_ALLOWED, left_blockers
from tidegate.gates.rules_remedies import FINDER
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Observed
from tidegate.models.orphans import Identity, OrphanFacts
from tidegate.models.remedy import Clear, Person, Remedy

_AGAIN = Remedy.of(
    Person(FINDER, "find out who made it, and let them remove it"),
    Clear(),
    note="A teardown does not reach what no state holds",
)


def blockers(facts: OrphanFacts) -> Iterator[Blocker]:
    """Each kind by itself: what is left, one by one, or that nobody could look."""
    kinds = (
        facts.environments,
        facts.service_accounts,
        facts.api_keys,
        facts.role_bindings,
        facts.parameters,
    )
    return each(_target(facts, kinds), _kinds(facts) if facts.targeted else ())


def _target(facts: OrphanFacts, kinds: tuple[Observed[tuple[Identity, ...]], ...]) -> Iterator[Blocker]:
    """A stack that is left alone keeps its identities, and then nothing was asked."""
    asked = any(not isinstance(kind, Absent) for kind in kinds)
    if facts.targeted is not (facts.stack in facts.target.split("+")) or (asked and not facts.targeted):
        yield Blocker(
            code="TARGET-CONTRADICTORY",
            summary="the facts do not agree on whether this run tore the stack down",
            resource=facts.stack,
            observed=f"targeted {facts.targeted}, target {facts.target or 'blank'}, identities "
            + ("asked for" if asked else "not asked for"),
            expected="identities asked for if, and only if, the target names the stack",
            remedy=Remedy.of(Clear("b_scope_freeze")),
        )


def _kinds(facts: OrphanFacts) -> Iterator[Blocker]:
    return each(
        _left(
            facts,
            facts.environments,
            stem="CONFLUENT-ENVIRONMENTS",
            code="ORPHAN-ENVIRONMENT",
            kind="environment",
            unread=CONFLUENT_KEY,
        ),
        _left(
            facts,
            facts.service_accounts,
            stem="SERVICE-ACCOUNTS",
            code="ORPHAN-SERVICE-ACCOUNT",
            kind="service account",
            unread=CONFLUENT_KEY,
        ),
        _left(facts, facts.api_keys, stem="API-KEYS", code="ORPHAN-API-KEY", kind="API key", unread=CONFLUENT_KEY),
        _left(
            facts,
            facts.role_bindings,
            stem="ROLE-BINDINGS",
            code="ORPHAN-ROLE-BINDING",
            kind="role binding",
            unread=CONFLUENT_KEY,
        ),
        _left(
            facts,
            facts.parameters,
            stem="KAFKA-PARAMETERS",
            code="ORPHAN-PARAMETER",
            kind="SSM parameter",
            unread=PARAMETERS_ALLOWED,
        ),
    )


def _left(
    facts: OrphanFacts, found: Observed[tuple[Identity, ...]], *, stem: str, code: str, kind: str, unread: Remedy
) -> Iterator[Blocker]:
    return left_blockers(
        found,
        stem=stem,
        code=code,
        kind=kind,
        resource=facts.stack,
        summary=f"the stack is gone and left a {kind} behind",
        expected="gone",
        remedy=_AGAIN,
        unread=unread,
    )


GATE = Gate(
    id="ORPHAN-IDENTITIES",
    title="No identity and no secret of the stack is left behind",
    owner="platform",
    requirements=("LC3", "TD4", "TD5"),
    facts=OrphanFacts,
    blockers=blockers,
    policy_sections=("project", "name", "stacks", "confluent"),
)
