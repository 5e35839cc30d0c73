"""What IAM says of the execution role: bad in every field, and never taken for the role that was asked for."""

import json

import pytest

from bad_input import Case, FakeAws, Text, sweep
from factories_control import NOW, identity_facts
from tidegate.collectors.aws import reading
from tidegate.collectors.aws.execution_role import collect_execution_role
from tidegate.environments import load, load_policies
from tidegate.gates import identity_and_tools
from tidegate.models.execution_role import role_of
from tidegate.models.observed import Absent, Known

ENVIRONMENT = load("dev_min")
WHOLE = role_of(ENVIRONMENT, load_policies(ENVIRONMENT))
FIRST, *_ = WHOLE.policies
# One policy is as good as four: a fake answers each question alike.
WANTED = type(WHOLE)(
    arn=WHOLE.arn,
    name=WHOLE.name,
    trust=WHOLE.trust,
    provider_arn=WHOLE.provider_arn,
    audience=WHOLE.audience,
    boundary_arn=WHOLE.boundary_arn,
    boundary=WHOLE.policies[FIRST],
    policies={FIRST: WHOLE.policies[FIRST]},
)
GATE = "IDENTITY-AND-TOOLS"
OF_BOTOCORE = frozenset(
    f".{name}"
    for name in (
        *("Arn", "AttachmentCount", "CreateDate", "Description", "IsAttachable", "Path", "PolicyId", "PolicyName"),
        *("PermissionsBoundaryUsageCount", "RoleId", "RoleName", "Tags", "UpdateDate", "IsDefaultVersion", "VersionId"),
        *("MaxSessionDuration", "PermissionsBoundaryType", "RoleLastUsed", "SourceRoleTemplate"),
        *("ThumbprintList", "Url"),
    )
)
"""It goes through all fields of an answer, for documents to decode."""


def judged(aws):
    facts = identity_facts(role=Known(collect_execution_role(aws.clients, WANTED)))
    return facts, {GATE: identity_and_tools.GATE.evaluate(facts, judged_at=NOW)}


CASES = (
    Case(
        name="role",
        answers={
            "iam.GetRole": {
                "Role": {
                    "AssumeRolePolicyDocument": Text(json.loads(WANTED.trust)),
                    "PermissionsBoundary": {"PermissionsBoundaryArn": WANTED.boundary_arn},
                }
            },
            "iam.ListAttachedRolePolicies": [
                {"AttachedPolicies": [], "IsTruncated": True, "Marker": "page-2"},
                {"AttachedPolicies": [{"PolicyArn": FIRST}], "IsTruncated": False},
            ],
            "iam.ListRolePolicies": {"PolicyNames": [], "IsTruncated": False},
            "iam.GetOpenIDConnectProvider": {"ClientIDList": [WANTED.audience]},
            "iam.GetPolicy": {"Policy": {"DefaultVersionId": "v2"}},
            "iam.GetPolicyVersion": {"PolicyVersion": {"Document": Text(json.loads(WANTED.policies[FIRST]))}},
        },
        judge=judged,
        expected={GATE: frozenset()},
        unset=OF_BOTOCORE,
    ),
)
IRRELEVANT = {"role: *.IsTruncated: removed": "a page without a token is the last one"}


@pytest.mark.timeout(1500)
def test_every_field_in_every_bad_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_PAGES", 5)
    aws = FakeAws(ENVIRONMENT.region)
    assert sweep(aws, CASES, IRRELEVANT) == []


def test_what_is_attached_besides_is_named() -> None:
    aws = FakeAws(ENVIRONMENT.region)
    other = "arn:aws:iam::aws:policy/AdministratorAccess"
    aws.answers = {
        **CASES[0].answers,
        "iam.ListAttachedRolePolicies": {"AttachedPolicies": [{"PolicyArn": FIRST}, {"PolicyArn": other}]},
        "iam.ListRolePolicies": {"PolicyNames": ["more"]},
    }
    assert collect_execution_role(aws.clients, WANTED).others == Known((other, "inline policy more"))


def test_what_is_not_attached_is_not_there() -> None:
    aws = FakeAws(ENVIRONMENT.region)
    aws.answers = {**CASES[0].answers, "iam.ListAttachedRolePolicies": {"AttachedPolicies": []}}
    documents = {each.name: each.differences for each in collect_execution_role(aws.clients, WANTED).documents}
    assert documents[FIRST] == Absent()


@pytest.mark.parametrize(
    ("audiences", "differences"),
    [
        (["of.others", WANTED.audience], Known(())),
        (["of.others"], Known((f"lacks the audience {WANTED.audience}",))),
        ([], Known((f"lacks the audience {WANTED.audience}",))),
    ],
)
def test_the_identity_provider_may_be_shared(audiences: list[str], differences: Known[tuple[str, ...]]) -> None:
    aws = FakeAws(ENVIRONMENT.region)
    aws.answers = {**CASES[0].answers, "iam.GetOpenIDConnectProvider": {"ClientIDList": audiences}}
    documents = {each.name: each.differences for each in collect_execution_role(aws.clients, WANTED).documents}
    assert documents[WANTED.provider_arn] == differences
