"""What is really there, asked service by service and region by region, independent of any state (TD5).

One file per family of services; each lists Terraform types with the calls that answer for them. A type x region is a
subject (`aws_nat_gateway@eu-west-2`): read completely, or unreadable with the reason.
"""

from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.inventory import (
    containers,
    data_stores,
    load_balancers,
    network,
    paid_by_hour,
    paid_by_month,
    runtime,
    streaming,
)
from tidegate.collectors.aws.inventory.beyond import NOWHERE_ELSE, Elsewhere, coverage_of, scan_beyond
from tidegate.collectors.aws.inventory.listing import Found, Listing, Scan
from tidegate.collectors.aws.reading import MalformedAnswer, observe, storable
from tidegate.models.environment import Environment
from tidegate.models.inventory import Inventory, LiveResource, NotScanned
from tidegate.models.observed import Known, Observed
from tidegate.models.policy import ForbiddenPolicy
from tidegate.models.prices import PricePolicy
from tidegate.models.residual import CLASSIFYING_ATTRIBUTES

_FAMILIES = (network, load_balancers, containers, data_stores, streaming, runtime, paid_by_month, paid_by_hour)
LISTINGS: dict[str, Listing] = {each.type: each for family in _FAMILIES for each in family.LISTINGS}
IAM_ACTIONS: tuple[str, ...] = tuple(sorted({action for family in _FAMILIES for action in family.IAM_ACTIONS}))

ANSWERED_BY = {
    "aws_alb": "aws_lb",
    "aws_docdb_cluster": "aws_rds_cluster",
    "aws_eks_fargate_profile": "aws_eks_cluster",
    "aws_eks_node_group": "aws_eks_cluster",
    "aws_elasticache_replication_group": "aws_elasticache_cluster",
    "aws_elasticsearch_domain": "aws_opensearch_domain",
    "aws_msk_serverless_cluster": "aws_msk_cluster",
    "aws_neptune_cluster": "aws_rds_cluster",
}
"""Forbidden types that show under another type: an alias, or a part that cannot be without its whole."""

PLAN_ONLY = {
    "aws_ec2_capacity_reservation": "the sandbox cannot answer for it, and the role has no action that could make one",
}
"""Forbidden types that are refused in plans and not looked for live, with the reason."""

WORKERS = 8


def collect_inventory(
    clients: Clients,
    environment: Environment,
    regions: Iterable[str],
    forbidden_policy: ForbiddenPolicy,
    now: datetime,  # noqa: ARG001 - every collector is told the moment; here the facts around it keep it
    prices: PricePolicy,
    elsewhere: Elsewhere = NOWHERE_ELSE,
) -> Inventory:
    """Scan the account in these regions, and elsewhere as far as that is open. Never raises for what AWS answers.

    Of a resource only those attributes are kept by which something is forbidden, that decide its price, or that tell
    what holds it.

    A subject of which one page or one resource cannot be read is unreadable as a whole, and shows none of its
    resources. So is a forbidden type that nothing here looks for. A type whose service a region does not have is no
    subject there, and is named among what was not looked at.
    """
    scanned = tuple(dict.fromkeys(regions))
    unknown = sorted({kind for rule in forbidden_policy.rules for kind in rule.types} - _looked_for())
    wanted = [
        (_listing(kind), Scan(clients, region, environment)) for region in scanned for kind in (*LISTINGS, *unknown)
    ]
    missing = _not_offered(wanted)
    subjects = [(listing, scan) for listing, scan in wanted if _subject(listing, scan) not in missing]
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        answers = list(pool.map(lambda subject: subject[0].answer(subject[1]), subjects))
    beyond = [region for region in dict.fromkeys(elsewhere.regions) if region not in scanned]
    others = scan_beyond(clients, environment, beyond, [_listing(kind) for kind in (*LISTINGS, *unknown)])
    names = {kind: _attributes(kind, forbidden_policy, prices) for kind in (*LISTINGS, *unknown)}
    resources = [
        _resource(listing, scan.region, found, names[listing.type])
        for (listing, scan), answer in zip(subjects, answers, strict=True)
        if isinstance(answer, Known)
        for found in answer.value
    ]
    resources += [
        _resource(listing, each.region, found, names[listing.type]) for each in others for listing, found in each.found
    ]
    covered = tuple(_subject(listing, scan) for listing, scan in subjects)
    coverage = (
        *(coverage_of(name, answer) for name, answer in zip(covered, answers, strict=True)),
        *(each for other in others for each in other.coverage),
    )
    return Inventory(
        resources=tuple(sorted(resources, key=lambda resource: (resource.type, resource.region, resource.id))),
        coverage=coverage,
        expected_coverage=(*covered, *(each.subject for each in coverage[len(covered) :])),
        not_scanned=(
            *_not_scanned(clients, {*scanned, *beyond}, missing, elsewhere.why_not),
            *(limit for other in others for limit in other.not_scanned),
        ),
        beyond=tuple(beyond),
    )


