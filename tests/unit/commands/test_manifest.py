"""`tidegate manifest check`: valid, priced, or what is missing and how to get it."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from manifests import COMMITTED
from tidegate import cli
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
            "dev_min.yaml:8: region: Value error, eu-wets-2 is no region of AWS that this version knows; eu-west",
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
