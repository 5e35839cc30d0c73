"""Decisions that AWS's documentation states, made by the sandbox's evaluator.

Each row names the page of the IAM User Guide (or of the service) that says so.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from sandbox.iam.documents import MalformedPolicy, parse
from sandbox.iam.evaluation import Caller, Need, Policies, Policy, decide

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/lanes"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/lanes/run"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
CALLER = Caller(SESSION, ACCOUNT, ROLE)
BUCKET = "arn:aws:s3:::DOC-EXAMPLE-BUCKET"


def allow(actions: Any = "*", resources: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def deny(actions: Any = "*", resources: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": actions, "Resource": resources, **more}


def only_if(operator: str, key: str, *values: str) -> dict[str, Any]:
    return allow(Condition={operator: {key: list(values)}})


def _policy(name: str, statements: Sequence[Mapping[str, Any]], version: str = "2012-10-17") -> Policy:
    return Policy(name, json.dumps({"Version": version, "Statement": list(statements)}))


def decided(
    *identity: Mapping[str, Any],
    action: str = "s3:GetObject",
    resource: str = f"{BUCKET}/a",
    boundary: Sequence[Mapping[str, Any]] | None = None,
    bucket: Sequence[Mapping[str, Any]] | None = None,
    bucket_account: str | None = None,
    version: str = "2012-10-17",
    **context: Any,
) -> bool:
    policies = Policies(
        identity=(_policy("identity", identity, version),) if identity else (),
        boundary=None if boundary is None else _policy("boundary", boundary),
        resource=None if bucket is None else _policy("bucket", bucket),
        resource_account=bucket_account,
    )
    keys = {key.replace("__", ":").lower(): _values(value) for key, value in context.items()}
    return decide(Need(action, resource, keys), CALLER, policies).allowed


def _values(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def by(principal: Any, **more: Any) -> dict[str, Any]:
    return allow(Principal=principal, **more)


LOGIC = "Policy evaluation logic"
BOUNDARIES = "Permissions boundaries for IAM entities"
ACTION = "IAM JSON policy elements: Action"
NOT_ACTION = "IAM JSON policy elements: NotAction"
RESOURCE = "IAM JSON policy elements: Resource"
NOT_RESOURCE = "IAM JSON policy elements: NotResource"
OPERATORS = "IAM JSON policy elements: Condition operators"
MULTIPLE = "Conditions with multiple context keys or values"
SETS = "Set operators for multivalued context keys"
VARIABLES = "IAM policy elements: Variables and tags"
NOT_PRINCIPAL = "IAM JSON policy elements: NotPrincipal"
ARNS = "IAM identifiers"


@pytest.mark.parametrize(
    ("allowed", "expected", "_page"),
    [
        (decided(), False, LOGIC),  # by default all requests are implicitly denied
        (decided(allow("s3:GetObject", f"{BUCKET}/*")), True, LOGIC),
        (decided(allow(), deny("s3:*")), False, LOGIC),  # an explicit deny overrides any allow
        (decided(deny("s3:*"), allow()), False, LOGIC),  # in whatever order
        (decided(allow(), bucket=[deny(Principal="*")]), False, LOGIC),  # in whichever kind of policy
        (decided(bucket=[by({"AWS": ROLE})]), True, LOGIC),  # within an account, one of the two is enough
        (decided(bucket=[by({"AWS": ROOT})]), False, LOGIC),  # naming the account leaves it to its policies
        (decided(allow(), bucket=[by({"AWS": ROOT})]), True, LOGIC),
        (decided(bucket=[by("*")]), True, LOGIC),
        (decided(allow(), bucket_account="999999999999"), False, LOGIC),  # another account's resource needs both
        (decided(allow(), bucket=[by({"AWS": ROLE})], bucket_account="999999999999"), True, LOGIC),
        (decided(bucket=[by("*")], bucket_account="999999999999"), False, LOGIC),
        (decided(bucket=[by({"AWS": ROLE})], bucket_account="999999999999"), False, LOGIC),
        (decided(allow(), boundary=[allow("ec2:*")]), False, BOUNDARIES),  # the intersection of both
        (decided(allow("ec2:*"), boundary=[allow()]), False, BOUNDARIES),  # a boundary grants nothing
        (decided(allow(), boundary=[allow("s3:*")]), True, BOUNDARIES),
        (decided(allow(), boundary=[allow(), deny("s3:GetObject")]), False, BOUNDARIES),
        (
            decided(boundary=[allow("ec2:*")], bucket=[by({"AWS": ROLE})]),
            False,
            BOUNDARIES,
        ),  # limits grants to the role
        (
            decided(boundary=[allow("ec2:*")], bucket=[by({"AWS": SESSION})]),
            True,
            BOUNDARIES,
        ),  # not those to the session
        (decided(allow("s3:getobject")), True, ACTION),  # prefix and name are case insensitive
        (decided(allow("s3:Get*")), True, ACTION),
        (decided(allow("s3:*Object")), True, ACTION),
        (decided(allow("s3:GetObjec?")), True, ACTION),
        (decided(allow("s3:GetObject?")), False, ACTION),
        (decided({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}), True, NOT_ACTION),
        (decided({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}), False, NOT_ACTION),
        (decided(allow(), {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}), True, NOT_ACTION),
        (decided(allow(), {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}), False, NOT_ACTION),
        (decided(allow(resources=f"{BUCKET}/a?"), resource=f"{BUCKET}/ab"), True, RESOURCE),
        (decided(allow(resources=f"{BUCKET}/A")), False, RESOURCE),  # ARNs are case sensitive
        (decided(allow(resources="arn:aws:s3")), False, RESOURCE),
        (decided(allow(resources=BUCKET)), False, RESOURCE),  # the bucket is not its objects
        (decided(allow(resources="arn:aws:*:*:*:*")), True, RESOURCE),
        (decided({"Effect": "Allow", "Action": "*", "NotResource": f"{BUCKET}/*"}), False, NOT_RESOURCE),
        (decided({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::other/*"}), True, NOT_RESOURCE),
        (decided(allow(), {"Effect": "Deny", "Action": "*", "NotResource": [f"{BUCKET}/*"]}), True, NOT_RESOURCE),
        (
            decided(allow(resources=f"arn:aws:iam::{ACCOUNT}:u*"), resource=f"arn:aws:iam::{ACCOUNT}:user/x"),
            False,
            ARNS,
        ),
        (
            decided(allow(resources=f"arn:aws:iam::{ACCOUNT}:user/*"), resource=f"arn:aws:iam::{ACCOUNT}:user/a/b"),
            True,
            ARNS,
        ),
        (
            decided(only_if("StringEquals", "aws:PrincipalTag/job", "x"), **{"aws__PrincipalTag/job": "X"}),
            False,
            OPERATORS,
        ),
        (decided(only_if("StringEqualsIgnoreCase", "a:k", "x"), a__k="X"), True, OPERATORS),
        (decided(only_if("StringNotEquals", "a:k", "x"), a__k="y"), True, OPERATORS),
        (decided(only_if("StringNotEquals", "a:k", "x")), True, OPERATORS),  # a missing key meets a negated operator
        (decided(only_if("StringEquals", "a:k", "x")), False, OPERATORS),  # and no other
        (decided(only_if("StringEqualsIfExists", "a:k", "x")), True, OPERATORS),
        (decided(only_if("StringEqualsIfExists", "a:k", "x"), a__k="y"), False, OPERATORS),
        (decided(only_if("StringLike", "s3:prefix", "home/*"), s3__prefix="home/a"), True, OPERATORS),
        (decided(only_if("NumericLessThanEquals", "s3:max-keys", "10"), **{"s3__max-keys": "10"}), True, OPERATORS),
        (decided(only_if("NumericLessThan", "s3:max-keys", "10"), **{"s3__max-keys": "10.0"}), False, OPERATORS),
        (decided(only_if("NumericEquals", "s3:max-keys", "10"), **{"s3__max-keys": "ten"}), False, OPERATORS),
        (
            decided(
                only_if("DateGreaterThan", "aws:TokenIssueTime", "2020-01-01T00:00:01Z"),
                aws__TokenIssueTime="2020-01-01T01:00:00+01:00",
            ),
            False,
            OPERATORS,
        ),
        (decided(only_if("Bool", "aws:SecureTransport", "true"), aws__SecureTransport="true"), True, OPERATORS),
        (decided(only_if("Bool", "aws:SecureTransport", "false"), aws__SecureTransport="true"), False, OPERATORS),
        (decided(only_if("BinaryEquals", "a:k", "QmluYXJ5"), a__k="QmluYXJ5"), True, OPERATORS),
        (decided(only_if("IpAddress", "aws:SourceIp", "203.0.113.0/24"), aws__SourceIp="203.0.113.9"), True, OPERATORS),
        (
            decided(only_if("NotIpAddress", "aws:SourceIp", "203.0.113.0/24"), aws__SourceIp="203.0.113.9"),
            False,
            OPERATORS,
        ),
        (decided(only_if("IpAddress", "aws:SourceIp", "2001:db8::/32"), aws__SourceIp="2001:db8::1"), True, OPERATORS),
        (
            decided(only_if("ArnLike", "aws:SourceArn", "arn:aws:sns:*:1:t-*"), aws__SourceArn="arn:aws:sns:x:1:t-a"),
            True,
            OPERATORS,
        ),
        (
            decided(only_if("ArnEquals", "aws:SourceArn", "arn:aws:sns:*:1:t"), aws__SourceArn="arn:aws:sns:x:1:t"),
            True,
            OPERATORS,
        ),
        (
            decided(only_if("ArnLike", "aws:SourceArn", "arn:aws:sns:*:t"), aws__SourceArn="arn:aws:sns:x:1:t"),
            False,
            OPERATORS,
        ),
        (decided(only_if("ArnLike", "aws:SourceArn", "*"), aws__SourceArn="arn:aws:sns:x:1:t"), False, OPERATORS),
        # Where a wildcard may or may not cross a colon, an Allow gets the narrow reading and a Deny the wide one.
        (decided(allow(resources="arn:aws:s3*DOC-EXAMPLE-BUCKET/a")), False, RESOURCE),
        (decided(allow(), deny(resources="arn:aws:s3*DOC-EXAMPLE-BUCKET/a")), False, RESOURCE),
        (decided(only_if("Null", "aws:TokenIssueTime", "true")), True, OPERATORS),
        (decided(only_if("Null", "aws:TokenIssueTime", "false")), False, OPERATORS),
        (decided(only_if("stringequals", "a:k", "x"), a__k="x"), False, OPERATORS),  # an operator nobody knows
        (decided(allow(), deny(Condition={"StringMatches": {"a:k": "x"}}), a__k="y"), False, OPERATORS),
        (decided(only_if("StringEquals", "A:K", "x"), a__k="x"), True, MULTIPLE),  # names of keys are case insensitive
        (decided(only_if("StringEquals", "a:k", "x", "y"), a__k="y"), True, MULTIPLE),  # any of the values
        (decided(only_if("StringNotEquals", "a:k", "x", "y"), a__k="y"), False, MULTIPLE),  # none of them
        (decided(allow(Condition={"StringEquals": {"a:k": "x", "a:l": "y"}}), a__k="x"), False, MULTIPLE),  # every key
        (decided(allow(Condition={"StringEquals": {"a:k": "x"}, "Bool": {"a:l": "true"}}), a__k="x"), False, MULTIPLE),
        (decided(only_if("ForAllValues:StringEquals", "aws:TagKeys", "a", "b"), aws__TagKeys=["a"]), True, SETS),
        (decided(only_if("ForAllValues:StringEquals", "aws:TagKeys", "a", "b"), aws__TagKeys=["a", "c"]), False, SETS),
        (decided(only_if("ForAllValues:StringEquals", "aws:TagKeys", "a")), True, SETS),  # also when there are none
        (decided(only_if("ForAnyValue:StringEquals", "aws:TagKeys", "a"), aws__TagKeys=["a", "c"]), True, SETS),
        (decided(only_if("ForAnyValue:StringEquals", "aws:TagKeys", "a"), aws__TagKeys=["c"]), False, SETS),
        (decided(only_if("ForAnyValue:StringEquals", "aws:TagKeys", "a")), False, SETS),
        (decided(only_if("StringEquals", "aws:TagKeys", "a", "b"), aws__TagKeys=["a", "b"]), False, SETS),
        (
            decided(allow(resources=f"{BUCKET}/${{aws:username}}/*"), resource=f"{BUCKET}/ann/x", aws__username="ann"),
            True,
            VARIABLES,
        ),
        (
            decided(allow(resources=f"{BUCKET}/${{aws:username}}/*"), resource=f"{BUCKET}/bob/x", aws__username="ann"),
            False,
            VARIABLES,
        ),
        (
            decided(allow(resources=f"{BUCKET}/${{aws:username}}/*"), resource=f"{BUCKET}/bob/x", aws__username="*"),
            False,
            VARIABLES,
        ),
        (decided(allow(resources=f"{BUCKET}/${{aws:username}}/*"), resource=f"{BUCKET}//x"), False, VARIABLES),
        (
            decided(
                allow(resources=f"{BUCKET}/${{aws:PrincipalTag/team, 'company-wide'}}"),
                resource=f"{BUCKET}/company-wide",
            ),
            True,
            VARIABLES,
        ),
        (decided(allow(resources=f"{BUCKET}/${{*}}"), resource=f"{BUCKET}/*"), True, VARIABLES),
        (decided(allow(resources=f"{BUCKET}/${{*}}")), False, VARIABLES),
        (
            decided(
                allow(resources=f"{BUCKET}/${{aws:username}}"),
                resource=f"{BUCKET}/ann",
                aws__username="ann",
                version="2008-10-17",
            ),
            False,
            VARIABLES,
        ),
        (decided(only_if("StringEquals", "a:k", "${aws:username}"), a__k="ann", aws__username="ann"), True, VARIABLES),
        (decided(only_if("StringNotEquals", "a:k", "${aws:username}"), a__k="ann"), False, VARIABLES),
        (
            decided(allow(), {"Effect": "Deny", "Action": "*", "NotResource": f"{BUCKET}/${{aws:username}}"}),
            False,
            VARIABLES,
        ),
        (decided(allow(), bucket=[deny(NotPrincipal={"AWS": [SESSION, ROLE, ROOT]})]), True, NOT_PRINCIPAL),
        (decided(allow(), bucket=[deny(NotPrincipal={"AWS": [ROLE]})]), False, NOT_PRINCIPAL),  # the session, too
    ],
)
def test_what_the_documentation_says(allowed: bool, expected: bool, _page: str) -> None:
    assert allowed is expected


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ('{"Version":"2012-10-17"}', "not a JSON object"),
        ('{"Version":"2012-10-17","Statement":[]}', "no statement"),
        ('{"Version":"2020-01-01","Statement":{}}', "Version is '2020-01-01'"),
        (json.dumps({"Statement": allow(), "Extra": 1}), "unknown element 'Extra'"),
        (json.dumps({"Statement": {**allow(), "Actoin": "*"}}), "unknown element 'Actoin'"),
        (json.dumps({"Statement": {**allow(), "Effect": "allow"}}), "Effect is 'allow'"),
        (json.dumps({"Statement": allow("GetObject")}), "names no service"),
        (json.dumps({"Statement": allow(resources="bucket")}), "neither an ARN nor '*'"),
        (json.dumps({"Statement": allow([])}), "neither a text nor a list of texts"),
        (json.dumps({"Statement": {**allow(), "NotAction": "*"}}), "exactly one of Action and NotAction"),
        (json.dumps({"Statement": {"Effect": "Allow", "Action": "*"}}), "exactly one of Resource and NotResource"),
        (json.dumps({"Statement": allow(Principal="*")}), "names no Principal"),
        (json.dumps({"Statement": allow(Condition="x")}), "Condition is not a JSON object"),
        (json.dumps({"Statement": allow(Condition={"Bool": "x"})}), "the condition Bool is not a JSON object"),
        (json.dumps({"Statement": allow(Condition={"Bool": {"a:k": None}})}), "neither a text, a number nor a Boolean"),
        (json.dumps({"Statement": [allow(Sid="A"), allow(Sid="A")]}), "same Sid"),
        ('{"Statement":{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}}', "stands twice"),
    ],
)
def test_a_document_that_iam_would_refuse_grants_nothing(document: str, said: str) -> None:
    with pytest.raises(MalformedPolicy, match=said):
        parse(document)
    whole = _policy("whole", [allow()])
    decision = decide(Need("s3:GetObject", BUCKET, {}), CALLER, Policies((whole, Policy("broken", document))))
    assert not decision.allowed
    assert "the policy broken" in decision.reason


@pytest.mark.parametrize(
    ("policies", "reason"),
    [
        (Policies(), "because no identity-based policy allows the s3:GetObject action"),
        (
            Policies((_policy("a", [allow()]),), _policy("b", [allow("ec2:*")])),
            "because no permissions boundary allows the s3:GetObject action",
        ),
        (Policies((_policy("a", [deny()]),)), "with an explicit deny in an identity-based policy"),
        (Policies(resource=_policy("r", [deny(Principal="*")])), "with an explicit deny in a resource-based policy"),
    ],
)
def test_a_denial_says_why_as_aws_does(policies: Policies, reason: str) -> None:
    assert decide(Need("s3:GetObject", f"{BUCKET}/a", {}), CALLER, policies).reason == reason
