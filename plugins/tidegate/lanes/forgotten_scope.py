"""The plan made after topics and ACLs were forgotten, compared with what the teardown froze (TD1, RE2)."""

from collections.abc import Iterator

from tidegate.gates.rules_operator_key import forgotten
from tidegate.gates.rules_remedies import CLEAR
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known
from tidegate.models.plan import StackScope


def subset_blockers(frozen: StackScope, again: StackScope) -> Iterator[Blocker]:
    """Blocks what the new plan takes that was not frozen, and what it leaves that was not forgotten."""
    known = {(it.address, it.type, it.id) for it in frozen.destroy_set}
    taken = {(it.address, it.type, it.id): it.address for it in again.destroy_set}
    planned = [it.address for it in again.plan.value.resources] if isinstance(again.plan, Known) else []
    addresses = {it.address for it in frozen.destroy_set}
    outside = {address for key, address in taken.items() if key not in known} | set(planned) - addresses
    left = addresses - set(taken.values()) - set(forgotten(frozen))
    for address in sorted(outside | left):
        yield Blocker(
            code="SCOPE-CHANGED-BY-FORGETTING",
            summary="after forgetting, the plan is not what was frozen without what was forgotten",
            resource=address,
            observed="it would go, and was not frozen" if address in outside else "frozen, and it would stay",
            expected="the frozen destroy-set without the forgotten topics and ACLs",
            remedy=CLEAR,
        )
