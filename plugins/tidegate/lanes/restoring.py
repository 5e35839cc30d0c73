"""Puts a named version of a state back, under the lock, with a person's reason (ST7), so that nobody
does it by hand.
"""

from collections.abc import Iterator
from typing import Any

from tidegate.answers import NO_ANSWER, MalformedAnswer, ask, error_code, explain
from tidegate.collectors.aws.locks import read_state_locks
from tidegate.collectors.aws.stack_backend import BackendSettings, backend_settings
from tidegate.collectors.aws.state_object import read_state_object
from tidegate.evidence.control import Series
from tidegate.evidence.store import StoreError
from tidegate.gates.base import each
from tidegate.gates.rules_control import lease_ours_blockers
from tidegate.gates.rules_evidence import evidence_blockers
from tidegate.gates.rules_intent import intent_blockers
from tidegate.gates.rules_locks import no_lock_blockers
from tidegate.lanes.run import LaneRun, now
from tidegate.models.blocker import Blocker
from tidegate.models.control import Lease
from tidegate.models.observed import Known, Unreadable
from tidegate.models.remedy import Trigger
from tidegate.models.unsaved import ObjectVersion
from tidegate.terraform.state_writer import Operation, StateNotWritten, write_state

RESTORE_PARAM = "restore_state_version"
"""Param of M2 and M9: `<stack>:<version id>`."""
REASON_PARAM = "state_reason"


def restore_as_asked(run: LaneRun, lease: Lease) -> str:
    """Put the version back that the params name. Returns why it was not put back; blank if it was, or if nobody asked.

    The caller has judged the identity. A run does it once, because a task that is cleared later would meet a newer
    state. The record below `control/<env>/restored_states/` is written first.
    """
    asked = str(run.params.get(RESTORE_PARAM) or "").strip()
    if not asked:
        return ""
    stack, _, version = asked.partition(":")
    reason = str(run.params.get(REASON_PARAM) or "").strip()
    if stack not in run.environment.stacks or not version:
        return f"{asked} is no <stack>:<version id>; stacks are {', '.join(run.environment.stacks)}"
    if not reason:
        return "state_reason is blank: nobody said why"
    refusals = tuple(_refusals(run, stack, lease))
    if refusals:
        return "; ".join(f"{it.code}: {it.observed}" for it in refusals)
    try:
        return _restored(run, stack, version, reason)
    except (StoreError, StateNotWritten, MalformedAnswer) as error:
        return str(error)


def _restored(run: LaneRun, stack: str, version: str, reason: str) -> str:
    series = Series(run.remote, f"control/{run.environment.name}/restored_states")
    if _done_before(series, run.execution_id, stack, version):
        run.log(f"version {version} of the state of {stack} was put back by this run before: not again")
        return ""
    wanted = read_state_object(run.clients, run.environment, stack, version)
    if not isinstance(wanted, Known):
        why = f"unreadable: {wanted.reason}" if isinstance(wanted, Unreadable) else "there is no such version"
        return f"version {version} of the state of {stack}: {why}"
    settings = backend_settings(run.environment, stack)
    over = _newest(run.clients.s3_in(settings.region), settings)

    def record(_newest: dict[str, Any] | None) -> dict[str, Any]:
        return {
            "stack": stack,
            "version_id": version,
            "serial": wanted.value.stored.content.serial,
            "over_version_id": over.version_id if over else None,
            "reason": reason,
            "execution_id": run.execution_id,
            "recorded_at": now().isoformat(),
        }

    series.append_next(record)  # evidence first
    made = write_state(run.clients, settings, wanted.value.body, over=over, operation=Operation("restore", now()))
    run.log(f"version {version} of the state of {stack} is put back as version {made}: {reason}")
    return ""


def _done_before(series: Series, execution_id: str, stack: str, version: str) -> bool:
    wanted = (execution_id, stack, version)
    try:
        records = (series.record(number)[1] for number in range(1, series.highest() + 1))
        return any((it.get("execution_id"), it.get("stack"), it.get("version_id")) == wanted for it in records)
    except ValueError as error:
        raise StoreError(series.prefix, str(error)) from error


def _newest(s3: Any, settings: BackendSettings) -> ObjectVersion | None:
    """The newest object, whatever it holds, because a damaged state must be replaceable. Raises StateNotWritten."""
    try:
        answer = ask(s3.head_object, Bucket=settings.bucket, Key=settings.key)
    except NO_ANSWER as error:
        if error_code(error) in {"404", "NoSuchKey"}:
            return None
        raise StateNotWritten(explain(f"HeadObject s3://{settings.bucket}/{settings.key}", error)) from error
    return ObjectVersion(version_id=str(answer.get("VersionId")), etag=str(answer.get("ETag")))


def _refusals(run: LaneRun, stack: str, lease: Lease) -> Iterator[Blocker]:
    problem = run.execution[1]
    return each(
        lease_ours_blockers(lease),
        no_lock_blockers(stack, read_state_locks(run.clients, run.environment, stack)),
        intent_blockers(run.intents(stack).unfinished(), stack, Trigger(run.dag_id)),
        evidence_blockers(Known(True) if problem is None else Unreadable(problem)),
    )
