"""The texts: plain, short lines, first what and where, then what to do. They are read on a phone at night."""

from collections.abc import Sequence

from tidegate.models.alert import About
from tidegate.models.blocker import Blocker
from tidegate.models.redaction import without_secrets

SUBJECT_LENGTH = 99
"""SNS takes fewer than 100 characters of ASCII, without control characters."""
MOST_BLOCKERS = 20
"""So many are told in full; the evidence has the others."""
_LONGEST_PART = 800


def subject(about: About, headline: str) -> str:
    """`tidegate dev_min AUDIT: STACK-DRIFTED aws_s3_bucket.state`."""
    whole = without_secrets(f"tidegate {about.environment} {about.phase.upper()}: {' '.join(headline.split())}")
    plain = "".join(character if " " <= character <= "~" else "?" for character in whole)
    return plain if len(plain) <= SUBJECT_LENGTH else plain[: SUBJECT_LENGTH - 3] + "..."


def text(about: About, opening: str, *parts: str, evidence: str | None = None) -> str:
    """A message: its first sentence, its parts, and where to look: the evidence named here, or else the verdict."""
    where = [f"Run: {about.link}" if about.link else ""]
    where += [f"Evidence: {uri}" for uri in (evidence or about.evidence,) if uri]
    sandbox = " (sandbox: nothing real)" if about.profile == "sandbox" else ""
    where.append(f"Execution: {about.execution_id} of {about.environment}{sandbox}")
    blocks = (opening, *parts, "\n".join(line for line in where if line))
    return without_secrets("\n\n".join(block for block in blocks if block)) + "\n"


def said(blocker: Blocker) -> str:
    """A blocker, one fact a line."""
    lines = (
        blocker.code,
        f"{blocker.summary}",
        f"Where: {blocker.resource}",
        f"Observed: {_shortened(blocker.observed)}",
        f"Expected: {_shortened(blocker.expected)}",
        f"Do: {blocker.remedy.text}",
        f"Owner: {blocker.owner}" if blocker.owner else "",
    )
    return "\n".join(line for line in lines if line)


def all_said(blockers: Sequence[Blocker]) -> tuple[str, ...]:
    """Blockers, numbered when there are several; what is too much is counted."""
    if len(blockers) == 1:
        return (said(blockers[0]),)
    shown = [f"{number}. {said(blocker)}" for number, blocker in enumerate(blockers[:MOST_BLOCKERS], start=1)]
    more = len(blockers) - len(shown)
    return (*shown, f"and {more} more: see the evidence") if more else tuple(shown)


def _shortened(part: str) -> str:
    return part if len(part) <= _LONGEST_PART else f"{part[:_LONGEST_PART]}... (shortened)"
