"""Judging: what was judged and how lies in the evidence before anything else happens."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import factories_control as control
import factories_world as world_of
import tidegate
from factories_world import NOW
from standins import MemoryStore, dev_min
from tidegate.evidence.canonical import document_digest, unseal
from tidegate.evidence.store import AlreadyExists, StoredObject, StoreUnreachable
from tidegate.gates.registry import GATES, by_id
from tidegate.lanes.judging import EvidenceUnreachable, judge, look, source_version
from tidegate.lanes.policy import policy_digest
from tidegate.models.facts import CollectorBroken, Coverage, Source
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.snapshot import Snapshot

READY = control.build_readiness_facts(observed_at=NOW)
NOT_READY = control.build_readiness_facts(
    observed_at=NOW, control=control.control(latch=Known(control.latch(is_set=True)))
)
A = "evidence/dev_min/substrate/m2_20260213T201427Z/m2_a_readiness_snapshot"
A_LOCAL = "dev_substrate/m2_a/20260213T201427Z/m2_a_readiness_snapshot"


# What a snapshot says.


def test_a_pass(world: Any) -> None:
    judged = judge(world.run("m2", "a_readiness"), READY)
    assert judged.passed
    document = judged.published.document
    assert (document["status"], document["overall_pass"], document["blockers"]) == ("pass", True, [])
    assert document["attempt"] == 1
    assert unseal(world.remote.objects[f"{A}.json"]) == document
    assert unseal(world.local.read(f"{A_LOCAL}.json")[1]) == document


def test_a_fail_is_written_with_all_its_blockers(world: Any) -> None:
    judged = judge(world.run("m2", "a_readiness"), NOT_READY)
    assert not judged.passed
    document = unseal(world.remote.objects[f"{A}.json"])
    assert (document["status"], document["overall_pass"]) == ("fail", False)
    assert [blocker["code"] for blocker in document["blockers"]] == ["LATCH-SET"]
    assert [blocker.code for blocker in judged.blockers] == ["LATCH-SET"]
    assert document["blockers"][0]["owner"] == "platform"
    remedy = document["blockers"][0]["remedy"]
    assert "dev_min.m9_teardown_cost_check" in [step.get("dag") for step in remedy["steps"]]
    assert "<" not in str(document["blockers"]), "no name stays unfilled"


@pytest.mark.parametrize("facts", [READY, NOT_READY], ids=["pass", "fail"])
def test_a_snapshot_fits_its_schema_and_vouches_for_itself(world: Any, facts: Any) -> None:
    document = judge(world.run("m2", "a_readiness"), facts).published.document
    snapshot = Snapshot.model_validate(document)
    assert snapshot.digest == document["digest"] == document_digest(document)
    assert {*document} == {field.alias or name for name, field in Snapshot.model_fields.items()}


@pytest.mark.parametrize(
    ("phase", "task", "facts"),
    [
        ("m1", "a_identity_and_tools", control.identity_facts(observed_at=NOW)),
        ("m1", "b_bootstrap", control.bootstrap_facts(observed_at=NOW)),
        ("m2", "b_backend_readiness", world_of.backend_facts()),
        ("m2", "c_core.plan_and_guard", world_of.plan_facts()),
        ("m2", "c_core.apply", control.authorization_facts(observed_at=NOW)),
        ("m2", "c_core.verify", world_of.applied_facts()),
        ("m2", "e_stack_contract", world_of.contract_facts()),
        ("m2", "g_network_posture", world_of.posture_facts()),
        ("m2", "j_phase_verdict", control.verdict_facts(observed_at=NOW)),
        ("m9", "a_readiness", control.teardown_readiness_facts(observed_at=NOW)),
        ("m9", "b_scope_freeze", world_of.scope_facts()),
        ("m9", "d_demo.verify", world_of.destroyed_facts()),
        ("m9", "f_residual_scan", world_of.residual_facts()),
        ("m9", "h_teardown_proof", world_of.proof_facts()),
    ],
)
def test_every_kind_of_facts_makes_a_snapshot(world: Any, phase: Any, task: str, facts: Any) -> None:
    judged = judge(world.run(phase, task), facts)
    snapshot = Snapshot.model_validate(judged.published.document)
    assert [blocker.code for blocker in judged.blockers] == []
    assert snapshot.facts_type == type(facts).__name__


def test_who_what_and_where(world: Any) -> None:
    document = judge(world.run("m2", "a_readiness", run_id="manual__7", try_number=3), READY).published.document
    gate = by_id("BUILD-READINESS")
    assert document["schema"] == {"name": "tidegate.snapshot", "version": 2}
    assert (document["gate"], document["gate_version"], document["owner"]) == (gate.id, gate.version, gate.owner)
    assert document["requirements"] == list(gate.requirements)
    assert (document["lane"], document["environment"], document["profile"]) == ("M2.A", "dev_min", "sandbox")
    assert document["execution_id"] == "m2_20260213T201427Z"
    assert document["platform_run"] == "platform_20260213T201427Z"
    assert document["airflow"] == {
        "dag_id": "dev_min.m2",
        "run_id": "manual__7",
        "task_id": "a_readiness",
        "try_number": 3,
    }
    assert document["identity"] == {
        "account": control.ACCOUNT,
        "arn": f"arn:aws:sts::{control.ACCOUNT}:assumed-role/{control.ROLE}/{control.SESSION}",
        "session": control.SESSION,
    }


def test_with_what_it_was_made(world: Any) -> None:
    tools = judge(world.run("m2", "c_core.apply"), control.authorization_facts(observed_at=NOW)).published.document[
        "tools"
    ]
    assert (tools["terraform"], tools["terraform_program"]) == ("1.12.2", "binary terraform")
    assert "registry.terraform.io/hashicorp/aws" in tools["providers"]
    assert tools["tidegate"] == tidegate.__version__
    assert (tools["git_commit"], tools["git_dirty"]) == ("0123abc", False)


def test_an_identity_that_could_not_be_read_is_said_so(world: Any) -> None:
    facts = control.build_readiness_facts(observed_at=NOW, caller=control.caller(arn=Unreadable("AccessDenied")))
    document = judge(world.run("m2", "a_readiness"), facts).published.document
    assert document["identity"]["arn"] == "unreadable: AccessDenied"
    assert document["status"] == "fail"


def test_facts_and_their_sources_are_stored_as_they_were_judged(world: Any) -> None:
    source = Source(
        name="sts",
        data_as_of=NOW,
        coverage=(Coverage(subject="a", status="read"), Coverage(subject="b", status="unreadable", reason="denied")),
    )
    document = judge(world.run("m2", "a_readiness"), replace(READY, sources=(source,))).published.document
    assert document["observed_at"] == "2026-11-21T09:30:00Z"
    assert document["sources"] == [
        {
            "name": "sts",
            "data_as_of": "2026-11-21T09:30:00Z",
            "coverage": [
                {"subject": "a", "status": "read", "reason": ""},
                {"subject": "b", "status": "unreadable", "reason": "denied"},
            ],
        }
    ]
    assert document["facts"]["caller"]["account_id"] == {"kind": "known", "value": control.ACCOUNT}


def test_what_the_facts_rest_on(world: Any) -> None:
    run = world.run("m2", "a_readiness")
    run.rests_on("s3://work/plan", "a" * 64)
    run.rests_on("s3://evidence/x", "b" * 64, "v1")
    run.rests_on("s3://work/plan", "a" * 64)
    assert judge(run, READY).published.document["inputs"] == [
        {"uri": "s3://work/plan", "version_id": None, "sha256": "a" * 64},
        {"uri": "s3://evidence/x", "version_id": "v1", "sha256": "b" * 64},
    ]


def test_states_and_plans(world: Any) -> None:
    def judged(task: str, facts: Any) -> dict[str, Any]:
        return judge(world.run("m2", task), facts).published.document

    plan = judged("c_core.plan_and_guard", world_of.plan_facts())
    assert plan["plan_sha256"] == world_of.SHA
    assert (plan["state"]["before"]["serial"], plan["state"]["after"]) == (8, None)
    applied = judged("c_core.verify", world_of.applied_facts())
    assert (applied["state"]["before"]["serial"], applied["state"]["after"]["serial"]) == (7, 8)
    assert applied["state"]["after"]["version_id"] == "v8"
    assert applied["plan_sha256"] is None
    authorised = judged("c_core.apply", control.authorization_facts(observed_at=NOW))
    assert authorised["plan_sha256"] == control.PLAN_SHA256
    readiness = judged("a_readiness", READY)
    assert (readiness["state"], readiness["plan_sha256"]) == (None, None)


def test_no_plan_has_no_digest(world: Any) -> None:
    facts = world_of.plan_facts(plan=Unreadable("no terraform"), state=Absent())
    document = judge(world.run("m2", "c_core.plan_and_guard"), facts).published.document
    assert (document["plan_sha256"], document["state"]) == (None, {"before": None, "after": None})
    assert document["status"] == "fail"


def test_how_long_it_counts(world: Any) -> None:
    def valid_until(**validity: Any) -> str:
        environment = dev_min()[0]
        changed = environment.model_copy(update={"validity": environment.validity.model_copy(update=validity)})
        found = judge(world.run("m2", "a_readiness", environment=changed), READY).published.document["valid_until"]
        assert isinstance(found, str)
        return found

    assert valid_until() == "2026-11-22T09:30:00Z"
    assert valid_until(default=1) == "2026-11-21T10:30:00Z"
    assert valid_until(gates={"BUILD-READINESS": 2}) == "2026-11-21T11:30:00Z"
    assert valid_until(gates={"PLAN-GUARD": 2}) == "2026-11-22T09:30:00Z"


def test_old_facts_and_wrong_facts_close_the_gate(world: Any, moment: Any) -> None:
    wrong = judge(world.run("m2", "a_readiness"), world_of.plan_facts())
    assert [blocker.code for blocker in wrong.blockers] == ["GATE-BROKEN"]
    moment.now = NOW + timedelta(hours=1)
    stale = judge(world.run("m2", "a_readiness"), READY)
    assert [blocker.code for blocker in stale.blockers] == ["FACTS-STALE"]
    assert stale.published.document["status"] == "fail"


# Attempts.


def test_judging_again_adds_an_attempt(world: Any) -> None:
    judge(world.run("m2", "a_readiness"), NOT_READY)
    second = judge(world.run("m2", "a_readiness", try_number=2), READY)
    assert second.published.attempt == 2
    assert unseal(world.remote.objects[f"{A}.json"])["status"] == "fail"
    assert unseal(world.remote.objects[f"{A}.attempt2.json"])["status"] == "pass"


def test_looking_leaves_nothing(world: Any) -> None:
    assert [blocker.code for blocker in look(world.run("m2", "a_readiness"), NOT_READY)] == ["LATCH-SET"]
    assert look(world.run("m2", "a_readiness"), READY) == ()
    assert world.remote.objects == {}
    assert world.local.keys("dev_substrate/") == ()


def test_before_there_is_a_bucket_the_mirror_is_the_evidence(world: Any) -> None:
    world.remote.refusing = {"create", "read", "keys"}
    judged = judge(world.run("m1", "a_identity_and_tools"), control.identity_facts(observed_at=NOW))
    assert judged.published.stored.uri.startswith("file:dev_substrate/m1/m1_20260213T201427Z/m1_a_")
    assert judged.published.document["platform_run"] is None
    assert world.remote.objects == {}


# No evidence.


@pytest.mark.parametrize("facts", [READY, NOT_READY], ids=["pass", "fail"])
def test_a_store_that_takes_nothing_closes_every_gate(world: Any, facts: Any) -> None:
    world.remote.refusing.add("create")
    with pytest.raises(EvidenceUnreachable) as raised:
        judge(world.run("m2", "a_readiness"), facts)
    said = str(raised.value)
    assert said.startswith("EVIDENCE-UNREACHABLE s3://fraud-platform-dev-min-evidence: ")
    assert "told not to answer" in said
    assert "then clear a_readiness with everything downstream" in said
    assert f"runs/{A_LOCAL}" in said
    document = unseal(world.local.read(f"{A_LOCAL}.json")[1])
    assert document["overall_pass"] is (facts is READY)
    assert isinstance(raised.value.__cause__, StoreUnreachable)


def test_the_blockers_are_said_even_if_nobody_can_store_them(world: Any) -> None:
    world.remote.refusing.add("create")
    with pytest.raises(EvidenceUnreachable):
        judge(world.run("m2", "a_readiness"), NOT_READY)
    assert [line.split(" ")[0] for line in world.said] == ["LATCH-SET"]


def test_an_execution_that_was_never_claimed_does_not_go_on(world: Any) -> None:
    class NoClaims(MemoryStore):
        """Takes everything but claims."""

        def create(self, key: str, content: bytes) -> StoredObject:
            if "/executions/" in key:
                raise StoreUnreachable(key, "no claims today")
            return super().create(key, content)

    world.remote = NoClaims()
    with pytest.raises(EvidenceUnreachable, match="no claims today"):
        judge(world.run("m2", "a_readiness"), READY)
    assert unseal(world.remote.objects[f"{A}.json"])["status"] == "pass"


def test_a_number_that_somebody_took_meanwhile_is_passed_over(world: Any) -> None:
    class Busy(MemoryStore):
        """Another worker always took the first number."""

        def create(self, key: str, content: bytes) -> StoredObject:
            if key == f"{A}.json":
                raise AlreadyExists(key)
            return super().create(key, content)

    world.remote = Busy()
    assert judge(world.run("m2", "a_readiness"), READY).published.attempt == 2


# Policy (EV4).


class Dumped:
    """Stands for a model: what it dumps."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def model_dump(self, **_: Any) -> dict[str, Any]:
        return self.document


