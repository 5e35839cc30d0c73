"""One contract for both stores: what is written stays, and "not there" never looks like "no answer"."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier, Thread
from traceback import format_exception
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from standins import BUCKET, LEAKY, NO_TOKEN_FILE, SECRET, aws_error, meanwhile, refuse, s3_client
from tidegate import conditional
from tidegate.evidence.store import (
    AlreadyExists,
    EvidenceStore,
    LocalStore,
    NotThere,
    S3Store,
    StoreError,
    StoreUnreachable,
    WriteUnconfirmed,
)

KEY = "evidence/dev_min/a/snapshot.json"


@dataclass(frozen=True)
class Subject:
    """A store, another one on the same place, and a way to act between its look and its write."""

    store: EvidenceStore
    other: EvidenceStore
    meanwhile: Callable[[Callable[[], object]], None]
    uri: str


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    def interfere(act: Callable[[], object]) -> None:
        flush, acts = os.fsync, [act]

        def fsync(descriptor: int) -> None:
            flush(descriptor)
            if acts:
                acts.pop()()

        monkeypatch.setattr(os, "fsync", fsync)

    return Subject(LocalStore(tmp_path), LocalStore(tmp_path), interfere, f"file:{KEY}")


@pytest.fixture
def remote(s3: Any) -> Subject:
    def interfere(act: Callable[[], object]) -> None:
        meanwhile(s3, "PutObject", act)

    return Subject(S3Store(s3, BUCKET), S3Store(s3_client(), BUCKET), interfere, f"s3://{BUCKET}/{KEY}")


@pytest.fixture(params=["local", "remote"])
def subject(request: pytest.FixtureRequest) -> Subject:
    found: Subject = request.getfixturevalue(request.param)
    return found


def test_what_is_created_can_be_read(subject: Subject) -> None:
    content = "{ä}\n".encode()
    created = subject.store.create(KEY, content)
    stored, read = subject.other.read(KEY)
    assert read == content
    assert created == stored
    assert (created.key, created.uri) == (KEY, subject.uri)
    assert created.sha256 == hashlib.sha256(content).hexdigest()


def test_an_object_may_be_empty(subject: Subject) -> None:
    subject.store.create(KEY, b"")
    assert subject.store.read(KEY)[1] == b""


def test_what_is_written_stays(subject: Subject) -> None:
    subject.store.create(KEY, b"first")
    with pytest.raises(AlreadyExists, match=KEY) as raised:
        subject.other.create(KEY, b"second")
    assert raised.value.key == KEY
    assert subject.store.read(KEY)[1] == b"first"
    assert subject.store.keys("evidence/") == (KEY,)


def test_the_same_content_is_refused_as_well(subject: Subject) -> None:
    subject.store.create(KEY, b"first")
    with pytest.raises(AlreadyExists):
        subject.store.create(KEY, b"first")


def test_of_two_creators_one_wins(subject: Subject) -> None:
    subject.meanwhile(lambda: subject.other.create(KEY, b"faster"))
    with pytest.raises(AlreadyExists):
        subject.store.create(KEY, b"slower")
    assert subject.store.read(KEY)[1] == b"faster"
    assert subject.store.keys("evidence/") == (KEY,)


def test_two_keys_at_once_do_not_touch_each_other(subject: Subject) -> None:
    subject.meanwhile(lambda: subject.other.create(f"{KEY}.attempt2", b"other"))
    subject.store.create(KEY, b"this")
    assert subject.store.read(KEY)[1] == b"this"
    assert subject.store.read(f"{KEY}.attempt2")[1] == b"other"


def test_what_is_not_there(subject: Subject) -> None:
    with pytest.raises(NotThere, match=KEY) as raised:
        subject.store.read(KEY)
    assert raised.value.key == KEY
    assert not isinstance(raised.value, StoreUnreachable)


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("a/", ("a/b/c.json", "a/b/d.json", "a/x.attempt2.json", "a/x.json")),
        ("a/b/", ("a/b/c.json", "a/b/d.json")),
        ("a/b", ("a/b/c.json", "a/b/d.json")),
        ("a/x.", ("a/x.attempt2.json", "a/x.json")),
        ("a/x.json", ("a/x.json",)),
        ("a", ("a/b/c.json", "a/b/d.json", "a/x.attempt2.json", "a/x.json", "ab/y.json")),
        ("nothing/", ()),
        ("nothing/at/all.", ()),
    ],
)
def test_keys_with_a_prefix(subject: Subject, prefix: str, found: tuple[str, ...]) -> None:
    for key in ("ab/y.json", "a/x.json", "a/x.attempt2.json", "a/b/d.json", "a/b/c.json"):
        subject.store.create(key, key.encode())
    assert subject.other.keys(prefix) == found


def test_every_error_names_its_key_and_is_a_store_error(subject: Subject) -> None:
    subject.store.create(KEY, b"x")
    for call in (lambda: subject.store.create(KEY, b"y"), lambda: subject.store.read("other")):
        with pytest.raises(StoreError):
            call()
    assert str(StoreUnreachable("a/key", "and why")) == "a/key: and why"
    assert str(NotThere("a/key")) == "a/key"


# In the mirror.


def test_threads_of_one_process_may_create_at_once(tmp_path: Path) -> None:
    together, outcomes = Barrier(8), []

    def create(number: int) -> None:
        together.wait()
        try:
            LocalStore(tmp_path).create(KEY, b"%d" % number * 5000)
            outcomes.append(number)
        except AlreadyExists:
            outcomes.append(None)

    threads = [Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [outcome for outcome in outcomes if outcome is not None]
    assert len(outcomes) == 8
    assert LocalStore(tmp_path).read(KEY)[1] == b"%d" % winner * 5000


def test_nothing_but_the_document_is_left_in_the_mirror(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.create(KEY, b"x")
    with pytest.raises(AlreadyExists):
        store.create(KEY, b"y")
    assert [path.name for path in (tmp_path / KEY).parent.iterdir()] == ["snapshot.json"]


def test_a_crash_while_writing_leaves_nothing_under_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    store = LocalStore(tmp_path)
    with pytest.raises(StoreUnreachable, match=f"{KEY}: OSError: No space left on device"):
        store.create(KEY, b"half")
    assert store.keys("evidence/") == ()
    assert list((tmp_path / KEY).parent.iterdir()) == []
    with pytest.raises(NotThere):
        store.read(KEY)


def test_what_another_process_is_writing_is_not_listed(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.create(KEY, b"x")
    (tmp_path / KEY).with_name(".half-written.json.17").write_bytes(b"ha")
    assert store.keys("evidence/") == (KEY,)


def test_a_file_that_cannot_be_read_is_there(tmp_path: Path) -> None:
    (tmp_path / KEY).mkdir(parents=True)
    with pytest.raises(StoreUnreachable, match="IsADirectoryError"):
        LocalStore(tmp_path).read(KEY)


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.create("a/b.json", b""),
        lambda store: store.keys("a/"),
        lambda store: store.read("a/b.json"),
    ],
)
def test_a_mirror_that_is_no_directory_is_unreachable(tmp_path: Path, call: Callable[[LocalStore], object]) -> None:
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(StoreUnreachable):
        call(LocalStore(tmp_path / "runs"))


def test_a_directory_that_cannot_be_listed_is_not_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalStore(tmp_path)
    store.create("a/b/x.json", b"")
    scandir = os.scandir

    def denied(path: Any = ".") -> Any:
        if str(path).endswith("b"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(StoreUnreachable, match="PermissionError"):
        store.keys("a/")


def test_the_mirror_has_no_versions(tmp_path: Path) -> None:
    assert LocalStore(tmp_path).create(KEY, b"x").version_id is None


# In S3.

NO_ANSWER = [
    pytest.param(aws_error("AccessDenied"), "AccessDenied: as told", id="denied"),
    pytest.param(aws_error("NoSuchBucket"), "NoSuchBucket", id="no-bucket"),
    pytest.param(aws_error("SlowDown"), "SlowDown", id="throttled"),
    pytest.param(aws_error("ExpiredToken"), "ExpiredToken", id="expired"),
    pytest.param(EndpointConnectionError(endpoint_url="https://s3"), "Could not connect", id="no-connection"),
    pytest.param(ReadTimeoutError(endpoint_url="https://s3"), "Read timeout", id="timeout"),
    pytest.param(NO_TOKEN_FILE, "FileNotFoundError", id="no-token-file"),
    pytest.param(ResponseParserError("half an answer"), "malformed answer", id="malformed"),
]


@pytest.mark.parametrize(("error", "said"), NO_ANSWER)
def test_a_put_without_an_answer(s3: Any, error: Exception, said: str) -> None:
    refuse(s3, "PutObject", error)
    with pytest.raises(StoreUnreachable, match=f"^{KEY}: .*{said}"):
        S3Store(s3, BUCKET).create(KEY, b"x")


@pytest.mark.parametrize(("error", "said"), NO_ANSWER)
def test_a_get_without_an_answer(s3: Any, error: Exception, said: str) -> None:
    refuse(s3, "GetObject", error)
    with pytest.raises(StoreUnreachable, match=f"^{KEY}: .*{said}"):
        S3Store(s3, BUCKET).read(KEY)


@pytest.mark.parametrize(("error", "said"), NO_ANSWER)
def test_a_listing_without_an_answer(s3: Any, error: Exception, said: str) -> None:
    refuse(s3, "ListObjectsV2", error)
    with pytest.raises(StoreUnreachable, match=f"^evidence/: .*{said}"):
        S3Store(s3, BUCKET).keys("evidence/")


@pytest.mark.parametrize("operation", ["PutObject", "GetObject", "ListObjectsV2"])
def test_what_s3_repeats_of_a_token_is_neither_said_nor_chained(s3: Any, operation: str) -> None:
    refuse(s3, operation, aws_error("SignatureDoesNotMatch", operation, LEAKY))
    store = S3Store(s3, BUCKET)
    acts: dict[str, Callable[[], object]] = {
        "PutObject": lambda: store.create(KEY, b"x"),
        "GetObject": lambda: store.read(KEY),
        "ListObjectsV2": lambda: store.keys("evidence/"),
    }
    with pytest.raises(StoreUnreachable, match=f"{operation} answered SignatureDoesNotMatch") as raised:
        acts[operation]()
    assert SECRET not in "".join(format_exception(raised.value))


def test_credentials_that_cannot_be_refreshed_are_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the worker meets it: the token file of its web identity is gone."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/x")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "gone"))
    with pytest.raises(StoreUnreachable, match="FileNotFoundError"):
        S3Store(s3_client(), BUCKET).read(KEY)


def test_a_missing_bucket_is_not_a_missing_object(s3: Any) -> None:
    store = S3Store(s3, "another-bucket")
    for call in (lambda: store.create(KEY, b"x"), lambda: store.read(KEY), lambda: store.keys("evidence/")):
        with pytest.raises(StoreUnreachable, match="NoSuchBucket"):
            call()


# What the answer to a conditional put proves.


def scripted(s3: Any, *, before: list[Exception | None], after: list[Exception | None]) -> None:
    """The next puts end in these errors, before they reach S3 or after S3 did them; None lets a put through."""

    def refuse_before(**_: Any) -> None:
        if before and (error := before.pop(0)) is not None:
            raise error

    def refuse_after(**_: Any) -> None:
        if after and (error := after.pop(0)) is not None:
            raise error

    s3.meta.events.register_first("before-call.s3.PutObject", refuse_before)
    s3.meta.events.register_first("after-call.s3.PutObject", refuse_after)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody waits; what was to be waited is noted."""
    noted: list[float] = []
    monkeypatch.setattr(conditional.time, "sleep", noted.append)
    return noted


