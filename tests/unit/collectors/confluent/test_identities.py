"""What belongs to an environment in Confluent Cloud, and what of a destroy-set still answers."""

from typing import Any

import httpx
import pytest

from factories_confluent import Clock, opened
from tidegate.collectors.confluent.api import PATIENCE_SECONDS, ConfluentApi
from tidegate.collectors.confluent.identities import (
    API_SCOPES,
    Identities,
    confluent_still_there,
    read_identities,
)
from tidegate.models.observed import Known, Unreadable
from tidegate.models.orphans import Identity
from tidegate.models.state import StateResource

PREFIX = "fraud-platform-dev-min"
CRN = "crn://confluent.cloud/organization=org-1"
ENVIRONMENTS, ACCOUNTS = "/org/v2/environments", "/iam/v2/service-accounts"
KEYS, BINDINGS, CLUSTERS = "/iam/v2/api-keys", "/iam/v2/role-bindings", "/cmk/v2/clusters"


class Cloud:
    """Confluent Cloud with these lists. A status instead of a list is the answer."""

    def __init__(self) -> None:
        self.lists: dict[str, list[dict[str, Any]] | int] = {
            ENVIRONMENTS: [named("env-other", "default", f"{CRN}/environment=env-other")],
            ACCOUNTS: [],
            KEYS: [],
            BINDINGS: [],
            CLUSTERS: [],
        }
        self.asked: list[httpx.URL] = []
        self.clock = Clock()
        self.slow: dict[str, float] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        self.clock.now += self.slow.get(request.url.path, 0)
        found = self.lists[request.url.path]
        if isinstance(found, int):
            return httpx.Response(found)
        if "environment" in request.url.params:
            found = [each for each in found if each["environment"] == request.url.params["environment"]]
        return httpx.Response(200, json={"data": found, "metadata": {}})

    @property
    def api(self) -> ConfluentApi:
        return opened(self, self.clock)


def named(id: str, display_name: str | None, resource_name: str | None = None) -> dict[str, Any]:
    return {"id": id, "display_name": display_name, "metadata": {"resource_name": resource_name}}


def api_key(id: str, display_name: str | None = "", owner: str = "sa-9", resource: str = "lkc-9") -> dict[str, Any]:
    return {"id": id, "spec": {"display_name": display_name, "owner": {"id": owner}, "resource": {"id": resource}}}


def binding(id: str, principal: str = "User:sa-9", crn: str = CRN) -> dict[str, Any]:
    return {"id": id, "principal": principal, "role_name": "CloudClusterAdmin", "crn_pattern": crn}


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


def found(cloud: Cloud, *known_ids: str) -> Identities:
    return read_identities(cloud.api, name_prefix=PREFIX, known_ids=known_ids)


def ids(observed: Any) -> list[str]:
    assert isinstance(observed, Known)
    return [identity.id for identity in observed.value]


def test_nothing_of_ours(cloud: Cloud) -> None:
    cloud.lists[ACCOUNTS] = [named("sa-9", "somebody")]
    cloud.lists[KEYS] = [api_key("K9", "somebody's")]
    cloud.lists[BINDINGS] = [binding("rb-9", crn=f"{CRN}/environment=env-other")]
    nothing: Any = Known(())
    assert found(cloud, "sa-1", "env-1") == Identities(
        environments=nothing, service_accounts=nothing, api_keys=nothing, role_bindings=nothing
    )


@pytest.mark.parametrize(
    ("display_name", "ours"),
    [
        (PREFIX, True),
        (f"{PREFIX}-producer", True),
        (f"{PREFIX}2-producer", False),
        (f"other-{PREFIX}-producer", False),
        (PREFIX.upper(), False),
        ("", False),
        (None, False),
    ],
)
def test_what_is_called_like_the_environment(cloud: Cloud, display_name: str | None, ours: bool) -> None:
    cloud.lists[ENVIRONMENTS] = [named("env-1", display_name, f"{CRN}/environment=env-1")]
    cloud.lists[ACCOUNTS] = [named("sa-1", display_name)]
    cloud.lists[KEYS] = [api_key("K1", display_name)]
    answer = found(cloud)
    assert ids(answer.environments) == ["env-1"] * ours
    assert ids(answer.service_accounts) == ["sa-1"] * ours
    assert ids(answer.api_keys) == ["K1"] * ours


