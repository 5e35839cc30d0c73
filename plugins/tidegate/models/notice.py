"""What facts tell besides blockers: something to hear of that closes no gate."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing that people are told once: a rung that was crossed, a time to live that ends soon.

    Facts that have any give them as a property `notices`; two with the same `key` are the same thing.
    """

    key: str
    """What it is about, with everything that makes it a new one: `rung/2026-11/20`."""
    summary: str
    """One sentence."""
    remedy: str
    """The next command, or what to look at."""
