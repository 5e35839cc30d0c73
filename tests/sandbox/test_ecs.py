"""An ECS service is steady at once."""

from typing import Any

import pytest

from sandbox.testing import Sandbox

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def ecs(sandbox: Sandbox) -> Any:
    client = sandbox.client("ecs")
    client.create_cluster(clusterName="demo")
    client.register_task_definition(
        family="task", containerDefinitions=[{"name": "a", "image": "busybox", "memory": 128}]
    )
    return client


def described(ecs: Any) -> tuple[int, int, str, str]:
    (service,) = ecs.describe_services(cluster="demo", services=["ingest"])["services"]
    (deployment,) = service["deployments"]
    state = deployment["rolloutState"]
    return service["runningCount"], service["pendingCount"], state, service["availabilityZoneRebalancing"]


def test_created_and_updated(ecs: Any) -> None:
    ecs.create_service(cluster="demo", serviceName="ingest", taskDefinition="task", desiredCount=2)
    assert described(ecs) == (2, 0, "COMPLETED", "DISABLED")

    ecs.update_service(cluster="demo", service="ingest", desiredCount=0, availabilityZoneRebalancing="ENABLED")
    assert described(ecs) == (0, 0, "COMPLETED", "ENABLED")
