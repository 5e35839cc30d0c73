"""Regions in the sandbox (labelled extension of moto): those that every account of AWS has, and no others.

moto lists all partitions at once, whatever is asked for, and calls some regions enabled that one has to opt in to.
"""

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.availability_zones_and_regions import Region, RegionsAndZonesBackend

from sandbox.aws.patching import replace
from sandbox.refusals import Kinder, Refusal

SERVICE = "ec2"
REFUSALS = (
    Refusal(
        "DescribeRegions",
        "InvalidParameterValue",
        "a region by that name is not there, or not enabled",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html",
    ),
)
KINDER: tuple[Kinder, ...] = ()
ENABLED = (
    *("ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
    *("ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3"),
    *("sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2"),
)
"""Those of which AWS says `opt-in-not-required`."""


def install() -> None:
    """Put it on moto's class."""
    replace(RegionsAndZonesBackend, "describe_regions", _describe_regions, answers=("DescribeRegions",))


def _describe_regions(_backend: RegionsAndZonesBackend, region_names: list[str] | None = None) -> list[Region]:
    wanted = region_names or ENABLED
    if unknown := [name for name in wanted if name not in ENABLED]:
        raise EC2ClientError("InvalidParameterValue", f"Invalid region: [{', '.join(unknown)}]")
    return [Region(name, f"ec2.{name}.amazonaws.com", "opt-in-not-required") for name in ENABLED if name in wanted]
