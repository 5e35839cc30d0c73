"""Another team's environment, made of a manifest, roots and policy data: built, judged, torn down, proven. Tests build
on each other.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lake_stage import ENVIRONMENT, LakeStage, lake_stage

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(1500)]

NAME = "customer-insight-lake-min"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LakeStage]:
    """lake_min after its bootstrap."""
    with lake_stage(tmp_path_factory.mktemp("lake")) as stage:
        passed(stage.run("m1_backend_bootstrap"))
        yield stage


def passed(run: Any) -> None:
    closed = {name: run.codes(name) for name in run.snapshots if run.codes(name)}
    assert run.state == "success", (closed, {task: state for task, state in run.tasks.items() if state != "success"})


def test_it_is_built(lake: LakeStage) -> None:
    passed(lake.run("m2_substrate_build"))


def test_it_is_torn_down(lake: LakeStage) -> None:
    passed(lake.run("m9_teardown_cost_check", target="serving+features", confirm=ENVIRONMENT, read_bills_anew=True))
