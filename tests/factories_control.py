"""Valid facts of identity, control, bootstrap, authorisation and verdict; each takes the changes as keywords."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from factories_prices import DATABASE, PRICES
from factories_root import root_sources
from tidegate.models.authorization import AuthorizationFacts, GuardingSnapshot, Intent
from tidegate.models.backend import BootstrapFacts, BootstrapStep
from tidegate.models.control import Control, LatchRecord, Lease, LeaseHolder, PlatformRun
from tidegate.models.identity import Caller, IdentityFacts, StackKind, StaticKey, Tools
from tidegate.models.lock_release import LockReleaseFacts
from tidegate.models.observed import Absent, Known
from tidegate.models.readiness import BuildReadinessFacts, StackLocks, StackState, TeardownReadinessFacts
from tidegate.models.root import StackRoot
from tidegate.models.state import LockLook, StateLock, StateVersion
from tidegate.models.verdict import LaneResult, VerdictFacts

NOW = datetime(2026, 2, 13, 20, 14, 27, tzinfo=UTC)
ACCOUNT = "123456789012"
REGION = "eu-west-2"
ROLE = "fraud-platform-dev-min-execution"
SESSION = "dev_min.m2_substrate_build"
PLAN_SHA256 = "b" * 64
DIGEST = "d" * 64
STATE = StateVersion(
    key="dev_min/demo/terraform.tfstate",
    lineage="6a1f0c1e",
    serial=7,
    version_id="v7",
    terraform_version="1.12.2",
    resource_count=19,
)


def caller(**changes: Any) -> Caller:
    """A session of the environment's role in the environment's account, on AWS."""
    return replace(
        Caller(
            profile="aws",
            expected_account_id=ACCOUNT,
            expected_region=REGION,
            expected_role=ROLE,
            account_id=Known(ACCOUNT),
            region=Known(REGION),
            arn=Known(f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/{SESSION}"),
            role=Known(ROLE),
            session=Known(SESSION),
            credential_method=Known("assume-role-with-web-identity"),
            temporary=Known(True),
            static_keys=Known(()),
            endpoints=(),
        ),
        **changes,
    )


def tools(**changes: Any) -> Tools:
    """An accepted Terraform in a task of M2."""
    return replace(
        Tools(
            terraform_version=Known("1.12.2"),
            terraform_required=">= 1.11.0, < 1.16.0",
            managed_lane=Known("dev_min.m2_substrate_build/manual__2026-02-13/a_readiness"),
            terraform_program="binary terraform",
        ),
        **changes,
    )


def static_keys(*where: str) -> Known[tuple[StaticKey, ...]]:
    """A static key in each of these places."""
    return Known(tuple(StaticKey(where=place, what="a static key") for place in where))


def identity_facts(**changes: Any) -> IdentityFacts:
    """Facts of M1.A that pass."""
    return replace(
        IdentityFacts(
            observed_at=NOW,
            caller=caller(),
            tools=tools(),
            kinds=(StackKind(stack="demo", type="aws_db_instance", region="eu-west-2", attributes=DATABASE),),
            prices=PRICES,
        ),
        **changes,
    )


def holder(**changes: Any) -> LeaseHolder:
    """This run as the holder of the lease."""
    return replace(
        LeaseHolder(
            dag_id="dev_min.m2_substrate_build",
            run_id="manual__2026-02-13",
            execution_id="m2_20260213T201400Z",
            acquired_at=NOW - timedelta(minutes=5),
            heartbeat_at=NOW,
            expires_at=NOW + timedelta(minutes=30),
        ),
        **changes,
    )


OURS = Lease(ours=True, holder=Known(holder()))
THEIRS = Lease(
    ours=False,
    holder=Known(holder(dag_id="dev_min.m9_teardown_cost_check", run_id="nightly", execution_id="m9_20260213T200000Z")),
)


def latch(**changes: Any) -> LatchRecord:
    """A latch that was set and released."""
    released = LatchRecord(
        number=4, is_set=False, reason="spend is back", recorded_by="release_20260213T201200Z", recorded_at=NOW
    )
    return replace(released, **changes)


def platform_run(**changes: Any) -> PlatformRun:
    """A platform run that a proof closed."""
    return replace(
        PlatformRun(
            id="platform_20260212T080000Z",
            opened_by="m2_20260212T080000Z",
            opened_at=NOW - timedelta(days=1),
            closed_by="s3://evidence/teardown_proof.json",
        ),
        **changes,
    )


def control(**changes: Any) -> Control:
    """Our lease, a released latch, a closed platform run."""
    return replace(Control(lease=OURS, latch=Known(latch()), platform_run=Known(platform_run())), **changes)


def lock(**changes: Any) -> StateLock:
    """A lock that somebody holds."""
    return replace(
        StateLock(
            id="0f9e", operation="OperationTypeApply", who="worker-3", created=NOW - timedelta(hours=2), kind="dynamodb"
        ),
        **changes,
    )


def lock_release_facts(**changes: Any) -> LockReleaseFacts:
    """The lock of a laptop, looked at twice, that a person wants released."""
    facts = LockReleaseFacts(
        observed_at=NOW,
        caller=caller(),
        tools=tools(),
        environment="dev_min",
        confirm="dev_min",
        reason="the laptop was thrown away",
        lease=OURS,
        stack="demo",
        lock_id="0f9e",
        locks=Known((lock(), lock(kind="s3-lockfile"))),
        holder="outside",
        holder_evidence="worker-3 is no worker",
        intent=Absent(),
        state=Known(STATE),
        look=Known(LockLook(seen_at=NOW - timedelta(seconds=600), state_version="v7")),
        lock_wait_seconds=600,
        evidence_writable=Known(True),
    )
    return replace(facts, **changes)


def stack_locks(**changes: Any) -> StackLocks:
    """A stack that nobody works on."""
    return replace(StackLocks(stack="demo", locks=Known(()), liveness="none", evidence="no terraform"), **changes)


def stack_state(**changes: Any) -> StackState:
    """The state of demo, written by the worker's terraform."""
    return replace(StackState(stack="demo", version=Known(STATE)), **changes)


