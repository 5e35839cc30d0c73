"""The manifests in include/environments are a person's to change: each must be usable, and no other test reads one."""

import json
import re
import sys
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from manifests import ENVIRONMENTS
from sources import sources
from tidegate import cli
from tidegate.dag_factory import pool_of
from tidegate.settings import PROJECT, settings

SHIPPED = sorted((PROJECT / "include" / "environments").glob("*.yaml"))
LEADS_THERE = re.compile(
    r"""["']include["']\s*/\s*["']environments|/\s*f?["']include/environments|delenv\(["']TIDEGATE_ENVIRONMENTS_DIR"""
)
"""A path that is built, or the variable taken away; a remedy that names the directory leads nobody there."""

each = pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)


def test_there_is_one() -> None:
    assert SHIPPED


@each
def test_it_is_valid_and_every_type_of_its_stacks_has_a_price(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIDEGATE_ENVIRONMENTS_DIR", str(path.parent))
    monkeypatch.setattr(sys, "argv", ["tidegate", "manifest", "check", path.stem])
    status = cli.main()
    said = capsys.readouterr()
    assert status == 0, said.out + said.err


@each
def test_it_fits_the_schema_that_editors_read(path: Path) -> None:
    schema = json.loads((PROJECT / "docs" / "schemas" / "environment.json").read_text("utf-8"))
    jsonschema.validate(YAML(typ="safe").load(path.read_text("utf-8")), schema)


@each
def test_its_terraform_has_a_pool_of_one_slot(path: Path) -> None:
    pools = json.loads((PROJECT / "include" / "airflow" / "pools.json").read_text("utf-8"))
    assert pools[pool_of(path.stem)]["slots"] == 1, "add it to include/airflow/pools.json"


def test_tests_find_their_own_manifests() -> None:
    assert settings().environments_dir == ENVIRONMENTS


def test_no_other_test_reads_a_shipped_manifest() -> None:
    found = {path.as_posix() for path, text in sources().items() if path.suffix == ".py" and LEADS_THERE.search(text)}
    product = {"plugins/tidegate/settings.py"}
    assert found - product == {"tests/unit/test_shipped.py", "tests/unit/test_settings.py"}
