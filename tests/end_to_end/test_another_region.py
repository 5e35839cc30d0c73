"""An environment in another region, with names at their greatest length and five rungs: bootstrapped, built, torn down.

Its prices come from the price list of its own region; those of every other region are taken out before the first run.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import stage as stages
from manifest_rules import LONGEST_PROJECT
from manifests import POLICIES, PROJECT, without_kafka
from sandbox.testing import running_sandbox
from stage import Stage
from tidegate.settings import settings

pytestmark = [pytest.mark.end_to_end, pytest.mark.matrix, pytest.mark.timeout(1500)]

REGION, NAME, ROLE = "eu-central-1", "environment_x", "r" * 64
ROLE_ARN = f"arn:aws:iam::123456789012:role/{ROLE}"


def manifest(directory: Path) -> Path:
    """The manifest of the environment in a directory of its own."""
    yaml = YAML(typ="rt")
    given = without_kafka(directory) / "dev_min.yaml"
    document: Any = yaml.load(given.read_text("utf-8"))
    given.unlink()
    document |= {
        "name": NAME,
        "project": LONGEST_PROJECT,
        "region": REGION,
        "scan_regions": [REGION],
        "role_name": ROLE,
    }
    document["backend"] |= {"bucket": "s" * 63, "lock_table": "l" * 255}
    document["evidence"] |= {"bucket": "e" * 63, "retention_days": 1}
    document["work"]["bucket"] = "w" * 63
    document["budget"] |= {"name": "b" * 100, "alerts_usd": ["5", "10", "15", "20", "29.99"]}
    document["preserve"] |= {"ids": [ROLE], "id_prefixes": [f"/{LONGEST_PROJECT}/{NAME}/core/"]}
    for name, stack in document["stacks"].items():
        stack["state_key"] = f"{NAME}/{name}/terraform.tfstate"
    with (directory / f"{NAME}.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(document, file)
    return directory


def cli(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as people call it, with the environment of this process."""
    return subprocess.run(
        [sys.executable, "-m", "tidegate.cli", *arguments],
        env=os.environ | {"PYTHONPATH": str(PROJECT / "plugins"), "COLUMNS": "400"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A sandbox of that region, this process pointed at it, and no price but those of no region."""
    policies = tmp_path / "policies"
    policies.mkdir()
    for path in POLICIES.glob("*.yaml"):
        (policies / path.name).write_bytes(path.read_bytes())
    before = dict(os.environ)
    monkeypatch.setattr(stages, "ENVIRONMENT", NAME)
    monkeypatch.setattr(stages, "DAG_IDS", {key: it.replace("dev_min", NAME) for key, it in stages.DAG_IDS.items()})
    os.environ |= {
        "TIDEGATE_ENVIRONMENTS_DIR": str(manifest(tmp_path / "environments")),
        "TIDEGATE_POLICIES_DIR": str(policies),
    }
    options = ("--region", REGION, "--role-arn", ROLE_ARN, "--environment", NAME)
    with running_sandbox(tmp_path / "sandbox", *options) as sandbox:
        os.environ.update(sandbox.env)
        os.environ |= {
            "TIDEGATE_RUNS_DIR": str(tmp_path / "runs"),
            "TIDEGATE_WORK_DIR": str(tmp_path / "terraform"),
        }
        subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True, timeout=180)
        try:
            yield Stage(sandbox, tmp_path)
        finally:
            os.environ.clear()
            os.environ.update(before)
            settings.cache_clear()


def without_other_regions(path: Path) -> None:
    """Leave what holds in this region or in all of them."""
    yaml = YAML(typ="rt")
    document: Any = yaml.load(path.read_text("utf-8"))
    for section in ("prices", "usage", "gaps"):
        document[section] = [it for it in document[section] if it.get("region", "all") in ("all", REGION)]
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(document, file)


def test_an_environment_lives_where_its_own_price_list_is(elsewhere: Stage) -> None:
    prices = elsewhere.directory / "policies" / "prices.yaml"
    checked = cli("manifest", "check", NAME)
    assert (checked.returncode, "REGION-UNPRICED aws_db_instance of demo" in checked.stdout) == (1, True), (
        checked.stderr
    )

    blocked = elsewhere.run("m1")
    assert blocked.state == "failed"
    assert blocked.codes("m1_a_identity_and_tools_snapshot") == {"REGION-UNPRICED"}
    assert elsewhere.sandbox.client("s3").list_buckets()["Buckets"] == []

    made = cli("prices", "refresh", "--region", REGION, "--environment", NAME, "--write", str(prices))
    assert made.returncode == 0, made.stdout + made.stderr
    without_other_regions(prices)
    assert cli("manifest", "check", NAME).returncode == 0

    for phase, conf in (
        ("m1", {}),
        ("m2", {}),
        ("m9", {"target": "demo", "confirm": NAME, "read_bills_anew": True}),
    ):
        run = elsewhere.run(phase, **conf)
        assert run.state == "success", (run.tasks, {name: run.codes(name) for name in run.snapshots})
