"""Collectors of the first lanes of M1, M2 and M9: caller, tools, and whether anything is in the way. Some take the
lease or change the backend.
"""

from tidegate.answers import NO_ANSWER, ask, error_code
from tidegate.collectors.aws.backend import collect_backend
from tidegate.collectors.aws.caller import collect_caller
from tidegate.collectors.aws.execution_role import collect_execution_role
from tidegate.collectors.aws.state import read_state
from tidegate.collectors.aws.state_history import check_digest
from tidegate.cost.region_cover import kinds_of
from tidegate.evidence import control
from tidegate.gates import identity_and_tools
from tidegate.gates.rules_identity import identity_blockers
from tidegate.lanes.ended_lives import ended_lives
from tidegate.lanes.held import tell_of_hold
from tidegate.lanes.locks import collect_stack_locks, release_dead_locks
from tidegate.lanes.phases import lane_gaps
from tidegate.lanes.platform_way import platform_way
from tidegate.lanes.restoring import RESTORE_PARAM, restore_as_asked
from tidegate.lanes.roots import look_at_root
from tidegate.lanes.run import LaneRun, now
from tidegate.models.backend import BackendFacts, BootstrapFacts, BootstrapStep
from tidegate.models.control import Control, Lease, PlatformRun
from tidegate.models.execution_role import role_of
from tidegate.models.facts import Facts, Source
from tidegate.models.identity import Caller, IdentityFacts, Tools
from tidegate.models.observed import Known, Observed, Unreadable
from tidegate.models.readiness import BuildReadinessFacts, StackState, TeardownReadinessFacts
from tidegate.models.role_standing import RoleStanding
from tidegate.models.root import StackRoot
from tidegate.settings import settings
from tidegate.terraform import runner
from tidegate.terraform.backend_bootstrap import bootstrap
from tidegate.terraform.program import program_name


def caller(run: LaneRun) -> Caller:
    """Who calls AWS in this try."""
    return collect_caller(run.clients, run.environment, run.profile, run.airflow_static_keys)


def tools(run: LaneRun) -> Tools:
    """The tools that would change things, and the managed task in which they run (ID3)."""
    return Tools(
        terraform_version=runner.version(run.log),
        terraform_required=run.environment.terraform_version,
        managed_lane=Known(f"{run.dag_id}/{run.run_id}/{run.task_id}"),
        terraform_program=program_name(settings().terraform),
    )


def standing_role(run: LaneRun) -> Observed[RoleStanding]:
    """The execution role as it is in IAM, with the one that the account's owner must have made."""
    return Known(collect_execution_role(run.clients, role_of(run.environment, run.policies)))


def control_records(run: LaneRun, lease: Lease) -> Control:
    """Lease, latch and platform run as they are now."""
    return Control(
        lease=lease,
        latch=control.read_latch(run.remote, run.environment.name),
        platform_run=run.platform_run,
    )


def evidence_writable(run: LaneRun) -> Observed[bool]:
    """Whether the evidence store took this execution's claim."""
    problem = run.execution[1]
    return Known(True) if problem is None else Unreadable(problem)


def collect_identity(run: LaneRun) -> IdentityFacts:
    """M1.A."""
    observed_at = now()
    kinds = kinds_of(run.environment, run.policies.allowed_types)
    return IdentityFacts(
        observed_at=observed_at,
        sources=(Source(name="sts", data_as_of=observed_at),),
        caller=caller(run),
        tools=tools(run),
        role=standing_role(run),
        kinds=kinds,
        prices=run.policies.prices.naming(kind.type for kind in kinds),
    )


def bootstrap_backend(run: LaneRun) -> BootstrapFacts:
    """M1.B: makes the buckets and the lock table. Right before that, the identity is judged again on fresh facts, and a
    run lease that another run holds stops it too. A refusal is a step of its own, and the gate blocks on it.
    """
    identity = collect_identity(run)
    refusals = [
        BootstrapStep(resource=blocker.resource, outcome="refused", detail=blocker.sentence())
        for blocker in identity_and_tools.GATE.evaluate(identity, judged_at=now())
    ]
    if run.execution[1] is not None:
        refusals.append(BootstrapStep(resource="evidence", outcome="refused", detail=run.execution[1]))
    lease = run.acquire_lease() if _evidence_bucket_exists(run) else None
    if lease is not None and not lease.ours:
        refusals.append(BootstrapStep(resource="lease", outcome="refused", detail=f"held: {lease.holder}"))
    if refusals:
        return BootstrapFacts(observed_at=identity.observed_at, expected=(), steps=tuple(refusals))
    return bootstrap(run.clients, run.environment, now())


def collect_backend_readiness(run: LaneRun) -> BackendFacts:
    """M1.C and M2.B."""
    return collect_backend(run.clients, run.environment, now())


