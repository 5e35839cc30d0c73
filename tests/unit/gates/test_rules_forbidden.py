"""The forbidden list: every operator against every kind of value."""

from typing import Any

import pytest

from factories_world import TODAY, rule_with
from tidegate.gates.rules_forbidden import condition_outcome, judge
from tidegate.models.observed import Absent, Known, Observed, UnknownUntilApply, Unreadable
from tidegate.models.policy import Condition, ForbiddenRule


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "outcome"),
    [
        pytest.param("greater_than", 0, 1, "forbidden", id="above-the-limit"),
        pytest.param("greater_than", 0, 0, "fine", id="at-the-limit"),
        pytest.param("greater_than", 0, 0.5, "forbidden", id="a-fraction-above"),
        pytest.param("greater_than", 0, "2", "forbidden", id="digits-above"),
        pytest.param("greater_than", 0, "0", "fine", id="digits-at-the-limit"),
        pytest.param("greater_than", 0, "many", "unreadable", id="a-word-is-no-number"),
        pytest.param("greater_than", 0, "", "unreadable", id="blank-is-no-number"),
        pytest.param("greater_than", 0, "\u0662", "unreadable", id="foreign-digits-are-no-number"),
        pytest.param("greater_than", 0, False, "unreadable", id="a-truth-value-is-no-number"),
        pytest.param("greater_than", 0, float("nan"), "unreadable", id="not-a-number"),
        pytest.param("greater_than", 0, None, "unreadable", id="null-is-no-number"),
        pytest.param("equals", "DAEMON", "DAEMON", "forbidden", id="the-word"),
        pytest.param("equals", "DAEMON", "REPLICA", "fine", id="another-word"),
        pytest.param("equals", "DAEMON", 1, "unreadable", id="a-number-for-a-word"),
        pytest.param("equals", True, True, "forbidden", id="true"),
        pytest.param("equals", True, False, "fine", id="false"),
        pytest.param("equals", True, 1, "unreadable", id="one-is-not-true"),
        pytest.param("equals", True, "true", "unreadable", id="the-word-true-is-not-true"),
        pytest.param("equals", 5, 5, "forbidden", id="the-number"),
        pytest.param("equals", 5, "5", "forbidden", id="the-number-in-digits"),
        pytest.param("equals", 5, "six", "unreadable", id="a-word-for-a-number"),
        pytest.param("not_equals", "Gateway", "Gateway", "fine", id="the-one-that-is-allowed"),
        pytest.param("not_equals", "Gateway", "Interface", "forbidden", id="not-the-one-that-is-allowed"),
        pytest.param("not_equals", "Gateway", ["Gateway"], "unreadable", id="a-list-for-a-word"),
        pytest.param("in", ("a", "b"), "b", "forbidden", id="one-of-them"),
        pytest.param("in", ("a", "b"), "c", "fine", id="none-of-them"),
        pytest.param("in", (1, "a"), "1", "forbidden", id="one-of-mixed-ones-in-digits"),
        pytest.param("in", ("a", "b"), 3, "unreadable", id="comparable-with-none-of-them"),
        pytest.param("in", (), "a", "unreadable", id="an-empty-list-judges-nothing"),
        pytest.param("present", None, "", "forbidden", id="set-even-if-blank"),
    ],
)
def test_known_values(operator: str, wanted: Any, value: object, outcome: str) -> None:
    condition = rule_with(operator, wanted).condition
    assert condition is not None
    assert condition_outcome(condition, Known(value)) == outcome


@pytest.mark.parametrize(
    ("operator", "wanted"),
    [("greater_than", 0), ("equals", "DAEMON"), ("not_equals", "Gateway"), ("in", ("a",)), ("present", None)],
)
@pytest.mark.parametrize(
    ("observed", "outcome"),
    [
        pytest.param(UnknownUntilApply(), "unknown", id="unknown"),
        pytest.param(Unreadable("throttled"), "unreadable", id="unreadable"),
        pytest.param(None, "unreadable", id="not-looked-at"),
        pytest.param(Absent(), None, id="absent"),
    ],
)
def test_no_value(operator: str, wanted: Any, observed: Observed[Any] | None, outcome: str | None) -> None:
    condition = rule_with(operator, wanted).condition
    assert condition is not None
    expected = outcome or ("forbidden" if operator == "not_equals" else "fine")
    assert condition_outcome(condition, observed) == expected


def test_a_condition_that_was_never_validated_judges_nothing() -> None:
    """`in` over a text would compare letter by letter."""
    condition = Condition.model_construct(attribute="launch_type", operator="in", value="EC2")
    assert condition_outcome(condition, Known("E")) == "unreadable"


@pytest.mark.parametrize(
    ("rule", "value", "observed", "expected"),
    [
        (rule_with("greater_than", 0), Known(2), "desired_count = 2", "desired_count: at most 0"),
        (rule_with("equals", 5), Known(5), "desired_count = 5", "desired_count: not 5"),
        (rule_with("not_equals", 0), Absent(), "desired_count = none", "desired_count: 0"),
        (rule_with("in", (1, 2)), Known(2), "desired_count = 2", "desired_count: none of (1, 2)"),
        (rule_with("present", None), Known(0), "desired_count = 0", "desired_count: not set"),
        (rule_with("equals", 5), None, "desired_count = not among the facts", "desired_count: not 5"),
    ],
)
def test_both_sides_are_shown(rule: ForbiddenRule, value: Observed[Any] | None, observed: str, expected: str) -> None:
    attributes = {} if value is None else {"desired_count": value}
    verdict = judge("aws_ecs_service", attributes, key="a", rules=(rule,), exceptions=(), today=TODAY)
    assert [(finding.observed, finding.expected) for finding in verdict.findings] == [(observed, expected)]