CONFLICT = aws_error("ConditionalRequestConflict", "PutObject")
LOST = ReadTimeoutError(endpoint_url="https://s3")


def answered(code: str, status: int, retries: int) -> ClientError:
    error = aws_error(code, "PutObject")
    error.response["ResponseMetadata"] = {"HTTPStatusCode": status, "RetryAttempts": retries}
    return error


def test_a_conflict_is_asked_again_and_is_nobodys_object(s3: Any, pauses: list[float]) -> None:
    scripted(s3, before=[CONFLICT, CONFLICT], after=[])
    assert S3Store(s3, BUCKET).create(KEY, b"x").key == KEY
    assert S3Store(s3, BUCKET).read(KEY)[1] == b"x"
    assert pauses == list(conditional.PAUSES[:2])


def test_a_conflict_that_lasts_is_no_answer_and_not_taken_for_an_object(s3: Any, pauses: list[float]) -> None:
    refuse(s3, "PutObject", CONFLICT)
    with pytest.raises(StoreUnreachable, match="ConditionalRequestConflict"):
        S3Store(s3, BUCKET).create(KEY, b"x")
    assert pauses == list(conditional.PAUSES)


def test_after_a_conflict_somebody_else_may_have_been_faster(s3: Any, pauses: list[float]) -> None:
    scripted(s3, before=[CONFLICT], after=[])
    meanwhile(s3, "PutObject", lambda: S3Store(s3_client(), BUCKET).create(KEY, b"faster"))
    with pytest.raises(AlreadyExists):
        S3Store(s3, BUCKET).create(KEY, b"x")


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(aws_error("PreconditionFailed", "PutObject"), id="refused-by-its-own-object"),
        pytest.param(LOST, id="no-answer-at-all"),
        pytest.param(answered("InternalError", 500, 0), id="a-broken-server"),
        pytest.param(answered("SlowDown", 503, 3), id="busy-afterwards"),
        pytest.param(answered("ExpiredToken", 400, 1), id="credentials-ended-afterwards"),
        pytest.param(ResponseParserError("half an answer"), id="half-an-answer"),
    ],
)
def test_a_put_whose_answer_was_lost_is_done(s3: Any, error: Exception) -> None:
    scripted(s3, before=[], after=[error])
    created = S3Store(s3, BUCKET).create(KEY, b"x")
    assert created == S3Store(s3_client(), BUCKET).read(KEY)[0]
    assert created.version_id == s3.list_object_versions(Bucket=BUCKET)["Versions"][0]["VersionId"]


