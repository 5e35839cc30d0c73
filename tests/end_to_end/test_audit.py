"""Nightly audit and hourly check on real parts: what they find, what they tell, what they trigger. In this order.

The account is emptied first, so that the first audit is the first ever. Runs that are triggered wait in Airflow's
database here; that they run and tear down is proven on the real scheduler (tests/scheduler).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from stage import BUILD, Run, Stage

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(900)]

EVIDENCE = "fraud-platform-dev-min-evidence"
BUDGET = "fraud-platform-dev-min-budget"
GO_ON = {**BUILD, "platform_run": "continue"}


@pytest.fixture(scope="module")
def empty(bootstrapped: Stage) -> Iterator[Stage]:
    """An account in which there never was anything but the backend; given back the same."""
    for _ in range(2):
        bootstrapped.sandbox.admin.reset()
        bootstrapped.sandbox.admin.set_spend()
        assert bootstrapped.run("m1").state == "success"
        yield bootstrapped
        return


def findings(run: Run) -> dict[str, set[str]]:
    """Codes by snapshot, of lanes that found something; the verdict only repeats them."""
    return {
        name: run.codes(name)
        for name, document in run.snapshots.items()
        if document["blockers"] and not name.endswith("phase_verdict")
    }


class Inbox:
    """What the alert topic was given since."""

    def __init__(self, stage: Stage) -> None:
        self._admin = stage.sandbox.admin
        self._read = len(self._admin.published_messages())

    def new(self) -> list[str]:
        """Subjects since the last look."""
        messages = self._admin.published_messages()
        new, self._read = messages[self._read :], len(messages)
        return [str(message.subject) for message in new]


def spend(stage: Stage, amount: str) -> None:
    """What both AWS sources report for this month."""
    used = {"date": datetime.now(UTC).date(), "service": "AWS Support", "amount": amount}
    stage.sandbox.admin.set_spend(rows=[used])
    stage.sandbox.admin.set_budget_spend(BUDGET, amount)


@contextmanager
def nat_gateway(stage: Stage, region: str) -> Iterator[str]:
    """A NAT gateway that somebody forgot."""
    ec2 = stage.sandbox.client("ec2", region)
    vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.99.1.0/24")["Subnet"]["SubnetId"]
    gateway = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    try:
        yield gateway
    finally:
        ec2.delete_nat_gateway(NatGatewayId=gateway)
        ec2.delete_subnet(SubnetId=subnet)
        ec2.delete_vpc(VpcId=vpc)