def collect_build_readiness(run: LaneRun) -> BuildReadinessFacts:
    """M2.A. Takes the run lease."""
    lease = run.acquire_lease()
    who, what = caller(run), tools(run)
    if lease.ours and run.params.get("release_dead_lock") and not tuple(identity_blockers(who, what)):
        release_dead_locks(run)
    restore_refused = _restored(run, lease, who, what)
    observed_at = now()
    persistent = tuple(run.environment.stacks_by_lifecycle("persistent"))
    stacks = str(run.params.get("stacks", "all"))
    looked_at = tuple(name for name in run.environment.stacks if stacks in ("all", name))
    asked = str(run.params.get("platform_run", "new"))
    way, why = platform_way(run) if asked == "auto" and stacks == "all" else ("", "")
    if way:
        run.log(f"platform run: {way}, for {why}")
    tell_of_hold(run)
    return BuildReadinessFacts(
        observed_at=observed_at,
        sources=(Source(name="sts", data_as_of=observed_at), Source(name="evidence", data_as_of=observed_at)),
        caller=who,
        tools=what,
        control=control_records(run, lease),
        continue_platform_run="continue" in (asked, way) or _opened_by_this_run(run),
        lane_gaps=lane_gaps(run.environment),
        locks=collect_stack_locks(run, looked_at),
        states=_states(run, looked_at),
        restore_refused=restore_refused,
        stacks=stacks,
        persistent=persistent,
        asked=asked,
        way=way,
        way_reason=why,
        role=standing_role(run),
        roots=tuple(StackRoot(stack=name, root=look_at_root(run, name)) for name in looked_at),
    )


def open_platform_run(run: LaneRun, facts: Facts, document: dict[str, object]) -> None:
    """After M2.A passed: open the platform run. Raises StoreError."""
    if isinstance(facts, BuildReadinessFacts) and facts.alone:
        run.log(f"{facts.stacks} alone: no platform run is opened, no time to live starts, and this is no build")
        return
    match run.platform_run:
        case Known(platform) if platform.closed_by is None:
            run.log(f"platform run {platform.id} goes on")
        case _:
            platform = PlatformRun(
                id=str(run.platform_run_id), opened_by=run.execution_id, opened_at=run.run_after, closed_by=None
            )
            control.open_platform_run(run.remote, run.environment.name, platform)
            run.log(f"platform run {platform.id} is open")


def collect_teardown_readiness(run: LaneRun) -> TeardownReadinessFacts:
    """M9.A. Takes the run lease, and waits while another run holds it or a state lock."""
    lease = run.acquire_lease()
    target = tuple(part for part in str(run.params.get("target", "")).split("+") if part)
    who, what = caller(run), tools(run)
    confirmed = str(run.params.get("confirm", "")) == run.environment.name
    if lease.ours and confirmed and run.params.get("release_dead_lock") and not tuple(identity_blockers(who, what)):
        release_dead_locks(run)
    restore_refused = _restored(run, lease, who, what) if confirmed else ""
    observed_at = now()
    return TeardownReadinessFacts(
        observed_at=observed_at,
        sources=(Source(name="sts", data_as_of=observed_at), Source(name="evidence", data_as_of=observed_at)),
        caller=who,
        tools=what,
        control=control_records(run, lease),
        environment=run.environment.name,
        confirm=str(run.params.get("confirm", "")),
        target=target,
        destroyable=run.environment.destroyable_stacks,
        lane_gaps=lane_gaps(run.environment),
        locks=collect_stack_locks(run, tuple(run.environment.stacks)),
        evidence_writable=evidence_writable(run),
        states=_states(run, tuple(name for name in run.environment.stacks if name in target)),
        ended_lives=ended_lives(run, target),
        restore_refused=restore_refused,
    )


def _restored(run: LaneRun, lease: Lease, who: Caller, what: Tools) -> str:
    """Put the state version back that the params name; returns why not, if not. Needs the right identity."""
    refusals = [it.code for it in identity_blockers(who, what)] if run.params.get(RESTORE_PARAM) else []
    return f"{', '.join(refusals)}: see there" if refusals else restore_as_asked(run, lease)


def _states(run: LaneRun, stacks: tuple[str, ...]) -> tuple[StackState, ...]:
    """The Terraform that wrote these states, because the worker's must not be older; and their digests."""
    return tuple(
        StackState(
            stack=stack,
            version=read_state(run.clients, run.environment, stack).version,
            digest=check_digest(run.clients, run.environment, stack),
        )
        for stack in stacks
    )


def _opened_by_this_run(run: LaneRun) -> bool:
    """Whether this run opened the platform run already. Then its first lane was cleared, and the same run continues."""
    match run.platform_run:
        case Known(platform):
            return platform.closed_by is None and platform.opened_by == run.execution_id
        case _:
            return False


def _evidence_bucket_exists(run: LaneRun) -> bool:
    """False only if S3 says that there is no bucket. No other error may look like that."""
    try:
        ask(run.clients.s3.head_bucket, Bucket=run.environment.evidence.bucket)
    except NO_ANSWER as error:
        return error_code(error) not in {"404", "NoSuchBucket"}
    return True
