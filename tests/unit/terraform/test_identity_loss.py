"""What an update of an imported identity takes away from others, and nothing else."""

import json
from typing import Any

import pytest

from tidegate.terraform.identity_loss import taken_away

PROVIDER, ROLE = "aws_iam_openid_connect_provider", "aws_iam_role"
OURS = {
    "Effect": "Allow",
    "Action": "sts:AssumeRoleWithWebIdentity",
    "Principal": {"Federated": "arn:aws:iam::123456789012:oidc-provider/issuer"},
    "Condition": {"StringEquals": {"issuer:aud": "sts.amazonaws.com", "issuer:sub": "ours"}},
}
THEIRS = {"Sid": "Theirs", "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::1:root"}}
AS_LISTS = {
    "Sid": "Ours",
    "Effect": "Allow",
    "Action": ["sts:AssumeRoleWithWebIdentity"],
    "Principal": {"Federated": ["arn:aws:iam::123456789012:oidc-provider/issuer"]},
    "Condition": {"StringEquals": {"issuer:aud": ["sts.amazonaws.com"], "issuer:sub": ["ours"]}},
}


def lost(kind: str, before: dict[str, Any], after: dict[str, Any], **change: Any) -> list[str]:
    return list(taken_away(kind, {"actions": ["update"], "before": before, "after": after, **change}))


def trust(*statements: Any) -> dict[str, Any]:
    return {"assume_role_policy": json.dumps({"Version": "2012-10-17", "Statement": list(statements)})}


@pytest.mark.parametrize(
    ("kind", "before", "after", "said"),
    [
        (PROVIDER, {"client_id_list": ["a", "b"]}, {"client_id_list": ["b"]}, ["client_id_list: a would be removed"]),
        (PROVIDER, {"client_id_list": ["a"]}, {"client_id_list": ["a", "b"]}, []),
        (PROVIDER, {"thumbprint_list": ["x"]}, {"thumbprint_list": []}, ["thumbprint_list: x would be removed"]),
        (ROLE, {"tags_all": {"team": "x"}}, {"tags_all": {"stack": "core"}}, ["tag team = x would be removed"]),
        (
            ROLE,
            {"tags_all": {"stack": "x"}},
            {"tags_all": {"stack": "core"}},
            ["tag stack would change from x to core"],
        ),
        (ROLE, {"tags_all": None}, {"tags_all": {"stack": "core"}}, []),
        (ROLE, trust(OURS), trust(AS_LISTS), []),
        (ROLE, trust(OURS), trust(OURS, THEIRS), []),
        ("aws_s3_bucket", {"tags_all": {"team": "x"}}, {"tags_all": {}}, []),
    ],
)
def test_what_would_go(kind: str, before: dict[str, Any], after: dict[str, Any], said: list[str]) -> None:
    assert lost(kind, before, after) == said


def test_a_statement_of_somebody_else() -> None:
    (said,) = lost(ROLE, trust(OURS, THEIRS), trust(OURS))
    assert said.startswith('assume_role_policy: the statement {"Action": "sts:AssumeRole", "Effect": "Allow"')
    (narrowed,) = lost(ROLE, trust({**OURS, "Condition": {}}), trust(OURS))
    assert "oidc-provider/issuer" in narrowed


def test_one_statement_that_is_no_list() -> None:
    alone = {"assume_role_policy": json.dumps({"Statement": THEIRS})}
    assert len(lost(ROLE, alone, trust(OURS))) == 1


@pytest.mark.parametrize("unknown", [True, {"client_id_list": True}, {"client_id_list": [True]}])
def test_what_nobody_knows_yet_counts_as_gone(unknown: Any) -> None:
    said = lost(PROVIDER, {"client_id_list": ["a"]}, {}, after_unknown=unknown)
    assert "client_id_list: what would stand afterwards is not known before the apply" in said


def test_a_long_value_is_cut() -> None:
    (said,) = lost(PROVIDER, {"client_id_list": ["a" * 999]}, {"client_id_list": []})
    assert len(said) < 260


@pytest.mark.parametrize("actions", [["no-op"], ["create"], ["delete", "create"]])
def test_only_an_update_is_looked_at(actions: list[str]) -> None:
    """A delete or a replacement is PROTECTED-RESOURCE's business."""
    assert lost(PROVIDER, {"client_id_list": ["a"]}, {"client_id_list": []}, actions=actions) == []
