"""TEARDOWN-PROOF. A teardown is proven when every lane before it passed and every target is empty (TD7).

Whether the platform run is closed by it is another question: only when no ephemeral stack is deployed.
"""

import re
from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_findings import finding_blockers
from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import CLEAR, STATE_BUCKET, TEARDOWN
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known, Observed
from tidegate.models.proof import SnapshotReference, TeardownProofFacts
from tidegate.models.remedy import Clear, Remedy

_SHA256 = re.compile(r"[0-9a-f]{64}")
_AGAIN = Remedy.of(TEARDOWN, note="Its plan shows what is left")


def blockers(facts: TeardownProofFacts) -> Iterator[Blocker]:
    """Yield a blocker for each missing, failed, stale or undigested source and for each state that is not empty."""
    return each(_sources(facts), _limits(facts), _states(facts), finding_blockers(facts.findings, tearing_down=True))


def _limits(facts: TeardownProofFacts) -> Iterator[Blocker]:
    """A proof names what it looked at and what it did not: without that it would say more than anybody knows."""
    for name, said in (("scanned", facts.scanned), ("not scanned", facts.not_scanned)):
        if not said:
            yield Blocker(
                code="PROOF-LIMITS-MISSING",
                summary="the proof does not say what was looked at and what was not",
                resource="residual scan",
                observed=f"nothing {name}",
                expected="types and regions that were read, and those that were not, with the reason",
                remedy=Remedy.of(Clear("f_residual_scan")),
            )


def _sources(facts: TeardownProofFacts) -> Iterator[Blocker]:
    if not facts.required_lanes:
        yield _source("m9", "PROOF-SOURCE-MISSING", "no lane is required, so nothing is proven", "0 required lanes")
    for lane in facts.required_lanes:
        references = [reference for reference in facts.references if reference.lane == lane]
        if not references:
            yield _source(lane, "PROOF-SOURCE-MISSING", "the lane left no snapshot", "none")
        for reference in references:
            yield from each(_reference(reference), _stale(facts, reference))


def _stale(facts: TeardownProofFacts, reference: SnapshotReference) -> Iterator[Blocker]:
    """EV4: what was judged under another policy, or too long ago, proves nothing today."""
    if reference.policy_digest != reference.policy_digest_today:
        yield Blocker(
            code="PROOF-SOURCE-STALE",
            summary="manifest or policy has changed since the lane was judged",
            resource=reference.lane,
            observed=f"policy digest {reference.policy_digest or 'none'} in {reference.uri}",
            expected=f"policy digest {reference.policy_digest_today}",
            remedy=Remedy.of(Clear(reference.lane)),
        )
    if reference.valid_until <= facts.observed_at:
        yield Blocker(
            code="PROOF-SOURCE-STALE",
            summary="the lane's pass does not count any more",
            resource=reference.lane,
            observed=f"valid until {reference.valid_until.isoformat()} in {reference.uri}",
            expected="a pass that is still valid",
            remedy=Remedy.of(Clear(reference.lane)),
        )


def _reference(reference: SnapshotReference) -> Iterator[Blocker]:
    if reference.status != "pass" or reference.overall_pass is not True:
        seen = f"status {reference.status}, overall_pass {reference.overall_pass} in {reference.uri}"
        yield _source(reference.lane, "PROOF-SOURCE-NOT-PASSED", "the lane's snapshot did not pass", seen)
    if not _SHA256.fullmatch(reference.sha256):
        seen = f"sha256 {reference.sha256!r} of {reference.uri}"
        yield _source(reference.lane, "PROOF-SOURCE-UNDIGESTED", "the lane's snapshot has no usable digest", seen)


def _states(facts: TeardownProofFacts) -> Iterator[Blocker]:
    if not facts.targets:
        yield _not_empty("targets", "no stack was torn down, so nothing is proven", "0 targets")
    for stack in facts.targets:
        if stack not in facts.ephemeral_state_counts:
            yield _not_empty(stack, "the state of a target was not counted", "not counted")
    for stack, count in facts.ephemeral_state_counts.items():
        yield from _state(stack, count, torn_down=stack in facts.targets)


def _state(stack: str, count: Observed[int], *, torn_down: bool) -> Iterator[Blocker]:
    """A stack that is left alone may stand, but it must be known whether it does: the platform run hangs on it."""
    if not isinstance(count, Known):
        need = Need(
            stem="STATE",
            what="the number of resources in the state",
            resource=stack,
            expected="0 resources" if torn_down else "a number",
            remedy=STATE_BUCKET,
        )
        yield unusable(count, need)
    elif torn_down and (type(count.value) is not int or count.value != 0):
        yield _not_empty(stack, "the stack's state still holds resources", f"{count.value} resources")


def _source(lane: str, code: str, summary: str, observed: str) -> Blocker:
    return Blocker(
        code=code,
        summary=summary,
        resource=lane,
        observed=observed,
        expected="a snapshot that passed, with its sha256",
        remedy=Remedy.of(Clear(lane)) if lane != "m9" else CLEAR,
    )


def _not_empty(stack: str, summary: str, observed: str) -> Blocker:
    return Blocker(
        code="STATE-NOT-EMPTY",
        summary=summary,
        resource=stack,
        observed=observed,
        expected="0 resources",
        remedy=_AGAIN,
    )


GATE = Gate(
    id="TEARDOWN-PROOF",
    title="The teardown is proven by its sources",
    owner="platform",
    requirements=("TD7", "LC1", "EV4"),
    facts=TeardownProofFacts,
    blockers=blockers,
    version=3,
    policy_sections=("stacks", "policies.forbidden", "exceptions"),
)
