"""Application Auto Scaling in the sandbox (labelled extension of moto): namespaces that AWS has and moto refuses.

Nothing can be registered in them here, so the honest answer to a question about them is that there is none.
"""

import json

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.core.exceptions import JsonRESTError

from sandbox.aws.constraints import violation
from sandbox.aws.patching import replace
from sandbox.refusals import Kinder, Refusal

SERVICE = "application-autoscaling"
_OPERATION = "DescribeScalableTargets"
_REFERENCE = f"https://docs.aws.amazon.com/autoscaling/application/APIReference/API_{_OPERATION}.html"
REFUSALS = (
    Refusal(_OPERATION, "ValidationException", "the namespace is none", _REFERENCE),
    Refusal(_OPERATION, "ValidationException", "the dimension is none", _REFERENCE),
    Refusal(_OPERATION, "ValidationException", "the dimension is one of another service", _REFERENCE),
    Refusal(_OPERATION, "ValidationException", "a page of more than fifty is asked for", _REFERENCE),
    Refusal(_OPERATION, "InvalidNextTokenException", "the token is of no page", _REFERENCE),
)
KINDER = (Kinder(_OPERATION, "ConcurrentUpdateException", "one call at a time is answered of each service"),)
UNKNOWN_TO_MOTO = frozenset({"elasticache", "neptune", "workspaces"})
MOST_RESULTS = 50
_DESCRIBE = ApplicationAutoScalingResponse.describe_scalable_targets


def _describe_scalable_targets(self: ApplicationAutoScalingResponse) -> str:
    given = json.loads(self.body)
    if wrong := violation(SERVICE, _OPERATION, given):
        raise JsonRESTError("ValidationException", wrong)
    namespace, dimension = given.get("ServiceNamespace"), given.get("ScalableDimension")
    if dimension is not None and not dimension.startswith(f"{namespace}:"):
        raise JsonRESTError(
            "ValidationException", f"Unsupported service namespace, resource type or scalable dimension: {dimension}"
        )
    if not 1 <= given.get("MaxResults", MOST_RESULTS) <= MOST_RESULTS:
        raise JsonRESTError("ValidationException", f"MaxResults must be between 1 and {MOST_RESULTS}")
    # A token of moto is the number of the last one shown.
    token = given.get("NextToken")
    if token is not None and (namespace in UNKNOWN_TO_MOTO or not token.isdecimal()):
        raise JsonRESTError("InvalidNextTokenException", "The next token is invalid.")
    if namespace in UNKNOWN_TO_MOTO:
        return json.dumps({"ScalableTargets": []})
    return str(_DESCRIBE(self))


def install() -> None:
    """Put the extension on moto's class."""
    replace(ApplicationAutoScalingResponse, "describe_scalable_targets", _describe_scalable_targets)
