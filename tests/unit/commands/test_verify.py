"""`tidegate verify`: what a person and a program are told, and the exit status."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import factories_world as world
from factories_evidence import FACTS, M1, M2, M9, Evidence
from manifests import COMMITTED
from standins import BUCKET
from tidegate import cli
from tidegate.evidence.store import S3Store, StoreUnreachable
from tidegate.settings import settings

GUARD = "f_demo.plan_and_guard"
NAT = world.plan_facts(world.planned("aws_nat_gateway.this", "create"))


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["tidegate", "verify", *arguments])
    settings.cache_clear()
    return cli.main()


def as_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    status = run(monkeypatch, *arguments, "--format", "json")
    return status, json.loads(capsys.readouterr().out)


def test_a_sound_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    Evidence(tmp_path).lanes().verdict()
    assert run(monkeypatch, M2, "--from", str(tmp_path)) == 0
    first, second = capsys.readouterr().out.splitlines()[:2]
    assert first == f"{M2} of dev_min, profile sandbox: evidence sound, verdict pass"
    assert second == "18 snapshots judged again, 33 inputs compared, 16 lie elsewhere, no chain in this copy"


@pytest.mark.parametrize("execution", ["audit_20260213T210000Z", "hourly_20260213T220000Z"])
def test_an_audit_is_verified_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], execution: str
) -> None:
    evidence = Evidence(tmp_path, execution, remote=True, cost_scope=("aws", "confluent")).lanes().verdict()
    status, said = as_json(monkeypatch, capsys, execution, "--from", str(tmp_path))
    assert (status, said["verdict"], said["findings"], said["chain"]) == (0, "pass", [], 1)
    assert said["snapshots"] == len(evidence.subject.required)


def test_the_mirror_is_where_it_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Evidence(tmp_path).lanes().verdict()
    monkeypatch.setenv("TIDEGATE_RUNS_DIR", str(tmp_path))
    status, said = as_json(monkeypatch, capsys, M2, "--from", "runs", "--environment", "dev_min")
    assert (status, said["overall_pass"], said["sound"], said["verdict"]) == (0, True, True, "pass")
    assert (said["findings"], said["chain"], said["snapshots"]) == ([], None, 18)


def test_a_sound_failure_is_blocked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same verdict as in Airflow."""
    Evidence(tmp_path).lanes(blocked=GUARD, blocked_facts=NAT).verdict()
    status, said = as_json(monkeypatch, capsys, M2, "--from", str(tmp_path))
    assert (status, said["overall_pass"], said["sound"], said["verdict"]) == (1, False, True, "fail")


def test_a_forged_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    evidence = Evidence(tmp_path).lanes(blocked=GUARD, blocked_facts=NAT).verdict()
    evidence.rewrite(GUARD, overall_pass=True, status="pass", blockers=[])
    status, said = as_json(monkeypatch, capsys, M2, "--from", str(tmp_path))
    assert (status, said["sound"]) == (1, False)
    assert all(set(finding) == {"code", "file", "observed", "expected", "remedy"} for finding in said["findings"])
    assert ("JUDGEMENT-MISMATCH", evidence.key(GUARD)) in {(it["code"], it["file"]) for it in said["findings"]}
    assert run(monkeypatch, M2, "--from", str(tmp_path)) == 1
    printed = capsys.readouterr().out
    assert f"{M2} of dev_min, profile sandbox: evidence NOT SOUND, verdict fail" in printed
    assert f"\nJUDGEMENT-MISMATCH {evidence.key(GUARD)}\n    observed  overall_pass true" in printed


def test_what_cannot_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = as_json(monkeypatch, capsys, M2, "--from", str(tmp_path))
    assert (status, [it["code"] for it in said["findings"]]) == (2, ["EXECUTION-UNKNOWN"])
    assert run(monkeypatch, M2, "--from", str(tmp_path)) == 2
    assert "evidence NOT JUDGED, verdict missing" in capsys.readouterr().out


