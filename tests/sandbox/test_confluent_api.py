"""The fake Confluent API: keys, environments, clusters, identities, topics and ACLs, and what the admin API shows."""

import stat
from collections.abc import Iterator
from typing import Any

import httpx
import psutil
import pytest

from sandbox.client import SandboxError
from sandbox.confluent.credentials import FILE_NAME, CloudKey
from sandbox.confluent.organization import CRN
from sandbox.record import read_record
from sandbox.testing import Sandbox

pytestmark = pytest.mark.timeout(120)

CLUSTER = {"availability": "SINGLE_ZONE", "cloud": "AWS", "region": "eu-west-2", "config": {"kind": "Basic"}}
ACL = {
    "resource_type": "TOPIC",
    "resource_name": "orders",
    "pattern_type": "LITERAL",
    "principal": "User:sa-1",
    "host": "*",
    "operation": "READ",
    "permission": "ALLOW",
}


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with sandbox.confluent() as client:
        yield client


def made(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


def new_cluster(api: httpx.Client) -> tuple[str, str]:
    environment = made(api.post("/org/v2/environments", json={"display_name": "dev"}))["id"]
    spec = CLUSTER | {"display_name": "dev", "environment": {"id": environment}}
    return environment, made(api.post("/cmk/v2/clusters", json={"spec": spec}))["id"]


def new_key(api: httpx.Client, cluster: str, name: str = "app") -> CloudKey:
    owner = made(api.post("/iam/v2/service-accounts", json={"display_name": name}))["id"]
    spec = {"owner": {"id": owner, "kind": "ServiceAccount"}, "resource": {"id": cluster, "kind": "Cluster"}}
    key = made(api.post("/iam/v2/api-keys", json={"spec": spec}))
    return CloudKey(key["id"], key["spec"]["secret"])


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


# The Cloud key.


def test_the_cloud_key_is_in_one_private_file(sandbox: Sandbox) -> None:
    path = sandbox.directory / FILE_NAME
    secret = sandbox.cloud_key.secret
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(secret) >= 40
    record = read_record(sandbox.directory)
    assert record is not None
    for pid in (record.pid, *record.children.values()):
        process = psutil.Process(pid)
        assert not any(secret in word for word in [*process.cmdline(), *process.environ().values()])
    for file in sandbox.directory.rglob("*"):
        assert file == path or not file.is_file() or secret not in file.read_text("utf-8", errors="replace"), file


def test_it_says_what_it_is_and_listens_on_loopback(sandbox: Sandbox, api: httpx.Client) -> None:
    assert api.get("/org/v2/environments").headers["Server"] == "fake-confluent"
    assert sandbox.env["TIDEGATE_CONFLUENT_ENDPOINT"].startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    "path", ["/org/v2/environments", "/cmk/v2/clusters", "/iam/v2/api-keys", "/billing/v1/costs", "/nonsense"]
)
def test_a_wrong_key_is_401(sandbox: Sandbox, path: str) -> None:
    with sandbox.confluent(cloud_key=CloudKey("SOMEBODY", "else")) as stranger:
        answer = stranger.get(path)
    assert problem(answer) == (401, "user_unauthenticated")
    assert 'error="invalid_key"' in answer.headers["WWW-Authenticate"]
    assert httpx.get(sandbox.env["TIDEGATE_CONFLUENT_ENDPOINT"] + path, trust_env=False).status_code == 401


def test_a_cloud_key_made_here_opens_the_control_plane_and_a_cluster_key_does_not(
    sandbox: Sandbox, api: httpx.Client
) -> None:
    _, cluster = new_cluster(api)
    owner = made(api.post("/iam/v2/service-accounts", json={"display_name": "billing"}))["id"]
    key = made(api.post("/iam/v2/api-keys", json={"spec": {"owner": {"id": owner}}}))
    with sandbox.confluent(cloud_key=CloudKey(key["id"], key["spec"]["secret"])) as client:
        assert client.get("/iam/v2/api-keys").status_code == 200
    with sandbox.confluent(cloud_key=new_key(api, cluster)) as client:
        assert client.get("/iam/v2/api-keys").status_code == 401


# The control plane.


def test_a_cluster_is_provisioned_after_a_while_and_403_when_gone(api: httpx.Client) -> None:
    environment, cluster = new_cluster(api)
    url, query = f"/cmk/v2/clusters/{cluster}", {"environment": environment}
    assert made(api.get(url, params=query))["status"]["phase"] == "PROVISIONING"
    found = made(api.get(url, params=query))
    assert found["status"]["phase"] == "PROVISIONED"
    assert found["spec"]["http_endpoint"] == str(api.base_url).rstrip("/")
    assert found["spec"]["kafka_bootstrap_endpoint"].endswith(".confluent.example:9092")
    assert found["metadata"]["resource_name"].endswith(f"/cloud-cluster={cluster}/kafka={cluster}")
    assert problem(api.delete(f"/org/v2/environments/{environment}"))[0] == 409
    assert api.delete(url, params=query).status_code == 204
    assert problem(api.get(url, params=query)) == (403, "forbidden_access")
    assert api.delete(f"/org/v2/environments/{environment}").status_code == 204
    assert problem(api.get(f"/org/v2/environments/{environment}"))[0] == 404


