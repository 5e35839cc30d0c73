"""What terraform could not save is kept, pushed only when everything about it fits, and closes the stack until then."""

import hashlib
import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import factories_control as control
import factories_world as factories
from factories_state import KEY, backend, body, resource
from standins import aws_error, dev_min, refuse
from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.state_object import read_state_object
from tidegate.evidence.unsaved import read_unsaved, record_unsaved
from tidegate.lanes import readiness, unsaved
from tidegate.lanes.run import ActionBlocked, LaneRun, now
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.settings import settings
from tidegate.terraform import errored, workspace

STATES, TABLE = dev_min()[0].backend.bucket, dev_min()[0].backend.lock_table
LOCK = f"{STATES}/{KEY}"
PLANNED = ("aws_subnet.a", "aws_subnet.b")
BEFORE = body(resource("a"))
AFTER = body(resource("a"), resource("b"), serial=8)


class Backend:
    """dev_min's backend in moto, and the workspace of demo on this worker."""

    def __init__(self, world: Any, clients: Clients) -> None:
        self.world, self.clients = world, clients
        self.prepared, _ = workspace.prepare(dev_min()[0], "demo")

    def run(self, **params: Any) -> LaneRun:
        made: LaneRun = self.world.run("m2", "f_demo.plan_and_guard", clients=self.clients, params=params)
        return made

    def stored(self, content: bytes) -> str:
        return str(self.clients.s3.put_object(Bucket=STATES, Key=KEY, Body=content)["VersionId"])

    def now_stored(self) -> bytes:
        return self.clients.s3.get_object(Bucket=STATES, Key=KEY)["Body"].read()

    def objects(self) -> list[str]:
        return [it["Key"] for it in self.clients.s3.list_objects_v2(Bucket=STATES).get("Contents", [])]

    def items(self) -> dict[str, Any]:
        return {it["LockID"]["S"]: it for it in self.clients.dynamodb.scan(TableName=TABLE)["Items"]}

    def left(self, content: bytes) -> Path:
        """terraform leaves a file here, and it is moved aside as after an apply."""
        errored.errored_file(self.prepared).write_bytes(content)
        path = errored.put_aside(self.prepared)
        assert path is not None
        return path

    def record(self, content: bytes, **changes: Any) -> None:
        given: dict[str, Any] = {
            "execution_id": "m2_20260213T190000Z",
            "task": "f_demo.apply",
            "host": socket.gethostname(),
            "path": str(self.left(content)),
            "uri": None,
            "sha256": hashlib.sha256(content).hexdigest(),
            "written_by_intent": True,
            "last_version_id": None,
            "planned_addresses": PLANNED,
            "at": now(),
        }
        record_unsaved(self.world.remote, "dev_min", "demo", **given | changes)

    def on_record(self) -> Any:
        return read_unsaved(self.world.remote, "dev_min", "demo")


@pytest.fixture
def place(world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backend]:
    monkeypatch.setenv("TIDEGATE_WORK_DIR", str(tmp_path / "work"))
    settings.cache_clear()
    monkeypatch.setattr(readiness, "caller", lambda _run: control.caller())
    monkeypatch.setattr(readiness, "tools", lambda _run: control.tools())
    with backend() as clients:
        yield Backend(world, clients)
    settings.cache_clear()


def refusal(found: Any) -> str:
    assert isinstance(found, Known), found
    return str(found.value.refusal)


def test_what_fits_is_pushed_under_the_lock_and_settled(place: Backend) -> None:
    place.record(AFTER, last_version_id=place.stored(BEFORE))
    assert unsaved.settle(place.run(), "demo") == Absent()
    assert place.now_stored() == AFTER
    assert place.items() == {
        f"{LOCK}-md5": {"LockID": {"S": f"{LOCK}-md5"}, "Digest": {"S": hashlib.md5(AFTER).hexdigest()}}
    }
    assert f"{KEY}.tflock" not in place.objects()
    assert place.on_record() == Absent()
    assert errored.kept_files(place.prepared) == ()
    head = place.clients.s3.head_object(Bucket=STATES, Key=KEY)
    assert head["ServerSideEncryption"] == "AES256"


