"""The execution role's documents: they fit, they keep what they promise, and differences are said by statement."""

import json
import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import pytest

from manifest_rules import LONGEST_PROJECT
from manifests import PROJECT
from sandbox.iam import reference
from standins import dev_min
from tidegate.environments import load, load_policies, names
from tidegate.models.environment import Environment
from tidegate.models.execution_role import (
    MANAGED_POLICY_LIMIT,
    ExecutionRole,
    differences,
    execution_role,
    role_of,
    without_grant,
)
from tidegate.models.role_policy import ExecutionRolePolicy, Grant, RoleStatement

ATTACHED = 10
"""How many managed policies a role takes (IAM and STS quotas)."""
BEFORE = PROJECT / "tests" / "fixtures" / "seeds" / "dev_min_role.json"
"""What `tidegate policy dev_min` printed when its documents were every environment's."""
Types = Mapping[str, Sequence[str]]


@pytest.fixture(scope="module")
def environment() -> Environment:
    return dev_min()[0]


@pytest.fixture(scope="module")
def policy(environment: Environment) -> ExecutionRolePolicy:
    return load_policies(environment).execution_role


@pytest.fixture(scope="module")
def types(environment: Environment) -> dict[str, tuple[str, ...]]:
    return load_policies(environment).allowed_types.stacks


@pytest.fixture(scope="module")
def role(policy: ExecutionRolePolicy, environment: Environment, types: Types) -> ExecutionRole:
    return execution_role(policy, environment, types)


def longest(environment: Environment) -> Environment:
    """Every name that stands in a document at the greatest length that the manifest or AWS admits."""
    document = environment.model_dump(by_alias=True)
    document |= {"name": "environment_x", "project": LONGEST_PROJECT, "region": "ap-southeast-1", "role_name": "r" * 64}
    document["scan_regions"] = ["ap-southeast-1"]
    document["backend"] |= {"bucket": "s" * 63, "lock_table": "t" * 255}
    document["evidence"]["bucket"], document["work"]["bucket"] = "v" * 63, "w" * 63
    document["budget"]["name"] = "b" * 100
    document["oidc"] |= {"provider_url": "https://" + "o" * 247, "subject": "s" * 255}
    return Environment.model_validate(document)


@pytest.mark.parametrize("name", names())
def test_every_document_of_every_manifest_fits(name: str) -> None:
    environment = load(name)
    assert role_of(environment, load_policies(environment)).too_long() == ()


def test_the_first_environment_has_what_it_had_byte_for_byte(role: ExecutionRole) -> None:
    """Its account's owner would have to apply every difference."""
    before = json.loads(BEFORE.read_text("utf-8"))
    assert {"boundary", "policies", "role"} == set(before)
    assert json.dumps({name: role.as_document()[name] for name in before}) == json.dumps(before)


def test_every_document_fits_with_the_longest_names(
    environment: Environment, policy: ExecutionRolePolicy, types: Types
) -> None:
    made = execution_role(policy, longest(environment), types)
    assert made.too_long() == ()
    assert len(made.policies) <= ATTACHED - 2, "leave room for what an account attaches to every role"
    for text in (made.boundary, *made.policies.values()):
        assert re.search(r"\s", text) is None


def test_what_is_too_long_is_named_with_its_length(environment: Environment, policy: ExecutionRolePolicy) -> None:
    more = tuple(
        RoleStatement(sid=f"More{place}", actions=("s3:GetObject",), resources=("$state_arn",)) for place in range(90)
    )
    grown = policy.model_copy(update={"documents": {**policy.documents, "core": policy.documents["core"] + more}})
    [said] = execution_role(grown, environment, {}).too_long()
    assert re.fullmatch(r"fraud-platform-dev-min-lanes-core has \d{4,5} characters, and may have 5529", said)
    assert MANAGED_POLICY_LIMIT == 6144


def _allowed(role: ExecutionRole) -> set[str]:
    statements = [each for text in role.policies.values() for each in json.loads(text)["Statement"]]
    assert {each["Effect"] for each in statements} == {"Allow"}
    return {action for each in statements for action in each["Action"]}


