"""Passing facts about the world: backend, plans, states, contracts, inventories. Each takes changes by keyword."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from factories_root import root_sources
from tidegate.environments import load, load_policies
from tidegate.models.backend import BackendFacts, BucketPosture, LockProbe, LockTablePosture, Purpose, StackBackend
from tidegate.models.contract import ContractFacts, Parameter, Upstream
from tidegate.models.cost import MonthSoFar
from tidegate.models.facts import Coverage
from tidegate.models.findings import FindingFacts
from tidegate.models.inventory import Inventory, LiveResource, NotScanned, PostureFacts
from tidegate.models.looks import Look, Looks
from tidegate.models.observed import Absent, Known, Observed
from tidegate.models.plan import (
    CountedHours,
    Plan,
    PlanFacts,
    PlannedResource,
    PreserveItem,
    StackScope,
    TeardownScopeFacts,
)
from tidegate.models.policy import Condition, ForbiddenRule, PolicyException, Scalar
from tidegate.models.prices import PricePolicy
from tidegate.models.proof import SnapshotReference, TeardownProofFacts
from tidegate.models.residual import PreservedFacts, ResidualFacts
from tidegate.models.state import (
    AppliedStateFacts,
    ApplyEnd,
    DestroyedStateFacts,
    StateLock,
    StateResource,
    StateVersion,
)

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
TODAY = date(2026, 11, 21)
REGION = "eu-west-2"
STATE_BUCKET = "fraud-platform-dev-min-tfstate"
LOCK_TABLE = "fraud-platform-dev-min-tf-locks"
PREFIX = "fraud-platform-dev-min"
SHA = "a" * 64

NAT = ForbiddenRule(id="NAT-GATEWAY", types=("aws_nat_gateway",), reason="billed by the hour")
ALWAYS_ON = ForbiddenRule(
    id="ALWAYS-ON-ECS",
    types=("aws_ecs_service",),
    reason="a service with tasks runs around the clock",
    condition=Condition(attribute="desired_count", operator="greater_than", value=0),
)
ENDPOINT = ForbiddenRule(
    id="INTERFACE-ENDPOINT",
    types=("aws_vpc_endpoint",),
    reason="interface endpoints are billed by the hour",
    condition=Condition(attribute="vpc_endpoint_type", operator="not_equals", value="Gateway"),
)
RULES = (NAT, ALWAYS_ON, ENDPOINT)

POLICIES = load_policies(load("dev_min"))
ALL_FREE = PricePolicy.model_validate(
    {
        "version": 1,
        "currency": "USD",
        "hours_per_month": 730,
        "prices": [
            {"types": ["thing"], "region": "all", "usd": "1", "unit": "hour", "source": "a test", "date": "2026-10-05"}
        ],
        "free": [
            {
                "types": sorted(
                    {kind for rule in POLICIES.forbidden.rules for kind in rule.types}.union(
                        *POLICIES.allowed_types.stacks.values()
                    )
                ),
                "reason": "what it costs is not what is tested",
                "date": "2026-10-05",
            }
        ],
    }
)
"""Prices under which nothing costs anything, for tests of everything else."""


def rule_with(operator: Any, value: Scalar | tuple[Scalar, ...] | None, **changes: Any) -> ForbiddenRule:
    """A rule for `aws_ecs_service` with a condition on its desired count."""
    condition = Condition(attribute="desired_count", operator=operator, value=value)
    return ALWAYS_ON.model_copy(update={"condition": condition, **changes})


def exception(rule: str, resource: str, expires: date = TODAY) -> PolicyException:
    """An exception; by default today is its last day."""
    return PolicyException(
        rule=rule, resource=resource, owner="platform-team", reason="a demonstration for the board", expires=expires
    )


def state_version(**changes: Any) -> StateVersion:
    """Version 8 of demo's state."""
    version = StateVersion(
        key="dev_min/demo/terraform.tfstate",
        lineage="3f1c",
        serial=8,
        version_id="v8",
        terraform_version="1.13.3",
        resource_count=2,
    )
    return replace(version, **changes)


def state_lock(**changes: Any) -> StateLock:
    """A lock that some apply holds."""
    lock = StateLock(id="9d2e", operation="OperationTypeApply", who="airflow@worker-1", created=NOW, kind="dynamodb")
    return replace(lock, **changes)


def bucket(purpose: Purpose, **changes: Any) -> BucketPosture:
    """A bucket that keeps to everything that any purpose asks for."""
    posture = BucketPosture(
        name=f"{PREFIX}-{'tfstate' if purpose == 'state' else purpose}",
        purpose=purpose,
        exists=Known(True),
        region=Known(REGION),
        versioning=Known("Enabled"),
        encryption=Known("AES256"),
        public_access_blocked=Known(True),
        tls_only=Known(True),
        version_deletion_denied=Known(True),
        object_lock=Known("GOVERNANCE"),
    )
    return replace(posture, **changes)


