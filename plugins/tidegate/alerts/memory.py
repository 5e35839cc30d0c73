"""What was told, and what that makes of the next alert: nothing twice, unless it changed or came back."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from tidegate.models.alert import Alert, Remembered

Memory = Mapping[str, Remembered]

KEPT = timedelta(days=90)
"""How long an event that happened once is remembered. A finding is, as long as it is open."""


def owed(memory: Memory, alert: Alert, channels: Iterable[str]) -> tuple[str, ...]:
    """The channels that have not taken this alert."""
    known = memory.get(alert.key)
    told = known.told if known is not None and known.fingerprint == alert.fingerprint else ()
    return tuple(channel for channel in channels if channel not in told)


def waiting(memory: Memory, looked: frozenset[str], alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    """What earlier runs could not deliver, and this one does not say itself. A finding that is gone is not told."""
    present = {alert.key for alert in alerts}
    return tuple(
        Alert(key=key, scope=entry.scope, fingerprint=entry.fingerprint, subject=entry.subject, text=entry.text)
        for key, entry in memory.items()
        if entry.waiting and key not in present and entry.scope not in looked
    )


def remembered(
    known: Remembered | None, alert: Alert, heard: Iterable[str], missed: Iterable[str], *, at: datetime, by: str
) -> Remembered:
    """The entry after channels have taken the alert (`heard`), or not (`missed`)."""
    if known is not None and known.fingerprint != alert.fingerprint:
        known = None
    earlier = () if known is None else known.told
    now_told = tuple(heard)
    told = tuple(dict.fromkeys((*earlier, *now_told)))
    still = tuple(channel for channel in dict.fromkeys(missed) if channel not in told)
    return Remembered(
        scope=alert.scope,
        fingerprint=alert.fingerprint,
        told=told,
        waiting=still,
        subject=alert.subject if still else "",
        text=alert.text if still else "",
        first_at=at if known is None else known.first_at,
        last_at=at if known is None or now_told else known.last_at,
        execution_id=by if known is None or now_told else known.execution_id,
    )


def kept(memory: Memory, looked: frozenset[str], present: frozenset[str], at: datetime) -> dict[str, Remembered]:
    """Without findings that are gone, so that they are told again when they come back, and what is long past."""
    return {
        key: entry
        for key, entry in memory.items()
        if key in present or (entry.scope not in looked and (entry.scope or at - entry.first_at <= KEPT))
    }
