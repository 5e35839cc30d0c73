"""The state object of a stack as bytes and as what it says of itself (ST7). Attribute values stay in memory (ID4)."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from tidegate.answers import MalformedAnswer
from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.reading import ask, field, observe, text
from tidegate.collectors.aws.stack_backend import backend_settings
from tidegate.collectors.aws.state import STATE_FORMAT, instances_of
from tidegate.models.environment import Environment
from tidegate.models.observed import Observed
from tidegate.models.unsaved import StateContent, StoredState

IAM_ACTIONS: tuple[str, ...] = ("s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket")


@dataclass(frozen=True, slots=True)
class StateObject:
    """A state object that was read: `body` holds secrets."""

    stored: StoredState
    body: bytes


def read_state_object(
    clients: Clients, environment: Environment, stack: str, version_id: str = ""
) -> Observed[StateObject]:
    """The newest version of a stack's state object, or a named one. Absent: there is none."""
    settings = backend_settings(environment, stack)
    wanted = {"Bucket": settings.bucket, "Key": settings.key} | ({"VersionId": version_id} if version_id else {})

    def read() -> StateObject:
        s3: Any = clients.s3_in(settings.region)
        answer = ask(s3.get_object, **wanted)
        body: bytes = ask(lambda: answer["Body"].read())
        stored = StoredState(
            version_id=text(answer, "VersionId"), etag=text(answer, "ETag"), content=state_content(body)
        )
        return StateObject(stored, body)

    call = f"GetObject s3://{settings.bucket}/{settings.key}" + (f" version {version_id}" if version_id else "")
    return observe(call, read, absent=["NoSuchKey", "NoSuchVersion"])


def state_content(body: bytes) -> StateContent:
    """What a state document says of itself. Raises MalformedAnswer for what is none, a truncated one too."""
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedAnswer("it is truncated, or no state: not JSON") from error
    if (version := field(document, "version", int)) != STATE_FORMAT:
        raise MalformedAnswer(f"the state has format version {version}, expected {STATE_FORMAT}")
    return StateContent(
        lineage=text(document, "lineage"),
        serial=field(document, "serial", int),
        terraform_version=text(document, "terraform_version"),
        instances={
            address: hashlib.sha256(json.dumps(instance, sort_keys=True).encode()).hexdigest()
            for address, instance in instances_of(document)
        },
    )
