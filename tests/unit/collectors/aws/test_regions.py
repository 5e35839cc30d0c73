"""Which regions the account has enabled."""

import pytest

from tidegate.collectors.aws.regions import enabled_regions
from tidegate.models.observed import Known, Unreadable


def region(name, status="opt-in-not-required"):
    return {"RegionName": name, "OptInStatus": status, "Endpoint": f"ec2.{name}.amazonaws.com"}


HERE = region("eu-west-2")


def test_those_that_need_no_opt_in_and_those_opted_in_to(clients, script):
    answer = {"Regions": [region("me-central-1", "opted-in"), HERE, region("af-south-1", "not-opted-in")]}
    scripted = script(clients.ec2("eu-west-2"))("DescribeRegions", answer)
    assert enabled_regions(clients) == Known(("eu-west-2", "me-central-1"))
    assert scripted.asked == [("DescribeRegions", {"AllRegions": False})]


@pytest.mark.parametrize(
    ("regions", "reason"),
    [
        ([], "eu-west-2, which was asked, is not among the enabled regions"),
        ([region("eu-west-1")], "eu-west-2, which was asked, is not among the enabled regions"),
        ([HERE, region("eu-west-1", "perhaps")], "OptInStatus of eu-west-1 is a word that nobody knows here"),
        ([HERE, region("x; rm -rf ~")], "RegionName is no name of a region"),
        ([HERE, {"RegionName": "eu-west-1"}], "OptInStatus is missing"),
        ([HERE, {"OptInStatus": "opted-in"}], "RegionName is missing"),
        ([HERE, region("")], "RegionName is blank"),
        ([HERE, None], "RegionName is missing"),
    ],
)
def test_an_answer_of_no_use(clients, script, regions, reason):
    script(clients.ec2("eu-west-2"))("DescribeRegions", {"Regions": regions})
    found = enabled_regions(clients)
    assert isinstance(found, Unreadable)
    assert reason in found.reason


def test_malformed_answers(clients, answered_by, malformed):
    answered_by(clients, malformed)
    assert isinstance(enabled_regions(clients), Unreadable)


@pytest.mark.parametrize(("code", "transient"), [("UnauthorizedOperation", False), ("RequestLimitExceeded", True)])
def test_a_refused_list(clients, script, aws_error, code, transient):
    script(clients.ec2("eu-west-2"))("DescribeRegions", aws_error(code, "not you"))
    found = enabled_regions(clients)
    assert found == Unreadable(f"DescribeRegions: {code}: not you", transient=transient)