def test_what_was_in_the_destroy_set_by_its_id(cloud: Cloud) -> None:
    cloud.lists[ENVIRONMENTS] = [named("env-1", "renamed", f"{CRN}/environment=env-1")]
    cloud.lists[ACCOUNTS] = [named("sa-1", "renamed"), named("sa-9", "another")]
    cloud.lists[KEYS] = [api_key("K1", "renamed"), api_key("K9")]
    cloud.lists[BINDINGS] = [binding("rb-1"), binding("rb-9")]
    answer = found(cloud, "env-1", "sa-1", "K1", "rb-1")
    assert answer.service_accounts == Known((Identity(kind="service_account", id="sa-1", display_name="renamed"),))
    assert (ids(answer.environments), ids(answer.api_keys), ids(answer.role_bindings)) == (["env-1"], ["K1"], ["rb-1"])


@pytest.mark.parametrize(
    "key",
    [
        api_key("K1", owner="sa-1"),
        api_key("K1", resource="lkc-1"),
        api_key("K1", owner="sa-2"),
        api_key("K1", None, resource="env-1"),
    ],
    ids=["its-owner-went", "what-it-opens-went", "its-owner-is-left", "what-it-opens-is-left"],
)
def test_an_api_key_hangs_on_its_owner_and_on_what_it_opens(cloud: Cloud, key: dict[str, Any]) -> None:
    cloud.lists[ENVIRONMENTS] = [named("env-1", f"{PREFIX}-kafka", f"{CRN}/environment=env-1")]
    cloud.lists[ACCOUNTS] = [named("sa-2", f"{PREFIX}-consumer")]
    cloud.lists[KEYS] = [key, api_key("K9")]
    assert ids(found(cloud, "sa-1", "lkc-1").api_keys) == ["K1"]


def test_a_key_without_an_owner_is_an_answer(cloud: Cloud) -> None:
    cloud.lists[KEYS] = [{"id": "K1", "spec": {"display_name": f"{PREFIX}-x"}}, {"id": "K2", "spec": {}}]
    assert ids(found(cloud).api_keys) == ["K1"]


@pytest.mark.parametrize(
    "given",
    [
        binding("rb-1", principal="User:sa-1"),
        binding("rb-1", crn=f"{CRN}/environment=env-1/cloud-cluster=lkc-1"),
        binding("rb-1", crn=f"{CRN}/environment=env-1"),
    ],
    ids=["its-principal", "a-cluster", "an-environment"],
)
def test_a_role_binding_hangs_on_its_principal_and_on_what_it_opens(cloud: Cloud, given: dict[str, Any]) -> None:
    cloud.lists[BINDINGS] = [given, binding("rb-9", principal="User:sa-11", crn=f"{CRN}/environment=env-11")]
    answer = found(cloud, "sa-1", "env-1")
    (left,) = answer.role_bindings.value if isinstance(answer.role_bindings, Known) else ()
    assert (left.id, left.display_name) == ("rb-1", f"{given['principal']} CloudClusterAdmin")


def test_role_bindings_are_asked_for_in_the_whole_organization(cloud: Cloud) -> None:
    found(cloud)
    patterns = [url.params["crn_pattern"] for url in cloud.asked if url.path == BINDINGS]
    assert patterns == [CRN, f"{CRN}/*"]


