"""A blocker as the task log shows it: one event of short lines, the way out among them (RE1, AN6).

Airflow's log pane shows about a hundred columns and does not wrap; a blocker on one line hides what to do.
"""

import textwrap
from collections.abc import Iterable

from tidegate.models.blocker import Blocker

COLUMNS = 100
_INDENT = 2
_LABEL = 10
RUNBOOK = "docs/runbooks/blocked-run.md"


def blocker_lines(blocker: Blocker, *, said: str = "BLOCKED") -> str:
    """Code and resource, summary, observed, expected, what to do, runbook; no line above `COLUMNS`."""
    return "\n".join(
        (
            *_wrapped(f"{said} {blocker.code} {blocker.resource}", " " * _INDENT, first=""),
            *_wrapped(blocker.summary, " " * _INDENT),
            *_labelled("observed", blocker.observed),
            *_labelled("expected", blocker.expected),
            *_labelled("do this", blocker.remedy.text),
            *_labelled("runbook", RUNBOOK),
        )
    )


def not_run_line(tasks: Iterable[str]) -> str:
    """The lanes that did not run, in one sentence; empty when there is none."""
    named = list(dict.fromkeys(tasks))
    if not named:
        return ""
    count = f"{len(named)} lanes" if len(named) > 1 else "1 lane"
    return "\n".join(_wrapped(f"{count} after that did not run: {', '.join(named)}", " " * _INDENT, first=""))


def _labelled(label: str, text: str) -> list[str]:
    blank = " " * (_INDENT + _LABEL)
    return _wrapped(text, blank, first=f"{' ' * _INDENT}{label:<{_LABEL}}")


def _wrapped(text: str, indent: str, *, first: str | None = None) -> list[str]:
    """The text in lines; what is longer than a line without a blank is broken, for nothing may run off the screen."""
    begin = indent if first is None else first
    lines = textwrap.wrap(
        " ".join(text.split()),
        width=COLUMNS,
        initial_indent=begin,
        subsequent_indent=indent,
        break_on_hyphens=False,
    )
    return lines or [begin.rstrip()]
