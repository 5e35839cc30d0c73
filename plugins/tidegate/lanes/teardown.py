"""Collectors and actions of M9: freeze the scope, destroy exactly that, look for what is left, prove it."""

from dataclasses import replace
from typing import Any

from tidegate.collectors.aws.inventory import collect_inventory
from tidegate.collectors.aws.locks import read_state_locks
from tidegate.collectors.aws.lookup import missing, still_there
from tidegate.collectors.aws.state import read_state
from tidegate.evidence import control
from tidegate.evidence.canonical import digest_of, unseal
from tidegate.evidence.store import StoreUnreachable
from tidegate.evidence.teardowns import begin_teardown, end_teardown
from tidegate.gates.registry import by_id
from tidegate.lanes.build import apply_fetched, authorization_facts
from tidegate.lanes.guards import handed_over_facts, parse_snapshot
from tidegate.lanes.phases import phase_of
from tidegate.lanes.policy import policy_digest
from tidegate.lanes.run import ActionBlocked, LaneRun, now
from tidegate.lanes.scope import preserve_set, stack_scope
from tidegate.models.authorization import AuthorizationFacts
from tidegate.models.facts import Facts, Source
from tidegate.models.inventory import ResidualFacts
from tidegate.models.observed import Absent, Known, Observed
from tidegate.models.plan import StackScope, TeardownScopeFacts
from tidegate.models.pre_destroy import PreDestroyFacts, StateMoment
from tidegate.models.proof import SnapshotReference, TeardownProofFacts
from tidegate.models.snapshot import InputRecord
from tidegate.models.state import DestroyedStateFacts, StateVersion

_SCOPE_TASK = "b_scope_freeze"


def collect_scope(run: LaneRun) -> TeardownScopeFacts:
    """M9.B: a real destroy plan per target stack, downstream first, and everything that must survive."""
    observed_at = now()
    target = str(run.params.get("target", ""))
    targets = [name for name in reversed(run.environment.stacks) if name in target.split("+")]
    stacks = tuple(stack_scope(run, name) for name in targets)
    for scope in stacks:
        if isinstance(scope.resumes, Known):
            begun = scope.resumes.value
            run.rests_on(begun.scope_uri, begun.scope_sha256)
            run.log(
                f"{scope.stack}: finishes the teardown that {begun.execution_id} began; frozen in {begun.scope_uri}"
            )
    preserve = preserve_set(run)
    serials = {name: _serial(run, name) for name in run.environment.stacks_by_lifecycle("persistent")}
    facts = TeardownScopeFacts(
        observed_at=now(),
        sources=(Source(name="terraform", data_as_of=observed_at), Source(name="state", data_as_of=observed_at)),
        target=target,
        stacks=stacks,
        preserve_set=preserve,
        protected_types=run.environment.preserve.types,
        protected_ids=run.environment.preserve.ids,
        protected_prefixes=run.environment.preserve.id_prefixes,
        persistent_serials=serials,
        frozen_digest="",
    )
    return replace(facts, frozen_digest=_digest(facts))


def collect_pre_destroy(run: LaneRun) -> PreDestroyFacts:
    """M9.C: the frozen scope beside states and preserve-set as they are now, and how much of all states it takes."""
    observed_at = now()
    frozen = handed_over_facts(run, _SCOPE_TASK, TeardownScopeFacts)
    reads = {name: read_state(run.clients, run.environment, name) for name in run.environment.stacks}
    unknown: Observed[Any] = Absent() if isinstance(frozen, Known) else frozen
    target = digest = digest_now = count = unknown
    states: tuple[StateMoment, ...] = ()
    if isinstance(frozen, Known):
        scope = frozen.value
        present = replace(
            scope,
            stacks=tuple(replace(stack, state=reads[stack.stack].version) for stack in scope.stacks),
            preserve_set=preserve_set(run),
            persistent_serials={name: _serial_of(reads[name].version) for name in scope.persistent_serials},
        )
        target, digest, digest_now = Known(scope.target), Known(scope.frozen_digest), Known(_digest(present))
        count = Known(sum(len(stack.destroy_set) for stack in scope.stacks))
        states = _moments(scope, present)
    return PreDestroyFacts(
        observed_at=observed_at,
        sources=(Source(name="evidence", data_as_of=observed_at), Source(name="state", data_as_of=observed_at)),
        target=target,
        frozen_digest=digest,
        digest_now=digest_now,
        destroy_count=count,
        resources={name: _count(read.resources) for name, read in reads.items()},
        states=states,
        max_resources=run.environment.blast_radius.max_resources,
        max_percent=run.environment.blast_radius.max_percent,
    )


