"""What moto lacks and the scan lists: seeded as AWS describes it, found with its tags page by page, nothing kinder."""

import os
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.client import SandboxError
from sandbox.testing import NO_RETRIES, Sandbox
from seeds import STANDS, seed_of
from standins import dev_min
from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.inventory import LISTINGS
from tidegate.collectors.aws.inventory.listing import Found, Scan

pytestmark = pytest.mark.timeout(120)
HERE, THERE = "eu-west-2", "us-east-1"
NO_PREFIX = NO_RETRIES.merge(Config(inject_host_prefix=False))
OURS = {"project": "fraud-platform", "environment": "dev_min", "lifecycle": "ephemeral"}


@pytest.fixture
def listed(sandbox: Sandbox) -> Callable[..., list[Found]]:
    """What a listing of the product finds on the server."""
    clients = Clients.from_environment(HERE)

    def run(kind: str, region: str = HERE) -> list[Found]:
        with mock.patch.dict(os.environ, sandbox.applied_to(os.environ), clear=True):
            return list(LISTINGS[kind].read(Scan(clients, region, dev_min()[0])))

    return run


@pytest.mark.parametrize("kind", STANDS)
def test_what_stands_is_listed_with_its_tags(sandbox: Sandbox, listed: Any, kind: str) -> None:
    assert listed(kind) == []
    sandbox.admin.seed(seed_of(kind, "one", OURS), seed_of(kind, "two"))
    first, second = listed(kind)
    assert (first.tags, second.tags) == (OURS, {})
    assert first.id.endswith("one")
    assert second.id.endswith("two")
    assert first.status.casefold() in {"active", "available", "deployed", "ready", "running"}


@pytest.mark.parametrize("kind", STANDS)
def test_every_page_is_turned(sandbox: Sandbox, listed: Any, kind: str) -> None:
    sandbox.admin.seed(*(seed_of(kind, f"no-{number:02}") for number in range(45)))
    position = sandbox.admin.journal_position()
    assert len({each.id for each in listed(kind)}) == 45
    asked = [it for it in sandbox.admin.calls(position) if it.operation in {STANDS[kind][1], "GET /environments"}]
    assert len(asked) == (1 if kind == "aws_lightsail_container_service" else 3), "one call turns no pages in AWS"


@pytest.mark.parametrize("kind", sorted({*STANDS} - {it for it in STANDS if "globalaccelerator" in it}))
def test_another_region_has_its_own(sandbox: Sandbox, listed: Any, kind: str) -> None:
    sandbox.admin.seed(seed_of(kind, "far", region=THERE))
    assert listed(kind) == []
    assert [it.id.endswith("far") for it in listed(kind, THERE)] == [True]


@pytest.mark.parametrize("kind", [it for it in STANDS if "globalaccelerator" in it])
def test_accelerators_show_once(sandbox: Sandbox, listed: Any, kind: str) -> None:
    sandbox.admin.seed(seed_of(kind, "one", OURS))
    assert [it.tags for it in listed(kind)] == [OURS]
    assert listed(kind, THERE) == []


def test_what_is_gone_is_not_listed(sandbox: Sandbox, listed: Any) -> None:
    deleted = {
        "aws_apprunner_service": {"Status": "DELETED"},
        "aws_ec2_client_vpn_endpoint": {"Status": {"Code": "deleted"}},
        "aws_mwaa_environment": {"Status": "DELETED"},
    }
    sandbox.admin.seed(*(seed_of(kind, "gone", **change) for kind, change in deleted.items()))
    assert [found for kind in deleted for found in listed(kind)] == []


@pytest.mark.parametrize(
    ("service", "region", "operation", "given", "code"),
    [
        pytest.param("apprunner", "eu-north-1", "list_services", {}, "NoSuchEndpointInSandbox", id="not-there"),
        pytest.param("globalaccelerator", HERE, "list_accelerators", {}, "NoSuchEndpointInSandbox", id="not-its-home"),
        pytest.param("lightsail", HERE, "get_disks", {}, "NotImplementedBySandbox", id="operation-json"),
        pytest.param("mwaa", HERE, "create_cli_token", {"Name": "a"}, "NotImplementedBySandbox", id="operation-rest"),
        pytest.param(
            "ec2",
            HERE,
            "describe_client_vpn_endpoints",
            {"ClientVpnEndpointIds": ["cvpn-endpoint-1"]},
            "NotImplementedBySandbox",
            id="parameter",
        ),
        pytest.param("lightsail", HERE, "get_instances", {"pageToken": "page-1"}, "InvalidInputException", id="token"),
        pytest.param("mwaa", HERE, "get_environment", {"Name": "a"}, "ResourceNotFoundException", id="nobody"),
        pytest.param(
            "redshift-serverless",
            HERE,
            "list_tags_for_resource",
            {"resourceArn": "arn:aws:redshift-serverless:eu-west-2:1:workgroup/x"},
            "ResourceNotFoundException",
            id="tags-of-nobody",
        ),
        pytest.param(
            "elasticache",
            HERE,
            "list_tags_for_resource",
            {"ResourceName": "arn:aws:elasticache:eu-west-2:1:serverlesscache:x"},
            "ServerlessCacheNotFoundFault",
            id="tags-of-no-cache",
        ),
    ],
)
def test_the_stand_in_is_not_kinder_than_aws(
    sandbox: Sandbox, service: str, region: str, operation: str, given: Any, code: str
) -> None:
    client = sandbox.client(service, NO_PREFIX, region=region)
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)(**given)
    assert caught.value.response["Error"]["Code"] == code


GOOD = seed_of("aws_lightsail_instance", "one")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param({"operation": "GetDisks"}, "has no list of lightsail GetDisks", id="unknown-list"),
        pytest.param({"region": "us-west-1"}, "lightsail is not in us-west-1", id="region"),
        pytest.param({"item": {**GOOD["item"], "Color": "red"}}, 'Unknown parameter in input: "Color"', id="field"),
        pytest.param({"item": {**GOOD["item"], "state": 7}}, "Invalid type for parameter state", id="type"),
        pytest.param({"item": {"name": "one"}}, "an item has arn", id="no-name"),
        pytest.param({"item": {**GOOD["item"], "tags": []}}, "its tags stand beside it", id="tags-inside"),
        pytest.param({"more": 1}, "Extra inputs are not permitted", id="more"),
    ],
)
def test_a_seed_is_what_aws_describes(sandbox: Sandbox, change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SandboxError, match=sentence):
        sandbox.admin.seed({**GOOD, **change})
