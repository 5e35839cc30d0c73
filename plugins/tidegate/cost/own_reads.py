"""What asking Cost Explorer costs, and when an answer is young enough not to ask again (CO7). Pure."""

from datetime import datetime, timedelta
from decimal import Decimal

from tidegate.models.observed import Absent, Known
from tidegate.models.prices import PricePolicy

PAGE = "page of Cost Explorer"
"""What the prices call it, under `usage`."""


def page_price(prices: PricePolicy) -> Known[Decimal] | Absent:
    """USD for one page. Absent: the prices do not say."""
    found = [use.usd for use in prices.usage if use.what == PAGE and use.unit == "request" and not use.types]
    return Known(max(found)) if found else Absent()


def pages_within(limit_usd: Decimal, page_usd: Decimal) -> int:
    """How many pages a month may have."""
    return int(limit_usd // page_usd)


def young_enough(read_at: datetime, now: datetime, max_age_hours: int, pages: int = 1) -> bool:
    """Is an answer younger than the limit? One of the future is as well: asking again would not mend the clock.

    An answer of several pages keeps as many times as long, so that a month of reads costs the same.
    """
    return now - read_at < timedelta(hours=max_age_hours * pages)
