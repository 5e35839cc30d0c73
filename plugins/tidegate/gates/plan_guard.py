"""PLAN-GUARD. A build plan is applied only when it is whole, all that stands afterwards is allowed, and it is paid for.

Judged is what remains after the apply, kept resources included: a NAT gateway that is already there blocks as well.
What the plan adds to what is spent is held against the limit and against what is left of the stop (CO1, CO2, CO6).
"""

from collections.abc import Iterator
from dataclasses import replace

from tidegate.cost.estimate import estimate_of
from tidegate.gates.base import Gate, each
from tidegate.gates.rules_engine_support import old_engine_blockers
from tidegate.gates.rules_estimate import estimate_blockers
from tidegate.gates.rules_forbidden import Finding, expired_blocker, finding_blocker, judge, rules_blockers
from tidegate.gates.rules_log_groups import taken_names_blockers
from tidegate.gates.rules_observed import Need, readable
from tidegate.gates.rules_operator_key import refused_blockers
from tidegate.gates.rules_plan import no_plan_blockers, plan_blockers
from tidegate.gates.rules_plan_region import region_blockers
from tidegate.gates.rules_protected import EVERYTHING, protected_by, tainted_blockers
from tidegate.gates.rules_remedies import AUTHOR, FINDER, REPAIR, SAME_DAG, STATE_BUCKET, manifest, root_of
from tidegate.gates.rules_root import root_blockers
from tidegate.gates.rules_unsaved import unsaved_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known
from tidegate.models.plan import ChangedAttribute, Plan, PlanFacts, PlannedResource
from tidegate.models.remedy import OWNER, Clear, Edit, Person, Remedy

_KNOWN_ACTIONS = frozenset({"no-op", "read", "create", "update", "delete", "forget"})
_UNCHANGED = {("no-op",), ("read",)}
_LOSING_ACTIONS = frozenset({"delete", "forget"})
TAKES_AWAY = "IDENTITY-TAKES-AWAY"
"""The rule from which an exception of the manifest lets one imported identity be narrowed."""
PROTECTED = "PROTECTED-RESOURCE"
"""The rule from which an exception of the manifest lets one address of a protected stack or type go."""


def blockers(facts: PlanFacts) -> Iterator[Blocker]:
    """State and policy first, then the plan as a whole, then each of its resources."""
    yield from each(_state(facts), rules_blockers(facts.forbidden), _repair_reason(facts), _tainted(facts))
    refused_root = tuple(root_blockers(facts.root, facts.stack))
    yield from each(unsaved_blockers(facts.unsaved, facts.stack), refused_root)
    if not isinstance(facts.plan, Known):
        if isinstance(facts.unsaved, Absent) and not refused_root:  # else that is why there is none
            if facts.refused_keys and not facts.renewed:
                yield from refused_blockers(facts.refused_keys, facts.stack)
            else:
                yield from no_plan_blockers(facts.plan, facts.stack, facts.too_new)
        return
    plan = facts.plan.value
    yield from each(
        plan_blockers(plan, stack=facts.stack, purpose="build"),
        _empty(plan),
        region_blockers(plan, facts.aws_region),
    )
    for resource in plan.resources:
        yield from each(
            _actions(resource),
            _forbidden(facts, resource),
            old_engine_blockers(
                resource, facts.standard_support, facts.exceptions, stack=facts.stack, today=facts.today
            ),
            _type(facts, resource),
            _protected(facts, resource),
            _drift(facts, resource),
            _identity(facts, resource),
        )
    known = tuple(resource for resource in plan.resources if _is_known(resource))
    known_plan = replace(plan, resources=known)
    yield from each(
        _alone(facts, known_plan),
        taken_names_blockers(facts.log_groups, facts.stack),
        estimate_blockers(facts, known_plan),
    )


def _state(facts: PlanFacts) -> Iterator[Blocker]:
    need = Need(
        stem="STATE",
        what="the state that the plan was made from",
        resource=facts.stack,
        expected="a state version, or none yet",
        remedy=STATE_BUCKET,
    )
    return readable(facts.state, need)


def _repair_reason(facts: PlanFacts) -> Iterator[Blocker]:
    if facts.repair_drift_reason is not None and not facts.repair_drift_reason.strip():
        yield Blocker(
            code="REPAIR-REASON-MISSING",
            summary="repair of drift was asked for without a reason",
            resource=facts.stack,
            observed="repair_drift = true, repair_reason blank",
            expected="a reason that goes on record",
            remedy=Remedy.of(REPAIR),
        )


