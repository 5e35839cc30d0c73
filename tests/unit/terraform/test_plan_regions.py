"""Where a plan would work: resources with a region of their own (provider 6), providers of the root, both unknown."""

from typing import Any

import pytest

from tidegate.models.observed import Known, UnknownUntilApply
from tidegate.models.plan import RegionUse
from tidegate.terraform.plan_regions import region_uses

HOME, AWAY = "eu-west-2", "us-west-2"
AWS = "registry.terraform.io/hashicorp/aws"


def change(kind: str = "aws_vpc", *, after: Any = None, unknown: Any = None, **more: Any) -> dict[str, Any]:
    inner = {"actions": more.pop("actions", ["create"]), "after": after, "after_unknown": unknown or {}}
    return {"address": f"{kind}.this", "type": kind, "mode": "managed", "change": inner, **more}


def provider(expressions: Any, name: str = "aws", full_name: str = AWS) -> dict[str, Any]:
    return {"configuration": {"provider_config": {name: {"full_name": full_name, "expressions": expressions}}}}


def use(region: Any, first: str, count: int = 1) -> RegionUse:
    return RegionUse(region=region, first=first, count=count)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, ()),
        ({"resource_changes": [change(after={"cidr_block": "10.0.0.0/16"})]}, ()),
        ({"resource_changes": [change(after={"region": AWAY})]}, (use(Known(AWAY), "aws_vpc.this"),)),
        ({"resource_changes": [change(after={"region": AWAY}, mode="data")]}, ()),
        ({"resource_changes": [change("google_x", after={"region": "europe-west2"})]}, ()),
        ({"resource_changes": [change(after=None, actions=["delete"])]}, ()),
        ({"resource_changes": [change(after=None, actions=["forget"])]}, ()),
        ({"resource_changes": [change(unknown={"region": True})]}, (use(UnknownUntilApply(), "aws_vpc.this"),)),
        ({"resource_changes": [change(unknown=True)]}, (use(UnknownUntilApply(), "aws_vpc.this"),)),
        ({"resource_changes": [change("aws_s3_bucket", unknown={"region": True})]}, ()),
        (
            {"resource_changes": [change("aws_s3_bucket", after={"region": AWAY}, actions=["no-op"])]},
            (use(Known(AWAY), "aws_s3_bucket.this"),),
        ),
        (
            {"deferred_changes": [{"resource_change": change(after={"region": AWAY})}]},
            (use(Known(AWAY), "aws_vpc.this"),),
        ),
        (
            {"resource_changes": [change(after={"region": HOME}), change("aws_eip", after={"region": HOME})]},
            (use(Known(HOME), "aws_vpc.this", 2),),
        ),
        (provider({"region": {"constant_value": AWAY}}, "aws.far"), (use(Known(AWAY), "provider aws.far"),)),
        (provider({"region": {"constant_value": AWAY}}, full_name="registry.terraform.io/hashicorp/google"), ()),
        (provider({}), ()),
        (provider(None), ()),
        (
            provider({"region": {"references": ["var.region"]}}) | {"variables": {"region": {"value": HOME}}},
            (use(Known(HOME), "provider aws"),),
        ),
        (provider({"region": {"references": ["var.region"]}}), (use(UnknownUntilApply(), "provider aws"),)),
        (
            provider({"region": {"references": ["var.region", "var.other"]}})
            | {"variables": {"region": {"value": HOME}, "other": {"value": HOME}}},
            (use(UnknownUntilApply(), "provider aws"),),
        ),
        (
            {
                "configuration": {
                    "provider_config": {
                        "module.far:aws": {
                            "full_name": AWS,
                            "module_address": "module.far",
                            "expressions": {"region": {"references": ["var.region"]}},
                        }
                    }
                },
                "variables": {"region": {"value": HOME}},
            },
            (use(UnknownUntilApply(), "provider module.far:aws"),),
        ),
        (provider({"region": {"references": ["local.region"]}}), (use(UnknownUntilApply(), "provider aws"),)),
    ],
)
def test_where_a_plan_would_work(document: dict[str, Any], expected: tuple[RegionUse, ...]) -> None:
    assert region_uses(document) == expected


@pytest.mark.parametrize("region", [7, ["eu-west-2"], True])
def test_a_region_is_a_text(region: object) -> None:
    with pytest.raises(TypeError, match="a region is"):
        region_uses({"resource_changes": [change(after={"region": region})]})