def test_a_first_state_is_pushed_where_there_was_none(place: Backend) -> None:
    place.record(AFTER, last_version_id="")
    assert unsaved.settle(place.run(), "demo") == Absent()
    assert place.now_stored() == AFTER


def test_another_worker_takes_the_copy_in_the_bucket(place: Backend) -> None:
    version = place.stored(BEFORE)
    key = f"{KEY}.errored/m2_1"
    place.clients.s3.put_object(Bucket=STATES, Key=key, Body=AFTER)
    place.record(AFTER, last_version_id=version, host="worker-9", uri=f"s3://{STATES}/{key}")
    assert unsaved.settle(place.run(), "demo") == Absent()
    assert place.now_stored() == AFTER


SENTENCES = [
    pytest.param(body(resource("b"), serial=9, lineage="c0c0"), {}, "another lineage, c0c0", id="another-lineage"),
    pytest.param(AFTER[:-40], {}, "truncated", id="truncated"),
    pytest.param(body(resource("b"), serial=7), {}, "serial 7 is not above the stored one, 7", id="same-serial"),
    pytest.param(body(resource("b"), serial=6), {}, "serial 6 is not above the stored one, 7", id="lower-serial"),
    pytest.param(AFTER, {"written_by_intent": False}, "no terraform was seen to write it", id="planted"),
    pytest.param(AFTER, {"last_version_id": "v-before"}, "the state moved since", id="version-moved"),
    pytest.param(AFTER, {"last_version_id": None}, "wrote last is not known", id="version-unknown"),
    pytest.param(AFTER, {"planned_addresses": ("aws_subnet.a",)}, "plan does not name: aws_subnet.b", id="unplanned"),
    pytest.param(AFTER, {"sha256": "0" * 64}, "not the one on record any more", id="exchanged"),
    pytest.param(AFTER, {"host": "worker-9"}, "lies on host worker-9", id="on-another-worker-without-a-copy"),
]


@pytest.mark.parametrize(("content", "changes", "sentence"), SENTENCES)
def test_each_misfit_has_its_own_sentence_and_changes_no_state(
    place: Backend, content: bytes, changes: dict[str, Any], sentence: str
) -> None:
    version = place.stored(BEFORE)
    place.record(content, **{"last_version_id": version, **changes})
    assert sentence in refusal(unsaved.settle(place.run(), "demo"))
    assert place.now_stored() == BEFORE
    assert isinstance(place.on_record(), Known)
    assert len(errored.kept_files(place.prepared)) == 1


def test_an_address_that_vanished_must_be_planned_too(place: Backend) -> None:
    version = place.stored(body(resource("a"), resource("z")))
    place.record(body(resource("a"), serial=8), last_version_id=version)
    assert "does not name: aws_subnet.z" in refusal(unsaved.settle(place.run(), "demo"))


@pytest.mark.parametrize(
    "changes", [{"written_by_intent": False}, {"last_version_id": "old"}, {"planned_addresses": ()}]
)
def test_a_persons_word_overrules_a_doubt(place: Backend, changes: dict[str, Any]) -> None:
    place.record(AFTER, **{"last_version_id": place.stored(BEFORE), **changes})
    run = place.run(unsaved_state="demo:push", state_reason="seen in the console")
    assert unsaved.settle(run, "demo") == Absent()
    assert place.now_stored() == AFTER


@pytest.mark.parametrize("content", [body(serial=9, lineage="c0c0"), body(serial=7), AFTER[:-9]])
def test_no_word_pushes_what_is_no_successor_of_the_state(place: Backend, content: bytes) -> None:
    place.record(content, last_version_id=place.stored(BEFORE))
    run = place.run(unsaved_state="demo:push", state_reason="I want it")
    assert refusal(unsaved.settle(run, "demo"))
    assert place.now_stored() == BEFORE


