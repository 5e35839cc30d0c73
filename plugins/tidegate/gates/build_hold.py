"""BUILD-HOLD. A hold has a reason and an end that is not too far away; whoever asks may set it, and lift it.

A record that cannot be read blocks nobody: the new one on top of it is the way out.
"""

from collections.abc import Iterator
from datetime import timedelta

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_identity import IDENTITY_SECTIONS, identity_blockers
from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_request import reason_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known
from tidegate.models.remedy import Remedy, Trigger
from tidegate.models.schedule import HoldFacts

_SET_AGAIN = Remedy.of(
    Trigger("<environment>.hold", {"action": "set"}, ("until", "reason")), note="Times are UTC unless they name a zone"
)


def blockers(facts: HoldFacts) -> Iterator[Blocker]:
    """Yield every reason why the hold stays as it is."""
    return each(
        identity_blockers(facts.caller, facts.tools),
        _action(facts),
        reason_blockers(facts.reason, facts.environment, "hold", ("reason",)),
        _until(facts) if facts.action == "set" else (),
    )


def _action(facts: HoldFacts) -> Iterator[Blocker]:
    if facts.action not in ("set", "lift"):
        yield Blocker(
            code="HOLD-ACTION-UNKNOWN",
            summary="it is not said whether the hold is to be set or lifted",
            resource="param action",
            observed=f"action = {facts.action!r}",
            expected="set or lift",
            remedy=Remedy.of(
                Trigger("<environment>.hold", {"action": "set"}, ("until", "reason")),
                alternative=(Trigger("<environment>.hold", {"action": "lift"}, ("reason",)),),
            ),
        )


def _until(facts: HoldFacts) -> Iterator[Blocker]:
    latest = facts.observed_at + timedelta(days=facts.max_days)
    if not isinstance(facts.until, Known):
        need = Need(
            stem="HOLD-UNTIL",
            what="the end of the hold",
            resource="param until",
            expected=f"a time up to {latest.isoformat()}",
            remedy=_SET_AGAIN,
        )
        yield unusable(facts.until, need)
    elif facts.until.value <= facts.observed_at:
        yield Blocker(
            code="HOLD-UNTIL-PAST",
            summary="the end of the hold is over already",
            resource="param until",
            observed=facts.until.value.isoformat(),
            expected=f"after {facts.observed_at.isoformat()}",
            remedy=_SET_AGAIN,
        )
    elif facts.until.value > latest:
        yield Blocker(
            code="HOLD-TOO-LONG",
            summary="the hold would last longer than the manifest allows",
            resource="param until",
            observed=facts.until.value.isoformat(),
            expected=f"at most {facts.max_days} days from now: {latest.isoformat()}",
            remedy=_SET_AGAIN,
        )


GATE = Gate(
    id="BUILD-HOLD",
    title="Scheduled builds may be held off, or the hold be lifted",
    owner="platform",
    requirements=("LC8", "ID1", "ID2", "ID3"),
    facts=HoldFacts,
    blockers=blockers,
    policy_sections=(*IDENTITY_SECTIONS, "evidence", "schedules"),
)