def _tainted(facts: PlanFacts) -> Iterator[Blocker]:
    """Of a protected resource that is tainted, terraform makes no plan at all: say the way out beside its words."""
    return tainted_blockers(facts.tainted, stack=facts.stack, protected=facts.protected_addresses, protected_only=True)


def _empty(plan: Plan) -> Iterator[Blocker]:
    if not plan.resources:
        yield Blocker(
            code="PLAN-EMPTY",
            summary="the plan of a build knows no resource at all",
            resource=plan.stack,
            observed="0 resources",
            expected="the resources of the stack, changed or not",
            remedy=Remedy.of(manifest(f"stacks.{plan.stack}.root", why="the directory that holds them"), SAME_DAG),
        )


def _actions(resource: PlannedResource) -> Iterator[Blocker]:
    if not _is_known(resource):
        yield Blocker(
            code="PLAN-ACTION-UNKNOWN",
            summary="the plan does something that this version does not know",
            resource=resource.address,
            observed=", ".join(resource.actions) or "no action",
            expected=f"one of {', '.join(sorted(_KNOWN_ACTIONS))}",
            remedy=Remedy.of(manifest("terraform_version", why="a supported release"), SAME_DAG),
        )


def _is_known(resource: PlannedResource) -> bool:
    return bool(resource.actions) and _KNOWN_ACTIONS.issuperset(resource.actions)


def _forbidden(facts: PlanFacts, resource: PlannedResource) -> Iterator[Blocker]:
    if resource.actions == ("delete",):
        return  # a forgotten resource is judged: Terraform lets go of it, AWS goes on billing it
    verdict = judge(
        resource.type,
        resource.attributes,
        key=resource.address,
        rules=facts.forbidden,
        exceptions=facts.exceptions,
        today=facts.today,
    )
    for finding in verdict.findings:
        if not _is_rechecked_live(finding):
            yield finding_blocker(
                finding,
                forbidden_code="FORBIDDEN-RESOURCE",
                resource=resource.address,
                remedy=Remedy.of(
                    Person(AUTHOR, f"change {root_of(facts.stack)}"),
                    Clear(),
                    alternative=(manifest("exceptions", why="an exception with owner, reason and expiry"), SAME_DAG),
                ),
            )
    for exception in verdict.expired:
        yield expired_blocker(exception, resource=resource.address, today=facts.today)


def _is_rechecked_live(finding: Finding) -> bool:
    return finding.outcome == "unknown" and finding.rule.when_unknown == "recheck_live"


def _type(facts: PlanFacts, resource: PlannedResource) -> Iterator[Blocker]:
    if resource.stands_after and resource.type not in facts.allowed_types:
        yield Blocker(
            code="TYPE-NOT-ALLOWED",
            summary="the stack may not hold a resource of this type",
            resource=resource.address,
            observed=resource.type,
            expected=f"one of the {len(facts.allowed_types)} types that {facts.stack} may hold",
            remedy=Remedy.of(
                Edit(
                    "include/policies/allowed_types.yaml",
                    f"stacks.{facts.stack}",
                    why=f"list {resource.type} there, or take it out of the stack",
                ),
                SAME_DAG,
            ),
        )


def _protected(facts: PlanFacts, resource: PlannedResource) -> Iterator[Blocker]:
    if _LOSING_ACTIONS.isdisjoint(resource.actions):
        return
    if _is_released(facts, resource):
        return
    entry = protected_by(facts.protected_addresses, resource.address)
    if entry is None and resource.type not in facts.protected_types:
        return
    mine = [it for it in facts.exceptions if (it.rule, it.resource) == (PROTECTED, resource.address)]
    if any(facts.today <= exception.expires for exception in mine):
        return
    yield Blocker(
        code="PROTECTED-RESOURCE",
        summary="the plan would take a protected resource away",
        resource=resource.address,
        observed=", ".join(resource.actions),
        expected=f"neither delete nor forget {_below(facts, entry, resource)}",
        remedy=Remedy.of(
            Person(AUTHOR, f"undo the change in {root_of(facts.stack)} that replaces or removes it"),
            Clear(),
            alternative=(
                manifest("exceptions", why=f"{resource.address} from rule PROTECTED-RESOURCE, with owner and end"),
                SAME_DAG,
            ),
        ),
    )


def _is_released(facts: PlanFacts, resource: PlannedResource) -> bool:
    """Is the resource let go of for somebody else, who may have changed it already?"""
    return resource.actions == ("forget",) and protected_by(facts.released_addresses, resource.address) is not None


