"""A lock counts as dead only when it is that of the very terraform which the record shows as gone or ended (ST6)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tidegate.lanes.locks import _liveness
from tidegate.models.authorization import Intent
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.state import StateLock

START = datetime(2026, 2, 13, 20, 14, 27, tzinfo=UTC)
RECORD: dict[str, Any] = {
    "host": "worker",
    "operation": "apply",
    "dag_id": "d",
    "run_id": "r",
    "task_id": "t",
    "started_at": START.isoformat(),
    "heartbeat_at": (START + timedelta(seconds=30)).isoformat(),
    "ended_at": None,
    "returncode": None,
}


def lock(**changes: Any) -> StateLock:
    given = {"id": "1", "operation": "OperationTypeApply", "who": "airflow@worker", "kind": "dynamodb"}
    return StateLock(**({**given, "created": START + timedelta(seconds=2)} | changes))


def intent(liveness: Any) -> Known[Intent]:
    return Known(
        Intent(id="7", stack="demo", operation="apply", execution_id="m2", task="t", host="worker", liveness=liveness)
    )


@pytest.mark.parametrize(
    ("held", "unfinished", "expected"),
    [
        pytest.param([lock()], intent("dead"), "dead", id="its-own-lock"),
        pytest.param([lock()], Absent(), "dead", id="its-own-lock-after-it-ended"),
        pytest.param([lock(who="alice@laptop")], intent("dead"), "unknown", id="a-person-holds-it"),
        pytest.param([lock(operation="OperationTypePlan")], intent("dead"), "unknown", id="another-operation"),
        pytest.param([lock(created=START - timedelta(hours=1))], intent("dead"), "unknown", id="older-than-it"),
        pytest.param([lock(created=START + timedelta(hours=1))], intent("dead"), "unknown", id="younger-than-it"),
        pytest.param([lock(created=None)], intent("dead"), "unknown", id="without-a-time"),
        pytest.param([lock(), lock(who="alice@laptop")], intent("dead"), "unknown", id="one-of-two-is-foreign"),
        pytest.param([lock()], intent("live"), "live", id="it-lives"),
        pytest.param([], intent("dead"), "none", id="nothing-held"),
        pytest.param([lock()], Unreadable("denied"), "unknown", id="record-unreadable"),
    ],
)
def test_liveness_of_a_holder(held: list[StateLock], unfinished: Any, expected: str) -> None:
    ended = {"ended_at": RECORD["heartbeat_at"], "returncode": -9} if unfinished == Absent() else {}
    assert _liveness(Known(tuple(held)), unfinished, Known(RECORD | ended))[0] == expected
