"""AUDIT-RESIDUAL. On any night nothing ephemeral stands that no platform run accounts for (TD5, TD8).

When the newest platform run is closed, or there never was one, everything of the environment's ephemeral types is a
finding, as M9.F judges it. While one is open its stacks stand rightly: then only what no state holds and nobody
preserves is one, an orphan that no teardown of a stack would reach. Who cannot read every state and the preserve-set
knows no orphan: that they are unreadable is the finding. A running apply may not have written its state yet: while one
is recorded, or may be, nothing is an orphan; else time may remove one, so the lane looks again before it says so.

It looks into every region that the account has enabled. Under the listings lies a second net: what bears the tags of
the ephemeral stacks, as AWS's tagging API names it.
"""

from collections.abc import Iterator
from dataclasses import replace

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_coverage import coverage_blockers
from tidegate.gates.rules_findings import finding_blockers
from tidegate.gates.rules_forbidden import judge, rules_blockers
from tidegate.gates.rules_live_remedy import held_by, way_out
from tidegate.gates.rules_looks import UNCONFIRMED, twice_clean_blockers
from tidegate.gates.rules_observed import Need, readable, required
from tidegate.gates.rules_regions import at_home, beyond, beyond_blockers, region_blockers
from tidegate.gates.rules_remedies import CLEAR, STATE_BUCKET, allow
from tidegate.gates.rules_residual import (
    ephemeral_types_blockers,
    forbidden_blockers,
    found_blockers,
    has_story,
    is_left_over,
    is_only_busy,
    name_of,
    said_status,
    story_blockers,
)
from tidegate.gates.rules_tagged import Explained, net_blockers, tagged_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.inventory import LiveResource
from tidegate.models.observed import Absent, Known
from tidegate.models.ownership import Owners
from tidegate.models.plan import PreserveItem
from tidegate.models.residual import AuditResidualFacts

_READABLE = STATE_BUCKET


def blockers(facts: AuditResidualFacts) -> Iterator[Blocker]:
    """The scan itself, what it is held against, and what stands without a reason; nothing of it, two looks long.

    Of what is forbidden only the rules for after a teardown: the others are AUDIT.C's, and one thing is one finding.
    AUDIT.C looks into the regions of the manifest, so beyond those all rules are this gate's.
    """
    told = tuple(
        each(
            coverage_blockers(at_home(facts.inventory)),
            beyond_blockers(facts.inventory),
            region_blockers(facts.enabled_regions, facts.inventory),
            rules_blockers(facts.standing_rules) if facts.inventory.beyond else (),
            ephemeral_types_blockers(facts),
            _platform_run(facts),
            _states(facts),
            _preserve_set(facts),
            _standing(facts),
            net_blockers(facts.tagged, facts.inventory) if facts.tagged is not None else (),
        )
    )
    told = (*told, *_tagged(facts))
    found = each(told, finding_blockers(facts.findings, told, tearing_down=False))
    return twice_clean_blockers(found, facts.looks)


def _platform_run(facts: AuditResidualFacts) -> Iterator[Blocker]:
    need = Need(
        stem="PLATFORM-RUN",
        what="the platform run",
        resource="control record platform_runs",
        expected="the newest one, or none",
        remedy=allow("read control/<environment>/platform_runs in the evidence bucket"),
    )
    return readable(facts.platform_run, need)


def _states(facts: AuditResidualFacts) -> Iterator[Blocker]:
    read = [state.stack for state in facts.states]
    for stack in facts.expected_stacks:
        if stack not in read:
            yield Blocker(
                code="STATE-NOT-READ",
                summary="the state of a stack was not read, so nobody knows what it holds",
                resource=stack,
                observed="no record of it",
                expected="a state, or that there is none",
                remedy=CLEAR,
            )
    for state in facts.states:
        need = Need(
            stem="STATE",
            what="the state",
            resource=state.stack,
            expected="a state that can be read, or none",
            remedy=_READABLE,
        )
        yield from readable(state.resources, need)


def _preserve_set(facts: AuditResidualFacts) -> Iterator[Blocker]:
    need = Need(
        stem="PRESERVE-SET",
        what="what must survive",
        resource="preserve-set",
        expected="backend, evidence and everything in the state of persistent stacks",
        remedy=_READABLE,
    )
    return required(facts.preserve_set, need)


