"""The pools in which Terraform waits: as many slots as the manifest says, and one where it cannot be used."""

import json
import shutil
import sys
from pathlib import Path

import httpx
import pytest

from manifests import COMMITTED
from tidegate import cli
from tidegate.settings import settings
from workbench.airflow import Connection
from workbench.rest import Airflow


def test_every_environment_has_its_pool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(COMMITTED, tmp_path / "dev_min.yaml")
    (tmp_path / "lake_min.yaml").write_text("name: lake_min\n", "utf-8")
    text = COMMITTED.read_text("utf-8").replace("name: dev_min\n", "name: wide_min\nslots: 5\nproject: other\n", 1)
    text = text.replace("fraud-platform-dev-min", "wide-min")
    (tmp_path / "wide_min.yaml").write_text(text.replace("\nproject: fraud-platform", "", 1), "utf-8")
    monkeypatch.setenv("TIDEGATE_ENVIRONMENTS_DIR", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["tidegate", "pools"])
    settings.cache_clear()
    try:
        assert cli.main() == 0
    finally:
        settings.cache_clear()
    pools = json.loads(capsys.readouterr().out)
    assert {name: pool["slots"] for name, pool in pools.items()} == {
        "dev_min_terraform": 2,
        "lake_min_terraform": 1,
        "wide_min_terraform": 5,
    }
    assert {pool["include_deferred"] for pool in pools.values()} == {False}


def test_the_workbench_makes_pools_and_corrects_their_slots() -> None:
    sent: list[tuple[str, str, int]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/auth/token":
            return httpx.Response(201, json={"access_token": "t"})
        if request.method == "GET":
            there = [{"name": "a_terraform", "slots": 1}, {"name": "b_terraform", "slots": 3}]
            return httpx.Response(200, json={"pools": there})
        sent.append((request.method, request.url.path, json.loads(request.content)["slots"]))
        return httpx.Response(200, json={})

    airflow = Airflow(Connection("http://airflow.example", "admin", "x"), httpx.MockTransport(answer))
    airflow.ensure_pools({f"{name}_terraform": {"slots": 3, "include_deferred": False} for name in "abc"})
    assert sent == [("PATCH", "/api/v2/pools/a_terraform", 3), ("POST", "/api/v2/pools", 3)]