def written_by(terraform_version: str) -> Known[StateVersion]:
    """A state that this terraform wrote."""
    return Known(replace(STATE, terraform_version=terraform_version))


def build_readiness_facts(**changes: Any) -> BuildReadinessFacts:
    """Facts of M2.A that pass."""
    facts = BuildReadinessFacts(
        observed_at=NOW,
        caller=caller(),
        tools=tools(),
        control=control(),
        continue_platform_run=False,
        lane_gaps=(),
        locks=(stack_locks(stack="core"), stack_locks(stack="demo")),
        roots=(StackRoot(stack="demo", root=Known(root_sources())),),
    )
    looked_at = changes.get("locks", facts.locks)
    return replace(facts, **{"states": tuple(stack_state(stack=found.stack) for found in looked_at)} | changes)


def teardown_readiness_facts(**changes: Any) -> TeardownReadinessFacts:
    """Facts of M9.A that pass."""
    facts = TeardownReadinessFacts(
        observed_at=NOW,
        caller=caller(),
        tools=tools(),
        control=control(),
        environment="dev_min",
        confirm="dev_min",
        target=("demo",),
        destroyable=("demo", "confluent"),
        lane_gaps=(),
        locks=(stack_locks(),),
        evidence_writable=Known(True),
    )
    targets = changes.get("target", facts.target)
    return replace(facts, **{"states": tuple(stack_state(stack=stack) for stack in targets)} | changes)


def step(resource: str, **changes: Any) -> BootstrapStep:
    """One ensured resource."""
    return replace(BootstrapStep(resource=resource, outcome="kept"), **changes)


def bootstrap_facts(**changes: Any) -> BootstrapFacts:
    """Facts of M1.B that pass."""
    facts = BootstrapFacts(
        observed_at=NOW,
        expected=("bucket state", "lock table"),
        steps=(step("bucket state", outcome="created"), step("lock table", outcome="corrected")),
    )
    return replace(facts, **changes)


