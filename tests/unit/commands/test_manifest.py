"""`tidegate manifest check`: valid, priced, or what is missing and how to get it."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from manifests import COMMITTED, POLICIES
from tidegate import cli
from tidegate.collectors.aws.lookup import QUESTIONS
from tidegate.settings import settings


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The committed manifest in a directory of the test."""
    directory = tmp_path / "environments"
    directory.mkdir()
    path = directory / COMMITTED.name
    path.write_bytes(COMMITTED.read_bytes())
    monkeypatch.setenv("TIDEGATE_ENVIRONMENTS_DIR", str(directory))
    settings.cache_clear()
    return path


@pytest.fixture
def check(
    manifest: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Exit status and what was printed, after a replacement in the manifest."""

    def call(old: str = "", new: str = "", name: str = "dev_min") -> tuple[int, str]:
        text = manifest.read_text("utf-8")
        assert old in text
        manifest.write_text(text.replace(old, new, 1) if old else text, "utf-8")
        monkeypatch.setattr(sys, "argv", ["tidegate", "manifest", "check", name])
        status = cli.main()
        said = capsys.readouterr()
        return status, said.out + said.err

    return call


def test_the_committed_manifest(check: Any) -> None:
    status, said = check()
    assert status == 0
    assert said == "dev_min: the manifest is valid; 45 of 45 types of its stacks are priced\n"


def test_another_region_is_refused_before_anything_is_made_and_the_command_is_said(check: Any) -> None:
    regions = "region: eu-west-2\nscan_regions: [eu-west-2, us-east-1]"
    status, said = check(regions, "region: eu-central-1\nscan_regions: [eu-central-1]")
    assert status == 1
    assert "REGION-UNPRICED aws_db_instance of demo in eu-central-1: machine: no price of aws_db_instance" in said
    assert "remedy    tidegate prices refresh --region eu-central-1 --environment dev_min --write" in said
    assert "44 of 45 types" in said


@pytest.mark.parametrize(
    ("region", "said"),
    [
        (
            "eu-wets-2",
            "dev_min.yaml:8: region: eu-wets-2 is no region of AWS that this version knows; eu-west",
        ),
        ("us-gov-west-1", "us-gov-west-1 is a region of the partition aws-us-gov, which is not supported"),
        ("cn-north-1", "cn-north-1 is a region of the partition aws-cn, which is not supported"),
    ],
)
def test_a_region_that_cannot_be_used(check: Any, region: str, said: str) -> None:
    status, found = check("region: eu-west-2", f"region: {region}")
    assert status == 64
    assert said in found


def test_an_unknown_environment(check: Any) -> None:
    status, said = check(name="other")
    assert (status, "unknown environment 'other'" in said) == (64, True)


def test_types_that_nothing_grants_or_looks_for_are_named(
    check: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the apply is denied, or no teardown is ever proven: both after something was made."""
    shutil.copytree(POLICIES, tmp_path / "policies")
    types = tmp_path / "policies" / "allowed_types.yaml"
    listed = "stacks:\n  reports: [aws_sns_topic, aws_budgets_budget, terraform_data]\n"
    listed += "  kept: [aws_budgets_budget]\n"
    types.write_text(types.read_text("utf-8").replace("stacks:\n", listed, 1), "utf-8")
    monkeypatch.setenv("TIDEGATE_POLICIES_DIR", str(tmp_path / "policies"))
    settings.cache_clear()
    entry = "{root: ./elsewhere, destroyable: %s, lifecycle: %s, state_key: %s.tfstate}\n"
    stacks = "  reports: " + entry % ("true", "ephemeral", "reports")
    stacks += "  kept: " + entry % ("false", "persistent", "kept")
    monkeypatch.delitem(QUESTIONS, "aws_sns_topic")
    status, said = check("stacks:\n", f"stacks:\n{stacks}")
    assert status == 1
    assert [line for line in said.splitlines() if line.startswith("TYPE-")] == [
        "TYPE-NOT-GRANTED aws_budgets_budget of reports: the execution role may not make it",
        "TYPE-NOT-GRANTED aws_budgets_budget of kept: the execution role may not make it",
        "TYPE-NOT-LOOKED-UP aws_sns_topic of reports: no teardown could prove that it is gone",
    ]
    assert "add what Terraform does with it to `grants` in include/policies/execution_role.yaml" in said
    assert "add how to ask for it to plugins/tidegate/collectors/aws/lookup" in said