def test_the_role_cannot_make_what_is_forbidden(role: ExecutionRole) -> None:
    forbidden = re.compile(
        r"(?:.*:)?\*"
        r"|ec2:(?:Create\*|CreateNat|Allocate|Associate(?!RouteTable)|Run|Request).*"
        r"|(?:autoscaling|elasticloadbalancing|redshift):(?!Describe).*"
        r"|(?:eks|kafka|es|elasticache|apprunner|globalaccelerator|redshift-serverless):(?!Describe|List).*"
        r"|(?:airflow|lightsail):(?!Get|List).*"
        r"|iam:(?:Attach|Detach|CreateUser|CreateAccessKey|CreateLoginProfile|CreatePolicy|SetDefaultPolicy).*"
    )
    assert {action for action in _allowed(role) if forbidden.fullmatch(action)} == set()


def test_nothing_writes_the_role_itself(role: ExecutionRole) -> None:
    writing = re.compile(r"iam:(?!Get|List)")
    for text in role.policies.values():
        for statement in json.loads(text)["Statement"]:
            if any(writing.match(action) for action in statement["Action"]):
                mine = [role.arn, role.boundary_arn, *role.policies]
                covered = [arn for arn in mine for pattern in statement["Resource"] if fnmatchcase(arn, pattern)]
                assert covered == [], statement["Sid"]


@pytest.mark.parametrize(
    "action", ["s3:DeleteObjectVersion", "s3:BypassGovernanceRetention", "s3:DeleteBucket", "dynamodb:DeleteTable"]
)
def test_the_boundary_denies_what_would_erase_history(role: ExecutionRole, action: str) -> None:
    denied = [each for each in json.loads(role.boundary)["Statement"] if each["Effect"] == "Deny"]
    assert any(action in each["Action"] for each in denied)
    assert action not in _allowed(role)


def test_objects_are_deleted_only_where_they_may_be(role: ExecutionRole) -> None:
    [backend] = [text for arn, text in role.policies.items() if arn.endswith("-backend")]
    [statement] = [each for each in json.loads(backend)["Statement"] if "s3:DeleteObject" in each["Action"]]
    state, work = "arn:aws:s3:::fraud-platform-dev-min-tfstate", "arn:aws:s3:::fraud-platform-dev-min-work"
    assert statement["Resource"] == [f"{state}/*.tflock", f"{work}/*"]


def test_one_audience_and_one_subject_are_trusted(role: ExecutionRole, environment: Environment) -> None:
    [statement] = json.loads(role.trust)["Statement"]
    assert statement["Principal"] == {"Federated": role.provider_arn}
    assert environment.oidc is not None
    issuer = environment.oidc.provider_url.removeprefix("https://")
    assert statement["Condition"] == {
        "StringEquals": {f"{issuer}:aud": environment.oidc.audience, f"{issuer}:sub": environment.oidc.subject}
    }


WORKER, API_SERVER = "arn:aws:iam::999999999999:role/airflow/worker", "arn:aws:iam::999999999999:role/airflow/api"


def from_worker(environment: Environment, **worker: str) -> Environment:
    given = {"identity": "from_worker", "oidc": None, "worker": {"role_arn": WORKER, **worker}}
    return Environment.model_validate(environment.model_dump(by_alias=True) | given)


def test_a_workers_own_role_is_trusted_in_place_of_tokens(
    environment: Environment, policy: ExecutionRolePolicy
) -> None:
    made = execution_role(policy, from_worker(environment, reader_arn=API_SERVER), {})
    assert (made.provider_arn, made.audience) == (None, "")
    assert json.loads(made.trust)["Statement"] == [
        {"Effect": "Allow", "Principal": {"AWS": WORKER}, "Action": "sts:AssumeRole"}
    ]
    assert made.reader is not None
    assert json.loads(made.reader.trust)["Statement"][0]["Principal"] == {"AWS": API_SERVER}
    assert "oidc" not in json.dumps(made.as_document()).replace("oidc-provider/*", "")


