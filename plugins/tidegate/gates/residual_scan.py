"""RESIDUAL-SCAN. After a teardown nothing of the environment is left, and nothing preserved is missing (TD4, TD5)."""

import re
from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_coverage import coverage_blockers
from tidegate.gates.rules_forbidden import Verdict, expired_blocker, finding_blocker, judge, rules_blockers
from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_state import still_there_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.inventory import LiveResource, ResidualFacts
from tidegate.models.observed import Absent, Known

_GOING = frozenset({"deleting", "draining", "shutting-down", "deprovisioning", "inactive-draining"})
"""Words, folded, with which services say that a resource is on its way out."""

_TEARDOWN = "trigger <environment>.m9_teardown_cost_check again"


def blockers(facts: ResidualFacts) -> Iterator[Blocker]:
    """The scan itself, what it found, what should be gone, what should have stayed."""
    return each(
        coverage_blockers(facts.inventory),
        rules_blockers(facts.forbidden),
        _scope(facts),
        _found(facts),
        still_there_blockers(facts.destroyed_still_there, "destroy-set"),
        _preserved(facts),
        _persistent(facts),
    )


def _scope(facts: ResidualFacts) -> Iterator[Blocker]:
    if not facts.ephemeral_types:
        yield Blocker(
            code="EPHEMERAL-TYPES-MISSING",
            summary="no type counts as ephemeral, so nothing could ever be found left over",
            resource="ephemeral types",
            observed="0 types",
            expected="the types that ephemeral stacks may hold",
            remedy="list them per stack in include/policies/allowed_types.yaml",
        )


def _found(facts: ResidualFacts) -> Iterator[Blocker]:
    for resource in facts.inventory.resources:
        verdict = judge(
            resource.type,
            resource.attributes,
            key=resource.id,
            rules=facts.forbidden,
            exceptions=facts.exceptions,
            today=facts.today,
        )
        left_over = _is_residual(facts, resource)
        if resource.status.casefold() in _GOING:
            yield from _going(resource, verdict, left_over)
            continue
        yield from _forbidden(facts, resource, verdict)
        if left_over:
            yield _blocker("RESIDUAL-RESOURCE", "a resource of the environment is left over", resource)


def _going(resource: LiveResource, verdict: Verdict, left_over: bool) -> Iterator[Blocker]:
    """A resource on its way out is one blocker, whatever else there is against it: time alone removes it."""
    if verdict.findings or left_over:
        yield _blocker("RESIDUAL-DELETING", "a resource is still on its way out", resource)


def _forbidden(facts: ResidualFacts, resource: LiveResource, verdict: Verdict) -> Iterator[Blocker]:
    for finding in verdict.findings:
        yield finding_blocker(
            finding,
            forbidden_code="FORBIDDEN-LIVE",
            resource=_name(resource),
            remedy=f"{_TEARDOWN}; if no stack holds it, remove it with whoever made it",
        )
    for exception in verdict.expired:
        yield expired_blocker(exception, resource=_name(resource), today=facts.today)


def _is_residual(facts: ResidualFacts, resource: LiveResource) -> bool:
    preserved = any(item.type == resource.type and item.id == resource.id for item in facts.preserve_set)
    return resource.type in facts.ephemeral_types and not preserved and _belongs(facts, resource)


def _belongs(facts: ResidualFacts, resource: LiveResource) -> bool:
    tags = facts.environment_tags
    if tags and all(resource.tags.get(name) == value for name, value in tags.items()):
        return True
    last = re.split("[/:]", resource.id.rstrip("/:*"))[-1]
    return resource.id.startswith(facts.name_prefix) or last.startswith(facts.name_prefix)


def _preserved(facts: ResidualFacts) -> Iterator[Blocker]:
    if not isinstance(facts.preserved_missing, Known):
        need = Need(
            stem="PRESERVED-CHECK",
            what="whether everything preserved is still there",
            resource="preserve-set",
            expected="every item answers",
            remedy="allow the execution role to describe them (include/terraform/core/execution_policy.tf), "
            "then clear the task",
        )
        yield unusable(facts.preserved_missing, need)
        return
    for item in facts.preserved_missing.value:
        yield Blocker(
            code="PRESERVED-MISSING",
            summary="something that had to survive does not answer",
            resource=f"{item.type} {item.id}",
            observed="gone",
            expected=f"still there ({item.reason})",
            remedy="trigger <environment>.m1_backend_bootstrap and <environment>.m2_substrate_build to restore it",
        )


def _persistent(facts: ResidualFacts) -> Iterator[Blocker]:
    before = facts.persistent_serial_before
    for stack in sorted({*before, *facts.persistent_serial_after}):
        now = facts.persistent_serial_after.get(stack, Absent())
        need = Need(
            stem="PERSISTENT-STATE",
            what="the serial of a stack that is left alone",
            resource=stack,
            expected=f"serial {before[stack]}" if stack in before else "a serial from the freeze of the scope",
            remedy="make the state bucket readable to the execution role, then clear the task",
        )
        if not isinstance(now, Known):
            yield unusable(now, need)
        elif stack not in before:
            yield unusable(Absent(), need)
        elif now.value != before[stack]:
            yield Blocker(
                code="PERSISTENT-STATE-MOVED",
                summary="the teardown moved a stack that it must leave alone",
                resource=stack,
                observed=f"serial {now.value}",
                expected=need.expected,
                remedy=f"compare the versions of the state of {stack} in the state bucket and find who wrote it",
            )


def _blocker(code: str, summary: str, resource: LiveResource) -> Blocker:
    return Blocker(
        code=code,
        summary=summary,
        resource=_name(resource),
        observed=f"status {resource.status or 'blank'}",
        expected="gone",
        remedy="wait for the service to finish, then clear the task" if code.endswith("DELETING") else _TEARDOWN,
    )


def _name(resource: LiveResource) -> str:
    return f"{resource.type} {resource.id} {resource.region}"


GATE = Gate(
    id="RESIDUAL-SCAN",
    title="Nothing is left over, nothing preserved is missing",
    owner="finops",
    requirements=("TD4", "TD5", "CO1", "LC6", "CO2"),
    facts=ResidualFacts,
    blockers=blockers,
    policy_sections=(
        "region",
        "scan_regions",
        "stacks",
        "preserve",
        "policies.forbidden",
        "policies.allowed_types",
        "exceptions",
    ),
    transient_codes=frozenset({"RESIDUAL-DELETING", "RESOURCE-STILL-THERE"}),
    measured_codes=frozenset({"EXCEPTION-EXPIRED"}),
)