def test_a_protected_cluster_stands_until_the_protection_is_lifted(api: httpx.Client) -> None:
    """As somebody may switch it on in the console: the destroy of the whole stack would stop at it."""
    environment, cluster = new_cluster(api)
    url, query = f"/cmk/v2/clusters/{cluster}", {"environment": environment}

    def protect(on: bool) -> None:
        made(api.patch(url, json={"spec": {"deletion_protection": on, "environment": {"id": environment}}}))

    protect(True)
    assert made(api.get(url, params=query))["spec"]["deletion_protection"] is True
    assert problem(api.delete(url, params=query)) == (400, "deletion_protection")
    assert made(api.get(url, params=query))["spec"]["deletion_protection"] is True
    protect(False)
    assert api.delete(url, params=query).status_code == 204


def test_a_secret_is_shown_once_and_a_deleted_key_is_refused(sandbox: Sandbox, api: httpx.Client) -> None:
    _, cluster = new_cluster(api)
    key = new_key(api, cluster)
    topics = f"/kafka/v3/clusters/{cluster}/topics"
    assert key.secret not in api.get(f"/iam/v2/api-keys/{key.key}").text + api.get("/iam/v2/api-keys").text
    with sandbox.confluent(cloud_key=key) as client:
        assert client.get(topics).status_code == 200
        assert api.delete(f"/iam/v2/api-keys/{key.key}").status_code == 204
        assert client.get(topics).status_code == 401
    assert problem(api.get(f"/iam/v2/api-keys/{key.key}")) == (403, "forbidden_access")


def test_a_service_account_takes_its_keys_with_it(sandbox: Sandbox, api: httpx.Client) -> None:
    _, cluster = new_cluster(api)
    new_key(api, cluster)
    [account] = sandbox.admin.confluent_identities()["service_accounts"]
    assert problem(api.post("/iam/v2/service-accounts", json={"display_name": "app"}))[0] == 409
    assert api.delete(f"/iam/v2/service-accounts/{account['id']}").status_code == 204
    assert sandbox.admin.confluent_identities()["api_keys"] == []


def test_role_bindings_are_listed_by_pattern(api: httpx.Client) -> None:
    crn = f"{CRN}/environment=env-1/cloud-cluster=lkc-1"
    body = {"principal": "User:sa-1", "role_name": "CloudClusterAdmin", "crn_pattern": crn}
    binding = made(api.post("/iam/v2/role-bindings", json=body))

    def listed(**query: str) -> list[str]:
        return [each["id"] for each in made(api.get("/iam/v2/role-bindings", params=query))["data"]]

    assert problem(api.get("/iam/v2/role-bindings")) == (400, "invalid_filter")
    assert listed(crn_pattern=crn) == listed(crn_pattern=f"{CRN}/*") == [binding["id"]]
    assert listed(crn_pattern=CRN) == listed(crn_pattern=f"{CRN}/*", principal="User:sa-2") == []
    assert made(api.delete(f"/iam/v2/role-bindings/{binding['id']}"))["principal"] == "User:sa-1"
    assert api.get(f"/iam/v2/role-bindings/{binding['id']}").status_code == 404


def test_lists_come_in_pages(api: httpx.Client) -> None:
    for number in range(12):
        made(api.post("/iam/v2/service-accounts", json={"display_name": f"app-{number}"}))
    first = made(api.get("/iam/v2/service-accounts"))
    assert (len(first["data"]), first["metadata"]["total_size"]) == (10, 12)
    last = made(api.get(first["metadata"]["next"]))
    assert len(last["data"]) == 2
    assert "next" not in last["metadata"]
    assert problem(api.get("/iam/v2/service-accounts", params={"page_size": 101})) == (400, "invalid_filter")
    assert problem(api.get("/iam/v2/service-accounts", params={"page_token": "x"})) == (400, "invalid_filter")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/org/v2/environments", {}),
        ("/cmk/v2/clusters", {"spec": {"display_name": "x"}}),
        ("/iam/v2/api-keys", {"spec": {"owner": {}}}),
        ("/iam/v2/role-bindings", {"principal": "sa-1", "role_name": "x", "crn_pattern": "crn://x"}),
        ("/iam/v2/service-accounts", []),
    ],
)
def test_a_wrong_body_is_400(api: httpx.Client, path: str, body: object) -> None:
    assert problem(api.post(path, json=body)) == (400, "invalid_request")


# Kafka REST.


@pytest.fixture
def kafka(sandbox: Sandbox, api: httpx.Client) -> Iterator[httpx.Client]:
    """A client of a new cluster's REST endpoint; its base is the cluster."""
    _, cluster = new_cluster(api)
    with sandbox.confluent(cloud_key=new_key(api, cluster)) as client:
        client.base_url = client.base_url.join(f"/kafka/v3/clusters/{cluster}/")
        yield client


