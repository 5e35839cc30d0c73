"""The cost scope under which an execution was judged: today's may be another (EV4)."""

from tidegate.evidence.publish import newest
from tidegate.evidence.store import EvidenceStore
from tidegate.models.cost import PLATFORMS
from tidegate.models.snapshot import Snapshot
from tidegate.verify.documents import parse_sealed, parse_snapshot
from tidegate.verify.subject import Required, Subject

_COST, _BILL = "COST-GUARDRAIL", "CONFLUENT-BILLING"


def judged_scope(store: EvidenceStore, subject: Subject) -> tuple[str, ...] | None:
    """The wider of what the newest cost guardrail was judged under and what the lanes of the newest verdict ask for.

    They differ when the scope grew while a run was being judged again: Airflow gives the run the lane that it lacked.
    Only in M9 do the lanes tell: there the bill of Confluent is one. None: neither says so, or the phase has no cost
    guardrail. What they say is held against the digests and against each other like everything else. Raises
    StoreUnreachable.
    """
    for required in subject.lanes:
        if required.gate == _COST:
            said = (
                _of_cost(_newest(store, subject, required)),
                _of_verdict(_newest(store, subject, subject.verdict)) if subject.phase == "m9" else None,
            )
            return max((scope for scope in said if scope is not None), key=len, default=None)
    return None


def _newest(store: EvidenceStore, subject: Subject, required: Required) -> Snapshot | None:
    found = newest(store, subject.stem(subject.place(required)))
    document, _ = (None, None) if found is None else parse_sealed(found[1], found[0].key)
    return None if document is None else parse_snapshot(document, required.snapshot)[0]


def _of_cost(snapshot: Snapshot | None) -> tuple[str, ...] | None:
    scope = None if snapshot is None else snapshot.facts.get("cost_scope")
    if not isinstance(scope, list) or not all(platform in PLATFORMS for platform in scope):
        return None
    return tuple(scope)


def _of_verdict(snapshot: Snapshot | None) -> tuple[str, ...] | None:
    lanes = None if snapshot is None else snapshot.facts.get("lanes")
    if not isinstance(lanes, list) or not lanes or not all(isinstance(lane, dict) for lane in lanes):
        return None
    return PLATFORMS if any(lane.get("gate") == _BILL for lane in lanes) else ("aws",)
