"""The manifest of an environment: every handle lives here and nowhere else.

Shape errors are this validator's business. Rules across fields (two stacks on one key) are a gate's.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from tidegate.models.aws_names import BucketName, Region
from tidegate.models.field_error import FieldError
from tidegate.models.names import too_long
from tidegate.models.operations import Alerts, Audit, OwnReads, Schedules, TimeToLive
from tidegate.models.policy import PolicyException
from tidegate.models.role_assumption import Oidc, Worker
from tidegate.models.scalars import UsDollars
from tidegate.models.stack import Stack, StackName
from tidegate.models.stack_variables import VARIABLES

BUILD_PARAMS = (
    "platform_run",
    "stacks",
    "time_to_live_hours",
    "repair_drift",
    "repair_reason",
    "release_dead_lock",
    "unsaved_state",
    "restore_state_version",
    "state_reason",
)
"""The fields that M2's form has in every environment."""

_CHOICES_OF_AT_MOST = 4
ProviderAddress = Annotated[str, Field(pattern=r"^[a-z0-9.-]+(:[0-9]+)?/[a-z0-9_-]+/[a-z0-9_-]+$", max_length=200)]
PROVIDERS = (
    "registry.terraform.io/confluentinc/confluent",
    "registry.terraform.io/hashicorp/aws",
    "terraform.io/builtin/terraform",
)
"""Those of the shipped roots."""


def _no_arn(value: object) -> object:
    if isinstance(value, str) and value.startswith("arn:"):
        raise ValueError(f"write the role's name alone, not {value}: its account is account_id, and no other")
    return value


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Backend(_Section):
    """The one S3 backend of all stacks. Both lock mechanisms run side by side (ST1)."""

    bucket: BucketName
    lock_table: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{3,255}$")]
    encrypt: bool
    use_lockfile: bool


class Evidence(_Section):
    """Where snapshots go. `retention_days` is the Object Lock retention: so long nobody gets rid of the bucket.

    A year is the most, so that a slip of the pen does not keep a bucket for ten.
    """

    bucket: BucketName
    retention_days: Annotated[int, Field(ge=1, le=365)]
    mirror: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")] | None = None
    """The folder below runs/ that repeats what the bucket holds. None: it is called as the environment."""


class Work(_Section):
    """Plans and XCom; objects expire."""

    bucket: BucketName
    expiry_days: Annotated[int, Field(ge=1, le=30)]


class Budget(_Section):
    """The budget and its ladder, in USD (CO3, CO4)."""

    name: Annotated[str, Field(pattern=r"^[^:\\]{1,100}$")]
    limit_usd: Annotated[UsDollars, Field(gt=0)]
    unit: Literal["USD"]
    period: Literal["MONTHLY"]
    alerts_usd: tuple[Annotated[UsDollars, Field(gt=0)], ...] = Field(min_length=1, max_length=10)
    """AWS takes ten notifications per budget."""
    stop_usd: UsDollars
    plan_limit_usd_per_month: UsDollars
    """What one plan may add to what is spent in a month, if it stood for all of it."""
    prices_max_age_days: Annotated[int, Field(ge=1, le=730)]
    """Prices whose source was read longer ago are not trusted."""
    alert_email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]

    @model_validator(mode="after")
    def _ladder_rises_to_the_stop(self) -> "Budget":
        last = len(self.alerts_usd) - 1
        if list(self.alerts_usd) != sorted(set(self.alerts_usd)):
            raise FieldError("alerts_usd must rise", "alerts_usd")
        if self.stop_usd > self.limit_usd:
            raise FieldError("stop_usd must not exceed limit_usd", "stop_usd")
        if self.alerts_usd[-1] >= self.limit_usd:
            raise FieldError("every alert of alerts_usd must be below limit_usd", "alerts_usd", last)
        return self