def test_the_readers_token_is_another_one_than_the_workers(role: ExecutionRole) -> None:
    assert role.reader is not None
    subjects = [
        json.loads(text)["Statement"][0]["Condition"]["StringEquals"]["oidc.sandbox.tidegate.example:sub"]
        for text in (role.trust, role.reader.trust)
    ]
    assert subjects == ["system:serviceaccount:tidegate:dev-min", "system:serviceaccount:tidegate:api-server"]


def test_nobody_reads_where_nobody_is_named(environment: Environment, policy: ExecutionRolePolicy) -> None:
    assert environment.oidc is not None
    silent = environment.model_copy(update={"oidc": environment.oidc.model_copy(update={"reader_subject": None})})
    for each in (silent, from_worker(environment)):
        made = execution_role(policy, each, {})
        assert made.reader is None
        assert "reader" not in made.as_document()


def test_a_placeholder_that_nobody_knows_is_named(environment: Environment, policy: ExecutionRolePolicy) -> None:
    odd = RoleStatement(sid="Odd", actions=("s3:GetObject",), resources=("arn:aws:s3:::$bucket",))
    with pytest.raises(ValueError, match=r"names 'bucket', known: account, "):
        execution_role(policy.model_copy(update={"boundary": (odd,)}), environment, {})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"resources": ()}, "either resources or not_resources"),
        ({"not_resources": ("*",)}, "either resources or not_resources"),
        ({"resources": (), "not_resources": ("*",)}, "only a Deny may have not_resources"),
        ({"sid": "With space"}, "sid"),
        ({"actions": ()}, "actions"),
        ({"resources": ("arn:aws:iam::$account:role/$name-$stack-*",)}, "go together"),
        ({"each_stack_with": "aws_iam_role"}, "go together"),
    ],
)
def test_a_statement_says_what_it_is_about(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        RoleStatement.model_validate({"sid": "A", "actions": ("s3:GetObject",), "resources": ("*",), **changes})


def _document(*statements: dict[str, Any], version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)}


READ = {"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": ["a", "b"]}
WRITE = {"Sid": "Write", "Effect": "Allow", "Action": ["s3:PutObject"], "Resource": ["*"]}


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (_document(READ, WRITE), ()),
        (_document(WRITE, READ), ()),
        (_document({**READ, "Action": ["s3:ListBucket", "s3:GetObject"], "Resource": ["b", "a"]}, WRITE), ()),
        (_document(READ, {**WRITE, "Action": "s3:PutObject", "Resource": "*"}), ()),
        (_document(READ), ("lacks Write (s3:PutObject)",)),
        (_document(READ, WRITE, {**WRITE, "Sid": "More"}), ("has More besides",)),
        (_document(READ, WRITE, {"Effect": "Allow", "Action": "*", "Resource": "*"}), ("has statement 3 besides",)),
        (_document(READ, {**WRITE, "Resource": ["x"]}), ("Write differs",)),
        (_document(READ, {**WRITE, "Action": []}), ("Write differs (lacks s3:PutObject)",)),
        (_document(READ, {**WRITE, "Action": "s3:*"}), ("Write differs (lacks s3:PutObject; has besides s3:*)",)),
        (
            _document(READ, {**WRITE, "Action": ["s3:PutObject", *(f"s3:{it}" for it in "abcdef")]}),
            ("Write differs (has besides s3:a, s3:b, s3:c, s3:d and 2 more)",),
        ),
        (
            _document(READ, {"Sid": "Write", "Effect": "Allow", "NotAction": "*"}),
            ("Write differs (lacks s3:PutObject)",),
        ),
        (
            _document(READ, {**WRITE, "Action": ["\ud800"]}),
            ("Write differs (lacks s3:PutObject; has besides \\ud800)",),
        ),
        (_document(READ, {**WRITE, "Effect": "Deny"}), ("Write differs",)),
        (_document(READ, {**WRITE, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}), ("Write differs",)),
        (_document(READ, WRITE, version="2008-10-17"), ("Version is '2008-10-17'",)),
        (
            {},
            ("lacks Read (s3:GetObject, s3:ListBucket)", "lacks Write (s3:PutObject)", "Version is None"),
        ),
    ],
)
def test_differences_are_said_by_statement(standing: dict[str, Any], said: tuple[str, ...]) -> None:
    assert differences(standing, json.dumps(_document(READ, WRITE))) == said


