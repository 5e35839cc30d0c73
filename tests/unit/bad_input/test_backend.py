"""S3, DynamoDB and STS: buckets, lock table, locks, states and the caller, bad in every field."""

from dataclasses import replace
from typing import Any

import pytest

from bad_input import Case, FakeAws, Text, error, sweep
from factories_control import caller as good_caller
from factories_control import identity_facts
from factories_world import NOW, applied_facts, backend_facts, destroyed_facts, state_version
from tidegate.collectors.aws.buckets import collect_buckets
from tidegate.collectors.aws.caller import collect_caller
from tidegate.collectors.aws.lock_probes import probe_dynamodb_lock, probe_lockfile
from tidegate.collectors.aws.lock_table import collect_lock_table
from tidegate.collectors.aws.locks import read_state_locks
from tidegate.collectors.aws.state import read_state
from tidegate.environments import load
from tidegate.gates import applied_state, backend_readiness, destroyed_state, identity_and_tools, state_ownership
from tidegate.models.observed import Known
from tidegate.models.ownership import OwnedState, OwnershipFacts

ENVIRONMENT = load("dev_min")
ACCOUNT, HERE = ENVIRONMENT.account_id, ENVIRONMENT.region
STATE, EVIDENCE, WORK = ENVIRONMENT.backend.bucket, ENVIRONMENT.evidence.bucket, ENVIRONMENT.work.bucket
READY = "BACKEND-READINESS"


def readiness(**changes: Any) -> Any:
    facts = backend_facts(expected_region=HERE, **changes)
    return facts, {READY: backend_readiness.GATE.evaluate(facts, judged_at=NOW)}


