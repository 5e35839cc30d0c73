"""A stack is a manifest entry, a root and its allowed types: no Python knows it, and a renamed one is as good."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from own_project import edit, own_project, passed
from remedies.breakages import owner_applies
from stage import BUILD, ENVIRONMENT, Stage
from tidegate import cli

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(900)]

ENTRY = """
root: {root}
lifecycle: ephemeral
depends_on: [core]
destroyable: true
state_key: dev_min/reports/terraform.tfstate
inputs: [common, platform_run, parameters]
outputs: {{alert_topic_arn: core.alert_topic_arn}}
params:
  log_days: {{type: integer, default: 3, choices: [1, 3, 7], title: Days of logs, help: How long logs are kept.}}
required_outputs: [parameter_prefix]
"""
LOG_GROUP = """
resource "aws_cloudwatch_log_group" "jobs" {{
  name              = "${{local.name}}-jobs"
  retention_in_days = {days}
}}
"""
TAKEN = """
variable "alert_topic_arn" {
  type = string
}

variable "log_days" {
  type = number
}

variable "api_token" {
  type      = string
  sensitive = true
}

output "token_length" {
  value = nonsensitive(length(var.api_token))
}

resource "aws_ssm_parameter" "topic" {
  name  = "${var.parameter_prefix}/alert_topic"
  type  = "String"
  value = var.alert_topic_arn
}
"""
GRANTED_BY_TYPE = """
resource "aws_sns_topic" "jobs" {
  name = "${local.name}-jobs"
}

resource "aws_dynamodb_table" "jobs" {
  name         = "${local.name}-jobs"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"

  attribute {
    name = "id"
    type = "S"
  }
}
"""
SECRET = "r3ports-s3cr3t-of-the-api"
LOGS = "fraud-platform-dev-min-{}-jobs"


def test_new_stacks_are_built_judged_and_torn_down(
    built: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One as `tidegate new stack` writes it, and one whose root lies outside the project."""
    with own_project(built) as place:
        manifest, types = place / "environments" / f"{ENVIRONMENT}.yaml", place / "policies" / "allowed_types.yaml"
        monkeypatch.setattr(sys, "argv", ["tidegate", "new", "stack", "analytics", "--depends-on", "core"])
        assert cli.main() == 0
        outside = tmp_path / "platform" / "reports"
        shutil.copytree(place / "terraform" / "analytics", outside)
        for root, more in (
            (place / "terraform" / "analytics", LOG_GROUP.format(days=3) + GRANTED_BY_TYPE),
            (outside, LOG_GROUP.format(days="var.log_days") + TAKEN),
        ):
            main = root / "main.tf"
            main.write_text(main.read_text("utf-8") + more, "utf-8")
        monkeypatch.setenv("AIRFLOW_CONN_REPORTS_API", json.dumps({"conn_type": "http", "password": SECRET}))
        connection = {"reports_api": {"password": "TF_VAR_api_token"}}
        names = outside / "locals.tf"
        names.write_text(names.read_text("utf-8").replace("analytics", "reports"), "utf-8")
        edit(manifest, lambda it: it["stacks"].update(reports=YAML(typ="safe").load(ENTRY.format(root=outside))))
        edit(manifest, lambda it: it["stacks"]["reports"].update(connections=connection))
        edit(manifest, lambda it: it["preserve"].update(types=["aws_s3_bucket", "aws_budgets_budget"]))
        edit(types, lambda it: it["stacks"].update(reports=["aws_ssm_parameter", "aws_cloudwatch_log_group"]))

        edit(types, lambda it: it["stacks"]["analytics"].extend(["aws_sns_topic", "aws_dynamodb_table"]))

        unbound = built.run("m2", platform_run="continue", **BUILD)
        differs = {it["resource"].rpartition("/")[2] for it in unbound.snapshots["m2_a_readiness_snapshot"]["blockers"]}
        assert unbound.codes("m2_a_readiness_snapshot") == {"EXECUTION-ROLE-DIFFERS"}
        assert differs == {"fraud-platform-dev-min-lanes-stack-analytics"}
        owner_applies(built)

        refused = built.run("m2", platform_run="continue", log_days=1, **BUILD)
        (blocker,) = refused.snapshots["m2_f_analytics_plan_snapshot"]["blockers"]
        assert (blocker["code"], blocker["resource"]) == ("TYPE-NOT-ALLOWED", "aws_cloudwatch_log_group.jobs")
        assert "include/terraform/analytics" in str(blocker["remedy"]) or "allowed_types" in str(blocker["remedy"])
        assert refused.tasks["f_reports.verify"] == "success", "it does not wait for the other"
        assert refused.tasks["g_network_posture"] == "upstream_failed"

        edit(types, lambda it: it["stacks"]["analytics"].append("aws_cloudwatch_log_group"))
        passed(built.run("m2", platform_run="continue", log_days=7, **BUILD))
        days = {it["logGroupName"]: it["retentionInDays"] for it in _log_groups(built)}
        assert days == {LOGS.format("analytics"): 3, LOGS.format("reports"): 7}, "the form's field is a variable"
        topic = built.sandbox.client("ssm").get_parameter(Name=f"/fraud-platform/{ENVIRONMENT}/reports/alert_topic")
        assert topic["Parameter"]["Value"].endswith(":fraud-platform-dev-min-alerts"), "core's output is a variable"

        lengths = {it: built.state_document(it)["outputs"].get("token_length") for it in ("analytics", "reports")}
        assert lengths == {"analytics": None, "reports": {"value": len(SECRET), "type": "number"}}
        left = [path for path in built.directory.rglob("*") if path.is_file() and "own-project" not in path.parts]
        assert [path for path in left if SECRET.encode() in path.read_bytes()] == [], "the secret is nowhere"

        with built.state_edited("core", lambda it: it["outputs"].pop("alert_topic_arn")):
            stale = built.run("m2", platform_run="continue", **BUILD)
        assert stale.state == "failed"
        assert "f_reports.apply" not in stale.started

        assert _tables(built) == [LOGS.format("analytics")]
        demo = built.state_of("demo")
        passed(built.run("m9", target="reports+analytics", confirm=ENVIRONMENT, read_bills_anew=True))
        assert [(built.state_of(it) or ("", 0, 1))[2] for it in ("analytics", "reports")] == [0, 0]
        assert built.state_of("demo") == demo, "no target, so nothing of it moved"
        assert _log_groups(built) == []
        assert _tables(built) == []


