"""On Airflow's real scheduler: two environments in two accounts are built at the same time, each as its own role."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from ruamel.yaml import YAML

from live_bench import Live, running
from manifests import without_kafka
from tidegate.collectors.aws.clients import Clients
from tidegate.environments import load
from tidegate.settings import settings

pytestmark = [pytest.mark.scheduler, pytest.mark.end_to_end, pytest.mark.matrix, pytest.mark.timeout(1200)]

FIRST, SECOND = "dev_min", "shop_min"
ACCOUNT = "210987654321"


def second(directory: Path) -> None:
    """Another environment: account, names, budget and region of its own."""
    yaml = YAML(typ="rt")
    document: Any = yaml.load((directory / f"{FIRST}.yaml").read_text("utf-8"))
    document |= {"name": SECOND, "project": "shop", "account_id": ACCOUNT, "role_name": "shop-execution"}
    document["backend"] |= {"bucket": "shop-min-tfstate", "lock_table": "shop-min-locks"}
    document["evidence"] |= {"bucket": "shop-min-evidence", "mirror": SECOND}
    document["work"]["bucket"] = "shop-min-work"
    document["budget"] |= {"name": "shop-min", "alerts_usd": ["5", "15", "24"], "stop_usd": "24"}
    document["preserve"] |= {"ids": ["shop-execution"], "id_prefixes": [f"/shop/{SECOND}/core/"]}
    for name, stack in document["stacks"].items():
        stack["state_key"] = f"{SECOND}/{name}/terraform.tfstate"
    with (directory / f"{SECOND}.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(document, file)


def applies(live: Live, environment: str, run_id: str) -> list[tuple[datetime, datetime]]:
    """When each apply of a run began and ended."""
    tasks = live.airflow.tasks(f"{environment}.m2_substrate_build", run_id)
    return [
        (datetime.fromisoformat(task["start_date"]), datetime.fromisoformat(task["end_date"]))
        for name, task in tasks.items()
        if name.endswith(".apply")
    ]


def vpcs(environment: str) -> list[str]:
    """What stands in an environment's account, asked as its role."""
    found = Clients.acting_for(load(environment), "test").ec2("eu-west-2").describe_vpcs()["Vpcs"]
    return [tag["Value"] for vpc in found for tag in vpc.get("Tags", []) if tag["Key"] == "environment"]


def test_both_are_built_at_the_same_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environments = without_kafka(tmp_path / "environments")
    second(environments)
    with running(tmp_path / "bench", environments) as live:
        for name, value in live.sandbox.env.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        ids = {}
        for phase in ("m1_backend_bootstrap", "m2_substrate_build"):
            ids = {name: live.airflow.trigger(f"{name}.{phase}", {}) for name in (FIRST, SECOND)}
            states = {
                name: live.airflow.follow(f"{name}.{phase}", run_id, lambda _task: None, seconds=600)
                for name, run_id in ids.items()
            }
            assert states == {FIRST: "success", SECOND: "success"}
        both = [applies(live, name, run_id) for name, run_id in ids.items()]
        assert [len(each) for each in both] == [2, 2]
        assert any(max(a, c) < min(b, d) for a, b in both[0] for c, d in both[1]), both
        for name in (FIRST, SECOND):
            assert vpcs(name) == [name]
            place = load(name).evidence.bucket
            mine = Clients.acting_for(load(name), "test").s3.list_objects_v2(Bucket=place)["Contents"]
            assert {key["Key"].split("/")[1] for key in mine if key["Key"].startswith("control/")} == {name}
        with pytest.raises(ClientError, match="AccessDenied"):
            Clients.acting_for(load(FIRST), "test").s3.list_objects_v2(Bucket=load(SECOND).evidence.bucket)
