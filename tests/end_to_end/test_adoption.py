"""A root that others built, with a state in another bucket, comes under a manifest: nothing of it is replaced.

docs/adopt.md says the same to people, step by step.
"""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from own_project import edit, own_project, passed
from remedies.breakages import owner_applies
from remedies.walker import as_owner
from stage import BUILD, ENVIRONMENT, Stage
from tidegate.settings import settings
from tidegate.terraform.cli_config import write
from tidegate.terraform.process import child_environment
from tidegate.terraform.program import find_program

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(900)]

THEIRS, KEY = "orders-team-state", "prod/orders.tfstate"
TOPIC = "orders-of-the-shop"
MAIN = """
resource "aws_sns_topic" "orders" {
  name = "orders-of-the-shop"
}

output "topic_arn" {
  value = aws_sns_topic.orders.arn
}
"""
TERRAFORM = """
terraform {
  required_version = ">= 1.11.0, < 1.16.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}
"""
ENTRY = {
    "root": "orders",
    "lifecycle": "ephemeral",
    "time_to_live": False,
    "depends_on": ["core"],
    "contract": "order_only",
    "destroyable": True,
    "state_key": f"{ENVIRONMENT}/orders/terraform.tfstate",
    "required_outputs": ["topic_arn"],
}
RIGHTS = [
    {
        "sid": "OrdersTopic",
        "actions": ["sns:GetTopicAttributes", "sns:ListTagsForResource", "sns:SetTopicAttributes", "sns:DeleteTopic"],
        "resources": [f"arn:aws:sns:$regional:{TOPIC}"],
    }
]


def their_terraform(stage: Stage, root: Path, *arguments: str) -> None:
    """As the team runs it, on a laptop and with rights of its own."""
    environ = child_environment(as_owner(), write(root.parent / "terraform.rc", settings().provider_mirrors), "")
    done = subprocess.run(
        [*find_program(settings().terraform).command, *arguments],
        cwd=root,
        env=environ,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_root_is_adopted_with_its_state(built: Stage) -> None:
    s3, sns = built.sandbox.client("s3"), built.sandbox.client("sns")
    place = {"LocationConstraint": "eu-west-2"}
    s3.create_bucket(Bucket=THEIRS, CreateBucketConfiguration=place)
    with own_project(built) as project:
        root = project / "terraform" / "orders"
        root.mkdir()
        shutil.copy(project / "terraform" / "demo" / ".terraform.lock.hcl", root)
        (root / "main.tf").write_text(MAIN, "utf-8")
        (root / "terraform.tf").write_text(TERRAFORM, "utf-8")
        backend = root / "backend.tf"
        backend.write_text(
            f'terraform {{\n  backend "s3" {{\n    bucket = "{THEIRS}"\n    key    = "{KEY}"\n  }}\n}}\n', "utf-8"
        )
        path_style = "-backend-config=use_path_style=true"
        their_terraform(built, root, "init", "-input=false", path_style)
        their_terraform(built, root, "apply", "-input=false", "-auto-approve")
        shutil.rmtree(root / ".terraform")
        before = s3.get_object(Bucket=THEIRS, Key=KEY)["Body"].read()

        state_key: Any = ENTRY["state_key"]
        backend.write_text('terraform {\n  backend "s3" {}\n}\n', "utf-8")
        edit(project / "environments" / f"{ENVIRONMENT}.yaml", lambda it: it["stacks"].update(orders=ENTRY))
        kept = ["aws_s3_bucket", "aws_dynamodb_table", "aws_budgets_budget"]
        edit(project / "environments" / f"{ENVIRONMENT}.yaml", lambda it: it["preserve"].update(types=kept))
        edit(project / "policies" / "allowed_types.yaml", lambda it: it["stacks"].update(orders=["aws_sns_topic"]))
        edit(project / "policies" / "execution_role.yaml", lambda it: it["documents"].update(orders=RIGHTS))
        owner_applies(built)
        s3.copy_object(
            Bucket="fraud-platform-dev-min-tfstate", Key=state_key, CopySource={"Bucket": THEIRS, "Key": KEY}
        )
        since = built.position()
        build = built.run("m2", platform_run="continue", **BUILD)
        passed(build)
        assert [it for it in built.mutations(since) if "Topic" in it] == []
        assert built.state_of("orders") is not None
        assert [it["TopicArn"] for it in sns.list_topics()["Topics"] if it["TopicArn"].endswith(TOPIC)]
        assert s3.get_object(Bucket=THEIRS, Key=KEY)["Body"].read() == before, "theirs stands as it stood"
        passed(built.run("m9", target="orders", confirm=ENVIRONMENT, read_bills_anew=True))
        assert not [it for it in sns.list_topics()["Topics"] if it["TopicArn"].endswith(TOPIC)]
