"""Every statement of the execution role is needed: without it something that the lanes ask is denied, by name.

Recorded is what a bootstrap, builds, a change of core, a blocked run and a teardown with the database asked; then each
statement is taken away from the documents, one after the other, and what was asked is decided again. And each is taken
away from the role that stands: then the first lane of a build closes.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sandbox.iam.evaluation import Caller, Need, Policies, Policy, decide
from stage import ENVIRONMENT, TEARDOWN, Stage
from tidegate.environments import load, load_policies
from tidegate.models.execution_role import ExecutionRole, role_of

pytestmark = [pytest.mark.end_to_end, pytest.mark.matrix, pytest.mark.timeout(1500)]

ANOTHER_MAIL = ("alert_email: platform-alerts@example.com", "alert_email: others@example.com")
LET_IT_GO = (
    "exceptions: []",
    "exceptions: [{rule: PROTECTED-RESOURCE, resource: aws_sns_topic_subscription.email, owner: platform, "
    'reason: another mailbox reads them, expires: "2099-01-01"}]',
)


@pytest.fixture(scope="module")
def asked(bootstrapped: Stage) -> list[Need]:
    """What was asked and granted."""
    stage = bootstrapped
    stage.emptied()
    assert stage.run("m2", runtime_database_enabled=True).state == "success"
    assert stage.run("m2", platform_run="new").state == "failed"
    with stage.manifest_with(ANOTHER_MAIL, LET_IT_GO):
        run = stage.run("m2", stacks="core")
        assert run.state == "success", (run.tasks, {name: run.codes(name) for name in run.snapshots})
    assert stage.run("m9", **TEARDOWN).state == "success"
    found = [
        Need(each["action"], each["resource"], {key: tuple(values) for key, values in each["context"].items()})
        for each in stage.sandbox.admin.iam_needs()
    ]
    return [need for need in found if _allowed(need, _policies(_role()))]


def _role() -> ExecutionRole:
    environment = load(ENVIRONMENT)
    return role_of(environment, load_policies(environment))


def _policies(role: ExecutionRole, **instead: str) -> Policies:
    documents = {**role.policies, **instead}
    return Policies(
        tuple(Policy(arn.rpartition("/")[2], text) for arn, text in documents.items()),
        Policy("boundary", role.boundary),
    )


def _allowed(need: Need, policies: Policies) -> bool:
    role = _role_arn
    caller = Caller(f"arn:aws:sts::123456789012:assumed-role/{role.rpartition('/')[2]}/lane", "123456789012", role)
    return decide(need, caller, policies).allowed


_role_arn = _role().arn


def _statements() -> Iterator[tuple[str, str]]:
    for arn, text in _role().policies.items():
        for statement in json.loads(text)["Statement"]:
            yield arn, statement["Sid"]


@pytest.mark.parametrize(("arn", "sid"), _statements())
def test_without_the_statement_something_is_denied(asked: list[Need], arn: str, sid: str) -> None:
    role = _role()
    document = json.loads(role.policies[arn])
    document["Statement"] = [each for each in document["Statement"] if each["Sid"] != sid]
    without = _policies(role, **{arn: json.dumps(document)})
    denied = {need.action for need in asked if not _allowed(need, without)}
    assert denied, f"{sid} grants nothing that anybody asked for"


def test_nothing_was_denied_that_a_lane_asked(bootstrapped: Stage, asked: list[Need]) -> None:
    """Before the tests below take statements away from the role that stands."""
    assert len(asked) > 300
    log = (bootstrapped.sandbox.directory / "aws.log").read_text(encoding="utf-8")
    assert [line for line in log.splitlines() if "denied: " in line] == []


@contextmanager
def _taken_away(stage: Stage, arn: str, sid: str) -> Iterator[str]:
    """The role without a statement for the `with` block, as its owner would; yields what it granted first."""
    iam = stage.sandbox.client("iam")
    before = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = json.loads(_role().policies[arn])
    [gone] = [each for each in document["Statement"] if each["Sid"] == sid]
    document["Statement"].remove(gone)
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(document), SetAsDefault=True)
    try:
        yield gone["Action"][0]
    finally:
        iam.set_default_policy_version(PolicyArn=arn, VersionId=before)
        iam.delete_policy_version(PolicyArn=arn, VersionId=made["PolicyVersion"]["VersionId"])


@pytest.mark.parametrize(("arn", "sid"), _statements())
def test_without_the_statement_the_first_lane_closes(bootstrapped: Stage, arn: str, sid: str) -> None:
    with _taken_away(bootstrapped, arn, sid) as action:
        since = bootstrapped.position()
        run = bootstrapped.run("m2", runtime_database_enabled=True)
        mutated = bootstrapped.mutations(since)
    assert run.state == "failed"
    assert "b_backend_readiness" not in run.started
    assert mutated == []
    said = json.dumps([snapshot.get("blockers", []) for snapshot in run.snapshots.values()])
    assert action in said, said
