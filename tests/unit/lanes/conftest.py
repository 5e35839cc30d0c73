"""Lanes at one moment, with stores in memory and below a directory, and without AWS."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from factories_world import NOW
from standins import MemoryStore, lane_run
from tidegate.evidence.layout import Phase
from tidegate.evidence.store import LocalStore
from tidegate.lanes import guards, judging, verdict
from tidegate.lanes.judging import Judged, judge
from tidegate.lanes.run import LaneRun
from tidegate.models.facts import Facts


class Moment:
    """What the lanes take for now."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(autouse=True)
def moment(monkeypatch: pytest.MonkeyPatch) -> Moment:
    moment = Moment()
    for module in (judging, guards, verdict):
        monkeypatch.setattr(module, "now", moment)
    monkeypatch.setenv("TIDEGATE_GIT_COMMIT", "0123abc")
    monkeypatch.setenv("TIDEGATE_GIT_DIRTY", "false")
    return moment


class World:
    """One DAG run of dev_min: its stores, and what its tasks handed over."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.remote = MemoryStore()
        self.local = LocalStore(directory / "runs")
        self.handed_over: dict[str, Any] = {}
        self.said: list[str] = []

    def run(self, phase: Phase, task_id: str, **changes: Any) -> LaneRun:
        """A try of a lane."""
        given = {
            "handed_over": self.handed_over,
            "remote": self.remote,
            "local": self.local,
            "log": self.said.append,
            **changes,
        }
        return lane_run(self.directory, phase, task_id, **given)

    def left(self, phase: Phase, task_id: str, facts: Facts, **changes: Any) -> Judged:
        """Let a lane judge these facts and hand its snapshot over."""
        judged = judge(self.run(phase, task_id, **changes), facts)
        self.handed_over[task_id] = judged.published.document
        return judged


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def tampered() -> Callable[[World, str], None]:
    """Change a stored snapshot from fail to pass, or from pass to fail, and nothing else."""

    def change(world: World, key: str) -> None:
        content = world.remote.objects[key]
        old, new = (b'"pass"', b'"fail"') if b'"status": "pass"' in content else (b'"fail"', b'"pass"')
        world.remote.objects[key] = content.replace(b'"status": ' + old, b'"status": ' + new)

    return change
