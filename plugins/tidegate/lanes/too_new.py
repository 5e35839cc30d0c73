"""Why terraform makes no plan: a provider newer than the worker's wrote the state. Is there an older version of it?"""

import json
import re
from typing import Any

from tidegate.collectors.aws.state import instances_of
from tidegate.collectors.aws.state_history import read_history
from tidegate.collectors.aws.state_object import StateObject, read_state_object
from tidegate.lanes.run import LaneRun
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.plan import Plan
from tidegate.models.state import NewerProvider
from tidegate.terraform.workspace import locked_providers, root_directory

_SAID = re.compile(r"current state of (?P<address>\S+) was created by a newer provider version")
"""Terraform's words; it names the first resource that it cannot read."""
MOST_VERSIONS = 10
"""How many versions of the state are searched for one that an older provider wrote."""


def newer_provider(run: LaneRun, stack: str, plan: Observed[Plan]) -> Observed[NewerProvider]:
    """What a newer provider wrote, if that is why there is no plan. Absent if it is not."""
    said = _SAID.search(plan.reason) if isinstance(plan, Unreadable) else None
    if said is None:
        return Absent()
    address = said["address"]
    found = read_state_object(run.clients, run.environment, stack)
    if not isinstance(found, Known):
        return found
    written = _instance(found.value, address)
    if written is None:
        return Unreadable(f"terraform names {address}, and the state does not hold it")
    provider, schema = written
    return Known(
        NewerProvider(
            address=address,
            provider=provider,
            locked=_locked(run, stack, provider),
            schema_version=schema,
            version_id=found.value.stored.version_id,
            serial=found.value.stored.content.serial,
            older=_older(run, stack, address, schema),
        )
    )


def _older(run: LaneRun, stack: str, address: str, schema: int) -> str:
    """Version id of the newest state in which the resource has an older schema. Blank if none was found."""
    history = read_history(run.clients, run.environment, stack, most=MOST_VERSIONS)
    for version in history.value[1:] if isinstance(history, Known) else ():
        found = read_state_object(run.clients, run.environment, stack, version.version_id)
        written = _instance(found.value, address) if isinstance(found, Known) else None
        if written is not None and written[1] < schema:
            return version.version_id
    return ""


def _instance(state: StateObject, address: str) -> tuple[str, int] | None:
    """Source of the provider and schema version of a resource in a state that was read."""
    document: dict[str, Any] = json.loads(state.body)
    for found, instance in instances_of(document):
        if found == address:
            return _provider_of(document, address), int(instance.get("schema_version", 0))
    return None


def _provider_of(document: dict[str, Any], address: str) -> str:
    """`registry.terraform.io/hashicorp/aws`, as the state names it."""
    for resource in document["resources"]:
        module = f"{resource['module']}." if resource.get("module") else ""
        if address.partition("[")[0] == f"{module}{resource['type']}.{resource['name']}":
            named = re.search(r'provider\["([^"]+)"\]', str(resource.get("provider", "")))
            return named[1] if named else "of an unknown name"
    return "of an unknown name"


def _locked(run: LaneRun, stack: str, provider: str) -> str:
    return locked_providers(root_directory(run.environment.stacks[stack])).get(provider, "unknown")
