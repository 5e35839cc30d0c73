"""A bad night on Airflow's real scheduler: five things are wrong at once, and nobody is in a dead end.

Proves RE1, RE2, RE3 and RE4.

The alert mail is unsubscribed, the operator's API key is gone, a service is throttled, the emergency latch is set, and
AWS writes a log group again after the destroy. The teardown takes all that it may; its verdict names the rest; what the
verdict says leads to a green rerun and a released latch.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from live_bench import Live, running
from manifests import committed
from tidegate.collectors.aws.clients import Clients
from tidegate.evidence.control import set_latch
from tidegate.evidence.store import S3Store
from workbench import session

pytestmark = [pytest.mark.matrix, pytest.mark.scheduler, pytest.mark.end_to_end, pytest.mark.timeout(2400)]

M1, M2, M9 = "dev_min.m1_backend_bootstrap", "dev_min.m2_substrate_build", "dev_min.m9_teardown_cost_check"
RELEASE = "dev_min.emergency_release"
NAME = "fraud-platform-dev-min"
TOPIC = f"arn:aws:sns:eu-west-2:123456789012:{NAME}-alerts"
EVERYTHING = {"target": "demo+confluent", "confirm": "dev_min", "read_bills_anew": True}


@pytest.fixture
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    directory = tmp_path_factory.mktemp("night")
    with running(directory, committed(directory / "environments")) as live:
        yield live


def test_a_bad_night_has_a_way_out(night: Live) -> None:
    admin = night.sandbox.admin
    assert night.run(M1)[1] == "success"
    assert night.run(M2, runtime_database_enabled=False)[1] == "success"
    (group,) = [name for name in groups(night) if name.startswith(NAME)]

    sns = night.sandbox.client("sns")
    for each in sns.list_subscriptions_by_topic(TopicArn=TOPIC)["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])
    (key,) = [it for it in admin.confluent_state()["api_keys"] if it.get("display_name", "").endswith("operator")]
    assert admin.remove_confluent("api_keys", key["id"])
    session.apply_to_this_process(night.sandbox.env)  # `running` takes it back
    store = S3Store(Clients.from_environment("eu-west-2").s3, f"{NAME}-evidence")
    set_latch(store, "dev_min", reason="spend runs away", recorded_by="stop_20260101T000000Z", at=datetime.now(UTC))

    def write_again(task: dict[str, Any]) -> None:
        if (task["task_id"], task["state"]) == ("d_demo.destroy", "success") and group not in groups(night):
            night.sandbox.client("logs").create_log_group(logGroupName=group)

    with admin.fault(service="ec2", kind="throttle", operation="DescribeSubnets", times=6):
        run_id = night.airflow.trigger(M9, EVERYTHING)
        torn = night.airflow.follow(M9, run_id, write_again, seconds=900)
    assert torn == "success", outcome(night)

    ours = [{"Name": "is-default", "Values": ["false"]}]
    assert night.sandbox.client("ec2").describe_vpcs(Filters=ours)["Vpcs"] == []
    assert running_clusters(night) == set()
    left = admin.confluent_state()
    assert left["clusters"] == []
    assert {it["display_name"] for it in left["environments"]} == {"default"}, "Confluent's own"
    assert groups(night) == set()

    refused, state = night.run(M2, runtime_database_enabled=False)
    assert state == "failed", refused
    assert night.codes("m2_a_readiness_snapshot") == {"LATCH-SET"}

    repair = {"stacks": "core", "repair_drift": True, "repair_reason": "the mail was unsubscribed"}
    assert night.run(M2, **repair)[1] == "success", outcome(night)
    assert len(sns.list_subscriptions_by_topic(TopicArn=TOPIC)["Subscriptions"]) == 1
    assert night.run(M9, **EVERYTHING)[1] == "success", outcome(night)
    assert night.newest("teardown_proof")["overall_pass"] is True
    assert night.run(RELEASE, confirm="dev_min", reason="all is gone and paid")[1] == "success", outcome(night)
    assert night.run(M2, runtime_database_enabled=False)[1] == "success", outcome(night)


def groups(live: Live) -> set[str]:
    return {it["logGroupName"] for it in live.sandbox.client("logs").describe_log_groups()["logGroups"]}


def running_clusters(live: Live) -> set[str]:
    """ECS lists deleted clusters for a while, as INACTIVE."""
    ecs = live.sandbox.client("ecs")
    arns = ecs.list_clusters()["clusterArns"]
    found = ecs.describe_clusters(clusters=arns)["clusters"] if arns else []
    return {it["clusterName"] for it in found if it["status"] != "INACTIVE"}


def outcome(live: Live) -> dict[str, list[str]]:
    """Codes and resources by snapshot, of what is red and newest."""
    names = {path.name.split(".")[0] for path in (live.bench.directory / "runs").rglob("*.json")}
    found = {}
    for name in sorted(names):
        document = live.newest(f"{name}.")
        if document.get("blockers"):
            found[name] = [f"{it['code']} {it['resource']}" for it in document["blockers"]]
    return found
