"""A Terraform state as it lies in S3."""

import io
import json

import pytest

from tidegate.collectors.aws.state import read_state
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.state import StateResource, StateVersion


def resource(**changes):
    return {
        "mode": "managed",
        "type": "aws_subnet",
        "name": "a",
        "instances": [{"attributes": {"id": "subnet-1"}}],
        **changes,
    }


def state(**changes):
    return {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": 7,
        "lineage": "b6a5",
        "outputs": {},
        "resources": [resource()],
        **changes,
    }


def scripted(clients, script, document, **answer):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    script(clients.s3)("GetObject", {"Body": io.BytesIO(body), "VersionId": "v1", **answer})


@pytest.fixture
def bucket(aws, environment):
    name = environment.backend.bucket
    aws.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": environment.region})
    aws.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def test_a_state_in_s3(aws, environment, bucket):
    key = environment.stacks["demo"].state_key
    put = aws.s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(state()))
    read = read_state(aws, environment, "demo")
    assert read.version == Known(
        StateVersion(
            key=key,
            lineage="b6a5",
            serial=7,
            version_id=put["VersionId"],
            terraform_version="1.11.4",
            resource_count=1,
        )
    )
    assert read.resources == Known((StateResource(address="aws_subnet.a", type="aws_subnet", id="subnet-1"),))
    assert read.outputs == Known({})


def test_no_state(aws, environment, bucket):
    read = read_state(aws, environment, "demo")
    assert (read.version, read.resources, read.tainted, read.outputs) == (Absent(), Absent(), Absent(), Absent())


def test_what_is_tainted_is_named_and_still_counts(clients, script, environment):
    instances = [
        {"index_key": 0, "status": "tainted", "attributes": {"id": "subnet-1"}},
        {"index_key": 1, "attributes": {"id": "subnet-2"}},
    ]
    scripted(clients, script, state(resources=[resource(instances=instances)]))
    read = read_state(clients, environment, "demo")
    assert read.tainted == Known(("aws_subnet.a[0]",))
    assert isinstance(read.resources, Known)
    assert len(read.resources.value) == 2


def test_nothing_is_tainted(clients, script, environment):
    scripted(clients, script, state())
    assert read_state(clients, environment, "demo").tainted == Known(())


@pytest.mark.parametrize("status", ["planned", "", None, 1])
def test_a_status_that_nobody_knows_makes_the_state_unreadable(clients, script, environment, status):
    instance = {"status": status, "attributes": {"id": "subnet-1"}}
    scripted(clients, script, state(resources=[resource(instances=[instance])]))
    assert isinstance(read_state(clients, environment, "demo").tainted, Unreadable)


def test_an_empty_state_is_not_no_state(clients, script, environment):
    scripted(clients, script, state(resources=[]))
    read = read_state(clients, environment, "demo")
    assert read.resources == Known(())
    assert isinstance(read.version, Known)
    assert read.version.value.resource_count == 0


def test_addresses_as_terraform_prints_them(clients, script, environment):
    def instance(id, **more):
        return {"attributes": {"id": id}, **more}

    scripted(
        clients,
        script,
        state(
            resources=[
                resource(mode="data", name="ignored"),
                resource(module='module.net["x"].module.inner[0]', instances=[instance("1", index_key="eu-west-2a")]),
                resource(name="b", instances=[instance("2", index_key=0), instance("3", index_key=1)]),
                resource(name="c", instances=[instance("4", index_key='quo"te')]),
                resource(name="d", instances=[instance("5"), instance("6", deposed="0a1b")]),
            ]
        ),
    )
    read = read_state(clients, environment, "demo")
    assert isinstance(read.resources, Known)
    assert [(found.address, found.id) for found in read.resources.value] == [
        ('module.net["x"].module.inner[0].aws_subnet.a["eu-west-2a"]', "1"),
        ("aws_subnet.b[0]", "2"),
        ("aws_subnet.b[1]", "3"),
        ('aws_subnet.c["quo\\"te"]', "4"),
        ("aws_subnet.d", "5"),
        ("aws_subnet.d (deposed 0a1b)", "6"),
    ]


def test_outputs_that_are_secret_or_null_are_left_out(clients, script, environment):
    outputs = {
        "plain": {"value": "a", "type": "string"},
        "list": {"value": [1], "type": ["list", "number"], "sensitive": False},
        "empty": {"value": "", "type": "string"},
        "nothing": {"value": None, "type": "string"},
        "secret": {"value": "nobody-may-see-this", "type": "string", "sensitive": True},
    }
    scripted(clients, script, state(outputs=outputs))
    read = read_state(clients, environment, "demo")
    assert read.outputs == Known({"plain": "a", "list": [1], "empty": ""})
    assert "nobody-may-see-this" not in repr(read)


