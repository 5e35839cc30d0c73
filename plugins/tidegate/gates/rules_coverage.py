"""A scan counts only when everything that it should have looked at was read (TD5): a gap is never an all-clear."""

from collections.abc import Iterator

from tidegate.models.blocker import Blocker
from tidegate.models.inventory import Inventory


def coverage_blockers(inventory: Inventory) -> Iterator[Blocker]:
    """Every hole in a scan: nothing expected, an expected subject without a record, a subject that was not read."""
    if not inventory.expected_coverage:
        yield Blocker(
            code="COVERAGE-EMPTY",
            summary="the scan expected to look at nothing",
            resource="inventory",
            observed="0 expected subjects",
            expected="one subject for each scanned type and region",
            remedy="set scan_regions in include/environments/<environment>.yaml, then clear the task",
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
                remedy="clear the task so that it scans again; if it repeats, the collector of this type is missing",
            )
    for coverage in inventory.coverage:
        if coverage.status != "read":
            yield Blocker(
                code="SUBJECT-UNREADABLE",
                summary="the scan could not look at a type in a region",
                resource=coverage.subject,
                observed=f"unreadable: {coverage.reason}",
                expected="read",
                remedy="allow the execution role to describe it (include/terraform/core/execution_policy.tf), "
                "then clear the task",
            )
