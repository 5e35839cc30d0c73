"""A state that terraform could not save: it is kept, and pushed if that is safe; until then the stack is closed (ST7).

The record under `control/<env>/unsaved_states/` is written first. It is settled by a push under the lock, in the task
that ran terraform or in a later M2 or M9 on any worker, or by a person who asks to push or discard it.
"""

import hashlib
import socket
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tidegate.answers import NO_ANSWER, MalformedAnswer, ask, explain
from tidegate.collectors.aws.stack_backend import backend_settings
from tidegate.collectors.aws.state import read_state
from tidegate.collectors.aws.state_object import read_state_object, state_content
from tidegate.evidence.store import StoreError
from tidegate.evidence.unsaved import read_unsaved, record_unsaved, settle_unsaved, settled_digests
from tidegate.gates.rules_identity import identity_blockers
from tidegate.gates.rules_unsaved import not_saved
from tidegate.lanes import readiness
from tidegate.lanes.frozen import frozen_scope
from tidegate.lanes.guards import handed_over_facts
from tidegate.lanes.run import ActionBlocked, LaneRun, now
from tidegate.lanes.stack_lanes import build_group
from tidegate.models.observed import Absent, Known, Observed, Unreadable, shown
from tidegate.models.plan import PlanFacts
from tidegate.models.state import StateVersion
from tidegate.models.unsaved import StateContent, StoredState, UnsavedState, doubts, push_refusals
from tidegate.terraform import errored, workspace
from tidegate.terraform.runner import Terraform
from tidegate.terraform.state_writer import Operation, StateNotWritten, write_state
from tidegate.terraform.workspace import Workspace

UNSAVED_PARAM = "unsaved_state"
"""Param of M2 and M9: `<stack>:push` or `<stack>:discard`, a person's decision about a state that was not saved."""
REASON_PARAM = "state_reason"


@dataclass(frozen=True, slots=True)
class Word:
    """What a person decided about the unsaved state of a stack, and why."""

    action: str
    reason: str


def unsaved_state(run: LaneRun, stack: str) -> Observed[UnsavedState]:
    """The unsaved state of a stack, on record or left on this worker. Changes nothing."""
    found = read_unsaved(run.remote, run.environment.name, stack)
    if not isinstance(found, Absent):
        return found
    try:
        left = _left_on_this_worker(run, stack)
    except (StoreError, ValueError) as error:
        return Unreadable(f"settled states of {stack}: {error}")
    if left is None:
        return Absent()
    return Known(_found_here(run, stack, left))


def settle(run: LaneRun, stack: str) -> Observed[UnsavedState]:
    """Before a stack is planned: push its unsaved state if that is safe, or do as a person decided.

    Absent if there is none, or if it is settled now. Never raises for what AWS or the store answers.
    """
    match unsaved_state(run, stack):
        case Known(unsaved):
            pass
        case other:
            return other
    refusals = [it.code for it in identity_blockers(readiness.caller(run), readiness.tools(run))]
    if not run.acquire_lease().ours:
        refusals.append("another run holds the environment's lease")
    if refusals:
        return Known(replace(unsaved, refusal=", ".join(refusals)))
    try:
        if unsaved.number == 0:
            unsaved = _on_record(run, unsaved)
        return _settled(run, unsaved, word_of(run, stack))
    except StoreError as error:
        return Unreadable(f"unsaved state of {stack}: {error}")


def word_of(run: LaneRun, stack: str) -> Word | None:
    """What a person decided about this stack. A decision without a reason does not count."""
    named, _, action = str(run.params.get(UNSAVED_PARAM) or "").partition(":")
    reason = str(run.params.get(REASON_PARAM) or "").strip()
    return Word(action, reason) if named == stack and action in {"push", "discard"} and reason else None


