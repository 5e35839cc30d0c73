"""What happens to the world of a scenario, done as people and machines do it: through AWS, files, variables."""

import contextlib
import hashlib
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from remedies.scenario import Happening, Scene
from remedies.walker import AWS, Played, as_owner
from stage import BUILD, ENVIRONMENT, TEARDOWN, Stage, environment_variable

PREFIX = "fraud-platform-dev-min"
ROLE = f"{PREFIX}-execution"
TABLE, STATE_BUCKET = f"{PREFIX}-tf-locks", f"{PREFIX}-tfstate"
ACCOUNT = "123456789012"
STATE = f"{ENVIRONMENT}/demo/terraform.tfstate"
LOCK = f"{STATE_BUCKET}/{STATE}"
TOPIC = f"arn:aws:sns:eu-west-2:{ACCOUNT}:{PREFIX}-alerts"
_HOLDER = {
    "ID": "0b0f1c52-2f0a-4b39-9d1e-111111111111",
    "Operation": "OperationTypePlan",
    "Info": "",
    "Who": "alice@laptop",
    "Version": "1.11.4",
    "Created": "2026-01-17T20:14:27.123456789Z",
}
WORKERS = "system:serviceaccount:tidegate:dev-min"
TAGS = {"project": "fraud-platform", "environment": ENVIRONMENT, "lifecycle": "ephemeral"}


def variable(name: str, value: str | None) -> Happening:
    return lambda scene: scene.undo.enter_context(environment_variable(name, value))


def undone(part: str) -> Callable[[Scene], Played]:
    """The person takes back what broke it, where the text says so."""
    return lambda scene: Played(persons={part: lambda _stage: scene.undo.close()})


def role_trusts_another(scene: Scene) -> None:
    """Somebody lets another service account assume the role, in place of the workers'."""
    iam = scene.stage.sandbox.client("iam")
    trust = json.dumps(iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"])
    assert WORKERS in trust
    iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=trust.replace(WORKERS, "system:serviceaccount:x:y"))


def role_unbounded(scene: Scene) -> None:
    """Somebody takes the boundary off, and gives the role more than it needs."""
    iam = scene.stage.sandbox.client("iam")
    iam.delete_role_permissions_boundary(RoleName=ROLE)
    iam.detach_role_policy(RoleName=ROLE, PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/{PREFIX}-lanes-demo")


def owner_applies(stage: Stage) -> None:
    """The owner runs what the command prints, as it stands, with the AWS CLI."""
    printed = subprocess.run(
        [sys.executable, "-m", "tidegate.cli", "policy", ENVIRONMENT, "--owner"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    path = f"{AWS.parent}:{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", printed.stdout],
        env=as_owner() | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def static_key(scene: Scene) -> None:
    scene.undo.enter_context(environment_variable("AWS_ACCESS_KEY_ID", "made-up-" + secrets.token_hex(4)))
    scene.undo.enter_context(environment_variable("AWS_SECRET_ACCESS_KEY", secrets.token_hex(16)))


def lock_table_gone(scene: Scene) -> None:
    dynamodb = scene.stage.sandbox.client("dynamodb")
    dynamodb.update_table(TableName=TABLE, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=TABLE)


def lock_table_unprotected(scene: Scene) -> None:
    scene.stage.sandbox.client("dynamodb").update_table(TableName=TABLE, DeletionProtectionEnabled=False)


def not_versioned(scene: Scene) -> None:
    scene.stage.sandbox.client("s3").put_bucket_versioning(
        Bucket=STATE_BUCKET, VersioningConfiguration={"Status": "Suspended"}
    )


def public(scene: Scene) -> None:
    scene.stage.sandbox.client("s3").delete_public_access_block(Bucket=STATE_BUCKET)


def without_tls(scene: Scene) -> None:
    scene.stage.sandbox.client("s3").delete_bucket_policy(Bucket=STATE_BUCKET)


def budget_raised(scene: Scene) -> None:
    budget_of(scene, Amount="300", Unit="USD")


def budget_of(scene: Scene, **limit: str) -> None:
    budgets = scene.stage.sandbox.client("budgets")
    name = f"{PREFIX}-budget"
    budget = budgets.describe_budget(AccountId=ACCOUNT, BudgetName=name)["Budget"]
    kept = {
        key: budget[key] for key in ("BudgetName", "TimeUnit", "BudgetType", "CostTypes", "TimePeriod") if key in budget
    }
    budgets.update_budget(AccountId=ACCOUNT, NewBudget={**kept, "BudgetLimit": limit})


def balancer(scene: Scene, *, tags: Mapping[str, str]) -> None:
    ec2, elb = scene.stage.sandbox.client("ec2"), scene.stage.sandbox.client("elbv2")
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][:2]
    given = {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]} if tags else {}
    made = elb.create_load_balancer(Name="quick-test-alb", Subnets=subnets, **given)
    scene.kept["arn"] = made["LoadBalancers"][0]["LoadBalancerArn"]
    scene.undo.callback(gone, lambda: elb.delete_load_balancer(LoadBalancerArn=scene.kept["arn"]))


