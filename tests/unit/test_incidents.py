"""When a run of `make incidents` counts: it ended as the incident says, for the reason it says, on sound evidence."""

from pathlib import Path
from typing import Any

import pytest

from manifests import COMMITTED, ENVIRONMENTS
from workbench.incidents import AWS_ONLY, BOTH, Manifest, Step


def step(**changes: Any) -> Step:
    """A run that was to fail, and did."""
    given: dict[str, Any] = {
        "incident": "IN2",
        "what": "root of demo: modules",
        "expected": "fail",
        "code": "PLAN-UNREADABLE",
        "execution_id": "m9_20261122T050458Z",
        "attempt": 1,
        "verdict": "fail",
        "blockers": ("STATE-LOCKED demo", "PLAN-UNREADABLE demo"),
        "sound": True,
    }
    return Step(**given | changes)


PASSED: dict[str, Any] = {"expected": "pass", "code": "", "verdict": "pass", "blockers": ()}


@pytest.mark.parametrize(
    ("run", "counts"),
    [
        pytest.param(step(), True, id="failed-for-the-reason"),
        pytest.param(step(blockers=("STATE-LOCKED demo",)), False, id="failed-for-another-reason"),
        pytest.param(step(blockers=("PLAN-UNREADABLE-TOO demo",)), False, id="a-longer-code-is-another"),
        pytest.param(step(blockers=()), False, id="failed-for-no-reason"),
        pytest.param(step(verdict="pass"), False, id="passed-instead"),
        pytest.param(step(sound=False), False, id="failed-on-broken-evidence"),
        pytest.param(step(**PASSED), True, id="passed"),
        pytest.param(step(**PASSED | {"verdict": "fail"}), False, id="failed-instead"),
        pytest.param(step(**PASSED | {"verdict": "not_run"}), False, id="left-no-verdict"),
        pytest.param(step(**PASSED | {"sound": False}), False, id="passed-on-broken-evidence"),
    ],
)
def test_what_counts(run: Step, counts: bool) -> None:
    assert run.as_expected is counts


def test_a_mistake_is_written_and_corrected(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path / "environments" / COMMITTED.name, ENVIRONMENTS)
    manifest.write((BOTH, AWS_ONLY))
    assert f"\n{AWS_ONLY}\n" in manifest.path.read_text("utf-8")
    manifest.write()
    assert manifest.path.read_bytes() == COMMITTED.read_bytes()


def test_a_mistake_that_cannot_be_made_is_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no 'cost_scope: none'"):
        Manifest(tmp_path / COMMITTED.name, ENVIRONMENTS).write(("cost_scope: none", "x"))
