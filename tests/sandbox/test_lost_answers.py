"""Answers that are lost on their way, over HTTP with botocore's own retries: what was done is done once, and known."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import botocore.endpoint
import pytest

from factories_state import body, resource
from sandbox.client import Kind
from sandbox.testing import Sandbox
from standins import dev_min
from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.lock_probes import probe_dynamodb_lock, probe_lockfile
from tidegate.collectors.aws.locks import read_state_locks
from tidegate.collectors.aws.stack_backend import backend_settings
from tidegate.evidence.canonical import seal
from tidegate.evidence.control import (
    Series,
    latch_series,
    open_platform_run,
    platform_series,
    read_latch,
    release_latch,
    set_latch,
)
from tidegate.evidence.cost_reads import CostReads
from tidegate.evidence.execution import claim
from tidegate.evidence.findings import findings_series, record_findings
from tidegate.evidence.layout import Place
from tidegate.evidence.lease import RunLease
from tidegate.evidence.lock_looks import look_at_lock
from tidegate.evidence.publish import publish
from tidegate.evidence.store import AlreadyExists, LocalStore, S3Store, StoreUnreachable, WriteUnconfirmed
from tidegate.evidence.teardowns import end_teardown
from tidegate.evidence.time_to_live import (
    extend_time_to_live,
    read_time_to_live,
    renew_time_to_live,
    time_to_live_series,
)
from tidegate.evidence.unsaved import read_unsaved, record_unsaved, settle_unsaved
from tidegate.models.backend import LockProbe
from tidegate.models.control import PlatformRun
from tidegate.models.findings import Finding
from tidegate.models.observed import Known
from tidegate.models.state import StateLock
from tidegate.terraform import bootstrap_table
from tidegate.terraform.lock_release import LockNotReleased, delete_judged_lock
from tidegate.terraform.state_writer import Operation, StateNotWritten, write_state

pytestmark = pytest.mark.timeout(300)
ENVIRONMENT = dev_min()[0]
NAME = ENVIRONMENT.name
SETTINGS = backend_settings(ENVIRONMENT, "demo")
BUCKET = ENVIRONMENT.evidence.bucket
NOW = datetime(2026, 2, 13, 20, 14, 27, 123456, tzinfo=UTC)
OURS = {"dag_id": "dev_min.m2", "run_id": "manual__1"}
PROOF = {"uri": "s3://b/k", "sha256": "0" * 64}
LOSSES: tuple[tuple[Kind, dict[str, Any]], ...] = (
    ("lose", {"times": 1}),
    ("error_after", {"times": 1}),
    ("lose", {"times": 4}),
    ("error_after", {"times": 4}),
)
"""One answer is lost, so that botocore's second request meets its own object; or all four are lost."""