def _standing(facts: AuditResidualFacts) -> Iterator[Blocker]:
    preserved = _preserved(facts)
    run = facts.platform_run
    if isinstance(run, Absent) or (isinstance(run, Known) and run.value.closed_by is not None):
        yield from found_blockers(replace(facts, inventory=at_home(facts.inventory)), preserved)
        rules = (*facts.standing_rules, *facts.forbidden)
        yield from found_blockers(replace(facts, inventory=beyond(facts.inventory), forbidden=rules), preserved)
        return
    told = tuple(_forbidden_beyond(facts))
    yield from told
    if not facts.applying and _owners_are_known(facts):
        named = {blocker.resource for blocker in told}
        yield from (orphan for orphan in _orphans(facts, preserved) if orphan.resource not in named)


def _forbidden_beyond(facts: AuditResidualFacts) -> Iterator[Blocker]:
    """What may not stand while stacks do either; rules for after a teardown have their time when none does."""
    for resource in beyond(facts.inventory).resources:
        verdict = judge(
            resource.type,
            resource.attributes,
            key=resource.id,
            rules=facts.standing_rules,
            exceptions=facts.exceptions,
            today=facts.today,
        )
        if verdict.findings and has_story(resource):
            yield from story_blockers(facts, resource, [finding.rule.id for finding in verdict.findings])
        elif verdict.findings:
            yield from forbidden_blockers(facts, resource, verdict)


def _tagged(facts: AuditResidualFacts) -> Iterator[Blocker]:
    """What the second net holds, when everything is known that may explain it."""
    if facts.tagged is None or facts.applying or not _owners_are_known(facts):
        return
    explained = Explained(states=facts.states, region=facts.region, preserved=_preserved(facts))
    yield from tagged_blockers(facts.tagged, explained, map(name_of, facts.inventory.resources))


def _preserved(facts: AuditResidualFacts) -> tuple[PreserveItem, ...]:
    return facts.preserve_set.value if isinstance(facts.preserve_set, Known) else ()


def _owners_are_known(facts: AuditResidualFacts) -> bool:
    """Everything that may hold a resource was read. Else what rightly stands would be called an orphan, to delete."""
    read = {state.stack for state in facts.states if isinstance(state.resources, Known | Absent)}
    return isinstance(facts.preserve_set, Known) and read.issuperset(facts.expected_stacks)


def _orphans(facts: AuditResidualFacts, preserved: tuple[PreserveItem, ...]) -> Iterator[Blocker]:
    for resource in facts.inventory.resources:
        if not is_left_over(facts, resource, preserved) or _is_held(facts, resource):
            continue
        if has_story(resource) and not is_only_busy(resource):  # a busy one may just be in the making
            yield from story_blockers(facts, resource, ())
            continue
        yield Blocker(
            code="ORPHAN-BESIDE-STACKS",
            summary="a resource of the environment stands that no state holds and nobody preserves",
            resource=name_of(resource),
            observed=f"{said_status(resource)}; in no state of {', '.join(facts.expected_stacks) or 'any stack'}",
            expected="in the state of a stack, or gone",
            remedy=way_out(resource, facts.owners, tearing_down=False),
        )


def _is_held(facts: AuditResidualFacts, resource: LiveResource) -> bool:
    owners = Owners(states=facts.states, region=facts.region, tags={}, name_prefix="", dedicated=False)
    return held_by(resource, owners) is not None


GATE = Gate(
    id="AUDIT-RESIDUAL",
    title="Nothing ephemeral stands that no platform run accounts for",
    owner="finops",
    requirements=("TD5", "TD8", "CO1"),
    facts=AuditResidualFacts,
    blockers=blockers,
    policy_sections=(
        "region",
        "scan_regions",
        "stacks",
        "preserve",
        "policies.forbidden",
        "policies.allowed_types",
        "policies.prices",
        "exceptions",
        "audit",
    ),
    version=2,
    transient_codes=frozenset({"RESIDUAL-DELETING", "ORPHAN-BESIDE-STACKS", UNCONFIRMED}),
    measured_codes=frozenset({"CLOCK-WENT-BACK", "EXCEPTION-EXPIRED", UNCONFIRMED}),
    unconfirmed_code=UNCONFIRMED,
)
