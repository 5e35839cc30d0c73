"""Audit and hourly check on real parts: what they find, what they tell once, and what they trigger. In this order.

The account is emptied first, so that the first audit is the first ever. Runs that are triggered wait in Airflow's
database here; that they run and tear down is proven on the real scheduler (tests/scheduler). `make matrix` runs it; in
`make test` test_alerts.py has a night.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from manifests import TWO_REGIONS
from stage import BUILD, ENVIRONMENT, TEARDOWN, Run, Stage
from tidegate.evidence import control
from tidegate.evidence.control import read_latch
from tidegate.evidence.store import S3Store
from tidegate.evidence.time_to_live import renew_time_to_live
from tidegate.models.observed import Known
from verified import from_s3

pytestmark = [pytest.mark.end_to_end, pytest.mark.matrix, pytest.mark.timeout(1500)]

EVIDENCE = "fraud-platform-dev-min-evidence"
BUDGET = "fraud-platform-dev-min-budget"
COVER = f"owner: finops, reason: a trial of the research team, expires: {datetime.now(UTC).date() + timedelta(days=30)}"
GO_ON = {**BUILD, "platform_run": "continue"}


@pytest.fixture(scope="module")
def empty(bootstrapped: Stage) -> Iterator[Stage]:
    """An account in which there never was anything but the backend; given back as one."""
    bootstrapped.emptied()
    yield bootstrapped
    bootstrapped.emptied()


def findings(run: Run) -> dict[str, set[str]]:
    """Codes by snapshot, of lanes that found something; the verdict only repeats them."""
    return {
        name: run.codes(name)
        for name, document in run.snapshots.items()
        if document["blockers"] and not name.endswith("phase_verdict")
    }


class Inbox:
    """What the alert topic was given since."""

    def __init__(self, stage: Stage) -> None:
        self._admin = stage.sandbox.admin
        self._read = len(self._admin.published_messages())

    def new(self) -> list[str]:
        """Subjects since the last look."""
        messages = self._admin.published_messages()
        new, self._read = messages[self._read :], len(messages)
        return [str(message.subject) for message in new]


def spend(stage: Stage, amount: str) -> None:
    """What both AWS sources report for this month."""
    used = {"date": datetime.now(UTC).date(), "service": "AWS Support", "amount": amount}
    stage.sandbox.admin.set_spend(rows=[used])
    stage.sandbox.admin.set_budget_spend(BUDGET, amount)


@contextmanager
def nat_gateway(stage: Stage, region: str) -> Iterator[str]:
    """A NAT gateway that somebody forgot."""
    ec2 = stage.sandbox.client("ec2", region=region)
    vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.99.1.0/24")["Subnet"]["SubnetId"]
    gateway = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    try:
        yield gateway
    finally:
        ec2.delete_nat_gateway(NatGatewayId=gateway)
        ec2.delete_subnet(SubnetId=subnet)
        ec2.delete_vpc(VpcId=vpc)


@contextmanager
def old_lock(stage: Stage, stack: str) -> Iterator[None]:
    """A state lock that somebody has held since January."""
    dynamodb, table = stage.sandbox.client("dynamodb"), "fraud-platform-dev-min-tf-locks"
    key = {"LockID": {"S": f"fraud-platform-dev-min-tfstate/{ENVIRONMENT}/{stack}/terraform.tfstate"}}
    holder = '{"ID":"1","Operation":"OperationTypeApply","Who":"alice@laptop","Created":"2026-01-01T00:00:00Z"}'
    dynamodb.put_item(TableName=table, Item={**key, "Info": {"S": holder}})
    try:
        yield
    finally:
        dynamodb.delete_item(TableName=table, Key=key)


@contextmanager
def a_service_that_runs(stage: Stage) -> Iterator[str]:
    """Somebody scales demo's service by hand."""
    ecs = stage.sandbox.client("ecs")
    (cluster,) = ecs.list_clusters()["clusterArns"]
    service = ecs.list_services(cluster=cluster)["serviceArns"][0]
    ecs.update_service(cluster=cluster, service=service, desiredCount=1)
    try:
        yield service
    finally:
        ecs.update_service(cluster=cluster, service=service, desiredCount=0)


