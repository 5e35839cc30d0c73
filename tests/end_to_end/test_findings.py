"""What a teardown saw standing, the next one asks for again, although no state names it any more. Tests build on each
other.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from stage import ENVIRONMENT, TEARDOWN, Stage

OURS = {"project": "fraud-platform", "environment": ENVIRONMENT, "lifecycle": "ephemeral"}
EVERYWHERE = ("regions: scan_regions", "regions: enabled")
FAR, CLOSED = "ap-southeast-2", "sa-east-1"
IMPATIENT = (("residual_wait: 900", "residual_wait: 2"), ("look_again: 20", "look_again: 1"))
pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(1500)]


@contextmanager
def forgotten(stage: Stage) -> Iterator[tuple[str, str, str]]:
    """A NAT gateway, a route table and a queue far from home, the last two with the tags of demo."""
    ec2, sqs = stage.sandbox.client("ec2", region=FAR), stage.sandbox.client("sqs", region=FAR)
    subnet, vpc = (ec2.describe_subnets()["Subnets"][0][key] for key in ("SubnetId", "VpcId"))
    gateway = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    borne = [{"Key": name, "Value": value} for name, value in OURS.items()]
    table = ec2.create_route_table(VpcId=vpc, TagSpecifications=[{"ResourceType": "route-table", "Tags": borne}])
    table_id = table["RouteTable"]["RouteTableId"]
    queue = sqs.create_queue(QueueName="jobs", tags=OURS)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    try:
        yield gateway, table_id, arn
    finally:
        ec2.delete_nat_gateway(NatGatewayId=gateway)
        ec2.delete_route_table(RouteTableId=table_id)
        sqs.delete_queue(QueueUrl=queue)


def recorded() -> tuple[int, list[dict[str, Any]]]:
    """What `tidegate findings` says, as a person runs it."""
    command = [sys.executable, "-m", "tidegate.cli", "findings", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, json.loads(done.stdout)


def roles(stage: Stage) -> set[str]:
    found = stage.sandbox.client("iam").list_roles()["Roles"]
    return {role["RoleName"] for role in found if role["RoleName"].startswith("fraud-platform-dev-min-demo")}


def test_without_a_finding_there_is_nothing_to_say(built: Stage) -> None:
    assert recorded() == (0, [])
    assert roles(built)


def test_a_refused_delete_that_the_provider_takes_for_gone(built: Stage) -> None:
    """hashicorp/terraform-provider-aws#42341: the state ends empty, and the roles stand."""
    refused = built.sandbox.admin.fault(
        service="iam", operation="DeleteRole", kind="error", status=404, code="NoSuchEntity"
    )
    with refused, built.manifest_with(*IMPATIENT):
        run = built.run("m9", **TEARDOWN)
    assert run.state == "failed"
    assert "RESOURCE-STILL-THERE" in run.codes("m9_d_demo_state_snapshot")
    status, found = recorded()
    assert status == 1
    assert {it["id"] for it in found if it["type"] == "aws_iam_role"} == roles(built)
    assert {(it["code"], it["held_by"]) for it in found} == {("RESOURCE-STILL-THERE", "demo")}


def test_the_next_teardown_and_the_hourly_check_ask_again(built: Stage) -> None:
    with built.manifest_with(*IMPATIENT):
        run = built.run("m9", **TEARDOWN)
    assert run.state == "failed"
    assert run.tasks["h_teardown_proof"] == "upstream_failed"
    told = {it["code"]: it for name in run.snapshots for it in run.snapshots[name].get("blockers", ())}
    assert {"FINDING-OPEN", "RESOURCE-STILL-THERE"} & set(told), told
    hourly = built.run("hourly")
    blocked = hourly.snapshots["hourly_b_time_to_live_snapshot"]["blockers"]
    assert {it["code"] for it in blocked} == {"FINDING-OPEN"}
    assert {it["resource"].split()[1] for it in blocked} >= roles(built)


def test_gone_by_a_live_look_it_is_closed_and_the_teardown_is_proven(built: Stage) -> None:
    iam = built.sandbox.client("iam")
    for name in roles(built):
        iam.delete_role(RoleName=name)
    hourly = built.run("hourly")
    assert hourly.tasks["b_time_to_live"] == "success", hourly.codes("hourly_b_time_to_live_snapshot")
    assert recorded() == (0, [])
    run = built.run("m9", **TEARDOWN)
    assert run.state == "success", (run.tasks, {name: run.codes(name) for name in run.snapshots})
    assert run.snapshots["teardown_proof"]["overall_pass"] is True


def test_what_stands_in_a_region_that_no_manifest_names(built: Stage) -> None:
    """A gateway at the other end of the world, and beside it what only its tags tell of; a third region is closed."""
    with (
        forgotten(built) as (gateway, table, queue),
        built.manifest_with(EVERYWHERE),
        built.sandbox.admin.fault(service="*", kind="explicit_deny", region=CLOSED),
    ):
        night = built.run("audit")
        hour = built.run("hourly")
    scan = night.snapshots["audit_d_residual_scan_snapshot"]
    assert {(it["code"], it["resource"]) for it in scan["blockers"]} == {
        ("FORBIDDEN-LIVE", f"aws_nat_gateway {gateway} {FAR}"),
        ("TAGGED-BESIDE-LISTINGS", f"aws_route_table {table} {FAR}"),
        ("TAGGED-BESIDE-LISTINGS", queue),
    }
    assert night.codes("audit_c_network_posture_snapshot") == set(), "at home there is none"
    assert {FAR, CLOSED, "us-west-2"} <= set(scan["facts"]["inventory"]["beyond"])
    (closed,) = [it for it in scan["facts"]["inventory"]["not_scanned"] if it["subject"] == f"*@{CLOSED}"]
    assert "explicit deny" in closed["reason"]
    blocked = hour.snapshots["hourly_b_time_to_live_snapshot"]["blockers"]
    assert {it["code"] for it in blocked} == {"FINDING-OPEN"}, "asked for where it stands"
    assert {it["resource"].split()[1] for it in blocked} == {gateway, table}

    assert built.run("hourly").codes("hourly_b_time_to_live_snapshot") == set()
