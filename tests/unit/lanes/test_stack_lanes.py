"""The lanes of any stack: order, letters, guards and targets follow from the manifest alone."""

from pathlib import Path
from typing import Any

import pytest

from standins import three_stacks
from tidegate.lanes.phases import build_phase, lane_gaps, phase_of, phases_of, teardown_phase
from tidegate.lanes.spec import Lane, PhaseSpec, dag_id_of
from tidegate.models.environment import Environment

SEEDS = Path(__file__).parents[2] / "fixtures" / "seeds" / "dev_min_lanes.txt"


def entry(lifecycle: str, *depends_on: str, **more: Any) -> dict[str, Any]:
    return {
        "root": "demo",
        "lifecycle": lifecycle,
        "destroyable": lifecycle == "ephemeral",
        "depends_on": depends_on,
        **more,
    }


def environment_of(**stacks: dict[str, Any]) -> Environment:
    own = {name: {"state_key": f"{name}.tfstate", **stack} for name, stack in stacks.items()}
    return Environment.model_validate(three_stacks().model_dump(by_alias=True) | {"stacks": own})


LAKE = environment_of(
    base=entry("persistent"),
    lake=entry("persistent", "base"),
    tools=entry("ephemeral", "base", contract="order_only"),
    features=entry("ephemeral", "lake"),
    serving=entry("ephemeral", "lake"),
    page=entry("ephemeral", "serving", contract="order_only", identities="confluent", time_to_live=False),
)
"""Two stacks beside each other behind one contract each, and one that is behind them without a contract of its own."""
BUILD, TEARDOWN = build_phase(LAKE), teardown_phase(LAKE)


def lanes_of(spec: PhaseSpec, stack: str) -> list[Lane]:
    return [lane for lane in spec.lanes if lane.stack == stack]


def test_the_names_of_the_first_environment_are_those_of_its_evidence() -> None:
    """Lanes, tasks and snapshots as they were before a stack was an entry: the evidence lies below these names."""
    environment = three_stacks()
    found = []
    for phase in phases_of(environment):
        spec = phase_of(environment, phase)
        found.append(dag_id_of("dev_min", phase))
        found += [f"  {it.name} {it.task_id} {it.gate} {it.snapshot}" for it in (*spec.lanes, spec.verdict)]
    assert found == SEEDS.read_text("utf-8").splitlines(), (
        "a lane that is new has its line in tests/fixtures/seeds/dev_min_lanes.txt; one that is there keeps its names"
    )


def test_a_letter_says_what_a_stack_is() -> None:
    groups = [lane.task_id for lane in BUILD.lanes if lane.gate in {"PLAN-GUARD", "STACK-CONTRACT"}]
    assert groups == [
        "c_base.plan_and_guard",
        "c_lake_contract",
        "c_lake.plan_and_guard",
        "d_tools.plan_and_guard",
        "e_features_contract",
        "e_serving_contract",
        "f_features.plan_and_guard",
        "f_serving.plan_and_guard",
        "f_page.plan_and_guard",
    ]
    letters = [lane.letter for lane in BUILD.lanes]
    assert letters == sorted(letters)


@pytest.mark.parametrize(
    ("task", "waits_for"),
    [
        ("c_base.plan_and_guard", {"b_backend_readiness", "b_cost_guardrail"}),
        ("c_lake_contract", {"c_base.verify"}),
        ("c_lake.plan_and_guard", {"c_lake_contract"}),
        ("d_tools.plan_and_guard", {"c_base.verify"}),
        ("e_features_contract", {"c_lake.verify"}),
        ("e_serving_contract", {"c_lake.verify"}),
        ("f_features.plan_and_guard", {"e_features_contract"}),
        ("f_serving.plan_and_guard", {"e_serving_contract"}),
        ("f_page.plan_and_guard", {"f_serving.verify"}),
        (
            "g_network_posture",
            {f"{it}.verify" for it in ("c_base", "c_lake", "d_tools", "f_features", "f_serving", "f_page")},
        ),
    ],
)
def test_a_stack_waits_for_its_upstreams_and_nothing_else(task: str, waits_for: set[str]) -> None:
    assert set(BUILD.upstream_of(BUILD.lane(task))) == waits_for


