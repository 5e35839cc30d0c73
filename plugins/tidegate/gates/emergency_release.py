"""EMERGENCY-RELEASE. A set latch is released by a person, with a reason, after a fresh pass of the cost (CO4)."""

from collections.abc import Iterator

from tidegate.cost.projection import month_end
from tidegate.gates.base import Gate, each
from tidegate.gates.rules_control import latch_set_blockers
from tidegate.gates.rules_identity import IDENTITY_SECTIONS, identity_blockers
from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_request import confirmation_blockers, reason_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.emergency import CostJudgement, EmergencyReleaseFacts
from tidegate.models.observed import Absent, Known, shown
from tidegate.models.remedy import OWNER, Clear, Person, Remedy, Step, Trigger, Wait

_DAG = "emergency_release"
_WANTED = "a pass of M9.G, observed after the latch was set"


def blockers(facts: EmergencyReleaseFacts) -> Iterator[Blocker]:
    """Yield every reason why the latch stays set."""
    return each(
        identity_blockers(facts.caller, facts.tools),
        confirmation_blockers(facts.confirm, facts.environment, _DAG),
        reason_blockers(facts.reason, facts.environment, _DAG),
        latch_set_blockers(
            facts.latch,
            remedy=Remedy.of(
                Person(
                    OWNER,
                    f"where the latch cannot be read, let the execution role read control/{facts.environment}/latch",
                ),
                alternative=(Trigger("<environment>.emergency_stop", {}, ("confirm", "reason")),),
                note="A latch that is not set needs no release; a stop sets a new record where the newest is broken",
            ),
        ),
        _cost(facts),
    )


def _cost(facts: EmergencyReleaseFacts) -> Iterator[Blocker]:
    if isinstance(facts.cost, Absent):
        yield _blocker(facts, "RELEASE-NEEDS-COST-PASS", "no M9 has judged the cost", "no snapshot", _WANTED)
        return
    if not isinstance(facts.cost, Known):
        need = Need(
            stem="RELEASE-COST",
            what="the newest cost guardrail",
            resource="cost guardrail",
            expected=_WANTED,
            remedy=Remedy.of(
                Person(OWNER, "let the execution role read the evidence bucket"), Clear(), alternative=_again(facts)
            ),
        )
        yield unusable(facts.cost, need)
        return
    cost = facts.cost.value
    yield from each(
        _foreign(facts, cost), _passed(facts, cost), _fresh(facts, cost), _stale(facts, cost), _below(facts, cost)
    )


def _foreign(facts: EmergencyReleaseFacts, cost: CostJudgement) -> Iterator[Blocker]:
    for name, observed, expected in (
        ("environment", cost.environment, facts.environment),
        ("profile", cost.profile, facts.profile),
        ("gate", cost.gate, "COST-GUARDRAIL"),
    ):
        if observed != expected:
            yield _blocker(
                facts,
                "RELEASE-COST-FOREIGN",
                "the newest cost guardrail is not one of this environment",
                f"{name} {observed} in {cost.uri}",
                f"{name} {expected}",
            )


def _passed(facts: EmergencyReleaseFacts, cost: CostJudgement) -> Iterator[Blocker]:
    if cost.overall_pass is not True or cost.status != "pass":
        observed = f"{cost.execution_id}: {cost.status}, observed at {cost.observed_at.isoformat()}"
        yield _blocker(facts, "RELEASE-NEEDS-COST-PASS", "the newest cost guardrail did not pass", observed, _WANTED)


def _fresh(facts: EmergencyReleaseFacts, cost: CostJudgement) -> Iterator[Blocker]:
    if isinstance(facts.latch, Known) and cost.observed_at <= facts.latch.value.recorded_at:
        yield _blocker(
            facts,
            "RELEASE-NEEDS-COST-PASS",
            "the newest cost guardrail is older than the latch",
            f"{cost.execution_id}, observed at {cost.observed_at.isoformat()}",
            f"observed after {facts.latch.value.recorded_at.isoformat()}",
        )
    elif cost.overall_pass is True:
        yield from _billed(facts, cost)


