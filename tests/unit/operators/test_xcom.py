"""The hand-over of snapshots: documents in the environment's work bucket, their address in Airflow's database."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.bases.xcom import BaseXCom
from airflow.sdk.exceptions import AirflowFailException
from airflow.serialization.stringify import stringify
from botocore.exceptions import EndpointConnectionError

from manifests import COMMITTED, PROJECT
from standins import LEAKY, SECRET, aws_error, refuse, s3_client, s3_in_moto
from tidegate.collectors.aws.clients import Clients
from tidegate.models.observed import Known, Unreadable
from tidegate.operators import airflow_run, xcom
from tidegate.operators.airflow_run import XCOM_KEY, handed_over, lane_run
from tidegate.operators.xcom import SMALL, HandOverFailed, SnapshotXCom, share
from tidegate.settings import settings

BUCKET = "fraud-platform-dev-min-work"
DAG, RUN, TASK = "dev_min.m2_substrate_build", "manual__2026-02-13T20:14:27+00:00", "c_core.plan_and_guard"
DOCUMENT = {"status": "pass", "facts": {"usd": "1.20", "days": [1, None, True]}, "text": "Fräud " * SMALL}
OTHER = "another"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The work bucket of dev_min, and the client of a task that has none of its own."""
    monkeypatch.setattr(xcom, "_of_this_task", {})
    with s3_in_moto(BUCKET) as client:
        monkeypatch.setattr(Clients, "_make", lambda *_: client)
        yield client


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another environment beside dev_min, of another account."""
    text = COMMITTED.read_text("utf-8")
    (tmp_path / "dev_min.yaml").write_text(text, "utf-8")
    for old, new in (
        ("name: dev_min\n", f"name: {OTHER}\n"),
        ('account_id: "123456789012"', 'account_id: "210987654321"'),
        (f"bucket: {BUCKET}", "bucket: the-others-work"),
        ("bucket: fraud-platform-dev-min-", "bucket: the-others-"),
    ):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / f"{OTHER}.yaml").write_text(text, "utf-8")
    monkeypatch.setenv("TIDEGATE_ENVIRONMENTS_DIR", str(tmp_path))
    settings.cache_clear()


def pushed(value: Any, dag_id: str | None = DAG) -> Any:
    """What the database gets."""
    return SnapshotXCom.serialize_value(value, key=XCOM_KEY, task_id=TASK, dag_id=dag_id, run_id=RUN, map_index=-1)


def pulled(stored: Any) -> Any:
    return SnapshotXCom.deserialize_value(SimpleNamespace(value=stored))


def keys(client: Any, bucket: str = BUCKET) -> list[str]:
    return [item["Key"] for item in client.list_objects_v2(Bucket=bucket).get("Contents", [])]


def lane_gets(stored: Any) -> Any:
    """What a lane is told of what the database has."""
    ti = SimpleNamespace(xcom_pull=lambda **_: None if stored is None else pulled(stored))
    return handed_over(ti, TASK)


def test_airflow_takes_this_class() -> None:
    from airflow.sdk.execution_time.xcom import XCom

    assert XCom is SnapshotXCom


def test_a_snapshot_lies_in_the_work_bucket_and_its_address_in_the_database(s3: Any) -> None:
    stored = pushed(DOCUMENT)
    (key,) = keys(s3)
    assert stored == f"s3://{BUCKET}/{key}"
    assert key.rpartition("/")[0] == f"xcom/{DAG}/{RUN}/{TASK}"
    assert pulled(stored) == DOCUMENT
    assert lane_gets(stored) == Known(DOCUMENT)


def test_each_push_has_an_object_of_its_own(s3: Any) -> None:
    assert pushed(DOCUMENT) != pushed(DOCUMENT)
    assert len(keys(s3)) == 2


def test_what_the_backend_before_this_one_left_is_read(s3: Any) -> None:
    key = f"xcom/{DAG}/{RUN}/{TASK}/0b6e5f0e-7c0b-4f1f-9a58-3f1f9f0a2a11.json"
    s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(DOCUMENT).encode())
    assert pulled(f"s3://{BUCKET}/{key}") == DOCUMENT


def test_airflows_pages_show_the_address_without_asking_s3(s3: Any) -> None:
    """The API server reads the database and this is what it does with what it finds (core_api/routes/public/xcom)."""
    stored = pushed(DOCUMENT)
    refuse(s3, "GetObject", aws_error("AccessDenied"))
    assert stringify(stored) == stored
    assert stored.startswith(f"s3://{BUCKET}/xcom/{DAG}/")


@pytest.mark.parametrize(
    ("value", "dag_id"),
    [
        pytest.param({"status": "pass"}, DAG, id="small"),
        pytest.param("x" * 2 * SMALL, DAG, id="a-text"),
        pytest.param([DOCUMENT], DAG, id="a-list"),
        pytest.param({"at": datetime(2026, 2, 13, tzinfo=UTC), "text": "x" * SMALL}, DAG, id="no-json"),
        pytest.param({"number": float("nan"), "text": "x" * SMALL}, DAG, id="no-number"),
        pytest.param(DOCUMENT, "example_dag", id="no-environment"),
        pytest.param(DOCUMENT, "nobody.m2_substrate_build", id="no-manifest"),
        pytest.param(DOCUMENT, "dev_min", id="no-phase"),
        pytest.param(DOCUMENT, None, id="no-dag"),
        pytest.param(None, DAG, id="nothing"),
    ],
)
def test_all_else_stays_in_the_database_as_airflow_has_it(s3: Any, value: Any, dag_id: str | None) -> None:
    stored = pushed(value, dag_id)
    assert repr(stored) == repr(BaseXCom.serialize_value(value))
    assert repr(pulled(stored)) == repr(BaseXCom.deserialize_value(SimpleNamespace(value=stored)))
    assert keys(s3) == []


def test_a_document_of_the_smallest_size_goes_to_the_bucket(s3: Any) -> None:
    empty = len(json.dumps({"t": ""}))
    assert isinstance(pushed({"t": "x" * (SMALL - empty)}), str)
    assert isinstance(pushed({"t": "x" * (SMALL - empty - 1)}), dict)


def test_each_environment_has_its_own_bucket(s3: Any, two: None) -> None:
    s3.create_bucket(Bucket="the-others-work", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    other = pushed(DOCUMENT, f"{OTHER}.m2_substrate_build")
    assert other.startswith(f"s3://the-others-work/xcom/{OTHER}.m2_substrate_build/")
    assert (keys(s3), len(keys(s3, "the-others-work"))) == ([], 1)
    assert pulled(other) == DOCUMENT
    foreign = other.replace("the-others-work", BUCKET)
    assert pulled(foreign) == foreign


@pytest.mark.parametrize(
    "error",
    [
        aws_error("AccessDenied", "PutObject", LEAKY),
        aws_error("NoSuchBucket", "PutObject"),
        EndpointConnectionError(endpoint_url="https://s3.example"),
        FileNotFoundError(2, "No such file or directory", "web-identity/token"),
    ],
    ids=["denied", "no bucket", "not reached", "no token"],
)
def test_a_put_that_is_refused_or_lost_fails_the_task_with_one_sentence(s3: Any, error: Exception) -> None:
    refuse(s3, "PutObject", error)
    with pytest.raises(HandOverFailed) as raised:
        pushed(DOCUMENT)
    sentence = str(raised.value)
    assert isinstance(raised.value, AirflowFailException)
    assert sentence.startswith(f"SNAPSHOT-NOT-HANDED-OVER s3://{BUCKET}/xcom/{DAG}/{RUN}/{TASK}/")
    for part in ("the snapshot is in the evidence", " | observed: ", " | expected: ", " | remedy: "):
        assert part in sentence
    assert "\n" not in sentence
    assert SECRET not in sentence
    assert raised.value.__cause__ is None


def test_a_manifest_that_is_broken_meanwhile_fails_the_task(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = pushed(DOCUMENT)
    (tmp_path / "dev_min.yaml").write_text("broken", "utf-8")
    monkeypatch.setenv("TIDEGATE_ENVIRONMENTS_DIR", str(tmp_path))
    settings.cache_clear()
    with pytest.raises(HandOverFailed, match=r"^MANIFEST-INVALID dev_min\.yaml"):
        pushed(DOCUMENT)
    assert isinstance(lane_gets(stored), Unreadable)
    SnapshotXCom.purge(SimpleNamespace(value=stored))


def test_a_lost_document_is_unreadable_and_not_absent(s3: Any) -> None:
    stored = pushed(DOCUMENT)
    s3.delete_object(Bucket=BUCKET, Key=keys(s3)[0])
    found = lane_gets(stored)
    assert isinstance(found, Unreadable)
    assert stored in found.reason
    assert "NoSuchKey" in found.reason


@pytest.mark.parametrize(
    "error",
    [aws_error("AccessDenied", "GetObject", LEAKY), EndpointConnectionError(endpoint_url="https://s3.example")],
    ids=["denied", "not reached"],
)
def test_what_cannot_be_read_is_unreadable_and_tells_no_secret(s3: Any, error: Exception) -> None:
    stored = pushed(DOCUMENT)
    refuse(s3, "GetObject", error)
    found = lane_gets(stored)
    assert isinstance(found, Unreadable)
    assert SECRET not in found.reason


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no JSON"),
        (b"{", "is no JSON"),
        (b"\xff\xfe", "is no JSON"),
        (b'["a"]', "handed over a list"),
        (b'"pass"', "handed over a str"),
    ],
)
def test_what_is_no_document_any_more_is_unreadable(s3: Any, content: bytes, said: str) -> None:
    stored = pushed(DOCUMENT)
    s3.put_object(Bucket=BUCKET, Key=keys(s3)[0], Body=content)
    found = lane_gets(stored)
    assert isinstance(found, Unreadable)
    assert said in found.reason


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pass",
        f"s3://{BUCKET}/plans/core-1.json",
        f"s3://{BUCKET}/xcom/x.json",
        f"s3://somebody-elses/xcom/{DAG}/{RUN}/{TASK}/x.json",
        f"s3://{BUCKET}/xcom/example_dag/{RUN}/{TASK}/x.json",
        f"s3://{BUCKET}/xcom/{DAG}/{RUN}/{TASK}/x.tfplan",
    ],
)
def test_a_text_that_is_no_address_of_ours_is_no_snapshot(s3: Any, text: str) -> None:
    refuse(s3, "GetObject", AssertionError("nobody asked for this"))
    refuse(s3, "DeleteObject", AssertionError("nobody asked for this"))
    assert pulled(text) == text
    assert isinstance(lane_gets(text), Unreadable)
    SnapshotXCom.purge(SimpleNamespace(value=text))


def test_what_airflow_deletes_goes_from_the_bucket(s3: Any) -> None:
    kept, gone = pushed(DOCUMENT), pushed(DOCUMENT)
    SnapshotXCom.purge(SimpleNamespace(value=gone))
    assert [f"s3://{BUCKET}/{key}" for key in keys(s3)] == [kept]
    SnapshotXCom.purge(SimpleNamespace(value=None))
    SnapshotXCom.purge(SimpleNamespace(value={"status": "pass"}))


def test_what_cannot_be_deleted_expires_and_fails_nothing(s3: Any) -> None:
    stored = pushed(DOCUMENT)
    refuse(s3, "DeleteObject", aws_error("AccessDenied"))
    SnapshotXCom.purge(SimpleNamespace(value=stored))
    assert pulled(stored) == DOCUMENT


def test_it_asks_with_the_client_that_the_lane_has(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client more costs a tenth of a second. One of another environment would act as another role."""
    made: list[str] = []
    client = s3_client()

    def make(self: Clients, service: str, region: str) -> Any:
        made.append(f"{service} {region}")
        return client

    monkeypatch.setattr(Clients, "_make", make)
    clients = Clients.from_environment("eu-west-2")
    assert clients.s3 is client
    run = SimpleNamespace(clients=clients, environment=SimpleNamespace(name="dev_min"))
    monkeypatch.setattr("tidegate.lanes.run.open_run", lambda *_, **__: run)
    monkeypatch.setattr(airflow_run, "static_keys_in_connections", lambda: Known(()))
    ti = SimpleNamespace(dag_id=DAG, run_id=RUN, task_id=TASK, try_number=1)
    lane: Any = SimpleNamespace()
    assert lane_run({"ti": ti, "dag_run": SimpleNamespace(run_after=None), "params": {}}, lane, "dev_min") is run
    assert pulled(pushed(DOCUMENT)) == DOCUMENT
    assert made == ["s3 eu-west-2"]
    share(OTHER, Clients.from_environment("eu-west-2"))
    pushed(DOCUMENT)
    assert made == ["s3 eu-west-2", "s3 eu-west-2"]


def test_airflow_finds_it_below_its_plugins_folder_alone(tmp_path: Path) -> None:
    """In the image no path leads to the package before Airflow has read its own settings."""
    program = (
        "import sys; sys.path = [it for it in sys.path if not it.rstrip('/').endswith('plugins')]; "
        "import airflow; from airflow.sdk.execution_time.xcom import XCom; print(XCom.__module__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.strip().splitlines()[-1] == "tidegate.operators.xcom"


def test_airflow_imports_nothing_heavy_with_it() -> None:
    """Each of Airflow's processes loads it, the pages too."""
    program = (
        "import sys, airflow.sdk.bases.xcom, airflow.sdk.exceptions; before = set(sys.modules); "
        "import tidegate.operators.xcom; print(sorted(set(sys.modules) - before))"
    )
    without = {name: value for name, value in os.environ.items() if name != "AIRFLOW__CORE__XCOM_BACKEND"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        env=without,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    loaded = done.stdout.strip().splitlines()[-1]
    assert loaded == "['tidegate', 'tidegate.operators', 'tidegate.operators.xcom']"
