"""A whole execution in a store, as the lanes leave it, and ways to change it afterwards."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import factories_control as control
import factories_guardrails as guardrails
from facts_that_pass import PASSING, fail_without_a_line, passing_on
from tidegate import environments
from tidegate.evidence.canonical import document_digest, plain, seal
from tidegate.evidence.control import Series
from tidegate.evidence.derived import derived_fields, policy_digest
from tidegate.evidence.store import LocalStore
from tidegate.gates.registry import by_id
from tidegate.lanes.subjects import subject_of
from tidegate.models.environment import Environment
from tidegate.models.facts import Facts
from tidegate.models.observed import Known
from tidegate.models.policy import Policies
from tidegate.models.snapshot import BlockerRecord, blocker_document
from tidegate.models.verdict import LaneResult, VerdictFacts
from tidegate.verify.subject import Required, Subject

M1, M2, M9 = "m1_20261121T090000Z", "m2_20261121T093000Z", "m9_20261121T100000Z"
PLATFORM_RUN = "platform_20261121T093000Z"
START = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)

FACTS: dict[str, Callable[[], Facts]] = {gate_id: partial(passing_on, START, gate_id) for gate_id in PASSING}
"""By gate, facts that pass on the day of the execution."""
"""Facts that pass, by gate."""


@cache
def _manifest() -> tuple[Environment, Policies]:
    environment = environments.load("dev_min")
    return environment, environments.load_policies(environment)


class Evidence:
    """An execution below a directory. `remote`: with the keys of the bucket, and a chain."""

    def __init__(
        self, root: Path, execution: str = M2, *, remote: bool = False, cost_scope: tuple[str, ...] = ("aws",)
    ) -> None:
        self.root = root
        self.store = LocalStore(root)
        environment, self.policies = _manifest()
        self.environment = environment.model_copy(update={"cost_scope": cost_scope})
        self.subject: Subject = subject_of(self.environment, execution, remote=remote)

    def required(self, task: str) -> Required:
        return next(it for it in self.subject.required if it.task == task)

    def path(self, task: str, attempt: int = 1) -> Path:
        return self.root / self.key(task, attempt)

    def key(self, task: str, attempt: int = 1) -> str:
        return self.subject.key(self.subject.place(self.required(task), PLATFORM_RUN), attempt)

    def uri(self, task: str, attempt: int = 1) -> str:
        place = self.subject.place(self.required(task), PLATFORM_RUN)
        if self.subject.phase == "m1":
            return f"file:{place.local_key(attempt)}"
        return f"s3://{self.subject.bucket}/{place.remote_key(attempt)}"

    def document(self, task: str, attempt: int = 1) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.path(task, attempt).read_bytes())
        return document

    def names(self, task: str) -> dict[str, str]:
        """What a run fills into its blockers."""
        return {"environment": "dev_min", "dag": "dev_min.x", "task": task}

    def write(
        self, task: str, facts: Facts, *, attempt: int = 1, inputs: list[Any] | None = None, **changes: Any
    ) -> None:
        """Judge facts and write the snapshot, as a lane does."""
        required = self.required(task)
        gate = by_id(required.gate)
        blockers = gate.evaluate(facts, judged_at=facts.observed_at, names=self.names(task))
        document = {
            "schema": {"name": "tidegate.snapshot", "version": 2},
            "gate": gate.id,
            "gate_version": gate.version,
            "lane": required.lane,
            "owner": gate.owner,
            "requirements": list(gate.requirements),
            "execution_id": self.subject.execution_id,
            "attempt": attempt,
            "platform_run": None if self.subject.phase == "m1" else PLATFORM_RUN,
            "profile": "sandbox",
            "environment": "dev_min",
            "overall_pass": not blockers,
            "status": "fail" if blockers else "pass",
            "blockers": [blocker_document(blocker) for blocker in blockers],
            "valid_until": plain(facts.observed_at + timedelta(hours=24)),
            "policy_digest": policy_digest(
                self.environment, self.policies, gate=gate.id, version=gate.version, sections=gate.policy_sections
            ),
            "airflow": {"dag_id": "dev_min.x", "run_id": "manual__1", "task_id": task, "try_number": attempt},
            "tools": {
                "terraform": "x",
                "terraform_program": "binary x",
                "providers": {},
                "tidegate": "0.1.0",
                "git_commit": "c",
                "git_dirty": None,
            },
            "inputs": inputs or [],
            **derived_fields(facts),
            **changes,
        }
        path = self.path(task, attempt)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(seal(document))

    def rewrite(self, task: str, **changes: Any) -> None:
        """Change a first attempt and compute its digest anew, as a forger would."""
        self.path(task).write_bytes(seal({**self.document(task), **changes}))

    def lanes(self, *, blocked: str = "", blocked_facts: Facts | None = None) -> "Evidence":
        """Every lane passes; with `blocked`, that one does not, and no lane after it runs."""
        fail_without_a_line(it.gate for it in self.subject.lanes)
        previous: list[Any] = []
        for number, required in enumerate(self.subject.lanes):
            facts = FACTS[required.gate]()
            if required.gate == "COST-GUARDRAIL" and "confluent" in self.environment.cost_scope:
                facts = guardrails.both_on(START.date())
            if required.task == blocked and blocked_facts is not None:
                facts = blocked_facts
            facts = replace(facts, observed_at=START + timedelta(minutes=number))
            self.write(required.task, facts, inputs=previous)
            if required.task == blocked:
                break
            previous = [
                self.input(required.task),
                {"uri": "s3://work/x.tfplan", "version_id": None, "sha256": "b" * 64},
            ]
        return self

    def input(self, task: str, attempt: int = 1) -> dict[str, Any]:
        return {"uri": self.uri(task, attempt), "version_id": None, "sha256": self.document(task, attempt)["digest"]}

    def verdict(self, attempt: int = 1, *, lanes: tuple[LaneResult, ...] | None = None, **changes: Any) -> "Evidence":
        """Judge the lanes as they are now; in a bucket, chain the verdict."""
        observed_at = START + timedelta(hours=1, minutes=attempt)
        facts = VerdictFacts(
            observed_at=observed_at,
            phase=self.subject.phase,
            execution_id=self.subject.execution_id,
            environment="dev_min",
            profile="sandbox",
            lanes=tuple(self.result(it, observed_at) for it in self.subject.lanes) if lanes is None else lanes,
        )
        task = self.subject.verdict.task
        there = [self.input(it.task, self.newest(it.task)) for it in self.subject.lanes if self.newest(it.task)]
        self.write(task, facts, attempt=attempt, inputs=there, **changes)
        if self.subject.remote:
            self.chain(attempt)
        return self

    def chain(self, attempt: int = 1, **changes: Any) -> None:
        task = self.subject.verdict.task
        verdict = self.document(task, attempt)

        def record(newest: dict[str, Any] | None) -> dict[str, Any]:
            return {
                "schema": {"name": "tidegate.verdict-record", "version": 1},
                "phase": self.subject.phase,
                "execution_id": self.subject.execution_id,
                "overall_pass": verdict["overall_pass"],
                "verdict": {
                    "uri": f"s3://{self.subject.bucket}/{self.key(task, attempt)}",
                    "version_id": "v1",
                    "sha256": verdict["digest"],
                },
                "previous": None if newest is None else {"number": newest["number"], "sha256": newest["digest"]},
                "recorded_at": START.isoformat(),
                **changes,
            }

        Series(self.store, "evidence/dev_min/verdicts").append_next(record)

    def newest(self, task: str) -> int:
        return max((n for n in range(1, 9) if self.path(task, n).exists()), default=0)

    def result(self, required: Required, observed_at: datetime) -> LaneResult:
        """A lane as the verdict's collector sees it."""
        attempt = self.newest(required.task)
        if not attempt:
            return control.empty_lane(
                task=required.task, lane=required.lane, gate=required.gate, uri=self.uri(required.task)
            )
        document = self.document(required.task, attempt)
        digest: Any = Known(document["digest"])
        return LaneResult(
            task=required.task,
            lane=required.lane,
            gate=required.gate,
            task_state="success" if document["overall_pass"] else "failed",
            handed_over_digest=digest,
            stored_digest=digest,
            digest_valid=Known(document_digest(document) == document["digest"]),
            status=Known(document["status"]),
            overall_pass=Known(document["overall_pass"]),
            execution_id=Known(document["execution_id"]),
            environment=Known(document["environment"]),
            profile=Known(document["profile"]),
            expired=Known(datetime.fromisoformat(document["valid_until"]) < observed_at),
            blockers=tuple(BlockerRecord(**blocker).blocker().sentence() for blocker in document["blockers"]),
            uri=self.uri(required.task, attempt),
        )