def test_the_same_bytes_of_another_write_are_not_ours(s3: Any) -> None:
    S3Store(s3_client(), BUCKET).create(KEY, b"x")
    scripted(s3, before=[], after=[LOST])
    with pytest.raises(AlreadyExists):
        S3Store(s3, BUCKET).create(KEY, b"x")


def test_a_put_that_never_arrived_is_not_done(s3: Any) -> None:
    scripted(s3, before=[LOST], after=[])
    with pytest.raises(StoreUnreachable, match="Read timeout") as raised:
        S3Store(s3, BUCKET).create(KEY, b"x")
    assert not isinstance(raised.value, WriteUnconfirmed)


@pytest.mark.parametrize("error", [LOST, aws_error("PreconditionFailed", "PutObject")])
def test_a_put_that_cannot_be_looked_at_is_neither_done_nor_not_done(s3: Any, error: Exception) -> None:
    scripted(s3, before=[], after=[error])
    refuse(s3, "HeadObject", aws_error("AccessDenied", "HeadObject"))
    with pytest.raises(WriteUnconfirmed, match=f"^{KEY}: .* may be written all the same: HeadObject .*AccessDenied"):
        S3Store(s3, BUCKET).create(KEY, b"x")


def test_a_refusal_of_the_only_request_is_final(s3: Any) -> None:
    refuse(s3, "PutObject", answered("AccessDenied", 403, 0))
    refuse(s3, "HeadObject", AssertionError("nobody needs to look"))
    with pytest.raises(StoreUnreachable, match="AccessDenied"):
        S3Store(s3, BUCKET).create(KEY, b"x")