def gone(delete: Callable[[], Any]) -> None:
    with contextlib.suppress(Exception):  # the scenario itself removed it
        delete()


def leftover(scene: Scene) -> None:
    """Free, the environment's by its name, and in no state."""
    scene.stage.sandbox.client("logs").create_log_group(logGroupName=f"{PREFIX}-somebody")


def nat_in_hcl(scene: Scene) -> None:
    text = (
        'resource "aws_eip" "surprise" {\n  domain = "vpc"\n}\n\nresource "aws_nat_gateway" "surprise" {\n'
        "  allocation_id = aws_eip.surprise.id\n  subnet_id     = module.network.public_subnet_ids[0]\n}\n"
    )
    scene.undo.enter_context(scene.stage.terraform_with("demo", "surprise.tf", text))


def program_in_hcl(scene: Scene) -> None:
    """Terraform would run it with the role's token."""
    text = 'resource "terraform_data" "surprise" {\n  provisioner "local-exec" {\n    command = "env"\n  }\n}\n'
    scene.undo.enter_context(scene.stage.terraform_with("demo", "surprise.tf", text))


def manifest(old: str, new: str) -> Happening:
    def change(scene: Scene) -> None:
        text = scene.manifest.read_text(encoding="utf-8")
        assert old in text, old
        scene.manifest.write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def fault(**given: Any) -> Happening:
    def spoil(scene: Scene) -> None:
        scene.undo.enter_context(scene.stage.sandbox.admin.fault(**given))

    return spoil


def paused(phase: str) -> Happening:
    return lambda scene: scene.undo.enter_context(scene.stage.paused(phase))


def latched(scene: Scene) -> None:
    from tidegate.collectors.aws.clients import Clients
    from tidegate.evidence.control import set_latch
    from tidegate.evidence.store import S3Store

    store = S3Store(Clients.from_environment("eu-west-2").s3, f"{PREFIX}-evidence")
    set_latch(store, ENVIRONMENT, reason="spend runs away", recorded_by="stop_20260101T000000Z", at=datetime.now(UTC))


def torn_down(scene: Scene) -> None:
    run = scene.stage.run("m9", **TEARDOWN)
    assert run.state == "success", run.tasks


def nothing(_scene: Scene) -> None:
    return


def deleted_balancer(scene: Scene) -> None:
    scene.stage.sandbox.client("elbv2").delete_load_balancer(LoadBalancerArn=scene.kept["arn"])


def laptop(scene: Scene) -> None:
    info = json.dumps({**_HOLDER, "Path": LOCK})
    scene.stage.sandbox.client("dynamodb").put_item(TableName=TABLE, Item={"LockID": {"S": LOCK}, "Info": {"S": info}})


def unlock(stage: Stage) -> None:
    stage.sandbox.client("dynamodb").delete_item(TableName=TABLE, Key={"LockID": {"S": LOCK}})


def empty_lock(scene: Scene) -> None:
    scene.stage.sandbox.client("s3").put_object(Bucket=STATE_BUCKET, Key=f"{STATE}.tflock", Body=b"\n")


def another_digest(scene: Scene) -> None:
    scene.stage.sandbox.client("dynamodb").put_item(
        TableName=TABLE, Item={"LockID": {"S": f"{LOCK}-md5"}, "Digest": {"S": "0" * 32}}
    )


def newer_terraform(scene: Scene) -> None:
    """As a newer Terraform leaves it: with the digest of what it wrote."""
    s3 = scene.stage.sandbox.client("s3")
    before = s3.get_object(Bucket=STATE_BUCKET, Key=STATE)["Body"].read()
    document = json.loads(before)
    written(scene, json.dumps({**document, "terraform_version": "9.9.9"}).encode())
    scene.undo.callback(written, scene, before)


def written(scene: Scene, content: bytes) -> None:
    scene.stage.sandbox.client("s3").put_object(Bucket=STATE_BUCKET, Key=STATE, Body=content)
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    scene.stage.sandbox.client("dynamodb").put_item(
        TableName=TABLE, Item={"LockID": {"S": f"{LOCK}-md5"}, "Digest": {"S": digest}}
    )


def latch_hidden(scene: Scene) -> None:
    for operation in ("GetObject", "ListObjectsV2"):
        fault(service="s3", kind="access_denied", operation=operation, resource="latch")(scene)