def test_a_word_discards_and_the_copy_stays(place: Backend) -> None:
    place.record(AFTER[:-9], last_version_id=place.stored(BEFORE))
    assert refusal(unsaved.settle(place.run(), "demo"))
    (copy,) = [key for key in place.objects() if ".errored/" in key]
    assert unsaved.settle(place.run(unsaved_state="demo:discard", state_reason="cut off"), "demo") == Absent()
    assert place.now_stored() == BEFORE
    assert copy in place.objects()
    assert unsaved.unsaved_state(place.run(), "demo") == Absent()  # the file on this worker is settled with it


@pytest.mark.parametrize(
    "params",
    [
        {"unsaved_state": "demo:push", "state_reason": " "},
        {"unsaved_state": "core:push", "state_reason": "r"},
        {"unsaved_state": "demo:force", "state_reason": "r"},
    ],
)
def test_what_is_no_word_about_this_stack(place: Backend, params: dict[str, str]) -> None:
    place.record(AFTER, written_by_intent=False, last_version_id=place.stored(BEFORE))
    assert refusal(unsaved.settle(place.run(**params), "demo"))
    assert place.now_stored() == BEFORE


@pytest.mark.parametrize("kind", ["file", "item"])
def test_nothing_is_pushed_while_somebody_holds_the_lock(place: Backend, kind: str) -> None:
    place.record(AFTER, last_version_id=place.stored(BEFORE))
    if kind == "file":
        place.clients.s3.put_object(Bucket=STATES, Key=f"{KEY}.tflock", Body=b"{}")
    else:
        place.clients.dynamodb.put_item(TableName=TABLE, Item={"LockID": {"S": LOCK}, "Info": {"S": "{}"}})
    assert "somebody holds the lock" in refusal(unsaved.settle(place.run(), "demo"))
    assert place.now_stored() == BEFORE
    assert (f"{KEY}.tflock" in place.objects()) is (kind == "file")  # what was not taken is not released
    assert (LOCK in place.items()) is (kind == "item")


def test_another_run_holds_the_lease(place: Backend) -> None:
    place.record(AFTER, last_version_id=place.stored(BEFORE))
    run = place.run()
    run.lease.acquire(dag_id="other", run_id="r", execution_id="m9", now=now())
    assert "lease" in refusal(unsaved.settle(run, "demo"))
    assert place.now_stored() == BEFORE


