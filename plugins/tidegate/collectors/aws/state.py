"""A Terraform state as it lies in S3: which version, which resources, which outputs (ST5, ST7, LC5)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.reading import (
    MalformedAnswer,
    ask,
    field,
    json_of,
    observe,
    optional,
    storable,
    text,
    text_of,
)
from tidegate.collectors.aws.stack_backend import BackendSettings, backend_settings
from tidegate.models.environment import Environment
from tidegate.models.log_groups import NAMING
from tidegate.models.observed import Known, Observed
from tidegate.models.state import StateResource, StateVersion

IAM_ACTIONS: tuple[str, ...] = ("s3:GetObject", "s3:ListBucket")

STATE_FORMAT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRead:
    """One state. All are Absent when there is none, and Unreadable alike when it cannot be read.

    * `resources`: managed ones only, deposed instances included; data sources are not resources
    * `tainted`: addresses of those whose creation did not finish, so that Terraform wants to replace them
    * `outputs`: values of outputs that are neither sensitive nor null. They stay in memory: facts keep digests
    """

    version: Observed[StateVersion]
    resources: Observed[tuple[StateResource, ...]]
    tainted: Observed[tuple[str, ...]]
    outputs: Observed[dict[str, Any]]


def read_state(clients: Clients, environment: Environment, stack: str) -> StateRead:
    """Read the current state of a stack. Never raises for what S3 answers or the object holds."""
    settings = backend_settings(environment, stack)
    found = observe(
        f"GetObject s3://{settings.bucket}/{settings.key}", lambda: _read(clients, settings), absent=["NoSuchKey"]
    )
    if not isinstance(found, Known):
        return StateRead(version=found, resources=found, tainted=found, outputs=found)
    version, instances, outputs = found.value
    return StateRead(
        version=Known(version),
        resources=Known(tuple(resource for resource, _ in instances)),
        tainted=Known(tuple(resource.address for resource, tainted in instances if tainted)),
        outputs=Known(outputs),
    )


_Instance = tuple[StateResource, bool]
"""A resource, and whether it is tainted."""


def _read(clients: Clients, settings: BackendSettings) -> tuple[StateVersion, tuple[_Instance, ...], dict[str, Any]]:
    s3 = clients.s3_in(settings.region)
    answer = ask(s3.get_object, Bucket=settings.bucket, Key=settings.key)
    version_id = text(answer, "VersionId")
    document = _parsed(text_of(answer))
    resources = tuple(_resources(document))
    version = StateVersion(
        key=settings.key,
        lineage=text(document, "lineage"),
        serial=field(document, "serial", int),
        version_id=version_id,
        terraform_version=text(document, "terraform_version"),
        resource_count=len(resources),
    )
    return version, resources, _outputs(document)


def _parsed(content: str) -> dict[str, Any]:
    document = json_of(content, "the state")
    if (version := field(document, "version", int)) != STATE_FORMAT:
        raise MalformedAnswer(f"the state has format version {version}, expected {STATE_FORMAT}")
    return field({"state": document}, "state", dict)


def instances_of(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Address and content of each managed instance. Raises MalformedAnswer."""
    for address, _, instance in typed_instances_of(document):
        yield address, instance


def typed_instances_of(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Address, type and content of each managed instance. Raises MalformedAnswer."""
    for resource in field(document, "resources", list):
        mode = field(resource, "mode", str)
        if mode == "data":
            continue
        if mode != "managed":
            raise MalformedAnswer(f"mode is {mode or 'blank'}, expected managed or data")
        kind = text(resource, "type")
        module = optional(resource, "module", str)
        declared = f"{module + '.' if module else ''}{kind}.{text(resource, 'name')}"
        for instance in field(resource, "instances", list):
            yield declared + _index(instance) + _deposed(instance), kind, instance


def _resources(document: dict[str, Any]) -> Iterator[_Instance]:
    for address, kind, instance in typed_instances_of(document):
        id_ = field(instance, "attributes.id", str)
        naming = NAMING.get(kind)
        name = (optional(instance, f"attributes.{naming}", str) or "") if naming else ""
        resource = StateResource(address=address, type=kind, id=id_, name="" if name == id_ else name)
        yield resource, _tainted(instance)


def _tainted(instance: dict[str, Any]) -> bool:
    status = optional(instance, "status", str)
    if status not in {None, "tainted"}:
        raise MalformedAnswer(f"status is {status!r}, expected 'tainted' or none")
    return status == "tainted"


def _index(instance: dict[str, Any]) -> str:
    """`["key"]` of for_each, `[0]` of count, as Terraform prints it."""
    match field({"instance": instance}, "instance", dict).get("index_key"):
        case None:
            return ""
        case bool():
            raise MalformedAnswer("index_key is bool, expected str or int")
        case int(number):
            return f"[{number}]"
        case str(key):
            return f"[{json.dumps(key, ensure_ascii=False)}]"
        case other:
            raise MalformedAnswer(f"index_key is {type(other).__name__}, expected str or int")


def _deposed(instance: dict[str, Any]) -> str:
    """A replaced object that still waits for its destruction: it exists, so it counts."""
    key = optional(instance, "deposed", str)
    return f" (deposed {key})" if key else ""


def _outputs(document: dict[str, Any]) -> dict[str, Any]:
    values = {}
    for name, output in field(document, "outputs", dict).items():
        if not (optional(output, "sensitive", bool) or False) and output.get("value") is not None:
            if not storable(output["value"]):
                raise MalformedAnswer(f"output {name} has a value that evidence cannot hold")
            values[str(name)] = output["value"]
    return values
