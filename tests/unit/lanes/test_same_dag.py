"""A remedy that triggers the blocked run's own DAG asks for the same thing, and for a person's word anew."""

from typing import Any

import pytest

from tidegate.lanes.same_dag import as_asked
from tidegate.models.blocker import Blocker
from tidegate.models.remedy import Clear, Remedy, Step, Trigger

M9, M2 = "dev_min.m9_teardown_cost_check", "dev_min.m2_substrate_build"


def again(step: Step, dag: str, params: dict[str, Any]) -> Step:
    blocker = Blocker("C", "s", "r", "o", "e", Remedy.of(step, alternative=(step,)))
    remedy = as_asked(blocker, dag, params).remedy
    assert remedy.steps == remedy.alternative
    return remedy.steps[0]


def test_a_teardown_keeps_its_target_and_is_confirmed_anew() -> None:
    params = {"target": "demo+confluent", "confirm": "dev_min", "release_dead_lock": False, "read_bills_anew": True}
    step = again(Trigger(M9, {"release_dead_lock": True}), M9, params)
    assert step == Trigger(M9, {"target": "demo+confluent", "release_dead_lock": True}, ("confirm",))


def test_what_the_remedy_says_itself_counts() -> None:
    step = again(Trigger(M9, {"target": "demo"}, ("confirm",)), M9, {"target": "demo+confluent", "confirm": "dev_min"})
    assert step == Trigger(M9, {"target": "demo"}, ("confirm",))


@pytest.mark.parametrize(
    ("params", "conf", "ask"),
    [
        ({"repair_drift": False, "stacks": "all", "platform_run": "auto"}, {"stacks": "all"}, ()),
        ({"repair_drift": True, "repair_reason": "x"}, {"repair_drift": True}, ("repair_reason",)),
        ({"platform_run": "continue"}, {"platform_run": "continue"}, ()),
        ({"platform_run": "new"}, {}, ()),
    ],
)
def test_a_build_keeps_what_it_was_about(params: dict[str, Any], conf: dict[str, Any], ask: tuple[str, ...]) -> None:
    assert again(Trigger(M2), M2, params) == Trigger(M2, conf, ask)


@pytest.mark.parametrize("step", [Trigger(M2), Clear("a_readiness")])
def test_other_dags_and_other_steps_stay_as_they_are(step: Step) -> None:
    assert again(step, M9, {"target": "demo", "confirm": "dev_min"}) == step