def test_one_statement_may_stand_alone() -> None:
    assert differences({"Version": "2012-10-17", "Statement": READ}, json.dumps(_document(READ))) == ()


# Stacks of one's own.


def with_reports(environment: Environment, **changes: Any) -> Environment:
    entry = {"root": "./reports", "lifecycle": "ephemeral", "destroyable": True, "state_key": "r.tfstate", **changes}
    document = environment.model_dump(by_alias=True)
    return Environment.model_validate(document | {"stacks": {**document["stacks"], "click_stream": entry}})


TYPES = {"click_stream": ["aws_ssm_parameter", "aws_sqs_queue", "aws_dynamodb_table"]}
QUEUES = Grant(actions=("sqs:CreateQueue", "sqs:DeleteQueue"), resources=("arn:aws:sqs:$regional:$name-$stack*",))
OWN = "arn:aws:sqs:$regional:$name-$stack*"
OWN_POLICY = "arn:aws:iam::123456789012:policy/fraud-platform-dev-min-lanes-stack-click-stream"


def test_the_shipped_stacks_need_nothing_beyond_the_documents(
    environment: Environment, policy: ExecutionRolePolicy, role: ExecutionRole, types: Types
) -> None:
    assert not any("-stack-" in arn for arn in role.policies)
    assert without_grant(policy, environment, types) == ()


def test_a_stack_of_ones_own_gets_what_its_types_need_and_for_its_own_names(
    environment: Environment, policy: ExecutionRolePolicy, role: ExecutionRole, types: Types
) -> None:
    more = policy.model_copy(update={"grants": {**policy.grants, "aws_sqs_queue": (QUEUES,)}})
    made = execution_role(more, with_reports(environment), {**types, **TYPES})
    assert {arn: text for arn, text in made.policies.items() if arn != OWN_POLICY} == role.policies
    queue, table = json.loads(made.policies[OWN_POLICY])["Statement"]
    assert (queue["Sid"], table["Sid"]) == ("SqsQueue", "DynamodbTable")
    assert queue["Resource"] == ["arn:aws:sqs:eu-west-2:123456789012:fraud-platform-dev-min-click-stream*"]
    assert queue["Action"] == list(QUEUES.actions)
    first, *others = json.loads(made.boundary)["Statement"]
    before, *same = json.loads(role.boundary)["Statement"]
    assert others == same, "what is denied stays denied"
    assert first["Action"] == [*before["Action"], "sqs:*"], "dynamodb is in it already"


def test_a_root_that_ships_has_its_own_document(environment: Environment, policy: ExecutionRolePolicy) -> None:
    made = execution_role(policy, with_reports(environment, root="demo"), TYPES)
    assert OWN_POLICY not in made.policies


def alone(environment: Environment, lifecycle: str = "ephemeral") -> Environment:
    """An environment that has no stack but one of its own."""
    document = with_reports(environment, lifecycle=lifecycle, destroyable=lifecycle == "ephemeral").model_dump(
        by_alias=True
    )
    return Environment.model_validate(document | {"stacks": {"click_stream": document["stacks"]["click_stream"]}})


def names_of(role: ExecutionRole) -> list[str]:
    """What the policies are called behind the prefix."""
    return [arn.partition("-lanes-")[2] for arn in role.policies]


