"""Intent records: a terraform that may still run is never taken for one that has ended."""

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from traceback import format_exception
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.parsers import ResponseParserError

from standins import BUCKET, LEAKY, NO_TOKEN_FILE, SECRET, aws_error, refuse, s3_in_moto
from tidegate.models.authorization import Intent
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.state import ApplyEnd
from tidegate.terraform import intent, process
from tidegate.terraform.intent import IntentLog, IntentOwner, IntentUnwritable, liveness
from tidegate.terraform.process import Started

NOW = datetime(2026, 2, 13, 20, 14, 27, tzinfo=UTC)
OWNER = IntentOwner("m2_x", "dev_min.m2", "manual__1", "f_demo.apply", 2)
KEY = "intents/dev_min/demo.json"
HERE = {"host": socket.gethostname(), "pid": 4711, "create_time": 12.5, "id": "77aa"}


class Standing(datetime):
    """A clock that stands at NOW."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Standing":
        return cls.fromtimestamp(NOW.timestamp(), tz)


@pytest.fixture
def s3() -> Iterator[Any]:
    with s3_in_moto() as client:
        yield client


@pytest.fixture
def log(s3: Any) -> IntentLog:
    return IntentLog(s3, BUCKET, "dev_min", "demo")


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What lives on this host: `alive` as pairs of pid and start, `marked` as intent ids."""
    living: dict[str, Any] = {"alive": set(), "marked": set()}
    monkeypatch.setattr(process, "alive", lambda pid, create_time: (pid, create_time) in living["alive"])
    monkeypatch.setattr(process, "find_marked", lambda intent: Started(1, 1.0) if intent in living["marked"] else None)
    return living


def stored(s3: Any) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read())
    return record


def test_none_was_ever_started(log: IntentLog) -> None:
    assert log.read() == Absent()
    assert log.unfinished() == Absent()


def test_a_record_before_the_process(log: IntentLog, s3: Any) -> None:
    record = log.open("apply", OWNER, NOW)
    assert stored(s3) == record == {
        "id": record["id"],
        "stack": "demo",
        "operation": "apply",
        "execution_id": "m2_x",
        "dag_id": "dev_min.m2",
        "run_id": "manual__1",
        "task_id": "f_demo.apply",
        "try_number": 2,
        "host": socket.gethostname(),
        "pid": None,
        "create_time": None,
        "started_at": "2026-02-13T20:14:27+00:00",
        "heartbeat_at": "2026-02-13T20:14:27+00:00",
        "ended_at": None,
        "returncode": None,
        "plan_sha256": None,
    }  # fmt: skip
    assert len(record["id"]) == 32
    assert log.open("apply", OWNER, NOW)["id"] != record["id"]


def test_its_pid_and_its_end_are_added(log: IntentLog, s3: Any) -> None:
    record = log.open("apply", OWNER, NOW)
    log.started(record, Started(4711, 12.5))
    assert (stored(s3)["pid"], stored(s3)["create_time"], stored(s3)["ended_at"]) == (4711, 12.5, None)
    log.ended(record, 1, NOW)
    assert (stored(s3)["pid"], stored(s3)["returncode"], stored(s3)["ended_at"]) == (4711, 1, NOW.isoformat())
    assert log.unfinished() == Absent()


def ended(returncode: int | None) -> ApplyEnd:
    task = "dev_min.m2/manual__1/f_demo.apply try 2"
    return ApplyEnd(execution_id="m2_x", task=task, plan_sha256="ab", returncode=returncode)


def test_how_the_newest_apply_ended(log: IntentLog) -> None:
    assert log.last_apply() == Absent()
    record = log.open("apply", OWNER, NOW, "ab")
    assert log.last_apply() == Known(ended(None))
    log.started(record, Started(4711, 12.5))
    assert log.last_apply() == Known(ended(None))
    log.ended(record, 1, NOW)
    assert log.last_apply() == Known(ended(1))
    log.ended(log.open("apply", OWNER, NOW, "ab"), 0, NOW)
    assert log.last_apply() == Known(ended(0))


@pytest.mark.parametrize("operation", ["plan", "untaint"])
def test_what_runs_after_an_apply_does_not_hide_how_it_ended(log: IntentLog, operation: str) -> None:
    log.ended(log.open("apply", OWNER, NOW, "ab"), 1, NOW)
    log.ended(log.open(operation, OWNER, NOW), 0, NOW)
    assert log.last_apply() == Known(ended(1))
    assert log.unfinished() == Absent()


def test_a_lost_apply_stays_lost_until_somebody_plans_the_stack(log: IntentLog) -> None:
    """Whatever record takes the place of its own: one of the audit's plan tells nobody what is half made."""
    log.open("apply", OWNER, NOW, "ab")
    log.ended(log.open("plan", OWNER, NOW), 0, NOW)
    assert log.last_apply() == Known(ended(None))
    assert ended(None).is_lost
    log.planned_again(NOW)
    assert log.last_apply() == Known(replace(ended(None), planned_again=True))
    assert not replace(ended(None), planned_again=True).is_lost
    log.open("apply", OWNER, NOW, "ab")
    assert log.last_apply() == Known(ended(None))


