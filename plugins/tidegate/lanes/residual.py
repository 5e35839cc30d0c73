"""Collectors of residual scans: what every scan reads, and the nightly scan."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from tidegate.collectors.aws.inventory import collect_inventory
from tidegate.collectors.aws.inventory.beyond import NOWHERE_ELSE, Elsewhere
from tidegate.collectors.aws.regions import enabled_regions
from tidegate.collectors.aws.state import StateRead
from tidegate.gates.rules_residual import harmless_vendors
from tidegate.lanes.findings import finding_facts
from tidegate.lanes.looks import looks_of
from tidegate.lanes.owners import owners_of
from tidegate.lanes.run import LaneRun, now
from tidegate.lanes.scope import preserve_set
from tidegate.lanes.tagged import tagged_facts
from tidegate.lanes.underway import unfinished_intents
from tidegate.models.facts import Source
from tidegate.models.inventory import Inventory
from tidegate.models.looks import subjects_read
from tidegate.models.observed import Absent, Known, Observed
from tidegate.models.plan import PreserveItem
from tidegate.models.prices import ALL, PricePolicy
from tidegate.models.residual import AuditResidualFacts, ScanFacts


def collect_audit_residual(run: LaneRun) -> AuditResidualFacts:
    """The nightly scan, with every state and the platform run that may account for what is deployed."""
    before = unfinished_intents(run, run.environment.stacks)
    enabled = enabled_regions(run.clients) if run.environment.audit.regions == "enabled" else Absent()
    scan = scan_now(run, elsewhere=_elsewhere(run, enabled))
    preserved = preserve_set(run)
    states = owners_of(run).states if scan.owners is None else scan.owners.states
    to_stay = preserved.value if isinstance(preserved, Known) else ()
    tagged, inventory = tagged_facts(run, scan, states, to_stay)
    facts = AuditResidualFacts(
        **fields_of(replace(scan, inventory=inventory, forbidden=run.policies.forbidden.teardown_rules)),
        region=run.environment.region,
        platform_run=run.platform_run,
        states=states,
        expected_stacks=tuple(run.environment.stacks),
        intents=unfinished_intents(run, run.environment.stacks, before),
        preserve_set=preserved,
        enabled_regions=enabled,
        standing_rules=run.policies.forbidden.standing_rules,
        tagged=tagged,
    )
    run.log(_limits(facts.inventory))
    if facts.applying:
        run.log(f"an apply of {', '.join(facts.applying)} is under way: what no state holds is not looked for")
    say_harmless(run, facts, to_stay)
    return facts


def _elsewhere(run: LaneRun, enabled: Observed[tuple[str, ...]]) -> Elsewhere:
    """The enabled regions beside those of the manifest."""
    match enabled:
        case Known(regions):
            others = tuple(region for region in regions if region not in run.environment.scan_regions)
            return Elsewhere(regions=others, why_not="not enabled in the account; the bill is its check")
        case Absent():
            return Elsewhere(why_not="audit.regions of the manifest leaves it out")
        case _:
            return Elsewhere(why_not="nobody knows whether it is enabled: the list could not be read")


def _limits(inventory: Inventory) -> str:
    """How far a nightly scan looked, in numbers. Names and reasons are in its evidence."""
    read = subjects_read(inventory)
    types = sum(it.subject.endswith("@*") for it in inventory.not_scanned)
    regions = sum(it.subject.startswith("*@") for it in inventory.not_scanned)
    single = len(inventory.not_scanned) - types - regions
    return (
        f"looked at {len(read)} of {len(inventory.expected_coverage)} types x regions, "
        f"in {len({subject.rpartition('@')[2] for subject in read})} regions; not looked at: "
        f"{types} types anywhere, {regions} whole regions, {single} types in one region each"
    )


def scan_now(
    run: LaneRun, states: Mapping[str, StateRead] | None = None, elsewhere: Elsewhere = NOWHERE_ELSE
) -> ScanFacts:
    """One scan of all types in the regions of the manifest and elsewhere, with all rules.

    `states`: as they were just read.
    """
    began = now()
    inventory = collect_inventory(
        run.clients,
        run.environment,
        run.environment.scan_regions,
        run.policies.forbidden,
        began,
        run.policies.prices,
        elsewhere,
    )
    owners = owners_of(run, states)
    ephemeral = run.environment.stacks_by_lifecycle("ephemeral")
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
    """The fields of a scan by name, for facts that hold more."""
    return {field.name: getattr(scan, field.name) for field in fields(scan)}


def say_harmless(run: LaneRun, facts: ScanFacts, preserved: tuple[PreserveItem, ...]) -> None:
    """Name what AWS services made in the environment and what costs nothing: it goes with its owner."""
    for said in harmless_vendors(facts, preserved):
        run.log(f"vendor-managed, costs nothing, goes with its owner: {said}")


def free_types(prices: PricePolicy) -> tuple[str, ...]:
    """Types of which no resource costs anything, in any region."""
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
