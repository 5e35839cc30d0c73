"""The bootstrap makes the backend secure from birth, again and again, and loosens nothing."""

import json
import os
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError
from botocore.loaders import Loader
from moto import mock_aws
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from tidegate.collectors.aws.backend import collect_backend
from tidegate.collectors.aws.clients import Clients
from tidegate.environments import load
from tidegate.models.observed import Known
from tidegate.terraform import backend_bootstrap, bootstrap_bucket, bootstrap_table

NOW = datetime(2026, 2, 13, 20, 14, 27, tzinfo=UTC)
LOADER = Loader()
HOME_REGION = {"LocationConstraint": "eu-west-2"}


@pytest.fixture
def environment():
    return load("dev_min")


@pytest.fixture
def aws(environment, monkeypatch):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    with mock_aws():
        clients = Clients.from_environment(environment.region)
        clients.session.register_component("data_loader", LOADER)
        yield clients


@pytest.fixture
def bootstrap(aws, environment):
    """Run it without waiting; the answer keeps how often it would have waited."""

    def run():
        waits = []
        facts = backend_bootstrap.bootstrap(aws, environment, NOW, pause=waits.append)
        return SimpleNamespace(
            facts=facts,
            waits=waits,
            outcomes={step.resource: step.outcome for step in facts.steps},
            details={step.resource: step.detail for step in facts.steps},
        )

    return run


def answers(client, operation, *given):
    """Script an operation: exceptions are raised, None goes through to moto, the last one is repeated."""
    remaining = list(given)
    asked = []

    def record(params, **_):
        asked.append(dict(params))

    def answer(**_):
        next_ = remaining.pop(0) if len(remaining) > 1 else remaining[0]
        if isinstance(next_, Exception):
            raise next_
        return None if next_ is None else (SimpleNamespace(status_code=200, raw=None), next_)

    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register_first(f"before-parameter-build.{service}.{operation}", record)
    client.meta.events.register_first(f"before-call.{service}.{operation}", answer)
    return asked


def error(code, message="as scripted"):
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


def create(aws, name, **more):
    aws.s3.create_bucket(Bucket=name, CreateBucketConfiguration=HOME_REGION, **more)


