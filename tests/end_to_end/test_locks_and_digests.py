"""Each of these closed an environment with no way out; now the blocker names one, and it leads out (ST6, ST7)."""

import hashlib
import json
import sys

import pytest

from stage import BUILD, ENVIRONMENT, TEARDOWN, Stage
from tidegate import cli

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(1500)]

STATES, TABLE = "fraud-platform-dev-min-tfstate", "fraud-platform-dev-min-tf-locks"
STATE = f"{ENVIRONMENT}/demo/terraform.tfstate"
LOCK = f"{STATES}/{STATE}"
SOON = (("lock_wait: 600", "lock_wait: 3"), ("look_again: 20", "look_again: 1"))
WORD = {"stack": "demo", "reason": "thrown away", "confirm": ENVIRONMENT}
LAPTOP = {
    "ID": "0b0f1c52-2f0a-4b39-9d1e-111111111111",
    "Operation": "OperationTypePlan",
    "Info": "",
    "Who": "alice@laptop",
    "Version": "1.11.4",
    "Created": "2026-01-17T20:14:27.123456789Z",
    "Path": LOCK,
}


def held(stage: Stage) -> list[str]:
    items = stage.sandbox.client("dynamodb").scan(TableName=TABLE)["Items"]
    keys = stage.sandbox.client("s3").list_objects_v2(Bucket=STATES)["Contents"]
    return [it["LockID"]["S"] for it in items if not it["LockID"]["S"].endswith("-md5")] + [
        it["Key"] for it in keys if it["Key"].endswith(".tflock")
    ]


def with_digest(stage: Stage) -> None:
    """The digest of the state, as Terraform writes it; a lock table that another file made anew has none."""
    content: bytes = stage.sandbox.client("s3").get_object(Bucket=STATES, Key=STATE)["Body"].read()
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    stage.sandbox.client("dynamodb").put_item(
        TableName=TABLE, Item={"LockID": {"S": f"{LOCK}-md5"}, "Digest": {"S": digest}}
    )


def test_the_lock_of_a_laptop_is_one_blocker_and_released_by_its_id(built: Stage) -> None:
    with_digest(built)
    info = json.dumps(LAPTOP)
    built.sandbox.client("dynamodb").put_item(TableName=TABLE, Item={"LockID": {"S": LOCK}, "Info": {"S": info}})
    built.sandbox.client("s3").put_object(Bucket=STATES, Key=f"{STATE}.tflock", Body=info.encode())
    with built.manifest_with(*SOON):
        blocked = built.run("m9", **TEARDOWN)
        (blocker,) = blocked.snapshots["m9_a_readiness_snapshot"]["blockers"]
        assert blocker["code"] == "STATE-LOCKED"
        assert f"release lock {LAPTOP['ID']} by name" in blocker["remedy"]["text"]
        another = built.run("unlock", lock_id="another", **WORD)
        assert another.codes("unlock_a_release_lock_snapshot") == {"LOCK-NOT-THERE"}
        assert len(held(built)) == 2
        released = built.run("unlock", lock_id=LAPTOP["ID"], **WORD)
    assert released.state == "success", (released.tasks, released.snapshots)
    assert held(built) == []
    digests = [it["LockID"]["S"] for it in built.sandbox.client("dynamodb").scan(TableName=TABLE)["Items"]]
    assert f"{LOCK}-md5" in digests


def test_an_empty_lock_file_is_said_to_be_that_and_released_by_its_name(built: Stage) -> None:
    built.sandbox.client("s3").put_object(Bucket=STATES, Key=f"{STATE}.tflock", Body=b"\n")
    with built.manifest_with(*SOON):
        blocked = built.run("m9", release_dead_lock=True, **TEARDOWN)
        (blocker,) = blocked.snapshots["m9_a_readiness_snapshot"]["blockers"]
        assert (blocker["code"], blocker["observed"]) == (
            "STATE-LOCK-DAMAGED",
            "damaged-01ba4719c80b (s3-lockfile): it is empty",
        )
        released = built.run("unlock", lock_id="damaged-01ba4719c80b", **WORD)
    assert released.state == "success", (released.tasks, released.snapshots)
    assert held(built) == []


def test_a_digest_that_does_not_fit_is_settled_by_the_version_that_the_blocker_names(
    built: Stage, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    s3, before = built.sandbox.client("s3"), built.state_of("demo")
    with_digest(built)
    good = s3.get_object(Bucket=STATES, Key=STATE)
    s3.put_object(Bucket=STATES, Key=STATE, Body=good["Body"].read().replace(b'"serial"', b'"serial" '))
    blocked = built.run("m2", platform_run="continue", **BUILD)
    (blocker,) = blocked.snapshots["m2_a_readiness_snapshot"]["blockers"]
    assert blocker["code"] == "STATE-DIGEST-MISMATCH"
    named = f"demo:{good['VersionId']}"
    assert f"restore_state_version = {named} and your own state_reason" in blocker["remedy"]["text"]

    monkeypatch.setattr(sys, "argv", ["tidegate", "state", "history", "demo", "--format", "json"])
    capfd.readouterr()
    assert cli.main() == 1
    newest, fitting, *_ = json.loads(capfd.readouterr().out)["versions"]
    assert (newest["fits_digest"], fitting["fits_digest"]) == (False, True)
    assert fitting["version_id"] == good["VersionId"]

    run = built.run(
        "m2", platform_run="continue", restore_state_version=named, state_reason="the digest fits it", **BUILD
    )
    assert run.state == "success", (run.tasks, {name: run.codes(name) for name in run.snapshots})
    assert built.state_of("demo") == before
    assert built.evidence("control/dev_min/restored_states/")


def test_a_state_of_a_newer_provider_is_said_to_be_that_and_the_one_before_is_named(built: Stage) -> None:
    s3, before = built.sandbox.client("s3"), built.state_of("demo")
    good = s3.get_object(Bucket=STATES, Key=STATE)["VersionId"]
    document = built.state_document("demo")
    vpc = next(it for it in document["resources"] if it["type"] == "aws_vpc" and it["mode"] == "managed")
    vpc["instances"][0]["schema_version"] += 98
    document["serial"] += 1
    s3.put_object(Bucket=STATES, Key=STATE, Body=json.dumps(document).encode())
    with_digest(built)
    torn = built.run("m9", **TEARDOWN)
    (blocker,) = torn.snapshots["m9_b_teardown_scope"]["blockers"]
    assert blocker["code"] == "STATE-TOO-NEW"
    assert "schema version 99" in blocker["observed"]
    assert "the worker's registry.terraform.io/hashicorp/aws is 5." in blocker["observed"]
    assert f"restore_state_version = demo:{good}, your own state_reason" in blocker["remedy"]["text"]
    run = built.run(
        "m2",
        platform_run="continue",
        restore_state_version=f"demo:{good}",
        state_reason="an upgrade by mistake",
        **BUILD,
    )
    assert run.state == "success", (run.tasks, {name: run.codes(name) for name in run.snapshots})
    assert built.state_of("demo") == before
