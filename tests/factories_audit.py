"""Passing facts of the audit's lanes. Each takes changes by keyword."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from factories_control import holder, intent
from factories_orphans import KINDS, identity
from factories_root import root_sources
from factories_world import NOW, PREFIX, SHA, TODAY, state_version
from tidegate.models.audit import (
    AuditContinuityFacts,
    AuditIdentitiesFacts,
    ChangedResource,
    DriftPlan,
    EvidenceChainFacts,
    EvidenceFinding,
    JudgedPolicy,
    PreviousAudit,
    StackDrift,
    StackDriftFacts,
    StackLockState,
    StandingPass,
    StandingPassesFacts,
    StateLocksFacts,
    VerifiedExecution,
)
from tidegate.models.control import LeaseHolder
from tidegate.models.observed import Absent, Known

LAST_NIGHT = "audit_20261120T020000Z"
PROVEN = "m9_20261120T180000Z"
NOTHING_YET = dict.fromkeys(("previous", "newest_record", "hourly_due", "hourly_newest"), Absent())
STACKS = ("core", "confluent", "demo")


def previous(**changes: Any) -> PreviousAudit:
    """The audit of last night."""
    found = PreviousAudit(
        number=7,
        execution_id=LAST_NIGHT,
        due_at=NOW - timedelta(hours=7, minutes=30),
        recorded_at=NOW - timedelta(hours=7),
        overall_pass=True,
    )
    return replace(found, **changes)


def continuity_facts(**changes: Any) -> AuditContinuityFacts:
    """An audit every night."""
    facts = AuditContinuityFacts(
        observed_at=NOW,
        schedule="0 2 * * *",
        deadline_minutes=60,
        previous=Known(previous()),
        newest_record=Known(NOW - timedelta(hours=1)),
        missed=Known(()),
        without_verdict=Known(()),
        hourly_schedule="17 * * * *",
        hourly_due=Known(NOW - timedelta(hours=3)),
        hourly_newest=Known(NOW - timedelta(minutes=40)),
    )
    return replace(facts, **changes)


def first_audit(**changes: Any) -> AuditContinuityFacts:
    """The first one ever, before there is any verdict."""
    return continuity_facts(**{**NOTHING_YET, **changes})


def lock_state(stack: str = "demo", **changes: Any) -> StackLockState:
    """A stack that nobody works on."""
    return replace(StackLockState(stack=stack, locks=Known(()), intent=Absent(), last_apply=Absent()), **changes)


def given_back(**changes: Any) -> LeaseHolder:
    """A lease that the verdict of its run gave back."""
    at = NOW - timedelta(hours=3)
    return holder(**{"acquired_at": at, "heartbeat_at": at, "expires_at": at, **changes})


def locks_facts(**changes: Any) -> StateLocksFacts:
    """Nobody holds anything; of demo a terraform is at work."""
    facts = StateLocksFacts(
        observed_at=NOW,
        expected_stacks=STACKS,
        max_lock_minutes=90,
        stacks=(lock_state("core"), lock_state("confluent"), lock_state(intent=Known(intent(liveness="live")))),
        lease=Known(given_back()),
    )
    return replace(facts, **changes)


def changed_resource(address: str = "aws_ecs_cluster.this", **changes: Any) -> ChangedResource:
    """A resource that a plan would change."""
    found = ChangedResource(address=address, actions=("update",), attributes=("setting", "tags"))
    return replace(found, **changes)


def drift_plan(**changes: Any) -> DriftPlan:
    """A plan without changes."""
    return replace(DriftPlan(complete=True, drifted=(), pending=(), outputs=(), has_changes=False), **changes)


def stack_drift(stack: str = "demo", **changes: Any) -> StackDrift:
    """A stack that is up and as it was left."""
    return replace(
        StackDrift(
            stack=stack,
            state=Known(state_version()),
            plan=Known(drift_plan()),
            applied_before=Absent(),
            root=Known(root_sources()),
        ),
        **changes,
    )


def drift_facts(*stacks: StackDrift, **changes: Any) -> StackDriftFacts:
    """Everything is up and as it was left."""
    facts = StackDriftFacts(
        observed_at=NOW,
        expected_stacks=tuple(it.stack for it in stacks) or STACKS,
        stacks=stacks or tuple(stack_drift(name) for name in STACKS),
    )
    return replace(facts, **changes)


def identities_facts(**changes: Any) -> AuditIdentitiesFacts:
    """One identity of each kind, and the state of confluent holds them all."""
    held = tuple(f"{kind}-1" for kind in KINDS)
    found = {kind: Known((identity(kind.removesuffix("s"), id=f"{kind}-1"),)) for kind in KINDS}
    facts = AuditIdentitiesFacts(
        observed_at=NOW,
        expected_stacks=STACKS,
        name_prefix=PREFIX,
        parameter_prefix="/fraud-platform/dev_min/kafka/",
        intents={"confluent": Absent()},
        held={"core": Known(()), "confluent": Known(held), "demo": Absent()},
        **found,  # type: ignore[arg-type]
    )
    return replace(facts, **changes)


def evidence_finding(**changes: Any) -> EvidenceFinding:
    """A snapshot that somebody touched."""
    found = EvidenceFinding(
        code="DIGEST-MISMATCH",
        file="evidence/dev_min/x.json",
        observed="digest a",
        expected="digest b",
        remedy="keep the file and its versions",
        certain=True,
    )
    return replace(found, **changes)


def verified(execution: str = PROVEN, *findings: EvidenceFinding) -> VerifiedExecution:
    """An execution whose evidence was judged again."""
    return VerifiedExecution(execution_id=execution, findings=Known(findings))


def evidence_facts(*executions: VerifiedExecution, **changes: Any) -> EvidenceChainFacts:
    """A sound chain, and sound evidence of last night's audit and of the newest teardown."""
    facts = EvidenceChainFacts(
        observed_at=NOW,
        records=Known(9),
        chain=Known(()),
        since=LAST_NIGHT,
        executions=executions or (verified(), verified(LAST_NIGHT)),
        by_record_only=(),
        proof=Known(PROVEN),
    )
    return replace(facts, **changes)


def judged_policy(lane: str = "M9.G", gate: str = "COST-GUARDRAIL", **changes: Any) -> JudgedPolicy:
    """A lane that was judged under today's policy."""
    return replace(JudgedPolicy(lane=lane, gate=gate, policy_digest=SHA, policy_digest_today=SHA), **changes)


def standing(**changes: Any) -> StandingPass:
    """A pass that belongs to today's policy."""
    found = StandingPass(
        execution_id=PROVEN, uri=f"s3://{PREFIX}-evidence/x.json", overall_pass=True, policies=(judged_policy(),)
    )
    return replace(found, **changes)


def passes_facts(**changes: Any) -> StandingPassesFacts:
    """Every pass belongs to today's policy, and there are no exceptions."""
    facts = StandingPassesFacts(
        observed_at=NOW,
        cost=Known(standing()),
        proof=Known(standing()),
        build=Known(standing()),
        exceptions=(),
        today=TODAY,
        warn_expiry_days=7,
    )
    return replace(facts, **changes)