@contextmanager
def a_tag_by_hand(stage: Stage) -> Iterator[None]:
    """Somebody changes demo's network in the console."""
    ec2 = stage.sandbox.client("ec2")
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "tag:stack", "Values": ["demo"]}])["Vpcs"]
    ec2.create_tags(Resources=[vpc["VpcId"]], Tags=[{"Key": "by-hand", "Value": "s3cr3t-of-somebody"}])
    try:
        yield
    finally:
        ec2.delete_tags(Resources=[vpc["VpcId"]], Tags=[{"Key": "by-hand"}])


@contextmanager
def a_byte_flipped(stage: Stage, key: str) -> Iterator[None]:
    """A snapshot in the bucket is not what was written."""
    s3 = stage.sandbox.client("s3")
    content = s3.get_object(Bucket=EVIDENCE, Key=key)["Body"].read()
    put = s3.put_object(Bucket=EVIDENCE, Key=key, Body=content.replace(b'"pass"', b'"fail"', 1))
    try:
        yield
    finally:  # the version that was written first is the newest again
        s3.delete_object(Bucket=EVIDENCE, Key=key, VersionId=put["VersionId"], BypassGovernanceRetention=True)


def store(stage: Stage) -> S3Store:
    """The evidence bucket."""
    return S3Store(stage.sandbox.client("s3"), EVIDENCE)


