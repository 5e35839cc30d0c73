"""The cost ladder: which rung a reported cost has reached, and whether it has reached the stop (CO4, CO5).

Pure. Every source of cost is held against the same ladder.
"""

from collections.abc import Iterable
from decimal import Decimal

NONE = "none"


def rung_of(reported: Decimal, alerts: Iterable[Decimal]) -> str:
    """The highest alert that the cost has reached, as text, or `none`. Exactly on a rung is on it."""
    reached = [alert for alert in alerts if reported >= alert]
    return str(max(reached)) if reached else NONE


def reaches_stop(reported: Decimal, stop: Decimal) -> bool:
    """True from the stop on."""
    return reported >= stop