def policy_run() -> Any:
    environment, policies = dev_min()
    return SimpleNamespace(
        environment=Dumped(environment.model_dump(mode="json", by_alias=True)),
        policies=SimpleNamespace(
            forbidden=Dumped(policies.forbidden.model_dump(mode="json")),
            allowed_types=Dumped(policies.allowed_types.model_dump(mode="json")),
            prices=Dumped(policies.prices.model_dump(mode="json")),
            bill=Dumped(policies.bill.model_dump(mode="json")),
            execution_role=Dumped(policies.execution_role.model_dump(mode="json")),
        ),
    )


POLICY_SECTIONS = (
    *("policies.forbidden", "policies.allowed_types", "policies.prices", "policies.bill"),
    "policies.execution_role",
)
SECTIONS = [*dev_min()[0].model_dump(by_alias=True), *POLICY_SECTIONS]


def with_section(section: str) -> Any:
    """A run in which this section, and no other, says something else."""
    run = policy_run()
    if section.startswith("policies."):
        setattr(run.policies, section.removeprefix("policies."), Dumped({"other": True}))
    else:
        run.environment = Dumped({**run.environment.document, section: "other"})
    return run


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.id)
def test_every_section_that_a_gate_declares_is_there(gate: Any) -> None:
    assert set(gate.policy_sections) <= set(SECTIONS)
    assert len(policy_digest(policy_run(), gate)) == 64


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.id)
def test_a_policy_digest_changes_with_its_sections_and_with_no_other(gate: Any) -> None:
    before = policy_digest(policy_run(), gate)
    changed = {section for section in SECTIONS if policy_digest(with_section(section), gate) != before}
    assert changed == set(gate.policy_sections)


