"""`tidegate findings`: what is open, for people and for programs, and the exit status."""

import json
import sys
from typing import Any

import pytest

from factories_bill import spend
from factories_findings import FIRST, SINCE, finding
from standins import BUCKET, MemoryStore
from tidegate import cli
from tidegate.commands import findings
from tidegate.evidence.findings import record_findings
from tidegate.evidence.unexplained_spend import record_unexplained


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


def test_money_that_nothing_explains_is_open_as_well(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    record_unexplained(
        store,
        "dev_min",
        judged=(),
        now_open=(spend(),),
        recorded_by=FIRST,
        at=SINCE,
        evidence={"uri": "", "sha256": ""},
    )
    assert run(monkeypatch) == 1
    assert capsys.readouterr().out == (
        "bill Amazon Never Heard Of@eu-west-2: SPEND-UNEXPLAINED since 2026-11-10, 0.50 USD on 2026-11-12, "
        "seen by audit_20261112T020000Z\n"
    )
    keep(store)
    assert run(monkeypatch, "--format", "json") == 1
    _, told = json.loads(capsys.readouterr().out)
    assert (told["type"], told["id"], told["code"]) == ("bill", "Amazon Never Heard Of", "SPEND-UNEXPLAINED")
    assert (told["usd_per_day"], told["why"], told["region"]) == ("0.50", "no_listing", "eu-west-2")


@pytest.mark.parametrize("series", ["findings", "unexplained_spend"])
def test_a_damaged_record_is_no_answer(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch, capsys: Any, series: str
) -> None:
    keep(store)
    store.objects[f"control/dev_min/{series}/000001.json"] = b"{}"
    assert run(monkeypatch) == 2
    assert "FINDINGS-UNREADABLE" in capsys.readouterr().err
