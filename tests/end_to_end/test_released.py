"""A state of core from before the owner held role and identity provider: it lets go of them, and AWS sees nothing."""

import hashlib
import json
from typing import Any

import pytest

from stage import ENVIRONMENT, TEARDOWN, Stage
from tidegate.environments import load, load_policies
from tidegate.models.execution_role import ExecutionRole, role_of

pytestmark = [pytest.mark.end_to_end, pytest.mark.matrix, pytest.mark.timeout(900)]

BUCKET, KEY = "fraud-platform-dev-min-tfstate", f"{ENVIRONMENT}/core/terraform.tfstate"


def role() -> ExecutionRole:
    environment = load(ENVIRONMENT)
    return role_of(environment, load_policies(environment))


def held_before(role: ExecutionRole) -> dict[str, list[dict[str, Any]]]:
    """By address what a state of before held, as Terraform writes instances; what is not named is null."""
    first, *_ = role.policies
    return {
        "aws_iam_openid_connect_provider.lanes": [{"id": role.provider_arn, "arn": role.provider_arn}],
        "aws_iam_role.execution": [{"id": role.name, "name": role.name, "arn": role.arn}],
        "aws_iam_role_policy.execution": [{"id": f"{role.name}:lanes", "name": "lanes", "role": role.name}],
        "aws_iam_policy.execution": [{"id": arn, "arn": arn, "name": arn.rpartition("/")[2]} for arn in role.policies],
        "aws_iam_role_policy_attachment.execution": [
            {"id": f"{role.name}-{first}", "role": role.name, "policy_arn": first}
        ],
    }


def put_back_into_the_state(stage: Stage, held: dict[str, list[dict[str, Any]]]) -> None:
    """Write the instances into core's state, and the digest of the new content where the backend looks for it."""
    document = stage.state_document("core")
    document["serial"] += 1
    for address, instances in held.items():
        kind, name = address.split(".")
        several = len(instances) > 1
        document["resources"].append(
            {
                "mode": "managed",
                "type": kind,
                "name": name,
                "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
                "instances": [
                    {"schema_version": 0, "attributes": each} | ({"index_key": each["name"]} if several else {})
                    for each in instances
                ],
            }
        )
    content = json.dumps(document).encode()
    stage.sandbox.client("s3").put_object(Bucket=BUCKET, Key=KEY, Body=content)
    stage.sandbox.client("dynamodb").put_item(
        TableName="fraud-platform-dev-min-tf-locks",
        Item={
            "LockID": {"S": f"{BUCKET}/{KEY}-md5"},
            "Digest": {"S": hashlib.md5(content, usedforsecurity=False).hexdigest()},
        },
    )


def in_the_state(stage: Stage) -> set[str]:
    return {f"{it['type']}.{it['name']}" for it in stage.state_document("core")["resources"]}


def standing(stage: Stage, role: ExecutionRole) -> list[Any]:
    """What IAM says of all of it."""
    iam = stage.sandbox.client("iam")
    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=role.provider_arn)
    found = [
        provider["ClientIDList"],
        provider["Tags"],
        iam.get_role(RoleName=role.name)["Role"],
        iam.list_attached_role_policies(RoleName=role.name)["AttachedPolicies"],
        *(iam.get_policy(PolicyArn=arn)["Policy"] for arn in role.policies),
    ]
    for each in found:
        if isinstance(each, dict):
            each.pop("RoleLastUsed", None)
    return found


def test_a_state_of_before_lets_go_and_a_teardown_is_not_held_up(bootstrapped: Stage) -> None:
    stage = bootstrapped
    stage.emptied()
    first = stage.run("m2", stacks="core")
    assert first.state == "success", (first.tasks, {name: first.codes(name) for name in first.snapshots})
    wanted = role()
    held = held_before(wanted)
    before = standing(stage, wanted)
    put_back_into_the_state(stage, held)
    assert in_the_state(stage) >= set(held)

    down = stage.run("m9", **TEARDOWN)
    assert down.state == "success", (down.tasks, {name: down.codes(name) for name in down.snapshots})
    since = stage.position()
    again = stage.run("m2", stacks="core")

    assert again.state == "success", (again.tasks, {name: again.codes(name) for name in again.snapshots})
    assert in_the_state(stage) & set(held) == set()
    assert [call for call in stage.mutations(since) if call.startswith("iam")] == []
    assert standing(stage, wanted) == before