def test_a_policy_digest_changes_with_the_gate() -> None:
    gate = by_id("PLAN-GUARD")
    digests = {
        policy_digest(policy_run(), other)
        for other in (gate, replace(gate, version=gate.version + 1), replace(gate, id="OTHER"))
    }
    assert len(digests) == 3


def test_the_digest_of_a_snapshot_is_that_of_its_policy(world: Any) -> None:
    gate = by_id("BUILD-READINESS")

    def digest(**changes: Any) -> str:
        environment = dev_min()[0].model_copy(update=changes)
        document = judge(world.run("m2", "a_readiness", environment=environment), READY).published.document
        assert document["policy_digest"] == policy_digest(world.run("m2", "a_readiness", environment=environment), gate)
        return str(document["policy_digest"])

    assert digest() == digest(title="Another title")
    assert digest() != digest(account_id="210987654321")


def test_the_real_sections_reach_the_digest(world: Any) -> None:
    gate, (_, policies) = by_id("PLAN-GUARD"), dev_min()
    before = policy_digest(world.run("m2", "c_core.plan_and_guard"), gate)
    fewer = policies.forbidden.model_copy(update={"rules": policies.forbidden.rules[1:]})
    run = world.run("m2", "c_core.plan_and_guard", policies=replace(policies, forbidden=fewer))
    assert policy_digest(run, gate) != before


