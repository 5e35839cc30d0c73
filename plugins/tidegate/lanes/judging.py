"""Judges a lane's facts and puts the snapshot into the evidence before anything else happens (EV1)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import tidegate
from tidegate.evidence.canonical import plain
from tidegate.evidence.derived import derived_fields
from tidegate.evidence.publish import Published, publish
from tidegate.evidence.store import StoreUnreachable
from tidegate.gates.registry import by_id
from tidegate.lanes.policy import policy_digest
from tidegate.lanes.run import LaneRun, now
from tidegate.lanes.same_dag import as_asked
from tidegate.models.blocker import Blocker
from tidegate.models.facts import Facts
from tidegate.models.identity import Tools
from tidegate.models.not_target import NotTargetFacts
from tidegate.models.observed import Known, shown
from tidegate.models.remedy import OWNER, Clear, Person, Remedy
from tidegate.models.schedule import NotWantedFacts
from tidegate.models.snapshot import SCHEMA_NAME, SCHEMA_VERSION, blocker_document
from tidegate.settings import PROJECT, settings
from tidegate.terraform.program import program_name
from tidegate.terraform.workspace import locked_providers, root_directory


class EvidenceUnreachable(Exception):
    """The snapshot could not be stored. The local mirror has it, and nothing may go on."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A judgement that is in the evidence."""

    blockers: tuple[Blocker, ...]
    published: Published

    @property
    def passed(self) -> bool:
        """True only if there is no blocker."""
        return not self.blockers


def look(run: LaneRun, facts: Facts) -> tuple[Blocker, ...]:
    """Judge without leaving evidence: for a sensor that may look again."""
    return by_id(run.lane.gate).evaluate(facts, judged_at=now(), names=_names(run))


def judge(run: LaneRun, facts: Facts) -> Judged:
    """Judge and publish. Raises EvidenceUnreachable; the snapshot then exists only in the local mirror."""
    found = by_id(run.lane.gate).evaluate(facts, judged_at=now(), names=_names(run))
    blockers = tuple(as_asked(blocker, run.dag_id, run.params) for blocker in found)
    return Judged(blockers, _leave(run, facts, "fail" if blockers else "pass", blockers))


def leave_not_run(run: LaneRun, facts: NotTargetFacts | NotWantedFacts) -> Published:
    """Record that the lane had nothing to do. Nothing is judged, and it is no pass. Raises EvidenceUnreachable."""
    return _leave(run, facts, "not_run", ())


def _leave(run: LaneRun, facts: Facts, status: str, blockers: tuple[Blocker, ...]) -> Published:
    gate = by_id(run.lane.gate)
    judged_at = now()
    hours = run.environment.validity.gates.get(gate.id, run.environment.validity.default)
    document = {
        "schema": {"name": SCHEMA_NAME, "version": SCHEMA_VERSION},
        "gate": gate.id,
        "gate_version": gate.version,
        "lane": run.lane.name,
        "owner": gate.owner,
        "requirements": list(gate.requirements),
        "execution_id": run.execution_id,
        "platform_run": None if run.lane.before_backend else run.platform_run_id,
        "profile": run.profile,
        "environment": run.environment.name,
        "overall_pass": status == "pass",
        "status": status,
        "blockers": [blocker_document(blocker) for blocker in blockers],
        "valid_until": judged_at + timedelta(hours=hours),
        "policy_digest": policy_digest(run, gate),
        "airflow": {
            "dag_id": run.dag_id,
            "run_id": run.run_id,
            "task_id": run.task_id,
            "try_number": run.try_number,
        },
        "tools": _tools(run, facts),
        "inputs": [given.model_dump() for given in run.inputs],
        **derived_fields(facts),
    }
    remote = None if run.lane.before_backend else run.remote
    try:
        published = publish(
            run.place(run.lane), lambda attempt: plain({**document, "attempt": attempt}), run.local, remote
        )
    except StoreUnreachable as error:
        for blocker in blockers:
            run.log(blocker.sentence())
        raise EvidenceUnreachable(_unreachable(run, str(error))) from error
    problem = run.execution[1]
    if problem is not None:
        raise EvidenceUnreachable(_unreachable(run, problem))
    return published


def _names(run: LaneRun) -> dict[str, str]:
    """What stands for the names that a gate does not know."""
    return {**run.environment.names_in_texts, "dag": run.dag_id, "task": run.task_id}


def _unreachable(run: LaneRun, detail: str) -> str:
    return Blocker(
        code="EVIDENCE-UNREACHABLE",
        summary="the evidence store did not take the snapshot, so nothing goes on",
        resource=f"s3://{run.environment.evidence.bucket}",
        observed=detail,
        expected="a bucket that takes a conditional put",
        remedy=Remedy.of(
            Person(OWNER, "mend what the observed text names; a bucket that is gone, M1 makes again"),
            Clear(run.task_id),
            note=f"The snapshot lies in runs/{run.place(run.lane).local}*.json",
        ),
    ).sentence()


def _tools(run: LaneRun, facts: Facts) -> dict[str, Any]:
    tools, plan = getattr(facts, "tools", None), getattr(facts, "plan", None)
    terraform, program = "not used", ""
    if isinstance(tools, Tools):
        terraform, program = shown(tools.terraform_version), tools.terraform_program
    elif isinstance(plan, Known):
        terraform, program = str(plan.value.terraform_version), program_name(settings().terraform)
    stack = run.environment.stacks.get(run.lane.stack or "")
    root = root_directory(stack) if stack else None
    commit, dirty = source_version(os.environ)
    return {
        "terraform": terraform,
        "terraform_program": program,
        "providers": locked_providers(root) if root and (root / ".terraform.lock.hcl").is_file() else {},
        "tidegate": tidegate.__version__,
        "git_commit": commit,
        "git_dirty": dirty,
    }


def source_version(environ: Mapping[str, str], project: Path = PROJECT) -> tuple[str, bool | None]:
    """Commit and dirty flag: from the image or the launcher, else from `.git`, where dirtiness stays unknown."""
    if "TIDEGATE_GIT_COMMIT" in environ:
        return environ["TIDEGATE_GIT_COMMIT"], {"true": True, "false": False}.get(environ.get("TIDEGATE_GIT_DIRTY", ""))
    head = project / ".git" / "HEAD"
    if not head.is_file():
        return "unknown", None
    reference = head.read_text(encoding="utf-8").strip()
    if not reference.startswith("ref: "):
        return reference, None
    branch = project / ".git" / reference.removeprefix("ref: ")
    return (branch.read_text(encoding="utf-8").strip() if branch.is_file() else "unknown"), None