@pytest.mark.parametrize(
    ("kinds", "wanted"),
    [
        (["aws_ssm_parameter"], ["backend", "guards", "core"]),
        (["aws_cloudwatch_log_group"], ["backend", "guards", "core", "stack-click-stream"]),
        (["aws_vpc"], ["backend", "guards", "core", "demo"]),
        (["aws_vpc", "aws_cloudwatch_log_group"], ["backend", "guards", "core", "demo"]),
        (["aws_vpc", "aws_sqs_queue"], ["backend", "guards", "core", "demo", "stack-click-stream"]),
    ],
)
def test_a_document_is_of_environments_whose_stacks_may_hold_what_it_is_for(
    environment: Environment, policy: ExecutionRolePolicy, kinds: list[str], wanted: list[str]
) -> None:
    made = execution_role(policy, alone(environment), {"click_stream": kinds})
    assert names_of(made) == wanted
    assert without_grant(policy, alone(environment), {"click_stream": kinds}) == ()


def test_a_type_counts_where_a_stack_of_the_environment_may_hold_it(
    environment: Environment, policy: ExecutionRolePolicy
) -> None:
    """The file of allowed types is that of all environments."""
    types = {"click_stream": ["aws_ssm_parameter"], "another_environments": ["aws_vpc"]}
    assert "demo" not in names_of(execution_role(policy, alone(environment), types))


def test_a_document_grants_a_type_only_where_the_environment_has_it(
    environment: Environment, policy: ExecutionRolePolicy
) -> None:
    only = policy.model_copy(update={"grants": {}})
    kinds = {"click_stream": ["aws_cloudwatch_log_group"]}
    assert without_grant(only, alone(environment), kinds) == (("click_stream", "aws_cloudwatch_log_group"),)
    assert without_grant(only, with_reports(environment), {**kinds, "demo": ["aws_vpc"]}) == ()


def test_of_a_persistent_stack_the_role_can_remove_nothing(
    environment: Environment, policy: ExecutionRolePolicy
) -> None:
    kinds = {"click_stream": list(policy.grants)}
    persistent, ephemeral = (
        {
            action
            for arn, text in execution_role(policy, alone(environment, lifecycle), kinds).policies.items()
            if arn == OWN_POLICY
            for statement in json.loads(text)["Statement"]
            for action in statement["Action"]
        }
        for lifecycle in ("persistent", "ephemeral")
    )
    removing = {action for grants in policy.grants.values() for grant in grants for action in grant.to_destroy}
    assert ephemeral - persistent == removing
    assert len(removing) > 10
    # A setting goes back to what AWS has by default; nothing is lost.
    assert {it for it in persistent if ":Delete" in it} == {"logs:DeleteRetentionPolicy"}