def triggered(dag: str) -> list[str]:
    """Runs that somebody asked for and nobody has begun: what `dag.test()` runs is never queued."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        rows = session.scalars(select(DagRun).where(DagRun.dag_id == f"{ENVIRONMENT}.{dag}", DagRun.state == "queued"))
        return sorted(row.run_id for row in rows)


def now() -> datetime:
    return datetime.now(UTC)


def newest_execution(stage: Stage, folder: str) -> str:
    """The newest execution that passed everything up to its posture."""
    prefix = f"evidence/{ENVIRONMENT}/{folder}/"
    return max(key.removeprefix(prefix).partition("/")[0] for key in stage.evidence(prefix) if "no_nat_check" in key)


def released(stage: Stage) -> None:
    """As `emergency_release` leaves it; that DAG has its own tests."""
    latch = read_latch(store(stage), ENVIRONMENT)
    assert isinstance(latch, Known)
    evidence = {"uri": "s3://none", "sha256": "0"}
    control.release_latch(
        store(stage), ENVIRONMENT, latch.value, reason="a test", recorded_by="release_test", at=now(), evidence=evidence
    )


def test_the_first_audit_ever_leaves_its_record_where_nothing_was_ever_built(empty: Stage) -> None:
    run = empty.run("audit")
    assert set(run.tasks.values()) <= {"success", "failed"}, "every lane runs, whatever the others found"
    # There is no budget, and no topic that anybody could hear of it by.
    assert findings(run) == {
        "audit_e_budget_guardrail_snapshot": {"BUDGET-MISSING", "BUDGET-ALERTS-MISSING", "ALERT-CHANNEL-MISSING"}
    }
    verdict = run.snapshots["audit_n_phase_verdict"]
    assert [lane["task"] for lane in verdict["facts"]["lanes"]] == [it for it in run.tasks if it != "n_phase_verdict"]
    kept = empty.evidence(f"evidence/{ENVIRONMENT}/audit/{verdict['execution_id']}/")
    assert len(kept) == len(run.tasks)


def test_a_build_stands_and_the_night_is_quiet(empty: Stage) -> None:
    assert empty.run("m2", **BUILD).state == "success"
    inbox, since = Inbox(empty), empty.position()
    run = empty.run("audit")
    assert run.state == "success", findings(run)
    assert inbox.new() == []
    assert empty.mutations(since) == []
    plans = {it["stack"]: it["plan"]["kind"] for it in run.snapshots["audit_h_drift_snapshot"]["facts"]["stacks"]}
    assert plans == {"core": "known", "demo": "known"}
    assert not {code for code, _ in from_s3(empty, run.snapshots["audit_n_phase_verdict"]["execution_id"])}


@pytest.mark.parametrize(
    ("amount", "rung", "beside_a_gateway"),
    [("9.99", "none", "10"), ("10", "10", "10"), ("19.99", "10", "20"), ("20", "20", "20"), ("27.99", "20", "28")],
)
def test_rungs_by_what_is_reported_and_by_what_stands(
    empty: Stage, amount: str, rung: str, beside_a_gateway: str
) -> None:
    """A gateway costs 0.045 USD an hour; AWS has not billed the last 24 hours yet."""
    spend(empty, amount)
    alone = empty.run("hourly").snapshots["hourly_a_cost_guardrail_snapshot"]["facts"]
    with empty.manifest_with(TWO_REGIONS), nat_gateway(empty, "us-east-1"):
        beside = empty.run("hourly").snapshots["hourly_a_cost_guardrail_snapshot"]["facts"]
    assert (alone["rung"], beside["rung"]) == (rung, beside_a_gateway)
    assert Decimal(beside["projected"]) - Decimal(alone["projected"]) > 1


def test_at_the_stop_builds_are_closed_and_the_stop_is_triggered_once(empty: Stage) -> None:
    """The latch was set by the gateway above: reported 27.99, projected more."""
    latch = read_latch(store(empty), ENVIRONMENT)
    assert isinstance(latch, Known)
    assert latch.value.is_set
    assert latch.value.recorded_by.startswith("hourly_")
    assert triggered("emergency_stop") == [f"cost_stop__{latch.value.number}"]
    spend(empty, "28")
    inbox = Inbox(empty)
    run = empty.run("hourly")
    assert run.codes("hourly_a_cost_guardrail_snapshot") == {"COST-STOP-REACHED"}
    assert triggered("emergency_stop") == [f"cost_stop__{latch.value.number}"]
    refused = empty.run("m2", **GO_ON)
    assert refused.codes("m2_a_readiness_snapshot") == {"LATCH-SET"}
    assert [subject for subject in inbox.new() if "STOP" in subject] == []


def test_unknown_cost_closes_builds_and_never_a_teardown(empty: Stage) -> None:
    spend(empty, "0")
    released(empty)
    with empty.sandbox.admin.fault(service="budgets", kind="access_denied"):
        run = empty.run("m2", **GO_ON)
        assert run.codes("m2_b_cost_guardrail_snapshot") == {"COST-UNREADABLE"}
        assert run.tasks["c_core.plan_and_guard"] == "upstream_failed"
        assert read_latch(store(empty), ENVIRONMENT).value.is_set is False  # type: ignore[union-attr]


def test_what_somebody_did_to_a_standing_environment_is_told_once(empty: Stage) -> None:
    """A service scaled by hand, a tag, a time that has ended, a snapshot that was touched."""
    built = newest_execution(empty, "substrate")
    renew_time_to_live(
        store(empty), ENVIRONMENT, "demo", hours=1, set_by="m2_test", reason="a test", at=now() - timedelta(hours=2)
    )
    touched = f"evidence/{ENVIRONMENT}/substrate/{built}/no_nat_check.json"
    inbox = Inbox(empty)
    with a_service_that_runs(empty), a_tag_by_hand(empty), a_byte_flipped(empty, touched):
        first = empty.run("audit")
        told = inbox.new()
        second = empty.run("audit")
    found = findings(first)
    assert found["audit_l_time_to_live_snapshot"] == {"TIME-TO-LIVE-ENDED"}
    assert found["audit_j_evidence_chain_snapshot"] == {"EVIDENCE-NOT-SOUND"}
    assert "FORBIDDEN-LIVE" in found["audit_c_network_posture_snapshot"]
    assert found["audit_h_drift_snapshot"] == {"STACK-DRIFTED"}
    assert "s3cr3t-of-somebody" not in str(first.snapshots["audit_h_drift_snapshot"])
    assert sorted(told) == sorted(set(told)), "one message each"
    for code in ("TIME-TO-LIVE-ENDED", "EVIDENCE-NOT-SOUND", "FORBIDDEN-LIVE", "STACK-DRIFTED"):
        assert [subject for subject in told if code in subject], (code, told)
    assert findings(second) == found
    assert inbox.new() == [], "the second night is silent"
    (asked,) = triggered("m9_teardown_cost_check")
    assert asked.startswith("ttl__demo__")


def test_a_person_lets_demo_stand_longer(empty: Stage) -> None:
    run = empty.run("extend", stack="demo", hours=2, reason="the demonstration goes on", confirm=ENVIRONMENT)
    assert run.codes("extend_a_extension_snapshot") == {"EXTENSION-TOO-LATE"}, "its teardown waits already"


def test_nothing_is_up_and_everything_else_is_found(empty: Stage) -> None:
    """A gateway forgotten in a second region, an old lock, Cost Explorer that does not answer: one message each."""
    torn_down = empty.run("m9", **TEARDOWN)
    assert torn_down.state == "success", torn_down.tasks
    quiet = empty.run("audit")
    assert quiet.state == "success", findings(quiet)
    inbox = Inbox(empty)
    with (
        empty.manifest_with(TWO_REGIONS, ("max_age_hours: 8", "max_age_hours: 0")),
        nat_gateway(empty, "us-east-1") as gateway,
        old_lock(empty, "demo"),
        empty.sandbox.admin.fault(service="ce", kind="access_denied"),
    ):
        first = empty.run("audit")
        told = inbox.new()
        second = empty.run("audit")
    found = findings(first)
    assert found["audit_c_network_posture_snapshot"] == {"FORBIDDEN-LIVE"}
    assert found["audit_g_state_locks_snapshot"] == {"LOCK-OLD"}
    assert "COST-UNREADABLE" in found["audit_f_cost_guardrail_snapshot"]
    assert [subject for subject in told if "LOCK-OLD" in subject]
    assert len([subject for subject in told if "COST-UNREADABLE" in subject]) == 1
    assert any(gateway in subject for subject in told)
    assert len(told) == len(set(told))
    assert findings(second) == found
    assert inbox.new() == [], "the second night is silent"


def test_money_that_nothing_explains_is_told_until_it_is_covered(empty: Stage) -> None:
    """A quantum computer in a region of nobody: no listing knows it, the bill does. It holds up nothing."""
    assert empty.run("m2", **BUILD).state == "success"
    charge: dict[str, object] = {
        "date": now().date(),
        "service": "Amazon Braket",
        "region": "us-west-1",
        "amount": "0.30",
    }
    subject = "Amazon Braket@us-west-1"
    empty.sandbox.admin.set_spend(rows=[charge])
    inbox = Inbox(empty)
    with empty.manifest_with(("max_age_hours: 8", "max_age_hours: 0")):
        night = empty.run("audit")
    assert night.codes("audit_m_spend_after_zero_snapshot") == {"SPEND-UNEXPLAINED"}
    (blocker,) = night.snapshots["audit_m_spend_after_zero_snapshot"]["blockers"]
    assert (blocker["resource"], blocker["observed"].partition(" on ")[0]) == (subject, "0.30 USD")
    assert [told for told in inbox.new() if "SPEND-UNEXPLAINED" in told]
    since = empty.position()
    hourly = empty.run("hourly")
    assert findings(hourly) == {"hourly_b_time_to_live_snapshot": {"SPEND-UNEXPLAINED"}}
    assert "GetCostAndUsage" not in {call.operation for call in empty.sandbox.admin.calls(since)}
    covered = ("exceptions: []", f"exceptions: [{{rule: SPEND-UNEXPLAINED, resource: {subject}, {COVER}}}]")
    with empty.manifest_with(covered):
        assert empty.run("hourly").state == "success"
    assert empty.run("m2", **GO_ON).state == "success", "no build waits for it"
    assert empty.run("m9", **TEARDOWN).state == "success", "no proof either"
