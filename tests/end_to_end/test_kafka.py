"""Managed Kafka beside AWS: built, torn down, its API failing half way, and no secret anywhere. In this order."""

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest

from manifests import COMMITTED
from stage import BUILD, TEARDOWN, Run, Stage

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(1500)]

GO_ON = {**BUILD, "platform_run": "continue"}
EVERYTHING = {**TEARDOWN, "target": "demo+confluent"}
AWS_ONLY = ("cost_scope: [aws, confluent]", "cost_scope: [aws]")
"""The cost scope only grows: a test before the one that raises it must not judge the wider one."""
PREFIX = "/fraud-platform/dev_min/kafka/"


def parameters(stage: Stage) -> dict[str, str]:
    """What demo's services would read, by name below the prefix."""
    pages = (
        stage.sandbox.client("ssm")
        .get_paginator("get_parameters_by_path")
        .paginate(Path=PREFIX, Recursive=True, WithDecryption=True)
    )
    return {each["Name"].removeprefix(PREFIX): each["Value"] for page in pages for each in page["Parameters"]}


def identities(stage: Stage) -> list[Any]:
    """Service accounts, API keys, role bindings and ACLs that the stand-in knows."""
    return [each for found in stage.sandbox.admin.confluent_identities().values() for each in found]


def blocked(run: Run) -> dict[str, set[str]]:
    """Codes by snapshot, without lanes that passed and without the verdict."""
    return {
        name: run.codes(name)
        for name, document in run.snapshots.items()
        if document["blockers"] and not name.endswith("phase_verdict")
    }


@contextmanager
def command_lines() -> Iterator[set[str]]:
    """Every command line that a process of this machine has while the block runs, as `ps` would show it."""
    seen: set[str] = set()
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.1):
            for process in psutil.process_iter(["cmdline"]):
                seen.add(" ".join(process.info["cmdline"] or ()))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def test_the_api_gone_in_the_middle_of_the_apply_blocks_and_a_rerun_finishes(
    with_kafka: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    """Also: no secret in logs, XCom, evidence, the mirror, terraform's files or on a command line."""
    admin, demo = with_kafka.sandbox.admin, with_kafka.state_of("demo")  # whatever the file before left
    with command_lines() as seen:
        with admin.confluent_fault("refuse", path="/kafka/v3/clusters", method="POST", skip=3):
            run = with_kafka.run("m2", **BUILD)
        assert run.state == "failed"
        assert run.tasks["d_confluent.apply"] == "failed"
        assert run.tasks["d_confluent.verify"] == run.tasks["e_stack_contract"] == "upstream_failed"
        assert run.snapshots["m2_j_phase_verdict"]["overall_pass"] is False
        assert with_kafka.state_of("demo") == demo, "nothing is built on half an upstream"

        again = with_kafka.run("m2", **GO_ON)
        assert again.state == "success", (again.tasks, blocked(again))
    found = parameters(with_kafka)
    required = {f"{role}/api_{part}" for role in ("producer", "consumer", "operator") for part in ("key", "secret")}
    assert set(found) == {"bootstrap_servers", *required}
    secrets = {name: value for name, value in found.items() if name.endswith("secret")}
    assert len(set(secrets.values())) == 3
    cloud_key = with_kafka.sandbox.cloud_key
    secrets |= {
        "Cloud API key": cloud_key.secret,
        "Basic authentication": base64.b64encode(f"{cloud_key.key}:{cloud_key.secret}".encode()).decode(),
    }
    said = capfd.readouterr()
    places = {"stdout": said.out, "stderr": said.err, "ps": "\n".join(seen), **files(with_kafka), **objects(with_kafka)}
    assert "terraform apply" in places["stdout"] + places["stderr"], "the tasks' logs"
    assert " apply " in places["ps"]
    assert [(name, place) for name, secret in secrets.items() for place, text in places.items() if secret in text] == []


def files(stage: Stage) -> dict[str, str]:
    """Everything below the stage's directory but the sandbox itself: mirror, terraform's working copies, logs."""
    found = {}
    for root in (stage.runs, stage.directory / "terraform"):
        for path in root.rglob("*"):
            if path.is_file() and not path.is_symlink() and ".terraform" not in path.parts:
                found[str(path.relative_to(stage.directory))] = path.read_text("utf-8", errors="replace")
    assert len(found) > 20
    return found


def objects(stage: Stage) -> dict[str, str]:
    """Every object of the evidence bucket and of the work bucket, XCom included. The states are another bucket's."""
    s3, found = stage.sandbox.client("s3"), {}
    for bucket in ("fraud-platform-dev-min-evidence", "fraud-platform-dev-min-work"):
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for item in page.get("Contents", []):
                body = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
                found[f"{bucket}/{item['Key']}"] = body.decode("utf-8", errors="replace")
    assert any("/xcom/" in name for name in found)
    return found


def revoke_the_operators_key(stage: Stage) -> str:
    """As somebody does in Confluent's console; the id of the key."""
    keys = stage.sandbox.admin.confluent_state()["api_keys"]
    (key,) = (it["id"] for it in keys if "operator" in json.dumps(it))
    assert stage.sandbox.admin.remove_confluent("api_keys", key)
    return str(key)


def test_a_revoked_operator_key_blocks_the_build_and_a_repair_makes_it_anew(with_kafka: Stage) -> None:
    before = parameters(with_kafka)
    revoke_the_operators_key(with_kafka)
    since = with_kafka.position()
    run = with_kafka.run("m2", **GO_ON)
    assert blocked(run) == {"m2_d_confluent_plan_snapshot": {"OPERATOR-KEY-REFUSED"}}
    assert with_kafka.mutations(since) == []

    repaired = with_kafka.run("m2", **GO_ON, repair_drift=True, repair_reason="the key was deleted")
    assert repaired.state == "success", (repaired.tasks, blocked(repaired))
    facts = repaired.snapshots["m2_d_confluent_plan_snapshot"]["facts"]
    assert facts["renewed"] == ['confluent_api_key.this["operator"]']
    after = parameters(with_kafka)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"operator/api_key", "operator/api_secret"}, "no other key moved"

    again = with_kafka.run("m2", **GO_ON)
    assert again.state == "success", (again.tasks, blocked(again))
    facts = again.snapshots["m2_d_confluent_plan_snapshot"]["facts"]
    assert (facts["renewed"], facts["refused_keys"], facts["plan"]["value"]["has_changes"]) == ([], [], False)


