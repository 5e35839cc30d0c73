"""A state is written over exactly the version that was judged, under both locks, which are given back in any case."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from factories_state import KEY, NOW, backend, body, resource
from standins import aws_error, dev_min, refuse, s3_client
from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.stack_backend import backend_settings
from tidegate.models.unsaved import ObjectVersion
from tidegate.terraform.state_writer import Operation, StateNotWritten, write_state

SETTINGS = backend_settings(dev_min()[0], "demo")
OLD, NEW, OTHER = body(resource("a")), body(resource("b"), serial=8), body(resource("c"), serial=8)
PUSH = Operation("push", NOW)


class Place:
    """The state of demo, and somebody else who writes at the worst moment."""

    def __init__(self, clients: Clients) -> None:
        self.clients = clients
        self.others = s3_client()
        self.judged = self.stored(OLD)

    def stored(self, content: bytes) -> ObjectVersion:
        answer = self.others.put_object(Bucket=SETTINGS.bucket, Key=KEY, Body=content)
        return ObjectVersion(version_id=answer["VersionId"], etag=answer["ETag"])

    def right_before_the_write(self, act: Callable[[], object]) -> None:
        acts = [act]

        def interfere(params: dict[str, Any], **_: Any) -> None:
            if acts and params["url_path"].endswith(KEY):
                acts.pop()()

        self.clients.s3.meta.events.register_first("before-call.s3.PutObject", interfere)

    def write(self, over: ObjectVersion | None) -> str:
        return write_state(self.clients, SETTINGS, NEW, over=over, operation=PUSH)

    @property
    def content(self) -> bytes:
        found: bytes = self.others.get_object(Bucket=SETTINGS.bucket, Key=KEY)["Body"].read()
        return found

    @property
    def items(self) -> dict[str, Any]:
        return {it["LockID"]["S"]: it for it in self.clients.dynamodb.scan(TableName=SETTINGS.lock_table)["Items"]}

    def assert_unlocked(self) -> None:
        keys = [it["Key"] for it in self.others.list_objects_v2(Bucket=SETTINGS.bucket)["Contents"]]
        assert f"{KEY}.tflock" not in keys
        assert SETTINGS.lock_id not in self.items


@pytest.fixture
def place() -> Iterator[Place]:
    with backend() as clients:
        yield Place(clients)


def test_over_the_judged_version(place: Place) -> None:
    version = place.write(place.judged)
    assert place.content == NEW
    assert place.others.head_object(Bucket=SETTINGS.bucket, Key=KEY)["VersionId"] == version
    assert place.items[SETTINGS.digest_id]["Digest"]["S"] == hashlib.md5(NEW, usedforsecurity=False).hexdigest()
    place.assert_unlocked()


def test_a_version_that_came_since_is_never_written_over_even_with_the_same_content(place: Place) -> None:
    place.stored(OTHER)
    place.stored(OLD)
    with pytest.raises(StateNotWritten, match="the state moved"):
        place.write(place.judged)
    assert place.content == OLD
    place.assert_unlocked()


def test_nor_one_that_comes_in_the_last_moment(place: Place) -> None:
    place.right_before_the_write(lambda: place.stored(OTHER))
    with pytest.raises(StateNotWritten, match="moved while it was to be written"):
        place.write(place.judged)
    assert place.content == OTHER
    assert SETTINGS.digest_id not in place.items
    place.assert_unlocked()


def test_nor_an_object_where_there_was_none(place: Place) -> None:
    with pytest.raises(StateNotWritten, match="moved"):
        place.write(None)
    assert place.content == OLD


def test_its_own_write_whose_answer_was_lost_is_its_own(place: Place) -> None:
    place.right_before_the_write(lambda: place.stored(NEW))
    version = place.write(place.judged)
    assert place.others.head_object(Bucket=SETTINGS.bucket, Key=KEY)["VersionId"] == version
    assert SETTINGS.digest_id in place.items


def test_a_lock_in_the_table_of_somebody_else_is_neither_taken_nor_given_back(place: Place) -> None:
    item = {"LockID": {"S": SETTINGS.lock_id}, "Info": {"S": "somebody's"}}
    place.clients.dynamodb.put_item(TableName=SETTINGS.lock_table, Item=item)
    with pytest.raises(StateNotWritten, match=f"somebody holds the lock {SETTINGS.lock_id}"):
        place.write(place.judged)
    assert place.content == OLD
    assert place.items[SETTINGS.lock_id] == item


def test_a_lock_file_of_somebody_else_is_neither_taken_nor_given_back(place: Place) -> None:
    place.others.put_object(Bucket=SETTINGS.bucket, Key=SETTINGS.lockfile_key, Body=b"somebody's")
    with pytest.raises(StateNotWritten, match="somebody holds the lock file"):
        place.write(place.judged)
    assert place.content == OLD
    assert place.others.get_object(Bucket=SETTINGS.bucket, Key=SETTINGS.lockfile_key)["Body"].read() == b"somebody's"


def test_a_refusal_gives_the_locks_back(place: Place) -> None:
    refuse(place.clients.s3, "HeadObject", aws_error("AccessDenied"))
    with pytest.raises(StateNotWritten, match="AccessDenied"):
        place.write(place.judged)
    assert place.content == OLD
    place.assert_unlocked()


def test_a_digest_that_is_refused_is_said(place: Place) -> None:
    def refuse_digest(params: dict[str, Any], **_: Any) -> None:
        if b"-md5" in params["body"]:
            raise aws_error("ThrottlingException")

    place.clients.dynamodb.meta.events.register_first("before-call.dynamodb.PutItem", refuse_digest)
    with pytest.raises(StateNotWritten, match="is written, and its digest is not"):
        place.write(place.judged)
    assert place.content == NEW
    place.assert_unlocked()


def test_a_lock_that_somebody_else_took_meanwhile_is_not_given_back(place: Place) -> None:
    theirs = {"LockID": {"S": SETTINGS.lock_id}, "Info": {"S": "theirs"}}

    def take_over() -> None:
        place.clients.dynamodb.put_item(TableName=SETTINGS.lock_table, Item=theirs)

    place.right_before_the_write(take_over)
    place.write(place.judged)
    assert place.items[SETTINGS.lock_id] == theirs
