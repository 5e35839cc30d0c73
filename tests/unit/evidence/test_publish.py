"""Publishing adds an attempt, never overwrites one, and leaves something to read even when S3 is away."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from standins import MemoryStore
from tidegate.evidence.canonical import unseal
from tidegate.evidence.layout import Place
from tidegate.evidence.publish import Published, newest, publish
from tidegate.evidence.store import LocalStore, NotThere, StoredObject, StoreUnreachable

PLACE = Place(remote="evidence/e/x", local="e/x")


@pytest.fixture
def local(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path)


@pytest.fixture
def remote() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def put(local: LocalStore, remote: MemoryStore) -> Callable[..., Published]:
    """Publish a document that says what it is and which attempt it was told to be."""

    def publish_it(says: str = "x") -> Published:
        return publish(PLACE, lambda attempt: {"says": says, "attempt": attempt}, local, remote)

    return publish_it


def said(store: Any, key: str) -> Any:
    return unseal(store.read(key)[1])


def test_the_first_attempt_lies_in_both_stores(put: Any, local: LocalStore, remote: MemoryStore) -> None:
    published = put()
    assert published.attempt == 1
    assert published.stored.uri == "s3://the-evidence/evidence/e/x.json"
    assert published.stored.version_id == "v-evidence/e/x.json"
    assert remote.read("evidence/e/x.json")[1] == local.read("e/x.json")[1]
    assert said(remote, "evidence/e/x.json") == published.document
    assert published.document["digest"] == published.digest
    assert (published.document["says"], published.document["attempt"]) == ("x", 1)


def test_a_rerun_adds_an_attempt(put: Any, local: LocalStore, remote: MemoryStore) -> None:
    first, second, third = put("fail"), put("fail"), put("pass")
    assert [first.attempt, second.attempt, third.attempt] == [1, 2, 3]
    assert remote.keys("evidence/") == ("evidence/e/x.attempt2.json", "evidence/e/x.attempt3.json", "evidence/e/x.json")
    assert local.keys("e/") == ("e/x.attempt2.json", "e/x.attempt3.json", "e/x.json")
    assert (said(remote, "evidence/e/x.json")["says"], said(remote, "evidence/e/x.attempt3.json")["says"]) == (
        "fail",
        "pass",
    )


def test_s3_is_written_before_the_mirror(put: Any, local: LocalStore, remote: MemoryStore) -> None:
    seen = []
    create = remote.create

    def watched(key: str, content: bytes) -> StoredObject:
        seen.append(local.keys("e/"))
        return create(key, content)

    remote.create = watched  # type: ignore[method-assign]
    put()
    assert seen == [()]
    assert local.keys("e/") == ("e/x.json",)


def test_an_attempt_is_free_in_both_stores(put: Any, local: LocalStore, remote: MemoryStore) -> None:
    # another worker wrote two attempts: this one's mirror has neither
    remote.create("evidence/e/x.json", b"1")
    remote.create("evidence/e/x.attempt2.json", b"2")
    published = put()
    assert published.attempt == 3
    assert published.document["attempt"] == 3
    assert said(remote, "evidence/e/x.attempt3.json")["attempt"] == 3
    assert local.keys("e/") == ("e/x.attempt3.json",)
    assert remote.read("evidence/e/x.json")[1] == b"1"


def test_an_attempt_that_only_the_mirror_has_is_not_reused(put: Any, local: LocalStore, remote: MemoryStore) -> None:
    local.create("e/x.attempt4.json", b"kept")
    assert put().attempt == 5
    assert remote.keys("evidence/") == ("evidence/e/x.attempt5.json",)
    assert local.read("e/x.attempt4.json")[1] == b"kept"


def test_other_documents_do_not_count(put: Any, local: LocalStore, remote: MemoryStore) -> None:
    local.create("e/x.attemptx.json", b"")
    local.create("e/xy.attempt7.json", b"")
    assert put().attempt == 1


def test_without_an_answer_from_s3_the_mirror_has_it_and_nobody_goes_on(
    put: Any, local: LocalStore, remote: MemoryStore
) -> None:
    remote.refusing.add("create")
    with pytest.raises(StoreUnreachable, match=r"evidence/e/x\.json: told not to answer"):
        put("unheard")
    assert said(local, "e/x.json")["says"] == "unheard"
    assert remote.objects == {}


def test_once_s3_answers_again_the_number_moves_on(put: Any, local: LocalStore, remote: MemoryStore) -> None:
    remote.refusing.add("create")
    with pytest.raises(StoreUnreachable):
        put("unheard")
    remote.refusing.clear()
    published = put("heard")
    assert published.attempt == 2
    assert said(local, "e/x.json")["says"] == "unheard"
    assert said(remote, "evidence/e/x.attempt2.json") == said(local, "e/x.attempt2.json")


def test_before_there_is_a_bucket_only_the_mirror_is_written(local: LocalStore) -> None:
    published = publish(PLACE, lambda attempt: {"attempt": attempt}, local, None)
    assert (published.attempt, published.stored.uri, published.stored.version_id) == (1, "file:e/x.json", None)
    assert publish(PLACE, lambda attempt: {"attempt": attempt}, local, None).attempt == 2


def test_before_there_is_a_bucket_the_slower_one_takes_the_next_number(tmp_path: Path) -> None:
    class Busy(LocalStore):
        """Another try wrote the first number after this one had looked."""

        def create(self, key: str, content: bytes) -> StoredObject:
            if key == "e/x.json" and not (tmp_path / key).exists():
                super().create(key, b"faster")
            return super().create(key, content)

    assert publish(PLACE, lambda attempt: {"attempt": attempt}, Busy(tmp_path), None).attempt == 2
    assert (tmp_path / "e" / "x.json").read_bytes() == b"faster"


def test_a_mirror_without_an_answer_is_not_passed_over(put: Any, tmp_path: Path, remote: MemoryStore) -> None:
    mirror = MemoryStore()
    mirror.refusing.add("create")
    with pytest.raises(StoreUnreachable, match=r"^e/x\.json"):
        publish(PLACE, lambda attempt: {"attempt": attempt}, mirror, remote)
    mirror.refusing = {"keys"}
    with pytest.raises(StoreUnreachable, match=r"^e/x\."):
        publish(PLACE, lambda attempt: {"attempt": attempt}, mirror, remote)


def test_the_newest_is_the_highest_number_and_not_the_last_name(remote: MemoryStore) -> None:
    assert newest(remote, "e/x") is None
    for key in ("e/x.json", "e/x.attempt2.json", "e/x.attempt9.json", "e/x.attempt10.json", "e/x.attemptz.json"):
        remote.create(key, key.encode())
    found = newest(remote, "e/x")
    assert found is not None
    stored, content = found
    assert (stored.key, content) == ("e/x.attempt10.json", b"e/x.attempt10.json")


def test_the_newest_of_one_document_is_not_that_of_another(remote: MemoryStore) -> None:
    remote.create("e/xy.attempt3.json", b"")
    remote.create("e/x.y.json", b"")
    assert newest(remote, "e/x") is None


@pytest.mark.parametrize("method", ["keys", "read"])
def test_no_answer_is_not_nothing(remote: MemoryStore, method: str) -> None:
    remote.create("e/x.json", b"")
    remote.refusing.add(method)
    with pytest.raises(StoreUnreachable):
        newest(remote, "e/x")


def test_what_is_published_is_readable_json_for_people(put: Any, local: LocalStore) -> None:
    put("ä")
    text = local.read("e/x.json")[1].decode()
    assert '\n  "says": "ä"\n' in text
    assert json.loads(text)["says"] == "ä"


def test_a_document_that_cannot_be_sealed_is_written_nowhere(local: LocalStore, remote: MemoryStore) -> None:
    with pytest.raises(ValueError, match="inf"):
        publish(PLACE, lambda attempt: {"attempt": attempt, "n": float("inf")}, local, remote)
    assert remote.objects == {}
    with pytest.raises(NotThere):
        local.read("e/x.json")
