"""AUDIT.H: a plan of every deployed stack, to see drift. Nobody can apply it (TD8, LC7)."""

from typing import Any

from tidegate.collectors.aws.state import read_state
from tidegate.evidence.control import inputs_series
from tidegate.lanes.build import stack_inputs
from tidegate.lanes.newest import newest_proof
from tidegate.lanes.planning import make_drift_plan
from tidegate.lanes.roots import look_at_root
from tidegate.lanes.run import LaneRun, now
from tidegate.models.audit import DriftPlan, StackDrift, StackDriftFacts
from tidegate.models.facts import Source
from tidegate.models.observed import Absent, Known, Observed, Unreadable, shown
from tidegate.models.state import StateVersion


def collect_drift(run: LaneRun) -> StackDriftFacts:
    """Every stack of the manifest. A stack without resources in its state is not deployed and gets no plan."""
    began = now()
    stacks = tuple(_drift(run, name) for name in run.environment.stacks)
    return StackDriftFacts(
        observed_at=now(),
        sources=(Source(name="terraform", data_as_of=began), Source(name="state", data_as_of=began)),
        expected_stacks=tuple(run.environment.stacks),
        stacks=stacks,
    )


def _drift(run: LaneRun, stack: str) -> StackDrift:
    state = read_state(run.clients, run.environment, stack).version
    plan = _plan(run, stack, state)
    match plan:
        case Known(found):
            run.log(f"{stack}: {len(found.drifted)} drifted, {len(found.pending)} changes pending")
        case Absent():
            run.log(f"{stack}: no resources in its state, so nothing that could drift")
        case other:
            run.log(f"{stack}: no plan, {shown(other)}")
    return StackDrift(
        stack=stack,
        state=state,
        plan=plan,
        applied_before=_applied_before(run, stack, state),
        root=Absent() if _is_not_up(state) else look_at_root(run, stack),
    )


def _applied_before(run: LaneRun, stack: str, state: Observed[StateVersion]) -> Observed[str]:
    """Whether a persistent stack that is not deployed was ever applied. An open platform run proves nothing: it may not
    have got that far.
    """
    if run.environment.stacks[stack].lifecycle != "persistent" or not _is_not_up(state):
        return Absent()
    unread: list[str] = []
    for ask in (_from_apply, _from_inputs, _from_proof, _from_platform_run):
        match ask(run, stack):
            case Known(said):
                return Known(said)
            case Unreadable(reason):
                unread.append(reason)
    return Unreadable("; ".join(unread)) if unread else Absent()


def _from_apply(run: LaneRun, stack: str) -> Observed[str]:
    apply = run.intents(stack).last_apply()
    if not isinstance(apply, Known):
        return apply
    said = f"{apply.value.task} applied it ({apply.value.execution_id})"
    return Known(said) if apply.value.returncode == 0 else Absent()


def _from_inputs(run: LaneRun, stack: str) -> Observed[str]:
    newest = inputs_series(run.remote, run.environment.name, stack).newest()
    if not isinstance(newest, Known):
        return newest
    number, record = newest.value
    return Known(f"{record.get('execution_id')} recorded its values after an apply (record {number})")


def _from_proof(run: LaneRun, _stack: str) -> Observed[str]:
    proof = newest_proof(run)
    if not isinstance(proof, Known):
        return proof
    return Known(f"a teardown beside it was proven by {proof.value.snapshot.execution_id}")


def _from_platform_run(run: LaneRun, _stack: str) -> Observed[str]:
    platform = run.platform_run
    if not isinstance(platform, Known):
        return platform
    said = f"{platform.value.id} was built upon it and closed"
    return Known(said) if platform.value.closed_by is not None else Absent()


def _is_not_up(state: Observed[StateVersion]) -> bool:
    return isinstance(state, Absent) or (isinstance(state, Known) and state.value.resource_count == 0)


def _plan(run: LaneRun, stack: str, state: Observed[StateVersion]) -> Observed[DriftPlan]:
    if _is_not_up(state):
        return Absent()
    if not isinstance(state, Known):
        return Unreadable("its state cannot be read, so no plan was made")
    inputs = _inputs(run, stack)
    return make_drift_plan(run, stack, inputs.value) if isinstance(inputs, Known) else inputs


def _inputs(run: LaneRun, stack: str) -> Known[dict[str, Any]] | Unreadable:
    """The values that the newest build used: an audit has no params. Some stacks take nothing from a run."""
    if not run.environment.stacks[stack].changes_with_each_run:
        return Known(stack_inputs(run, stack))
    match inputs_series(run.remote, run.environment.name, stack).newest():
        case Known((number, record)) if isinstance(record.get("inputs"), dict):
            run.log(f"{stack}: variable values of {record.get('execution_id')} (record {number})")
            return Known(record["inputs"])
        case Known((number, _)):
            return Unreadable(f"recorded variable values of {stack}: record {number} holds none")
        case Unreadable(reason):
            return Unreadable(f"recorded variable values of {stack}: {reason}")
        case _:
            return Unreadable(f"no build of {stack} recorded its variable values")
