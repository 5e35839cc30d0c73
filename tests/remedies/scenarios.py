"""What breaks, and what the person does whom a remedy asks. Each starts from an environment that is built and sound.

The codes that are met and the number of steps are part of the scenario: `docs/remedies.md` is made of them.
"""

import contextlib
import json
import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
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


def _lock_table_unprotected(scene: Scene) -> None:
    scene.stage.sandbox.client("dynamodb").update_table(TableName=TABLE, DeletionProtectionEnabled=False)


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


def _manifest(old: str, new: str) -> Callable[[Scene], None]:
    def change(scene: Scene) -> None:
        text = scene.manifest.read_text(encoding="utf-8")
        assert old in text, old
        scene.manifest.write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def _paused(phase: str) -> Callable[[Scene], None]:
    return lambda scene: scene.undo.enter_context(scene.stage.paused(phase))


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
        name="the lock table lost its deletion protection",
        phase="m2",
        conf=GO_ON,
        codes=("LOCK-TABLE-DELETION-PROTECTION-OFF",),
        steps=2,
        broken=_lock_table_unprotected,
        cheap=True,
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
        name="an extension with a typo in its confirmation",
        phase="extend",
        conf={"stack": "demo", "hours": 2, "confirm": "dev-min", "reason": "a review"},
        codes=("CONFIRM-MISMATCH",),
        steps=1,
        broken=_nothing,
        cheap=True,
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
)
