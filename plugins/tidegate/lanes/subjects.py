"""The snapshots that an execution must consist of: what `tidegate verify` and the nightly audit judge again."""

from tidegate.evidence.execution import phase_of_execution
from tidegate.evidence.store import EvidenceStore
from tidegate.lanes.phases import phase_of
from tidegate.lanes.spec import Lane
from tidegate.models.environment import Environment
from tidegate.verify.scope import judged_scope
from tidegate.verify.subject import Required, Subject


def as_of_its_time(environment: Environment, execution: str, store: EvidenceStore, *, remote: bool) -> Environment:
    """The manifest with the cost scope under which an M9 was judged, because its lanes depend on it (EV4).

    Without a readable cost guardrail the scope is today's. Raises StoreUnreachable, and ValueError for a malformed
    execution id.
    """
    scope = judged_scope(store, subject_of(environment, execution, remote=remote))
    return environment if scope is None else environment.model_copy(update={"cost_scope": scope})


def subject_of(environment: Environment, execution: str, *, remote: bool) -> Subject:
    """What an execution of this environment must consist of. Raises ValueError for a malformed execution id."""
    spec = phase_of(environment, phase_of_execution(execution))
    return Subject(
        environment=environment.name,
        mirror=environment.mirror,
        phase=spec.phase,
        execution_id=execution,
        bucket=environment.evidence.bucket,
        lanes=tuple(_required(lane) for lane in spec.lanes),
        verdict=_required(spec.verdict),
        remote=remote,
    )


def _required(lane: Lane) -> Required:
    return Required(
        lane=lane.name,
        task=lane.task_id,
        gate=lane.gate,
        snapshot=lane.snapshot,
        stack=lane.stack,
        whole_build=lane.whole_build,
    )
