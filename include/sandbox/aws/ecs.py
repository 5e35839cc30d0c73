"""ECS in the sandbox (labelled extension of moto): a service is steady at once, and tells its zone rebalancing.

moto's services never run a task, so that whoever waits for a steady service waits for ever; and without
`availabilityZoneRebalancing` the Terraform provider finds a change in each plan.
"""

from moto.core.responses import ActionResult
from moto.ecs.models import Service
from moto.ecs.responses import EC2ContainerServiceResponse

from sandbox.aws.patching import replace

DEFAULT_REBALANCING = "DISABLED"
_CREATE = EC2ContainerServiceResponse.create_service
_UPDATE = EC2ContainerServiceResponse.update_service


def install() -> None:
    """Put both on moto's class."""
    replace(EC2ContainerServiceResponse, "create_service", _create_service)
    replace(EC2ContainerServiceResponse, "update_service", _update_service)


def _create_service(response: EC2ContainerServiceResponse) -> ActionResult:
    return _completed(response, _CREATE(response), DEFAULT_REBALANCING)


def _update_service(response: EC2ContainerServiceResponse) -> ActionResult:
    return _completed(response, _UPDATE(response), None)


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
