"""Each of these ends in a failed run and a named blocker, and nothing mutates after it."""

import secrets
from contextlib import ExitStack
from typing import Any

import pytest

from stage import BUILD, Stage, environment_variable
from tidegate.terraform import plan_store

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(1500)]

GO_ON = {**BUILD, "platform_run": "continue"}
NAT_GATEWAY = """
resource "aws_eip" "surprise" {
  domain = "vpc"
}

resource "aws_nat_gateway" "surprise" {
  allocation_id = aws_eip.surprise.id
  subnet_id     = module.network.public_subnet_ids[0]
}
"""


def test_a_nat_gateway_in_the_plan_of_demo(built: Stage) -> None:
    since, state = built.position(), built.state_of("demo")
    with built.terraform_with("demo", "surprise.tf", NAT_GATEWAY):
        run = built.run("m2", **GO_ON)
    assert run.state == "failed"
    assert "FORBIDDEN-RESOURCE" in run.codes("m2_f_demo_plan_snapshot")
    blocked = {blocker["resource"] for blocker in run.snapshots["m2_f_demo_plan_snapshot"]["blockers"]}
    assert "aws_nat_gateway.surprise" in blocked
    assert run.tasks["f_demo.apply"] == "upstream_failed"
    assert run.tasks["g_network_posture"] == "upstream_failed"
    assert built.mutations(since) == []
    assert built.state_of("demo") == state
    assert built.sandbox.client("ec2").describe_nat_gateways()["NatGateways"] == []