# The version of the sources.


@pytest.mark.parametrize(
    ("dirty", "expected"), [("true", True), ("false", False), ("", None), ("maybe", None), (None, None)]
)
def test_the_commit_of_the_launcher(tmp_path: Path, dirty: str | None, expected: bool | None) -> None:
    environ = {"TIDEGATE_GIT_COMMIT": "abc"} | ({} if dirty is None else {"TIDEGATE_GIT_DIRTY": dirty})
    assert source_version(environ, tmp_path) == ("abc", expected)


def test_the_commit_of_a_checkout(tmp_path: Path) -> None:
    assert source_version({}, tmp_path) == ("unknown", None)
    git = tmp_path / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    assert source_version({}, tmp_path) == ("unknown", None)
    (git / "refs" / "heads" / "main").write_text("abc123\n")
    assert source_version({}, tmp_path) == ("abc123", None)
    (git / "HEAD").write_text("def456\n")
    assert source_version({}, tmp_path) == ("def456", None)


@pytest.mark.parametrize("task_id", ["a_identity_and_tools", "b_continuity", "j_evidence_chain", "n_phase_verdict"])
def test_the_audit_leaves_its_snapshot_here_when_the_bucket_does_not_answer(world: Any, task_id: str) -> None:
    """TD8: always a record, also of a night in which nothing could be reached."""
    world.remote.refusing |= {"create", "keys", "read"}
    run = world.run("audit", task_id)
    with pytest.raises(EvidenceUnreachable, match=r"^EVIDENCE-UNREACHABLE "):
        judge(run, CollectorBroken(observed_at=NOW, error="no answer"))
    (key,) = run.local.keys("dev_substrate/audit/")
    assert key == f"dev_substrate/audit/{run.execution_id}/{run.lane.snapshot}.json"
