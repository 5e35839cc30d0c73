"""Deleted is only what is byte for byte what was judged, in the table and in the bucket, and never the digest."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from factories_state import KEY, backend
from standins import aws_error, dev_min, meanwhile, refuse
from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.locks import read_state_locks
from tidegate.collectors.aws.stack_backend import backend_settings
from tidegate.models.observed import Known
from tidegate.models.state import StateLock
from tidegate.terraform.lock_release import LockNotReleased, delete_judged_lock

ENVIRONMENT = dev_min()[0]
SETTINGS = backend_settings(ENVIRONMENT, "demo")
LOCK, FILE = SETTINGS.lock_id, f"{KEY}.tflock"
INFO = json.dumps({"ID": "b6a5", "Operation": "o", "Who": "a@b", "Created": "2026-02-13T20:14:27Z"})


class Held:
    """Both locks and the digest of demo's state."""

    def __init__(self, clients: Clients, info: Any = None, file: bytes = INFO.encode()) -> None:
        self.clients = clients
        self.item({"LockID": {"S": LOCK}} | ({"Info": {"S": INFO}} if info is None else info))
        self.item({"LockID": {"S": SETTINGS.digest_id}, "Digest": {"S": "d1"}})
        self.file(file)

    def item(self, item: dict[str, Any]) -> None:
        self.clients.dynamodb.put_item(TableName=SETTINGS.lock_table, Item=item)

    def file(self, content: bytes) -> None:
        self.clients.s3.put_object(Bucket=SETTINGS.bucket, Key=FILE, Body=content)

    @property
    def items(self) -> set[str]:
        return {it["LockID"]["S"] for it in self.clients.dynamodb.scan(TableName=SETTINGS.lock_table)["Items"]}

    @property
    def files(self) -> list[str]:
        answer = self.clients.s3.list_objects_v2(Bucket=SETTINGS.bucket)
        return [it["Key"] for it in answer.get("Contents", [])]

    def judged(self) -> tuple[StateLock, ...]:
        found = read_state_locks(self.clients, ENVIRONMENT, "demo")
        assert isinstance(found, Known)
        return found.value

    def release(self, locks: tuple[StateLock, ...]) -> None:
        for lock in locks:
            delete_judged_lock(self.clients, SETTINGS, lock)


@pytest.fixture
def clients() -> Iterator[Clients]:
    with backend() as made:
        yield made


@pytest.mark.parametrize("info", [None, {}, {"Info": {"N": "1"}}, {"Info": {"S": ""}}, {"Info": {"S": "not JSON"}}])
def test_what_was_judged_goes_and_the_digest_stays(clients: Clients, info: Any) -> None:
    held = Held(clients, info)
    held.release(held.judged())
    assert held.items == {SETTINGS.digest_id}
    assert held.files == []


def test_an_empty_lock_file_goes(clients: Clients) -> None:
    held = Held(clients, file=b"")
    held.release(held.judged())
    assert held.files == []


def test_another_lock_that_took_its_place_stays(clients: Clients) -> None:
    held = Held(clients)
    table, file = held.judged()
    held.item({"LockID": {"S": LOCK}, "Info": {"S": INFO + " "}})
    held.file(INFO.encode() + b" ")
    for lock in (table, file):
        with pytest.raises(LockNotReleased, match="not the lock that was judged"):
            held.release((lock,))
    assert LOCK in held.items
    assert held.files == [FILE]


def test_an_item_that_changes_in_the_last_moment_stays(clients: Clients) -> None:
    held = Held(clients)
    table, _ = held.judged()
    happened = [lambda: held.item({"LockID": {"S": LOCK}, "Info": {"S": INFO + " "}})]

    def interfere(**_: Any) -> None:
        if happened:
            happened.pop()()

    clients.dynamodb.meta.events.register_first("before-call.dynamodb.DeleteItem", interfere)
    with pytest.raises(LockNotReleased, match="changed while it was to be released"):
        held.release((table,))
    assert LOCK in held.items


def test_a_file_that_changes_in_the_last_moment_stays(clients: Clients) -> None:
    held = Held(clients)
    _, file = held.judged()
    meanwhile(clients.s3, "DeleteObject", lambda: held.file(INFO.encode() + b" "))
    with pytest.raises(LockNotReleased, match="changed while it was to be released"):
        held.release((file,))
    assert held.files == [FILE]


def test_an_item_that_got_information_meanwhile_stays(clients: Clients) -> None:
    held = Held(clients, {})
    table, _ = held.judged()
    happened = [lambda: held.item({"LockID": {"S": LOCK}, "Info": {"S": INFO}})]
    clients.dynamodb.meta.events.register_first(
        "before-call.dynamodb.DeleteItem", lambda **_: (happened and happened.pop()()) or None
    )
    with pytest.raises(LockNotReleased):
        held.release((table,))
    assert LOCK in held.items


def test_what_is_gone_by_now_is_released(clients: Clients) -> None:
    held = Held(clients)
    judged = held.judged()
    held.release(judged)
    held.release(judged)
    assert held.items == {SETTINGS.digest_id}


def test_a_lock_of_which_nobody_noted_the_bytes_stays(clients: Clients) -> None:
    held = Held(clients)
    lock = StateLock(id="b6a5", operation="o", who="a@b", created=None, kind="dynamodb")
    with pytest.raises(LockNotReleased, match="nobody noted"):
        held.release((lock,))
    assert LOCK in held.items


def test_a_refusal_of_aws_is_said(clients: Clients) -> None:
    held = Held(clients)
    _, file = held.judged()
    refuse(clients.s3, "DeleteObject", aws_error("AccessDenied"))
    with pytest.raises(LockNotReleased, match="AccessDenied"):
        held.release((file,))