def guard(**changes: Any) -> GuardingSnapshot:
    """The passed plan guard of demo."""
    return replace(
        GuardingSnapshot(
            gate="PLAN-GUARD",
            uri="s3://evidence/m2_f_demo_plan_snapshot.json",
            sha256_recorded=DIGEST,
            sha256_stored=DIGEST,
            status="pass",
            overall_pass=True,
            plan_sha256=PLAN_SHA256,
            state_serial=STATE.serial,
            state_lineage=STATE.lineage,
            expired=False,
        ),
        **changes,
    )


def readiness_guard(**changes: Any) -> GuardingSnapshot:
    """A passed guard that saw no plan."""
    return guard(
        **{
            "gate": "BUILD-READINESS",
            "uri": "s3://evidence/m2_a_readiness_snapshot.json",
            "plan_sha256": "",
            "state_serial": None,
            "state_lineage": None,
        }
        | changes
    )


def intent(**changes: Any) -> Intent:
    """A terraform that is known to have ended."""
    return replace(
        Intent(
            id="77aa",
            stack="demo",
            operation="apply",
            execution_id="m2_20260213T190000Z",
            task="dev_min.m2_substrate_build/manual__old/f_demo.apply",
            host="worker-3",
            liveness="dead",
        ),
        **changes,
    )


def authorization_facts(**changes: Any) -> AuthorizationFacts:
    """Facts right before an apply that may go ahead."""
    facts = AuthorizationFacts(
        observed_at=NOW,
        stack="demo",
        direction="build",
        guards=(Known(readiness_guard()), Known(guard())),
        plan_file_sha256=Known(PLAN_SHA256),
        state=Known(STATE),
        caller=caller(),
        tools=tools(),
        control=control(platform_run=Known(platform_run(closed_by=None))),
        locks=Known(()),
        intent=Known(intent()),
        evidence_writable=Known(True),
        platform_run=platform_run().id,
    )
    return replace(facts, **changes)


def authorization_left_alone(**changes: Any) -> AuthorizationFacts:
    """Facts of a destroy lane whose stack is no target: nothing is looked for, nothing will be applied."""
    guards = (Known(readiness_guard()), Known(guard(plan_sha256="", state_serial=None, state_lineage=None)))
    nothing = dict.fromkeys(("plan_file_sha256", "locks", "intent"), Absent())
    return authorization_facts(
        **{"stack": "confluent", "direction": "destroy", "targeted": False, "guards": guards, **nothing, **changes}
    )


def lane(**changes: Any) -> LaneResult:
    """A lane that passed in this run."""
    return replace(
        LaneResult(
            task="a_readiness",
            lane="M2.A",
            gate="BUILD-READINESS",
            task_state="success",
            handed_over_digest=Known(DIGEST),
            stored_digest=Known(DIGEST),
            digest_valid=Known(True),
            status=Known("pass"),
            overall_pass=Known(True),
            execution_id=Known("m2_20260213T201400Z"),
            environment=Known("dev_min"),
            profile=Known("aws"),
            expired=Known(False),
            blockers=(),
            uri="s3://evidence/m2_a_readiness_snapshot.json",
        ),
        **changes,
    )


def empty_lane(**changes: Any) -> LaneResult:
    """A lane that left nothing, in the evidence or in its task."""
    observed = ("handed_over_digest", "stored_digest", "digest_valid", "status", "overall_pass")
    described = ("execution_id", "environment", "profile", "expired")
    return lane(**dict.fromkeys((*observed, *described), Absent()) | {"task_state": "upstream_failed"} | changes)


def failed_lane(**changes: Any) -> LaneResult:
    """A lane whose gate closed."""
    values = {"status": Known("fail"), "overall_pass": Known(False), "task_state": "failed"}
    return lane(**{**values, "blockers": ("LEASE-HELD x",), **changes})


def verdict_facts(*lanes: LaneResult, **changes: Any) -> VerdictFacts:
    """Facts of a verdict on these lanes, or on two that passed."""
    facts = VerdictFacts(
        observed_at=NOW,
        phase="m2",
        execution_id="m2_20260213T201400Z",
        environment="dev_min",
        profile="aws",
        lanes=lanes or (lane(), lane(task="b_backend_readiness", lane="M2.B", gate="BACKEND-READINESS")),
    )
    return replace(facts, **changes)
