"""`tidegate new environment` writes a manifest that holds at once, or nothing."""

import sys
from pathlib import Path
from typing import Any

import pytest

from manifests import POLICIES
from tidegate import cli, environments
from tidegate.dag_factory import dags_of
from tidegate.lanes.phases import phase_of
from tidegate.settings import settings

GIVEN = {
    "--project": "search",
    "--account-id": "210987654321",
    "--region": "eu-central-1",
    "--alert-email": "oncall@example.com",
    "--oidc-url": "https://oidc.example.com/id/1",
}


@pytest.fixture
def new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call the command in an empty directory of manifests."""
    monkeypatch.setenv("TIDEGATE_ENVIRONMENTS_DIR", str(tmp_path))
    monkeypatch.setenv("TIDEGATE_POLICIES_DIR", str(POLICIES))
    settings.cache_clear()

    def call(name: str = "try_out", **changes: str | None) -> int:
        given = {**GIVEN, **{f"--{key.replace('_', '-')}": value for key, value in changes.items()}}
        words = [word for option, value in given.items() if value is not None for word in (option, value)]
        monkeypatch.setattr(sys, "argv", ["tidegate", "new", "environment", name, *words])
        return cli.main()

    return call


def test_it_holds_at_once_and_says_what_is_left(new: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert new() == 0
    said = capsys.readouterr().out
    assert "tidegate policy try_out --owner" in said
    made = environments.load("try_out")
    assert (made.account_id, made.region, made.role_name) == (
        "210987654321",
        "eu-central-1",
        "search-try-out-execution",
    )
    assert made.oidc is not None
    assert made.oidc.subject == "system:serviceaccount:airflow:worker"
    assert {made.backend.bucket, made.evidence.bucket, made.work.bucket} == {
        f"search-try-out-{it}" for it in ("tfstate", "evidence", "work")
    }
    assert {"M2.A", "M2.B", "M2.C"} < {lane.name for lane in phase_of(made, "m2").lanes}
    assert {dag.dag_id for dag in dags_of("m9").values()} == {"try_out.m9_teardown_cost_check"}
    assert "$" not in (tmp_path / "try_out.yaml").read_text("utf-8")


def test_a_worker_may_assume_the_role_itself(new: Any) -> None:
    assert new(oidc_url=None, worker_role_arn="arn:aws:iam::210987654321:role/mwaa") == 0
    made = environments.load("try_out")
    assert made.worker is not None
    assert (made.identity, made.oidc, made.worker.role_arn) == (
        "from_worker",
        None,
        "arn:aws:iam::210987654321:role/mwaa",
    )


def test_it_passes_its_check(new: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert new(region="eu-west-2") == 0
    monkeypatch.setattr(sys, "argv", ["tidegate", "manifest", "check", "try_out"])
    assert cli.main() == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"account_id": "123"}, "account_id"),
        ({"region": "cn-north-1"}, "region"),
        ({"oidc_url": None}, "either --oidc-url or --worker-role-arn"),
        ({"worker_role_arn": "arn:aws:iam::210987654321:role/mwaa"}, "either --oidc-url or --worker-role-arn"),
        ({"name": "Try"}, "name"),
    ],
)
def test_what_does_not_hold_is_not_written(
    new: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], said: str
) -> None:
    assert new(**changes) == 64
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_second_time_nothing_changes(new: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert new() == 0
    before = (tmp_path / "try_out.yaml").read_text("utf-8")
    assert new(region="eu-west-1") == 64
    assert "is there already" in capsys.readouterr().err
    assert (tmp_path / "try_out.yaml").read_text("utf-8") == before