@pytest.mark.parametrize("stack", LAKE.stacks)
def test_every_apply_is_guarded_by_the_readiness_its_own_contract_and_its_plan(stack: str) -> None:
    contract, *own = lanes_of(BUILD, stack)
    if contract.gate != "STACK-CONTRACT":
        own = [contract, *own]
    plan, apply, verify = own
    assert [lane.gate for lane in own] == ["PLAN-GUARD", "MUTATION-AUTHORIZATION", "APPLIED-STATE"]
    judged = (contract.task_id,) if contract is not plan else ()
    ready = ("a_readiness", "b_backend_readiness", "b_cost_guardrail")
    assert plan.guards == (*ready, *judged)
    assert apply.guards == (*ready, *judged, plan.task_id)
    assert (apply.mutates, apply.after, verify.after) == (True, (plan.task_id,), (apply.task_id,))


def test_nothing_is_there_twice() -> None:
    for spec in (BUILD, TEARDOWN):
        assert len({lane.task_id for lane in spec.lanes}) == len(spec.lanes)
        assert len({lane.snapshot for lane in spec.lanes}) == len(spec.lanes)
    assert lane_gaps(LAKE) == ()


def test_a_teardown_goes_downstream_first_and_takes_no_stack_that_stays() -> None:
    destroys = {lane.stack: set(lane.after or ()) for lane in TEARDOWN.lanes if lane.mutates}
    assert destroys == {
        "page": {"c_pre_destroy"},
        "serving": {"c_pre_destroy", "d_page.destroy"},
        "features": {"c_pre_destroy"},
        "tools": {"c_pre_destroy"},
    }
    letters = [lane.letter for lane in TEARDOWN.lanes]
    assert letters == sorted(letters)


def test_of_many_stacks_a_teardown_is_asked_for_each_alone_each_with_what_needs_it_and_all() -> None:
    assert LAKE.destroyable_stacks == ("page", "serving", "features", "tools")
    assert len(LAKE.targets) == 15
    more = environment_of(
        base=entry("persistent"),
        a1=entry("ephemeral", "base"),
        b1=entry("ephemeral", "a1"),
        c1=entry("ephemeral", "b1"),
        d1=entry("ephemeral", "base"),
        e1=entry("ephemeral"),
    )
    assert more.targets == ("e1", "d1", "c1", "b1", "a1", "c1+b1", "c1+b1+a1", "e1+d1+c1+b1+a1")


def test_identities_are_looked_for_where_a_stack_may_leave_them() -> None:
    assert [lane.stack for lane in TEARDOWN.lanes if lane.gate == "ORPHAN-IDENTITIES"] == ["page"]
    ends = [lane.task_id for lane in TEARDOWN.lanes if lane.on_pass == "tidegate.lanes.teardown:end_stack_teardown"]
    assert ends == ["d_page.orphans", "d_serving.verify", "d_features.verify", "e_tools.verify"]