@pytest.mark.parametrize("code", ["AccessDenied", "SlowDown", "NoSuchBucket"])
def test_a_state_that_cannot_be_read(clients, script, environment, aws_error, code):
    script(clients.s3)("GetObject", aws_error(code))
    read = read_state(clients, environment, "demo")
    expected = Unreadable(
        f"GetObject s3://{environment.backend.bucket}/{environment.stacks['demo'].state_key}: {code}: as scripted",
        transient=code == "SlowDown",
    )
    assert (read.version, read.resources, read.outputs) == (expected, expected, expected)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(b"", id="empty-object"),
        pytest.param(b'{"version": 4, "ser', id="cut-short"),
        pytest.param(b"\xff", id="not-text"),
        pytest.param([], id="not-an-object"),
        pytest.param(state(version=3), id="old-format"),
        pytest.param(state(version="4"), id="version-of-other-type"),
        pytest.param(state(serial=None), id="null-serial"),
        pytest.param(state(serial=True), id="serial-of-other-type"),
        pytest.param(state(lineage=1), id="lineage-of-other-type"),
        pytest.param(state(terraform_version=None), id="no-terraform-version"),
        pytest.param(state(resources=None), id="null-resources"),
        pytest.param(state(resources={}), id="resources-of-other-type"),
        pytest.param(state(resources=["x"]), id="resource-of-other-type"),
        pytest.param(state(resources=[resource(mode=None)]), id="no-mode"),
        pytest.param(state(resources=[resource(type=None)]), id="no-type"),
        pytest.param(state(resources=[resource(module=1)]), id="module-of-other-type"),
        pytest.param(state(resources=[resource(instances=None)]), id="no-instances"),
        pytest.param(state(resources=[resource(instances=[{}])]), id="no-attributes"),
        pytest.param(state(resources=[resource(instances=[{"attributes": {}}])]), id="no-id"),
        pytest.param(state(resources=[resource(instances=[{"attributes": {"id": None}}])]), id="null-id"),
        pytest.param(
            state(resources=[resource(instances=[{"attributes": {"id": "x"}, "index_key": 1.5}])]), id="odd-index"
        ),
        pytest.param(
            state(resources=[resource(instances=[{"attributes": {"id": "x"}, "index_key": True}])]), id="bool-index"
        ),
        pytest.param(state(outputs=None), id="null-outputs"),
        pytest.param(state(outputs={"a": None}), id="null-output"),
        pytest.param(state(outputs={"a": {"value": 1, "sensitive": "yes"}}), id="sensitive-of-other-type"),
    ],
)
def test_a_malformed_state(clients, script, environment, document):
    scripted(clients, script, document)
    read = read_state(clients, environment, "demo")
    for seen in (read.version, read.resources, read.outputs):
        assert isinstance(seen, Unreadable)
        assert "malformed answer" in seen.reason


def test_a_state_without_version_id_cannot_be_evidence(clients, script, environment):
    scripted(clients, script, state(), VersionId=None)
    read = read_state(clients, environment, "demo")
    assert isinstance(read.version, Unreadable)
    assert "VersionId" in read.version.reason


def test_a_body_that_breaks_off(clients, script, environment, refused_connection):
    class Broken:
        def read(self):
            raise refused_connection

    script(clients.s3)("GetObject", {"Body": Broken(), "VersionId": "v1"})
    assert isinstance(read_state(clients, environment, "demo").version, Unreadable)


def test_an_answer_without_body(clients, script, environment):
    script(clients.s3)("GetObject", {"VersionId": "v1"})
    assert isinstance(read_state(clients, environment, "demo").version, Unreadable)


@pytest.mark.parametrize(
    ("kind", "attributes", "name"),
    [
        ("aws_db_instance", {"id": "db-ABC", "identifier": "demo"}, "demo"),
        ("aws_ecs_cluster", {"id": "arn:c", "name": "c"}, "c"),
        ("aws_lambda_function", {"id": "f", "function_name": "f"}, ""),
        ("aws_db_instance", {"id": "db-ABC"}, ""),
        ("aws_subnet", {"id": "subnet-1", "name": "x"}, ""),
    ],
)
def test_what_bears_log_groups_is_known_by_its_name(clients, script, environment, kind, attributes, name):
    scripted(clients, script, state(resources=[resource(type=kind, instances=[{"attributes": attributes}])]))
    (found,) = read_state(clients, environment, "demo").resources.value
    assert (found.id, found.name) == (attributes["id"], name)
