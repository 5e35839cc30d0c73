"""Every type of every stack has a price in the manifest's region, or is named."""

from typing import Any

import pytest

from factories_prices import PRICES, entry, free, policy
from standins import dev_min, three_stacks
from tidegate.cost.region_cover import kinds_of, unpriced_kinds
from tidegate.models.environment import Environment
from tidegate.models.identity import StackKind

ENVIRONMENT = three_stacks()
ALLOWED = dev_min()[1].allowed_types


def in_region(region: str, **stacks: str) -> Environment:
    document = ENVIRONMENT.model_dump(mode="json", by_alias=True) | {"region": region, "scan_regions": [region]}
    for name, of in stacks.items():
        document["stacks"][name]["region"] = of
    return Environment.model_validate(document)


def missing(environment: Environment) -> set[str]:
    return {each.kind.type for each in unpriced_kinds(kinds_of(environment, ALLOWED), PRICES)}


def test_dev_min_is_priced() -> None:
    assert missing(ENVIRONMENT) == set()


@pytest.mark.parametrize("region", ["eu-central-1", "us-east-1", "eu-west-1"])
def test_the_database_has_no_price_elsewhere_before_a_refresh(region: str) -> None:
    """North Virginia has prices of databases, and none of the kind that demo builds."""
    assert missing(in_region(region)) == {"aws_db_instance"}


def test_a_stack_is_priced_in_its_own_region() -> None:
    assert missing(in_region("eu-west-2", demo="eu-central-1")) == {"aws_db_instance"}
    assert missing(in_region("eu-central-1", demo="eu-west-2")) == set()


def test_every_allowed_type_is_asked_for_once_per_stack() -> None:
    found = [(kind.stack, kind.type) for kind in kinds_of(ENVIRONMENT, ALLOWED)]
    assert len(found) == len(set(found)) == sum(len(ALLOWED.stacks[name]) for name in ENVIRONMENT.stacks)


@pytest.mark.parametrize(
    ("prices", "names"),
    [
        ([entry(region="r-r-1")], []),
        ([entry(region="r-s-1")], ["thing"]),
        ([entry(types=["other"])], ["thing"]),
        ([entry(), entry(region="r-s-1", part="disk")], ["thing"]),
    ],
)
def test_by_region_and_part(prices: list[dict[str, Any]], names: list[str]) -> None:
    regions = {"r-r-1": "eu-west-1", "r-s-1": "eu-west-3"}
    given = [each | {"region": regions.get(each["region"], each["region"])} for each in prices]
    kinds = [StackKind(stack="demo", type="thing", region="eu-west-1")]
    assert [each.kind.type for each in unpriced_kinds(kinds, policy(*given))] == names
    assert list(unpriced_kinds(kinds, policy(*given, free=[free()]))) == []