def test_a_load_balancer_made_behind_terraforms_back(built: Stage) -> None:
    ec2, elb = built.sandbox.client("ec2"), built.sandbox.client("elbv2")
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][:2]
    arn = elb.create_load_balancer(Name="forgotten", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    since, states = built.position(), [built.state_of("core"), built.state_of("demo")]
    try:
        run = built.run("m2", **GO_ON)
        assert run.state == "failed"
        assert run.codes("no_nat_check") == {"FORBIDDEN-LIVE"}
        assert arn in run.snapshots["no_nat_check"]["blockers"][0]["resource"]
        assert run.snapshots["m2_j_phase_verdict"]["overall_pass"] is False
        assert built.mutations(since) == []
        assert [built.state_of("core"), built.state_of("demo")] == states
    finally:
        elb.delete_load_balancer(LoadBalancerArn=arn)


def test_a_plan_file_altered_between_plan_and_apply(built: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    put_plan = plan_store.put_plan

    def put_and_alter(client: Any, bucket: str, key: str, plan_file: Any) -> str:
        uri = put_plan(client, bucket, key, plan_file)
        if "/demo-" in uri:
            built.sandbox.client("s3").put_object(Bucket=bucket, Key=key, Body=plan_file.read_bytes() + b"\0")
        return uri

    monkeypatch.setattr(plan_store, "put_plan", put_and_alter)
    since, state = built.position(), built.state_of("demo")
    change = (
        'resource "aws_ssm_parameter" "added" {\n  name = "/fraud-platform/dev_min/demo/added"\n  type = "String"\n'
    )
    with built.terraform_with("demo", "added.tf", change + '  value = "x"\n}\n'):
        run = built.run("m2", **GO_ON)
    assert run.state == "failed"
    assert run.snapshots["m2_f_demo_plan_snapshot"]["overall_pass"] is True
    assert run.codes("m2_f_demo_authorization_snapshot") == {"PLAN-ALTERED"}
    assert run.tasks["f_demo.verify"] == "upstream_failed"
    assert built.mutations(since) == []
    assert built.state_of("demo") == state


def test_a_static_access_key_in_the_environment(built: Stage) -> None:
    since, state = built.position(), built.state_of("core")
    with (
        environment_variable("AWS_ACCESS_KEY_ID", "made-up-" + secrets.token_hex(4)),
        environment_variable("AWS_SECRET_ACCESS_KEY", secrets.token_hex(16)),
    ):
        run = built.run("m2", **GO_ON)
    assert run.state == "failed"
    assert "STATIC-KEY-FOUND" in run.codes("m2_a_readiness_snapshot")
    assert run.started == {"a_readiness", "j_phase_verdict"}
    assert built.mutations(since) == []
    assert built.state_of("core") == state


def test_the_evidence_bucket_gone(built: Stage) -> None:
    since, states = built.position(), [built.state_of("core"), built.state_of("demo")]
    gone = {"service": "s3", "kind": "error", "status": 404, "code": "NoSuchBucket"}
    with built.sandbox.admin.fault(**gone, resource="fraud-platform-dev-min-evidence"):
        run = built.run("m2", **GO_ON)
    assert run.state == "failed"
    assert "LEASE-UNREADABLE" in run.codes("m2_a_readiness_snapshot")
    assert run.started == {"a_readiness", "j_phase_verdict"}
    assert built.mutations(since) == []
    assert [built.state_of("core"), built.state_of("demo")] == states


def test_a_second_build_while_the_platform_run_is_open(built: Stage) -> None:
    since = built.position()
    run = built.run("m2", **BUILD, platform_run="new")
    assert run.state == "failed"
    assert run.codes("m2_a_readiness_snapshot") == {"PLATFORM-RUN-OPEN"}
    assert built.mutations(since) == []


def test_the_lock_table_missing(built: Stage) -> None:
    """M1 makes it again, which core sees as a drift; the test below repairs it with its own."""
    dynamodb, table = built.sandbox.client("dynamodb"), "fraud-platform-dev-min-tf-locks"
    dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=table)
    since, state = built.position(), built.state_of("core")
    try:
        run = built.run("m2", **GO_ON)
        assert run.state == "failed"
        assert run.codes("m2_a_readiness_snapshot") == {"LOCK-TABLE-MISSING"}
        assert run.started == {"a_readiness", "j_phase_verdict"}
        assert built.mutations(since) == []
        assert built.state_of("core") == state
    finally:
        assert built.run("m1").state == "success"


def test_core_changed_behind_terraforms_back(built: Stage) -> None:
    ssm, since = built.sandbox.client("ssm"), built.position()
    name = "/fraud-platform/dev_min/core/alert-topic-arn"
    names = [parameter["Name"] for parameter in ssm.describe_parameters()["Parameters"]]
    name = name if name in names else next(found for found in names if "/core/" in found)
    before = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    ssm.put_parameter(Name=name, Value="drifted", Type="String", Overwrite=True)
    made = len(built.mutations(since))
    run = built.run("m2", **GO_ON)
    assert run.state == "failed"
    assert run.codes("m2_c_core_plan_snapshot") == {"CORE-DRIFT"}
    assert len(built.mutations(since)) == made
    state = built.state_of("demo")
    repaired = built.run("m2", **GO_ON, repair_drift=True, repair_reason="a parameter was typed over by hand")
    assert repaired.state == "success", repaired.tasks
    assert built.state_of("demo") == state, "a plan without changes is not applied"
    assert repaired.snapshots["m2_c_core_plan_snapshot"]["facts"]["repair_drift_reason"].startswith("a parameter")
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == before


def test_the_teardown_dag_paused(built: Stage) -> None:
    """Also the build without changes: it applies nothing."""
    since, states = built.position(), [built.state_of("core"), built.state_of("demo")]
    with built.paused("m9"):
        run = built.run("m2", **GO_ON)
    assert run.state == "failed"
    assert run.tasks["c_core.apply"] == run.tasks["f_demo.apply"] == "success"
    assert [built.state_of("core"), built.state_of("demo")] == states
    assert run.codes("teardown_viability_snapshot") == {"M9-PAUSED"}
    assert run.tasks["i_budget_guardrail"] == "success"
    assert run.snapshots["m2_j_phase_verdict"]["overall_pass"] is False
    assert built.mutations(since) == []


def test_a_budget_that_is_not_what_the_manifest_says(built: Stage) -> None:
    """Changed after the plan of core was made, so that only the budget gate can see it: all of it, at once."""
    budget = StrayedBudget(built)
    try:
        run = built.run("m2", **GO_ON, right_before={"i_budget_guardrail": budget.stray})
        assert built.mutations(budget.strayed) == []
    finally:
        budget.mend()
    assert run.state == "failed"
    found = run.snapshots["budget_guardrail_snapshot"]["blockers"]
    said = {blocker["code"]: f"{blocker['observed']} | {blocker['expected']}" for blocker in found}
    assert set(said) == {
        "BUDGET-LIMIT-MISMATCH",
        "BUDGET-UNIT-MISMATCH",
        "BUDGET-ALERT-MISSING",
        "BUDGET-ALERT-EXTRA",
        "BUDGET-ALERT-MISMATCH",
        "BUDGET-ALERT-UNHEARD",
        "ALERT-CHANNEL-UNCONFIRMED",
    }
    assert "45" in said["BUDGET-LIMIT-MISMATCH"]
    assert "30 USD" in said["BUDGET-LIMIT-MISMATCH"]
    assert "EUR" in said["BUDGET-UNIT-MISMATCH"]
    assert "ACTUAL GREATER_THAN ABSOLUTE_VALUE 12" in said["BUDGET-ALERT-EXTRA"]
    assert "FORECASTED" in said["BUDGET-ALERT-MISMATCH"]
    assert "EMAIL somebody@example.com" in said["BUDGET-ALERT-UNHEARD"]
    assert run.tasks["i_teardown_viability"] == "success", "it looks at something else, beside it"


def test_a_resource_in_two_states(built: Stage) -> None:
    since, states = built.position(), [built.state_of("core"), built.state_of("demo")]
    theirs = built.state_document("core")["resources"]
    (shared,) = [it for it in theirs if it["type"] == "aws_sns_topic" and it["mode"] == "managed"]

    def own_twice(document: dict[str, Any]) -> None:
        document["resources"].append(shared)

    with ExitStack() as until:
        edit = built.state_edited("demo", own_twice)
        run = built.run("m2", **GO_ON, right_before={"h_state_ownership": lambda: until.enter_context(edit)})
    assert run.state == "failed"
    (blocker,) = run.snapshots["m2_h_state_ownership_snapshot"]["blockers"]
    assert blocker["code"] == "RESOURCE-OWNED-TWICE"
    assert blocker["resource"] == shared["instances"][0]["attributes"]["id"]
    assert "core: " in blocker["observed"]
    assert "demo: " in blocker["observed"]
    assert run.tasks["i_budget_guardrail"] == "success", "it looks at something else, beside it"
    assert built.mutations(since) == []
    assert [built.state_of("core"), built.state_of("demo")] == states


def test_two_stacks_on_one_state_key(built: Stage) -> None:
    """No lane runs under such a manifest; tests/unit/test_bad_manifests.py has what it says."""
    since, states = built.position(), [built.state_of("core"), built.state_of("demo")]
    with built.manifest_with(
        ("state_key: dev_min/demo/terraform.tfstate", "state_key: dev_min/core/terraform.tfstate")
    ):
        run = built.run("m2")
    assert (run.state, run.tasks) == ("failed", {"manifest_is_valid": "failed"})
    assert built.mutations(since) == []
    assert [built.state_of("core"), built.state_of("demo")] == states


class StrayedBudget:
    """Everything about the budget that can be wrong, done through AWS, and undone."""

    NAME = "fraud-platform-dev-min-budget"

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.strayed = stage.position()
        self.budgets, self.sns = stage.sandbox.client("budgets"), stage.sandbox.client("sns")
        self.named = {
            "AccountId": stage.sandbox.client("sts").get_caller_identity()["Account"],
            "BudgetName": self.NAME,
        }
        self.before = self.budgets.describe_budget(**self.named)["Budget"]
        topics = [topic["TopicArn"] for topic in self.sns.list_topics()["Topics"]]
        (self.topic,) = [topic for topic in topics if topic.endswith("-alerts")]
        (subscribed,) = self.sns.list_subscriptions_by_topic(TopicArn=self.topic)["Subscriptions"]
        self.mail = subscribed["Endpoint"]

    def stray(self) -> None:
        """Limit, unit, a threshold, a type, a subscriber, and an alert mail that waits for its confirmation."""
        self._limit({"Amount": "45", "Unit": "EUR"})
        self._alert(self._at(10), self._at(12))
        self._alert(self._at(20), self._at(20, "FORECASTED"))
        self._subscriber(self._to_topic(), {"SubscriptionType": "EMAIL", "Address": "somebody@example.com"})
        self.stage.sandbox.admin.confirm_subscription(self.topic, self.mail, confirmed=False)
        self.strayed = self.stage.position()

    def mend(self) -> None:
        """As core made it."""
        self._limit(self.before["BudgetLimit"])
        self._alert(self._at(12), self._at(10))
        self._alert(self._at(20, "FORECASTED"), self._at(20))
        self._subscriber({"SubscriptionType": "EMAIL", "Address": "somebody@example.com"}, self._to_topic())
        self.stage.sandbox.admin.confirm_subscription(self.topic, self.mail)

    def _limit(self, limit: dict[str, str]) -> None:
        new = {name: value for name, value in self.before.items() if name not in {"CalculatedSpend", "LastUpdatedTime"}}
        self.budgets.update_budget(AccountId=self.named["AccountId"], NewBudget={**new, "BudgetLimit": limit})

    def _alert(self, old: dict[str, Any], new: dict[str, Any]) -> None:
        self.budgets.update_notification(**self.named, OldNotification=old, NewNotification=new)

    def _subscriber(self, old: dict[str, str], new: dict[str, str]) -> None:
        at = self._at(28)
        self.budgets.update_subscriber(**self.named, Notification=at, OldSubscriber=old, NewSubscriber=new)

    def _to_topic(self) -> dict[str, str]:
        return {"SubscriptionType": "SNS", "Address": self.topic}

    def _at(self, threshold: int, kind: str = "ACTUAL") -> dict[str, Any]:
        return {
            "NotificationType": kind,
            "ComparisonOperator": "GREATER_THAN",
            "Threshold": float(threshold),
            "ThresholdType": "ABSOLUTE_VALUE",
        }