def test_a_plan_after_an_apply_that_ended_says_nothing_about_it(log: IntentLog, s3: Any) -> None:
    log.planned_again(NOW)
    assert log.last_apply() == Absent()
    log.ended(log.open("apply", OWNER, NOW, "ab"), 1, NOW)
    log.planned_again(NOW)
    assert log.last_apply() == Known(ended(1))


@pytest.mark.parametrize(
    ("operation", "pid", "stays"), [("apply", 4711, True), ("apply", 1, True), ("plan", 4711, True), ("plan", 1, False)]
)
def test_what_only_looks_replaces_no_record_that_is_needed(
    log: IntentLog, processes: dict[str, Any], operation: str, pid: int, stays: bool
) -> None:
    log.nothing_unfinished()
    processes["alive"].add((4711, 12.5))
    log.started(log.open(operation, OWNER, NOW), Started(pid, 12.5))
    if stays:
        with pytest.raises(IntentUnwritable, match="not seen to end"):
            log.nothing_unfinished()
    else:
        log.nothing_unfinished()


def test_what_only_looks_replaces_no_record_that_cannot_be_read(log: IntentLog, s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"x")
    with pytest.raises(IntentUnwritable):
        log.nothing_unfinished()


def test_a_later_try_that_has_not_ended_counts_and_not_the_one_before_it(log: IntentLog) -> None:
    log.ended(log.open("apply", OWNER, NOW, "ab"), 0, NOW)
    log.open("apply", OWNER, NOW, "ab")
    assert log.last_apply() == Known(ended(None))


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"plan_sha256": "ab", "returncode": 0}', b"\xff"],
)
def test_a_broken_record_of_an_apply_is_unreadable(log: IntentLog, s3: Any, content: bytes) -> None:
    s3.put_object(Bucket=BUCKET, Key="intents/dev_min/demo.apply.json", Body=content)
    assert isinstance(log.last_apply(), Unreadable)


@pytest.mark.parametrize("field", ["execution_id", "plan_sha256", "returncode", "task_id"])
def test_a_record_of_an_apply_without_a_field_is_unreadable(log: IntentLog, s3: Any, field: str) -> None:
    record = log.open("apply", OWNER, NOW, "ab")
    del record[field]
    s3.put_object(Bucket=BUCKET, Key="intents/dev_min/demo.apply.json", Body=json.dumps(record).encode())
    assert isinstance(log.last_apply(), Unreadable)


def test_stacks_and_environments_have_records_of_their_own(log: IntentLog, s3: Any) -> None:
    log.open("apply", OWNER, NOW)
    assert IntentLog(s3, BUCKET, "dev_min", "core").unfinished() == Absent()
    assert IntentLog(s3, BUCKET, "staging", "demo").unfinished() == Absent()


def test_one_that_lives(log: IntentLog, processes: dict[str, Any]) -> None:
    record = log.open("apply", OWNER, NOW)
    log.started(record, Started(4711, 12.5))
    processes["alive"].add((4711, 12.5))
    assert log.unfinished() == Known(
        Intent(
            id=record["id"],
            stack="demo",
            operation="apply",
            execution_id="m2_x",
            task="dev_min.m2/manual__1/f_demo.apply try 2",
            host=socket.gethostname(),
            liveness="live",
        )
    )


def test_one_that_is_gone_without_having_been_seen_to_end(log: IntentLog, processes: dict[str, Any]) -> None:
    log.started(log.open("apply", OWNER, NOW), Started(4711, 12.5))
    found = log.unfinished()
    assert isinstance(found, Known)
    assert found.value.liveness == "dead"


@pytest.mark.parametrize(("marked", "expected"), [(True, "live"), (False, "dead")])
def test_one_whose_pid_was_never_recorded(
    log: IntentLog, processes: dict[str, Any], marked: bool, expected: str
) -> None:
    record = log.open("apply", OWNER, NOW)
    processes["marked"].add(record["id"] if marked else "another")
    found = log.unfinished()
    assert isinstance(found, Known)
    assert found.value.liveness == expected


def test_only_its_own_host_can_tell(processes: dict[str, Any]) -> None:
    processes["alive"].add((4711, 12.5))
    assert liveness(HERE) == "live"
    assert liveness({**HERE, "host": "another-worker"}) == "unknown"
    assert liveness({**HERE, "host": "another-worker", "pid": None}) == "unknown"


def test_a_heartbeat_is_kept(log: IntentLog, s3: Any) -> None:
    record = log.open("apply", OWNER, NOW)
    log.started(record, Started(4711, 12.5))
    log.beat(record, NOW + timedelta(seconds=30))
    assert stored(s3)["heartbeat_at"] == "2026-02-13T20:14:57+00:00"
    assert (stored(s3)["pid"], stored(s3)["ended_at"]) == (4711, None)


