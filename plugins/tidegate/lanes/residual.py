"""Collectors of residual scans: what every scan asks, and the nightly one."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from tidegate.collectors.aws.inventory import collect_inventory
from tidegate.collectors.aws.state import StateRead
from tidegate.gates.rules_residual import harmless_vendors
from tidegate.lanes.findings import finding_facts
from tidegate.lanes.looks import looks_of
from tidegate.lanes.owners import owners_of
from tidegate.lanes.run import LaneRun, now
from tidegate.lanes.scope import preserve_set
from tidegate.lanes.underway import unfinished_intents
from tidegate.models.facts import Source
from tidegate.models.observed import Known
from tidegate.models.plan import PreserveItem
from tidegate.models.prices import ALL, PricePolicy
from tidegate.models.residual import AuditResidualFacts, ScanFacts


def collect_audit_residual(run: LaneRun) -> AuditResidualFacts:
    """The nightly scan, with every state and the platform run that may account for what stands."""
    before = unfinished_intents(run, run.environment.stacks)
    scan = scan_now(run)
    preserved = preserve_set(run)
    facts = AuditResidualFacts(
        **fields_of(replace(scan, forbidden=run.policies.forbidden.teardown_rules)),
        region=run.environment.region,
        platform_run=run.platform_run,
        states=owners_of(run).states if scan.owners is None else scan.owners.states,
        expected_stacks=tuple(run.environment.stacks),
        intents=unfinished_intents(run, run.environment.stacks, before),
        preserve_set=preserved,
    )
    if facts.applying:
        run.log(f"an apply of {', '.join(facts.applying)} is under way: what no state holds is not looked for")
    say_harmless(run, facts, preserved.value if isinstance(preserved, Known) else ())
    return facts


def scan_now(run: LaneRun, states: Mapping[str, StateRead] | None = None) -> ScanFacts:
    """One look at all types and regions of the manifest, with all rules. `states`: as they were just read."""
    began = now()
    inventory = collect_inventory(
        run.clients,
        run.environment,
        run.environment.scan_regions,
        run.policies.forbidden,
        began,
        run.policies.prices,
    )
    owners = owners_of(run, states)
    ephemeral = run.environment.stacks_by_lifecycle("messaging", "ephemeral")
    return ScanFacts(
        observed_at=began,
        sources=(Source(name="aws", data_as_of=began),),
        inventory=inventory,
        looks=looks_of(run, inventory, began=began, ended=now()),
        forbidden=run.policies.forbidden.rules,
        exceptions=run.environment.exceptions,
        today=began.date(),
        environment_tags={
            "project": run.environment.project,
            "environment": run.environment.name,
            "lifecycle": "ephemeral",
        },
        name_prefix=run.environment.dashed,
        ephemeral_types=tuple(
            sorted({kind for name in ephemeral for kind in run.policies.allowed_types.stacks.get(name, ())})
        ),
        free_types=free_types(run.policies.prices),
        owners=owners,
        findings=finding_facts(run, inventory, owners),
    )


def fields_of(scan: ScanFacts) -> dict[str, Any]:
    """The fields of a scan by name, for facts that say more."""
    return {field.name: getattr(scan, field.name) for field in fields(scan)}


def say_harmless(run: LaneRun, facts: ScanFacts, preserved: tuple[PreserveItem, ...]) -> None:
    """Name what AWS's services made in the environment and what costs nothing: it goes with its owner."""
    for said in harmless_vendors(facts, preserved):
        run.log(f"vendor-managed, costs nothing, goes with its owner: {said}")


def free_types(prices: PricePolicy) -> tuple[str, ...]:
    """Types of which every resource costs nothing while it stands, live, anywhere."""
    return tuple(
        sorted(
            {
                kind
                for free in prices.free
                if free.part is None and not free.when and free.where != "plan" and free.region == ALL
                for kind in free.types
            }
        )
    )