def test_the_organization_is_told_by_a_service_account_too(cloud: Cloud) -> None:
    cloud.lists[ENVIRONMENTS] = []
    cloud.lists[ACCOUNTS] = [named("sa-9", "x", f"{CRN}/service-account=sa-9")]
    found(cloud)
    assert [url.params["crn_pattern"] for url in cloud.asked if url.path == BINDINGS] == [CRN, f"{CRN}/*"]


def test_without_a_known_organization_nothing_narrows_the_list(cloud: Cloud) -> None:
    cloud.lists[ENVIRONMENTS] = []
    found(cloud)
    assert ["crn_pattern" in url.params for url in cloud.asked if url.path == BINDINGS] == [False]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (ENVIRONMENTS, "environments"),
        (ACCOUNTS, "service_accounts"),
        (KEYS, "api_keys"),
        (BINDINGS, "role_bindings"),
    ],
)
def test_a_list_that_is_refused_is_unreadable_and_the_others_are_read(cloud: Cloud, path: str, kind: str) -> None:
    cloud.lists[path] = 403
    answer = found(cloud)
    for name in ("environments", "service_accounts", "api_keys", "role_bindings"):
        assert isinstance(getattr(answer, name), Unreadable if name == kind else Known)


@pytest.mark.parametrize("path", [ENVIRONMENTS, ACCOUNTS, KEYS])
def test_a_slow_list_takes_nothing_from_those_after_it(cloud: Cloud, path: str) -> None:
    cloud.slow[path] = PATIENCE_SECONDS + 1
    answer = found(cloud)
    late = [name for name in ("environments", "service_accounts", "api_keys", "role_bindings") if late_in(answer, name)]
    assert late == [{ENVIRONMENTS: "environments", ACCOUNTS: "service_accounts", KEYS: "api_keys"}[path]]


def test_the_last_of_slow_lists_is_waited_for_like_the_first(cloud: Cloud) -> None:
    cloud.slow = dict.fromkeys((ENVIRONMENTS, ACCOUNTS, KEYS, BINDINGS), PATIENCE_SECONDS - 1)
    answer = found(cloud)
    assert len(cloud.asked) == 5
    assert not any(late_in(answer, name) for name in ("environments", "service_accounts", "api_keys", "role_bindings"))


def late_in(answer: Identities, name: str) -> bool:
    observed = getattr(answer, name)
    return isinstance(observed, Unreadable) and "not complete after 90 seconds" in observed.reason


def test_every_list_that_is_asked_for_is_declared(cloud: Cloud) -> None:
    confluent_still_there(cloud.api, WHOLE[1:])
    found(cloud)
    assert tuple(sorted({f"GET {url.path}" for url in cloud.asked})) == API_SCOPES


def test_a_secret_in_a_list_is_kept_nowhere(cloud: Cloud) -> None:
    key = api_key("K1", f"{PREFIX}-x")
    key["spec"]["secret"] = "s3cret"
    cloud.lists[KEYS] = [key]
    assert "s3cret" not in repr(found(cloud))


# What still answers.


def gone(type: str, id: str) -> StateResource:
    return StateResource(address=f"{type}.this", type=type, id=id)


WHOLE = (
    gone("confluent_environment", "env-1"),
    gone("confluent_kafka_cluster", "lkc-1"),
    gone("confluent_kafka_topic", "lkc-1/payments"),
    gone("confluent_kafka_acl", "lkc-1/TOPIC#payments#LITERAL#User:sa-1#*#READ#ALLOW"),
    gone("confluent_service_account", "sa-1"),
    gone("confluent_api_key", "K1"),
    gone("confluent_role_binding", "rb-1"),
)


def test_everything_is_gone(cloud: Cloud) -> None:
    assert confluent_still_there(cloud.api, WHOLE) == Known(())
    assert all(url.path != CLUSTERS for url in cloud.asked), "a cluster goes with its environment"