@pytest.mark.parametrize(
    ("stacks", "said"),
    [
        pytest.param(
            {"a_stack": entry("ephemeral"), "kept": entry("persistent", "a_stack")},
            "stack kept is persistent: it cannot depend on 'a_stack', which comes and goes",
            id="what-stays-needs-what-goes",
        ),
        pytest.param(
            {"one": entry("ephemeral", "two"), "two": entry("ephemeral", "one")},
            "stack one: depends_on 'two' must be a stack declared above it",
            id="circle",
        ),
        pytest.param(
            {"one": entry("ephemeral", "nobody")}, "depends_on 'nobody' must be a stack declared above it", id="unknown"
        ),
        pytest.param(
            {"one": entry("ephemeral"), "two": entry("ephemeral", "one", outputs={"vpc": "one.vpc_id"})},
            "stack two: outputs.vpc takes one.vpc_id: name the stack in depends_on, and the output in required_outputs "
            "of stacks.one",
            id="no-such-output",
        ),
        pytest.param(
            {
                "one": entry("ephemeral", required_outputs=("vpc_id",)),
                "two": entry("ephemeral", "one"),
                "three": entry("ephemeral", "two", outputs={"vpc": "one.vpc_id"}),
            },
            "stack three: outputs.vpc takes one.vpc_id: name the stack in depends_on",
            id="output-of-another",
        ),
        pytest.param(
            {"one": entry("persistent"), "two": entry("ephemeral", states={"base": "one"})},
            "takes base from its upstreams: name them in depends_on, and leave contract: judged",
            id="state-of-nobody",
        ),
        pytest.param(
            {
                "one": entry("persistent"),
                "two": entry("persistent", "one"),
                "three": entry("ephemeral", "two", states={"base": "one"}),
            },
            "stack three: states.base is 'one', which depends_on does not name",
            id="state-of-another",
        ),
        pytest.param(
            {
                "one": entry("ephemeral", required_outputs=("a",)),
                "two": entry("ephemeral", "one", contract="order_only", outputs={"x": "one.a"}),
            },
            "takes x from its upstreams",
            id="unjudged",
        ),
    ],
)
def test_stacks_that_cannot_be_built(stacks: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="validation error") as raised:
        environment_of(**stacks)
    assert said in str(raised.value)


SWITCH = {"type": "boolean", "default": True, "title": "Switch", "help": "Turns it on."}


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"repair_drift": SWITCH}, "stacks.one.params.repair_drift: M2 itself has a field of that name"),
        ({"switch": {**SWITCH, "default": 1}}, "1 is not of type boolean"),
        ({"switch": {**SWITCH, "type": "integer"}}, "True is not of type integer"),
        ({"switch": {**SWITCH, "type": "string", "default": "a", "choices": ["b"]}}, "'a' is not one of the choices"),
        ({"Switch": SWITCH}, "String should match pattern"),
    ],
)
def test_params_that_cannot_be_asked(params: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="validation error") as raised:
        environment_of(one=entry("ephemeral", params=params))
    assert said in str(raised.value)


def test_two_stacks_cannot_ask_by_one_name() -> None:
    one, two = entry("ephemeral", params={"switch": SWITCH}), entry("ephemeral", params={"switch": SWITCH})
    with pytest.raises(ValueError, match=r"stacks\.two\.params\.switch: stack one has a field of that name"):
        environment_of(one=one, two=two)


def test_a_variable_has_one_value() -> None:
    with pytest.raises(ValueError, match="variables: switch is given by another field already"):
        environment_of(one=entry("ephemeral", params={"switch": SWITCH}, variables={"switch": False}))


def test_a_destroy_waits_for_no_stack_that_no_lane_destroys() -> None:
    kept = {**LAKE.stacks, "page": LAKE.stacks["page"].model_copy(update={"destroyable": False})}
    spec = teardown_phase(LAKE.model_copy(update={"stacks": kept}))
    assert spec.lane("d_serving.destroy").after == ("c_pre_destroy",)
    assert "d_page.destroy" not in {lane.task_id for lane in spec.lanes}


@pytest.mark.parametrize(
    "taken",
    [
        {"inputs": ("platform_run",)},
        {"states": {"base": "base"}},
        {"outputs": {"vpc": "base.vpc_id"}},
        {"params": {"switch": SWITCH}},
    ],
    ids=lambda taken: next(iter(taken)),
)
def test_what_comes_from_the_run_changes_with_each_run(taken: dict[str, Any]) -> None:
    """Such a stack is looked at for drift with the values that its newest build recorded."""
    base = entry("persistent", required_outputs=("vpc_id",))
    environment = environment_of(base=base, page=entry("ephemeral", "base", **taken), plain=entry("ephemeral", "base"))
    assert environment.stacks["page"].changes_with_each_run
    assert not environment.stacks["plain"].changes_with_each_run


def test_the_budget_is_made_by_the_stack_that_takes_its_values() -> None:
    base, money = entry("persistent"), entry("persistent", "base", inputs=("common", "budget"))
    assert environment_of(base=base, money=money).budget_stack == "money"
    assert environment_of(base=base, page=entry("ephemeral")).budget_stack == "base", "none takes them: the first"
