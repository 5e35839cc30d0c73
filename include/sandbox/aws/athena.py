"""Athena in the sandbox (labelled extension of moto): a workgroup can be changed, and one that is not there is refused.

moto answers nothing for a workgroup that it does not have, and cannot change one. Clients of AWS tell a missing one
from other wrong requests by the text alone.
"""

import json
from typing import Any

from moto.athena.models import AthenaBackend, WorkGroup
from moto.athena.responses import AthenaResponse
from moto.core.exceptions import JsonRESTError

from sandbox.aws.patching import add, replace
from sandbox.refusals import Refusal

SERVICE = "athena"
_REFERENCE = "https://docs.aws.amazon.com/athena/latest/APIReference/API_{}.html"
REFUSALS = tuple(
    Refusal(operation, "InvalidRequestException", "the workgroup is not there", _REFERENCE.format(operation))
    for operation in ("DeleteWorkGroup", "GetWorkGroup", "UpdateWorkGroup")
)
KINDER = ()
_GET, _DELETE = AthenaResponse.get_work_group, AthenaResponse.delete_work_group
_REMOVALS = {"RemoveBytesScannedCutoffPerQuery": "BytesScannedCutoffPerQuery"}
_RESULT_REMOVALS = {
    "RemoveOutputLocation": "OutputLocation",
    "RemoveEncryptionConfiguration": "EncryptionConfiguration",
}


def install() -> None:
    """Put it on moto's classes."""
    replace(AthenaResponse, "get_work_group", get_work_group)
    replace(AthenaResponse, "delete_work_group", _delete)
    add(AthenaResponse, "update_work_group", _update)


def get_work_group(response: AthenaResponse) -> str:
    """Refuse a workgroup that is not there."""
    _standing(response)
    return str(_GET(response))


def _delete(response: AthenaResponse) -> str:
    _standing(response)
    return str(_DELETE(response))


def _update(response: AthenaResponse) -> str:
    group = _standing(response)
    changes = dict(response._get_param("ConfigurationUpdates") or {})
    results = dict(changes.pop("ResultConfigurationUpdates", None) or {})
    configuration = _changed(dict(group.configuration or {}), changes, _REMOVALS)
    if results:
        before = dict(configuration.get("ResultConfiguration") or {})
        configuration["ResultConfiguration"] = _changed(before, results, _RESULT_REMOVALS)
    group.configuration = configuration
    group.description = response._get_param("Description", group.description)
    group.state = response._get_param("State", group.state)
    return json.dumps({})


def _changed(before: dict[str, Any], changes: dict[str, Any], removals: dict[str, str]) -> dict[str, Any]:
    gone = {name for word, name in removals.items() if changes.get(word)}
    kept = {name: value for name, value in before.items() if name not in gone}
    return kept | {name: value for name, value in changes.items() if name not in removals}


def _standing(response: AthenaResponse) -> WorkGroup:
    name = str(response._get_param("WorkGroup"))
    backend: AthenaBackend = response.athena_backend
    group: WorkGroup | None = backend.work_groups.get(name)
    if group is None:
        raise JsonRESTError("InvalidRequestException", f"WorkGroup {name} is not found.")
    return group