def save_after_apply(run: LaneRun, stack: str, prepared: Workspace, terraform: Terraform) -> None:
    """Right after an apply that failed: keep, record and push what it could not save.

    Raises ActionBlocked if the state stays unsaved. The stack is closed then, and the text is a blocker's.
    """
    if terraform.errored_sha256 is None:
        return
    path = errored.put_aside(prepared)
    if path is None:
        raise LookupError(f"errored.tfstate of {stack} was there as terraform ended, and is gone")
    unsaved = UnsavedState(
        number=0,
        environment=run.environment.name,
        stack=stack,
        execution_id=run.execution_id,
        task=run.task_id,
        host=socket.gethostname(),
        path=str(path),
        uri=None,
        sha256=terraform.errored_sha256,
        written_by_intent=True,
        last_version_id=_version_id(read_state(run.clients, run.environment, stack).version),
        planned_addresses=planned_addresses(run, stack),
        recorded_at=now(),
    )
    try:
        left = _settled(run, _on_record(run, unsaved), None)
    except StoreError as error:
        left = Known(replace(unsaved, refusal=f"no record could be written: {error}"))
    match left:
        case Known(still):
            raise ActionBlocked(not_saved(still).sentence())
        case Absent():
            return
        case other:
            raise ActionBlocked(not_saved(replace(unsaved, refusal=shown(other))).sentence())


def planned_addresses(run: LaneRun, stack: str) -> tuple[str, ...]:
    """Every address of the plan that this run applies; for a teardown, also those that the cloud no longer has."""
    if run.phase == "m9":
        (scope,) = (it for it in frozen_scope(run).stacks if it.stack == stack)
        plan, gone = scope.plan, [it.address for it in scope.destroy_set]
    else:
        facts = handed_over_facts(run, f"{build_group(run.environment, stack)}.plan_and_guard", PlanFacts)
        plan, gone = (facts.value.plan if isinstance(facts, Known) else facts), []
    planned = [it.address for it in plan.value.resources] if isinstance(plan, Known) else []
    return tuple(sorted({*planned, *gone}))


def _settled(run: LaneRun, unsaved: UnsavedState, word: Word | None) -> Observed[UnsavedState]:
    """Absent once it is pushed or discarded, else the same record with the reason why it is not. Raises StoreError."""
    if word is not None and word.action == "discard":
        _close(run, unsaved, "discarded", word.reason)
        return Absent()
    body = _body(run, unsaved)
    if isinstance(body, str):
        return Known(replace(unsaved, refusal=body))
    unsaved = _copied(run, unsaved, body)
    try:
        kept = state_content(body)
    except MalformedAnswer as error:
        return Known(replace(unsaved, refusal=f"it cannot be pushed: {error}"))
    stored = read_state_object(run.clients, run.environment, unsaved.stack)
    if not isinstance(stored, Known | Absent):
        return Known(replace(unsaved, refusal=f"the stored state cannot be read: {shown(stored)}"))
    over = stored.value.stored if isinstance(stored, Known) else None
    said = push_refusals(kept, over) + (() if word else doubts(unsaved, kept, over))
    if said:
        return Known(replace(unsaved, refusal="; ".join(said)))
    return _pushed(run, unsaved, kept, body, over, word.reason if word else "everything about it fits")


def _pushed(
    run: LaneRun, unsaved: UnsavedState, kept: StateContent, body: bytes, over: StoredState | None, reason: str
) -> Observed[UnsavedState]:
    if isinstance(over, StoredState) and over.content == kept:
        _close(run, unsaved, "pushed", "it was stored already")
        return Absent()
    try:
        version = write_state(
            run.clients,
            backend_settings(run.environment, unsaved.stack),
            body,
            over=over,
            operation=Operation("push", now()),
        )
    except StateNotWritten as error:
        return Known(replace(unsaved, refusal=str(error)))
    run.log(f"the state of {unsaved.stack} that {unsaved.execution_id} could not save is pushed: version {version}")
    _close(run, unsaved, "pushed", reason)
    if unsaved.host == socket.gethostname():
        Path(unsaved.path).unlink(missing_ok=True)  # it holds secrets, and the bucket has it now
    return Absent()


def _close(run: LaneRun, unsaved: UnsavedState, outcome: str, reason: str) -> None:
    settle_unsaved(
        run.remote,
        run.environment.name,
        unsaved,
        outcome=outcome,
        execution_id=run.execution_id,
        reason=reason,
        at=now(),
    )
    run.log(f"the unsaved state of {unsaved.stack} is {outcome}: {reason}")


