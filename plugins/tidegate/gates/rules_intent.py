"""The record of started terraforms: nothing starts beside one that may still work (ST4)."""

from collections.abc import Iterator

from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import INTENTS
from tidegate.models.authorization import Intent
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known, Observed
from tidegate.models.remedy import Remedy, Step, Wait


def intent_blockers(intent: Observed[Intent], stack: str, again: Step) -> Iterator[Blocker]:
    """Block unless no terraform was started for the stack, or the last one is known to be gone.

    `again` is what to do once it has ended.
    """
    match intent:
        case Absent():
            return
        case Known(found) if found.liveness == "dead":
            return
        case Known(found):
            yield Blocker(
                code="TERRAFORM-STILL-RUNNING",
                summary="a terraform of another try or run may still work on this stack",
                resource=f"stack {found.stack}",
                observed=f"{found.operation} of {found.task} ({found.execution_id}) on {found.host}, {found.liveness}",
                expected="no terraform, or one that is known to have ended",
                remedy=Remedy.of(Wait(f"terraform has ended on host {found.host}"), again),
            )
        case other:
            yield unusable(
                other,
                Need(
                    stem="INTENT",
                    what="the record of started terraforms",
                    resource=f"stack {stack}",
                    expected="none, or one that has ended",
                    remedy=INTENTS,
                ),
            )
