"""What breaks, and what the person does whom a remedy asks. Each starts from an environment that is built and sound.

The codes that are met and the number of steps are part of the scenario: `docs/remedies.md` is made of them.
"""

import contextlib
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from remedies.walker import Played
from stage import BUILD, ENVIRONMENT, TEARDOWN, Stage, environment_variable

PREFIX = "fraud-platform-dev-min"
TABLE, STATE_BUCKET = f"{PREFIX}-tf-locks", f"{PREFIX}-tfstate"
ACCOUNT = "123456789012"
STATE = f"{ENVIRONMENT}/demo/terraform.tfstate"
LOCK = f"{STATE_BUCKET}/{STATE}"
_HOLDER = {
    "ID": "0b0f1c52-2f0a-4b39-9d1e-111111111111",
    "Operation": "OperationTypePlan",
    "Info": "",
    "Who": "alice@laptop",
    "Version": "1.11.4",
    "Created": "2026-01-17T20:14:27.123456789Z",
}
GO_ON = {**BUILD, "platform_run": "continue"}
TAGS = {"project": "fraud-platform", "environment": ENVIRONMENT, "lifecycle": "ephemeral"}

Broken = Callable[["Scene"], AbstractContextManager[None]]


@dataclass(slots=True)
class Scene:
    """A stage with what a scenario keeps of what it broke, and the manifest that it runs with."""

    stage: Stage
    manifest: Path
    kept: dict[str, Any] = field(default_factory=dict)
    undo: ExitStack = field(default_factory=ExitStack)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`broken` breaks the world; the run of `phase` with `conf` is red; `codes` are met, in this order."""

    name: str
    phase: str
    conf: Mapping[str, Any]
    codes: tuple[str, ...]
    steps: int
    broken: Callable[[Scene], None]
    played: Callable[[Scene], Played] = lambda _scene: Played()
    cheap: bool = False
    """One of those that `make test` runs."""
    tears_down: bool = False
    """It leaves nothing built, or the evidence with records that the next shall not meet."""


def _variable(name: str, value: str | None) -> Callable[[Scene], None]:
    return lambda scene: scene.undo.enter_context(environment_variable(name, value))


def _undone(part: str) -> Callable[[Scene], Played]:
    """The person takes back what broke it, where the text says so."""
    return lambda scene: Played(persons={part: lambda _stage: scene.undo.close()})


def _static_key(scene: Scene) -> None:
    scene.undo.enter_context(environment_variable("AWS_ACCESS_KEY_ID", "made-up-" + secrets.token_hex(4)))
    scene.undo.enter_context(environment_variable("AWS_SECRET_ACCESS_KEY", secrets.token_hex(16)))


def _lock_table_gone(scene: Scene) -> None:
    dynamodb = scene.stage.sandbox.client("dynamodb")
    dynamodb.update_table(TableName=TABLE, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=TABLE)


def _lock_table_unprotected(scene: Scene) -> None:
    scene.stage.sandbox.client("dynamodb").update_table(TableName=TABLE, DeletionProtectionEnabled=False)


def _not_versioned(scene: Scene) -> None:
    scene.stage.sandbox.client("s3").put_bucket_versioning(
        Bucket=STATE_BUCKET, VersioningConfiguration={"Status": "Suspended"}
    )


def _public(scene: Scene) -> None:
    scene.stage.sandbox.client("s3").delete_public_access_block(Bucket=STATE_BUCKET)


def _without_tls(scene: Scene) -> None:
    scene.stage.sandbox.client("s3").delete_bucket_policy(Bucket=STATE_BUCKET)


def _budget_raised(scene: Scene) -> None:
    budgets = scene.stage.sandbox.client("budgets")
    name = f"{PREFIX}-budget"
    budget = budgets.describe_budget(AccountId=ACCOUNT, BudgetName=name)["Budget"]
    kept = {
        key: budget[key] for key in ("BudgetName", "TimeUnit", "BudgetType", "CostTypes", "TimePeriod") if key in budget
    }
    budgets.update_budget(AccountId=ACCOUNT, NewBudget={**kept, "BudgetLimit": {"Amount": "300", "Unit": "USD"}})


def _balancer(scene: Scene, *, tags: Mapping[str, str]) -> None:
    ec2, elb = scene.stage.sandbox.client("ec2"), scene.stage.sandbox.client("elbv2")
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][:2]
    given = {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]} if tags else {}
    made = elb.create_load_balancer(Name="quick-test-alb", Subnets=subnets, **given)
    scene.kept["arn"] = made["LoadBalancers"][0]["LoadBalancerArn"]
    scene.undo.callback(_gone, lambda: elb.delete_load_balancer(LoadBalancerArn=scene.kept["arn"]))


def _gone(delete: Callable[[], Any]) -> None:
    with contextlib.suppress(Exception):  # the scenario itself removed it
        delete()


def _volume(scene: Scene) -> None:
    ec2 = scene.stage.sandbox.client("ec2")
    tags = [{"Key": key, "Value": value} for key, value in TAGS.items()]
    made = ec2.create_volume(
        AvailabilityZone="eu-west-2a", Size=1, TagSpecifications=[{"ResourceType": "volume", "Tags": tags}]
    )
    scene.kept["volume"] = made["VolumeId"]


def _nat_in_hcl(scene: Scene) -> None:
    text = (
        'resource "aws_eip" "surprise" {\n  domain = "vpc"\n}\n\nresource "aws_nat_gateway" "surprise" {\n'
        "  allocation_id = aws_eip.surprise.id\n  subnet_id     = module.network.public_subnet_ids[0]\n}\n"
    )
    scene.undo.enter_context(scene.stage.terraform_with("demo", "surprise.tf", text))


def _manifest(old: str, new: str) -> Callable[[Scene], None]:
    def change(scene: Scene) -> None:
        text = scene.manifest.read_text(encoding="utf-8")
        assert old in text, old
        scene.manifest.write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def _fault(**given: Any) -> Callable[[Scene], None]:
    return lambda scene: scene.undo.enter_context(scene.stage.sandbox.admin.fault(**given))


def _paused(phase: str) -> Callable[[Scene], None]:
    return lambda scene: scene.undo.enter_context(scene.stage.paused(phase))


def _latched(scene: Scene) -> None:
    from tidegate.collectors.aws.clients import Clients
    from tidegate.evidence.control import set_latch
    from tidegate.evidence.store import S3Store

    store = S3Store(Clients.from_environment("eu-west-2").s3, f"{PREFIX}-evidence")
    set_latch(store, ENVIRONMENT, reason="spend runs away", recorded_by="stop_20260101T000000Z", at=datetime.now(UTC))


def _torn_down(scene: Scene) -> None:
    run = scene.stage.run("m9", **TEARDOWN)
    assert run.state == "success", run.tasks


def _nothing(_scene: Scene) -> None:
    return


def _deleted_balancer(scene: Scene) -> None:
    scene.stage.sandbox.client("elbv2").delete_load_balancer(LoadBalancerArn=scene.kept["arn"])


def _laptop(scene: Scene) -> None:
    info = json.dumps({**_HOLDER, "Path": LOCK})
    scene.stage.sandbox.client("dynamodb").put_item(TableName=TABLE, Item={"LockID": {"S": LOCK}, "Info": {"S": info}})


def _unlock(stage: Stage) -> None:
    stage.sandbox.client("dynamodb").delete_item(TableName=TABLE, Key={"LockID": {"S": LOCK}})


def _empty_lock(scene: Scene) -> None:
    scene.stage.sandbox.client("s3").put_object(Bucket=STATE_BUCKET, Key=f"{STATE}.tflock", Body=b"\n")


def _another_digest(scene: Scene) -> None:
    scene.stage.sandbox.client("dynamodb").put_item(
        TableName=TABLE, Item={"LockID": {"S": f"{LOCK}-md5"}, "Digest": {"S": "0" * 32}}
    )


def _newer_terraform(scene: Scene) -> None:
    """As a newer Terraform leaves it: with the digest of what it wrote."""
    s3 = scene.stage.sandbox.client("s3")
    before = s3.get_object(Bucket=STATE_BUCKET, Key=STATE)["Body"].read()
    document = json.loads(before)
    _written(scene, json.dumps({**document, "terraform_version": "9.9.9"}).encode())
    scene.undo.callback(_written, scene, before)


def _written(scene: Scene, content: bytes) -> None:
    scene.stage.sandbox.client("s3").put_object(Bucket=STATE_BUCKET, Key=STATE, Body=content)
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    scene.stage.sandbox.client("dynamodb").put_item(
        TableName=TABLE, Item={"LockID": {"S": f"{LOCK}-md5"}, "Digest": {"S": digest}}
    )


def _latch_hidden(scene: Scene) -> None:
    for operation in ("GetObject", "ListObjectsV2"):
        _fault(service="s3", kind="access_denied", operation=operation, resource="latch")(scene)


def _topic_gone(scene: Scene) -> None:
    topic = f"arn:aws:sns:eu-west-2:{ACCOUNT}:{PREFIX}-alerts"
    scene.stage.sandbox.client("sns").delete_topic(TopicArn=topic)


def _bootstrap_refused(scene: Scene) -> None:
    _not_versioned(scene)
    _fault(service="s3", kind="access_denied", operation="PutBucketVersioning")(scene)


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        name="a static key in the worker's environment",
        phase="m2",
        conf=GO_ON,
        codes=("STATIC-KEY-FOUND",),
        steps=2,
        broken=_static_key,
        played=_undone("unset AWS_ACCESS_KEY_ID"),
        cheap=True,
    ),
    Scenario(
        name="the worker points at another region",
        phase="m2",
        conf=GO_ON,
        codes=("REGION-MISMATCH",),
        steps=2,
        broken=_variable("AWS_REGION", "us-east-1"),
        played=_undone("set AWS_REGION=eu-west-2"),
    ),
    Scenario(
        name="a confirmation with a typo",
        phase="m9",
        conf={**TEARDOWN, "confirm": "dev-min"},
        codes=("CONFIRM-MISMATCH",),
        steps=1,
        broken=_nothing,
        cheap=True,
        tears_down=True,
    ),
    Scenario(
        name="the lock table was deleted",
        phase="m2",
        conf=GO_ON,
        codes=("LOCK-TABLE-MISSING", "CORE-DRIFT"),
        steps=3,
        broken=_lock_table_gone,
    ),
    Scenario(
        name="the lock table lost its deletion protection",
        phase="m2",
        conf=GO_ON,
        codes=("LOCK-TABLE-DELETION-PROTECTION-OFF",),
        steps=2,
        broken=_lock_table_unprotected,
        cheap=True,
    ),
    Scenario(
        name="the state bucket is not versioned",
        phase="m2",
        conf=GO_ON,
        codes=("BUCKET-VERSIONING-OFF",),
        steps=2,
        broken=_not_versioned,
    ),
    Scenario(
        name="the state bucket is open to the public",
        phase="m2",
        conf=GO_ON,
        codes=("BUCKET-PUBLIC-ACCESS-OPEN",),
        steps=2,
        broken=_public,
    ),
    Scenario(
        name="the state bucket lost its policy",
        phase="m2",
        conf=GO_ON,
        codes=("BUCKET-TLS-OFF",),
        steps=2,
        broken=_without_tls,
    ),
    Scenario(
        name="the budget was raised by hand",
        phase="m2",
        conf=GO_ON,
        codes=("CORE-DRIFT",),
        steps=1,
        broken=_budget_raised,
        cheap=True,
    ),
    Scenario(
        name="the audit sees a budget of 300",
        phase="audit",
        conf={},
        codes=("BUDGET-LIMIT-MISMATCH",),
        steps=2,
        broken=_budget_raised,
    ),
    Scenario(
        name="a load balancer of somebody else",
        phase="m2",
        conf=GO_ON,
        codes=("FORBIDDEN-LIVE",),
        steps=2,
        broken=lambda scene: _balancer(scene, tags={}),
        played=lambda scene: Played(persons={"remove aws_lb": lambda _stage: _deleted_balancer(scene)}),
    ),
    Scenario(
        name="a load balancer with the environment's tags",
        phase="m2",
        conf=GO_ON,
        codes=("FORBIDDEN-LIVE",),
        steps=2,
        broken=lambda scene: _balancer(scene, tags=TAGS),
    ),
    Scenario(
        name="a volume that no state holds is left over",
        phase="m9",
        conf=TEARDOWN,
        codes=("RESIDUAL-RESOURCE",),
        steps=2,
        broken=_volume,
        tears_down=True,
    ),
    Scenario(
        name="a NAT gateway in the HCL",
        phase="m2",
        conf=GO_ON,
        codes=("FORBIDDEN-RESOURCE",),
        steps=2,
        broken=_nat_in_hcl,
        played=_undone("change include/terraform/demo"),
    ),
    Scenario(
        name="locking is switched off in the manifest",
        phase="m2",
        conf=GO_ON,
        codes=("LOCKING-OFF",),
        steps=2,
        broken=_manifest("use_lockfile: true", "use_lockfile: false"),
        played=lambda _scene: Played(edits={"backend.use_lockfile": True}),
        cheap=True,
    ),
    Scenario(
        name="two stacks on one key",
        phase="m2",
        conf=GO_ON,
        codes=("STATE-KEY-SHARED",),
        steps=2,
        broken=_manifest("dev_min/demo/terraform.tfstate", "dev_min/core/terraform.tfstate"),
        played=lambda _scene: Played(edits={"stacks.demo.state_key": "dev_min/demo/terraform.tfstate"}),
    ),
    Scenario(
        name="a teardown larger than the cap",
        phase="m9",
        conf=TEARDOWN,
        codes=("BLAST-RADIUS-COUNT",),
        steps=2,
        broken=_manifest("max_resources:", "max_resources: 1 #"),
        played=lambda _scene: Played(edits={"blast_radius": {"max_resources": 80, "max_percent": 100}}),
        tears_down=True,
    ),
    Scenario(
        name="Cost Explorer refuses",
        phase="m9",
        conf=TEARDOWN,
        codes=("COST-UNREADABLE",),
        steps=2,
        broken=_fault(service="ce", kind="access_denied", operation="GetCostAndUsage"),
        played=_undone("correct what the reason names"),
        tears_down=True,
    ),
    Scenario(
        name="the teardown DAG is paused",
        phase="m2",
        conf=GO_ON,
        codes=("M9-PAUSED",),
        steps=2,
        broken=_paused("m9"),
    ),
    Scenario(
        name="the stop DAG is paused",
        phase="m2",
        conf=GO_ON,
        codes=("STOP-PAUSED",),
        steps=2,
        broken=_paused("stop"),
    ),
    Scenario(
        name="the latch is set, and a build is asked for",
        phase="m2",
        conf=GO_ON,
        codes=("LATCH-SET",),
        steps=4,
        broken=_latched,
        played=lambda _scene: Played(persons={"remove the cause of the stop": lambda _stage: None}),
    ),
    Scenario(
        name="a release before the cost was judged",
        phase="release",
        conf={"confirm": ENVIRONMENT, "reason": "over"},
        codes=("RELEASE-NEEDS-COST-PASS",),
        steps=2,
        broken=_latched,
        tears_down=True,
    ),
    Scenario(
        name="an extension without a reason",
        phase="extend",
        conf={"stack": "demo", "hours": 2, "confirm": ENVIRONMENT, "reason": ""},
        codes=("REASON-MISSING",),
        steps=1,
        broken=_nothing,
    ),
    Scenario(
        name="an extension with a typo in its confirmation",
        phase="extend",
        conf={"stack": "demo", "hours": 2, "confirm": "dev-min", "reason": "a review"},
        codes=("CONFIRM-MISMATCH",),
        steps=1,
        broken=_nothing,
    ),
    Scenario(
        name="the worker assumed another role",
        phase="m2",
        conf=GO_ON,
        codes=("ROLE-MISMATCH",),
        steps=2,
        broken=_variable("AWS_ROLE_ARN", f"arn:aws:iam::{ACCOUNT}:role/{PREFIX}-other"),
        played=_undone("set AWS_ROLE_ARN to the role"),
    ),
    Scenario(
        name="a finished build is asked for again",
        phase="m2",
        conf=BUILD,
        codes=("PLATFORM-RUN-UNDECIDED",),
        steps=1,
        broken=_nothing,
    ),
    Scenario(
        name="a new platform run while one is open",
        phase="m2",
        conf={**BUILD, "platform_run": "new"},
        codes=("PLATFORM-RUN-OPEN",),
        steps=2,
        broken=_nothing,
    ),
    Scenario(
        name="the latch cannot be read",
        phase="m2",
        conf=GO_ON,
        codes=("LATCH-UNREADABLE",),
        steps=2,
        broken=_latch_hidden,
        played=_undone("let the execution role read control/dev_min/latch"),
    ),
    Scenario(
        name="the lock of a laptop that ends its command",
        phase="m2",
        conf=GO_ON,
        codes=("STATE-LOCKED",),
        steps=2,
        broken=_laptop,
        played=lambda _scene: Played(persons={"let its holder end the command": _unlock}),
    ),
    Scenario(
        name="an empty lock file",
        phase="m2",
        conf=GO_ON,
        codes=("STATE-LOCK-DAMAGED",),
        steps=2,
        broken=_empty_lock,
        played=lambda _scene: Played(answers={"lock_id": "damaged-01ba4719c80b"}),
    ),
    Scenario(
        name="the digest in the lock table does not fit",
        phase="m2",
        conf=GO_ON,
        codes=("STATE-DIGEST-MISMATCH",),
        steps=2,
        broken=_another_digest,
        played=lambda _scene: Played(answers={"state_reason": "the digest was changed by hand"}),
    ),
    Scenario(
        name="a newer Terraform wrote the state",
        phase="m2",
        conf=GO_ON,
        codes=("STATE-NEWER-TERRAFORM",),
        steps=2,
        broken=_newer_terraform,
        played=_undone("install terraform >= 9.9.9"),
    ),
    Scenario(
        name="the role may not list volumes",
        phase="m2",
        conf=GO_ON,
        codes=("COST-INVENTORY-UNREAD",),
        steps=2,
        broken=_fault(service="ec2", kind="access_denied", operation="DescribeVolumes"),
        played=_undone("let the execution role read what the observed text names"),
    ),
    Scenario(
        name="the alert topic is gone when demo is torn down",
        phase="m9",
        conf=TEARDOWN,
        codes=("PRESERVED-MISSING",),
        steps=2,
        broken=_topic_gone,
        tears_down=True,
    ),
    Scenario(
        name="a volume stands beside the stacks",
        phase="audit",
        conf={},
        codes=("ORPHAN-BESIDE-STACKS",),
        steps=2,
        broken=_volume,
    ),
    Scenario(
        name="M1 may not make what is missing",
        phase="m1",
        conf={},
        codes=("BOOTSTRAP-REFUSED",),
        steps=2,
        broken=_bootstrap_refused,
        played=_undone("mend what the refused steps"),
    ),
    Scenario(
        name="an extension of what does not stand",
        phase="extend",
        conf={"stack": "demo", "hours": 2, "confirm": ENVIRONMENT, "reason": "a review"},
        codes=("EXTENSION-NOTHING-STANDS",),
        steps=2,
        broken=_torn_down,
    ),
)
