"""Rules of the policies."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from tidegate.models.policy import AllowedTypesPolicy, Condition, ForbiddenPolicy, ForbiddenRule, PolicyException

RULE = {"id": "NAT", "types": ["aws_nat_gateway"], "reason": "billed by the hour"}


def condition(operator: str, value: Any = None, attribute: str = "desired_count") -> Condition:
    return Condition.model_validate({"attribute": attribute, "operator": operator, "value": value})


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        ("greater_than", 0),
        ("greater_than", -1),
        ("equals", "x"),
        ("equals", 0),
        ("equals", False),
        ("not_equals", "Gateway"),
        ("in", ["a", 1, True]),
        ("in", []),
        ("present", None),
    ],
)
def test_operators_and_their_values(operator: str, value: Any) -> None:
    found = condition(operator, value)
    assert found.value == (tuple(value) if isinstance(value, list) else value)
    assert type(found.value) is (tuple if isinstance(value, list) else type(value))


@pytest.mark.parametrize(
    ("operator", "value", "said"),
    [
        ("greater_than", True, "needs a whole number"),
        ("greater_than", "0", "needs a whole number"),
        ("greater_than", None, "needs a whole number"),
        ("greater_than", [0], "needs a whole number"),
        ("greater_than", 0.5, "value"),
        ("in", "a", "needs a list"),
        ("in", None, "needs a list"),
        ("equals", None, "operator equals needs one value"),
        ("equals", ["a"], "operator equals needs one value"),
        ("not_equals", None, "operator not_equals needs one value"),
        ("less_than", 1, "operator"),
    ],
)
def test_a_value_that_does_not_fit(operator: str, value: Any, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        condition(operator, value)


@pytest.mark.parametrize("attribute", ["", ".a", "a.", "a..b", "A", "a[0]", "a b"])
def test_what_is_no_name_of_an_attribute(attribute: str) -> None:
    with pytest.raises(ValidationError, match="attribute"):
        condition("present", attribute=attribute)


def test_a_rule() -> None:
    rule = ForbiddenRule.model_validate(RULE)
    assert (rule.condition, rule.when_unknown) == (None, "block")


@pytest.mark.parametrize(
    "changes", [{"id": "nat"}, {"types": []}, {"when_unknown": "allow"}, {"reason": None}, {"allowed": True}]
)
def test_a_rule_of_another_shape(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ForbiddenRule.model_validate({**RULE, **changes})


def test_ids_are_unique() -> None:
    with pytest.raises(ValidationError, match="rule ids must be unique"):
        ForbiddenPolicy.model_validate({"version": 1, "rules": [RULE, RULE]})


@pytest.mark.parametrize(
    "given",
    [
        {"version": 2, "rules": [RULE]},
        {"version": 1, "rules": []},
        {"version": 1},
        {"rules": [RULE]},
        {"version": 1, "rules": [RULE], "allow": []},
    ],
)
def test_a_policy_of_another_shape(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ForbiddenPolicy.model_validate(given)


def test_attributes_that_rules_look_at() -> None:
    def rule(number: int, kind: str, attribute: str | None) -> dict[str, Any]:
        looked_at = {"attribute": attribute, "operator": "present"}
        return {**RULE, "id": f"R{number}", "types": [kind], "condition": looked_at if attribute else None}

    policy = ForbiddenPolicy.model_validate(
        {
            "version": 1,
            "rules": [
                rule(1, "aws_ecs_service", "scheduling_strategy"),
                rule(2, "aws_ecs_service", "desired_count"),
                rule(3, "aws_ecs_service", "desired_count"),
                rule(4, "aws_ecs_service", None),
                rule(5, "aws_vpc_endpoint", "vpc_endpoint_type"),
            ],
            "in_plans": [rule(6, "aws_vpc_endpoint", "private_dns_enabled")],
        }
    )
    assert policy.plan_attributes_of("aws_vpc_endpoint") == ("private_dns_enabled", "vpc_endpoint_type")
    assert [each.id for each in policy.plan_rules] == ["R1", "R2", "R3", "R4", "R5", "R6"]
    assert policy.attributes_of("aws_ecs_service") == ("desired_count", "scheduling_strategy")
    assert policy.attributes_of("aws_vpc_endpoint") == ("vpc_endpoint_type",)
    assert policy.attributes_of("aws_nat_gateway") == ()


def test_a_rule_for_plans_takes_no_id_of_another() -> None:
    with pytest.raises(ValidationError, match="rule ids must be unique"):
        ForbiddenPolicy.model_validate({"version": 1, "rules": [RULE], "in_plans": [RULE]})


EXCEPTION = {"rule": "R", "resource": "r", "owner": "me", "reason": "because of this", "expires": "2026-03-01"}


def test_an_exception_has_an_owner_a_reason_and_an_end() -> None:
    assert PolicyException.model_validate(EXCEPTION).expires == date(2026, 3, 1)
    for gone in EXCEPTION:
        with pytest.raises(ValidationError, match="Field required"):
            PolicyException.model_validate({key: value for key, value in EXCEPTION.items() if key != gone})


@pytest.mark.parametrize("changes", [{"reason": "short"}, {"expires": "never"}, {"expires": "2026-02-30"}, {"more": 1}])
def test_an_exception_of_another_shape(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PolicyException.model_validate({**EXCEPTION, **changes})


def test_allowed_types() -> None:
    policy = AllowedTypesPolicy.model_validate({"version": 1, "stacks": {"demo": ["aws_vpc"]}})
    assert policy.stacks == {"demo": ("aws_vpc",)}
    for given in ({"version": 1}, {"version": 2, "stacks": {}}, {"version": 1, "stacks": {}, "more": 1}):
        with pytest.raises(ValidationError):
            AllowedTypesPolicy.model_validate(given)
