"""APPLIED-STATE. After an apply the state holds exactly what the plan announced, and nobody holds it (ST7)."""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_observed import Need, readable, required, unusable
from tidegate.gates.rules_protected import tainted_blockers
from tidegate.gates.rules_remedies import AUTHOR, BUILD, FINDER, REBUILD, STATE_BUCKET, root_of
from tidegate.gates.rules_state import lock_left_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known
from tidegate.models.remedy import Person, Remedy
from tidegate.models.state import AppliedStateFacts

_AGAIN = REBUILD


def blockers(facts: AppliedStateFacts) -> Iterator[Blocker]:
    """Identity and movement of the state file, then its addresses, outputs and locks."""
    return each(
        _readable(facts),
        _apply_end(facts),
        _lineage(facts),
        _serial(facts),
        _addresses(facts),
        tainted_blockers(facts.tainted, stack=facts.stack, protected=facts.protected_addresses, protected_only=False),
        _outputs(facts),
        lock_left_blockers(facts.locks, facts.stack),
    )


def _readable(facts: AppliedStateFacts) -> Iterator[Blocker]:
    remedy = STATE_BUCKET
    before = Need(
        stem="STATE-BEFORE",
        what="the state before the apply",
        resource=facts.stack,
        expected="a state version, or none",
        remedy=remedy,
    )
    after = Need(
        stem="STATE", what="the state after the apply", resource=facts.stack, expected="a state version", remedy=remedy
    )
    return each(readable(facts.before, before), required(facts.after, after))


def _apply_end(facts: AppliedStateFacts) -> Iterator[Blocker]:
    """Terraform itself must have said that it was done: a task marked as success by hand says nothing of that."""
    if not facts.applied:
        return
    if not isinstance(facts.apply_end, Known):
        need = Need(
            stem="APPLY-RECORD",
            what="the record of how terraform apply ended",
            resource=facts.stack,
            expected="a record of this plan's apply, status 0",
            remedy=_AGAIN,
        )
        yield unusable(facts.apply_end, need)
        return
    end = facts.apply_end.value
    if end.plan_sha256 != facts.planned_sha256:
        observed = f"the newest apply, of {end.task} ({end.execution_id}), had another plan"
    elif end.returncode is None:
        observed = f"the apply of {end.task} was not seen to end"
    else:
        observed = f"the apply of {end.task} ended with status {end.returncode}"
    if end.plan_sha256 != facts.planned_sha256 or end.returncode != 0:
        yield Blocker(
            code="APPLY-NOT-COMPLETED",
            summary="terraform did not say that this plan is applied",
            resource=facts.stack,
            observed=observed,
            expected=f"an apply of plan {facts.planned_sha256[:16]} that ended with status 0",
            remedy=_AGAIN,
        )


def _lineage(facts: AppliedStateFacts) -> Iterator[Blocker]:
    if not isinstance(facts.before, Known) or not isinstance(facts.after, Known):
        return
    before, after = facts.before.value, facts.after.value
    if before.lineage != after.lineage:
        yield Blocker(
            code="STATE-LINEAGE-CHANGED",
            summary="the state file was exchanged for another one",
            resource=after.key,
            observed=f"lineage {after.lineage}",
            expected=f"lineage {before.lineage}",
            remedy=Remedy.of(
                Person(
                    FINDER,
                    f"find out who changed the lineage; the plan rests on version {before.version_id} of {before.key}",
                ),
                BUILD,
            ),
        )


def _serial(facts: AppliedStateFacts) -> Iterator[Blocker]:
    if not isinstance(facts.after, Known) or not isinstance(facts.before, (Known, Absent)):
        return
    after = facts.after.value
    before = facts.before.value.serial if isinstance(facts.before, Known) else None
    if facts.applied and before is not None and after.serial <= before:
        yield Blocker(
            code="STATE-SERIAL-NOT-MOVED",
            summary="the apply left no trace in the state",
            resource=after.key,
            observed=f"serial {after.serial}",
            expected=f"a serial above {before}",
            remedy=_AGAIN,
        )
    if not facts.applied and after.serial != before:
        yield Blocker(
            code="STATE-SERIAL-MOVED",
            summary="nothing was applied and yet the state moved",
            resource=after.key,
            observed=f"serial {after.serial}",
            expected="no state" if before is None else f"serial {before}",
            remedy=Remedy.of(Person(FINDER, f"find out who wrote version {after.version_id} of {after.key}"), BUILD),
        )


def _addresses(facts: AppliedStateFacts) -> Iterator[Blocker]:
    if not isinstance(facts.state_addresses, Known):
        need = Need(
            stem="STATE-ADDRESSES",
            what="the list of resources in the state",
            resource=facts.stack,
            expected=f"{len(facts.planned_addresses)} addresses",
            remedy=STATE_BUCKET,
        )
        yield unusable(facts.state_addresses, need)
        return
    planned, held = set(facts.planned_addresses), set(facts.state_addresses.value)
    for address in sorted(planned - held):
        yield Blocker(
            code="STATE-ADDRESS-MISSING",
            summary="a planned resource is not in the state",
            resource=address,
            observed="not in the state",
            expected="in the state, as planned",
            remedy=_AGAIN,
        )
    for address in sorted(held - planned):
        yield Blocker(
            code="STATE-ADDRESS-UNPLANNED",
            summary="the state holds a resource that the plan did not announce",
            resource=address,
            observed="in the state",
            expected="not in the state, for the plan does not keep it",
            remedy=_AGAIN,
        )


def _outputs(facts: AppliedStateFacts) -> Iterator[Blocker]:
    if not isinstance(facts.outputs, Known):
        need = Need(
            stem="OUTPUTS",
            what="the list of outputs in the state",
            resource=facts.stack,
            expected=", ".join(facts.required_outputs) or "a list of outputs",
            remedy=STATE_BUCKET,
        )
        yield unusable(facts.outputs, need)
        return
    for name in facts.required_outputs:
        if name not in facts.outputs.value:
            yield Blocker(
                code="OUTPUT-MISSING",
                summary="a required output has no value",
                resource=f"{facts.stack}.{name}",
                observed=f"outputs: {', '.join(facts.outputs.value) or 'none'}",
                expected=f"a value for {name}",
                remedy=Remedy.of(Person(AUTHOR, f"declare output {name} in {root_of(facts.stack)}/outputs.tf"), BUILD),
            )


GATE = Gate(
    id="APPLIED-STATE",
    title="The state holds what was planned, and nothing else",
    owner="platform",
    requirements=("ST7", "LC6"),
    facts=AppliedStateFacts,
    blockers=blockers,
    policy_sections=("backend", "stacks"),
    version=2,
)
