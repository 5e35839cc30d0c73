"""Whether a lane was reached, where Airflow's trigger rule starts it in any case."""

from typing import Any

import pytest

from standins import three_stacks
from tidegate.lanes.reach import not_reached

ENVIRONMENT = three_stacks()
GONE = {"d_demo.destroy": "success", "d_demo.verify": "success"}
NO_TARGET = {"e_confluent.destroy": "skipped", "e_confluent.verify": "skipped", "e_confluent.orphans": "skipped"}
DOCUMENTS: dict[str, Any] = {task: {"status": "not_run"} for task in NO_TARGET}
ALL = {"a_readiness": "success", "b_scope_freeze": "success", "c_pre_destroy": "success", **GONE}


def said(world: Any, task: str, states: dict[str, str], handed_over: Any = None, phase: Any = "m9") -> str:
    run = world.run(phase, task, environment=ENVIRONMENT, task_states=lambda: states, handed_over=handed_over or {})
    return not_reached(run)


@pytest.mark.parametrize(
    ("task", "states", "handed_over"),
    [
        pytest.param("a_readiness", {}, {}, id="the-first-lane"),
        pytest.param("b_scope_freeze", {"a_readiness": "success"}, {}, id="after-a-pass"),
        pytest.param("c_pre_destroy", {"b_scope_freeze": "failed"}, {}, id="the-last-look-after-a-red-scope"),
        pytest.param("d_demo.destroy", {"c_pre_destroy": "failed"}, {}, id="a-destroy-after-a-red-last-look"),
        pytest.param(
            "e_confluent.destroy",
            {"c_pre_destroy": "success", "d_demo.destroy": "failed"},
            {},
            id="after-a-red-destroy",
        ),
        pytest.param(
            "e_confluent.destroy",
            {"c_pre_destroy": "success", "d_demo.destroy": "skipped"},
            {"d_demo.destroy": {"status": "not_run"}},
            id="demo-is-no-target",
        ),
        pytest.param("e_confluent.verify", {"e_confluent.destroy": "skipped"}, DOCUMENTS, id="to-say-that-it-is-none"),
        pytest.param("f_residual_scan", {**GONE, **NO_TARGET}, DOCUMENTS, id="one-stack-of-two"),
        pytest.param(
            "f_residual_scan", {"d_demo.destroy": "failed", "e_confluent.destroy": "success"}, {}, id="one-is-gone"
        ),
        pytest.param("g_cost_guardrail", {**GONE, "f_residual_scan": "failed"}, {}, id="the-cost-after-a-red-scan"),
        pytest.param("i_phase_verdict", {}, {}, id="the-verdict-always"),
        pytest.param(
            "h_teardown_proof",
            {
                **ALL,
                **NO_TARGET,
                "f_residual_scan": "success",
                "g_cost_guardrail": "success",
                "g_confluent_billing": "success",
                "f_preserved": "failed",
            },
            DOCUMENTS,
            id="the-proof-without-what-is-preserved",
        ),
    ],
)
def test_reached(world: Any, task: str, states: dict[str, str], handed_over: dict[str, Any]) -> None:
    assert said(world, task, states, handed_over) == ""


@pytest.mark.parametrize(
    ("task", "states", "why"),
    [
        ("c_pre_destroy", {"b_scope_freeze": "upstream_failed"}, "b_scope_freeze is upstream_failed"),
        ("c_pre_destroy", {}, "b_scope_freeze is none"),
        ("d_demo.destroy", {"c_pre_destroy": "skipped"}, "c_pre_destroy is skipped"),
        ("d_demo.verify", {"d_demo.destroy": "skipped"}, "d_demo.destroy is skipped"),
        ("d_demo.verify", {"d_demo.destroy": "failed"}, "d_demo.destroy is failed"),
        (
            "e_confluent.destroy",
            {"c_pre_destroy": "success", "d_demo.destroy": "upstream_failed"},
            "d_demo.destroy is upstream_failed",
        ),
        (
            "f_residual_scan",
            {"d_demo.destroy": "failed", "d_demo.verify": "upstream_failed"},
            "d_demo.destroy is failed",
        ),
        ("g_cost_guardrail", {"d_demo.destroy": "failed"}, "f_residual_scan is none"),
    ],
)
def test_not_reached(world: Any, task: str, states: dict[str, str], why: str) -> None:
    assert why in said(world, task, states)


def test_in_a_watch_every_lane_runs(world: Any) -> None:
    assert said(world, "b_time_to_live", {"a_cost_guardrail": "failed"}, phase="hourly") == ""
