"""The admin API and its client: wrong input gets one clear sentence, a reset leaves nothing behind."""

from collections.abc import Iterator

import httpx
import pytest
from pydantic import ValidationError

from sandbox.client import SandboxError
from sandbox.faults import Fault
from sandbox.testing import Sandbox

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.env["TIDEGATE_SANDBOX_ADMIN"], trust_env=False, timeout=20) as client:
        yield client


def test_ready(sandbox: Sandbox) -> None:
    assert sandbox.admin.is_ready()


@pytest.mark.parametrize(
    ("method", "path", "body", "sentence"),
    [
        ("POST", "/faults", {"service": "s3", "kind": "boom"}, "kind: Input should be 'refuse'"),
        ("POST", "/faults", {"kind": "delay"}, "service: Field required."),
        ("POST", "/faults", {"service": "s3", "kind": "delay", "times": 0}, "times: Input should be greater than"),
        ("POST", "/faults", {"service": "s3", "kind": "delay", "typo": 1}, "typo: Extra inputs are not permitted."),
        ("DELETE", "/faults?id=one", None, "id must be a whole number, not 'one'."),
        ("GET", "/journal?since=-1", None, "since must be a whole number, not '-1'."),
        ("PUT", "/spend", {"per_day": {"RDS": "a lot"}}, "per_day.RDS: Input should be a valid decimal."),
        ("PUT", "/budget-spend", {"budget_name": "b", "actual": "-1"}, "actual: Input should be greater than"),
        ("PUT", "/sns/default", {"state": "maybe"}, "state: Input should be 'confirmed' or 'pending'."),
        ("POST", "/sns/confirm", {"endpoint": "e"}, "topic_arn: Field required."),
    ],
)
def test_wrong_input(http: httpx.Client, method: str, path: str, body: object, sentence: str) -> None:
    answer = http.request(method, path, json=body)

    assert answer.status_code == 400
    assert answer.json()["error"].startswith(sentence)


def test_no_json(http: httpx.Client) -> None:
    answer = http.put("/spend", content=b"{")

    assert answer.status_code == 400
    assert "Invalid JSON" in answer.json()["error"]


def test_unknown_route(http: httpx.Client) -> None:
    answer = http.get("/nonsense")

    assert (answer.status_code, answer.json()) == (404, {"error": "there is no GET /nonsense."})


def test_the_client_repeats_the_sentence(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="valid decimal"):
        sandbox.admin.set_spend(per_day={"RDS": "a lot"})


def test_a_wrong_fault_is_refused_before_it_is_sent() -> None:
    with pytest.raises(ValidationError):
        Fault(service="s3", kind="delay", seconds=-1)


def test_reset_forgets_faults_spend_and_resources(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.admin.add_fault(Fault(service="iam", kind="refuse"))
    sandbox.admin.set_spend(per_day={"RDS": "1"})
    sandbox.client("sns").create_topic(Name="alerts")
    position = sandbox.admin.journal_position()

    sandbox.admin.reset()

    assert sandbox.admin.faults() == []
    assert http.get("/spend").json()["per_day"] == {}
    assert sandbox.client("sns").list_topics()["Topics"] == []
    assert sandbox.admin.journal_position() > position


def test_control_calls_are_not_in_the_journal(sandbox: Sandbox) -> None:
    position = sandbox.admin.journal_position()
    sandbox.admin.set_spend(per_day={"RDS": "1"})
    sandbox.admin.reset()

    assert sandbox.admin.calls(position) == []
