"""A digest that does not fit, and a version that was not put back, close the first lane with the way out."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import factories_control as control
from factories_state import digest
from tidegate.gates.registry import by_id
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known, Unreadable

FIRST_LANES: list[tuple[str, Callable[..., Any]]] = [
    ("BUILD-READINESS", control.build_readiness_facts),
    ("TEARDOWN-READINESS", control.teardown_readiness_facts),
]


def judged(gate: str, facts: Any) -> tuple[Blocker, ...]:
    return by_id(gate).evaluate(facts, judged_at=facts.observed_at)


def with_digest(make: Callable[..., Any], found: Any) -> Any:
    facts = make()
    first, *others = facts.states
    return replace(facts, states=(replace(first, digest=found), *others))


@pytest.mark.parametrize(("gate", "make"), FIRST_LANES)
def test_a_digest_that_does_not_fit_names_the_version_that_does(gate: str, make: Callable[..., Any]) -> None:
    (blocker,) = judged(gate, with_digest(make, Known(digest())))
    assert blocker.code == "STATE-DIGEST-MISMATCH"
    assert "digest d1; newest: version v2 of 2026-02-13T20:14:27+00:00 (serial 8)" in blocker.observed
    assert "fitting: version v1" in blocker.observed
    stack = blocker.resource.removeprefix("state of ")
    assert f"restore_state_version = {stack}:v1 and your own state_reason" in blocker.remedy.text


def test_where_no_version_fits_the_newest_is_offered() -> None:
    facts = with_digest(control.build_readiness_facts, Known(digest(fitting=())))
    (blocker,) = judged("BUILD-READINESS", facts)
    assert "fitting: none of 2 versions" in blocker.observed
    assert ":v2 and your own state_reason. Offered is the newest version" in blocker.remedy.text


def test_an_object_that_is_gone_is_said() -> None:
    facts = with_digest(control.build_readiness_facts, Known(digest(current=Absent())))
    (blocker,) = judged("BUILD-READINESS", facts)
    assert "newest: there is no object" in blocker.observed


@pytest.mark.parametrize(("gate", "make"), FIRST_LANES)
def test_a_digest_that_cannot_be_read(gate: str, make: Callable[..., Any]) -> None:
    (blocker,) = judged(gate, with_digest(make, Unreadable("denied")))
    assert blocker.code == "STATE-DIGEST-UNREADABLE"


@pytest.mark.parametrize(("gate", "make"), FIRST_LANES)
def test_a_version_that_was_not_put_back(gate: str, make: Callable[..., Any]) -> None:
    (blocker,) = judged(gate, make(restore_refused="state_reason is blank"))
    assert (blocker.code, blocker.observed) == ("STATE-NOT-RESTORED", "state_reason is blank")