def test_a_stack_may_have_roles_of_its_own_name_and_no_others(
    environment: Environment, policy: ExecutionRolePolicy, types: Types
) -> None:
    own = "arn:aws:iam::123456789012:role/fraud-platform-dev-min-click-stream-*"
    demo = "arn:aws:iam::123456789012:role/fraud-platform-dev-min-demo-*"
    linked = "arn:aws:iam::123456789012:role/aws-service-role/*"
    kinds = ["aws_iam_role", "aws_iam_role_policy", "aws_lambda_function"]

    def left_open(made: ExecutionRole) -> list[str]:
        statements = {each["Sid"]: each for each in json.loads(made.boundary)["Statement"]}
        found: list[str] = statements["NeverAnythingElseOfIam"]["NotResource"]
        return found

    made = execution_role(policy, with_reports(environment), {**types, "click_stream": kinds})
    assert left_open(made) == [demo, own, linked]
    assert left_open(execution_role(policy, alone(environment), {"click_stream": kinds})) == [own, linked]
    assert left_open(execution_role(policy, alone(environment), {"click_stream": ["aws_sqs_queue"]})) == [linked]
    renamed = with_reports(environment, root="demo")
    assert left_open(execution_role(policy, renamed, {"click_stream": kinds})) == [demo, linked], "as its root names it"
    writing = re.compile(r"iam:(?!Get|List)")
    for statement in json.loads(made.policies[OWN_POLICY])["Statement"]:
        if any(writing.match(action) for action in statement["Action"]):
            assert statement["Resource"] == [own], statement
    bounded = {
        action
        for statement in json.loads(made.policies[OWN_POLICY])["Statement"]
        if statement.get("Condition") == {"StringEquals": {"iam:PermissionsBoundary": made.boundary_arn}}
        for action in statement["Action"]
    }
    assert {"iam:CreateRole", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"} <= bounded


@pytest.mark.parametrize("own", ["click-stream", "serving"])
def test_the_execution_role_is_called_as_no_role_of_a_stack(environment: Environment, own: str) -> None:
    """By the stack's name, or by that of its root."""
    document = with_reports(environment, root="serving").model_dump(by_alias=True)
    role_name = f"fraud-platform-dev-min-{own}-lanes"
    with pytest.raises(ValueError, match="as the roles that stack click_stream makes"):
        Environment.model_validate(document | {"role_name": role_name})
    Environment.model_validate(document | {"role_name": f"fraud-platform-dev-min-{own}"})


def test_what_a_grant_lies_in_is_named_whole(environment: Environment, policy: ExecutionRolePolicy) -> None:
    made = execution_role(policy, alone(environment), {"click_stream": ["aws_glue_catalog_table"]})
    [statement] = json.loads(made.policies[OWN_POLICY])["Statement"]
    glue = "arn:aws:glue:eu-west-2:123456789012"
    assert statement["Resource"] == [
        f"{glue}:database/fraud-platform-dev-min-click-stream*",
        f"{glue}:table/fraud-platform-dev-min-click-stream*/*",
        f"{glue}:catalog",
    ]


def test_types_of_a_document_that_is_not_there_are_refused(policy: ExecutionRolePolicy) -> None:
    document = policy.model_dump(by_alias=True)
    with pytest.raises(ValueError, match="types: nowhere is no document"):
        ExecutionRolePolicy.model_validate({**document, "types": {"nowhere": {"also": ["aws_vpc"]}}})


def test_a_type_that_nothing_grants_is_named(environment: Environment, policy: ExecutionRolePolicy) -> None:
    types = {"click_stream": ["aws_ssm_parameter", "aws_kinesis_stream", "confluent_kafka_topic", "terraform_data"]}
    assert without_grant(policy, with_reports(environment), types) == (("click_stream", "aws_kinesis_stream"),)


def test_every_granted_action_is_one_of_aws_and_every_policy_fits(
    environment: Environment, policy: ExecutionRolePolicy
) -> None:
    named = {
        action
        for grants in policy.grants.values()
        for grant in grants
        for action in (*grant.actions, *grant.to_destroy)
    }
    assert len(named) > 80
    assert {name for name in named if not reference.action(name)} == set()
    # Of all types that a stack may be granted, as many as one that ships holds at most.
    most = sorted(policy.grants, key=lambda kind: -sum(len(it.actions) for it in policy.grants[kind]))[:9]
    made = execution_role(policy, with_reports(longest(environment)), {"click_stream": most})
    assert made.too_long() == ()
    assert len(made.policies) <= ATTACHED - 2


@pytest.mark.parametrize(
    ("grant", "said"),
    [
        ({"actions": ["sqs:*"], "resources": ["arn:aws:sqs:$regional:$name-$stack*"]}, "each action is named"),
        ({"actions": ["sqs:CreateQueue"], "resources": ["*"]}, "must name the stack's own resources"),
        ({"actions": ["sqs:CreateQueue"], "resources": ["arn:aws:sqs:$regional:$name-*"]}, "must name the stack's own"),
        ({"actions": ["sqs:CreateQueue"], "resources": [OWN], "to_destroy": ["sqs:Delete*"]}, "each action is named"),
        ({"actions": ["sqs:CreateQueue"], "resources": [OWN], "within": ["*"]}, "is one thing, named whole"),
    ],
)
def test_a_grant_is_about_named_actions_and_the_stack_alone(grant: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        Grant.model_validate(grant)
