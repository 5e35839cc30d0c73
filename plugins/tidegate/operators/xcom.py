"""Hands snapshots from task to task: they lie in the environment's work bucket, Airflow's database has their address.

Airflow loads this class in each of its processes, so nothing heavy is imported before it is needed. Its pages read the
database alone and show the address: they have no execution role.
"""

import json
import re
import uuid
from typing import TYPE_CHECKING, Any

from airflow.sdk.bases.xcom import BaseXCom
from airflow.sdk.exceptions import AirflowFailException

if TYPE_CHECKING:
    from tidegate.collectors.aws.clients import Clients
    from tidegate.models.environment import Environment

SMALL = 1_000
"""Bytes; what is smaller stays in Airflow's database."""

_ADDRESS = re.compile(r"s3://(?P<bucket>[^/]+)/(?P<key>xcom/(?P<dag_id>[^/]+)/.+/[^/]+\.json)")

_of_this_task: dict[str, "Clients"] = {}


class HandOverFailed(AirflowFailException):
    """A snapshot was not taken by the work bucket, or cannot be read from it. No retry would know better."""


def share(environment: str, clients: "Clients") -> None:
    """Let hand-overs of this task, which is of one environment, use the clients that its lane has."""
    _of_this_task.clear()
    _of_this_task[environment] = clients


class SnapshotXCom(BaseXCom):
    """XCom of DAGs of an environment: documents in its work bucket. All else stays in the database, as Airflow does."""

    @staticmethod
    def serialize_value(
        value: Any, *, task_id: str | None = None, dag_id: str | None = None, run_id: str | None = None, **_: Any
    ) -> str:
        """What the database keeps: the address of a document, or the value. Raises HandOverFailed."""
        content = _document(value)
        environment = None if content is None or dag_id is None else _environment_of(dag_id)
        if content is None or environment is None:
            return BaseXCom.serialize_value(value)
        address = f"s3://{environment.work.bucket}/xcom/{dag_id}/{run_id}/{task_id}/{uuid.uuid4()}.json"
        _put(environment, address, content)
        return address

    @staticmethod
    def deserialize_value(result: Any) -> Any:
        """The document behind an address, or the value. Raises HandOverFailed when there is none any more."""
        place = _place(result.value)
        if place is None:
            return BaseXCom.deserialize_value(result)
        return _get(*place, result.value)

    @classmethod
    def purge(cls, xcom: Any, *_: Any) -> None:
        """Delete the document behind an entry that Airflow deletes. One that stays behind expires with the bucket's."""
        from tidegate.answers import NO_ANSWER, ask

        try:
            place = _place(xcom.value)
            if place is not None:
                environment, key = place
                ask(_s3(environment).delete_object, Bucket=environment.work.bucket, Key=key)
        except (HandOverFailed, *NO_ANSWER):
            return


def _document(value: Any) -> bytes | None:
    """A value as JSON. None: it is no document, or a small one."""
    if not isinstance(value, dict):
        return None
    try:
        content = json.dumps(value, allow_nan=False).encode()
    except (TypeError, ValueError):  # Airflow knows more types than JSON
        return None
    return content if len(content) >= SMALL else None


def _environment_of(dag_id: str) -> "Environment | None":
    """The environment that a DAG is of. None: it is none of ours. Raises HandOverFailed for a broken manifest."""
    from tidegate import environments

    name, dot, _ = dag_id.partition(".")
    if not dot or name not in environments.names():
        return None
    try:
        return environments.load(name)
    except environments.ManifestError as error:
        raise HandOverFailed(f"MANIFEST-INVALID {error}") from error


def _place(value: Any) -> "tuple[Environment, str] | None":
    """Environment and key of an address that `serialize_value` made. None: it is none, however alike it looks."""
    found = _ADDRESS.fullmatch(value) if isinstance(value, str) else None
    environment = None if found is None else _environment_of(found["dag_id"])
    if found is None or environment is None or environment.work.bucket != found["bucket"]:
        return None
    return environment, found["key"]


def _put(environment: "Environment", address: str, content: bytes) -> None:
    from tidegate.answers import NO_ANSWER, ask, said

    bucket, key = environment.work.bucket, address.removeprefix(f"s3://{environment.work.bucket}/")
    try:
        ask(_s3(environment).put_object, Bucket=bucket, Key=key, Body=content, ContentType="application/json")
    except NO_ANSWER as error:
        raise HandOverFailed(
            f"SNAPSHOT-NOT-HANDED-OVER {address}: the snapshot is in the evidence, and no later task gets it | "
            f"observed: {said(error)} | expected: a work bucket that takes it | remedy: mend what is observed, then "
            "clear this task with everything downstream"
        ) from None  # its own text is not redacted


def _get(environment: "Environment", key: str, address: str) -> Any:
    from tidegate.answers import NO_ANSWER, ask, said

    try:
        answer = ask(_s3(environment).get_object, Bucket=environment.work.bucket, Key=key)
        return json.loads(ask(answer["Body"].read))
    except NO_ANSWER as error:
        raise HandOverFailed(f"{address} cannot be read: {said(error)}") from None
    except ValueError as error:
        raise HandOverFailed(f"{address} is no JSON") from error


def _s3(environment: "Environment") -> Any:
    from tidegate.collectors.aws.clients import Clients

    clients = _of_this_task.get(environment.name) or Clients.acting_for(environment, "xcom")
    return clients.s3
