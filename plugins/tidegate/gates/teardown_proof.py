"""A teardown is proven when every lane before it passed and every ephemeral state is empty (TD7)."""

import re
from collections.abc import Iterator

from tidegate.gates.base import Gate
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known, shown
from tidegate.models.proof import TeardownProofFacts

_SHA256 = re.compile(r"[0-9a-f]{64}")


def blockers(facts: TeardownProofFacts) -> Iterator[Blocker]:
    """Yield a blocker for each missing, failed or undigested source and for each state that is not empty."""
    if not facts.required_lanes:
        yield _source("m9", "PROOF-SOURCE-MISSING", "no lane is required, so nothing is proven", "none")
    by_lane = {reference.lane: reference for reference in facts.references}
    for lane in facts.required_lanes:
        reference = by_lane.get(lane)
        if reference is None:
            yield _source(lane, "PROOF-SOURCE-MISSING", "the lane left no snapshot", "none")
        elif reference.status != "pass" or not reference.overall_pass:
            yield _source(lane, "PROOF-SOURCE-NOT-PASSED", "the lane's newest snapshot did not pass", reference.status)
        elif not _SHA256.fullmatch(reference.sha256):
            yield _source(lane, "PROOF-SOURCE-UNDIGESTED", "the lane's snapshot has no sha256", reference.sha256)
    if not facts.ephemeral_state_counts:
        yield _state("ephemeral stacks", "STATE-NOT-EMPTY", "no ephemeral state was counted", "none")
    for stack, count in facts.ephemeral_state_counts.items():
        match count:
            case Known(0):
                continue
            case Known():
                yield _state(stack, "STATE-NOT-EMPTY", "the stack's state still holds resources", shown(count))
            case _:
                yield _state(stack, "STATE-UNREADABLE", "the stack's state could not be counted", shown(count))


def _source(lane: str, code: str, summary: str, observed: str) -> Blocker:
    return Blocker(
        code=code,
        summary=summary,
        resource=lane,
        observed=observed,
        expected="a snapshot that passed, with its sha256",
        remedy=f"clear {lane} with everything downstream in this run",
    )


def _state(stack: str, code: str, summary: str, observed: str) -> Blocker:
    return Blocker(
        code=code,
        summary=summary,
        resource=stack,
        observed=observed,
        expected="0 resources",
        remedy="trigger <environment>.m9_teardown_cost_check again: its plan shows what is left",
    )


GATE = Gate(
    id="TEARDOWN-PROOF",
    title="The teardown is proven by its sources",
    owner="platform",
    requirements=("TD7", "LC1"),
    facts=TeardownProofFacts,
    blockers=blockers,
    policy_sections=("stacks",),
)
