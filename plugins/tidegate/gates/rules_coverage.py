"""A scan counts only when everything that it should have looked at was read (TD5): a gap is never an all-clear."""

import re
from collections.abc import Iterator

from tidegate.gates.rules_observed import BUSY
from tidegate.gates.rules_remedies import DESCRIBE, SAME_DAG, manifest
from tidegate.models.blocker import Blocker
from tidegate.models.inventory import Inventory
from tidegate.models.remedy import Clear, Command, Remedy

_REFUSED_REGION = re.compile(
    r": (OptInRequired|AuthFailure|UnrecognizedClientException|InvalidClientTokenId|SubscriptionRequiredException):"
)
"""How AWS refuses credentials that are good elsewhere, where the account has not enabled the region."""


def coverage_blockers(inventory: Inventory) -> Iterator[Blocker]:
    """Every hole in a scan: nothing expected, an expected subject without a record, a subject that was not read."""
    if not inventory.expected_coverage:
        yield Blocker(
            code="COVERAGE-EMPTY",
            summary="the scan expected to look at nothing",
            resource="inventory",
            observed="0 expected subjects",
            expected="one subject for each scanned type and region",
            remedy=Remedy.of(manifest("scan_regions", why="every region in which something may stand"), SAME_DAG),
        )
    seen = {coverage.subject for coverage in inventory.coverage}
    for subject in dict.fromkeys(inventory.expected_coverage):
        if subject not in seen:
            yield Blocker(
                code="COVERAGE-GAP",
                summary="the scan left a type or region out",
                resource=subject,
                observed="no record of it in the scan",
                expected="read",
                remedy=Remedy.of(Clear(), note="If it repeats, the collector of this type is missing"),
            )
    disabled = disabled_regions(inventory)
    for region, reason in disabled.items():
        yield Blocker(
            code="REGION-DISABLED",
            summary="every call into a region of the scan is refused as if the account had not enabled it",
            resource=region,
            observed=f"all of its subjects unreadable, the first: {reason}",
            expected="an enabled region; what runs in one that was enabled once goes on and costs",
            remedy=Remedy.of(
                Command(("aws", "account", "enable-region", "--region-name", region)),
                Clear(),
                alternative=(manifest("scan_regions", why="leave the region out"), SAME_DAG),
            ),
        )
    for coverage in inventory.coverage:
        if coverage.status != "read" and _region(coverage.subject) not in disabled:
            yield Blocker(
                code="SUBJECT-UNREADABLE",
                summary="the scan could not look at a type in a region",
                resource=coverage.subject,
                observed=f"unreadable: {coverage.reason}",
                expected="read",
                remedy=BUSY if coverage.transient else DESCRIBE,
                transient=coverage.transient,
            )


def disabled_regions(inventory: Inventory) -> dict[str, str]:
    """By region of which nothing could be read the first reason, where AWS refuses all calls as in a disabled one.

    When no region at all could be read, the credentials may as well be bad: then none is called disabled.
    """
    if not any(coverage.status == "read" for coverage in inventory.coverage):
        return {}
    reasons: dict[str, list[str]] = {}
    open_ones = set()
    for coverage in inventory.coverage:
        region = _region(coverage.subject)
        if coverage.status != "read" and _REFUSED_REGION.search(coverage.reason):
            reasons.setdefault(region, []).append(coverage.reason)
        else:
            open_ones.add(region)
    return {region: said[0] for region, said in reasons.items() if region not in open_ones}


def _region(subject: str) -> str:
    """`eu-west-2` of `aws_nat_gateway@eu-west-2`."""
    return subject.rpartition("@")[2]