class Confluent(_Section):
    """The account at Confluent Cloud whose cost counts (CO5). The key is named, never written here (ID4)."""

    endpoint: Annotated[str, Field(pattern=r"^https://[^/@\s?#]+$")] = "https://api.confluent.cloud"
    api_key_connection: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,200}$")]
    """Id of an Airflow connection; any secrets backend of Airflow may hold it. Login: a Cloud API key; password: its
    secret. The key's owner needs to read bills (BillingAdmin)."""
    marketplace_products: tuple[Annotated[str, Field(min_length=1, max_length=300)], ...] = ()
    """Where Confluent is paid through AWS Marketplace: what Cost Explorer calls its product under "Service". What it
    charges counts once then, with Confluent's own bill."""

    @model_validator(mode="after")
    def _products_are_not_services_of_aws(self) -> "Confluent":
        for name in self.marketplace_products:
            if name.startswith(("Amazon", "AWS")) or "confluent" not in name.lower():
                raise ValueError(f"marketplace_products: {name!r} is no product of Confluent by its name")
        return self


class Preserve(_Section):
    """What no teardown may touch, besides everything in a persistent stack's state (TD1)."""

    types: tuple[str, ...]
    ids: tuple[str, ...] = ()
    id_prefixes: tuple[str, ...] = ()


class BlastRadius(_Section):
    """Caps on one teardown (TD3)."""

    max_resources: Annotated[int, Field(ge=1)]
    max_percent: Annotated[int, Field(ge=1, le=100)]


class Deadlines(_Section):
    """How long to wait for the world, in seconds."""

    lock_wait: Annotated[int, Field(ge=0, le=7200)]
    residual_wait: Annotated[int, Field(ge=0, le=7200)]
    residual_pause: Annotated[int, Field(ge=1, le=900)]
    """Between two clean looks of a residual scan: services take a while until they list what there is."""
    look_again: Annotated[int, Field(ge=1, le=600)]
    lease: Annotated[int, Field(ge=60, le=86400)]
    terraform: Annotated[int, Field(ge=60, le=14400)]


class Validity(_Section):
    """For how long a pass counts, in hours, by gate id; `default` for the others."""

    default: Annotated[int, Field(ge=1, le=744)]
    gates: dict[str, Annotated[int, Field(ge=1, le=744)]] = {}


class PolicyFiles(_Section):
    """File names below include/policies."""

    forbidden: str
    allowed_types: str
    prices: str
    bill: str = "bill.yaml"
    execution_role: str = "execution_role.yaml"


@dataclass(frozen=True, slots=True)
class Handle:
    """Something by its name. Names of buckets are AWS's; those of others an account's, or one of its regions'."""

    kind: str
    name: str
    account: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """`bucket x`, `budget x in 123456789012`."""
        return f"{self.kind} {self.name}" + (f" in {' '.join(self.account)}" if self.account else "")


