"""The list of enabled regions and what bears the environment's tags: bad in every field, and never "none"."""

from typing import Any

import pytest

from bad_input import Case, FakeAws, sweep
from factories_residual import audit_residual_facts
from factories_world import NOW
from tidegate.collectors.aws import reading
from tidegate.collectors.aws.regions import enabled_regions
from tidegate.collectors.aws.tagged import tagged_in
from tidegate.environments import load
from tidegate.gates import audit_residual
from tidegate.models.observed import Known

HERE, FAR = load("dev_min").region, "eu-north-1"
OURS = {"project": "fraud-platform", "environment": "dev_min", "lifecycle": "ephemeral"}
QUEUE = {
    "ResourceARN": f"arn:aws:sqs:{HERE}:123456789012:jobs",
    "Tags": [{"Key": name, "Value": value} for name, value in OURS.items()],
}
GATE = "AUDIT-RESIDUAL"


def judged(**changes: Any) -> Any:
    facts = audit_residual_facts(**changes)
    return facts, {GATE: audit_residual.GATE.evaluate(facts, judged_at=NOW)}


CASES = (
    Case(
        name="regions",
        answers={
            "ec2.DescribeRegions": {
                "Regions": [
                    {"RegionName": HERE, "OptInStatus": "opt-in-not-required"},
                    {"RegionName": FAR, "OptInStatus": "opted-in"},
                ]
            }
        },
        judge=lambda aws: judged(enabled_regions=enabled_regions(aws.clients)),
        expected={GATE: frozenset({"ENABLED-REGION-LEFT-OUT"})},
    ),
    Case(
        name="tags",
        answers={
            "resourcegroupstaggingapi.GetResources": [
                {"ResourceTagMappingList": [], "PaginationToken": "page-2"},
                {"ResourceTagMappingList": [QUEUE]},
            ]
        },
        judge=lambda aws: judged(tagged=tagged_in(aws.clients, (HERE,), OURS)),
        expected={GATE: frozenset({"TAGGED-BESIDE-LISTINGS"})},
    ),
)
IRRELEVANT = {
    "regions: ec2.DescribeRegions.Regions.1: left out": "a region that AWS does not call enabled is none",
    "tags: *.0.PaginationToken: removed": "a page without a token is the last one",
    "tags: *.0.PaginationToken: empty": "an empty token is how this service ends a listing",
    "tags: *.ResourceTagMappingList.0: left out": "a list without a resource says that nothing bears the tags",
}


def test_every_field_in_every_bad_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_PAGES", 5)
    assert sweep(FakeAws(HERE), CASES, IRRELEVANT) == []


def test_the_good_answers_are_good() -> None:
    aws = FakeAws(HERE)
    aws.answers = CASES[0].answers
    assert enabled_regions(aws.clients) == Known((FAR, HERE))