def test_a_teardown_pointed_at_no_stack_root(with_kafka: Stage) -> None:
    """IN2; the next test's second run is its rerun. The caller's working directory plays no part."""
    since = with_kafka.position()
    with with_kafka.manifest_with(("    root: demo\n", "    root: modules\n")):
        run = with_kafka.run("m9", **EVERYTHING)
    assert run.state == "failed"
    assert blocked(run) == {
        "m9_b_teardown_scope": {"PLAN-UNREADABLE"},
        "m9_d_demo_authorization_snapshot": {"GUARD-NOT-PASSED", "PLAN-UNGUARDED", "PLAN-FILE-MISSING"},
        "m9_e_confluent_authorization_snapshot": {"DOWNSTREAM-STANDS"},
    }
    (blocker,) = run.snapshots["m9_b_teardown_scope"]["blockers"]
    assert "modules: not the root of stack 'demo'" in blocker["observed"]
    assert with_kafka.mutations(since) == []


def test_a_stack_that_cannot_be_planned_keeps_no_other_standing(with_kafka: Stage) -> None:
    """RE2: demo goes, the verdict is red for confluent, and its last sentence says what stands."""
    confluent = with_kafka.state_of("confluent")
    with with_kafka.manifest_with(("    root: confluent\n", "    root: modules\n"), AWS_ONLY):
        run = with_kafka.run("m9", **EVERYTHING)
    assert run.state == "failed"
    assert run.codes("m9_b_teardown_scope") == {"PLAN-UNREADABLE"}
    assert run.tasks["d_demo.destroy"] == run.tasks["d_demo.verify"] == "success"
    assert (with_kafka.state_of("demo") or ("", 0, -1))[2] == 0
    assert run.codes("m9_e_confluent_authorization_snapshot") >= {"GUARD-NOT-PASSED"}
    assert with_kafka.state_of("confluent") == confluent
    assert run.tasks["g_cost_guardrail"] in {"success", "failed"}, "the cost was judged"
    assert run.tasks["h_teardown_proof"] == "upstream_failed"
    outcome = run.snapshots["m9_i_phase_verdict"]["facts"]["outcome"]
    assert outcome.startswith("demo is gone and NOT proven; still deployed: confluent (")
    assert outcome.endswith("; the platform run stays open")


