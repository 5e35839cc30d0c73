"""`tidegate findings`: what is open, for people and for programs, and the exit status."""

import json
import sys
from typing import Any

import pytest

from factories_findings import FIRST, SINCE, finding
from standins import BUCKET, MemoryStore
from tidegate import cli
from tidegate.commands import findings
from tidegate.evidence.findings import record_findings


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    kept = MemoryStore()
    monkeypatch.setattr(findings, "open_store", lambda *_: (kept, True))
    return kept


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["tidegate", "findings", *arguments])
    return cli.main()


def keep(store: MemoryStore) -> None:
    evidence = {"uri": f"s3://{BUCKET}/x", "sha256": "a" * 64}
    record_findings(store, "dev_min", seen=(finding(),), gone=(), recorded_by=FIRST, at=SINCE, evidence=evidence)


def test_nothing_is_open(store: MemoryStore, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    assert run(monkeypatch) == 0
    assert capsys.readouterr().out == "dev_min: no open finding\n"
    assert run(monkeypatch, "--format", "json") == 0
    assert json.loads(capsys.readouterr().out) == []


def test_what_is_open(store: MemoryStore, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    keep(store)
    before = dict(store.objects)
    assert run(monkeypatch) == 1
    said = capsys.readouterr().out
    assert said.startswith(
        "aws_iam_role fraud-platform-dev-min-demo-runtime eu-west-2: RESOURCE-STILL-THERE since 2026"
    )
    assert run(monkeypatch, "--format", "json") == 1
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["type"], told["held_by"], told["seen_by"]) == ("aws_iam_role", "demo", FIRST)
    assert store.objects == before


def test_a_damaged_record_is_no_answer(store: MemoryStore, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    keep(store)
    store.objects["control/dev_min/findings/000001.json"] = b"{}"
    assert run(monkeypatch) == 2
    assert "FINDINGS-UNREADABLE" in capsys.readouterr().err
