"""Saved plans in the work bucket: what arrives is digested, and "gone" is not "no answer"."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from traceback import format_exception
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.parsers import ResponseParserError

from standins import BUCKET, LEAKY, NO_TOKEN_FILE, SECRET, aws_error, refuse, s3_in_moto
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.terraform.plan_store import PlanStoreUnreachable, fetch_plan, put_plan

KEY = "plans/dev_min/m2_x/demo-abc.tfplan"
CONTENT = b"PK\x03\x04\x00\xff plan"


@pytest.fixture
def s3() -> Iterator[Any]:
    with s3_in_moto() as client:
        yield client


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "build.tfplan"
    path.write_bytes(CONTENT)
    return path


def test_a_plan_goes_and_comes_back(s3: Any, plan: Path, tmp_path: Path) -> None:
    uri = put_plan(s3, BUCKET, KEY, plan)
    assert uri == f"s3://{BUCKET}/{KEY}"
    to = tmp_path / "another" / "worker" / "fetched.tfplan"
    assert fetch_plan(s3, uri, to) == Known(hashlib.sha256(CONTENT).hexdigest())
    assert to.read_bytes() == CONTENT


def test_only_its_owner_may_read_what_was_fetched(s3: Any, plan: Path, tmp_path: Path) -> None:
    to = tmp_path / "fetched.tfplan"
    to.write_bytes(b"older and longer than what comes: " + CONTENT)
    to.chmod(0o644)
    fetch_plan(s3, put_plan(s3, BUCKET, KEY, plan), to)
    assert to.stat().st_mode & 0o777 == 0o600
    assert to.read_bytes() == CONTENT


def test_the_digest_is_that_of_what_arrived(s3: Any, plan: Path, tmp_path: Path) -> None:
    uri = put_plan(s3, BUCKET, KEY, plan)
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"swapped")
    assert fetch_plan(s3, uri, tmp_path / "p") == Known(hashlib.sha256(b"swapped").hexdigest())


def test_a_plan_that_expired_is_absent(s3: Any, tmp_path: Path) -> None:
    assert fetch_plan(s3, f"s3://{BUCKET}/{KEY}", tmp_path / "p") == Absent()
    assert not (tmp_path / "p").exists()


NO_ANSWER = [
    pytest.param(aws_error("AccessDenied"), "AccessDenied", id="denied"),
    pytest.param(aws_error("NoSuchBucket"), "NoSuchBucket", id="no-bucket"),
    pytest.param(EndpointConnectionError(endpoint_url="https://s3"), "Could not connect", id="no-connection"),
    pytest.param(NO_TOKEN_FILE, "FileNotFoundError", id="no-token-file"),
    pytest.param(ResponseParserError("half an answer"), "malformed answer", id="malformed"),
]


@pytest.mark.parametrize(("error", "said"), NO_ANSWER)
def test_a_plan_that_cannot_be_fetched_is_unreadable(
    s3: Any, plan: Path, tmp_path: Path, error: Exception, said: str
) -> None:
    uri = put_plan(s3, BUCKET, KEY, plan)
    refuse(s3, "GetObject", error)
    found = fetch_plan(s3, uri, tmp_path / "p")
    assert isinstance(found, Unreadable)
    assert found.reason.startswith(f"{uri}: ")
    assert said in found.reason
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize(("error", "said"), NO_ANSWER)
def test_a_plan_that_cannot_be_put(s3: Any, plan: Path, error: Exception, said: str) -> None:
    refuse(s3, "PutObject", error)
    with pytest.raises(PlanStoreUnreachable, match=f"s3://{BUCKET}/{KEY}: .*{said}"):
        put_plan(s3, BUCKET, KEY, plan)


def test_what_s3_repeats_of_a_token_is_neither_said_nor_chained(s3: Any, plan: Path, tmp_path: Path) -> None:
    refuse(s3, "GetObject", aws_error("SignatureDoesNotMatch", "GetObject", LEAKY))
    assert SECRET not in repr(fetch_plan(s3, f"s3://{BUCKET}/{KEY}", tmp_path / "p"))
    refuse(s3, "PutObject", aws_error("SignatureDoesNotMatch", "PutObject", LEAKY))
    with pytest.raises(PlanStoreUnreachable, match="SignatureDoesNotMatch") as raised:
        put_plan(s3, BUCKET, KEY, plan)
    assert SECRET not in "".join(format_exception(raised.value))


def test_a_put_is_checked_on_the_way(s3: Any, plan: Path) -> None:
    sent: list[dict[str, Any]] = []
    s3.meta.events.register_first("before-parameter-build.s3.PutObject", lambda params, **_: sent.append(dict(params)))
    put_plan(s3, BUCKET, KEY, plan)
    assert sent[0]["ChecksumAlgorithm"] == "SHA256"
