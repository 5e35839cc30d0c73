"""A chain of verdicts, and what the audit's lane for continuity (AUDIT.B) makes of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tidegate.evidence.control import Series
from tidegate.gates.audit_continuity import GATE
from tidegate.lanes.audit_continuity import collect_continuity

DUE = datetime(2026, 2, 13, 2, 0, tzinfo=UTC)
"""When the audit that looks was due."""
PREFIX = "evidence/dev_min/verdicts"


def recorded(world: Any, phase: str, at: datetime, *, passed: bool = True, **changes: Any) -> str:
    """A verdict of an execution that began a quarter of an hour before `at`; returns its id."""
    execution = f"{phase}_{at - timedelta(minutes=15):%Y%m%dT%H%M%SZ}"

    def record(newest: dict[str, Any] | None) -> dict[str, Any]:
        return {
            "schema": {"name": "tidegate.verdict-record", "version": 1},
            "phase": phase,
            "execution_id": execution,
            "overall_pass": passed,
            "verdict": {"uri": f"s3://x/{execution}.json", "version_id": None, "sha256": "a" * 64},
            "previous": None if newest is None else {"number": newest["number"], "sha256": newest["digest"]},
            "recorded_at": at.isoformat(),
            **changes,
        }

    Series(world.remote, PREFIX).append_next(record)
    return execution


def collected(world: Any, run_after: datetime = DUE, **changes: Any) -> Any:
    run = world.run("audit", "b_continuity", run_after=run_after, run_id="scheduled__1", **changes)
    return collect_continuity(run)


def codes(facts: Any) -> list[str]:
    return [blocker.code for blocker in GATE.evaluate(facts, judged_at=facts.observed_at)]


def asked_records(world: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The records of the chain that are read from now on, one entry for each time."""
    asked: list[str] = []
    read = world.remote.read
    monkeypatch.setattr(world.remote, "read", lambda key: (PREFIX in key and asked.append(key)) or read(key))
    return asked