def _billed(facts: EmergencyReleaseFacts, cost: CostJudgement) -> Iterator[Blocker]:
    """Bills are late: what made a cost guardrail set the latch must be in them, or belong to a month that is over.

    A person who stops by hand has a reason of their own, and no bill tells of it.
    """
    if not isinstance(facts.latch, Known) or facts.latch.value.recorded_by.startswith("stop_"):
        return
    latched_at = facts.latch.value.recorded_at
    vouches = cost.vouches_until
    if isinstance(vouches, Known) and vouches.value > latched_at:
        return
    next_month = month_end(latched_at)
    if cost.observed_at >= next_month:
        return
    then, seen = "its bills vouch for a later moment", shown(vouches)
    if isinstance(vouches, Known):
        seen = vouches.value.isoformat()
        after = min(latched_at + (cost.observed_at - vouches.value), next_month)
        then = f"it is after {after:%Y-%m-%d %H:%M} UTC"
    yield Blocker(
        code="RELEASE-COST-NOT-BILLED-YET",
        summary="what was spent until the latch was set is not in every bill yet",
        resource="cost guardrail",
        observed=f"{cost.execution_id}: every bill is complete up to {seen}",
        expected=f"complete up to a moment after {latched_at.isoformat()}, when the latch was set, or observed in "
        "another month",
        remedy=Remedy.of(Wait(then), *_again(facts)),
    )


def _stale(facts: EmergencyReleaseFacts, cost: CostJudgement) -> Iterator[Blocker]:
    if cost.valid_until <= facts.observed_at:
        yield _blocker(
            facts,
            "RELEASE-COST-STALE",
            "the pass of the cost guardrail does not count any more",
            f"{cost.execution_id}, valid until {cost.valid_until.isoformat()}",
            "a pass that is still valid",
        )
    if cost.policy_digest != cost.policy_digest_today:
        yield _blocker(
            facts,
            "RELEASE-COST-STALE",
            "manifest or policy has changed since the cost was judged",
            f"{cost.execution_id}, policy digest {cost.policy_digest}",
            f"policy digest {cost.policy_digest_today}",
        )


def _below(facts: EmergencyReleaseFacts, cost: CostJudgement) -> Iterator[Blocker]:
    """A teardown under the latch passes at the stop as well: what it proves is that everything is gone."""
    if cost.overall_pass is True and not (isinstance(cost.total, Known) and cost.total.value < cost.stop):
        yield _blocker(
            facts,
            "RELEASE-COST-AT-STOP",
            "the cost of the month is not known to be below the stop",
            f"{cost.execution_id}: {shown(cost.total)} USD",
            f"less than {cost.stop} USD, reported and projected",
        )


def _blocker(facts: EmergencyReleaseFacts, code: str, summary: str, observed: str, expected: str) -> Blocker:
    return Blocker(
        code=code,
        summary=summary,
        resource="cost guardrail",
        observed=observed,
        expected=expected,
        remedy=Remedy.of(*_again(facts)),
    )


def _again(facts: EmergencyReleaseFacts) -> tuple[Step, ...]:
    """Until M9.G has passed, then this DAG."""
    return (
        Trigger(f"{facts.environment}.m9_teardown_cost_check", {}, ("confirm",)),
        Trigger(f"{facts.environment}.emergency_release", {}, ("confirm", "reason")),
    )


GATE = Gate(
    id="EMERGENCY-RELEASE",
    title="The emergency latch may be released",
    owner="finops",
    requirements=("CO4", "ID1", "ID2", "ID3"),
    facts=EmergencyReleaseFacts,
    blockers=blockers,
    version=2,
    policy_sections=(
        *IDENTITY_SECTIONS,
        "evidence",
        "budget",
        "cost_scope",
        "billing_lag_hours",
        "confluent",
        "exceptions",
    ),
)
