"""A night looks into every region that the account has enabled, whatever the manifest names (TD5, TD8)."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from tidegate.gates.rules_coverage import disabled_regions
from tidegate.gates.rules_observed import Need, readable
from tidegate.gates.rules_remedies import CLEAR, DESCRIBE, OPERATOR, SAME_DAG, manifest
from tidegate.models.blocker import Blocker
from tidegate.models.inventory import Inventory
from tidegate.models.observed import Known, Observed
from tidegate.models.remedy import OWNER, Clear, Person, Remedy, Wait

_LEAVE_OUT = (
    manifest("audit.regions", "scan_regions", "the night looks into these alone, and its evidence says so"),
    SAME_DAG,
)
"""Where nothing opens a region: a network may keep the workers from it for good."""


def region_blockers(enabled: Observed[tuple[str, ...]], inventory: Inventory) -> Iterator[Blocker]:
    """Block when the list of enabled regions cannot be read, and for each of them that the scan left out.

    Absent: the manifest says that the night is to look into its own regions only.
    """
    yield from readable(
        enabled,
        Need(
            stem="ENABLED-REGIONS",
            what="the list of regions that the account has enabled",
            resource="ec2 DescribeRegions",
            expected="a list; until it can be read, only scan_regions of the manifest are looked at",
            remedy=DESCRIBE,
        ),
    )
    if not isinstance(enabled, Known):
        return
    looked_at = {*inventory.beyond, *(_region(subject) for subject in inventory.expected_coverage)}
    for region in enabled.value:
        if region not in looked_at:
            yield Blocker(
                code="ENABLED-REGION-LEFT-OUT",
                summary="the scan left a region out that the account has enabled",
                resource=region,
                observed="nothing of it in the scan",
                expected="looked at",
                remedy=CLEAR,
            )


def beyond_blockers(inventory: Inventory) -> Iterator[Blocker]:
    """What was left out beyond the regions of the manifest, and what could not be read, with ways out of its own.

    Of every type that is looked for at home, each of them is read, unreadable, or named as not looked at.
    """
    kinds = {subject.partition("@")[0]: None for subject in at_home(inventory).expected_coverage}
    named = {*(it.subject for it in inventory.coverage), *(it.subject for it in inventory.not_scanned)}
    for region in inventory.beyond:
        for kind in kinds:
            if named.isdisjoint((f"{kind}@{region}", f"*@{region}")):
                yield Blocker(
                    code="COVERAGE-GAP",
                    summary="the scan left a type out, in a region beyond those of the manifest",
                    resource=f"{kind}@{region}",
                    observed="no record of it in the scan",
                    expected="read, or named as not looked at",
                    remedy=Remedy.of(Clear(), note="If it repeats, the collector of this type is missing"),
                )
    disabled = disabled_regions(inventory)
    for region, reason in disabled.items():
        if region in inventory.beyond:
            yield Blocker(
                code="REGION-DISABLED",
                summary="AWS calls a region enabled, and refuses every call into it as if it were not",
                resource=region,
                observed=f"all of its subjects unreadable, the first: {reason}",
                expected="a region whose services can be asked",
                remedy=Remedy.of(
                    Person(
                        OPERATOR,
                        "let the workers take their session from a regional endpoint of STS "
                        "(AWS_STS_REGIONAL_ENDPOINTS=regional): one of the global endpoint is not valid in regions "
                        "that were opted in to",
                    ),
                    Clear(),
                    alternative=_LEAVE_OUT,
                ),
            )
    for coverage in beyond(inventory).coverage:
        if coverage.status != "read" and _region(coverage.subject) not in disabled:
            yield Blocker(
                code="SUBJECT-UNREADABLE",
                summary="the scan could not look into a region beyond those of the manifest, or at a type there",
                resource=coverage.subject,
                observed=f"unreadable: {coverage.reason}",
                expected="read",
                remedy=_reading(transient=coverage.transient),
                transient=coverage.transient,
            )


def at_home(inventory: Inventory) -> Inventory:
    """What a scan says of the regions of the manifest."""
    return _of(inventory, lambda region: region not in inventory.beyond)


def beyond(inventory: Inventory) -> Inventory:
    """What it says of the others."""
    return _of(inventory, lambda region: region in inventory.beyond)


def _of(inventory: Inventory, wanted: Callable[[str], bool]) -> Inventory:
    return replace(
        inventory,
        resources=tuple(each for each in inventory.resources if wanted(each.region)),
        coverage=tuple(each for each in inventory.coverage if wanted(_region(each.subject))),
        expected_coverage=tuple(subject for subject in inventory.expected_coverage if wanted(_region(subject))),
    )


def _reading(*, transient: bool) -> Remedy:
    if not transient:
        return Remedy.of(
            Person(
                OWNER,
                "allow the execution role to describe what is in the region, in its policy and in the organisation's",
                "include/policies/execution_role.yaml",
            ),
            Clear(),
            alternative=_LEAVE_OUT,
        )
    return Remedy.of(
        Wait("the service answers again: it was busy, or the connection was cut off"), Clear(), alternative=_LEAVE_OUT
    )


def _region(subject: str) -> str:
    """`eu-west-2` of `aws_nat_gateway@eu-west-2`."""
    return subject.rpartition("@")[2]
