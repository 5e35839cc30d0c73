"""Rules of the manifest."""

from typing import Any

import pytest
from pydantic import ValidationError

from standins import dev_min, three_stacks
from tidegate.models.environment import Budget, Environment
from tidegate.models.stack import Stack

STACK = {"root": "demo", "lifecycle": "ephemeral", "destroyable": True, "state_key": "dev_min/demo/terraform.tfstate"}
BUDGET = {
    "name": "b",
    "limit_usd": "30",
    "unit": "USD",
    "period": "MONTHLY",
    "alerts_usd": ["10", "20", "28"],
    "stop_usd": "28",
    "plan_limit_usd_per_month": "10",
    "prices_max_age_days": 180,
    "alert_email": "a@example.com",
}


@pytest.fixture
def document() -> dict[str, Any]:
    """dev_min without Kafka as plain data."""
    return dev_min()[0].model_dump(mode="json", by_alias=True)


def refused(model: Any, given: dict[str, Any], match: str = "") -> ValidationError:
    with pytest.raises(ValidationError, match=match or r"validation error") as raised:
        model.model_validate(given)
    return raised.value


@pytest.mark.parametrize(("seconds", "fits"), [(1, True), (900, True), (0, False), (901, False)])
def test_between_two_looks_there_is_a_pause(document: dict[str, Any], seconds: int, fits: bool) -> None:
    document["deadlines"]["residual_pause"] = seconds
    if fits:
        assert Environment.model_validate(document).deadlines.residual_pause == seconds
    else:
        refused(Environment, document, "residual_pause")


def test_what_core_may_cost_is_said_and_not_below_zero(document: dict[str, Any]) -> None:
    document["audit"]["base_usd_per_day"] = "-0.01"
    refused(Environment, document, "base_usd_per_day")
    del document["audit"]["base_usd_per_day"]
    refused(Environment, document, "base_usd_per_day")


def test_a_manifest_survives_being_written_and_read(document: dict[str, Any]) -> None:
    assert Environment.model_validate(document) == dev_min()[0]
    whole = three_stacks()
    assert Environment.model_validate(whole.model_dump(mode="json", by_alias=True)) == whole


# Stacks.


def test_what_a_stack_does_not_say_is_the_environments() -> None:
    stack = Stack.model_validate(STACK)
    assert (stack.state_bucket, stack.lock_table, stack.region, stack.use_lockfile, stack.encrypt) == (None,) * 5
    assert (stack.depends_on, stack.required_outputs, stack.variables) == ((), (), {})
    assert (stack.contract_source, stack.manual_contract_allowed) == ("remote_state", False)


@pytest.mark.parametrize(
    "changes",
    [
        {"root": "demo/../core"},
        {"root": ".../demo"},
        {"root": "~/demo"},
        {"root": "./demo\n"},
        {"root": ""},
        {"lifecycle": "forever"},
        {"state_key": "dev_min/demo/state"},
        {"state_key": "dev min/demo.tfstate"},
        {"state_bucket": "Not_A_Bucket"},
        {"region": "europe"},
        {"contract_source": "guess"},
        {"destroyable": None},
        {"more": 1},
    ],
)
def test_a_stack_of_another_shape(changes: dict[str, Any]) -> None:
    refused(Stack, {**STACK, **changes})


@pytest.mark.parametrize("gone", list(STACK))
def test_what_a_stack_must_say(gone: str) -> None:
    refused(Stack, {key: value for key, value in STACK.items() if key != gone}, "Field required")


def test_only_persistent_stacks_can_never_go() -> None:
    assert Stack.model_validate({**STACK, "lifecycle": "ephemeral"}).destroyable
    refused(Stack, {**STACK, "lifecycle": "persistent"}, "a persistent stack cannot be destroyable")
    assert not Stack.model_validate({**STACK, "lifecycle": "persistent", "destroyable": False}).destroyable


# The budget.


def test_a_ladder_up_to_the_limit() -> None:
    budget = Budget.model_validate({**BUDGET, "alerts_usd": ["10", "29.99"], "stop_usd": "30"})
    assert str(budget.stop_usd) == "30"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"alerts_usd": ["20", "10"]}, "alerts_usd must rise"),
        ({"alerts_usd": ["10", "10"]}, "alerts_usd must rise"),
        ({"alerts_usd": ["10", "10.00"]}, "alerts_usd must rise"),
        ({"alerts_usd": ["10", "30"]}, "must be below limit_usd"),
        ({"stop_usd": "30.01"}, "must not exceed limit_usd"),
        ({"alerts_usd": []}, "at least 1 item"),
        ({"limit_usd": "0"}, "greater than 0"),
        ({"limit_usd": "30.001"}, "decimal places"),
        ({"unit": "EUR"}, "'USD'"),
        ({"period": "ANNUALLY"}, "'MONTHLY'"),
        ({"alert_email": "nobody"}, "match pattern"),
    ],
)
def test_a_budget_of_another_shape(changes: dict[str, Any], said: str) -> None:
    refused(Budget, {**BUDGET, **changes}, said)


# Across sections.


