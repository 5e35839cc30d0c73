"""A stack whose last terraform could not save its state is closed until that state is settled (ST7)."""

from collections.abc import Iterator

from tidegate.gates.rules_observed import Need, unusable
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known, Observed
from tidegate.models.remedy import OWNER, Clear, Person, Remedy, Trigger
from tidegate.models.unsaved import UnsavedState


def unsaved_blockers(unsaved: Observed[UnsavedState], stack: str) -> Iterator[Blocker]:
    """Block while a state of the stack is not saved, and when nobody can say."""
    match unsaved:
        case Absent():
            return
        case Known(found):
            yield not_saved(found)
        case other:
            yield unusable(
                other,
                Need(
                    stem="UNSAVED-STATE",
                    what="whether a state was left unsaved",
                    resource=f"state of {stack}",
                    expected="no unsaved state, or a record of it",
                    remedy=Remedy.of(
                        Person(
                            OWNER,
                            "let the execution role read and write control/ in the evidence bucket, and settle a "
                            "damaged record",
                            "docs/runbooks/state-not-saved.md",
                        ),
                        Clear(),
                    ),
                ),
            )


def not_saved(unsaved: UnsavedState) -> Blocker:
    """The blocker of its own, with host and path where the bucket has no copy."""
    where = f"in {unsaved.uri}" if unsaved.uri else f"on host {unsaved.host}, at {unsaved.path}"
    return Blocker(
        code="STATE-NOT-SAVED",
        summary="what terraform made is in no stored state, so nothing is planned on this stack",
        resource=f"state of {unsaved.stack}",
        observed=f"{unsaved.execution_id} left it {where}; not pushed: {unsaved.refusal or 'nobody tried yet'}",
        expected="the stored state of the last apply",
        remedy=Remedy.of(
            Person(OWNER, "let the state bucket take writes"),
            Trigger("<dag>"),
            alternative=(Trigger("<dag>", {}, ("unsaved_state", "state_reason")),),
            note="It pushes what fits before it plans. Where a person must decide, unsaved_state is "
            f"{unsaved.stack}:push or {unsaved.stack}:discard (docs/runbooks/state-not-saved.md)",
        ),
    )
