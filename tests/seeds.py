"""Resources of the types that `sandbox.aws.seeded` answers for, in the words of AWS; and its answers beside moto's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest
from moto.core.botocore_stubber import BotocoreStubber

from sandbox.aws import seeded
from sandbox.calls import identify
from sandbox.errors import protocol_of

ACCOUNT = "123456789012"


def _arn(service: str, region: str, resource: str) -> str:
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"


def _app_runner(region: str, name: str) -> dict[str, Any]:
    arn = _arn("apprunner", region, f"service/{name}/8fe1e10304f84fd2b0df550fe98a{name}")
    return {"ServiceName": f"app-{name}", "ServiceArn": arn, "Status": "RUNNING"}


def _client_vpn(_region: str, name: str) -> dict[str, Any]:
    return {"ClientVpnEndpointId": f"cvpn-endpoint-{name}", "Status": {"Code": "available"}}


def _cache(region: str, name: str) -> dict[str, Any]:
    arn = _arn("elasticache", region, f"serverlesscache:{name}")
    return {"ServerlessCacheName": name, "ARN": arn, "Status": "available", "Engine": "valkey"}


def _accelerator(_region: str, name: str) -> dict[str, Any]:
    arn = _arn("globalaccelerator", "", f"accelerator/{name}")
    return {"AcceleratorArn": arn, "Name": name, "Enabled": True, "Status": "DEPLOYED"}


def _lightsail(word: str, state: Any, named: str = "name") -> Any:
    def item(region: str, name: str) -> dict[str, Any]:
        return {named: name, "arn": _arn("lightsail", region, f"{word}/{name}"), "state": state}

    return item


def _airflow(region: str, name: str) -> dict[str, Any]:
    return {
        "Name": name,
        "Arn": _arn("airflow", region, f"environment/{name}"),
        "Status": "AVAILABLE",
        "EnvironmentClass": "mw1.small",
    }


def _workgroup(region: str, name: str) -> dict[str, Any]:
    arn = _arn("redshift-serverless", region, f"workgroup/{name}")
    return {"workgroupName": name, "workgroupArn": arn, "status": "AVAILABLE", "baseCapacity": 8}


STANDS: dict[str, tuple[str, str, Any]] = {
    "aws_apprunner_service": ("apprunner", "ListServices", _app_runner),
    "aws_ec2_client_vpn_endpoint": ("ec2", "DescribeClientVpnEndpoints", _client_vpn),
    "aws_elasticache_serverless_cache": ("elasticache", "DescribeServerlessCaches", _cache),
    "aws_globalaccelerator_accelerator": ("globalaccelerator", "ListAccelerators", _accelerator),
    "aws_globalaccelerator_custom_routing_accelerator": (
        "globalaccelerator",
        "ListCustomRoutingAccelerators",
        _accelerator,
    ),
    "aws_lightsail_instance": ("lightsail", "GetInstances", _lightsail("Instance", {"code": 16, "name": "running"})),
    "aws_lightsail_database": ("lightsail", "GetRelationalDatabases", _lightsail("RelationalDatabase", "available")),
    "aws_lightsail_lb": ("lightsail", "GetLoadBalancers", _lightsail("LoadBalancer", "active")),
    "aws_lightsail_container_service": (
        "lightsail",
        "GetContainerServices",
        _lightsail("ContainerService", "READY", "containerServiceName"),
    ),
    "aws_mwaa_environment": ("airflow", "ListEnvironments", _airflow),
    "aws_redshiftserverless_workgroup": ("redshift-serverless", "ListWorkgroups", _workgroup),
}
"""By Terraform's type: service and operation that list it, and how AWS describes one of a name in a region."""


def seed_of(
    kind: str, name: str, tags: dict[str, str] | None = None, region: str = "eu-west-2", **change: Any
) -> dict[str, Any]:
    """What the admin API takes to have one stand."""
    service, operation, item = STANDS[kind]
    place = "us-west-2" if service == "globalaccelerator" else region
    described = {**item(place, name), **change}
    return {"service": service, "operation": operation, "region": place, "item": described, "tags": tags or {}}


@contextmanager
def seeded_beside_moto() -> Iterator[None]:
    """In this process, where moto has no server: what moto lacks is answered as the sandbox answers it."""
    by_moto = BotocoreStubber.process_request

    def process(stubber: BotocoreStubber, request: AWSPreparedRequest) -> Any:
        url = urlsplit(request.url)
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
        target = f"{url.path}?{url.query}"
        call = identify(request.method, target, headers, body)
        answer = seeded.answer(call, protocol_of(call.service, url.path, headers), target, headers, body)
        return (answer.status, dict(answer.headers), answer.body) if answer else by_moto(stubber, request)

    with mock.patch.object(BotocoreStubber, "process_request", process):
        yield


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
