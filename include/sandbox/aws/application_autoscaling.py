"""Application Auto Scaling in the sandbox (labelled extension of moto): namespaces that AWS has and moto refuses.

Nothing can be registered in them here, so the honest answer to a question about them is that there is none.
"""

import json

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse

from sandbox.aws.patching import replace

UNKNOWN_TO_MOTO = frozenset({"elasticache", "neptune", "workspaces"})
_DESCRIBE = ApplicationAutoScalingResponse.describe_scalable_targets


def _describe_scalable_targets(self: ApplicationAutoScalingResponse) -> str:
    if self._get_param("ServiceNamespace") in UNKNOWN_TO_MOTO:
        return json.dumps({"ScalableTargets": []})
    return _DESCRIBE(self)


def install() -> None:
    """Put the extension on moto's class."""
    replace(ApplicationAutoScalingResponse, "describe_scalable_targets", _describe_scalable_targets)