def lock_table(**changes: Any) -> LockTablePosture:
    """The lock table as the bootstrap makes it."""
    table = LockTablePosture(
        name=LOCK_TABLE,
        exists=Known(True),
        region=Known(REGION),
        status=Known("ACTIVE"),
        key_schema=Known(("LockID:HASH:S",)),
        deletion_protection=Known(True),
    )
    return replace(table, **changes)


def probe(mechanism: Any = "dynamodb", **changes: Any) -> LockProbe:
    """A lock that was taken, held and released."""
    return replace(LockProbe(mechanism=mechanism, acquired=True, second_refused=True, released=True), **changes)


def stack_backend(stack: str, **changes: Any) -> StackBackend:
    """A stack on the shared backend, unlocked."""
    backend = StackBackend(
        stack=stack,
        bucket=STATE_BUCKET,
        key=f"dev_min/{stack}/terraform.tfstate",
        region=REGION,
        lock_table=LOCK_TABLE,
        use_lockfile=True,
        encrypt=True,
        locks=Known(()),
    )
    return replace(backend, **changes)


def backend_facts(**changes: Any) -> BackendFacts:
    """A backend that is ready for core and demo."""
    facts = BackendFacts(
        observed_at=NOW,
        expected_region=REGION,
        buckets=(bucket("state"), bucket("evidence"), bucket("work")),
        lock_table=lock_table(),
        dynamodb_probe=Known(probe()),
        lockfile_probe=Known(probe("s3-lockfile")),
        stacks=(stack_backend("core"), stack_backend("demo")),
    )
    return replace(facts, **changes)


def planned(address: str, *actions: str, **changes: Any) -> PlannedResource:
    """A planned resource; its type is read off the address."""
    resource = PlannedResource(
        address=address,
        type=address.split("[")[0].split(".")[-2],
        actions=actions or ("no-op",),
        importing=False,
        drifted=False,
        attributes={},
    )
    return replace(resource, **changes)


def service(desired: Observed[Any] | None, *actions: str, **changes: Any) -> PlannedResource:
    """The planned ECS service with a desired count; None leaves the attribute out."""
    attributes = {} if desired is None else {"desired_count": desired}
    return planned("aws_ecs_service.api", *(actions or ("create",)), attributes=attributes, **changes)


def plan(*resources: PlannedResource, **changes: Any) -> Plan:
    """A whole build plan of demo."""
    whole = Plan(
        stack="demo",
        purpose="build",
        format_version="1.2",
        terraform_version="1.13.3",
        complete=True,
        errored=False,
        has_changes=True,
        resources=resources or (planned("aws_vpc.this", "create"),),
        sha256=SHA,
        source_digest="b" * 64,
    )
    return replace(whole, **changes)


def plan_facts(*resources: PlannedResource, **changes: Any) -> PlanFacts:
    """A guardable build of demo that holds these resources."""
    facts = PlanFacts(
        observed_at=NOW,
        plan=Known(plan(*resources)),
        state=Known(state_version()),
        stack="demo",
        allowed_types=("aws_vpc", "aws_ecs_service", "aws_vpc_endpoint", "aws_nat_gateway", "aws_iam_role"),
        protected_addresses=(),
        forbidden=RULES,
        exceptions=(),
        today=TODAY,
        drift_blocks=False,
        repair_drift_reason=None,
        tainted=Known(()),
        untainted=(),
        prices=ALL_FREE,
        region=REGION,
        prices_max_age_days=180,
        plan_limit_usd_per_month=Decimal(25),
        counted_hours=CountedHours(lag=24, lives=None),
        root=Known(root_sources()),
        month=Known(month_so_far()),
        aws_region=REGION,
    )
    return replace(facts, **changes)


def month_so_far(**changes: Any) -> MonthSoFar:
    """Ten days before the month ends 2.30 USD are spent; the stop is at 28."""
    month = MonthSoFar(
        at_least=Decimal("2.30"), usd_per_hour=Decimal(0), hours_left=Decimal(240), stop=Decimal(28), complete=True
    )
    return replace(month, **changes)


def apply_end(**changes: Any) -> ApplyEnd:
    """The apply of the plan, which ended well."""
    end = ApplyEnd(
        execution_id="m2_20261121T091500Z",
        task="dev_min.m2_substrate_build/manual__1/f_demo.apply try 1",
        plan_sha256=SHA,
        returncode=0,
    )
    return replace(end, **changes)