def policy(bucket: str) -> Text:
    arn = f"arn:aws:s3:::{bucket}"
    return Text(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [arn, f"{arn}/*"],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                },
                {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObjectVersion", "Resource": f"{arn}/*"},
            ],
        }
    )


def bucket_answers(bucket: str) -> dict[str, Any]:
    answers = {
        "HeadBucket": {},
        "GetBucketLocation": {"LocationConstraint": HERE},
        "GetBucketVersioning": {"Status": "Enabled"},
        "GetBucketEncryption": {
            "ServerSideEncryptionConfiguration": {
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            }
        },
        "GetPublicAccessBlock": {
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            }
        },
        "GetBucketPolicy": {"Policy": policy(bucket)},
        "GetObjectLockConfiguration": {
            "ObjectLockConfiguration": {
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 90}},
            }
        },
    }
    return {f"s3.{operation}:{bucket}": answer for operation, answer in answers.items()}


def judged_buckets(aws: FakeAws) -> Any:
    return readiness(buckets=collect_buckets(aws.clients, ENVIRONMENT))


BUCKETS = Case(
    name="buckets",
    answers={name: answer for bucket in (STATE, EVIDENCE, WORK) for name, answer in bucket_answers(bucket).items()},
    judge=judged_buckets,
    expected={READY: frozenset()},
    unset=frozenset({".Years"}),
)

LOCK_TABLE = Case(
    name="lock table",
    answers={
        "dynamodb.DescribeTable": {
            "Table": {
                "TableName": ENVIRONMENT.backend.lock_table,
                "TableArn": f"arn:aws:dynamodb:{HERE}:{ACCOUNT}:table/{ENVIRONMENT.backend.lock_table}",
                "TableStatus": "ACTIVE",
                "KeySchema": [{"AttributeName": "LockID", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "LockID", "AttributeType": "S"}],
                "DeletionProtectionEnabled": True,
                "ItemCount": 0,
            }
        }
    },
    judge=lambda aws: readiness(lock_table=collect_lock_table(aws.clients, ENVIRONMENT)),
    expected={READY: frozenset()},
)


UNHELD = frozenset({"dynamodb.GetItem.Item", "s3.HeadObject.Metadata"})
"""A lock that nobody holds has no item, and a lock file of another taker needs no metadata."""


def judged_probes(aws: FakeAws) -> Any:
    return readiness(
        dynamodb_probe=probe_dynamodb_lock(aws.clients, ENVIRONMENT),
        lockfile_probe=probe_lockfile(aws.clients, ENVIRONMENT),
    )


def remembering() -> dict[str, Any]:
    """A lock table and a bucket that keep what was put there, refuse a second put, and forget what was deleted."""
    kept: set[str] = set()

    def name(params: dict[str, Any]) -> str:
        return str(params.get("Key") or params["Item"]["LockID"]).replace("{'LockID': ", "").rstrip("}")

    def put(code: str) -> Any:
        def answer(params: dict[str, Any]) -> Any:
            if name(params) in kept:
                return error(code)
            kept.add(name(params))
            return {}

        return answer

    def delete(params: dict[str, Any]) -> Any:
        kept.discard(name(params))
        return {}

    return {
        "dynamodb.PutItem": put("ConditionalCheckFailedException"),
        "dynamodb.DeleteItem": delete,
        "dynamodb.GetItem": lambda params: {"Item": {}} if name(params) in kept else {},
        "s3.PutObject": put("PreconditionFailed"),
        "s3.DeleteObject": delete,
        "s3.HeadObject": lambda params: {} if name(params) in kept else error("404"),
    }


PROBES = Case(
    name="lock probes", answers=remembering(), judge=judged_probes, expected={READY: frozenset()}, unset=UNHELD
)
# Without a memory nothing refuses a second taker, and nothing that was taken ever goes.
STUCK = Case(
    name="stuck probes",
    answers={
        "dynamodb.PutItem": {},
        "dynamodb.DeleteItem": {},
        "dynamodb.GetItem": {"Item": {"LockID": {"S": "x"}}},
        "s3.PutObject": {"ETag": "x"},
        "s3.DeleteObject": {},
        "s3.HeadObject": {"ContentLength": 3},
    },
    judge=judged_probes,
    expected={READY: frozenset({"LOCK-PROBE-NOT-EXCLUSIVE", "LOCK-PROBE-NOT-RELEASED"})},
)

LOCK = Text(
    {
        "ID": "9d2e",
        "Operation": "OperationTypeApply",
        "Info": "",
        "Who": "airflow@worker-1",
        "Version": "1.13.3",
        "Created": "2026-11-21T09:30:00.123456789Z",
        "Path": "p",
    }
)


def judged_locks(aws: FakeAws) -> Any:
    """Locks are judged twice: nobody can tell (readiness), and somebody left one (after an apply)."""
    locks = read_state_locks(aws.clients, ENVIRONMENT, "demo")
    facts = applied_facts(locks=locks)
    return facts, {"APPLIED-STATE": applied_state.GATE.evaluate(facts, judged_at=NOW)}


LOCKED = Case(
    name="locked",
    answers={
        "dynamodb.GetItem": {"Item": {"LockID": {"S": "x"}, "Info": {"S": LOCK}}},
        "s3.GetObject": {"Body": Text(LOCK.document, body=True)},
    },
    judge=judged_locks,
    expected={"APPLIED-STATE": frozenset({"STATE-LOCK-LEFT"})},
)


def document(*resources: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": 4,
        "terraform_version": "1.13.3",
        "serial": 8,
        "lineage": "3f1c",
        "outputs": {"vpc_id": {"value": "vpc-1", "type": "string", "sensitive": False}},
        "resources": list(resources),
        "check_results": None,
    }


VPC = {
    "module": "module.network",
    "mode": "managed",
    "type": "aws_vpc",
    "name": "this",
    "provider": "p",
    "instances": [{"schema_version": 1, "attributes": {"id": "vpc-1", "tags": {}}, "index_key": 0}],
}
DATA = {"mode": "data", "type": "aws_region", "name": "here", "instances": [{"attributes": {"id": "r"}}]}
OLD = {
    "mode": "managed",
    "type": "aws_eip",
    "name": "old",
    "instances": [{"attributes": {"id": "eip-1"}, "deposed": "0a"}],
}


def judged_state(aws: FakeAws) -> Any:
    read = read_state(aws.clients, ENVIRONMENT, "demo")
    owner = OwnershipFacts(
        observed_at=NOW,
        expected_stacks=("core", "demo"),
        states=(
            OwnedState(stack="core", destroyable=False, resources=Known(())),
            OwnedState(stack="demo", destroyable=True, resources=read.resources),
        ),
    )
    applied = applied_facts(
        before=Known(state_version(serial=7)),
        after=read.version,
        planned_addresses=("aws_eip.old (deposed 0a)", "module.network.aws_vpc.this[0]"),
        state_addresses=Known(tuple(each.address for each in read.resources.value))
        if isinstance(read.resources, Known)
        else read.resources,
        required_outputs=("vpc_id",),
        outputs=Known(tuple(read.outputs.value)) if isinstance(read.outputs, Known) else read.outputs,
    )
    said = {"APPLIED-STATE": applied_state.GATE.evaluate(applied, judged_at=NOW)}
    return (applied, owner, read.outputs), said


STANDING = Case(
    name="state",
    answers={"s3.GetObject": {"VersionId": "v8", "Body": Text(document(VPC, DATA, OLD), body=True), "ETag": "x"}},
    judge=judged_state,
    expected={"APPLIED-STATE": frozenset()},
)


def judged_ownership(aws: FakeAws) -> Any:
    """Core may not be missing, and owns what demo owns as well."""
    demo = read_state(aws.clients, ENVIRONMENT, "demo").resources
    facts = OwnershipFacts(
        observed_at=NOW,
        expected_stacks=("core", "demo"),
        states=(
            OwnedState(stack="core", destroyable=False, resources=demo),
            OwnedState(stack="demo", destroyable=True, resources=demo),
        ),
    )
    return facts, {"STATE-OWNERSHIP": state_ownership.GATE.evaluate(facts, judged_at=NOW)}


OWNED = Case(
    name="owned twice",
    answers={"s3.GetObject": {"VersionId": "v8", "Body": Text(document(VPC), body=True)}},
    judge=judged_ownership,
    expected={"STATE-OWNERSHIP": frozenset({"RESOURCE-OWNED-TWICE"})},
)


def judged_destroyed(aws: FakeAws) -> Any:
    read = read_state(aws.clients, ENVIRONMENT, "demo")
    count = Known(len(read.resources.value)) if isinstance(read.resources, Known) else read.resources
    facts = destroyed_facts(after=read.version, post_destroy_state_count=count)
    return facts, {"DESTROYED-STATE": destroyed_state.GATE.evaluate(facts, judged_at=NOW)}


LEFT = Case(
    name="not destroyed",
    answers={"s3.GetObject": {"VersionId": "v8", "Body": Text(document(VPC), body=True)}},
    judge=judged_destroyed,
    expected={"DESTROYED-STATE": frozenset({"STATE-NOT-EMPTY"})},
)


def judged_caller(aws: FakeAws) -> Any:
    seen = collect_caller(aws.clients, ENVIRONMENT, "aws", Known(()))
    good = good_caller()
    caller = replace(
        seen,
        region=Known(HERE),
        credential_method=good.credential_method,
        temporary=good.temporary,
        static_keys=good.static_keys,
        endpoints=(),
    )
    facts = identity_facts(caller=caller)
    return facts, {"IDENTITY-AND-TOOLS": identity_and_tools.GATE.evaluate(facts, judged_at=facts.observed_at)}


CALLER = Case(
    name="caller",
    answers={
        "sts.GetCallerIdentity": {
            "UserId": "AROA:session",
            "Account": ACCOUNT,
            "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{ENVIRONMENT.role_name}/session",
        }
    },
    judge=judged_caller,
    expected={"IDENTITY-AND-TOOLS": frozenset()},
)

CASES = (BUCKETS, LOCK_TABLE, PROBES, LOCKED, STANDING, OWNED, LEFT, CALLER, STUCK)
UNASKED = "the work bucket needs no versions, no retention, and may lose its objects"
IRRELEVANT = {
    "lock probes: dynamodb.GetItem: no answer": "its good answer has no item either",
    "buckets: s3.HeadBucket*: no answer": "its good answer has no body",
    "buckets: *.Policy.json.Version: *": "nobody reads it: a Deny is the same in every version",
    "buckets: *-work.Policy.json.Statement.1*": UNASKED,
    "buckets: s3.GetBucketVersioning:*-work.Status: removed": UNASKED,
    "buckets: s3.GetBucketVersioning:*-work: no answer": UNASKED,
    "buckets: *-tfstate.ObjectLockConfiguration.Rule: removed": "only evidence is locked; the state has its versions",
    "buckets: *-work.ObjectLockConfiguration.Rule: removed": UNASKED,
    "lock table: *.ItemCount: *": "nobody reads it: the locks are asked one by one",
    "state: *.ETag: *": "nobody reads it: the version id tells which object it is",
    "state: *.outputs.vpc_id.value: *": "a state may hold an output of any type; the contract judges what it needs",
    "state: *.outputs.vpc_id.type: *": "nobody reads it: it is Terraform's own note",
    "state: *.outputs.vpc_id.sensitive: removed": "Terraform writes it for sensitive outputs only",
    "state: *.provider: *": "nobody reads it: the type tells what a resource is",
    "state: *.schema_version: *": "nobody reads it: it is the provider's own note",
    "state: *.attributes.tags: *": "nobody reads attributes other than the id",
    "state: *.attributes.id: empty": "M2.H judges blank ids",
    "state: *.check_results: *": "nobody reads it: checks are the plan's business",
    "state: *.resources.1: left out": "a data source is no resource",
    "state: *.resources.1.[!m]*": "nobody reads more of a data source than its mode",
    "owned twice: *: left out": "a state without the resource does not own it",
    "not destroyed: *: left out": "a state without the resource does not hold it; the lookup by id stands beside it",
    "caller: *.UserId: *": "nobody reads it: account and ARN tell who calls",
}
"""Spoiled fields that may pass, each with its reason."""


@pytest.fixture(scope="module")
def aws() -> FakeAws:
    return FakeAws(HERE)


@pytest.mark.timeout(1500)  # thousands of judgements, on a machine that may be busy
def test_every_bad_field_has_a_named_blocker(aws: FakeAws) -> None:
    assert sweep(aws, CASES, IRRELEVANT) == []
