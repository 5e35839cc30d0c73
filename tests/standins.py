"""Stand-ins for unit tests of evidence, terraform and lanes: S3 in moto, a store that answers as told, a lane's run."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError
from botocore.loaders import Loader
from botocore.session import get_session
from moto import mock_aws

from tidegate import environments
from tidegate.evidence.layout import Phase
from tidegate.evidence.store import PAGE, AlreadyExists, LocalStore, NotThere, StoredObject, StoreUnreachable
from tidegate.lanes.phases import phase_of
from tidegate.lanes.run import LaneRun
from tidegate.models.environment import Environment
from tidegate.models.observed import Absent, Known, Observed
from tidegate.models.policy import Policies
from tidegate.models.viability import DagStatus

REGION = "eu-west-2"
BUCKET = "the-evidence"
LOADER = Loader()
"""Reading the service's model is most of the time that a client takes; this reads it once."""

RUN_AFTER = datetime(2026, 2, 13, 20, 14, 27, 654321, tzinfo=UTC)


@contextmanager
def s3_in_moto(bucket: str = BUCKET) -> Iterator[Any]:
    """A client of an S3 with one versioned bucket."""
    with mock_aws():
        client = s3_client()
        client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        yield client


def s3_client() -> Any:
    """One more client; it knows nothing of what others were told."""
    session = get_session()
    session.register_component("data_loader", LOADER)
    return session.create_client("s3", region_name=REGION)


def aws_error(code: str, operation: str = "Operation", message: str = "as told") -> ClientError:
    """What botocore raises when AWS answers with an error."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


SECRET = "s3cr3t-of-a-session"
LEAKY = f"The canonical string was PUT / x-amz-security-token:{SECRET} x-amz-date:20260213"
"""What AWS says to a wrong signature: it repeats the token of the request."""

NO_TOKEN_FILE = FileNotFoundError(2, "No such file or directory", "web-identity/token")
"""What botocore raises when it refreshes the credentials and the token file is gone."""


def refuse(client: Any, operation: str, error: Exception) -> None:
    """From now on every call of an operation ends with this error."""

    def answer(**_: Any) -> None:
        raise error

    client.meta.events.register_first(f"before-call.s3.{operation}", answer)


def meanwhile(client: Any, operation: str, act: Callable[[], object]) -> None:
    """Do something once, after an operation was asked for and before it reaches S3."""
    acts = [act]

    def interfere(**_: Any) -> None:
        if acts:
            acts.pop()()

    client.meta.events.register_first(f"before-call.s3.{operation}", interfere)


class MemoryStore:
    """An evidence store which can be told not to answer: `refusing` holds names of its methods."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.refusing: set[str] = set()

    def create(self, key: str, content: bytes) -> StoredObject:
        self._ask("create", key)
        if key in self.objects:
            raise AlreadyExists(key)
        self.objects[key] = content
        return self._stored(key)

    def read(self, key: str) -> tuple[StoredObject, bytes]:
        self._ask("read", key)
        if key not in self.objects:
            raise NotThere(key)
        return self._stored(key), self.objects[key]

    def keys(self, prefix: str, after: str = "") -> tuple[str, ...]:
        self._ask("keys", prefix)
        return tuple(sorted(key for key in self.objects if key.startswith(prefix) and key > after))

    def page(self, prefix: str, after: str = "", most: int = PAGE) -> tuple[tuple[str, ...], bool]:
        found = self.keys(prefix, after)
        return found[:most], len(found) > most

    def uri(self, key: str) -> str:
        return f"s3://{BUCKET}/{key}"

    def _ask(self, method: str, key: str) -> None:
        if method in self.refusing:
            raise StoreUnreachable(key, "told not to answer")

    def _stored(self, key: str) -> StoredObject:
        return StoredObject(key, self.uri(key), f"v-{key}", hashlib.sha256(self.objects[key]).hexdigest())


@cache
def dev_min() -> tuple[Environment, Policies]:
    """dev_min without Kafka, and the policies; reading them takes longer than most tests."""
    manifest = three_stacks().model_dump(by_alias=True)
    manifest |= {"confluent": None, "cost_scope": ("aws",)}
    del manifest["stacks"]["confluent"]
    manifest["stacks"]["demo"] |= {"depends_on": ("core",), "states": {"core": "core"}}
    environment = Environment.model_validate(manifest)
    return environment, environments.load_policies(environment)


@cache
def three_stacks() -> Environment:
    """The project's own manifest: the messaging stack between core and demo."""
    return environments.load("dev_min")


def lane_run(
    directory: Path, phase: Phase, task_id: str, *, handed_over: Mapping[str, Any] | None = None, **changes: Any
) -> LaneRun:
    """The run of a lane of dev_min, with its stores below a directory and in memory and without AWS.

    `handed_over` maps task ids to what they pushed: a document, or an observation as it is.
    """
    environment, policies = dev_min()
    environment = changes.get("environment", environment)
    pushed = {} if handed_over is None else handed_over

    def give(task_id: str) -> Observed[dict[str, Any]]:
        value = pushed.get(task_id, Absent())
        return Known(value) if isinstance(value, dict) else value

    given: dict[str, Any] = {
        "lane": phase_of(environment, phase).lane(task_id),
        "environment": environment,
        "policies": policies,
        "profile": "sandbox",
        "dag_id": f"dev_min.{phase}",
        "run_id": "manual__1",
        "task_id": task_id,
        "try_number": 1,
        "run_after": RUN_AFTER,
        "params": {},
        "log": lambda _line: None,
        "handed_over": give,
        "task_states": dict,
        "unstarted_tasks": lambda: Known(frozenset()),
        "airflow_static_keys": Known(()),
        "dag_status": lambda dag_id: DagStatus(dag_id=dag_id, paused=Known(False), loads=Known(True)),
        "dag_runs": SimpleNamespace(),
        "cloud_key": lambda _connection: Absent(),
        "login": lambda _connection: Absent(),
        "clients": SimpleNamespace(),
        "local": LocalStore(directory / "runs"),
        "remote": MemoryStore(),
    }
    return LaneRun(**given | changes)
