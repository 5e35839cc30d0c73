"""Databases whose engine is beyond its standard support."""

from datetime import date
from typing import Any

import pytest

from factories_world import ALL_FREE, plan_facts, planned
from tidegate.environments import load, load_policies
from tidegate.gates import plan_guard
from tidegate.models.observed import Absent, Known, UnknownUntilApply
from tidegate.models.plan import PlanFacts
from tidegate.models.policy import PolicyException

ADDRESS = "aws_db_instance.this"
LEFT_TO_AWS = UnknownUntilApply()
OFF = "open-source-rds-extended-support-disabled"
SUPPORT = load_policies(load("dev_min")).forbidden.standard_support


def facts(engine: Any, version: Any, lifecycle: Any = LEFT_TO_AWS, today: str = "2026-11-30") -> PlanFacts:
    given = {"engine": engine, "engine_version": version, "engine_lifecycle_support": lifecycle}
    attributes = {name: Known(value) if isinstance(value, str) else value for name, value in given.items()}
    database = planned(ADDRESS, "create", attributes=attributes)
    return plan_facts(
        database,
        allowed_types=("aws_db_instance",),
        forbidden=(),
        prices=ALL_FREE,
        standard_support=SUPPORT,
        today=date.fromisoformat(today),
    )


def said(given: PlanFacts) -> list[str]:
    return [it.observed for it in plan_guard.blockers(given) if it.code == "FORBIDDEN-RESOURCE"]


@pytest.mark.parametrize(
    ("given", "old"),
    [
        (facts("postgres", "13"), True),
        (facts("postgres", "13.22"), True),
        (facts("postgres", "9.6.24"), True),
        (facts("postgres", "14.9"), False),
        (facts("postgres", "14.9", today="2027-02-28"), False),
        (facts("postgres", "14.9", today="2027-03-01"), True),
        (facts("postgres", "1"), False),
        (facts("postgres", "130"), False),
        (facts("postgres", "19"), False),
        (facts("mysql", "8.0.40"), True),
        (facts("mysql", "8.0"), True),
        (facts("mysql", "8.4.3"), False),
        (facts("mysql", "13"), False),
        (facts("mariadb", "10.4"), False),
        (facts("postgres", "13", OFF), False),
        (facts("postgres", "13", Absent()), True),
        (facts("postgres", "13", "open-source-rds-extended-support"), True),
        (facts("postgres", Absent()), False),
        (facts("postgres", UnknownUntilApply()), False),
        (facts(UnknownUntilApply(), "13"), False),
    ],
)
def test_an_engine_beyond_its_standard_support(given: PlanFacts, *, old: bool) -> None:
    assert bool(said(given)) is old


def test_the_day_is_said() -> None:
    assert said(facts("postgres", "13.4")) == ["postgres 13.4, whose standard support ended on 2026-02-28"]


@pytest.mark.parametrize(("expires", "lifted"), [("2026-11-30", True), ("2026-11-29", False)])
def test_an_exception_lifts_it_for_a_while(expires: str, *, lifted: bool) -> None:
    exception = PolicyException(
        rule="DATABASE-OLD-ENGINE", resource=ADDRESS, owner="data", reason="moves in spring", expires=expires
    )
    given = facts("postgres", "13")
    assert said(plan_facts(*given.plan.value.resources, **lifting(given, exception))) == ([] if lifted else said(given))


def lifting(given: PlanFacts, exception: PolicyException) -> dict[str, Any]:
    names = ("allowed_types", "forbidden", "prices", "standard_support", "today")
    return {name: getattr(given, name) for name in names} | {"exceptions": (exception,)}


def test_only_databases_have_such_a_support() -> None:
    given = facts("postgres", "13")
    other = planned("aws_dms_endpoint.this", "create", attributes=given.plan.value.resources[0].attributes)
    assert said(plan_facts(other, allowed_types=("aws_dms_endpoint",), forbidden=(), standard_support=SUPPORT)) == []


def test_what_is_deleted_costs_nothing_any_more() -> None:
    given = facts("postgres", "13")
    gone = planned(ADDRESS, "delete", attributes=given.plan.value.resources[0].attributes)
    assert said(plan_facts(gone, allowed_types=("aws_db_instance",), standard_support=SUPPORT)) == []
