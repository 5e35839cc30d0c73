"""A night beyond the regions of the manifest: what somebody forgot there is found, kept in mind, and let go of."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from stage import Stage

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(900)]

FAR, CLOSED = "ap-southeast-2", "sa-east-1"
EVERYWHERE = ("regions: scan_regions", "regions: enabled")
SCAN = "audit_d_residual_scan_snapshot"


@contextmanager
def nat_gateway(stage: Stage) -> Iterator[str]:
    """One that somebody forgot at the other end of the world."""
    ec2 = stage.sandbox.client("ec2", region=FAR)
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    gateway = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    try:
        yield gateway
    finally:
        ec2.delete_nat_gateway(NatGatewayId=gateway)


def test_what_stands_in_a_region_that_no_manifest_names(built: Stage) -> None:
    with (
        nat_gateway(built) as gateway,
        built.manifest_with(EVERYWHERE),
        built.sandbox.admin.fault(service="*", kind="explicit_deny", region=CLOSED),
    ):
        night = built.run("audit")
        hour = built.run("hourly")
    (blocker,) = night.snapshots[SCAN]["blockers"]
    assert (blocker["code"], blocker["resource"]) == ("FORBIDDEN-LIVE", f"aws_nat_gateway {gateway} {FAR}")
    assert night.codes("audit_c_network_posture_snapshot") == set(), "at home there is none"
    scan = night.snapshots[SCAN]["facts"]["inventory"]
    assert {FAR, CLOSED, "us-west-2"} <= set(scan["beyond"])
    (closed,) = [it for it in scan["not_scanned"] if it["subject"] == f"*@{CLOSED}"]
    assert "explicit deny" in closed["reason"]
    assert hour.codes("hourly_b_time_to_live_snapshot") == {"FINDING-OPEN"}, "asked for where it stands"

    later = built.run("hourly")
    assert later.codes("hourly_b_time_to_live_snapshot") == set()
