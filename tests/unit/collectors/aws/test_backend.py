"""The facts of M1.C and M2.B, put together."""

from datetime import UTC, datetime

from tidegate.collectors.aws.backend import collect_backend, collect_stack_backends
from tidegate.models.observed import Absent, Known, Unreadable

NOW = datetime(2026, 2, 13, 20, 14, 27, tzinfo=UTC)


def test_an_account_without_a_backend(aws, environment):
    facts = collect_backend(aws, environment, NOW)
    assert facts.observed_at == NOW
    assert facts.expected_region == environment.region
    assert [bucket.exists for bucket in facts.buckets] == [Absent()] * 3
    assert facts.lock_table.exists == Absent()
    assert (facts.dynamodb_probe, facts.lockfile_probe) == (Absent(), Absent())
    assert [stack.stack for stack in facts.stacks] == ["core", "demo"]


def test_what_could_not_be_read_is_in_the_coverage(aws, environment, script, aws_error):
    script(aws.s3)("HeadBucket", aws_error("403", "Forbidden"))
    script(aws.dynamodb)("GetItem", aws_error("AccessDeniedException"))
    (source,) = collect_backend(aws, environment, NOW).sources
    assert source.data_as_of == NOW
    coverage = {entry.subject: entry for entry in source.coverage}
    assert list(coverage) == [
        f"bucket {environment.backend.bucket}",
        f"bucket {environment.evidence.bucket}",
        f"bucket {environment.work.bucket}",
        f"lock table {environment.backend.lock_table}",
        "lock probe dynamodb",
        "lock probe s3-lockfile",
        "locks of core",
        "locks of demo",
    ]
    state = coverage[f"bucket {environment.backend.bucket}"]
    assert (state.status, state.reason) == (
        "unreadable",
        f"HeadBucket {environment.backend.bucket}: 403: Forbidden",
    )
    assert coverage["lock probe dynamodb"].status == "read"
    assert coverage["locks of core"].status == "unreadable"


def test_everything_out_of_reach(clients, environment, script, refused_connection):
    for client, operations in (
        (clients.s3, ("HeadBucket", "PutObject", "DeleteObject", "GetObject")),
        (clients.dynamodb, ("DescribeTable", "PutItem", "DeleteItem", "GetItem")),
    ):
        for operation in operations:
            script(client)(operation, refused_connection)
    facts = collect_backend(clients, environment, NOW)
    assert {entry.status for entry in facts.sources[0].coverage} == {"unreadable"}
    assert isinstance(facts.dynamodb_probe, Unreadable)


def test_settings_of_a_stack_itself_are_shown(clients, environment, script, aws_error):
    script(clients.dynamodb)("GetItem", {"ResponseMetadata": {}})
    script(clients.s3)("GetObject", aws_error("NoSuchKey"))
    own = environment.stacks["demo"].model_copy(update={"use_lockfile": False, "encrypt": False})
    changed = environment.model_copy(update={"stacks": {**environment.stacks, "demo": own}})
    core, demo = collect_stack_backends(clients, changed)
    assert (core.use_lockfile, core.encrypt) == (True, True)
    assert (demo.use_lockfile, demo.encrypt) == (False, False)
    assert (demo.bucket, demo.key, demo.region, demo.lock_table) == (
        environment.backend.bucket,
        "dev_min/demo/terraform.tfstate",
        "eu-west-2",
        environment.backend.lock_table,
    )
    assert demo.locks == Known(())
