"""The cost scope under which an execution of M9 was judged: today's may be wider (EV4)."""

from tidegate.evidence.publish import newest
from tidegate.evidence.store import EvidenceStore
from tidegate.models.cost import PLATFORMS
from tidegate.verify.documents import parse_sealed, parse_snapshot
from tidegate.verify.subject import Subject

_GATE = "COST-GUARDRAIL"


def judged_scope(store: EvidenceStore, subject: Subject) -> tuple[str, ...] | None:
    """As the newest attempt of the cost guardrail has it; None where there is none that says so.

    What it says is held against the digests and the verdict like everything else. Raises StoreUnreachable.
    """
    for required in subject.lanes:
        if required.gate != _GATE:
            continue
        found = newest(store, subject.stem(subject.place(required)))
        document, _ = (None, None) if found is None else parse_sealed(found[1], found[0].key)
        snapshot, _ = (None, None) if document is None else parse_snapshot(document, subject.execution_id)
        scope = None if snapshot is None else snapshot.facts.get("cost_scope")
        if isinstance(scope, list) and scope and all(platform in PLATFORMS for platform in scope):
            return tuple(scope)
    return None
