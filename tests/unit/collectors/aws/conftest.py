"""AWS as the collectors see it: moto, or answers that a test scripts. No network, no real home directory."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.loaders import Loader
from moto import mock_aws
from moto.athena.responses import AthenaResponse

from sandbox.aws import athena
from seeds import seeded_beside_moto
from standins import dev_min
from tidegate.collectors.aws.clients import Clients
from tidegate.environments import load_policies
from tidegate.models.environment import Environment
from tidegate.models.policy import Policies


class Script:
    """Answers for the operations of one client, in order; the last one is repeated. An exception is raised."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._service = client.meta.service_model.service_id.hyphenize()
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, operation: str, *answers: Any) -> "Script":
        remaining = list(answers)

        def record(params: dict[str, Any], **_: Any) -> None:
            self.asked.append((operation, dict(params)))

        def answer(**_: Any) -> Any:
            given = remaining.pop(0) if len(remaining) > 1 else remaining[0]
            if isinstance(given, Exception):
                raise given
            if given is PASS:
                return None
            # botocore reads the answer of GetBucketLocation from the body once more.
            location = given.get("LocationConstraint")
            body = f"<L>{location}</L>".encode() if isinstance(location, str) else None
            return SimpleNamespace(status_code=200, raw=body, content=body), given

        self._client.meta.events.register_first(f"before-parameter-build.{self._service}.{operation}", record)
        self._client.meta.events.register_first(f"before-call.{self._service}.{operation}", answer)
        return self


PASS = object()
"""In a script: let this call through to moto."""


@pytest.fixture
def let_through() -> object:
    return PASS


@pytest.fixture
def script() -> type[Script]:
    return Script


@pytest.fixture
def aws_error() -> Callable[..., ClientError]:
    """An error as botocore raises it, e.g. `aws_error("AccessDenied")`."""

    def make(code: str, message: str = "as scripted", retries: int = 0) -> ClientError:
        response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"RetryAttempts": retries}}
        return ClientError(response, "Operation")

    return make


@pytest.fixture
def refused_connection() -> EndpointConnectionError:
    return EndpointConnectionError(endpoint_url="http://127.0.0.1:1")


@pytest.fixture(autouse=True)
def _clean_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of this machine's AWS or Airflow configuration reaches a test."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "AIRFLOW_CONN_", "BOTO_")):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("BOTO_CONFIG", str(home / "none"))


@pytest.fixture
def environment() -> Environment:
    return dev_min()[0]


@pytest.fixture
def policies(environment: Environment) -> Policies:
    return load_policies(environment)


LOADER = Loader()
"""Reading the services' models is most of the time that a client takes; this reads each of them once."""


def fresh_clients(region: str) -> Clients:
    clients = Clients.from_environment(region)
    clients.session.register_component("data_loader", LOADER)
    return clients


@pytest.fixture
def clients(environment: Environment) -> Clients:
    """Clients without credentials: every call has to be scripted."""
    return fresh_clients(environment.region)


@pytest.fixture
def moto() -> Iterator[None]:
    with seeded_beside_moto(), mock.patch.object(AthenaResponse, "get_work_group", athena.get_work_group), mock_aws():
        yield


@pytest.fixture
def aws(moto: None, environment: Environment) -> Clients:
    """Clients of an empty account in moto."""
    return fresh_clients(environment.region)


class Everywhere(dict[str, Any]):
    """An answer that has the same value in every field."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value

    def __contains__(self, key: object) -> bool:
        return True

    def __getitem__(self, key: str) -> Any:
        return self.value

    def get(self, key: str, default: Any = None) -> Any:
        return self.value


@pytest.fixture(
    params=[
        pytest.param({}, id="nothing"),
        pytest.param({"message": "half an ans"}, id="cut-short"),
        pytest.param(Everywhere(None), id="nulls"),
        pytest.param(Everywhere("text"), id="text"),
        pytest.param(Everywhere(["text"]), id="lists-of-text"),
        pytest.param(Everywhere([None]), id="lists-of-null"),
    ]
)
def malformed(request: pytest.FixtureRequest) -> Any:
    """Answers of no use to anybody."""
    return request.param


@pytest.fixture
def answered_by() -> Callable[[Clients, Any], None]:
    """Every call of clients that are made from now on gets this answer, or raises it."""

    def prepare(clients: Clients, answer: Any) -> None:
        def give(**_: Any) -> Any:
            if isinstance(answer, Exception):
                raise answer
            return SimpleNamespace(status_code=200, raw=None), answer

        clients.session.get_component("event_emitter").register_first("before-call", give)

    return prepare
