"""Collectors and actions of M9: freeze the scope, destroy exactly that, look for leftovers."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from tidegate.answers import MalformedAnswer
from tidegate.collectors.aws.locks import read_state_locks
from tidegate.collectors.aws.lookup import missing, still_there
from tidegate.collectors.aws.state import read_state
from tidegate.collectors.confluent.identities import PREFIX, confluent_still_there
from tidegate.evidence.canonical import digest_of
from tidegate.evidence.teardowns import begin_teardown, end_teardown
from tidegate.gates.base import each
from tidegate.gates.rules_scope import stack_scope_blockers
from tidegate.gates.teardown_readiness import stack_blockers
from tidegate.lanes.build import apply_fetched, authorization_facts
from tidegate.lanes.confluent import confluent_api
from tidegate.lanes.emergency_record import triggered_by_the_stop
from tidegate.lanes.ended_lives import ended_lives
from tidegate.lanes.forgotten_scope import subset_blockers
from tidegate.lanes.frozen import SCOPE_TASK, count_of, frozen_scope
from tidegate.lanes.guards import handed_over_facts
from tidegate.lanes.log_groups import destroyed_before, owners_in, written_again
from tidegate.lanes.operator_key import forget, put_back_if_standing, record
from tidegate.lanes.owners import read_states
from tidegate.lanes.planning import plan_key
from tidegate.lanes.residual import fields_of, say_harmless, scan_now
from tidegate.lanes.run import ActionBlocked, LaneRun, now
from tidegate.lanes.scope import preserve_set, stack_scope
from tidegate.lanes.unsaved import settle, unsaved_state
from tidegate.models.authorization import AuthorizationFacts
from tidegate.models.blocker import Blocker
from tidegate.models.environment import Environment
from tidegate.models.facts import Facts, Source
from tidegate.models.log_groups import LOG_GROUP, WrittenLogGroup
from tidegate.models.observed import Absent, Known, Observed, shown
from tidegate.models.orphans import OrphanFacts
from tidegate.models.plan import StackScope, TeardownScopeFacts
from tidegate.models.pre_destroy import PartMoment, PreDestroyFacts, StateMoment
from tidegate.models.readiness import TeardownReadinessFacts
from tidegate.models.residual import PreservedFacts, ResidualFacts
from tidegate.models.snapshot import InputRecord
from tidegate.models.state import STATE_ONLY_TYPES, DestroyedStateFacts, StateResource, StateVersion
from tidegate.terraform import plan_store, workspace
from tidegate.terraform.runner import TerraformStopped
from tidegate.terraform.state_writer import StateNotWritten


def collect_scope(run: LaneRun) -> TeardownScopeFacts:
    """M9.B: one part per target stack with its own real destroy plan, downstream first, and everything that must
    survive.

    A stack that M9.A found blocked, or that cannot be planned, gets a part that says so; the others are planned.
    """
    observed_at = now()
    target = str(run.params.get("target", ""))
    targets = [name for name in reversed(run.environment.stacks) if name in target.split("+")]
    left_alone = tuple(name for name in run.environment.stacks if name not in targets)
    held = _held(run, targets)
    stacks = tuple(_sealed(_part(run, name, held[name])) for name in targets)
    for scope in stacks:
        if isinstance(scope.resumes, Known):
            begun = scope.resumes.value
            run.rests_on(begun.scope_uri, begun.scope_sha256)
            run.log(
                f"{scope.stack}: finishes the teardown that {begun.execution_id} began; frozen in {begun.scope_uri}"
            )
    preserve = preserve_set(run, left_alone)
    serials = {name: _serial(run, name) for name in left_alone}
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
        downstream={
            name: count_of(read_state(run.clients, run.environment, name).resources)
            for name in run.environment.needing(*targets)
        },
        frozen_digest="",
    )
    return replace(facts, frozen_digest=_digest(facts))


def collect_pre_destroy(run: LaneRun) -> PreDestroyFacts:
    """M9.C: the frozen scope compared with states and preserve-set as they are now, and its share of all states."""
    observed_at = now()
    frozen = handed_over_facts(run, SCOPE_TASK, TeardownScopeFacts)
    reads = {name: read_state(run.clients, run.environment, name) for name in run.environment.stacks}
    unknown: Observed[Any] = Absent() if isinstance(frozen, Known) else frozen
    target = digest = kept = kept_now = count = unknown
    states: tuple[StateMoment, ...] = ()
    parts: tuple[PartMoment, ...] = ()
    if isinstance(frozen, Known):
        scope = frozen.value
        present = replace(
            scope,
            stacks=tuple(_sealed(replace(stack, state=reads[stack.stack].version)) for stack in scope.stacks),
            preserve_set=preserve_set(run, scope.persistent_serials),
            persistent_serials={name: _serial_of(reads[name].version) for name in scope.persistent_serials},
        )
        target, digest = Known(scope.target), Known(scope.frozen_digest)
        kept, kept_now = (_preserved_digest(run.environment, it) for it in (scope, present))
        parts = tuple(
            PartMoment(stack=then.stack, frozen=then.digest, now=Known(since.digest))
            for then, since in zip(scope.stacks, present.stacks, strict=True)
        )
        count = Known(sum(len(stack.destroy_set) for stack in scope.stacks))
        states = _moments(scope, present)
    return PreDestroyFacts(
        observed_at=observed_at,
        sources=(Source(name="evidence", data_as_of=observed_at), Source(name="state", data_as_of=observed_at)),
        target=target,
        frozen_digest=digest,
        preserved_frozen=kept,
        preserved_now=kept_now,
        parts=parts,
        destroy_count=count,
        resources={name: count_of(read.resources) for name, read in reads.items()},
        states=states,
        max_resources=run.environment.blast_radius.max_resources,
        max_percent=run.environment.blast_radius.max_percent,
    )


def authorize_destroy(run: LaneRun) -> AuthorizationFacts:
    """The facts right before the frozen destroy plan is applied, and whether the stacks that need this one had their
    turn.
    """
    stack = str(run.lane.stack)
    return replace(
        authorization_facts(run, stack, "destroy"),
        ended_lives=ended_lives(run, (stack,)),
        needed_by={
            name: count_of(read_state(run.clients, run.environment, name).resources)
            for name in run.environment.needing(stack)
        },
        emergency=triggered_by_the_stop(run),
    )


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
    if scope.refused_keys:
        _forget_and_destroy(run, scope)
    else:
        apply_fetched(run, stack, scope.plan.value)


def _forget_and_destroy(run: LaneRun, scope: StackScope) -> None:
    """If clusters refuse the key of their topics and ACLs: forget those, plan again, destroy no more than was frozen.

    Raises ActionBlocked, TerraformStopped, StoreError. If a cluster still exists afterwards, the state is put back.
    """
    frozen_facts = frozen_scope(run)
    prepared, _ = workspace.prepare(run.environment, scope.stack)
    workspace.fetched_plan(prepared).unlink(missing_ok=True)  # the plan of before; nobody may apply it now
    try:
        before = forget(run, scope)
    except (StateNotWritten, MalformedAnswer) as error:
        raise ActionBlocked(f"nothing is forgotten of {scope.stack}: {error}") from error
    try:
        again = stack_scope(run, scope.stack)
        refusals = tuple(each(subset_blockers(scope, again), stack_scope_blockers(again, frozen_facts)))
        if refusals or not isinstance(again.plan, Known):
            raise ActionBlocked(" ".join(it.sentence() for it in refusals))
        record(run, "forgotten", {"stack": scope.stack, "plan_sha256": again.plan.value.sha256})
        uri = f"s3://{run.environment.work.bucket}/{plan_key(run, scope.stack, again.plan.value.sha256)}"
        if plan_store.fetch_plan(run.clients.s3, uri, workspace.fetched_plan(prepared)) != Known(
            again.plan.value.sha256
        ):
            raise ActionBlocked(f"{uri} is not the plan that was judged")
        apply_fetched(run, scope.stack, again.plan.value)
    except (ActionBlocked, TerraformStopped) as error:
        run.log(f"{scope.stack}: {error}")
        raise
    finally:
        if isinstance(unsaved_state(run, scope.stack), Absent):  # else that is the newest truth, and comes first
            put_back_if_standing(run, scope, before)


def collect_destroyed(run: LaneRun) -> DestroyedStateFacts:
    """M9.D, M9.E after the destroy: whether the state is empty, and whether anything of the destroy-set
    still exists.
    """
    stack = str(run.lane.stack)
    observed_at = now()
    after = read_state(run.clients, run.environment, stack)
    scope = _frozen(run, stack)
    return DestroyedStateFacts(
        observed_at=observed_at,
        sources=(Source(name="state", data_as_of=observed_at), Source(name="aws", data_as_of=observed_at)),
        stack=stack,
        before=scope.state,
        after=after.version,
        post_destroy_state_count=count_of(after.resources),
        destroy_set=scope.destroy_set,
        still_there=_answering(run, _but_log_groups(scope.destroy_set)),
        locks=read_state_locks(run.clients, run.environment, stack),
    )


def end_stack_teardown(run: LaneRun, facts: Facts, document: dict[str, Any]) -> None:
    """After the stack was found empty: record that no later teardown has to finish this one. Raises StoreError."""
    if not isinstance(facts, DestroyedStateFacts | OrphanFacts) or not facts.targeted:
        raise LookupError(f"nothing was found of {run.lane.stack} that would end a teardown of it")
    end_teardown(
        run.remote, run.environment.name, str(run.lane.stack), execution_id=run.execution_id, outcome="destroyed"
    )


def collect_residual(run: LaneRun) -> ResidualFacts:
    """M9.F: what still runs, independently of any state."""
    frozen = frozen_scope(run)
    destroy_set = tuple(resource for scope in frozen.stacks for resource in _let_go(run, scope))
    log_groups = _log_groups(run, frozen, destroy_set)
    to_stay = frozen.preserve_set.value if isinstance(frozen.preserve_set, Known) else ()
    states = read_states(run)
    facts = ResidualFacts(
        **fields_of(scan_now(run, states)),
        destroy_set=destroy_set,
        destroyed_still_there=_answering(run, _but_log_groups(destroy_set)),
        preserve_set=to_stay,
        log_groups=log_groups,
    )
    say_harmless(run, facts, to_stay)
    for group in log_groups.value if isinstance(log_groups, Known) else ():
        if group.kept:
            run.log(f"log group {group.name} is left alone: {group.kept}")
    return facts


def _but_log_groups(destroy_set: tuple[StateResource, ...]) -> tuple[StateResource, ...]:
    """AWS may have written log groups again since. M9.F looks for them and removes those that it may."""
    return tuple(it for it in destroy_set if it.type != LOG_GROUP)


def _log_groups(
    run: LaneRun, frozen: TeardownScopeFacts, destroy_set: tuple[StateResource, ...]
) -> Observed[tuple[WrittenLogGroup, ...]]:
    """For what this teardown destroyed, and for what the previous one destroyed of a stack that has
    been empty since.
    """
    empty = [scope.stack for scope in frozen.stacks if not scope.destroy_set]
    match destroyed_before(run, empty):
        case Known(before):
            return written_again(run, (*owners_in(destroy_set), *before))
        case other:
            return other


def _let_go(run: LaneRun, scope: StackScope) -> tuple[StateResource, ...]:
    """The part of a destroy-set that the state no longer names. The next destroy takes the rest: waiting does not
    remove it.
    """
    held = read_state(run.clients, run.environment, scope.stack).resources
    named = {(it.type, it.id) for it in held.value} if isinstance(held, Known) else set()
    return tuple(it for it in scope.destroy_set if (it.type, it.id) not in named)


def collect_preserved(run: LaneRun) -> PreservedFacts:
    """M9.F: whether everything that must survive still exists, and whether a stack that is no target changed."""
    observed_at = now()
    frozen = frozen_scope(run)
    to_stay = frozen.preserve_set.value if isinstance(frozen.preserve_set, Known) else ()
    return PreservedFacts(
        observed_at=observed_at,
        sources=(Source(name="aws", data_as_of=observed_at), Source(name="state", data_as_of=observed_at)),
        environment=run.environment.name,
        preserve_set=to_stay,
        preserved_missing=missing(run.clients, to_stay),
        serials_frozen=frozen.persistent_serials,
        serials_now={name: _serial(run, name) for name in frozen.persistent_serials},
        persistent=tuple(run.environment.stacks_by_lifecycle("persistent")),
    )


def _held(run: LaneRun, targets: Iterable[str]) -> dict[str, tuple[Blocker, ...]]:
    """For each target, what M9.A found that keeps every terraform from it. Raises LookupError if M9.A left no facts."""
    found = handed_over_facts(run, "a_readiness", TeardownReadinessFacts)
    if not isinstance(found, Known):
        raise LookupError(f"no readiness of this run: {shown(found)}")
    return {name: tuple(stack_blockers(found.value, name)) for name in targets}


def _part(run: LaneRun, stack: str, held: tuple[Blocker, ...]) -> StackScope:
    scope = stack_scope(run, stack, None if held else settle(run, stack), held=held)
    if not isinstance(scope.plan, Known):
        run.log(f"{stack}: no destroy plan, its part of the scope says why; the other targets go on")
    return scope


def _answering(run: LaneRun, destroy_set: tuple[StateResource, ...]) -> Observed[tuple[StateResource, ...]]:
    """What of a destroy-set still exists in AWS and in Confluent Cloud. Each is asked only for its own resources.

    What exists in the state alone is gone with its entry there, and the state is checked separately.
    """
    confluents = tuple(resource for resource in destroy_set if resource.type.startswith(PREFIX))
    elsewhere = [it for it in destroy_set if it not in confluents and it.type not in STATE_ONLY_TYPES]
    in_aws = still_there(run.clients, elsewhere)
    if not confluents or not isinstance(in_aws, Known):
        return in_aws
    with confluent_api(run) as api:
        answering = confluent_still_there(api.value, confluents) if isinstance(api, Known) else api
    return Known((*in_aws.value, *answering.value)) if isinstance(answering, Known) else answering


def _digest(facts: TeardownScopeFacts) -> str:
    """Over the parts, the preserve-set and the serials of all other stacks."""
    return digest_of(
        {
            "parts": [(scope.stack, scope.digest) for scope in facts.stacks],
            "preserve": facts.preserve_set,
            "persistent": facts.persistent_serials,
        }
    )


def _sealed(scope: StackScope) -> StackScope:
    """The part under the digest of its destroy-set, plan and state."""
    plan = scope.plan.value.sha256 if isinstance(scope.plan, Known) else ""
    digest = digest_of({"stack": scope.stack, "destroy": scope.destroy_set, "plan": plan, "state": scope.state})
    return replace(scope, digest=digest)


def _preserved_digest(environment: Environment, facts: TeardownScopeFacts) -> Observed[str]:
    """Over what must survive whatever the target is: what the manifest names, and what persistent stacks hold."""
    if not isinstance(facts.preserve_set, Known):
        return facts.preserve_set
    lasting = {"", *environment.stacks_by_lifecycle("persistent")}
    return Known(digest_of({"preserve": [item for item in facts.preserve_set.value if item.stack in lasting]}))


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


def _frozen_by(run: LaneRun) -> InputRecord:
    """The snapshot of this run that froze the scope, as `frozen_scope` read it."""
    document = run.handed_over(SCOPE_TASK)
    digest = document.value.get("digest") if isinstance(document, Known) else None
    for given in run.inputs:
        if given.sha256 == digest:
            return given
    raise LookupError(f"no frozen scope in this run: {document}")


def _frozen(run: LaneRun, stack: str) -> StackScope:
    for scope in frozen_scope(run).stacks:
        if scope.stack == stack:
            return scope
    raise LookupError(f"{stack} is not in the frozen scope of this run")