@pytest.fixture(params=LOSSES, ids=lambda loss: f"{loss[0]}-{loss[1]['times']}")
def loss(request: pytest.FixtureRequest) -> tuple[Kind, dict[str, Any]]:
    found: tuple[Kind, dict[str, Any]] = request.param
    return found


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither botocore between its requests nor we after a conflict."""
    monkeypatch.setattr(botocore.endpoint.time, "sleep", lambda _seconds: None)


@pytest.fixture
def clients(sandbox: Sandbox) -> Iterator[Clients]:
    with mock.patch.dict(os.environ, sandbox.applied_to(os.environ), clear=True):
        made = Clients.from_environment(ENVIRONMENT.region)
        for bucket in (BUCKET, SETTINGS.bucket):
            where: Any = {"LocationConstraint": ENVIRONMENT.region}
            made.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
            made.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        yield made


@pytest.fixture
def table(clients: Clients) -> Any:
    clients.dynamodb.create_table(
        TableName=SETTINGS.lock_table,
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return clients.dynamodb


@pytest.fixture
def store(clients: Clients) -> S3Store:
    return S3Store(clients.s3, BUCKET)


@pytest.fixture
def losing(sandbox: Sandbox, clients: Clients, loss: tuple[Kind, dict[str, Any]]) -> Callable[..., Any]:
    """Answers of an operation are lost inside the `with` block."""
    kind, more = loss
    clients.session.get_credentials().get_frozen_credentials()
    return lambda operation="PutObject", service="s3": sandbox.admin.fault(
        service=service, operation=operation, kind=kind, **more
    )


def numbers(series: Series) -> list[int]:
    return [int(key.rpartition("/")[2][:6]) for key in series.store.keys(f"{series.prefix}/")]


# Evidence and control.


def test_an_object_is_created_once_and_is_ours(store: S3Store, losing: Any) -> None:
    with losing():
        created = store.create("evidence/a.json", b"{}")
    assert created == store.read("evidence/a.json")[0]
    with losing(), pytest.raises(AlreadyExists):
        store.create("evidence/a.json", b"{}")


def test_a_lease_is_taken_renewed_and_given_back(clients: Clients, losing: Any) -> None:
    lease = RunLease(clients.s3, BUCKET, NAME, seconds=1800)
    for moment in (NOW, NOW + timedelta(minutes=5)):
        with losing():
            taken = lease.acquire(**OURS, execution_id="m2_x", now=moment)
        assert taken.ours
        assert isinstance(taken.holder, Known)
        assert (taken.holder.value.run_id, taken.holder.value.heartbeat_at) == ("manual__1", moment)
    with losing():
        released = lease.release(**OURS, now=NOW + timedelta(minutes=6))
    assert released
    assert not lease.check(**OURS, now=NOW + timedelta(minutes=6)).ours


def test_a_lease_of_somebody_else_stays_theirs(clients: Clients, losing: Any) -> None:
    lease = RunLease(clients.s3, BUCKET, NAME, seconds=1800)
    lease.acquire(dag_id="dev_min.m9", run_id="manual__9", execution_id="m9_x", now=NOW)
    with losing():
        assert not lease.acquire(**OURS, execution_id="m2_x", now=NOW).ours


def test_the_latch_is_set_once_and_released_once(store: S3Store, losing: Any) -> None:
    with losing():
        set_latch(store, NAME, reason="28 USD", recorded_by="m9_x", at=NOW)
    latch = read_latch(store, NAME)
    assert isinstance(latch, Known)
    with losing():
        release_latch(store, NAME, latch.value, reason="gone", recorded_by="release_x", at=NOW, evidence=PROOF)
    assert numbers(latch_series(store, NAME)) == [1, 2]
    released = read_latch(store, NAME)
    assert isinstance(released, Known)
    assert not released.value.is_set


def test_a_release_that_somebody_was_faster_than_is_refused(store: S3Store, losing: Any) -> None:
    set_latch(store, NAME, reason="28 USD", recorded_by="m9_x", at=NOW)
    latch = read_latch(store, NAME)
    assert isinstance(latch, Known)
    release: dict[str, Any] = {"reason": "gone", "at": NOW, "evidence": PROOF}
    release_latch(store, NAME, latch.value, recorded_by="release_y", **release)
    with losing(), pytest.raises(AlreadyExists):
        release_latch(store, NAME, latch.value, recorded_by="release_x", **release)


def test_a_release_that_nobody_can_look_at_is_not_called_refused(sandbox: Sandbox, store: S3Store) -> None:
    set_latch(store, NAME, reason="28 USD", recorded_by="m9_x", at=NOW)
    latch = read_latch(store, NAME)
    assert isinstance(latch, Known)
    with (
        sandbox.admin.fault(service="s3", operation="PutObject", kind="lose"),
        sandbox.admin.fault(service="s3", operation="HeadObject", kind="access_denied"),
        pytest.raises(WriteUnconfirmed, match="may be written all the same"),
    ):
        release_latch(store, NAME, latch.value, reason="x", recorded_by="release_x", at=NOW, evidence=PROOF)
    assert numbers(latch_series(store, NAME)) == [1, 2]


def test_a_time_to_live_is_renewed_and_extended_once(store: S3Store, losing: Any) -> None:
    with losing():
        renew_time_to_live(store, NAME, "demo", hours=8, set_by="m2_x", reason="r", at=NOW)
    judged, series = read_time_to_live(store, NAME, "demo"), time_to_live_series(store, NAME, "demo")
    assert numbers(series) == [1]
    end = NOW.replace(microsecond=0) + timedelta(hours=10)
    with losing():
        extend_time_to_live(store, NAME, "demo", judged, ends_at=end, hours=2, set_by="ttl_x", reason="r", at=NOW)
    assert numbers(series) == [1, 2]


def test_a_series_grows_by_one(store: S3Store, losing: Any) -> None:
    run = PlatformRun(id="p1", opened_by="m2_x", opened_at=NOW, closed_by=None)
    with losing():
        open_platform_run(store, NAME, run)
    assert numbers(platform_series(store, NAME)) == [1]


def test_a_finding_is_recorded_once(store: S3Store, losing: Any) -> None:
    finding = Finding(type="aws_vpc", id="vpc-1", region="eu-west-2", since=NOW, seen_by="m9_x", code="C", held_by=None)
    with losing():
        record_findings(store, NAME, seen=[finding], gone=[], recorded_by="m9_x", at=NOW, evidence=PROOF)
    assert numbers(findings_series(store, NAME)) == [1]


def test_an_unsaved_state_is_recorded_and_settled_once(store: S3Store, losing: Any) -> None:
    with losing():
        record_unsaved(
            store,
            NAME,
            "demo",
            execution_id="m2_x",
            task="t",
            host="h",
            path="/p",
            uri=None,
            sha256="0" * 64,
            written_by_intent=True,
            last_version_id=None,
            planned_addresses=(),
            at=NOW,
        )
    unsaved = read_unsaved(store, NAME, "demo")
    assert isinstance(unsaved, Known)
    with losing():
        settle_unsaved(store, NAME, unsaved.value, outcome="pushed", execution_id="m2_y", reason="r", at=NOW)
    assert numbers(Series(store, f"control/{NAME}/unsaved_states/demo")) == [1, 2]


def test_a_look_at_a_lock_is_on_record_once(store: S3Store, losing: Any) -> None:
    lock = StateLock(id="b6a5", operation="o", who="a@b", created=NOW, kind="dynamodb", damage="", sha256="0" * 64)
    with losing():
        assert isinstance(look_at_lock(store, NAME, "demo", (lock,), "v1", at=NOW), Known)
    assert numbers(Series(store, f"control/{NAME}/lock_looks/demo/{lock.name}")) == [1]


def test_an_execution_id_is_claimed_by_its_run_alone(store: S3Store, losing: Any) -> None:
    with losing():
        assert claim(store, NAME, "m2", **OURS, run_after=NOW) == "m2_20260213T201427Z"
    with losing():
        other = claim(store, NAME, "m2", dag_id="dev_min.m2", run_id="manual__2", run_after=NOW)
    assert other == "m2_20260213T201428Z"


def test_a_snapshot_is_one_attempt(store: S3Store, losing: Any, tmp_path: Any) -> None:
    place = Place(local="runs/x", remote="evidence/x")
    with losing():
        published = publish(place, lambda attempt: {"attempt": attempt}, LocalStore(tmp_path), store)
    assert published.attempt == 1
    assert store.keys("evidence/x") == (place.remote_key(1),)


def test_an_own_read_is_counted_once(store: S3Store, losing: Any) -> None:
    month, end = NOW.date().replace(day=1), NOW.date()
    reads = CostReads(store=store, environment=NAME, month=month)
    with losing():
        assert reads.announce(at=NOW, start=month, end=end, by="m9_x", most_pages=100) == 100
    with losing():
        assert reads.answered(Known(()), at=NOW, start=month, end=end, by="m9_x", pages=1) == 1


def test_a_conflict_is_retried_and_never_taken_for_an_object(
    sandbox: Sandbox, store: S3Store, clients: Clients
) -> None:
    conflict: dict[str, Any] = {"service": "s3", "operation": "PutObject", "kind": "error", "status": 409}
    conflict["code"] = "ConditionalRequestConflict"
    with sandbox.admin.fault(**conflict, times=2):
        store.create("evidence/a.json", b"{}")
    with sandbox.admin.fault(**conflict, times=2):
        assert RunLease(clients.s3, BUCKET, NAME, seconds=9).acquire(**OURS, execution_id="m2_x", now=NOW).ours
    position = sandbox.admin.journal_position()
    with sandbox.admin.fault(**conflict), pytest.raises(StoreUnreachable, match="ConditionalRequestConflict"):
        claim(store, NAME, "m2", **OURS, run_after=NOW)
    puts = [call for call in sandbox.admin.calls(position) if call.operation == "PutObject"]
    assert len(puts) == 4


# Locks and states.


def test_a_probed_lock_is_our_own(clients: Clients, table: Any, losing: Any) -> None:
    works = {"acquired": True, "second_refused": True, "released": True}
    with losing("PutItem", "dynamodb"):
        assert probe_dynamodb_lock(clients, ENVIRONMENT) == Known(LockProbe(mechanism="dynamodb", **works))
    with losing():
        assert probe_lockfile(clients, ENVIRONMENT) == Known(LockProbe(mechanism="s3-lockfile", **works))


@pytest.mark.parametrize(("service", "operation"), [("s3", "PutObject"), ("dynamodb", "PutItem")])
def test_a_state_is_written_under_its_own_locks(
    clients: Clients, table: Any, losing: Any, service: str, operation: str
) -> None:
    with losing(operation, service):
        version = write_state(clients, SETTINGS, body(resource("a")), over=None, operation=Operation("push", NOW))
    versions = clients.s3.list_object_versions(Bucket=SETTINGS.bucket, Prefix=SETTINGS.key)["Versions"]
    assert [each["VersionId"] for each in versions if each["Key"] == SETTINGS.key] == [version]
    assert [item["LockID"]["S"] for item in table.scan(TableName=SETTINGS.lock_table)["Items"]] == [SETTINGS.digest_id]
    with pytest.raises(clients.s3.exceptions.ClientError):
        clients.s3.head_object(Bucket=SETTINGS.bucket, Key=SETTINGS.lockfile_key)


def test_a_state_that_was_written_is_not_called_unwritten(sandbox: Sandbox, clients: Clients, table: Any) -> None:
    state = {"service": "s3", "resource": SETTINGS.key}
    with (
        sandbox.admin.fault(**state, operation="GetObject", kind="access_denied"),
        sandbox.admin.fault(service="s3", operation="PutObject", resource=".tflock", kind="error_after", times=1),
        pytest.raises(StateNotWritten, match="reading it back"),
    ):
        write_state(clients, SETTINGS, body(resource("a")), over=None, operation=Operation("push", NOW))
    clients.s3.delete_object(Bucket=SETTINGS.bucket, Key=SETTINGS.lockfile_key)
    with (
        sandbox.admin.fault(**state, operation="GetObject", kind="access_denied"),
        sandbox.admin.fault(service="s3", operation="PutObject", resource=".tflock", kind="delay", seconds=0.01),
        sandbox.admin.fault(**state, operation="PutObject", kind="error_after", times=4),
        pytest.raises(StateNotWritten, match="may be written all the same"),
    ):
        write_state(clients, SETTINGS, body(resource("a")), over=None, operation=Operation("push", NOW))


def test_a_conflict_keeps_no_state_from_being_written(sandbox: Sandbox, clients: Clients, table: Any) -> None:
    with sandbox.admin.fault(
        service="s3", operation="PutObject", kind="error", status=409, code="ConditionalRequestConflict", times=2
    ):
        write_state(clients, SETTINGS, body(resource("a")), over=None, operation=Operation("push", NOW))


@pytest.mark.parametrize(("service", "operation"), [("s3", "DeleteObject"), ("dynamodb", "DeleteItem")])
def test_a_judged_lock_that_is_gone_is_released(
    clients: Clients, table: Any, losing: Any, service: str, operation: str
) -> None:
    information = '{"ID": "b6a5", "Operation": "o", "Who": "a@b", "Created": "2026-02-13T20:14:27Z"}'
    table.put_item(TableName=SETTINGS.lock_table, Item={"LockID": {"S": SETTINGS.lock_id}, "Info": {"S": information}})
    clients.s3.put_object(Bucket=SETTINGS.bucket, Key=SETTINGS.lockfile_key, Body=information.encode())
    locks = read_state_locks(clients, ENVIRONMENT, "demo")
    assert isinstance(locks, Known)
    for lock in locks.value:
        with losing(operation, service):
            delete_judged_lock(clients, SETTINGS, lock)
    assert read_state_locks(clients, ENVIRONMENT, "demo") == Known(())


def test_a_judged_lock_that_cannot_be_looked_at_may_be_gone(sandbox: Sandbox, clients: Clients, table: Any) -> None:
    table.put_item(TableName=SETTINGS.lock_table, Item={"LockID": {"S": SETTINGS.lock_id}, "Info": {"S": "x"}})
    locks = read_state_locks(clients, ENVIRONMENT, "demo")
    assert isinstance(locks, Known)

    def look_refused(**_: Any) -> None:
        asked.append("GetItem")
        if len(asked) > 1:
            raise ConnectionError("nobody answers")

    asked: list[str] = []
    clients.dynamodb.meta.events.register_first("before-call.dynamodb.GetItem", look_refused)
    with (
        sandbox.admin.fault(service="dynamodb", operation="DeleteItem", kind="lose"),
        pytest.raises(LockNotReleased, match="may be released all the same"),
    ):
        delete_judged_lock(clients, SETTINGS, locks.value[0])


def test_a_lock_table_is_made_once(sandbox: Sandbox, clients: Clients) -> None:
    parts = bootstrap_table.table_parts(clients, bootstrap_table.TableSpec(name=SETTINGS.lock_table))
    with sandbox.admin.fault(service="dynamodb", operation="CreateTable", kind="lose", times=1):
        assert parts[0].ensure() == "created"


def test_a_teardown_ends_once(store: S3Store, losing: Any) -> None:
    store.create(f"control/{NAME}/teardowns/demo/000001.json", seal({"status": "begun", "number": 1}))
    with losing():
        end_teardown(store, NAME, "demo", execution_id="m9_x", outcome="destroyed")
    assert numbers(Series(store, f"control/{NAME}/teardowns/demo")) == [1, 2]