def test_topics(kafka: httpx.Client) -> None:
    configs = [{"name": "retention.ms", "value": "1000"}]
    topic = made(kafka.post("topics", json={"topic_name": "orders", "partitions_count": 3, "configs": configs}))
    assert topic["partitions_count"] == 3
    assert kafka.post("topics", json={"topic_name": "orders"}).json()["error_code"] == 40002
    assert made(kafka.patch("topics/orders", json={"partitions_count": 5}))["partitions_count"] == 5
    assert kafka.patch("topics/orders", json={"partitions_count": 2}).status_code == 400
    change = {"data": [{"name": "retention.ms", "operation": "DELETE"}, {"name": "cleanup.policy", "value": "compact"}]}
    assert kafka.post("topics/orders/configs:alter", json=change).status_code == 204
    found = made(kafka.get("topics/orders/configs"))["data"]
    assert [(each["name"], each["value"], each["source"]) for each in found] == [
        ("cleanup.policy", "compact", "DYNAMIC_TOPIC_CONFIG")
    ]
    assert kafka.delete("topics/orders").status_code == 204
    assert kafka.get("topics/orders").json()["error_code"] == 40403


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("topics", {}),
        ("topics", {"topic_name": "orders", "partitions_count": "many"}),
        ("topics", {"topic_name": "orders", "configs": [{"value": "1"}]}),
        ("acls", {"operation": "READ"}),
    ],
)
def test_a_wrong_body_of_kafka_is_400(kafka: httpx.Client, path: str, body: object) -> None:
    answer = kafka.post(path, json=body)
    assert (answer.status_code, answer.json()["error_code"]) == (400, 40002)


def test_acls(kafka: httpx.Client) -> None:
    assert kafka.post("acls", json=ACL).status_code == 201
    assert kafka.post("acls", json=ACL | {"operation": "WRITE"}).status_code == 201
    assert kafka.post("acls", json=ACL | {"host": ""}).status_code == 400
    assert [each["operation"] for each in made(kafka.get("acls"))["data"]] == ["READ", "WRITE"]
    removed = made(kafka.request("DELETE", "acls", params=ACL))["data"]
    assert [each["operation"] for each in removed] == ["READ"]
    assert made(kafka.get("acls", params=ACL))["data"] == []


def test_the_key_of_one_cluster_does_not_open_another(sandbox: Sandbox, api: httpx.Client) -> None:
    environment, one = new_cluster(api)
    spec = CLUSTER | {"display_name": "other", "environment": {"id": environment}}
    other = made(api.post("/cmk/v2/clusters", json={"spec": spec}))["id"]
    with sandbox.confluent(cloud_key=new_key(api, one)) as client:
        assert client.get(f"/kafka/v3/clusters/{one}/acls").status_code == 200
        assert client.get(f"/kafka/v3/clusters/{other}/acls").json() == {"error_code": 401, "message": "Unauthorized"}
        assert client.get("/kafka/v3/clusters/lkc-gone/acls").status_code == 404


# The admin API.


def test_what_is_there_can_be_seen_without_secrets_and_taken_away(
    sandbox: Sandbox, api: httpx.Client, kafka: httpx.Client
) -> None:
    made(kafka.post("topics", json={"topic_name": "orders"}))
    kafka.post("acls", json=ACL)
    state = sandbox.admin.confluent_state()
    assert {kind: len(things) for kind, things in state.items()} == {
        "environments": 2,
        "clusters": 1,
        "service_accounts": 1,
        "api_keys": 1,
        "role_bindings": 0,
        "topics": 1,
        "acls": 1,
    }
    assert "secret" not in state["api_keys"][0]
    for kind in ("topics", "acls", "api_keys", "service_accounts", "clusters"):
        assert sandbox.admin.remove_confluent(kind, state[kind][0]["id"])
        assert not sandbox.admin.remove_confluent(kind, state[kind][0]["id"])
    assert not any(sandbox.admin.confluent_identities().values())
    with pytest.raises(SandboxError, match="kind must be one of"):
        sandbox.admin.remove_confluent("brokers", "1")  # type: ignore[arg-type]


def test_calls_are_in_the_journal(sandbox: Sandbox, api: httpx.Client) -> None:
    before = sandbox.admin.confluent_calls()[-1].seq if sandbox.admin.confluent_calls() else 0
    api.get("/org/v2/environments", params={"page_size": 5})
    api.delete("/iam/v2/api-keys/NONE")
    calls = sandbox.admin.confluent_calls(before)
    assert [(each.method, each.path, each.query, each.status, each.mutating) for each in calls] == [
        ("GET", "/org/v2/environments", {"page_size": "5"}, 200, False),
        ("DELETE", "/iam/v2/api-keys/NONE", {}, 403, True),
    ]


def test_a_reset_leaves_one_environment_and_the_cloud_key(sandbox: Sandbox, api: httpx.Client) -> None:
    new_cluster(api)
    sandbox.admin.reset()
    assert [each["display_name"] for each in made(api.get("/org/v2/environments"))["data"]] == ["default"]