def authorize_destroy(run: LaneRun) -> AuthorizationFacts:
    """The facts right before the frozen destroy plan is applied."""
    return authorization_facts(run, str(run.lane.stack), "destroy")


def apply_destroy(run: LaneRun, facts: Facts, document: dict[str, Any]) -> None:
    """After the authorisation passed: apply exactly the frozen plan."""
    stack = str(run.lane.stack)
    scope = _frozen(run, stack)
    if not isinstance(scope.plan, Known) or not (scope.plan.value.has_changes or scope.destroy_set):
        run.log(f"{stack} holds nothing: nothing is destroyed")
        return
    begin_teardown(
        run.remote,
        run.environment.name,
        stack,
        execution_id=run.execution_id,
        scope=_frozen_by(run),
        destroy_set=scope.destroy_set,
    )
    apply_fetched(run, stack)


def collect_destroyed(run: LaneRun) -> DestroyedStateFacts:
    """M9.D after the destroy: the state is empty, and nothing of the destroy-set answers any more."""
    stack = str(run.lane.stack)
    observed_at = now()
    scope = _frozen(run, stack)
    after = read_state(run.clients, run.environment, stack)
    return DestroyedStateFacts(
        observed_at=observed_at,
        sources=(Source(name="state", data_as_of=observed_at), Source(name="aws", data_as_of=observed_at)),
        stack=stack,
        before=scope.state,
        after=after.version,
        post_destroy_state_count=_count(after.resources),
        destroy_set=scope.destroy_set,
        still_there=still_there(run.clients, scope.destroy_set),
        locks=read_state_locks(run.clients, run.environment, stack),
    )


def end_stack_teardown(run: LaneRun, facts: Facts, document: dict[str, Any]) -> None:
    """After the stack was found empty: no later teardown has to finish this one. Raises StoreError."""
    end_teardown(
        run.remote, run.environment.name, str(run.lane.stack), execution_id=run.execution_id, outcome="destroyed"
    )


def collect_residual(run: LaneRun) -> ResidualFacts:
    """M9.F: what still runs, asked independently of any state, and whether everything preserved is still there."""
    observed_at = now()
    frozen = _scope_facts(run)
    destroy_set = tuple(resource for scope in frozen.stacks for resource in scope.destroy_set)
    preserve_set = frozen.preserve_set.value if isinstance(frozen.preserve_set, Known) else ()
    ephemeral = run.environment.stacks_by_lifecycle("messaging", "ephemeral")
    return ResidualFacts(
        observed_at=observed_at,
        sources=(Source(name="aws", data_as_of=observed_at),),
        inventory=collect_inventory(
            run.clients, run.environment, run.environment.scan_regions, run.policies.forbidden, observed_at
        ),
        forbidden=run.policies.forbidden.rules,
        exceptions=run.environment.exceptions,
        today=observed_at.date(),
        environment_tags={
            "project": run.environment.project,
            "environment": run.environment.name,
            "lifecycle": "ephemeral",
        },
        name_prefix=run.environment.dashed,
        ephemeral_types=tuple(
            sorted({kind for name in ephemeral for kind in run.policies.allowed_types.stacks.get(name, ())})
        ),
        destroy_set=destroy_set,
        destroyed_still_there=still_there(run.clients, destroy_set),
        preserve_set=preserve_set,
        preserved_missing=missing(run.clients, preserve_set),
        persistent_serial_before={
            name: serial.value for name, serial in frozen.persistent_serials.items() if isinstance(serial, Known)
        },
        persistent_serial_after={name: _serial(run, name) for name in frozen.persistent_serials},
        looked_at=observed_at,
    )


def collect_proof(run: LaneRun) -> TeardownProofFacts:
    """M9.H: every lane before this one, by URI, version and digest, and the ephemeral states once more."""
    observed_at = now()
    before = [lane for lane in phase_of(run.environment, "m9").lanes if lane.task_id != run.lane.task_id]
    references = []
    for lane in before:
        try:
            stored = run.stored(lane)
            if stored is None:
                continue
            snapshot = parse_snapshot(unseal(stored[1]))
        except (StoreUnreachable, ValueError) as error:
            run.log(f"{lane.name}: {error}")
            continue
        run.rests_on(stored[0].uri, snapshot.digest, stored[0].version_id)
        references.append(
            SnapshotReference(
                gate=snapshot.gate,
                lane=lane.task_id,
                uri=stored[0].uri,
                version_id=stored[0].version_id,
                sha256=snapshot.digest,
                status=snapshot.status,
                overall_pass=snapshot.overall_pass,
                valid_until=snapshot.valid_until,
                policy_digest=snapshot.policy_digest,
                policy_digest_today=policy_digest(run, by_id(lane.gate)),
            )
        )
    return TeardownProofFacts(
        observed_at=observed_at,
        sources=(Source(name="evidence", data_as_of=observed_at), Source(name="state", data_as_of=observed_at)),
        platform_run=run.platform_run_id,
        required_lanes=tuple(lane.task_id for lane in before),
        references=tuple(references),
        ephemeral_state_counts={
            name: _count(read_state(run.clients, run.environment, name).resources)
            for name in run.environment.stacks_by_lifecycle("messaging", "ephemeral")
        },
    )


