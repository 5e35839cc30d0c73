"""`tidegate show` and `tidegate environments`: what a person sees, and the exit status."""

import sys
from pathlib import Path

import pytest

import factories_world as world
from factories_evidence import M2, M9, PLATFORM_RUN, Evidence
from tidegate import cli
from tidegate.settings import settings

GUARD = "f_demo.plan_and_guard"


def run(monkeypatch: pytest.MonkeyPatch, runs: Path, *arguments: str) -> int:
    monkeypatch.setenv("TIDEGATE_RUNS_DIR", str(runs))
    monkeypatch.setattr(sys, "argv", ["tidegate", *arguments])
    settings.cache_clear()
    return cli.main()


def test_a_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    Evidence(tmp_path, M9).lanes().verdict()
    assert run(monkeypatch, tmp_path, "show", M9) == 0
    said = capsys.readouterr().out
    assert "M9.H" in said
    assert PLATFORM_RUN in "".join(said.split())


def test_a_failure_with_brackets_in_its_blockers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Terraform's addresses hold brackets; no console may take them for markup."""
    facts = world.plan_facts(world.planned("aws_nat_gateway.this[a]", "create"))
    Evidence(tmp_path).lanes(blocked=GUARD, blocked_facts=facts).verdict()
    assert run(monkeypatch, tmp_path, "show", M2) == 1
    assert "M2.F FORBIDDEN-RESOURCE aws_nat_gateway.this[a]: rule NAT-GATEWAY" in capsys.readouterr().out


def test_nothing_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, tmp_path, "show", M2) == 2


def test_a_changed_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    evidence = Evidence(tmp_path).lanes().verdict()
    path = evidence.path("j_phase_verdict")
    path.write_bytes(path.read_bytes().replace(b"success", b"sucCess", 1))
    assert run(monkeypatch, tmp_path, "show", M2) == 2
    assert "tampered" in capsys.readouterr().out


def test_environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, tmp_path, "environments") == 0
    assert (
        "dev_min  account 123456789012, eu-west-2: core (persistent), confluent (ephemeral), demo (ephemeral)"
        in capsys.readouterr().out
    )


def test_an_authorisation_is_not_shown_as_an_apply_that_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    Evidence(tmp_path, M9).lanes().verdict()
    run(monkeypatch, tmp_path, "show", M9)
    lanes = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip().startswith("M9.")]
    said = {words[2]: words[1] for words in lanes}
    assert (said["d_demo.destroy"], said["d_demo.verify"]) == ("authorised", "pass")