def _subject(listing: Listing, scan: Scan) -> str:
    return f"{listing.type}@{scan.region}"


def _not_offered(wanted: Iterable[tuple[Listing, Scan]]) -> dict[str, str]:
    """By subject the service that its region does not have: there is no address at which one could ask."""
    return {
        _subject(listing, scan): service
        for listing, scan in wanted
        if (service := listing.without_its_service(scan.clients, scan.region))
    }


def _not_scanned(
    clients: Clients, looked_at: Collection[str], missing: dict[str, str], why_not: str
) -> tuple[NotScanned, ...]:
    """Types that nobody lists, those without a service in their region, regions in which nobody looked. No call."""
    others = sorted(set(clients.session.get_available_regions("ec2")) - set(looked_at))
    return (
        *(NotScanned(subject=f"{kind}@*", reason=reason) for kind, reason in sorted(PLAN_ONLY.items())),
        *(
            NotScanned(subject=subject, reason=f"{service} is not offered in this region, as far as botocore knows")
            for subject, service in sorted(missing.items())
        ),
        *(NotScanned(subject=f"*@{region}", reason=why_not) for region in others),
    )


def _attributes(kind: str, forbidden: ForbiddenPolicy, prices: PricePolicy) -> tuple[str, ...]:
    wanted = {
        *forbidden.attributes_of(kind),
        *prices.attributes_of(kind, "live"),
        *CLASSIFYING_ATTRIBUTES.get(kind, ()),
    }
    return tuple(sorted(wanted))


def _looked_for() -> set[str]:
    return {*LISTINGS, *ANSWERED_BY, *PLAN_ONLY}


def _listing(resource_type: str) -> Listing:
    return LISTINGS.get(resource_type) or Listing(resource_type, _nobody_looks)


def _nobody_looks(_scan: Scan) -> Iterable[Found]:
    raise MalformedAnswer("no live scan knows this type: add a listing to tidegate/collectors/aws/inventory")


def _resource(listing: Listing, region: str, found: Found, names: Iterable[str]) -> LiveResource:
    return LiveResource(
        type=listing.type,
        id=found.id,
        region=region,
        status=found.status,
        attributes={name: _attribute(listing, found, name) for name in names},
        tags=found.tags,
    )


def _attribute(listing: Listing, found: Found, name: str) -> Observed[Any]:
    """An attribute by Terraform's name: where the listing says, else `desiredCount` or `DesiredCount`."""

    def read() -> str | int | bool:
        node: Any = found.item
        for part in _parts(listing, name):
            spellings = [key for key in part if isinstance(node, dict) and key in node]
            if not spellings:
                raise MalformedAnswer(f"{name} is missing")
            node = node[spellings[0]]
        if not isinstance(node, str | int | bool):
            raise MalformedAnswer(f"{name} is {type(node).__name__}, expected text, a whole number or a truth value")
        if not storable(node) or node == "" or (isinstance(node, int) and node < 0):
            raise MalformedAnswer(f"{name} is blank, below zero, or not a value that evidence can hold")
        return node

    return observe(f"{listing.type} {found.id}", read)


def _parts(listing: Listing, name: str) -> Iterator[tuple[str, ...]]:
    """The way to an attribute, key by key, each in every spelling that it may have."""
    if name in listing.spelled:
        yield from ((key,) for key in listing.spelled[name].split("."))
        return
    for part in name.split("."):
        pascal = "".join(word.capitalize() for word in part.split("_"))
        yield pascal, pascal[0].lower() + pascal[1:]