def test_stacks_refer_upwards(document: dict[str, Any]) -> None:
    document["stacks"]["more"] = {**STACK, "state_key": "more.tfstate", "depends_on": ["demo", "core"]}
    assert Environment.model_validate(document).stacks["more"].depends_on == ("demo", "core")
    document["stacks"]["more"]["depends_on"] = ["more"]
    refused(Environment, document, "stack more: depends_on 'more' must be a stack declared above it")


def test_a_stack_above_cannot_refer_to_one_below(document: dict[str, Any]) -> None:
    document["stacks"]["core"]["depends_on"] = ["demo"]
    refused(Environment, document, "stack core: depends_on 'demo' must be")


def test_the_home_region_is_scanned(document: dict[str, Any]) -> None:
    document["scan_regions"] = ["us-east-1"]
    refused(Environment, document, "scan_regions must contain region")


@pytest.mark.parametrize(
    "changes",
    [
        {"account_id": "12345678901"},
        {"account_id": "12345678901x"},
        {"name": "Dev"},
        {"name": "dev-min"},
        {"name": "../x"},
        {"project": "fraud_platform"},
        {"stacks": {}},
        {"stacks": {"Demo": STACK}},
        {"cost_scope": []},
        {"cost_scope": ["azure"]},
        {"scan_regions": []},
        {"role_name": "a role"},
        {"exceptions": [{"rule": "R", "resource": "r", "owner": "o", "reason": "short", "expires": "2026-01-01"}]},
        {"exceptions": [{"rule": "R", "resource": "r", "owner": "o", "reason": "a good reason"}]},
        {"oidc": {"provider_url": "http://plain", "audience": "a", "subject": "s"}},
        {"evidence": {"bucket": "b", "retention_days": 90}},
        {"deadlines": {"lock_wait": -1, "residual_wait": 0, "look_again": 1, "lease": 60, "terraform": 60}},
        {"blast_radius": {"max_resources": 0, "max_percent": 100}},
        {"blast_radius": {"max_resources": 1, "max_percent": 101}},
        {"validity": {"default": 24, "gates": {"PLAN-GUARD": 0}}},
        {"more": 1},
    ],
)
def test_a_manifest_of_another_shape(document: dict[str, Any], changes: dict[str, Any]) -> None:
    refused(Environment, {**document, **changes})


def test_nobody_changes_it() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        three_stacks().region = "us-east-1"


def test_names_that_follow_from_it() -> None:
    environment = three_stacks()
    assert environment.dashed == "fraud-platform-dev-min"
    assert environment.parameter_prefix == "/fraud-platform/dev_min"


def test_stacks_by_lifecycle(document: dict[str, Any]) -> None:
    document["stacks"]["confluent"] = {
        **STACK,
        "state_key": "confluent.tfstate",
        "lifecycle": "ephemeral",
        "time_to_live": False,
        "identities": "confluent",
    }
    environment = Environment.model_validate(document)
    assert list(environment.stacks_by_lifecycle("persistent")) == ["core"]
    assert list(environment.stacks_by_lifecycle("ephemeral")) == ["demo", "confluent"]
    assert list(environment.stacks_with_time_to_live) == ["demo"]
    assert list(environment.stacks_with_identities) == ["confluent"]
    assert environment.stacks_by_lifecycle() == {}


# Confluent.


def confluent(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**document, "confluent": {"api_key_connection": "confluent_dev_min", **changes}}


def test_the_account_at_confluent_is_an_endpoint_and_the_name_of_a_connection(document: dict[str, Any]) -> None:
    assert Environment.model_validate(document).confluent is None
    found = Environment.model_validate(confluent(document)).confluent
    assert found is not None
    assert (found.endpoint, found.api_key_connection) == ("https://api.confluent.cloud", "confluent_dev_min")


@pytest.mark.parametrize(
    "changes",
    [
        {"endpoint": "http://api.confluent.cloud"},
        {"endpoint": "https://key:secret@api.confluent.cloud"},
        {"endpoint": "https://api.confluent.cloud/billing"},
        {"endpoint": "https://"},
        {"api_key_connection": ""},
        {"api_key_connection": "http://key:secret@x"},
        {"api_key_connection": "a b"},
        {"api_key": "CLOUDKEY"},
        {"api_secret": "s3cr3t"},
    ],
)
def test_a_key_cannot_be_written_into_the_manifest(document: dict[str, Any], changes: dict[str, Any]) -> None:
    refused(Environment, confluent(document, **changes), "confluent")


def test_every_bill_in_the_scope_has_its_lag(document: dict[str, Any]) -> None:
    refused(Environment, {**document, "billing_lag_hours": {"confluent": 72}}, "billing_lag_hours must name aws")
    without_aws = {**document, "cost_scope": ["confluent"], "billing_lag_hours": {"confluent": 72}}
    refused(Environment, without_aws, "billing_lag_hours must name aws")  # AWS is read in any case
    document["billing_lag_hours"] = {"aws": 24}
    assert Environment.model_validate(document).billing_lag_hours == {"aws": 24}
    document["cost_scope"] = ["aws", "confluent"]
    refused(Environment, document, "billing_lag_hours must name confluent")
