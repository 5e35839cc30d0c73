"""Regions beyond those of the manifest, looked at once a night: many at once, and each with clients of its own.

Here, and only here, two things are no hole in the scan but a limit of it, which is named: what an organisation closes
by an explicit deny, and a service that is not offered in a region. If something costs there all the same, the bill
tells. Everything else that cannot be read is unreadable, as it is at home.
"""

import re
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.inventory.listing import Found, Listing, Scan
from tidegate.models.environment import Environment
from tidegate.models.facts import Coverage
from tidegate.models.inventory import NotScanned
from tidegate.models.observed import Known, Observed, Unreadable

REGIONS_AT_ONCE, LISTINGS_AT_ONCE = 4, 4
MOST_LOST = 3
"""So many listings of a region may wait in vain; each sends its call several times."""

_CLOSED = re.compile(
    r": (AccessDenied|AccessDeniedException|UnauthorizedOperation): "
    r".*\bwith an explicit deny in a service control policy\b",
    re.DOTALL,
)
"""How AWS refuses what a service control policy denies. An implicit deny reads "because no ... policy allows"."""

_OUT_OF_REACH = re.compile(r": (ConnectTimeoutError|ConnectionClosedError|EndpointConnectionError|ReadTimeoutError): ")
"""Botocore's names for a network that leads nowhere; each took all of its attempts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """The regions beyond the manifest's that a scan looks at, and why it looks at no others."""

    regions: tuple[str, ...] = ()
    why_not: str = "not in scan_regions of the manifest"


NOWHERE_ELSE = Elsewhere()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionScan:
    """One region: what answered, what was read or could not be, and what nobody could look at."""

    region: str
    found: tuple[tuple[Listing, Found], ...] = ()
    coverage: tuple[Coverage, ...] = ()
    not_scanned: tuple[NotScanned, ...] = ()


def scan_beyond(
    clients: Clients, environment: Environment, regions: Iterable[str], listings: Collection[Listing]
) -> list[RegionScan]:
    """Scan these regions. Never raises for what AWS answers, and keeps no client."""
    missing = {
        region: {listing.type: listing.without_its_service(clients, region) for listing in listings}
        for region in regions
    }
    with ThreadPoolExecutor(max_workers=REGIONS_AT_ONCE) as pool:
        return list(pool.map(lambda region: _scan(clients, environment, region, listings, missing[region]), missing))


def _scan(
    clients: Clients, environment: Environment, region: str, listings: Collection[Listing], missing: dict[str, str]
) -> RegionScan:
    """`missing`: by type the service that the region does not have, empty where it has it."""
    asked = [listing for listing in listings if not missing[listing.type]]
    with clients.apart(region) as own:
        answers = _answers(Scan(own, region, environment), asked)
        silent = {it.type for it in asked if it.services and not any(own.has(service) for service in it.services)}
    closed = {kind: reason for kind, answer in answers.items() if (reason := closing_deny(answer))}
    limits = [
        NotScanned(subject=f"{kind}@{region}", reason=f"{service} is not offered there; the bill is its check")
        for kind, service in missing.items()
        if service
    ]
    if closed and answers.keys() <= closed.keys() | silent:
        return RegionScan(region=region, not_scanned=(_closed(f"*@{region}", next(iter(closed.values()))),))
    limits += [_closed(f"{kind}@{region}", reason) for kind, reason in closed.items()]
    return RegionScan(
        region=region,
        found=tuple(
            (listing, found)
            for listing in asked
            if isinstance(answer := answers[listing.type], Known)
            for found in answer.value
        ),
        coverage=_coverage(region, {kind: it for kind, it in answers.items() if kind not in closed}, silent),
        not_scanned=tuple(limits),
    )


def _answers(scan: Scan, listings: list[Listing]) -> dict[str, Known[tuple[Found, ...]] | Unreadable]:
    """Where the network leads nowhere, the others would only wait for the same, and a night has an end: the first
    listing goes ahead, and after a few that waited in vain no other is asked.
    """
    lost: list[Unreadable] = []

    def ask(listing: Listing) -> Known[tuple[Found, ...]] | Unreadable:
        if len(lost) >= MOST_LOST:
            return Unreadable(f"not asked, for the region does not answer: {lost[0].reason}", transient=True)
        answer = listing.answer(scan)
        if isinstance(answer, Unreadable) and _OUT_OF_REACH.search(answer.reason):
            lost.append(answer)
        return answer if isinstance(answer, Known | Unreadable) else Unreadable("neither a list nor a reason")

    answers = {listing.type: ask(listing) for listing in listings[:1]}
    if lost:
        return dict.fromkeys((listing.type for listing in listings), lost[0])
    with ThreadPoolExecutor(max_workers=LISTINGS_AT_ONCE) as pool:
        given = pool.map(ask, listings[1:])
        return answers | {listing.type: answer for listing, answer in zip(listings[1:], given, strict=True)}


def closing_deny(answer: Observed[Any]) -> str:
    """What AWS says where an explicit deny of the organisation closes a service; empty when none does."""
    return answer.reason if isinstance(answer, Unreadable) and _CLOSED.search(answer.reason) else ""


def _closed(subject: str, reason: str) -> NotScanned:
    return NotScanned(
        subject=subject, reason=f"closed by an explicit deny of the organisation; the bill is its check ({reason})"
    )


def _coverage(
    region: str, answers: dict[str, Known[tuple[Found, ...]] | Unreadable], silent: set[str]
) -> tuple[Coverage, ...]:
    """By type; where nothing at all could be read, one entry for the region says it once.

    `silent`: types whose service has no regions, and that ask for nothing but at home.
    """
    unread = [answer for answer in answers.values() if isinstance(answer, Unreadable)]
    if unread and not any(isinstance(it, Known) and kind not in silent for kind, it in answers.items()):
        return (
            Coverage(
                subject=f"*@{region}",
                status="unreadable",
                reason=unread[0].reason,
                transient=all(it.transient for it in unread),
            ),
        )
    return tuple(coverage_of(f"{kind}@{region}", answer) for kind, answer in answers.items())


def coverage_of(subject: str, answer: Observed[tuple[Found, ...]]) -> Coverage:
    """A subject that was read, or that could not be."""
    if isinstance(answer, Unreadable):
        return Coverage(subject=subject, status="unreadable", reason=answer.reason, transient=answer.transient)
    return Coverage(subject=subject, status="read")