class TestAnEmptyAccount:
    def test_everything_is_ensured(self, bootstrap, environment):
        done = bootstrap()
        assert done.facts.observed_at == NOW
        assert done.facts.expected == tuple(done.outcomes)
        assert set(done.outcomes.values()) <= {"created", "kept"}
        for name in (environment.backend.bucket, environment.evidence.bucket, environment.work.bucket):
            assert done.outcomes[f"bucket {name}"] == "created"
        assert done.outcomes[f"lock table {environment.backend.lock_table}"] == "created"
        assert {entry.status for entry in done.facts.sources[0].coverage} == {"read"}

    def test_what_it_makes_is_ready(self, bootstrap, aws, environment, monkeypatch):
        bootstrap()
        # moto takes a Deny with a condition for one without, and would refuse every object.
        monkeypatch.setattr(FakeBucket, "get_permission", lambda *_: PermissionResult.NEUTRAL)
        facts = collect_backend(aws, environment, NOW)
        state, evidence, work = facts.buckets
        for bucket in facts.buckets:
            assert (bucket.region, bucket.encryption) == (Known("eu-west-2"), Known("AES256"))
            assert (bucket.public_access_blocked, bucket.tls_only) == (Known(True), Known(True))
        for bucket in (state, evidence):
            assert (bucket.versioning, bucket.version_deletion_denied) == (Known("Enabled"), Known(True))
        assert evidence.object_lock == Known("GOVERNANCE")
        assert work.version_deletion_denied == Known(False)
        assert (facts.lock_table.status, facts.lock_table.key_schema) == (Known("ACTIVE"), Known(("LockID:HASH:S",)))
        assert facts.lock_table.deletion_protection == Known(True)
        assert isinstance(facts.dynamodb_probe, Known)
        assert isinstance(facts.lockfile_probe, Known)

    def test_the_policies_are_the_ones_that_core_imports(self, bootstrap, aws, environment):
        bootstrap()
        name = environment.backend.bucket
        arns = [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
        tls = {
            "Sid": "DenyInsecureTransport",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": arns,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        versions = {
            "Sid": "DenyVersionDeletion",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:DeleteObjectVersion",
            "Resource": arns[1],
        }
        state = json.loads(aws.s3.get_bucket_policy(Bucket=name)["Policy"])
        assert state == {"Version": "2012-10-17", "Statement": [tls, versions]}
        work = json.loads(aws.s3.get_bucket_policy(Bucket=environment.work.bucket)["Policy"])
        assert [statement["Sid"] for statement in work["Statement"]] == ["DenyInsecureTransport"]

    def test_lock_and_lifecycle_are_the_manifests(self, bootstrap, aws, environment):
        bootstrap()
        lock = aws.s3.get_object_lock_configuration(Bucket=environment.evidence.bucket)["ObjectLockConfiguration"]
        retention = lock["Rule"]["DefaultRetention"]
        assert (retention["Mode"], retention["Days"]) == ("GOVERNANCE", environment.evidence.retention_days)
        (rule,) = aws.s3.get_bucket_lifecycle_configuration(Bucket=environment.work.bucket)["Rules"]
        assert rule == {
            "ID": "expire-all-objects",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "Expiration": {"Days": environment.work.expiry_days},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        }

    def test_buckets_are_born_with_ownership_and_lock(self, bootstrap, aws, environment):
        asked = answers(aws.s3, "CreateBucket", None)
        bootstrap()
        assert {parameters["ObjectOwnership"] for parameters in asked} == {"BucketOwnerEnforced"}
        assert [parameters["Bucket"] for parameters in asked if parameters.get("ObjectLockEnabledForBucket")] == [
            environment.evidence.bucket
        ]

    def test_the_table_is_born_protected_and_encrypted(self, bootstrap, aws, environment):
        asked = answers(aws.dynamodb, "CreateTable", None)
        bootstrap()
        assert asked[0]["DeletionProtectionEnabled"] is True
        assert asked[0]["SSESpecification"] == {"Enabled": True}
        assert asked[0]["BillingMode"] == "PAY_PER_REQUEST"
        backups = aws.dynamodb.describe_continuous_backups(TableName=environment.backend.lock_table)
        recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"

    def test_a_second_run_changes_nothing(self, bootstrap, aws):
        first = bootstrap()
        changes = []
        for client in (aws.s3, aws.dynamodb):
            client.meta.events.register(
                "before-call",
                lambda model, **_: changes.append(model.name) if not model.name.startswith(READS) else None,
            )
        second = bootstrap()
        assert second.facts.expected == first.facts.expected
        assert set(second.outcomes.values()) == {"kept"}
        assert changes == []

    def test_the_first_region_takes_no_constraint(self, aws, environment):
        asked = answers(aws.s3_in("us-east-1"), "CreateBucket", None)
        clients = Clients("us-east-1", aws.session)
        clients._made.update({("s3", "us-east-1"): aws.s3_in("us-east-1")})
        moved = environment.model_copy(update={"region": "us-east-1"})
        for _ in range(2):
            facts = backend_bootstrap.bootstrap(clients, moved, NOW, pause=lambda _: None)
            assert {step.outcome for step in facts.steps} <= {"created", "kept"}
        assert all("CreateBucketConfiguration" not in parameters for parameters in asked)


READS = ("Get", "Head", "Describe", "List")


class TestWhatIsThereAlready:
    def test_weaker_settings_are_corrected(self, bootstrap, aws, environment):
        name = environment.backend.bucket
        create(aws, name, ObjectOwnership="ObjectWriter")
        aws.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
        aws.s3.put_public_access_block(
            Bucket=name, PublicAccessBlockConfiguration={"BlockPublicAcls": True, "BlockPublicPolicy": False}
        )
        done = bootstrap()
        assert done.outcomes[f"bucket {name}"] == "kept"
        for part in ("object ownership", "versioning", "public access block"):
            assert done.outcomes[f"bucket {name}: {part}"] == "corrected", part
        assert set(bootstrap().outcomes.values()) == {"kept"}

    def test_other_statements_of_a_policy_stay(self, bootstrap, aws, environment):
        name = environment.backend.bucket
        create(aws, name)
        more = {
            "Sid": "More",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObjectAcl",
            "Resource": f"arn:aws:s3:::{name}/*",
        }
        stale = {**more, "Sid": "DenyInsecureTransport", "Action": "s3:GetObject"}
        aws.s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [stale, more]}))
        assert bootstrap().outcomes[f"bucket {name}: policy"] == "corrected"
        statements = json.loads(aws.s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
        assert [statement["Sid"] for statement in statements] == [
            "DenyInsecureTransport",
            "DenyVersionDeletion",
            "More",
        ]
        assert statements[0]["Action"] == "s3:*"
        assert bootstrap().outcomes[f"bucket {name}: policy"] == "kept"

    def test_a_stronger_cipher_stays(self, bootstrap, aws, environment):
        name = environment.backend.bucket
        create(aws, name)
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
        aws.s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
        assert bootstrap().outcomes[f"bucket {name}: encryption"] == "kept"

    @pytest.mark.parametrize(
        ("retention", "outcome", "after"),
        [
            pytest.param({"Mode": "GOVERNANCE", "Days": 400}, "kept", {"Mode": "GOVERNANCE", "Days": 400}, id="longer"),
            pytest.param({"Mode": "GOVERNANCE", "Years": 1}, "kept", {"Mode": "GOVERNANCE", "Years": 1}, id="years"),
            pytest.param(
                {"Mode": "COMPLIANCE", "Days": 1}, "corrected", {"Mode": "COMPLIANCE", "Days": 90}, id="harder"
            ),
            pytest.param(
                {"Mode": "GOVERNANCE", "Days": 1}, "corrected", {"Mode": "GOVERNANCE", "Days": 90}, id="shorter"
            ),
        ],
    )
    def test_a_lock_is_never_loosened(self, bootstrap, aws, environment, retention, outcome, after):
        name = environment.evidence.bucket
        create(aws, name, ObjectLockEnabledForBucket=True)
        lock = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}}
        aws.s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=lock)
        assert bootstrap().outcomes[f"bucket {name}: object lock"] == outcome
        found = aws.s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
        assert {key: value for key, value in found.items() if value} == after

    def test_other_lifecycle_rules_stay(self, bootstrap, aws, environment):
        name = environment.work.bucket
        create(aws, name)
        rules = [
            {"ID": "more", "Status": "Enabled", "Filter": {"Prefix": "x/"}, "Expiration": {"Days": 1}},
            {"ID": "expire-all-objects", "Status": "Disabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 99}},
        ]
        aws.s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
        assert bootstrap().outcomes[f"bucket {name}: lifecycle"] == "corrected"
        found = aws.s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
        assert [(rule["ID"], rule["Status"]) for rule in found] == [
            ("expire-all-objects", "Enabled"),
            ("more", "Enabled"),
        ]

    def test_a_bare_table_is_corrected(self, bootstrap, aws, environment):
        name = environment.backend.lock_table
        aws.dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        asked = answers(aws.dynamodb, "UpdateTable", None)
        done = bootstrap()
        assert [outcome for resource, outcome in done.outcomes.items() if resource.startswith("lock table")] == [
            "kept",
            "corrected",
            "corrected",
            "created",
        ]
        assert aws.dynamodb.describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"] is True
        # moto forgets the encryption of an update, so what was asked has to do.
        assert {"TableName": name, "SSESpecification": {"Enabled": True}} in asked


class TestAnswersThatAreLost:
    """botocore sends a request again, and is then told that the table is in use: by the first one."""

    @pytest.fixture
    def parts(self, aws, environment):
        aws.dynamodb.create_table(
            TableName=environment.backend.lock_table,
            KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        spec = bootstrap_table.TableSpec(name=environment.backend.lock_table, pause=lambda _seconds: None)
        return {part.resource.rpartition(": ")[2]: part for part in bootstrap_table.table_parts(aws, spec)}

    def in_use(self, aws, when):
        def refuse(**_):
            raise error("ResourceInUseException")

        aws.dynamodb.meta.events.register_first(f"{when}.dynamodb.UpdateTable", refuse)

    def test_a_change_that_was_made_is_made(self, aws, parts):
        self.in_use(aws, "after-call")
        assert parts["deletion protection"].ensure() == "corrected"

    def test_a_change_of_somebody_else_is_not_ours(self, aws, parts):
        self.in_use(aws, "before-call")
        for name in ("deletion protection", "encryption"):
            with pytest.raises(ClientError, match="ResourceInUseException"):
                parts[name].ensure()


class TestWhatIsRefused:
    def rest_of(self, done, resource):
        return {name: outcome for name, outcome in done.outcomes.items() if name.startswith(resource)}

    def test_a_name_that_another_account_has(self, bootstrap, aws, environment):
        answers(aws.s3, "CreateBucket", error("BucketAlreadyExists"), None)
        done = bootstrap()
        resource = f"bucket {environment.backend.bucket}"
        assert self.rest_of(done, resource) == {resource: "refused"}
        assert "another account" in done.details[resource]
        assert done.outcomes[f"bucket {environment.evidence.bucket}"] == "created"

    def test_a_bucket_that_answers_forbidden_is_left_alone(self, bootstrap, aws, environment):
        asked = [answers(aws.s3, "HeadBucket", error("403", "Forbidden"), None)]
        asked.append(answers(aws.s3, "PutBucketPolicy", None))
        done = bootstrap()
        resource = f"bucket {environment.backend.bucket}"
        assert self.rest_of(done, resource) == {resource: "refused"}
        assert "403" in done.details[resource]
        assert environment.backend.bucket not in [parameters["Bucket"] for parameters in asked[1]]
        assert {parameters["ExpectedBucketOwner"] for parameters in asked[0]} == {environment.account_id}

    def test_a_bucket_in_another_region(self, bootstrap, aws, environment):
        aws.s3_in("us-east-1").create_bucket(Bucket=environment.backend.bucket)
        resource = f"bucket {environment.backend.bucket}"
        done = bootstrap()
        assert self.rest_of(done, resource) == {resource: "refused"}
        assert done.details[resource] == "it is in us-east-1, expected eu-west-2; a bucket cannot move"

    @pytest.mark.parametrize("code", ["AccessDenied", "SlowDown"])
    def test_a_step_that_aws_refuses_ends_that_bucket(self, bootstrap, aws, environment, code):
        answers(aws.s3, "PutPublicAccessBlock", error(code), None)
        done = bootstrap()
        resource = f"bucket {environment.backend.bucket}"
        assert self.rest_of(done, resource) == {
            resource: "created",
            f"{resource}: object ownership": "kept",
            f"{resource}: public access block": "refused",
        }
        assert done.details[f"{resource}: public access block"] == (
            f"{resource}: public access block: {code}: as scripted"
        )
        assert set(done.facts.expected) > set(done.outcomes)
        refused = [entry for entry in done.facts.sources[0].coverage if entry.status == "unreadable"]
        assert [entry.subject for entry in refused] == [f"{resource}: public access block"]

    @pytest.mark.parametrize(
        ("operation", "part", "answer"),
        [
            ("GetPublicAccessBlock", "public access block", {"PublicAccessBlockConfiguration": None}),
            ("GetBucketEncryption", "encryption", {"ServerSideEncryptionConfiguration": {"Rules": "AES256"}}),
            ("GetBucketPolicy", "policy", {"Policy": "{"}),
            ("GetBucketVersioning", "versioning", {"Status": None}),
            ("GetBucketOwnershipControls", "object ownership", {}),
        ],
    )
    def test_a_malformed_answer_is_not_taken_for_none(self, bootstrap, aws, environment, operation, part, answer):
        answers(aws.s3, operation, answer, None)
        done = bootstrap()
        resource = f"bucket {environment.backend.bucket}: {part}"
        assert done.outcomes[resource] == "refused"
        assert "malformed answer" in done.details[resource]

    def test_a_malformed_retention_is_not_taken_for_none(self, bootstrap, aws, environment):
        lock = {"ObjectLockConfiguration": {"Rule": {"DefaultRetention": {"Mode": "GOVERNANCE"}}}}
        answers(aws.s3, "GetObjectLockConfiguration", lock)
        assert bootstrap().outcomes[f"bucket {environment.evidence.bucket}: object lock"] == "refused"

    def test_a_race_for_our_own_bucket_is_no_harm(self, bootstrap, aws, environment):
        create(aws, environment.backend.bucket)
        answers(aws.s3, "HeadBucket", error("404"), None)
        answers(aws.s3, "CreateBucket", error("BucketAlreadyOwnedByYou"), None)
        assert bootstrap().outcomes[f"bucket {environment.backend.bucket}"] == "kept"

    def test_a_table_with_another_key(self, bootstrap, aws, environment):
        aws.dynamodb.create_table(
            TableName=environment.backend.lock_table,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        done = bootstrap()
        resource = f"lock table {environment.backend.lock_table}"
        assert self.rest_of(done, resource) == {resource: "refused"}
        assert done.details[resource] == "its key is id HASH, expected LockID HASH; a key cannot be changed"

    def test_a_table_that_may_not_be_seen(self, bootstrap, aws, environment):
        answers(aws.dynamodb, "DescribeTable", error("AccessDeniedException"))
        resource = f"lock table {environment.backend.lock_table}"
        assert self.rest_of(bootstrap(), resource) == {resource: "refused"}


class TestWaiting:
    def test_for_a_table_that_is_being_made(self, bootstrap, aws, environment):
        creating = {"Table": {"TableStatus": "CREATING"}}
        answers(aws.dynamodb, "DescribeTable", None, creating, creating, None)
        done = bootstrap()
        assert done.waits == [bootstrap_table.POLL_SECONDS] * 2
        assert done.outcomes[f"lock table {environment.backend.lock_table}"] == "created"

    def test_it_ends(self, bootstrap, aws, environment):
        answers(aws.dynamodb, "DescribeTable", None, {"Table": {"TableStatus": "CREATING"}})
        done = bootstrap()
        assert sum(done.waits) == 120
        assert done.details[f"lock table {environment.backend.lock_table}"] == "it is not ACTIVE after 120 seconds"

    def test_for_backups_of_a_new_table(self, bootstrap, aws, environment):
        answers(aws.dynamodb, "UpdateContinuousBackups", error("ContinuousBackupsUnavailableException"), None)
        done = bootstrap()
        assert len(done.waits) == 1
        assert done.outcomes[f"lock table {environment.backend.lock_table}: point-in-time recovery"] == "created"


def test_the_actions_of_all_parts_are_declared():
    assert set(backend_bootstrap.IAM_ACTIONS) == {*bootstrap_bucket.IAM_ACTIONS, *bootstrap_table.IAM_ACTIONS}
    assert "s3:CreateBucket" in backend_bootstrap.IAM_ACTIONS