def _below(facts: PlanFacts, entry: str | None, resource: PlannedResource) -> str:
    if entry == EVERYTHING:
        return f"in {facts.stack}, which stays"
    return f"of type {resource.type}, which the manifest preserves" if entry is None else f"below {entry}"


def _drift(facts: PlanFacts, resource: PlannedResource) -> Iterator[Blocker]:
    repairing = bool((facts.repair_drift_reason or "").strip())
    if facts.drift_blocks and resource.drifted and not repairing and not _is_released(facts, resource):
        yield Blocker(
            code="CORE-DRIFT",
            summary="the resource was changed outside Terraform",
            resource=resource.address,
            observed=f"{_changed_outside(resource)}; the plan would {', '.join(resource.actions)}",
            expected="as the last apply left it",
            remedy=Remedy.of(REPAIR, alternative=(Person(FINDER, "undo the change by hand"), Clear())),
        )


def _identity(facts: PlanFacts, resource: PlannedResource) -> Iterator[Blocker]:
    """An identity that the account's owner made may serve others: nothing of theirs goes without a word."""
    mine = [it for it in facts.exceptions if (it.rule, it.resource) == (TAKES_AWAY, resource.address)]
    if not resource.takes_away or any(facts.today <= exception.expires for exception in mine):
        return
    yield Blocker(
        code="IDENTITY-TAKES-AWAY",
        summary="the first apply would take something away from others who use this identity",
        resource=resource.address,
        observed="; ".join(resource.takes_away),
        expected="an import that leaves as it is whatever others may rely on",
        remedy=Remedy.of(
            Person(OWNER, "give the environment a provider and a role of its own, or take away by hand what is unused"),
            Clear(),
            alternative=(
                manifest("exceptions", why=f"{resource.address} from rule {TAKES_AWAY}, with owner and end"),
                SAME_DAG,
            ),
        ),
    )


def _changed_outside(resource: PlannedResource) -> str:
    """`limit_amount was 30, is 300`. A value that may be a secret is not said, its name is."""
    if not resource.changed_outside:
        return "gone" if "create" in resource.actions else "differs from the state"
    return ", ".join(_said(it) for it in resource.changed_outside)


def _said(attribute: ChangedAttribute) -> str:
    if attribute.was is None or attribute.now is None:
        return f"{attribute.name} differs"
    return f"{attribute.name} was {attribute.was}, is {attribute.now}"


def _alone(facts: PlanFacts, plan: Plan) -> Iterator[Blocker]:
    """A persistent stack that is repaired alone, perhaps while the emergency latch is set, must not begin to spend."""
    if not facts.alone:
        return
    whole = "Everything else is built with stacks = all, once the latch is released"
    estimate = estimate_of(plan, facts.prices, facts.region)
    for change in estimate.changes:
        if change.usd_per_hour > 0 or change.unknown is not None:
            yield Blocker(
                code="ALONE-ADDS-COST",
                summary="a stack that is repaired alone would add something that has a price",
                resource=change.address,
                observed=change.unknown or f"{change.usd_per_hour} USD an hour",
                expected="nothing that has a price",
                remedy=Remedy.of(Person(AUTHOR, f"take it out of {root_of(facts.stack)} for now"), Clear(), note=whole),
            )
    for resource in plan.resources if facts.only_repairs else ():
        if resource.actions not in _UNCHANGED and not resource.drifted:
            yield Blocker(
                code="ALONE-NOT-DRIFTED",
                summary="while the emergency latch is set, only what drifted may be put back",
                resource=resource.address,
                observed=f"not drifted; the plan would {', '.join(resource.actions)}",
                expected="no change, or the repair of a drift",
                remedy=Remedy.of(Person(AUTHOR, f"undo the change in {root_of(facts.stack)}"), Clear(), note=whole),
            )


GATE = Gate(
    id="PLAN-GUARD",
    title="The plan leaves nothing behind that policy forbids",
    owner="platform",
    requirements=("CO1", "CO2", "CO6", "LC2", "LC7", "IN2"),
    facts=PlanFacts,
    blockers=blockers,
    policy_sections=(
        "stacks",
        "providers",
        "policies.forbidden",
        "policies.allowed_types",
        "policies.prices",
        "budget",
        "exceptions",
        "terraform_version",
        "preserve",
        "region",
    ),
    version=7,
    measured_codes=frozenset({"COST-PRICES-OLD", "COST-PLAN-OVER-STOP", "EXCEPTION-EXPIRED"}),
)
