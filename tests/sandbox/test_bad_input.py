"""The live scan and the guardrails against the sandbox, over HTTP: an empty account is read completely, and a bad day
is never an all-clear."""

from datetime import UTC, datetime
from typing import Any

import pytest

from factories_guardrails import cost_facts
from factories_world import posture_facts, residual_facts
from sandbox.testing import Sandbox
from tidegate.collectors.aws import clients as clients_module
from tidegate.collectors.aws.backend import collect_backend
from tidegate.collectors.aws.budget import collect_budget
from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.cost import month_to_date, read_budget_spend, read_daily_cost
from tidegate.collectors.aws.inventory import collect_inventory
from tidegate.environments import load, load_policies
from tidegate.gates import backend_readiness, budget_guardrail, cost_guardrail, network_posture, residual_scan
from tidegate.models.blocker import Blocker

pytestmark = pytest.mark.timeout(240)
ENVIRONMENT = load("dev_min")
POLICIES = load_policies(ENVIRONMENT)
NAMELESS = {"GATE-BROKEN", "COLLECTOR-BROKEN", "FACTS-STALE"}


@pytest.fixture
def clients(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Clients:
    """The collectors' own clients, as a worker has them; each call is sent twice at most."""
    for name, value in sandbox.applied_to({}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(clients_module, "ATTEMPTS", 2)
    monkeypatch.setattr(clients_module, "READ_TIMEOUT", 5)
    return Clients.from_environment(ENVIRONMENT.region)


def judged(clients: Clients) -> dict[str, tuple[Blocker, ...]]:
    now = datetime.now(UTC)
    start, end = month_to_date(now)
    found = collect_inventory(clients, ENVIRONMENT, ENVIRONMENT.scan_regions, POLICIES.forbidden, now, POLICIES.prices)
    rules = POLICIES.forbidden.rules
    cost = cost_facts(
        observed_at=now,
        start=start,
        end=end,
        budgets=read_budget_spend(clients, ENVIRONMENT),
        days=read_daily_cost(clients, start, end),
    )
    facts: tuple[tuple[Any, Any], ...] = (
        (network_posture.GATE, posture_facts(observed_at=now, inventory=found, forbidden=rules)),
        (residual_scan.GATE, residual_facts(observed_at=now, inventory=found, forbidden=rules)),
        (budget_guardrail.GATE, collect_budget(clients, ENVIRONMENT, now)),
        (cost_guardrail.GATE, cost),
        (backend_readiness.GATE, collect_backend(clients, ENVIRONMENT, now)),
    )
    return {gate.id: gate.evaluate(each, judged_at=now) for gate, each in facts}


def test_an_empty_account_is_read_completely_in_every_region(clients: Clients) -> None:
    said = judged(clients)
    assert said["NETWORK-POSTURE"] == ()
    assert said["RESIDUAL-SCAN"] == ()


def test_leftovers_that_no_state_knows(clients: Clients) -> None:
    zone, ecs = f"{ENVIRONMENT.region}a", clients.ecs(ENVIRONMENT.region)
    volume = clients.ec2(ENVIRONMENT.region).create_volume(Size=1, AvailabilityZone=zone)["VolumeId"]
    snapshot = clients.ec2("us-east-1").create_snapshot(
        VolumeId=clients.ec2("us-east-1").create_volume(Size=1, AvailabilityZone="us-east-1a")["VolumeId"]
    )["SnapshotId"]
    ecs.create_cluster(clusterName="jobs")
    ecs.register_task_definition(
        family="job",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "m", "image": "i", "memory": 64}],
    )
    subnet = clients.ec2(ENVIRONMENT.region).describe_subnets()["Subnets"][0]["SubnetId"]
    (task,) = ecs.run_task(
        cluster="jobs",
        taskDefinition="job",
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": []}},
    )["tasks"]
    said = judged(clients)
    for gate in ("NETWORK-POSTURE", "RESIDUAL-SCAN"):
        forbidden = " ".join(each.resource for each in said[gate] if each.code == "FORBIDDEN-LIVE")
        for leftover in (volume, snapshot, task["taskArn"].rpartition("/")[2]):
            assert leftover in forbidden, gate


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("access_denied", {}),
        ("throttle", {}),
        ("truncate", {}),
        ("refuse", {}),
        ("expired_token", {}),
        ("error", {"status": 500}),
        ("lose", {}),
        ("error_after", {}),
    ],
)
def test_a_bad_day_has_names_at_every_gate(sandbox: Sandbox, clients: Clients, kind: Any, more: dict[str, Any]) -> None:
    clients.session.get_credentials().get_frozen_credentials()  # before the bad day
    with sandbox.admin.fault(service="*", kind=kind, **more):
        said = judged(clients)
    for gate, blockers in said.items():
        codes = {blocker.code for blocker in blockers}
        assert any(code.endswith("-UNREADABLE") for code in codes), gate
        assert not codes & NAMELESS, gate
    for gate in ("NETWORK-POSTURE", "RESIDUAL-SCAN"):
        unreadable = [each.resource for each in said[gate] if each.code == "SUBJECT-UNREADABLE"]
        regions = {resource.rpartition("@")[2] for resource in unreadable}
        assert regions == set(ENVIRONMENT.scan_regions)
