"""The time to live: what the watch and the extension collect, whole, and from whom."""

from datetime import timedelta
from typing import Any

import pytest

import factories_control as control
import factories_time_to_live as lives
from factories_control import NOW
from standins import three_stacks
from tidegate.collectors.aws.state import StateRead
from tidegate.evidence.control import read_latch, set_latch
from tidegate.evidence.time_to_live import read_time_to_live, renew_time_to_live
from tidegate.lanes import time_to_live
from tidegate.lanes.time_to_live import collect_extension, collect_time_to_live, tear_down_the_ended
from tidegate.models.facts import Source
from tidegate.models.observed import Absent, Known, Observed
from tidegate.models.state import StateResource
from tidegate.models.time_to_live import ExtensionFacts, StackLife, TimeToLiveFacts, TriggeredRun

M9 = "dev_min.m9_teardown_cost_check"
CLIENTS = object()
VPC = StateResource(address="aws_vpc.this", type="aws_vpc", id="vpc-1")
FAILED = "ttl__demo__20260213T201427Z__1"
NEXT = TriggeredRun(run_id="ttl__demo__20260213T201427Z__2", state=Absent(), failed_before=(FAILED,))
"""The run of M9 for the end of demo, after one that failed."""


class DagRuns:
    """Airflow, in which the first run of M9 for the end of demo has failed."""

    def state(self, dag_id: str, run_id: str) -> Observed[str]:
        return Known("failed") if (dag_id, run_id) == (M9, FAILED) else Absent()


@pytest.fixture(autouse=True)
def _everything_stands(monkeypatch: pytest.MonkeyPatch, moment: Any) -> None:
    """Every stack holds a resource; caller and tools are those of the lane's run."""

    def read(clients: Any, environment: Any, stack: str) -> StateRead:
        assert (clients, environment) == (CLIENTS, three_stacks())
        assert stack in environment.stacks
        return StateRead(version=Absent(), resources=Known((VPC,)), tainted=Known(()), outputs=Known({}))

    moment.now = NOW
    monkeypatch.setattr(time_to_live, "caller", lambda run: control.caller(session=Known(run.dag_id)))
    monkeypatch.setattr(time_to_live, "tools", lambda run: control.tools(managed_lane=Known(run.task_id)))
    monkeypatch.setattr(time_to_live, "now", moment)
    monkeypatch.setattr(time_to_live, "read_state", read)


def run_of(world: Any, phase: Any, task: str, **params: Any) -> Any:
    """A lane's run, after demo's time has ended this moment."""
    renew_time_to_live(
        world.remote, "dev_min", "demo", hours=8, set_by="m2_1", reason="built by m2_1", at=NOW - timedelta(hours=8)
    )
    return world.run(phase, task, environment=three_stacks(), clients=CLIENTS, dag_runs=DagRuns(), params=params)


def record_of(world: Any) -> Any:
    return read_time_to_live(world.remote, "dev_min", "demo")


def source(name: str) -> Source:
    return Source(name=name, data_as_of=NOW)


def test_the_facts_of_the_watch(world: Any) -> None:
    facts = collect_time_to_live(run_of(world, "hourly", "b_time_to_live"))
    assert facts == TimeToLiveFacts(
        observed_at=NOW,
        sources=(source("evidence"), source("state")),
        caller=control.caller(session=Known("dev_min.hourly")),
        tools=control.tools(managed_lane=Known("b_time_to_live")),
        environment="dev_min",
        max_hours=24,
        warn_hours=(2, 1),
        stacks=(StackLife(stack="demo", resource_count=Known(1), record=record_of(world), teardown=NEXT),),
    )


def extension(**changes: Any) -> ExtensionFacts:
    """What EXTEND.A collects for something that has no time to live, when nothing was typed."""
    nothing: dict[str, Any] = {
        "confirm": "",
        "reason": "",
        "stack": "",
        "hours": 0,
        "resource_count": Known(0),
        "record": Absent(),
        "latch": Absent(),
    }
    return ExtensionFacts(
        observed_at=NOW,
        sources=(source("sts"), source("evidence")),
        caller=control.caller(session=Known("dev_min.extend")),
        tools=control.tools(managed_lane=Known("a_extend")),
        environment="dev_min",
        extendable=("demo",),
        max_hours=24,
        **nothing | changes,
    )


def test_the_facts_of_an_extension(world: Any) -> None:
    set_latch(world.remote, "dev_min", reason="28 USD", recorded_by="m9_1", at=NOW)
    asked = {"stack": "demo", "hours": 3, "confirm": "dev_min", "reason": "it goes on"}
    facts = collect_extension(run_of(world, "extend", "a_extend", **asked))
    assert facts == extension(
        **asked,
        resource_count=Known(1),
        record=record_of(world),
        latch=read_latch(world.remote, "dev_min"),
        teardown=NEXT,
    )


@pytest.mark.parametrize("asked", [{}, {"stack": "core"}, {"stack": "confluent"}, {"stack": "none_such"}])
def test_of_what_has_no_time_to_live_nothing_is_read(world: Any, asked: dict[str, str]) -> None:
    """Also where it stands."""
    assert collect_extension(run_of(world, "extend", "a_extend", **asked)) == extension(**asked)


def test_an_end_for_which_no_run_was_named_is_not_acted_upon(world: Any) -> None:
    ended = lives.life(record=Known(lives.time_to_live(ends_at=NOW)))
    with pytest.raises(LookupError, match=f"^no run of {M9} was named for demo$"):
        tear_down_the_ended(run_of(world, "hourly", "b_time_to_live"), lives.time_to_live_facts(ended), {})
