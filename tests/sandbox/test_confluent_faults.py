"""Faults of the fake Confluent API: each kind as a client meets it, where, after how many calls, how often."""

from collections.abc import Iterator
from decimal import Decimal

import httpx
import pytest

from sandbox.client import SandboxError
from sandbox.confluent.faults import ConfluentFault, Kind
from sandbox.confluent.spend import ConfluentSpend
from sandbox.testing import Sandbox

pytestmark = pytest.mark.timeout(120)
ENVIRONMENTS = "/org/v2/environments"


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with sandbox.confluent() as client:
        yield client


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("unauthorized", 401, "user_unauthenticated"),
        ("forbidden", 403, "forbidden_access"),
        ("throttle", 429, "rate_limit_exceeded"),
        ("error", 500, "internal_server_error"),
    ],
)
def test_a_refusal_and_then_none(sandbox: Sandbox, api: httpx.Client, kind: Kind, status: int, code: str) -> None:
    with sandbox.admin.confluent_fault(kind):
        answer = api.get(ENVIRONMENTS)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)
    assert api.get(ENVIRONMENTS).status_code == 200


def test_a_throttle_says_when_to_come_back(sandbox: Sandbox, api: httpx.Client) -> None:
    with sandbox.admin.confluent_fault("throttle", path="/billing/", seconds=7):
        headers = api.get("/billing/v1/costs").headers
    names = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After")
    assert [headers[name] for name in names] == ["10", "0", "7", "7"]


def test_a_refused_connection_and_half_an_answer(sandbox: Sandbox, api: httpx.Client) -> None:
    before = len(sandbox.admin.confluent_calls())
    for kind in ("refuse", "truncate"):
        with sandbox.admin.confluent_fault(kind), pytest.raises(httpx.RemoteProtocolError):
            api.get(ENVIRONMENTS)
    calls = sandbox.admin.confluent_calls()[before:]
    assert [(each.fault, each.status) for each in calls] == [("refuse", None), ("truncate", 200)]


def test_a_refused_call_changes_nothing(sandbox: Sandbox, api: httpx.Client) -> None:
    with sandbox.admin.confluent_fault("refuse"), pytest.raises(httpx.RemoteProtocolError):
        api.post(ENVIRONMENTS, json={"display_name": "dev"})
    assert len(sandbox.admin.confluent_state()["environments"]) == 1


def test_half_a_page_looks_like_all_but_for_the_total(sandbox: Sandbox, api: httpx.Client) -> None:
    per_day = {f"LINE_{number}": Decimal(1) for number in range(10)}
    sandbox.admin.set_confluent_spend(ConfluentSpend.model_validate({"per_day": per_day, "as_of": "2026-03-02"}))
    query = {"start_date": "2026-03-01", "end_date": "2026-03-02"}
    with sandbox.admin.confluent_fault("half_page"):
        content = api.get("/billing/v1/costs", params=query).json()
    assert (len(content["data"]), content["metadata"]["total_size"]) == (5, 10)
    assert "next" not in content["metadata"]


def test_where_after_how_many_and_how_often(sandbox: Sandbox, api: httpx.Client) -> None:
    fault = ConfluentFault(kind="error", path="/service-accounts", method="POST", skip=1, times=1)
    number = sandbox.admin.add_confluent_fault(fault)

    def post(name: str) -> int:
        return api.post("/iam/v2/service-accounts", json={"display_name": name}).status_code

    assert api.get("/iam/v2/service-accounts").status_code == 200
    assert [post(name) for name in ("a", "b", "c")] == [201, 500, 201]
    [listed] = sandbox.admin.confluent_faults()
    assert (listed["id"], listed["hits"], listed["left"]) == (number, 1, 0)
    sandbox.admin.clear_confluent_faults()
    assert sandbox.admin.confluent_faults() == []


def test_a_delay_is_a_delay_and_no_refusal(sandbox: Sandbox, api: httpx.Client) -> None:
    with sandbox.admin.confluent_fault("delay", seconds=0.01):
        assert api.get(ENVIRONMENTS).status_code == 200
    with sandbox.admin.confluent_fault("delay", seconds=60), pytest.raises(httpx.ReadTimeout):
        api.get(ENVIRONMENTS, timeout=0.2)


def test_faults_of_aws_and_of_confluent_are_apart(sandbox: Sandbox, api: httpx.Client) -> None:
    with sandbox.admin.confluent_fault("error"):
        assert sandbox.client("s3").list_buckets()["Buckets"] == []
        assert sandbox.admin.faults() == []


def test_an_unknown_kind_gets_one_sentence(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="kind: Input should be"):
        sandbox.admin.add_confluent_fault(ConfluentFault.model_construct(kind="boom"))
