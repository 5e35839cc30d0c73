"""The tests' own manifest, and what is left of it without Kafka: tests of AWS alone take that one."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

PROJECT = Path(__file__).resolve().parents[1]
TWO_REGIONS = ("scan_regions: [eu-west-2]", "scan_regions: [eu-west-2, us-east-1]")
"""For `Stage.manifest_with`."""
ENVIRONMENTS = PROJECT / "tests" / "fixtures" / "environments"
POLICIES = PROJECT / "tests" / "fixtures" / "policies"
OWN = {"TIDEGATE_ENVIRONMENTS_DIR": str(ENVIRONMENTS), "TIDEGATE_POLICIES_DIR": str(POLICIES)}
"""Where every test and every process that it starts finds manifests and prices: those in include/ are a person's to
change. The other policies say the same for every account and are links to the shipped ones."""
COMMITTED = ENVIRONMENTS / "dev_min.yaml"


def without_kafka(directory: Path) -> Path:
    """Write dev_min without the messaging stack and without Confluent's bill into a directory, and return that."""
    yaml = YAML(typ="rt")
    manifest: Any = yaml.load(COMMITTED.read_text(encoding="utf-8"))
    _quick(manifest)
    del manifest["stacks"]["confluent"]
    manifest["stacks"]["demo"] |= {"depends_on": ["core"], "states": {"core": "core"}}
    manifest["cost_scope"] = ["aws"]
    del manifest["confluent"]
    return _written(yaml, manifest, directory)


def committed(directory: Path) -> Path:
    """Write the tests' own manifest into a directory, without long pauses and second region; return that."""
    yaml = YAML(typ="rt")
    manifest: Any = yaml.load(COMMITTED.read_text(encoding="utf-8"))
    _quick(manifest)
    return _written(yaml, manifest, directory)


def _quick(manifest: Any) -> None:
    """The sandbox is consistent at once; a second region is half of each scan, and only some tests need it."""
    manifest["deadlines"]["residual_pause"] = 1
    manifest["audit"]["regions"] = "scan_regions"
    del manifest["scan_regions"][1:]


def _written(yaml: YAML, manifest: Any, directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / COMMITTED.name).open("w", encoding="utf-8") as file:
        yaml.dump(manifest, file)
    return directory