def test_another_identity_pushes_nothing(place: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    place.record(AFTER, last_version_id=place.stored(BEFORE))
    monkeypatch.setattr(readiness, "caller", lambda _run: control.caller(role=Known("admin")))
    assert "ROLE-MISMATCH" in refusal(unsaved.settle(place.run(), "demo"))
    assert place.now_stored() == BEFORE


def test_a_planted_file_without_a_record_closes_the_stack_and_is_recorded(place: Backend) -> None:
    place.stored(BEFORE)
    errored.errored_file(place.prepared).write_bytes(AFTER)
    assert "no terraform was seen to write it" in refusal(unsaved.settle(place.run(), "demo"))
    assert isinstance(place.on_record(), Known)  # now other workers know, too
    assert place.now_stored() == BEFORE


def test_a_damaged_record_settles_nothing(place: Backend) -> None:
    place.record(AFTER, last_version_id=place.stored(BEFORE))
    key = "control/dev_min/unsaved_states/demo/000002.json"
    place.world.remote.objects[key] = b"{"
    assert isinstance(unsaved.settle(place.run(), "demo"), Unreadable)
    assert place.now_stored() == BEFORE


class Apply:
    """The task of an apply that failed."""

    def __init__(self, place: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
        self.place = place
        monkeypatch.setattr(unsaved, "planned_addresses", lambda *_: PLANNED)

    def ended(self, content: bytes | None) -> None:
        path = errored.errored_file(self.place.prepared)
        if content is not None:
            path.write_bytes(content)
        terraform: Any = SimpleNamespace(errored_sha256=errored.digest_as_it_ended(self.place.prepared))
        unsaved.save_after_apply(self.place.run(), "demo", self.place.prepared, terraform)


@pytest.fixture
def apply(place: Backend, monkeypatch: pytest.MonkeyPatch) -> Apply:
    return Apply(place, monkeypatch)


def test_the_same_task_pushes_it(place: Backend, apply: Apply) -> None:
    place.stored(BEFORE)
    apply.ended(AFTER)
    assert place.now_stored() == AFTER
    assert place.on_record() == Absent()


def test_an_apply_that_saved_its_state_has_nothing_to_push(place: Backend, apply: Apply) -> None:
    place.stored(BEFORE)
    apply.ended(None)
    assert place.now_stored() == BEFORE
    assert place.world.remote.keys("control/") == ()


def test_a_bucket_that_refuses_leaves_it_on_the_host(place: Backend, apply: Apply) -> None:
    place.stored(BEFORE)
    refuse(place.clients.s3, "PutObject", aws_error("ExpiredToken"))
    with pytest.raises(ActionBlocked, match="STATE-NOT-SAVED state of demo") as blocked:
        apply.ended(AFTER)
    (kept,) = errored.kept_files(place.prepared)
    assert f"on host {socket.gethostname()}, at {kept}" in str(blocked.value)
    assert kept.read_bytes() == AFTER
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert isinstance(place.on_record(), Known)


def test_evidence_that_takes_no_record_means_no_push(place: Backend, apply: Apply) -> None:
    place.stored(BEFORE)
    place.world.remote.refusing = {"create"}
    with pytest.raises(ActionBlocked, match="no record could be written"):
        apply.ended(AFTER)
    assert place.now_stored() == BEFORE


def test_a_misfit_is_copied_beside_the_state_and_named(place: Backend, apply: Apply) -> None:
    place.stored(BEFORE)
    with pytest.raises(ActionBlocked, match=rf"in s3://{STATES}/{KEY}\.errored/") as blocked:
        apply.ended(body(resource("b"), serial=3))
    assert "serial 3 is not above" in str(blocked.value)
    (copy,) = [key for key in place.objects() if ".errored/" in key]
    assert place.clients.s3.head_object(Bucket=STATES, Key=copy)["ServerSideEncryption"] == "AES256"


def test_the_stored_state_as_it_is_read(place: Backend) -> None:
    version = place.stored(BEFORE)
    found = read_state_object(place.clients, dev_min()[0], "demo")
    assert isinstance(found, Known)
    assert (found.value.stored.version_id, found.value.body) == (version, BEFORE)
    assert json.loads(BEFORE)["serial"] == found.value.stored.content.serial


def test_the_addresses_of_a_build_are_those_of_its_guarded_plan(world: Any) -> None:
    plan = factories.plan(factories.planned("aws_vpc.this", "create"), factories.planned("aws_subnet.a"))
    world.left("m2", "f_demo.plan_and_guard", factories.plan_facts(plan=Known(plan)))
    assert unsaved.planned_addresses(world.run("m2", "f_demo.apply"), "demo") == ("aws_subnet.a", "aws_vpc.this")


def test_the_addresses_of_a_teardown_hold_what_the_cloud_no_longer_has(world: Any) -> None:
    gone = factories.state_resource("aws_subnet.gone", "subnet-9")
    scope = factories.scope()
    facts = factories.scope_facts(replace(scope, destroy_set=(*scope.destroy_set, gone)))
    world.left("m9", "b_scope_freeze", facts)
    found = unsaved.planned_addresses(world.run("m9", "d_demo.destroy"), "demo")
    assert set(found) == {*(it.address for it in scope.plan.value.resources), "aws_subnet.gone"}
