"""A night's scan of every region of the account, over HTTP: what it finds, what it may leave out, and what it costs."""

import os
import time
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.regions import ENABLED
from sandbox.testing import Sandbox
from tidegate.collectors.aws import clients as clients_module
from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.inventory import LISTINGS, collect_inventory
from tidegate.collectors.aws.inventory.beyond import Elsewhere
from tidegate.collectors.aws.regions import enabled_regions
from tidegate.environments import load, load_policies
from tidegate.models.inventory import Inventory
from tidegate.models.observed import Known

pytestmark = pytest.mark.timeout(600)
ENVIRONMENT = load("dev_min")
POLICIES = load_policies(ENVIRONMENT)
FAR, CLOSED, DARK = "ap-southeast-2", "sa-east-1", "eu-north-1"
MOST_SECONDS, MOST_CPU_SECONDS = 600, 120


@pytest.fixture
def clients(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Clients:
    for name, value in sandbox.applied_to({}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(clients_module, "ATTEMPTS", 1)
    return Clients.from_environment(ENVIRONMENT.region)


def scan(clients: Clients, *regions: str) -> Inventory:
    return collect_inventory(
        clients,
        ENVIRONMENT,
        (ENVIRONMENT.region,),
        POLICIES.forbidden,
        datetime.now(UTC),
        POLICIES.prices,
        Elsewhere(regions=regions, why_not="not enabled"),
    )


def test_the_account_has_the_regions_that_need_no_opt_in(sandbox: Sandbox, clients: Clients) -> None:
    assert enabled_regions(clients) == Known(tuple(sorted(ENABLED)))
    some = sandbox.client("ec2").describe_regions(RegionNames=["us-east-1"])["Regions"]
    assert [(it["RegionName"], it["OptInStatus"]) for it in some] == [("us-east-1", "opt-in-not-required")]
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        sandbox.client("ec2").describe_regions(RegionNames=["us-east-1", "cn-north-1"])


def test_a_night_reads_every_type_in_every_region_within_its_bounds(clients: Clients) -> None:
    """Two looks are a night; each must take less than half of the seconds."""
    regions = enabled_regions(clients)
    assert isinstance(regions, Known)
    before, began = os.times(), time.monotonic()
    inventory = scan(clients, *regions.value)
    after, ended = os.times(), time.monotonic()
    assert {each.status for each in inventory.coverage} == {"read"}
    limits = {each.subject for each in inventory.not_scanned if "is not offered" in each.reason}
    wanted = {f"{kind}@{region}" for kind in LISTINGS for region in ENABLED}
    assert {each.subject for each in inventory.coverage} == wanted - limits
    assert len(limits) < len(wanted) / 50, "nearly every service is in nearly every region"
    cpu = after.user + after.system - before.user - before.system
    assert 2 * (ended - began) < MOST_SECONDS
    assert 2 * cpu < MOST_CPU_SECONDS


def test_what_an_organisation_closes_is_a_limit_and_what_else_is_refused_a_hole(
    sandbox: Sandbox, clients: Clients
) -> None:
    ec2 = sandbox.client("ec2", region=FAR)
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    gateway = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    with (
        sandbox.admin.fault(service="*", kind="explicit_deny", region=CLOSED),
        sandbox.admin.fault(service="rds", kind="explicit_deny", region=FAR),
        sandbox.admin.fault(service="eks", kind="access_denied", region=FAR),
        sandbox.admin.fault(service="*", kind="access_denied", region=DARK),
    ):
        inventory = scan(clients, FAR, CLOSED, DARK)
    assert [(it.type, it.id) for it in inventory.resources if it.region == FAR] == [("aws_nat_gateway", gateway)]
    of_rds = {f"{kind}@{FAR}" for kind, listing in LISTINGS.items() if listing.services == ("rds",)}
    named = {it.subject for it in inventory.not_scanned if "explicit deny of the organisation" in it.reason}
    assert named == {f"*@{CLOSED}", *of_rds}
    unread = {each.subject for each in inventory.coverage if each.status != "read"}
    assert unread == {f"aws_eks_cluster@{FAR}", f"*@{DARK}"}