class Environment(_Section):
    """One environment, as `include/environments/<name>.yaml` describes it."""

    schema_: Literal["tidegate.environment/1"] = Field(alias="schema")
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", min_length=2, max_length=21)]
    title: str
    project: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", min_length=2, max_length=31)]
    """RDS takes no two hyphens in a row and none at the end, nor SSM a path that begins with `aws` or `ssm`."""
    account_id: Annotated[str, Field(pattern=r"^[0-9]{12}$")]
    region: Region
    scan_regions: tuple[Region, ...] = Field(min_length=1)
    account: Literal["shared", "dedicated"] = "shared"
    """`dedicated`: nobody else uses the account, so what no state holds may be offered for deletion by its id."""
    role_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9+=,.@_-]{1,64}$"), BeforeValidator(_no_arn)]
    """The execution role's name alone: it is one of `account_id`, and nothing else can be said."""
    terraform_version: str
    providers: tuple[ProviderAddress, ...] = Field(default=PROVIDERS, min_length=1)
    """Source addresses of the providers that roots may require, use and lock: each is code that runs with the role."""
    identity: Literal["web_identity", "from_worker"] = "web_identity"
    """How tasks come by the execution role: for a token of the worker, or as the worker's own role."""
    oidc: Oidc | None = None
    worker: Worker | None = None
    backend: Backend
    evidence: Evidence
    work: Work
    slots: Annotated[int, Field(ge=1, le=8)] = 2
    """How many lanes of one run may work at a time, and how many Terraforms."""
    queue: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,200}$")] | None = None
    """Airflow's queue of all tasks, so that workers of its own take them. None: whichever worker is free."""
    stacks: dict[StackName, Stack] = Field(min_length=1)
    budget: Budget
    cost_scope: tuple[Literal["aws", "confluent"], ...] = Field(min_length=1)
    billing_lag_hours: dict[Literal["aws", "confluent"], Annotated[int, Field(ge=1, le=168)]]
    confluent: Confluent | None = None
    policies: PolicyFiles
    preserve: Preserve
    blast_radius: BlastRadius
    deadlines: Deadlines
    validity: Validity
    own_reads: OwnReads
    audit: Audit
    time_to_live: TimeToLive
    schedules: Schedules | None = None
    """None: nothing is built or torn down by the clock."""
    alerts: Alerts
    exceptions: tuple[PolicyException, ...] = ()

    @model_validator(mode="after")
    def _stacks_refer_to_each_other(self) -> "Environment":
        seen: list[str] = []
        for name, stack in self.stacks.items():
            for number, upstream in enumerate(stack.depends_on):
                at = ("stacks", name, "depends_on", number)
                if upstream not in seen:
                    raise FieldError(
                        f"stack {name}: depends_on {upstream!r} must be a stack declared above it; "
                        f"{self._why_not_above(name, upstream)}",
                        *at,
                    )
                if stack.lifecycle == "persistent" and self.stacks[upstream].lifecycle != "persistent":
                    raise FieldError(
                        f"stack {name} is persistent: it cannot depend on {upstream!r}, which comes and goes", *at
                    )
            for handle, upstream in stack.states.items():
                if upstream not in stack.depends_on:
                    raise FieldError(
                        f"stack {name}: states.{handle} is {upstream!r}, which depends_on does not name",
                        *("stacks", name, "states", handle),
                    )
            for variable, address in stack.outputs.items():
                upstream, _, output = address.partition(".")
                if upstream not in stack.depends_on or output not in self.stacks[upstream].required_outputs:
                    raise FieldError(
                        f"stack {name}: outputs.{variable} takes {address}: name the stack in depends_on, and the "
                        f"output in required_outputs of stacks.{upstream}",
                        *("stacks", name, "outputs", variable),
                    )
            seen.append(name)
        return self

    def _why_not_above(self, name: str, upstream: str) -> str:
        if upstream not in self.stacks:
            return "there is no such stack"
        if upstream == name:
            return "it needs itself"
        return "the two need each other" if name in self.stacks[upstream].depends_on else "it is declared below"

    @model_validator(mode="after")
    def _each_stack_has_a_state_of_its_own(self) -> "Environment":
        """Also of two stacks with one root: a key is what tells their states apart."""
        owners: dict[tuple[str, str], str] = {}
        for name, stack in self.stacks.items():
            place = (stack.state_bucket or self.backend.bucket, stack.state_key)
            if place in owners:
                other = owners[place]
                roots = ", and so is their root" if stack.root == self.stacks[other].root else ""
                raise FieldError(
                    f"stack {name}: the state of stack {other} has the same key in the same bucket{roots}; one of the "
                    "two would destroy what the other made: give it a key of its own",
                    *("stacks", name, "state_key"),
                )
            owners[place] = name
        return self

    @model_validator(mode="after")
    def _a_param_has_one_meaning(self) -> "Environment":
        """All of them are fields of one form."""
        owners: dict[str, str] = dict.fromkeys(BUILD_PARAMS, "M2 itself")
        for name, stack in self.stacks.items():
            for param in stack.params:
                if param in owners:
                    raise FieldError(
                        f"stacks.{name}.params.{param}: {owners[param]} has a field of that name",
                        *("stacks", name, "params", param),
                    )
                owners[param] = f"stack {name}"
        return self

    @model_validator(mode="after")
    def _home_is_scanned(self) -> "Environment":
        if self.region not in self.scan_regions:
            raise FieldError("scan_regions must contain region", "scan_regions")
        return self

    @model_validator(mode="after")
    def _derived_names_fit(self) -> "Environment":
        if self.project.startswith(("aws", "ssm")):
            raise FieldError("project: SSM takes no parameter whose path begins with aws or ssm", "project")
        problems = list(too_long(self.project, self.name))
        if problems:
            raise FieldError(f"project and name: {'; '.join(problems)}", "name")
        return self

    @model_validator(mode="after")
    def _somebody_may_assume_the_role(self) -> "Environment":
        needed, besides = ("oidc", "worker") if self.identity == "web_identity" else ("worker", "oidc")
        if getattr(self, needed) is None:
            raise FieldError(f"identity is {self.identity}: it needs the section {needed}", "identity")
        if getattr(self, besides) is not None:
            said = f"identity is {self.identity}: the section {besides} says who else, and nobody would see"
            raise FieldError(said, besides)
        return self

    @model_validator(mode="after")
    def _the_role_is_none_of_a_stack(self) -> "Environment":
        """Of IAM the role may change the roles that stacks make, by the beginning of their names: so not itself."""
        for name, stack in self.stacks.items():
            for own in (name, stack.root):  # a root that ships gives its own name to what it makes
                if self.role_name.startswith(prefix := f"{self.dashed}-{own.replace('_', '-')}-"):
                    raise FieldError(
                        f"role_name: {self.role_name} begins with {prefix} as the roles that stack {name} makes, so "
                        f"that the execution role could change itself; give it another name",
                        "role_name",
                    )
        return self

    @model_validator(mode="after")
    def _buckets_differ(self) -> "Environment":
        seen: dict[str, str] = {}
        for purpose in ("backend", "evidence", "work"):
            bucket = getattr(self, purpose).bucket
            if bucket in seen:
                raise FieldError(
                    "backend.bucket, evidence.bucket and work.bucket must be three different buckets; "
                    f"{bucket} is {seen[bucket]}.bucket already",
                    *(purpose, "bucket"),
                )
            seen[bucket] = purpose
        return self

    @model_validator(mode="after")
    def _variables_are_those_of_the_roots(self) -> "Environment":
        for name, stack in self.stacks.items():
            known = VARIABLES.get(stack.root)
            if known is not None:
                try:
                    known.model_validate(stack.variables)
                except ValidationError as error:
                    said = "; ".join(f"{'.'.join(map(str, it['loc']))}: {it['msg']}" for it in error.errors())
                    at = ("stacks", name, "variables", *error.errors()[0]["loc"][:1])
                    raise FieldError(f"stacks.{name}.variables: {said}", *at) from error
        return self

    @model_validator(mode="after")
    def _every_bill_has_its_lag(self) -> "Environment":
        without = [platform for platform in ("aws", *self.cost_scope) if platform not in self.billing_lag_hours]
        if without:
            said = f"billing_lag_hours must name {', '.join(dict.fromkeys(without))}"
            raise FieldError(said, "billing_lag_hours")
        return self

    @model_validator(mode="after")
    def _what_counts_once_is_counted(self) -> "Environment":
        if self.confluent and self.confluent.marketplace_products and "confluent" not in self.cost_scope:
            raise FieldError(
                "confluent.marketplace_products needs confluent in cost_scope: else nobody counts them",
                *("confluent", "marketplace_products"),
            )
        return self

    @model_validator(mode="after")
    def _the_clock_has_something_to_do(self) -> "Environment":
        if self.schedules is not None and not self.destroyable_stacks:
            raise FieldError("no stack is ephemeral and destroyable, so there is nothing to tear down", "schedules")
        return self

    @property
    def handles(self) -> dict[Handle, tuple[str, ...]]:
        """What no other environment may have as well, each with the field that names it first."""
        found: list[tuple[Handle, tuple[str, ...]]] = [
            *((Handle("bucket", getattr(self, it).bucket), (it, "bucket")) for it in ("backend", "evidence", "work")),
            (Handle("lock table", self.backend.lock_table, (self.account_id, self.region)), ("backend", "lock_table")),
            (Handle("budget", self.budget.name, (self.account_id,)), ("budget", "name")),
        ]
        for name, stack in self.stacks.items():
            if stack.state_bucket is not None:
                found.append((Handle("bucket", stack.state_bucket), ("stacks", name, "state_bucket")))
            if stack.lock_table is not None:
                where = (self.account_id, stack.region or self.region)
                found.append((Handle("lock table", stack.lock_table, where), ("stacks", name, "lock_table")))
        named: dict[Handle, tuple[str, ...]] = {}
        for handle, at in found:
            named.setdefault(handle, at)
        return named

    @property
    def dashed(self) -> str:
        """`fraud-platform-dev-min`: the prefix of every name in the environment."""
        return f"{self.project}-{self.name.replace('_', '-')}"

    @property
    def mirror(self) -> str:
        """The environment's folder below runs/."""
        return self.evidence.mirror or self.name

    @property
    def role_arn(self) -> str:
        """The execution role, as which every task acts."""
        return f"arn:aws:iam::{self.account_id}:role/{self.role_name}"

    @property
    def reader_arn(self) -> str:
        """The role that reads evidence and control records and nothing else: whoever only shows them has no other."""
        return f"arn:aws:iam::{self.account_id}:role/{self.dashed}-reader"

    @property
    def parameter_prefix(self) -> str:
        """SSM path of the environment's parameters."""
        return f"/{self.project}/{self.name}"

    @property
    def secrets_prefix(self) -> str:
        """Below it lie the SSM parameters that hold secrets of a stack; it ends in a slash."""
        return f"{self.parameter_prefix}/kafka/"

    def needing(self, *stacks: str) -> tuple[str, ...]:
        """Every other stack that needs one of these, through however many others, in the order of the manifest."""
        needed = set(stacks)
        found = []
        for name, stack in self.stacks.items():  # a stack is declared below all that it needs
            if needed.intersection(stack.depends_on):
                needed.add(name)
                found.append(name)
        return tuple(name for name in found if name not in stacks)

    @property
    def destroyable_stacks(self) -> tuple[str, ...]:
        """The stacks that a teardown may take, downstream first."""
        return tuple(name for name in reversed(self.stacks) if self.stacks[name].destroyable)

    @property
    def targets(self) -> tuple[str, ...]:
        """What a teardown may be asked for, each downstream first: every choice of destroyable stacks.

        Of more than four stacks nobody reads every choice: then each alone, each with all that need it, and all.
        """
        names = self.destroyable_stacks
        if len(names) <= _CHOICES_OF_AT_MOST:
            return tuple("+".join(chosen) for size in range(1, len(names) + 1) for chosen in combinations(names, size))
        together = ([it for it in names if it == name or it in self.needing(name)] for name in names)
        return tuple(dict.fromkeys([*names, *("+".join(chosen) for chosen in together), "+".join(names)]))

    @property
    def alert_topic_arn(self) -> str:
        """The SNS topic that core makes for budget alerts."""
        return f"arn:aws:sns:{self.region}:{self.account_id}:{self.dashed}-alerts"

    @property
    def names_in_texts(self) -> dict[str, str]:
        """What stands for `<environment>` and `<root of STACK>` in a blocker."""
        return {"environment": self.name, **{f"root of {name}": stack.root_path for name, stack in self.stacks.items()}}

    @property
    def budget_stack(self) -> str:
        """The stack that takes the budget's values, and so makes it; the first one where none does."""
        return next((name for name, stack in self.stacks.items() if "budget" in stack.inputs), next(iter(self.stacks)))

    @property
    def stacks_with_identities(self) -> dict[str, Stack]:
        """The stacks that act at Confluent Cloud and may leave identities behind, upstream first."""
        return {name: stack for name, stack in self.stacks.items() if stack.identities is not None}

    @property
    def stacks_with_time_to_live(self) -> dict[str, Stack]:
        """The stacks that end by themselves when their time is over, upstream first."""
        return {name: stack for name, stack in self.stacks_by_lifecycle("ephemeral").items() if stack.time_to_live}

    def stacks_by_lifecycle(self, *lifecycles: str) -> dict[str, Stack]:
        """The stacks of these lifecycles, upstream first."""
        return {name: stack for name, stack in self.stacks.items() if stack.lifecycle in lifecycles}
