"""What a state must look like once Terraform is done with it, after an apply as after a destroy (ST7)."""

from collections.abc import Iterator

from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import DESCRIBE, TEARDOWN, allow
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known, Observed
from tidegate.models.remedy import Remedy, Trigger, Wait
from tidegate.models.state import StateLock, StateResource, each_lock


def lock_left_blockers(locks: Observed[tuple[StateLock, ...]], stack: str) -> Iterator[Blocker]:
    """Block for every lock that outlived the command, and when nobody could look."""
    if not isinstance(locks, Known):
        yield unusable(
            locks,
            Need(
                stem="STATE-LOCK",
                what="whether the state is locked",
                resource=stack,
                expected="no lock",
                remedy=allow("read the lock table and the state bucket"),
            ),
        )
        return
    for lock in each_lock(locks.value):
        since = lock.created.isoformat() if lock.created else "an unknown time"
        yield Blocker(
            code="STATE-LOCK-LEFT",
            summary="the state is still locked although the command has ended",
            resource=stack,
            observed=f"{lock.kind} lock {lock.name} of {lock.who}, {lock.operation}, since {since}"
            + (f": {lock.damage}" if lock.damage else ""),
            expected="no lock",
            remedy=Remedy.of(
                Trigger("<dag>", {"release_dead_lock": True}), note="It releases the lock only with proof"
            ),
        )


def still_there_blockers(still_there: Observed[tuple[StateResource, ...]], scope: str) -> Iterator[Blocker]:
    """Block for every destroyed resource that still answers, and when nobody could ask."""
    if not isinstance(still_there, Known):
        yield unusable(
            still_there,
            Need(
                stem="STILL-THERE",
                what="which destroyed resources still answer",
                resource=scope,
                expected="none of them answers",
                remedy=DESCRIBE,
            ),
        )
        return
    for resource in still_there.value:
        yield Blocker(
            code="RESOURCE-STILL-THERE",
            summary="a destroyed resource still answers",
            resource=f"{resource.type} {resource.id}",
            observed=f"{resource.address} answers when asked live",
            expected="gone",
            remedy=Remedy.of(Wait("the service has finished"), TEARDOWN),
        )