def applied_facts(**changes: Any) -> AppliedStateFacts:
    """Demo after an apply that moved the serial from 7 to 8."""
    facts = AppliedStateFacts(
        observed_at=NOW,
        stack="demo",
        applied=True,
        planned_sha256=SHA,
        apply_end=Known(apply_end()),
        before=Known(state_version(serial=7, version_id="v7")),
        after=Known(state_version()),
        planned_addresses=("aws_subnet.a", "aws_vpc.this"),
        state_addresses=Known(("aws_vpc.this", "aws_subnet.a")),
        tainted=Known(()),
        protected_addresses=(),
        required_outputs=("vpc_id",),
        outputs=Known(("vpc_id", "subnet_ids")),
        locks=Known(()),
    )
    return replace(facts, **changes)


def state_resource(address: str = "aws_vpc.this", id: str = "vpc-1") -> StateResource:
    """A resource in a state; its type is read off the address."""
    return StateResource(address=address, type=address.split(".")[-2], id=id)


def destroyed_facts(**changes: Any) -> DestroyedStateFacts:
    """Demo after a destroy that left nothing."""
    facts = DestroyedStateFacts(
        observed_at=NOW,
        stack="demo",
        before=Known(state_version()),
        after=Known(state_version(serial=9, resource_count=0)),
        post_destroy_state_count=Known(0),
        destroy_set=(state_resource(),),
        still_there=Known(()),
        locks=Known(()),
    )
    return replace(facts, **changes)


def destroyed_left_alone(**changes: Any) -> DestroyedStateFacts:
    """Confluent after a teardown of demo alone: it holds what it held."""
    facts = destroyed_facts(
        stack="confluent",
        targeted=False,
        frozen_serial=Known(12),
        before=Absent(),
        after=Known(state_version(key="dev_min/confluent/terraform.tfstate", serial=12, resource_count=14)),
        post_destroy_state_count=Known(14),
        destroy_set=(),
        still_there=Absent(),
        locks=Absent(),
    )
    return replace(facts, **changes)


def upstream(**changes: Any) -> Upstream:
    """Core, as this run left it, with the one output that demo needs."""
    core = Upstream(
        stack="core",
        source="remote_state",
        manual_allowed=False,
        state=Known(state_version(key="dev_min/core/terraform.tfstate", serial=4)),
        expected_serial=Known(4),
        required_outputs=("alert_topic_arn",),
        outputs={"alert_topic_arn": Known(SHA)},
    )
    return replace(core, **changes)


SECRETS = "/fraud-platform/dev_min/kafka/"


def parameter(name: str = "bootstrap_address", type: str = "SecureString") -> Parameter:
    """A parameter that confluent wrote."""
    return Parameter(name=SECRETS + name, type=type)


def messaging_upstream(**changes: Any) -> Upstream:
    """Confluent, as this run left it, with an output and a secret that demo needs."""
    confluent = upstream(
        stack="confluent",
        state=Known(state_version(key="dev_min/confluent/terraform.tfstate", serial=12, resource_count=14)),
        expected_serial=Known(12),
        required_outputs=("topics",),
        outputs={"topics": Known(SHA)},
        required_secrets=(f"{SECRETS}bootstrap_address",),
        secrets=Known((parameter(), parameter("producer/api_key"))),
    )
    return replace(confluent, **changes)


def contract_facts(*upstreams: Upstream, **changes: Any) -> ContractFacts:
    """Demo's contract with core."""
    facts = ContractFacts(observed_at=NOW, consumer="demo", upstreams=upstreams or (upstream(),))
    return replace(facts, **changes)


def live(type: str = "aws_vpc", id: str = "vpc-0other", **changes: Any) -> LiveResource:
    """A live resource of somebody else."""
    resource = LiveResource(type=type, id=id, region=REGION, status="available", attributes={}, tags={})
    return replace(resource, **changes)


LIMITS = (NotScanned(subject="aws_kms_key@*", reason="no listing asks for it"),)


def inventory(*resources: LiveResource, **changes: Any) -> Inventory:
    """A scan without gaps that found these resources."""
    subjects = (f"aws_nat_gateway@{REGION}", f"aws_ecs_service@{REGION}")
    scan = Inventory(
        resources=resources,
        coverage=tuple(Coverage(subject=subject, status="read") for subject in subjects),
        expected_coverage=subjects,
        not_scanned=LIMITS,
    )
    return replace(scan, **changes)


def posture_facts(*resources: LiveResource, **changes: Any) -> PostureFacts:
    """The posture of an environment in which these resources run."""
    facts = PostureFacts(observed_at=NOW, inventory=inventory(*resources), forbidden=RULES, exceptions=(), today=TODAY)
    return replace(facts, **changes)


