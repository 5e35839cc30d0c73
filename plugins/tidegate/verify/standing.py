"""How evidence that was valid in its time stands today: expired, or made under a policy that has changed (EV4)."""

from dataclasses import dataclass
from datetime import datetime

from tidegate.evidence.derived import policy_digest
from tidegate.gates.registry import by_id
from tidegate.models.environment import Environment
from tidegate.models.policy import Policies
from tidegate.verify.documents import Execution

_CHANGED = "stale: manifest or policy has changed since"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One reason why a snapshot would not count today. It says nothing against its time."""

    lane: str
    file: str
    reason: str


def standing_today(
    execution: Execution, environment: Environment, policies: Policies, now: datetime
) -> tuple[Standing, ...]:
    """Of the newest attempt of every lane that passed."""
    found: list[Standing] = []
    stale: list[str] = []
    for required in execution.subject.required:
        document = execution.newest(required.task)
        if document is None or document.snapshot is None or not document.snapshot.overall_pass:
            continue
        snapshot = document.snapshot
        reasons = []
        if required == execution.subject.verdict and stale:
            reasons.append(f"stale: it rests on {', '.join(dict.fromkeys(stale))}")
        if snapshot.valid_until < now:
            reasons.append(f"expired at {snapshot.valid_until.isoformat()}")
        try:
            gate = by_id(snapshot.gate)
        except KeyError:
            continue
        today = policy_digest(environment, policies, gate=gate.id, version=gate.version, sections=gate.policy_sections)
        if today != snapshot.policy_digest:
            reasons.append(_CHANGED)
            stale.append(required.lane)
        found += [Standing(lane=required.lane, file=document.key, reason=reason) for reason in reasons]
    return tuple(found)