def test_demo_alone_is_green_and_says_that_kafka_stands(with_kafka: Stage) -> None:
    """RE6: the lanes of confluent are skipped, with a snapshot that says why."""
    with with_kafka.manifest_with(AWS_ONLY):
        run = with_kafka.run("m9", **{**EVERYTHING, "target": "demo"})
    assert run.state == "success", (run.tasks, blocked(run))
    skipped = {"e_confluent.destroy", "e_confluent.verify", "e_confluent.orphans"}
    assert {task for task, state in run.tasks.items() if state == "skipped"} == skipped
    assert run.snapshots["m9_e_confluent_state_snapshot"]["status"] == "not_run"
    outcome = run.snapshots["m9_i_phase_verdict"]["facts"]["outcome"]
    assert re.fullmatch(
        r"demo is gone and proven; still deployed: confluent \([1-9][0-9]* resources, USD/h not known\); "
        "the platform run stays open",
        outcome,
    )


def test_the_api_gone_in_the_middle_of_the_destroy_blocks_and_a_rerun_finishes(with_kafka: Stage) -> None:
    """The rerun is of IN4 too: the cost scope grows between its cost and its proof, which refuses the narrower pass."""
    core = with_kafka.state_of("core")
    with with_kafka.manifest_with(("cost_scope: [aws, confluent]", "cost_scope: [aws]")) as manifest:

        def raise_the_scope() -> None:
            manifest.write_bytes(COMMITTED.read_bytes())

        refuse = with_kafka.sandbox.admin.confluent_fault
        with refuse("refuse", path="/iam/v2/service-accounts", method="DELETE", skip=1):
            run = with_kafka.run("m9", **EVERYTHING)
        assert run.state == "failed"
        assert run.tasks["d_demo.verify"] == "success"
        assert run.tasks["e_confluent.destroy"] == "failed"
        assert run.tasks["e_confluent.orphans"] == run.tasks["h_teardown_proof"] == "upstream_failed"
        assert identities(with_kafka) != []

        again = with_kafka.run("m9", **EVERYTHING, right_before={"h_teardown_proof": raise_the_scope})
    assert [(with_kafka.state_of(stack) or ("", 0, -1))[2] for stack in ("demo", "confluent")] == [0, 0]
    assert (identities(with_kafka), parameters(with_kafka)) == ([], {})
    assert with_kafka.state_of("core") == core
    assert again.snapshots["m9_g_cost_guardrail_snapshot"]["overall_pass"] is True
    assert again.state == "failed"
    assert blocked(again) == {"teardown_proof": {"PROOF-SOURCE-STALE", "PROOF-SOURCE-MISSING"}}


def test_the_rerun_under_the_grown_scope_proves_the_teardown(with_kafka: Stage) -> None:
    run = with_kafka.run("m9", **EVERYTHING)
    assert run.state == "success", (run.tasks, blocked(run))
    assert run.snapshots["confluent_billing_snapshot"]["overall_pass"] is True
    assert run.snapshots["m9_g_cost_guardrail_snapshot"]["facts"]["cost_scope"] == ["aws", "confluent"]
    assert run.snapshots["teardown_proof"]["overall_pass"] is True


def test_a_revoked_operator_key_holds_no_teardown_hostage(with_kafka: Stage) -> None:
    """Topics and ACLs are forgotten on record, and go with their cluster."""
    built = with_kafka.run("m2", **BUILD)
    assert built.state == "success", (built.tasks, blocked(built))
    key = revoke_the_operators_key(with_kafka)
    run = with_kafka.run("m9", **EVERYTHING)
    assert run.state == "success", (run.tasks, blocked(run))
    assert [(with_kafka.state_of(stack) or ("", 0, -1))[2] for stack in ("demo", "confluent")] == [0, 0]
    assert (identities(with_kafka), parameters(with_kafka)) == ([], {})
    parts = {it["stack"]: it for it in run.snapshots["m9_b_teardown_scope"]["facts"]["stacks"]}
    assert [(it["key_id"], it["status"]) for it in parts["confluent"]["refused_keys"]] == [(key, 401)]
    assert with_kafka.evidence("control/dev_min/forgotten/") != []