def test_a_copy_of_the_bucket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """EV3: files alone are enough."""
    Evidence(tmp_path, M1, remote=True).lanes().verdict()
    status, said = as_json(monkeypatch, capsys, M1, "--from", str(tmp_path))
    assert (status, said["chain"], said["findings"]) == (0, 1, [])


def test_todays_standing_does_not_change_the_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    evidence = Evidence(tmp_path)
    evidence.environment = evidence.environment.model_copy(update={"scan_regions": ("eu-west-2",)})
    evidence.lanes().verdict()
    status, said = as_json(monkeypatch, capsys, M2, "--from", str(tmp_path))
    reasons = [it["reason"] for it in said["standing_today"] if it["lane"] == "M2.G"]
    assert (status, "stale: manifest or policy has changed since" in reasons) == (0, True)
    assert run(monkeypatch, M2, "--from", str(tmp_path)) == 0
    assert "today (says nothing against its time):" in capsys.readouterr().out


def test_from_the_bucket(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With versions; and only evidence of the profile that is in force."""
    evidence = Evidence(tmp_path, remote=True)
    store = S3Store(s3, BUCKET)
    evidence.lanes().verdict()
    for path in sorted(tmp_path.rglob("*.json")):
        store.create(path.relative_to(tmp_path).as_posix(), path.read_bytes())
    monkeypatch.setattr("tidegate.commands.verify.open_store", lambda *_: (store, True))
    assert as_json(monkeypatch, capsys, M2, "--from", "s3")[0] == 1
    monkeypatch.setenv("TIDEGATE_PROFILE", "sandbox")
    from tidegate.settings import settings

    settings.cache_clear()
    status, said = as_json(monkeypatch, capsys, M2, "--from", "s3")
    codes = {(it["code"], it["observed"].partition(" ")[0]) for it in said["findings"]}
    assert (status, said["chain"], codes) == (1, 1, {("CHAIN-VERDICT-MISMATCH", "version_id")})


def test_a_store_that_does_not_answer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def unreachable(*_: Any) -> Any:
        raise StoreUnreachable("evidence/", "503")

    monkeypatch.setattr("tidegate.verify.execution.read_execution", unreachable)
    assert run(monkeypatch, M2) == 2
    assert "EVIDENCE-UNREACHABLE evidence/: 503" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nonsense",),
        ("m3_20261121T093000Z",),
        ("m2_../../20261121T093000Z",),
        (M2, "--environment", "moon"),
        (M2, "--from", "moon"),
        (M2, "--dir", "no/such/directory"),
        (M2, "--fix"),
    ],
)
def test_wrong_usage(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *arguments) == 64
    assert capsys.readouterr().out == ""


# A cost scope that has grown since (EV4).

BOTH = ("aws", "confluent")


@pytest.fixture
def scoped(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give today's manifest another cost scope."""

    def change(scope: str) -> None:
        text = COMMITTED.read_text(encoding="utf-8")
        directory = tmp_path_factory.mktemp("environments")
        (directory / "dev_min.yaml").write_text(re.sub(r"(?m)^cost_scope: .*$", f"cost_scope: {scope}", text))
        monkeypatch.setenv("TIDEGATE_ENVIRONMENTS_DIR", str(directory))

    return change


def test_a_pass_from_before_the_scope_grew_is_sound_and_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], scoped: Callable[[str], None]
) -> None:
    """Its lanes are those of its own scope; that it does not count today is told apart."""
    Evidence(tmp_path, M9, cost_scope=("aws",)).lanes().verdict()
    scoped("[aws, confluent]")
    status, said = as_json(monkeypatch, capsys, M9, "--from", str(tmp_path))
    assert (status, said["sound"], said["findings"]) == (0, True, [])
    policy = [(it["lane"], it["reason"]) for it in said["standing_today"] if it["reason"].startswith("stale")]
    assert policy == [("M9.G", "stale: manifest or policy has changed since"), ("M9.I", "stale: it rests on M9.G")]