def _log_groups(stage: Stage) -> list[dict[str, Any]]:
    groups = stage.sandbox.client("logs").describe_log_groups(logGroupNamePrefix="fraud-platform-dev-min-")
    return [it for it in groups["logGroups"] if it["logGroupName"].endswith("-jobs")]


def _tables(stage: Stage) -> list[str]:
    names = stage.sandbox.client("dynamodb").list_tables()["TableNames"]
    return [name for name in names if name.endswith("-jobs")]


RENAMED = {"core": "base", "confluent": "stream", "demo": "playground"}


@pytest.mark.matrix
def test_every_stack_may_have_another_name(with_kafka: Stage) -> None:
    """Built, and torn down with a proof, under names that nothing but the manifest and the policy says."""
    with_kafka.emptied()

    def rename(manifest: Any) -> None:
        text = {}
        for name, entry in manifest["stacks"].items():
            entry["state_key"] = f"{ENVIRONMENT}/{RENAMED[name]}/terraform.tfstate"
            entry["depends_on"] = [RENAMED[it] for it in entry.get("depends_on", [])]
            entry["states"] = {handle: RENAMED[it] for handle, it in entry.get("states", {}).items()}
            text[RENAMED[name]] = entry
        manifest["stacks"] = text
        manifest["preserve"]["id_prefixes"] = [f"/fraud-platform/{ENVIRONMENT}/base/"]

    def rename_types(types: Any) -> None:
        for section in ("stacks", "built", "released"):
            types[section] = {RENAMED.get(name, name): value for name, value in types[section].items()}

    with own_project(with_kafka) as place:
        edit(place / "environments" / f"{ENVIRONMENT}.yaml", rename)
        edit(place / "policies" / "allowed_types.yaml", rename_types)
        build = with_kafka.run("m2", **BUILD)
        passed(build)
        assert {task for task in build.tasks if task.endswith(".apply")} == {
            "c_base.apply",
            "d_stream.apply",
            "f_playground.apply",
        }
        assert with_kafka.state_of("core") is None
        teardown = with_kafka.run("m9", target="playground+stream", confirm=ENVIRONMENT, read_bills_anew=True)
        passed(teardown)
        proof = json.dumps(teardown.snapshots["teardown_proof"]["facts"])
        assert "demo" not in proof.replace("fraud-platform-dev-min-demo", "")
        assert [with_kafka.state_of(it) is not None for it in RENAMED.values()] == [True, True, True]
