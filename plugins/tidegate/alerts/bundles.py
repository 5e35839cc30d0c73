"""Many findings of one kind are one message: it counts them and names the first. Each is remembered by itself."""

from collections.abc import Iterable
from dataclasses import replace

from tidegate.alerts import message
from tidegate.models.alert import About, Alert

MOST_MESSAGES = 5
"""So many findings of one gate and code have a message each; of more there is one for all."""
MOST_NAMED = 20

_UNREADABLE = "-UNREADABLE"


def bundles(about: About, alerts: Iterable[Alert]) -> tuple[tuple[Alert, tuple[Alert, ...]], ...]:
    """Messages in the order of what they tell, each with the alerts that it tells."""
    kinds: dict[tuple[str, str], list[Alert]] = {}
    for alert in alerts:
        kinds.setdefault(_kind(alert), []).append(alert)
    return tuple(
        (message_of, tuple(told))
        for same in kinds.values()
        for message_of, told in (
            [(_counted(about, same), same)] if len(same) > MOST_MESSAGES else [(each, [each]) for each in same]
        )
    )


def _kind(alert: Alert) -> tuple[str, str]:
    """Gate and code of a finding. All that a gate could not read is of one kind; what happened once is by itself."""
    code, resource = _about_what(alert)
    if not resource:
        return alert.scope, alert.key
    return alert.scope, _UNREADABLE if code.endswith(_UNREADABLE) else code


def _about_what(alert: Alert) -> tuple[str, str]:
    """Code and resource, as the key of a finding has them; both empty for what is none."""
    code, _, resource = alert.key.partition(f"finding/{alert.scope}/")[2].partition("/")
    return code, resource


def _counted(about: About, same: list[Alert]) -> Alert:
    first = same[0]
    named = [_about_what(alert) for alert in same]
    codes = ", ".join(dict.fromkeys(code for code, _ in named))
    lines = [f"{code} {resource}" for code, resource in named[:MOST_NAMED]]
    more = len(named) - len(lines)
    return replace(
        first,
        subject=message.subject(about, f"{len(same)} times {codes}: {named[0][1]} and {len(same) - 1} more"),
        text=message.text(
            about,
            f"{len(same)} findings of {first.scope}, in one message: {codes}.",
            "\n".join(lines) + (f"\nand {more} more: see the evidence" if more else ""),
            f"The first of them:\n\n{first.text.rstrip()}",
        ),
    )