@pytest.mark.parametrize(
    ("silent", "expected"),
    [(timedelta(seconds=7199), "unknown"), (timedelta(seconds=7200), "unknown"), (timedelta(seconds=7201), "dead")],
)
def test_one_of_another_host_is_dead_after_a_long_silence(
    s3: Any, monkeypatch: pytest.MonkeyPatch, silent: timedelta, expected: str
) -> None:
    log = IntentLog(s3, BUCKET, "dev_min", "demo", silence=timedelta(hours=2))
    record = log.open("apply", OWNER, NOW - timedelta(days=1)) | {"host": "another-worker"}
    log.beat(record, NOW - silent)
    monkeypatch.setattr(intent, "datetime", Standing)
    found = log.unfinished()
    assert isinstance(found, Known)
    assert found.value.liveness == expected


def test_one_that_lives_here_may_be_silent(log: IntentLog, processes: dict[str, Any]) -> None:
    log.started(log.open("apply", OWNER, NOW - timedelta(days=30)), Started(4711, 12.5))
    processes["alive"].add((4711, 12.5))
    found = log.unfinished()
    assert isinstance(found, Known)
    assert found.value.liveness == "live"


def test_a_pid_that_was_given_to_another_process_is_not_ours(processes: dict[str, Any]) -> None:
    processes["alive"].add((4711, 99.0))
    assert liveness(HERE) == "dead"


# No answer.

NO_ANSWER = [
    pytest.param(aws_error("AccessDenied"), "AccessDenied", id="denied"),
    pytest.param(aws_error("NoSuchBucket"), "NoSuchBucket", id="no-bucket"),
    pytest.param(EndpointConnectionError(endpoint_url="https://s3"), "Could not connect", id="no-connection"),
    pytest.param(NO_TOKEN_FILE, "FileNotFoundError", id="no-token-file"),
    pytest.param(ResponseParserError("half an answer"), "malformed answer", id="malformed"),
]


@pytest.mark.parametrize(("error", "said"), NO_ANSWER)
def test_a_record_that_cannot_be_read_is_not_no_record(log: IntentLog, s3: Any, error: Exception, said: str) -> None:
    log.open("apply", OWNER, NOW)
    refuse(s3, "GetObject", error)
    for found in (log.read(), log.unfinished()):
        assert isinstance(found, Unreadable)
        assert found.reason.startswith(f"{KEY}: ")
        assert said in found.reason


@pytest.mark.parametrize(("error", "said"), NO_ANSWER)
def test_a_record_that_cannot_be_written(log: IntentLog, s3: Any, error: Exception, said: str) -> None:
    record = log.open("apply", OWNER, NOW)
    refuse(s3, "PutObject", error)
    for write in (
        lambda: log.open("apply", OWNER, NOW),
        lambda: log.started(record, Started(1, 1.0)),
        lambda: log.beat(record, NOW),
        lambda: log.ended(record, 0, NOW),
    ):
        with pytest.raises(IntentUnwritable, match=f"^{KEY}: .*{said}"):
            write()


def test_what_s3_repeats_of_a_token_is_neither_said_nor_chained(log: IntentLog, s3: Any) -> None:
    refuse(s3, "PutObject", aws_error("SignatureDoesNotMatch", "PutObject", LEAKY))
    with pytest.raises(IntentUnwritable, match="SignatureDoesNotMatch") as raised:
        log.open("apply", OWNER, NOW)
    assert SECRET not in "".join(format_exception(raised.value))
    refuse(s3, "GetObject", aws_error("SignatureDoesNotMatch", "GetObject", LEAKY))
    assert SECRET not in repr(log.read())


RECORD = {
    "stack": "demo",
    "operation": "apply",
    "execution_id": "m2_x",
    "dag_id": "d",
    "run_id": "r",
    "task_id": "t",
    "try_number": 1,
    "started_at": NOW.isoformat(),
    "ended_at": None,
    **HERE,
}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\x00", id="not-text"),
        pytest.param(b"not json", id="not-json"),
        pytest.param(b"[]", id="a-list"),
        pytest.param(b"null", id="null"),
        pytest.param(b"{}", id="an-empty-object"),
        *(
            pytest.param(json.dumps({k: v for k, v in RECORD.items() if k != gone}).encode(), id=f"without-{gone}")
            for gone in RECORD
        ),
        pytest.param(json.dumps({**RECORD, "pid": [1]}).encode(), id="pid-a-list"),
        pytest.param(json.dumps({**RECORD, "pid": "x"}).encode(), id="pid-text"),
        pytest.param(json.dumps({**RECORD, "create_time": None}).encode(), id="start-null"),
        pytest.param(json.dumps({**RECORD, "create_time": "then"}).encode(), id="start-text"),
        pytest.param(json.dumps({**RECORD, "heartbeat_at": "then"}).encode(), id="heartbeat-text"),
        pytest.param(json.dumps({**RECORD, "heartbeat_at": None}).encode(), id="heartbeat-null"),
    ],
)
def test_a_broken_record_is_unreadable(log: IntentLog, s3: Any, content: bytes) -> None:
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=content)
    assert isinstance(log.unfinished(), Unreadable)
