"""Variable values come from the manifest, and fit the variables that the roots declare."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest

from standins import dev_min, three_stacks
from tidegate.models.environment import Environment
from tidegate.settings import PROJECT
from tidegate.terraform.variables import FromTheRun, stack_variables

DECLARED = re.compile(r'^variable "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def environment() -> Environment:
    return dev_min()[0]


def declared(root: str) -> dict[str, bool]:
    """Variables of a root: has it a default?"""
    text = (PROJECT / "include" / "terraform" / root / "variables.tf").read_text(encoding="utf-8")
    found = {
        name: re.search(r"^  default\s+=", body, re.MULTILINE) is not None for name, body in DECLARED.findall(text)
    }
    assert len(found) == text.count('variable "'), "a variable block is written in a way that this test cannot read"
    return found


def values(stack: str, environment: Environment, **given: Any) -> dict[str, Any]:
    of_the_run: dict[str, Any] = {"platform_run": "platform_x", "confluent_endpoint": "http://127.0.0.1:9"}
    return stack_variables(environment, stack, FromTheRun(**of_the_run | given))


@pytest.mark.parametrize("root", ["core", "demo"])
def test_every_variable_without_a_default_has_a_value(root: str, environment: Environment) -> None:
    needed = {name for name, has_default in declared(root).items() if not has_default}
    assert needed
    assert needed - set(values(root, environment)) == set()


@pytest.mark.parametrize("root", ["core", "demo"])
def test_no_value_is_for_a_variable_that_does_not_exist(root: str, environment: Environment) -> None:
    assert set(values(root, environment)) - set(declared(root)) == set()


@pytest.mark.parametrize("root", ["core", "demo"])
def test_values_are_what_json_carries(root: str, environment: Environment) -> None:
    given = values(root, environment)
    assert json.loads(json.dumps(given)) == given


def test_core(environment: Environment) -> None:
    assert values("core", environment) == {
        "account_id": "123456789012",
        "region": "eu-west-2",
        "project": "fraud-platform",
        "environment": "dev_min",
        "state_bucket": "fraud-platform-dev-min-tfstate",
        "evidence_bucket": "fraud-platform-dev-min-evidence",
        "work_bucket": "fraud-platform-dev-min-work",
        "lock_table": "fraud-platform-dev-min-tf-locks",
        "evidence_retention_days": 90,
        "work_expiry_days": 7,
        "execution_role_name": "fraud-platform-dev-min-execution",
        "budget_name": "fraud-platform-dev-min-budget",
        "budget_limit_usd": 30.0,
        "budget_thresholds_usd": [10.0, 20.0, 28.0],
        "alert_email": environment.budget.alert_email,
        "parameter_prefix": "/fraud-platform/dev_min/core",
    }


def test_cents_survive(environment: Environment) -> None:
    budget = environment.budget.model_copy(update={"limit_usd": Decimal("30.10"), "alerts_usd": (Decimal("9.95"),)})
    given = values("core", environment.model_copy(update={"budget": budget}))
    assert json.dumps([given["budget_limit_usd"], given["budget_thresholds_usd"]]) == "[30.1, [9.95]]"


def test_nothing_of_core_depends_on_the_run(environment: Environment) -> None:
    assert values("core", environment) == values("core", environment, platform_run="another", path_style=True)
    assert not environment.stacks["core"].changes_with_each_run
    assert environment.stacks["demo"].changes_with_each_run


def test_an_upstream_output_is_given_by_its_variable(environment: Environment) -> None:
    taking = {
        "outputs": {"topic": "core.alert_topic_arn"},
        "inputs": (),
        "states": {},
        "params": {},
        "variables": {"days": 3},
    }
    demo = environment.stacks["demo"].model_copy(update=taking)
    changed = environment.model_copy(update={"stacks": {**environment.stacks, "demo": demo}})
    assert values("demo", changed, outputs={"topic": ["arn"], "another": 1}) == {"topic": ["arn"], "days": 3}
    with pytest.raises(
        LookupError, match=r"no value of core\.alert_topic_arn, which stacks\.demo\.outputs\.topic takes"
    ):
        values("demo", changed)


def test_demo(environment: Environment) -> None:
    given = values(
        "demo", environment, params={"runtime_database_enabled": False, "repair_drift": True}, path_style=True
    )
    assert given == {
        "account_id": "123456789012",
        "region": "eu-west-2",
        "project": "fraud-platform",
        "environment": "dev_min",
        "platform_run": "platform_x",
        "permissions_boundary_arn": "arn:aws:iam::123456789012:policy/fraud-platform-dev-min-boundary",
        "runtime_database_enabled": False,
        "contract_source": "remote_state",
        "core_state": {
            "bucket": "fraud-platform-dev-min-tfstate",
            "key": "dev_min/core/terraform.tfstate",
            "region": "eu-west-2",
        },
        "state_use_path_style": True,
        "ecs_desired_count": 0,
        "log_retention_days": 7,
    }


def test_where_cores_state_lies_follows_its_own_settings(environment: Environment) -> None:
    core = environment.stacks["core"].model_copy(update={"state_bucket": "another-bucket", "region": "us-east-1"})
    changed = environment.model_copy(update={"stacks": {**environment.stacks, "core": core}})
    assert values("demo", changed)["core_state"] == {
        "bucket": "another-bucket",
        "key": "dev_min/core/terraform.tfstate",
        "region": "us-east-1",
    }


def test_the_contract_source_is_the_manifests(environment: Environment) -> None:
    demo = environment.stacks["demo"].model_copy(update={"contract_source": "manual"})
    changed = environment.model_copy(update={"stacks": {**environment.stacks, "demo": demo}})
    assert values("demo", changed)["contract_source"] == "manual"


# Three stacks.


def test_demo_finds_every_upstream() -> None:
    three = three_stacks()
    given = values("demo", three)
    assert given["runtime_database_enabled"] is True, "the manifest's default"
    assert given["confluent_state"] == {
        "bucket": "fraud-platform-dev-min-tfstate",
        "key": "dev_min/confluent/terraform.tfstate",
        "region": "eu-west-2",
    }
    assert given["core_state"]["key"] == "dev_min/core/terraform.tfstate"


def test_the_messaging_stack() -> None:
    given = values("confluent", three_stacks())
    assert given == {
        "account_id": "123456789012",
        "region": "eu-west-2",
        "project": "fraud-platform",
        "environment": "dev_min",
        "platform_run": "platform_x",
        "confluent_endpoint": "http://127.0.0.1:9",
        "api_key_generation": 1,
    }


def test_the_manifest_has_the_last_word_on_the_messaging_stack() -> None:
    three = three_stacks()
    stack = three.stacks["confluent"].model_copy(update={"variables": {"topics": {"payments": {"partitions": 3}}}})
    changed = three.model_copy(update={"stacks": {**three.stacks, "confluent": stack}})
    given = values("confluent", changed)
    assert given["topics"] == {"payments": {"partitions": 3}}


def test_a_fixed_value_stands_over_that_of_a_group(environment: Environment) -> None:
    core = environment.stacks["core"].model_copy(update={"variables": {"work_expiry_days": 2}})
    changed = environment.model_copy(update={"stacks": {**environment.stacks, "core": core}})
    assert values("core", changed)["work_expiry_days"] == 2