def scope(**changes: Any) -> StackScope:
    """Demo, about to lose its one resource."""
    destroy = plan(planned("aws_vpc.this", "delete"), purpose="destroy")
    demo = StackScope(
        stack="demo",
        lifecycle="ephemeral",
        destroyable=True,
        plan=Known(destroy),
        state=Known(state_version()),
        destroy_set=(state_resource(),),
        unplanned=(),
        resumes=Absent(),
        root=Known(root_sources()),
        digest=SHA,
    )
    return replace(demo, **changes)


def destroy_plan(*resources: PlannedResource, **changes: Any) -> Known[Plan]:
    """A known destroy plan of demo."""
    return Known(plan(*(resources or (planned("aws_vpc.this", "delete"),)), **{"purpose": "destroy", **changes}))


def preserve_item(**changes: Any) -> PreserveItem:
    """The state bucket."""
    return replace(PreserveItem(type="aws_s3_bucket", id=STATE_BUCKET, reason="state bucket"), **changes)


def scope_facts(*stacks: StackScope, **changes: Any) -> TeardownScopeFacts:
    """A frozen scope with demo as its target."""
    facts = TeardownScopeFacts(
        observed_at=NOW,
        target="demo",
        stacks=stacks or (scope(),),
        preserve_set=Known((preserve_item(),)),
        protected_types=("aws_s3_bucket",),
        protected_ids=("fraud-platform-dev-min-execution",),
        protected_prefixes=("/fraud-platform/dev_min/core/",),
        persistent_serials={"core": Known(4)},
        frozen_digest=SHA,
    )
    return replace(facts, **changes)


def look(minutes: int = 0, **changes: Any) -> Look:
    """A look so many minutes after NOW, which took ten seconds."""
    began = NOW + timedelta(minutes=minutes)
    seen = Look(
        began=began,
        ended=began + timedelta(seconds=10),
        subjects=tuple(sorted(coverage.subject for coverage in inventory().coverage)),
        inventory_sha256=SHA,
    )
    return replace(seen, **changes)


def looks(**changes: Any) -> Looks:
    """A second clean look, a minute after the first; the pause is 20 seconds."""
    return replace(Looks(pause_seconds=20, first=Known(look(-1)), this=look()), **changes)


NO_FINDINGS = FindingFacts(looks=Known(()), exceptions=(), today=TODAY, owners=None)
"""No earlier run saw anything standing that should be gone."""


def residual_facts(*resources: LiveResource, **changes: Any) -> ResidualFacts:
    """The world after a teardown of demo, in which these resources still answer."""
    facts = ResidualFacts(
        observed_at=NOW,
        inventory=inventory(*resources),
        looks=looks(),
        forbidden=RULES,
        exceptions=(),
        today=TODAY,
        environment_tags={"project": "fraud-platform", "lifecycle": "ephemeral"},
        name_prefix=PREFIX,
        ephemeral_types=("aws_vpc", "aws_ecs_service", "aws_ecs_cluster", "aws_iam_role"),
        free_types=("aws_iam_role", "aws_vpc"),
        destroy_set=(state_resource(),),
        destroyed_still_there=Known(()),
        preserve_set=(preserve_item(),),
        findings=NO_FINDINGS,
    )
    return replace(facts, **changes)


def preserved_facts(**changes: Any) -> PreservedFacts:
    """After a teardown of demo: the state bucket answers, and core did not move."""
    facts = PreservedFacts(
        observed_at=NOW,
        environment="dev_min",
        preserve_set=(preserve_item(),),
        preserved_missing=Known(()),
        serials_frozen={"core": Known(4)},
        serials_now={"core": Known(4)},
        persistent=("core",),
    )
    return replace(facts, **changes)


def reference(lane: str = "b_scope_freeze", **changes: Any) -> SnapshotReference:
    """A lane's snapshot that passed, as it lies in the store."""
    snapshot = SnapshotReference(
        gate="TEARDOWN-SCOPE",
        lane=lane,
        uri=f"s3://{PREFIX}-evidence/evidence/{lane}.json",
        version_id="v1",
        sha256=SHA,
        status="pass",
        overall_pass=True,
        valid_until=datetime(2999, 1, 1, tzinfo=UTC),
        policy_digest="c" * 64,
        policy_digest_today="c" * 64,
    )
    return replace(snapshot, **changes)


def proof_facts(**changes: Any) -> TeardownProofFacts:
    """A teardown of demo, every lane of which passed."""
    facts = TeardownProofFacts(
        observed_at=NOW,
        platform_run="p-2026-11-21",
        targets=("demo",),
        required_lanes=("b_scope_freeze", "f_residual_scan"),
        references=(reference(), reference("f_residual_scan", gate="RESIDUAL-SCAN")),
        ephemeral_state_counts={"demo": Known(0)},
        scanned=(f"aws_nat_gateway@{REGION}",),
        not_scanned=LIMITS,
        findings=NO_FINDINGS,
    )
    return replace(facts, **changes)
