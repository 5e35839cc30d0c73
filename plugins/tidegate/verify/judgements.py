"""Holds one snapshot against its place and against its own facts: the gate is asked again."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tidegate.evidence.canonical import plain
from tidegate.evidence.derived import derived_fields
from tidegate.gates.base import Gate
from tidegate.gates.registry import by_id
from tidegate.models.facts import CollectorBroken, Facts
from tidegate.models.not_target import NotTargetFacts
from tidegate.models.schedule import NotWantedFacts
from tidegate.models.snapshot import Snapshot
from tidegate.verify.documents import Document
from tidegate.verify.findings import (
    KEEP,
    Finding,
    foreign,
    judgement_mismatch,
    schema_mismatch,
    unknown,
)
from tidegate.verify.subject import Subject

_EXPONENT = re.compile(r"-?[0-9]+(\.[0-9]+)?E[-+][0-9]{1,3}")
CLOSED_UNSEEN = (["FACTS-STALE"], ["GATE-BROKEN"])
"""Judgements that do not follow from the facts alone. They are closed, and a closed gate is never a forged pass."""


def place_findings(document: Document, snapshot: Snapshot, subject: Subject, profile: str) -> Iterator[Finding]:
    """Does the snapshot belong where it lies?"""
    required = document.required
    for name, observed, expected in (
        ("environment", snapshot.environment, subject.environment),
        ("profile", snapshot.profile, profile),
        ("execution_id", snapshot.execution_id, subject.execution_id),
        ("lane", snapshot.lane, required.lane),
        ("task", snapshot.airflow.task_id, required.task),
        ("gate", snapshot.gate, required.gate),
    ):
        if observed != expected:
            yield foreign(document.key, f"{name} {observed}", f"{name} {expected}")
    if snapshot.attempt != document.attempt:
        yield Finding(
            code="ATTEMPT-MISMATCH",
            file=document.key,
            observed=f"attempt {snapshot.attempt} inside",
            expected=f"attempt {document.attempt}, as the file is named",
            remedy=KEEP,
        )


def facts_of(snapshot: Snapshot, file: str) -> tuple[Facts | None, Finding | None]:
    """The stored facts as what the gate judges, or why they are not."""
    gate, finding = _gate(snapshot, file)
    if gate is None:
        return None, finding
    expected = f"facts of type {gate.facts.__name__}"
    adapter = _adapters(gate.id).get(snapshot.facts_type)
    if adapter is None:
        return None, schema_mismatch(file, f"facts of type {snapshot.facts_type}", expected)
    try:
        facts = adapter.validate_json(json.dumps(snapshot.facts), strict=True)
    except ValidationError as error:
        places = ", ".join(".".join(map(str, problem["loc"])) for problem in error.errors()[:3])
        return None, schema_mismatch(file, f"{error.error_count()} values that do not fit: {places}", expected)
    if not _is_within(snapshot.facts, plain(facts)):
        return None, schema_mismatch(file, "facts that hold more than their type knows", expected)
    return facts, None


def judgement_findings(document: Document, snapshot: Snapshot) -> Iterator[Finding]:
    """Is the stored judgement what the gate says about the stored facts, judged at their own time?"""
    file = document.key
    stored = [blocker.code for blocker in snapshot.blockers]
    yield from _status(snapshot, file)
    facts, finding = facts_of(snapshot, file)
    if facts is None:
        if finding is not None and not (stored == ["GATE-BROKEN"] and not snapshot.overall_pass):
            yield finding
        return
    written = snapshot.model_dump(mode="json")
    for name, value in derived_fields(facts).items():
        if not _is_within(written[name], value):
            yield judgement_mismatch(file, f"{name} {written[name]}", f"{name} {value}, as the facts say")
    if stored in CLOSED_UNSEEN and not snapshot.overall_pass:
        return
    if isinstance(facts, NotTargetFacts | NotWantedFacts):
        if snapshot.status != "not_run":
            yield judgement_mismatch(file, f"status {snapshot.status}", "status not_run: nothing was judged")
        return
    again = by_id(snapshot.gate).evaluate(facts, judged_at=snapshot.observed_at, names=_names(snapshot))
    before = Counter((blocker.code, blocker.resource) for blocker in snapshot.blockers)
    after = Counter((blocker.code, blocker.resource) for blocker in again)
    if before != after or snapshot.overall_pass is bool(again):
        yield judgement_mismatch(
            file, _said(snapshot.overall_pass, before - after, before), _said(not again, after - before, after)
        )


def _is_within(stored: Any, known: Any) -> bool:
    """Is everything that was stored what the type knows? A field that came later has its default."""
    if isinstance(stored, dict) and isinstance(known, dict):
        return all(name in known and _is_within(value, known[name]) for name, value in stored.items())
    if isinstance(stored, list) and isinstance(known, list):
        return len(stored) == len(known) and all(map(_is_within, stored, known))
    return type(stored) is type(known) and bool(stored == known or _with_exponent(stored) == known)


def _with_exponent(stored: Any) -> str | None:
    """An amount as it is written today, where an earlier version wrote it with an exponent (`0E-10`)."""
    return format(Decimal(stored), "f") if isinstance(stored, str) and _EXPONENT.fullmatch(stored) else None


@cache
def _adapters(gate_id: str) -> dict[str, TypeAdapter[Facts]]:
    """By name: the facts of a gate, those of a crash, on which every gate closes, and those of nothing to do."""
    kinds = (by_id(gate_id).facts, CollectorBroken, NotTargetFacts, NotWantedFacts)
    return {kind.__name__: TypeAdapter(kind) for kind in kinds}


def _gate(snapshot: Snapshot, file: str) -> tuple[Gate[Facts] | None, Finding | None]:
    remedy = f"verify with tidegate {snapshot.tools.tidegate}, commit {snapshot.tools.git_commit}"
    try:
        gate = by_id(snapshot.gate)
    except KeyError:
        return None, unknown("GATE-UNKNOWN", file, f"gate {snapshot.gate}", "a gate of this version", remedy)
    if gate.version != snapshot.gate_version:
        observed = f"version {snapshot.gate_version} of {gate.id}"
        return None, unknown("GATE-VERSION", file, observed, f"version {gate.version}", remedy)
    return gate, None


def _names(snapshot: Snapshot) -> dict[str, str] | None:
    """What a gate put for the names that it does not know; version 1 left them as they are."""
    if snapshot.schema_.version == 1:
        return None
    airflow = snapshot.airflow
    return {"environment": snapshot.environment, "dag": airflow.dag_id, "task": airflow.task_id}


def _status(snapshot: Snapshot, file: str) -> Iterator[Finding]:
    passed = snapshot.overall_pass
    if snapshot.status == "not_run" and not passed and not snapshot.blockers:
        return
    if passed is bool(snapshot.blockers) or (snapshot.status == "pass") is not passed:
        yield judgement_mismatch(
            file,
            f"overall_pass {passed}, status {snapshot.status}, {len(snapshot.blockers)} blockers",
            "overall_pass true, status pass and no blocker; or false, another status and blockers",
        )


def _said(passed: bool, only: Counter[tuple[str, str]], blockers: Counter[tuple[str, str]]) -> str:
    named = ", ".join(f"{code} {resource}" for code, resource in sorted(only)) or "none"
    return f"overall_pass {str(passed).lower()}, {blockers.total()} blockers, of them only here: {named}"