def _on_record(run: LaneRun, unsaved: UnsavedState) -> UnsavedState:
    """Close the stack on every worker; returns the record. Raises StoreError."""
    record_unsaved(
        run.remote,
        run.environment.name,
        unsaved.stack,
        execution_id=unsaved.execution_id,
        task=unsaved.task,
        host=unsaved.host,
        path=unsaved.path,
        uri=unsaved.uri,
        sha256=unsaved.sha256,
        written_by_intent=unsaved.written_by_intent,
        last_version_id=unsaved.last_version_id,
        planned_addresses=unsaved.planned_addresses,
        at=unsaved.recorded_at,
        refusal=unsaved.refusal,
    )
    match read_unsaved(run.remote, run.environment.name, unsaved.stack):
        case Known(found):
            return found
        case other:
            raise StoreError(f"unsaved state of {unsaved.stack}", shown(other))


def _body(run: LaneRun, unsaved: UnsavedState) -> bytes | str:
    """The file, from this worker or from the bucket, or a sentence that says why neither has it."""
    path = Path(unsaved.path)
    if unsaved.host == socket.gethostname() and path.is_file():
        body = path.read_bytes()
    elif unsaved.uri is None:
        return f"the file lies on host {unsaved.host} at {unsaved.path}, and the state bucket did not take a copy"
    else:
        bucket, _, key = unsaved.uri.removeprefix("s3://").partition("/")
        try:
            answer = ask(run.clients.s3.get_object, Bucket=bucket, Key=key)
            body = ask(answer["Body"].read)
        except NO_ANSWER as error:
            return explain(f"GetObject {unsaved.uri}", error)
    if hashlib.sha256(body).hexdigest() != unsaved.sha256:
        return f"the file is not the one on record any more: its sha256 is not {unsaved.sha256}"
    return body


def _copied(run: LaneRun, unsaved: UnsavedState, body: bytes) -> UnsavedState:
    """The record with a copy beside the state, encrypted as the state is. A bucket that refuses changes nothing."""
    if unsaved.uri is not None:
        return unsaved
    settings = backend_settings(run.environment, unsaved.stack)
    key = f"{settings.key}.errored/{unsaved.execution_id}-{unsaved.sha256[:16]}"
    encryption = {"ServerSideEncryption": "AES256"} if settings.encrypt else {}
    s3: Any = run.clients.s3_in(settings.region)
    try:
        ask(
            s3.put_object,
            Bucket=settings.bucket,
            Key=key,
            Body=body,
            ContentType="application/json",
            ChecksumAlgorithm="SHA256",
            **encryption,
        )
    except NO_ANSWER as error:
        run.log(f"no copy of the unsaved state of {unsaved.stack} in the bucket: {explain(key, error)}")
        return unsaved
    return _on_record(run, replace(unsaved, uri=f"s3://{settings.bucket}/{key}"))


def _left_on_this_worker(run: LaneRun, stack: str) -> Path | None:
    """A file that no record settles. Raises StoreError, ValueError."""
    files = errored.kept_files(workspace.workspace_of(run.environment, stack))
    settled = settled_digests(run.remote, run.environment.name, stack) if files else frozenset()
    return next((it for it in files if _digest(it) not in settled), None)


def _found_here(run: LaneRun, stack: str, path: Path) -> UnsavedState:
    """A file without a record: somebody put it there, or its worker died before it could write one."""
    digest = _digest(path)
    record = run.intents(stack).last_apply_record()
    written = isinstance(record, Known) and record.value.get("errored_sha256") == digest
    return UnsavedState(
        number=0,
        environment=run.environment.name,
        stack=stack,
        execution_id=str(record.value["execution_id"]) if written and isinstance(record, Known) else run.execution_id,
        task=run.task_id,
        host=socket.gethostname(),
        path=str(path),
        uri=None,
        sha256=digest,
        written_by_intent=written,
        last_version_id=None,
        planned_addresses=(),
        recorded_at=now(),
    )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _version_id(version: Observed[StateVersion]) -> str | None:
    match version:
        case Known(found):
            return found.version_id
        case Absent():
            return ""
        case _:
            return None
