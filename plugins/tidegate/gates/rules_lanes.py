"""Every stack of the manifest has its lanes: one that no lane knows would be passed over without a word (LC1)."""

from collections.abc import Iterator

from tidegate.gates.rules_remedies import SAME_DAG, manifest
from tidegate.models.blocker import Blocker
from tidegate.models.readiness import LaneGap
from tidegate.models.remedy import Remedy


def lane_gap_blockers(gaps: tuple[LaneGap, ...]) -> Iterator[Blocker]:
    """Block for each stack that this version cannot build, or not destroy although the manifest lets it go."""
    for gap in gaps:
        yield Blocker(
            code="STACK-WITHOUT-LANE",
            summary="the manifest names a stack that no lane takes care of",
            resource=f"stack {gap.stack}",
            observed=f"no lane to {gap.missing} it",
            expected="lanes that build it, and one that destroys it if it is destroyable",
            remedy=Remedy.of(
                manifest(f"stacks.{gap.stack}", why="remove it, or give it lanes in plugins/tidegate/lanes/phases.py"),
                SAME_DAG,
            ),
        )