def test_an_identity_that_nobody_destroyed(with_kafka: Stage) -> None:
    with with_kafka.sandbox.confluent() as console:
        made = console.post("/iam/v2/service-accounts", json={"display_name": "fraud-platform-dev-min-forgotten"})
        spec = {"display_name": "forgotten", "description": "", "owner": {"id": made.json()["id"]}}
        key = console.post("/iam/v2/api-keys", json={"spec": spec})
    admin = with_kafka.sandbox.admin
    run = with_kafka.run("m9", **EVERYTHING)
    admin.remove_confluent("api_keys", key.json()["id"])
    admin.remove_confluent("service_accounts", made.json()["id"])
    assert run.state == "failed"
    assert set(blocked(run)) == {"m9_e_confluent_orphan_identities_snapshot"}
    left = [it["resource"] for it in run.snapshots["m9_e_confluent_orphan_identities_snapshot"]["blockers"]]
    assert [any(it.json()["id"] in resource for resource in left) for it in (made, key)] == [True, True]
    assert run.tasks["f_residual_scan"] == run.tasks["g_cost_guardrail"] == "success"
    assert run.tasks["h_teardown_proof"] == "upstream_failed"


def test_an_expired_key_leaves_the_teardown_unproven(with_kafka: Stage) -> None:
    with with_kafka.sandbox.admin.confluent_fault("unauthorized", path="/billing/"):
        run = with_kafka.run("m9", **EVERYTHING)
    assert run.state == "failed"
    assert blocked(run) == {
        "confluent_billing_snapshot": {"CONFLUENT-BILLING-UNREADABLE"},
        "m9_g_cost_guardrail_snapshot": {"COST-UNREADABLE"},
    }
    assert run.tasks["h_teardown_proof"] == "upstream_failed"


@pytest.mark.matrix
def test_three_cycles_leave_nothing_behind(with_kafka: Stage) -> None:
    """LC6: create, destroy, create, as often as one likes; core does not move."""
    cores = set()
    for cycle in range(3):
        for phase, conf in (("m2", BUILD), ("m9", EVERYTHING)):
            run = with_kafka.run(phase, **conf)
            assert run.state == "success", (cycle, phase, run.tasks, blocked(run))
            cores.add(with_kafka.state_of("core"))
        assert [(with_kafka.state_of(stack) or ("", 0, -1))[2] for stack in ("demo", "confluent")] == [0, 0]
        left = {kind: found for kind, found in with_kafka.sandbox.admin.confluent_state().items() if found}
        assert [each["display_name"] for each in left.pop("environments")] == ["default"]
        assert (left, parameters(with_kafka)) == ({}, {})
    assert len(cores) == 1


@pytest.mark.matrix
def test_an_orphan_is_told_once(with_kafka: Stage) -> None:
    """The audit with nothing but core up; a service account and a key that nobody destroyed."""
    with with_kafka.sandbox.confluent() as console:
        made = console.post("/iam/v2/service-accounts", json={"display_name": "fraud-platform-dev-min-forgotten"})
        spec = {"display_name": "forgotten", "description": "", "owner": {"id": made.json()["id"]}}
        key = console.post("/iam/v2/api-keys", json={"spec": spec})
    admin = with_kafka.sandbox.admin
    told = len(admin.published_messages())
    night = with_kafka.run("audit")
    subjects = [str(message.subject) for message in admin.published_messages()[told:]]
    assert blocked(night)["audit_i_orphan_identities_snapshot"] == {"ORPHAN-SERVICE-ACCOUNT", "ORPHAN-API-KEY"}
    for code, id_ in (("ORPHAN-SERVICE-ACCOUNT", made.json()["id"]), ("ORPHAN-API-KEY", key.json()["id"])):
        assert len([subject for subject in subjects if code in subject and id_ in subject]) == 1, subjects
    second = with_kafka.run("audit")
    assert blocked(second) == blocked(night)
    assert len(admin.published_messages()) == told + len(subjects), "the second night is silent"
    admin.remove_confluent("api_keys", key.json()["id"])
    admin.remove_confluent("service_accounts", made.json()["id"])


@pytest.mark.matrix
def test_a_scope_that_shrinks_again(with_kafka: Stage) -> None:
    """Narrowing is an exception with owner, reason and end; here nobody wrote one."""
    with with_kafka.manifest_with(("cost_scope: [aws, confluent]", "cost_scope: [aws]")):
        run = with_kafka.run("m9", **EVERYTHING)
    assert blocked(run) == {"m9_g_cost_guardrail_snapshot": {"COST-SCOPE-NARROWED"}}
    assert run.tasks["h_teardown_proof"] == "upstream_failed"
