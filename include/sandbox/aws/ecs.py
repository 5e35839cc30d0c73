"""ECS in the sandbox (labelled extension of moto): a service is steady at once, and tells its zone rebalancing.

moto's services never run a task, so that whoever waits for a steady service waits for ever; and without
`availabilityZoneRebalancing` the Terraform provider finds a change in each plan. moto replaces a service of the same
name, and takes what no task could be started from: both are refused here.
"""

import re

from moto.core.responses import ActionResult
from moto.ecs.exceptions import ECSException, InvalidParameterException
from moto.ecs.models import Service, TaskDefinition
from moto.ecs.responses import EC2ContainerServiceResponse

from sandbox.aws.patching import replace
from sandbox.refusals import Kinder, Refusal

SERVICE = "ecs"
_BOTH = ("CreateService", "UpdateService")
_REFERENCE = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_{}.html"
REFUSALS = (
    *(
        Refusal(operation, code, when, _REFERENCE.format(operation))
        for operation in _BOTH
        for code, when in (
            ("ClusterNotFoundException", "the cluster is not there"),
            ("ClientException", "the task definition is not there"),
            ("PlatformUnknownException", "the platform's version is none"),
            ("InvalidParameterException", "the number of tasks is below zero"),
        )
    ),
    *(
        Refusal("CreateService", "InvalidParameterException", when, _REFERENCE.format("CreateService"))
        for when in (
            "the name is taken by an active service",
            "the name holds a blank",
            "the number of tasks is missing",
            "Fargate is to run a task definition that is not for it",
            "tasks with an interface of their own get no subnets",
        )
    ),
    Refusal(
        "UpdateService", "ServiceNotFoundException", "the service is not there", _REFERENCE.format("UpdateService")
    ),
    Refusal(
        "UpdateService", "ServiceNotActiveException", "the service was deleted", _REFERENCE.format("UpdateService")
    ),
)
_NO_TASKS = "no task ever runs, so that nothing meets its platform"
KINDER = tuple(
    Kinder(operation, code, why)
    for operation in _BOTH
    for code, why in (
        ("NamespaceNotFoundException", "Service Connect is stored and not looked at; no stack uses it"),
        ("PlatformTaskDefinitionIncompatibilityException", _NO_TASKS),
        ("UnsupportedFeatureException", _NO_TASKS),
    )
)
DEFAULT_REBALANCING = "DISABLED"
PLATFORMS = frozenset({"LATEST", "1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0"})
_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_CREATE = EC2ContainerServiceResponse.create_service
_UPDATE = EC2ContainerServiceResponse.update_service


def install() -> None:
    """Put both on moto's class."""
    replace(EC2ContainerServiceResponse, "create_service", _create_service)
    replace(EC2ContainerServiceResponse, "update_service", _update_service)


def _create_service(response: EC2ContainerServiceResponse) -> ActionResult:
    _refuse_what_both_refuse(response)
    name, backend = response._get_param("serviceName"), response.ecs_backend
    cluster = backend._get_cluster(response._get_param("cluster") or "default")
    if not _NAME.fullmatch(str(name)):
        raise InvalidParameterException("The service name is invalid.")
    there = backend.services.get(f"{cluster.name}:{name}")
    if there is not None and there.status == "ACTIVE":
        raise InvalidParameterException("Creation of service was not idempotent.")
    if response._get_param("desiredCount") is None and response._get_param("schedulingStrategy") != "DAEMON":
        raise InvalidParameterException("The desired count is required when the scheduling strategy is REPLICA.")
    if wanted := response._get_param("taskDefinition"):
        _refuse_task(response, backend.describe_task_definition(wanted))
    return _completed(response, _CREATE(response), DEFAULT_REBALANCING)


def _update_service(response: EC2ContainerServiceResponse) -> ActionResult:
    _refuse_what_both_refuse(response)
    backend = response.ecs_backend
    name = response._get_param("service").rpartition("/")[2]
    service = backend._get_service(response._get_param("cluster") or "default", name)
    if service.status != "ACTIVE":
        raise ECSException("ServiceNotActiveException", "Service was not ACTIVE.")
    if wanted := response._get_param("taskDefinition"):
        backend.describe_task_definition(wanted)
    return _completed(response, _UPDATE(response), None)


def _refuse_what_both_refuse(response: EC2ContainerServiceResponse) -> None:
    if (version := response._get_param("platformVersion")) is not None and version not in PLATFORMS:
        raise ECSException("PlatformUnknownException", f"The platform version {version} does not exist.")
    if (response._get_param("desiredCount") or 0) < 0:
        raise InvalidParameterException("The desired count must not be negative.")


def _refuse_task(response: EC2ContainerServiceResponse, definition: TaskDefinition) -> None:
    if response._get_param("launchType") == "FARGATE" and "FARGATE" not in definition.compatibilities:
        raise InvalidParameterException("Task definition does not support launch_type FARGATE.")
    if definition.network_mode == "awsvpc" and not response._get_param("networkConfiguration"):
        message = "Network Configuration must be provided when networkMode 'awsvpc' is specified."
        raise InvalidParameterException(message)


def _completed(response: EC2ContainerServiceResponse, answer: ActionResult, default: str | None) -> ActionResult:
    service: Service = answer.result["service"]  # type: ignore[index]  # moto's answer is a dict here
    if rebalancing := response._get_param("availabilityZoneRebalancing") or default:
        vars(service)["availability_zone_rebalancing"] = rebalancing
    service.running_count, service.pending_count = service.desired_count, 0
    for deployment in service.deployments:
        deployment |= {
            "desiredCount": service.desired_count,
            "runningCount": service.desired_count,
            "pendingCount": 0,
            "rolloutState": "COMPLETED",
            "rolloutStateReason": f"ECS deployment {deployment['id']} completed.",
        }
    return answer