def test_all_pages_of_a_listing_count(s3: Any) -> None:
    store = S3Store(s3, BUCKET)
    keys = tuple(f"evidence/{number:02d}.json" for number in range(7))
    for key in reversed(keys):
        store.create(key, b"x")
    asked = []

    def two_at_a_time(params: dict[str, Any], **_: Any) -> None:
        params["MaxKeys"] = 2
        asked.append(params.get("ContinuationToken"))

    s3.meta.events.register_first("before-parameter-build.s3.ListObjectsV2", two_at_a_time)
    assert store.keys("evidence/") == keys
    assert len(asked) == 4


def test_a_page_is_one_request(s3: Any, tmp_path: Path) -> None:
    remote, local = S3Store(s3, BUCKET), LocalStore(tmp_path)
    keys = tuple(f"evidence/{number:02d}.json" for number in range(7))
    for key in keys:
        remote.create(key, b"x")
        local.create(key, b"x")
    asked: list[str] = []
    s3.meta.events.register("before-call.s3", lambda model, **_: asked.append(model.name))
    for given, found in (
        (("evidence/",), (keys, False)),
        (("evidence/", "", 7), (keys, False)),
        (("evidence/", "", 6), (keys[:6], True)),
        (("evidence/", keys[2], 2), (keys[3:5], True)),
        (("evidence/", keys[5], 1), (keys[6:], False)),
        (("evidence/", keys[6]), ((), False)),
    ):
        asked.clear()
        assert remote.page(*given) == local.page(*given) == found
        assert asked == ["ListObjectsV2"]
    refuse(s3, "ListObjectsV2", aws_error("AccessDenied", "ListObjectsV2"))
    with pytest.raises(StoreUnreachable, match="AccessDenied"):
        remote.page("evidence/")


def test_a_listing_that_breaks_off_is_no_listing(s3: Any) -> None:
    store = S3Store(s3, BUCKET)
    for number in range(3):
        store.create(f"evidence/{number}.json", b"x")
    asked = []

    def one_page(params: dict[str, Any], **_: Any) -> None:
        params["MaxKeys"] = 2
        asked.append(1)
        if len(asked) > 1:
            raise aws_error("SlowDown")

    s3.meta.events.register_first("before-parameter-build.s3.ListObjectsV2", one_page)
    with pytest.raises(StoreUnreachable):
        store.keys("evidence/")


def test_a_put_is_conditional_and_checked_on_the_way(s3: Any) -> None:
    sent: list[dict[str, Any]] = []
    s3.meta.events.register_first("before-parameter-build.s3.PutObject", lambda params, **_: sent.append(dict(params)))
    S3Store(s3, BUCKET).create(KEY, b"x")
    assert (sent[0]["IfNoneMatch"], sent[0]["ChecksumAlgorithm"]) == ("*", "SHA256")


def test_the_version_of_an_object_is_known(s3: Any) -> None:
    store = S3Store(s3, BUCKET)
    created = store.create(KEY, b"x")
    assert created.version_id
    assert store.read(KEY)[0].version_id == created.version_id
