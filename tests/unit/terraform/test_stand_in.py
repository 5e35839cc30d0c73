"""Stand-in providers: found and admitted under the profile sandbox, and under no other."""

from pathlib import Path

import pytest

from tidegate.environments import load
from tidegate.settings import settings
from tidegate.terraform.cli_config import write
from tidegate.terraform.stand_in import LABEL, lock_of, stand_in_mirror
from tidegate.terraform.workspace import locked_providers, prepare

AWS = 'provider "registry.terraform.io/hashicorp/aws" {\n  version = "5.100.0"\n  hashes = [\n    "h1:aws",\n  ]\n}\n'
REAL = AWS.replace("hashicorp/aws", "confluentinc/confluent").replace("5.100.0", "2.83.0").replace("h1:aws", "zh:real")
STAND_IN = REAL.replace("2.83.0", "2.83.0+standin").replace("zh:real", "h1:standin")
REQUIRES = """terraform {
  required_providers {
    confluent = {
      source  = "confluentinc/confluent"
      version = "~> 2.0"
    }
  }
}
"""


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror of the sandbox, named in the environment."""
    directory = tmp_path / "providers"
    (directory / "registry.terraform.io" / "confluentinc" / "confluent").mkdir(parents=True)
    (directory / "stand-in.lock.hcl").write_text(STAND_IN)
    monkeypatch.setenv("TIDEGATE_STAND_IN_MIRROR", str(directory))
    return directory


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch, mirror: Path) -> Path:
    monkeypatch.setenv("TIDEGATE_PROFILE", "sandbox")
    settings.cache_clear()
    return mirror


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, mirror: Path) -> Path:
    monkeypatch.setenv("TIDEGATE_PROFILE", "aws")
    settings.cache_clear()
    return mirror


@pytest.fixture
def root(tmp_path: Path) -> Path:
    directory = tmp_path / "confluent"
    directory.mkdir()
    (directory / "terraform.tf").write_text(REQUIRES)
    (directory / ".terraform.lock.hcl").write_text(f"# committed\n\n{AWS}")
    return directory


def test_in_the_sandbox_the_lock_admits_the_stand_in_and_says_so(sandbox: Path, root: Path) -> None:
    assert lock_of(root) == f"# committed\n\n{AWS}\n{LABEL}{STAND_IN}"
    assert locked_providers(root)["registry.terraform.io/confluentinc/confluent"] == "2.83.0+standin"


def test_in_the_sandbox_the_entry_of_the_real_provider_is_replaced(sandbox: Path, root: Path) -> None:
    (root / ".terraform.lock.hcl").write_text(f"# committed\n\n{REAL}\n{AWS}")
    lock = lock_of(root)
    assert "zh:real" not in lock
    assert lock.count('provider "registry.terraform.io/confluentinc/confluent"') == 1
    assert AWS in lock


def test_anywhere_else_the_committed_lock_is_what_counts(aws: Path, root: Path) -> None:
    assert lock_of(root) == (root / ".terraform.lock.hcl").read_text()
    assert stand_in_mirror() is None


def test_a_root_that_does_not_require_it_keeps_its_lock(sandbox: Path, root: Path) -> None:
    (root / "terraform.tf").write_text(REQUIRES.replace("confluentinc/confluent", "hashicorp/aws"))
    assert lock_of(root) == (root / ".terraform.lock.hcl").read_text()


def test_the_committed_file_is_never_written(sandbox: Path, root: Path) -> None:
    before = (root / ".terraform.lock.hcl").read_bytes()
    lock_of(root)
    assert (root / ".terraform.lock.hcl").read_bytes() == before


def test_the_mirror_comes_first_in_the_sandbox(sandbox: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "registry.terraform.io" / "hashicorp" / "aws").mkdir(parents=True)
    (own / "registry.terraform.io" / "confluentinc" / "confluent").mkdir(parents=True)
    text = write(tmp_path / "rc", str(own)).read_text()
    assert text.index(f'path    = "{sandbox}"') < text.index(f'path    = "{own}"')
    first, second = text.split("filesystem_mirror")[1:3]
    assert 'include = ["registry.terraform.io/confluentinc/confluent"]' in first
    assert 'include = ["registry.terraform.io/hashicorp/aws"]' in second
    assert text.count("confluentinc/confluent") == 2  # in its mirror, and excluded from the registry


def test_anywhere_else_the_mirror_is_not_looked_at(aws: Path, tmp_path: Path) -> None:
    assert str(aws) not in write(tmp_path / "rc", str(tmp_path)).read_text()


def test_the_working_copy_has_the_lock_of_the_moment(
    sandbox: Path, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sandbox may be another one than when the sources were copied, or no sandbox at all."""
    (root / "backend.tf").write_text('terraform {\n  backend "s3" {}\n}\n')
    root.rename(tmp_path / "demo")
    monkeypatch.setenv("TIDEGATE_TERRAFORM_DIR", str(tmp_path))
    monkeypatch.setenv("TIDEGATE_WORK_DIR", str(tmp_path / "work"))
    settings.cache_clear()

    def copied_lock() -> str:
        workspace, _ = prepare(load("dev_min"), "demo")
        return (workspace.root / ".terraform.lock.hcl").read_text()

    assert STAND_IN in copied_lock()
    (sandbox / "stand-in.lock.hcl").write_text(STAND_IN.replace("h1:standin", "h1:another"))
    assert "h1:another" in copied_lock()
    monkeypatch.setenv("TIDEGATE_PROFILE", "aws")
    settings.cache_clear()
    assert copied_lock() == (tmp_path / "demo" / ".terraform.lock.hcl").read_text()