def topic_gone(scene: Scene) -> None:
    scene.stage.sandbox.client("sns").delete_topic(TopicArn=TOPIC)


def bootstrap_refused(scene: Scene) -> None:
    not_versioned(scene)
    fault(service="s3", kind="access_denied", operation="PutBucketVersioning")(scene)


def mail_unsubscribed(scene: Scene) -> None:
    """With one click in an alert mail, while the emergency latch is set (hashicorp/terraform#6625)."""
    latched(scene)
    sns = scene.stage.sandbox.client("sns")
    for each in sns.list_subscriptions_by_topic(TopicArn=TOPIC)["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])


def state_not_saved(scene: Scene) -> None:
    """The bucket takes no write of demo's state from the first VPC on (hashicorp/terraform#33264), and the worker that
    keeps what it could not write is another one by now.
    """
    stage = scene.stage
    stage.emptied()
    build = stage.run("m2", right_before={"f_demo.apply": stage.refuse_the_state_once_a_vpc_is_asked_for}, **BUILD)
    assert build.tasks["f_demo.apply"] == "failed"
    stage.sandbox.admin.clear_faults()
    (kept,) = stage.unsaved_files()
    elsewhere = kept.with_name("not-on-this-worker")
    kept.rename(elsewhere)
    scene.undo.callback(elsewhere.rename, kept)


def retained_backup(scene: Scene) -> None:
    """Outlives its database and is billed (ekristen/aws-nuke#364)."""
    rds, name = scene.stage.sandbox.client("rds"), f"{PREFIX}-demo-somebody"
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="somebody",
        MasterUserPassword=secrets.token_hex(8),
        BackupRetentionPeriod=7,
    )
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True, DeleteAutomatedBackups=False)


def newer_provider(scene: Scene) -> None:
    before = scene.stage.sandbox.client("s3").get_object(Bucket=STATE_BUCKET, Key=STATE)["Body"].read()
    document = json.loads(before)
    vpc = next(it for it in document["resources"] if it["type"] == "aws_vpc" and it["mode"] == "managed")
    vpc["instances"][0]["schema_version"] += 98
    written(scene, json.dumps({**document, "serial": document["serial"] + 1}).encode())
    scene.undo.callback(written, scene, before)


def role_not_deleted(scene: Scene) -> None:
    """Refused as if it were gone, once: the provider believes it (hashicorp/terraform-provider-aws#42341)."""
    fault(service="iam", operation="DeleteRole", kind="error", status=404, code="NoSuchEntity", times=1)(scene)


def delete_the_role(stage: Stage) -> None:
    iam = stage.sandbox.client("iam")
    (left,) = [it["RoleName"] for it in iam.list_roles()["Roles"] if it["RoleName"].startswith(f"{PREFIX}-demo")]
    iam.delete_role(RoleName=left)


def killed_teardown(scene: Scene) -> None:
    """The machine dies in the middle of a destroy; the lock stays."""
    killer = scene.stage.kill_terraform_after("ec2", "DeleteSubnet")
    with scene.stage.sandbox.admin.fault(service="ecs", operation="DeleteCluster", kind="delay", seconds=60):
        assert scene.stage.run("m9", **TEARDOWN).state == "failed"
    killer.join()


def name_taken(scene: Scene) -> None:
    """Somebody else's log group bears the name that demo's will have."""
    (name,) = [
        it["instances"][0]["attributes"]["name"]
        for it in scene.stage.state_document("demo")["resources"]
        if it["type"] == "aws_cloudwatch_log_group"
    ]
    torn_down(scene)
    logs = scene.stage.sandbox.client("logs")
    logs.create_log_group(logGroupName=name, tags={"environment": "prod"})
    scene.undo.callback(logs.delete_log_group, logGroupName=name)


def budget_in_euro(scene: Scene) -> None:
    budget_of(scene, Amount="30", Unit="EUR")


def period_refused(scene: Scene) -> None:
    """Cost Explorer's own day is in the month before (IN3)."""
    today = datetime.now(UTC).date()
    scene.stage.sandbox.admin.set_spend(as_of=today.replace(day=1) - timedelta(days=1))
    scene.undo.callback(scene.stage.sandbox.admin.set_spend)


def database_protected(scene: Scene) -> None:
    """Somebody switched deletion protection on."""
    build = scene.stage.run("m2", platform_run="continue", runtime_database_enabled=True)
    assert build.state == "success", build.tasks
    rds = scene.stage.sandbox.client("rds")
    (database,) = rds.describe_db_instances()["DBInstances"]
    rds.modify_db_instance(DBInstanceIdentifier=database["DBInstanceIdentifier"], DeletionProtection=True)