def test_everything_is_there(cloud: Cloud) -> None:
    cloud.lists |= {
        ENVIRONMENTS: [named("env-1", "x", f"{CRN}/environment=env-1"), named("env-2", "y")],
        ACCOUNTS: [named("sa-1", "x")],
        KEYS: [api_key("K1")],
        BINDINGS: [binding("rb-1")],
        CLUSTERS: [{"id": "lkc-1", "environment": "env-1"}],
    }
    assert confluent_still_there(cloud.api, WHOLE) == Known(WHOLE)
    assert {url.params["environment"] for url in cloud.asked if url.path == CLUSTERS} == {"env-1"}


def test_an_environment_without_its_cluster(cloud: Cloud) -> None:
    cloud.lists[ENVIRONMENTS] = [named("env-1", "x", f"{CRN}/environment=env-1")]
    assert confluent_still_there(cloud.api, WHOLE) == Known(WHOLE[:1])


def test_a_cluster_whose_environment_is_not_known_is_looked_for_in_all(cloud: Cloud) -> None:
    cloud.lists[CLUSTERS] = [{"id": "lkc-1", "environment": "env-other"}]
    assert confluent_still_there(cloud.api, WHOLE[1:3]) == Known(WHOLE[1:3])


@pytest.mark.parametrize("path", [ENVIRONMENTS, ACCOUNTS, KEYS, BINDINGS])
def test_what_cannot_be_asked_is_not_gone(cloud: Cloud, path: str) -> None:
    cloud.lists[path] = 403
    answer = confluent_still_there(cloud.api, WHOLE)
    assert isinstance(answer, Unreadable)
    assert answer.reason.count(f"GET {path}: 403 Forbidden") == 1


def test_clusters_that_cannot_be_listed_are_not_gone(cloud: Cloud) -> None:
    cloud.lists |= {ENVIRONMENTS: [named("env-1", "x", f"{CRN}/environment=env-1")], CLUSTERS: 500}
    refused = Unreadable(f"GET {CLUSTERS}: 500 Internal Server Error", transient=True)
    assert confluent_still_there(cloud.api, WHOLE) == refused


@pytest.mark.parametrize(
    ("status", "transient"), [(429, True), (500, True), (503, True), (401, False), (403, False), (404, False)]
)
def test_only_a_busy_confluent_may_be_asked_again(cloud: Cloud, status: int, transient: bool) -> None:
    cloud.lists[ACCOUNTS] = status
    answer = confluent_still_there(cloud.api, WHOLE)
    assert isinstance(answer, Unreadable)
    assert answer.transient is transient
    accounts = found(cloud).service_accounts
    assert isinstance(accounts, Unreadable)
    assert accounts.transient is transient


def test_a_refusal_beside_a_busy_list_is_not_asked_again(cloud: Cloud) -> None:
    cloud.lists |= {ACCOUNTS: 429, KEYS: 403}
    answer = confluent_still_there(cloud.api, WHOLE)
    assert isinstance(answer, Unreadable)
    assert not answer.transient


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (httpx.ConnectError("refused"), True),
        (httpx.ReadTimeout("slow"), True),
        (httpx.RemoteProtocolError("cut off"), True),
        (httpx.UnsupportedProtocol("no"), False),
    ],
)
def test_a_connection_that_was_cut_off_may_be_tried_again(error: Exception, transient: bool) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise error

    seen = confluent_still_there(opened(answer, Clock()), WHOLE[:1])
    assert isinstance(seen, Unreadable)
    assert seen.transient is transient


def test_a_type_that_nobody_can_ask_is_not_gone(cloud: Cloud) -> None:
    answer = confluent_still_there(cloud.api, [gone("confluent_schema", "x")])
    assert isinstance(answer, Unreadable)
    assert answer.reason.startswith("confluent_schema: nobody knows how to ask")


def test_nothing_to_ask_asks_nothing(cloud: Cloud) -> None:
    assert confluent_still_there(cloud.api, []) == Known(())
    assert cloud.asked == []
