"""Which way `platform_run = auto` takes, and that it takes none where there is doubt."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import factories_control as control
from tidegate.evidence.control import close_platform_run, open_platform_run
from tidegate.evidence.teardowns import begin_teardown, end_teardown
from tidegate.lanes.judging import judge
from tidegate.lanes.platform_way import platform_way
from tidegate.models.control import PlatformRun
from tidegate.models.snapshot import InputRecord

START = datetime(2026, 2, 13, 20, 0, tzinfo=UTC)
OPENED = PlatformRun(id="platform_20260213T200000Z", opened_by="m2_20260213T200000Z", opened_at=START, closed_by=None)


def way(world: Any) -> tuple[str, str]:
    found: tuple[str, str] = platform_way(world.run("m2", "a_readiness"))
    return found


def verdict(
    world: Any, phase: Any, minutes: int, *, passed: bool, platform: str = OPENED.id, build: bool = True
) -> None:
    """A verdict of a run that began so many minutes after the first build."""
    at = START + timedelta(minutes=minutes)
    task, first = ("j_phase_verdict", "a_readiness") if phase == "m2" else ("i_phase_verdict", "a_readiness")
    run = world.run(phase, task, run_after=at, run_id=f"{phase}{minutes}")
    run.handed_over = lambda _task: _known({"platform_run": platform}) if _task == first else _known({})
    lanes = (control.lane(),) if passed else (control.failed_lane(),)
    facts = control.verdict_facts(*lanes, observed_at=at, counts_as_build=build)
    facts = replace(facts, lanes=tuple(replace(it, execution_id=_known(facts.execution_id)) for it in facts.lanes))
    judge(run, facts)


def _known(value: Any) -> Any:
    from tidegate.models.observed import Known

    return Known(value)


@pytest.fixture(autouse=True)
def judged_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A verdict is judged when it was observed: the newest one counts by that."""
    from tidegate.gates.base import Gate

    evaluate = Gate.evaluate
    monkeypatch.setattr(
        Gate, "evaluate", lambda self, facts, judged_at, names: evaluate(self, facts, judged_at=facts.observed_at)
    )


def test_the_first_build_opens_one(world: Any) -> None:
    assert way(world) == ("new", "there was none before")


def test_after_a_proof_a_new_one_is_opened(world: Any) -> None:
    close_platform_run(world.remote, "dev_min", OPENED, "s3://proof")
    assert way(world) == ("new", f"{OPENED.id} is closed by s3://proof")


def test_a_build_that_left_no_verdict_did_not_finish(world: Any) -> None:
    open_platform_run(world.remote, "dev_min", OPENED)
    assert way(world) == ("continue", f"{OPENED.id} is open, and the build that opened it did not finish")


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        pytest.param([("m2", 0, False)], "continue", id="a-red-build"),
        pytest.param([("m2", 0, True)], "blocked", id="a-build-that-stands"),
        pytest.param([("m2", 0, True), ("m9", 5, True)], "continue", id="a-teardown-that-passed-for-its-target"),
        pytest.param([("m2", 0, True), ("m9", 5, False)], "blocked", id="a-red-teardown"),
        pytest.param([("m2", 0, True), ("m9", 5, False), ("m2", 9, False)], "continue", id="a-red-build-after-it"),
        pytest.param([("m2", 0, True), ("m9", 5, False), ("m9", 9, True)], "continue", id="a-green-rerun"),
    ],
)
def test_an_open_one(world: Any, verdicts: list[Any], expected: str) -> None:
    open_platform_run(world.remote, "dev_min", OPENED)
    for phase, minutes, passed in verdicts:
        verdict(world, phase, minutes, passed=passed)
    assert way(world)[0] == expected


def test_what_another_platform_run_left_says_nothing(world: Any) -> None:
    open_platform_run(world.remote, "dev_min", OPENED)
    verdict(world, "m9", 5, passed=False, platform="platform_before")
    assert way(world)[0] == "continue"


def test_of_what_ran_before_it_was_opened_nothing_is_read(world: Any) -> None:
    """It belongs to another platform run, and there may be years of it."""
    open_platform_run(world.remote, "dev_min", OPENED)
    verdict(world, "m2", 0, passed=False)
    for minutes in range(1, 5):
        verdict(world, "m9", -minutes, passed=False, platform="platform_before")
    for key in list(world.remote.objects):
        if "/m9_2026" in key:
            world.remote.objects[key] = b"{"
    assert way(world)[0] == "continue"


def test_a_stack_that_was_repaired_alone_is_no_build(world: Any) -> None:
    open_platform_run(world.remote, "dev_min", OPENED)
    verdict(world, "m2", 0, passed=False)
    verdict(world, "m2", 5, passed=True, build=False)
    assert way(world)[0] == "continue"


def test_a_teardown_that_was_left_half_way_is_a_doubt(world: Any) -> None:
    open_platform_run(world.remote, "dev_min", OPENED)
    record = InputRecord(uri="s3://x", version_id=None, sha256="a" * 64)
    begin_teardown(world.remote, "dev_min", "demo", execution_id="m9_1", scope=record, destroy_set=())
    assert way(world) == ("blocked", f"{OPENED.id} is open, and the teardown of demo was left half way: begun by m9_1")
    end_teardown(world.remote, "dev_min", "demo", execution_id="m9_2", outcome="destroyed")
    assert way(world)[0] == "continue"


def test_what_cannot_be_read_is_a_doubt(world: Any) -> None:
    open_platform_run(world.remote, "dev_min", OPENED)
    verdict(world, "m9", 5, passed=True)
    for key in list(world.remote.objects):
        if "phase_verdict" in key:
            world.remote.objects[key] = b"{"
    assert way(world)[0] == "blocked"
    world.remote.refusing.add("keys")
    assert way(world)[0] == "blocked"
