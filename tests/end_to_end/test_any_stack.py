"""A stack is a manifest entry, a root and its allowed types: no Python knows it, and a renamed one is as good."""

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stage import BUILD, ENVIRONMENT, PROJECT, Stage, environment_variable
from tidegate.settings import settings

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(900)]

ENTRY = """
root: {root}
lifecycle: ephemeral
depends_on: [core]
destroyable: true
state_key: dev_min/analytics/terraform.tfstate
inputs: [common, platform_run, parameters]
outputs: {{alert_topic_arn: core.alert_topic_arn}}
params:
  log_days: {{type: integer, default: 3, choices: [1, 3, 7], title: Days of logs, help: How long logs are kept.}}
required_outputs: [log_group]
"""
TYPES = ["aws_cloudwatch_log_group", "aws_ssm_parameter"]
NAMES = ("account_id", "region", "project", "environment", "platform_run", "parameter_prefix", "alert_topic_arn")
ROOT = {
    "variables.tf": "".join(f'variable "{name}" {{\n  type = string\n}}\n' for name in NAMES)
    + 'variable "log_days" {\n  type = number\n}\n',
    "locals.tf": """locals {
  name = "${var.project}-${replace(var.environment, "_", "-")}-analytics"
  tags = {
    project      = var.project
    environment  = var.environment
    stack        = "analytics"
    platform_run = var.platform_run
  }
}
""",
    "main.tf": """resource "aws_cloudwatch_log_group" "jobs" {
  name              = "${local.name}-jobs"
  retention_in_days = var.log_days
}

resource "aws_ssm_parameter" "topic" {
  name  = "${var.parameter_prefix}/alert_topic"
  type  = "String"
  value = var.alert_topic_arn
}
""",
    "outputs.tf": 'output "log_group" {\n  value = aws_cloudwatch_log_group.jobs.name\n}\n',
}


def analytics_root(directory: Path) -> Path:
    """Write a root into a directory that is no part of the project."""
    directory.mkdir(parents=True)
    for name in ("backend.tf", "terraform.tf", "providers.tf", ".terraform.lock.hcl"):
        shutil.copy(PROJECT / "include" / "terraform" / "demo" / name, directory / name)
    for name, text in ROOT.items():
        (directory / name).write_text(text, "utf-8")
    return directory


@contextmanager
def changed(stage: Stage, manifest: Any, types: Any) -> Iterator[None]:
    """Run with another manifest and other allowed types; both are functions that change the document."""
    settings.cache_clear()
    yaml, place = YAML(typ="rt"), stage.directory / "any-stack"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(settings().policies_dir, place / "policies")
    (place / "environments").mkdir()
    for change, source, target in (
        (manifest, settings().environments_dir / f"{ENVIRONMENT}.yaml", place / "environments" / f"{ENVIRONMENT}.yaml"),
        (types, settings().policies_dir / "allowed_types.yaml", place / "policies" / "allowed_types.yaml"),
    ):
        document = yaml.load(source.read_text("utf-8"))
        change(document)
        with target.open("w", encoding="utf-8") as file:
            yaml.dump(document, file)
    with ExitStack() as until:
        until.enter_context(environment_variable("TIDEGATE_ENVIRONMENTS_DIR", str(place / "environments")))
        until.enter_context(environment_variable("TIDEGATE_POLICIES_DIR", str(place / "policies")))
        yield


def passed(run: Any) -> bool:
    assert run.state == "success", (run.tasks, {name: run.codes(name) for name in run.snapshots})
    return True


def test_a_stack_from_outside_the_project_is_built_judged_and_torn_down(built: Stage, tmp_path: Path) -> None:
    root = analytics_root(tmp_path / "platform" / "analytics")

    def add(manifest: Any) -> None:
        manifest["stacks"]["analytics"] = YAML(typ="safe").load(ENTRY.format(root=root))

    def allow(types: Any) -> None:
        types["stacks"]["analytics"] = TYPES

    def allow_less(types: Any) -> None:
        types["stacks"]["analytics"] = TYPES[:1]

    with changed(built, add, allow_less):
        refused = built.run("m2", platform_run="continue", log_days=1, **BUILD)
        (blocker,) = refused.snapshots["m2_f_analytics_plan_snapshot"]["blockers"]
        assert (blocker["code"], blocker["resource"]) == ("TYPE-NOT-ALLOWED", "aws_ssm_parameter.topic")
        assert refused.tasks["g_network_posture"] == "upstream_failed"
    with changed(built, add, allow):
        passed(built.run("m2", platform_run="continue", log_days=1, **BUILD))
        (group,) = built.sandbox.client("logs").describe_log_groups(
            logGroupNamePrefix="fraud-platform-dev-min-analytics"
        )["logGroups"]
        assert group["retentionInDays"] == 1, "the form's field is the root's variable"
        topic = built.sandbox.client("ssm").get_parameter(Name=f"/fraud-platform/{ENVIRONMENT}/analytics/alert_topic")
        assert topic["Parameter"]["Value"].endswith(":fraud-platform-dev-min-alerts"), "core's output is its variable"

        def forget(document: dict[str, Any]) -> None:
            del document["outputs"]["alert_topic_arn"]

        with built.state_edited("core", forget):
            stale = built.run("m2", platform_run="continue", log_days=1, **BUILD)
        assert stale.state == "failed"
        assert "f_analytics.apply" not in stale.started

        demo = built.state_of("demo")
        passed(built.run("m9", target="analytics", confirm=ENVIRONMENT, read_bills_anew=True))
        assert built.state_of("analytics") is not None
        assert (built.state_of("analytics") or ("", 0, 1))[2] == 0
        assert built.state_of("demo") == demo, "no target, so nothing of it moved"
        left = built.sandbox.client("logs").describe_log_groups(logGroupNamePrefix="fraud-platform-dev-min-analytics")
        assert left["logGroups"] == []


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
            types[section] = {RENAMED[name]: value for name, value in types[section].items()}

    with changed(with_kafka, rename, rename_types):
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
