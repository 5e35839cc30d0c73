"""The AWS price list: the answers have AWS's shape, and `tidegate prices check` runs against them from end to end."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from manifests import OWN, POLICIES
from sandbox.testing import Sandbox
from tidegate.settings import PROJECT

pytestmark = pytest.mark.timeout(120)
NAT = {"usagetype": "EUW2-NatGateway-Hours", "regionCode": "eu-west-2"}


def products(sandbox: Sandbox, service: str, attributes: dict[str, str], **more: Any) -> list[Any]:
    filters = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in attributes.items()]
    found = sandbox.client("pricing", region="us-east-1").get_products(ServiceCode=service, Filters=filters, **more)
    return [json.loads(item) for item in found["PriceList"]]


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """Our policies, with prices that were all read yesterday: this test shall hold in a year, too."""
    directory = tmp_path / "policies"
    directory.mkdir()
    for path in POLICIES.glob("*.yaml"):
        (directory / path.name).write_bytes(path.read_bytes())
    prices = directory / "prices.yaml"
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    prices.write_text(re.sub(r'date: "[0-9-]+"', f'date: "{yesterday}"', prices.read_text("utf-8")), "utf-8")
    return directory


def tidegate(sandbox: Sandbox, policies: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command as people call it, against the sandbox."""
    here = {"PYTHONPATH": str(PROJECT / "plugins"), "COLUMNS": "400", "HOME": str(sandbox.directory)}
    here |= OWN | {"TIDEGATE_POLICIES_DIR": str(policies)}
    return subprocess.run(
        [sys.executable, "-m", "tidegate.cli", "prices", *map(str, arguments or ("check",))],
        env=sandbox.applied_to(here),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_an_answer_has_the_shape_of_aws(sandbox: Sandbox) -> None:
    (found,) = products(sandbox, "AmazonEC2", NAT)
    (term,) = found["terms"]["OnDemand"].values()
    (dimension,) = term["priceDimensions"].values()
    assert (dimension["unit"], dimension["pricePerUnit"]) == ("Hrs", {"USD": "0.0500000000"})
    assert (dimension["beginRange"], dimension["endRange"]) == ("0", "Inf")
    assert found["publicationDate"].endswith("Z")


def test_tiers_follow_each_other(sandbox: Sandbox) -> None:
    (found,) = products(sandbox, "AmazonVPC", {"usagetype": "EUW2-VpcEndpoint-Bytes"})
    (term,) = found["terms"]["OnDemand"].values()
    tiers = list(term["priceDimensions"].values())
    assert [tier["endRange"] for tier in tiers[:-1]] == [tier["beginRange"] for tier in tiers[1:]]


@pytest.mark.parametrize(
    ("service", "attributes", "number"),
    [
        ("AmazonEC2", NAT | {"regionCode": "us-east-1"}, 0),
        ("AmazonRDS", {"usagetype": "EUW2-InstanceUsage:db.t4g.micro"}, 2),
        ("AmazonRDS", {"usagetype": "EUW2-InstanceUsage:db.t4g.micro", "operation": "CreateDBInstance:0014"}, 1),
        ("AmazonEC2", {"colour": "blue"}, 0),
    ],
)
def test_every_filter_must_hold(sandbox: Sandbox, service: str, attributes: dict[str, str], number: int) -> None:
    assert len(products(sandbox, service, attributes)) == number


def test_pages_hold_everything_once(sandbox: Sandbox) -> None:
    pages = sandbox.client("pricing", region="us-east-1").get_paginator("get_products")
    found = list(pages.paginate(ServiceCode="AmazonRDS", PaginationConfig={"PageSize": 3}))
    names = [json.loads(item)["product"]["sku"] for page in found for item in page["PriceList"]]
    assert len(found) == 10
    assert len(names) == len(set(names)) == len(products(sandbox, "AmazonRDS", {}))


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"NextToken": "products-99"}, "InvalidNextTokenException"),
        ({"NextToken": "x"}, "InvalidNextTokenException"),
        ({"MaxResults": 101}, "InvalidParameterException"),
        ({"Filters": [{"Type": "ANY_OF", "Field": "a", "Value": "b"}]}, "NotImplementedBySandbox"),
    ],
)
def test_what_is_refused(sandbox: Sandbox, request_: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as caught:
        sandbox.client("pricing", region="us-east-1").get_products(ServiceCode="AmazonRDS", **request_)
    assert caught.value.response["Error"]["Code"] == code


def test_other_operations_are_gaps(sandbox: Sandbox) -> None:
    with pytest.raises(ClientError, match="NotImplementedBySandbox"):
        sandbox.client("pricing", region="us-east-1").describe_services()


def test_our_prices_are_those_of_the_price_list_and_asking_changes_nothing(sandbox: Sandbox, policies: Path) -> None:
    position = sandbox.admin.journal_position()
    ended = tidegate(sandbox, policies)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "EUW2-NatGateway-Hours" in ended.stdout
    assert "20261105190012" in ended.stdout
    assert "infracost" in ended.stdout
    assert "check by hand" in ended.stdout
    calls = {(call.service, call.operation) for call in sandbox.admin.calls(position)}
    assert {each for each in calls if each[0] != "sts"} == {("pricing", "GetProducts")}


def test_a_refreshed_file_holds_and_the_policy_itself_stays(sandbox: Sandbox, policies: Path, tmp_path: Path) -> None:
    ours = policies / "prices.yaml"
    text = ours.read_text("utf-8").replace('usd: "0.05", unit: hour', 'usd: "0.06", unit: hour', 1)
    ours.write_text(text, "utf-8")

    refreshed = tmp_path / "refreshed.yaml"
    ended = tidegate(sandbox, policies, "check", "--write", refreshed)

    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "PRICE-DIFFERS prices.0 aws_nat_gateway in eu-west-2: 0.06 USD per hour here, 0.05" in ended.stdout
    assert ours.read_text("utf-8") == text
    ours.write_bytes(refreshed.read_bytes())
    assert tidegate(sandbox, policies).returncode == 0


def test_a_price_list_that_refuses_is_not_an_agreement(sandbox: Sandbox, policies: Path) -> None:
    with sandbox.admin.fault(service="pricing", kind="access_denied"):
        ended = tidegate(sandbox, policies)
    assert ended.returncode == 2
    assert "PRICE-UNREADABLE prices.0 aws_nat_gateway in eu-west-2: unreadable: GetProducts" in ended.stdout
    assert "AccessDenied" in ended.stdout


@pytest.mark.parametrize("region", ["eu-central-1", "eu-west-1", "us-east-1"])
def test_a_region_is_priced_from_its_own_price_list(sandbox: Sandbox, policies: Path, region: str) -> None:
    ours = policies / "prices.yaml"
    ended = tidegate(sandbox, policies, "refresh", "--region", region, "--write", ours)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    made = [line for line in ours.read_text("utf-8").splitlines() if "STAND-IN" in line]
    assert len(made) > 5
    assert {f"region: {region}" in line for line in made} == {True}
    assert tidegate(sandbox, policies).returncode == 0
    again = tidegate(sandbox, policies, "refresh", "--region", region)
    assert f"{region}: 0 made, 0 not" in again.stdout


def test_a_region_without_products_gets_no_price(sandbox: Sandbox, policies: Path) -> None:
    ours = policies / "prices.yaml"
    before = ours.read_text("utf-8")
    ended = tidegate(sandbox, policies, "refresh", "--region", "sa-east-1", "--write", ours)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "PRICE-GONE aws_nat_gateway itself: the price list of sa-east-1 has no such product" in ended.stdout
    assert ours.read_text("utf-8") == before