def close_platform_run(run: LaneRun, facts: Facts, document: dict[str, Any]) -> None:
    """After the proof passed: the platform run is closed by it. Raises StoreError."""
    match run.platform_run:
        case Known(platform) if platform.closed_by is None and platform.id != run.platform_run_id:
            raise ActionBlocked(
                f"PLATFORM-RUN-NOT-OURS {platform.id} is open, and this run proved the end of {run.platform_run_id} | "
                f"remedy: trigger {run.environment.name}.m9_teardown_cost_check anew"
            )
        case Known(platform) if platform.closed_by is None:
            proof = run.remote.uri(run.place(run.lane).remote_key(int(document["attempt"])))
            control.close_platform_run(run.remote, run.environment.name, platform, proof)
            run.log(f"platform run {platform.id} is closed by {proof}")
        case _:
            run.log("no platform run was open")


def _digest(facts: TeardownScopeFacts) -> str:
    """Over destroy-set, preserve-set, plan digests, states and serials."""
    planned = [(scope.stack, scope.plan.value) for scope in facts.stacks if isinstance(scope.plan, Known)]
    return digest_of(
        {
            "destroy": [(scope.stack, resource) for scope in facts.stacks for resource in scope.destroy_set],
            "preserve": facts.preserve_set,
            "plans": [(stack, plan.sha256) for stack, plan in planned],
            "states": [(scope.stack, scope.state) for scope in facts.stacks],
            "persistent": facts.persistent_serials,
        }
    )


def _moments(frozen: TeardownScopeFacts, present: TeardownScopeFacts) -> tuple[StateMoment, ...]:
    pairs = zip(frozen.stacks, present.stacks, strict=True)
    moments = [
        StateMoment(stack=then.stack, frozen=_said_version(then.state), now=_said_version(since.state))
        for then, since in pairs
    ]
    for name, serial in frozen.persistent_serials.items():
        since = _said_serial(present.persistent_serials[name])
        moments.append(StateMoment(stack=name, frozen=_said_serial(serial), now=since))
    return tuple(moments)


def _said_version(version: Observed[StateVersion]) -> Observed[str]:
    match version:
        case Known(found):
            return Known(f"serial {found.serial} of lineage {found.lineage}, version {found.version_id}")
        case Absent():
            return Known("no state")
        case other:
            return other


def _said_serial(serial: Observed[int]) -> Observed[str]:
    return Known(f"serial {serial.value}") if isinstance(serial, Known) else serial


def _serial(run: LaneRun, stack: str) -> Observed[int]:
    return _serial_of(read_state(run.clients, run.environment, stack).version)


def _serial_of(version: Observed[StateVersion]) -> Observed[int]:
    match version:
        case Known(found):
            return Known(found.serial)
        case Absent():
            return Known(0)
        case other:
            return other


def _count(resources: Observed[Any]) -> Observed[int]:
    match resources:
        case Known(found):
            return Known(len(found))
        case Absent():
            return Known(0)
        case other:
            return other


def _frozen_by(run: LaneRun) -> InputRecord:
    """The snapshot of this run that froze the scope, as `_scope_facts` read it."""
    document = run.handed_over(_SCOPE_TASK)
    digest = document.value.get("digest") if isinstance(document, Known) else None
    for given in run.inputs:
        if given.sha256 == digest:
            return given
    raise LookupError(f"no frozen scope in this run: {document}")


def _scope_facts(run: LaneRun) -> TeardownScopeFacts:
    match handed_over_facts(run, _SCOPE_TASK, TeardownScopeFacts):
        case Known(facts):
            return facts
        case other:
            raise LookupError(f"no frozen scope in this run: {other}")


def _frozen(run: LaneRun, stack: str) -> StackScope:
    for scope in _scope_facts(run).stacks:
        if scope.stack == stack:
            return scope
    raise LookupError(f"{stack} is not in the frozen scope of this run")