def test_the_rerun_under_the_new_scope_stands_today(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], scoped: Callable[[str], None]
) -> None:
    Evidence(tmp_path, M9, cost_scope=BOTH).lanes().verdict()
    scoped("[aws, confluent]")
    status, said = as_json(monkeypatch, capsys, M9, "--from", str(tmp_path))
    assert (status, said["sound"], said["verdict"]) == (0, True, "pass")
    assert not [it for it in said["standing_today"] if it["reason"].startswith("stale")]


def test_a_pass_of_a_wider_scope_than_todays_is_sound_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], scoped: Callable[[str], None]
) -> None:
    Evidence(tmp_path, M9, cost_scope=BOTH).lanes().verdict()
    scoped("[aws]")
    status, said = as_json(monkeypatch, capsys, M9, "--from", str(tmp_path))
    assert (status, said["findings"]) == (0, [])
    assert {it["lane"] for it in said["standing_today"] if it["reason"].startswith("stale")} == {"M9.G", "M9.I"}


def test_a_run_that_was_judged_again_after_the_scope_grew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], scoped: Callable[[str], None]
) -> None:
    """Clearing it in Airflow gives it the lane that it did not have; its cost is still the one of before."""
    Evidence(tmp_path, M9, cost_scope=("aws",)).lanes().verdict()
    again = Evidence(tmp_path, M9, cost_scope=BOTH)
    again.write("g_confluent_billing", FACTS["CONFLUENT-BILLING"]())
    again.verdict(attempt=2)
    scoped("[aws, confluent]")
    _, said = as_json(monkeypatch, capsys, M9, "--from", str(tmp_path))
    assert (said["sound"], said["findings"]) == (True, [])


@pytest.mark.parametrize(("then", "today"), [(("aws",), "[aws, confluent]"), (BOTH, "[aws]")])
def test_a_run_that_never_came_to_its_cost(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    scoped: Callable[[str], None],
    then: tuple[str, ...],
    today: str,
) -> None:
    """Then its verdict says which lanes it had."""
    left = world.residual_facts(world.live("aws_nat_gateway", "nat-1"))
    Evidence(tmp_path, M9, cost_scope=then).lanes(blocked="f_residual_scan", blocked_facts=left).verdict()
    scoped(today)
    status, said = as_json(monkeypatch, capsys, M9, "--from", str(tmp_path))
    assert (status, said["sound"], said["verdict"], said["findings"]) == (1, True, "fail", [])


def test_a_bill_that_was_taken_away_is_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], scoped: Callable[[str], None]
) -> None:
    """What the cost guardrail says of its scope asks for the bill's snapshot, whatever the manifest says today."""
    evidence = Evidence(tmp_path, M9, cost_scope=BOTH).lanes().verdict()
    evidence.path("g_confluent_billing").unlink()
    scoped("[aws]")
    status, said = as_json(monkeypatch, capsys, M9, "--from", str(tmp_path))
    assert (status, {it["code"] for it in said["findings"]}) == (1, {"SNAPSHOT-MISSING"})


def test_a_scope_that_was_forged_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], scoped: Callable[[str], None]
) -> None:
    evidence = Evidence(tmp_path, M9, cost_scope=BOTH).lanes().verdict()
    facts = {**evidence.document("g_cost_guardrail")["facts"], "cost_scope": ["aws"]}
    evidence.rewrite("g_cost_guardrail", facts=facts)
    scoped("[aws, confluent]")
    status, said = as_json(monkeypatch, capsys, M9, "--from", str(tmp_path))
    assert status == 1
    assert "LANE-DIGEST-MISMATCH" in {it["code"] for it in said["findings"]}


@pytest.mark.parametrize("content", [b"{", b"{}", b"null"])
def test_a_cost_guardrail_that_says_no_scope_leaves_todays(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    scoped: Callable[[str], None],
    content: bytes,
) -> None:
    evidence = Evidence(tmp_path, M9).lanes().verdict()
    evidence.path("g_cost_guardrail").write_bytes(content)
    scoped("[aws]")
    status, said = as_json(monkeypatch, capsys, M9, "--from", str(tmp_path))
    assert (status, said["sound"]) == (1, False)
    assert "LANES-DIFFER" not in {it["code"] for it in said["findings"]}
