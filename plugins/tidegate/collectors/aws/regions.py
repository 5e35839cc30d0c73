"""Which regions the account has enabled."""

import re

from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.reading import MalformedAnswer, ask, field, observe, text
from tidegate.models.observed import Observed

IAM_ACTIONS: tuple[str, ...] = ("ec2:DescribeRegions",)

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]{1,2}")
_ENABLED = {"opt-in-not-required": True, "opted-in": True, "not-opted-in": False}
"""By AWS's word for a region: can the account have anything there?"""


def enabled_regions(clients: Clients) -> Observed[tuple[str, ...]]:
    """Their names, sorted. An answer that leaves out the region that was asked is malformed: that one is enabled."""
    return observe("DescribeRegions", lambda: _enabled(clients))


def _enabled(clients: Clients) -> tuple[str, ...]:
    answer = ask(clients.ec2(clients.region).describe_regions, AllRegions=False)
    found: set[str] = set()
    for item in field(answer, "Regions", list):
        name, status = text(item, "RegionName"), text(item, "OptInStatus")
        if not _REGION.fullmatch(name):
            raise MalformedAnswer("RegionName is no name of a region")
        if status not in _ENABLED:
            raise MalformedAnswer(f"OptInStatus of {name} is a word that nobody knows here")
        if _ENABLED[status]:
            found.add(name)
    if clients.region not in found:
        raise MalformedAnswer(f"{clients.region}, which was asked, is not among the enabled regions")
    return tuple(sorted(found))
