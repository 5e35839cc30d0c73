"""Policy as data: what is forbidden, and which types a stack may hold (CO1, CO2)."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tidegate.models.prices import AttributeName, PricePolicy
from tidegate.models.role_policy import ExecutionRolePolicy
from tidegate.models.scalars import Said, Scalar

SUPPORTED_TYPES = frozenset({"aws_db_instance"})
"""Types whose engine runs out of standard support."""
OLD_ENGINE = "DATABASE-OLD-ENGINE"
"""The rule from which an exception of the manifest lets one database be."""
SUPPORT_ATTRIBUTES = ("engine", "engine_lifecycle_support", "engine_version")


class Condition(BaseModel):
    """When an attribute makes a resource forbidden. Without a condition the type itself is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attribute: str = Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)*$")
    operator: Literal["greater_than", "equals", "not_equals", "in", "present"]
    value: Scalar | tuple[Scalar, ...] | None = None

    @model_validator(mode="after")
    def _value_fits_the_operator(self) -> "Condition":
        if self.operator == "greater_than" and (isinstance(self.value, bool) or not isinstance(self.value, int)):
            raise ValueError("operator greater_than needs a whole number as value")
        if self.operator == "in" and not isinstance(self.value, tuple):
            raise ValueError("operator in needs a list as value")
        if self.operator in {"equals", "not_equals"} and (self.value is None or isinstance(self.value, tuple)):
            raise ValueError(f"operator {self.operator} needs one value")
        return self


class ForbiddenRule(BaseModel):
    """One forbidden kind of infrastructure. `types` are Terraform's resource types; all aliases are listed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[A-Z0-9-]+$")
    types: tuple[str, ...] = Field(min_length=1)
    reason: str
    condition: Condition | None = None
    when_unknown: Literal["block", "recheck_live"] = "block"
    """What to do with a value that a plan cannot show: block, or leave it to the live check after apply. In a rule for
    plans alone it is what AWS takes where nobody says otherwise."""
    applies: Literal["always", "after_teardown"] = "always"
    """`after_teardown`: a stack may hold it while it stands, and none may be left afterwards, whoever made it (TD5)."""


class PolicyException(BaseModel):
    """An allowed deviation, with a name and an end (never an override)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: Said
    resource: Said
    owner: Said
    reason: str = Field(min_length=10, pattern=r"\S")
    expires: date


class ForbiddenPolicy(BaseModel):
    """`include/policies/forbidden.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1]
    rules: tuple[ForbiddenRule, ...] = Field(min_length=1)
    in_plans: tuple[ForbiddenRule, ...] = ()
    """What no build may make, and no scan looks for by these rules: there tags and prices judge it, for the account may
    have it for others."""
    standard_support: dict[str, dict[Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?$")], date]] = {}
    """By engine of a database and major version the last day of its standard support."""
    watched: dict[str, Annotated[str, Field(min_length=10)]] = {}
    """Types that the live scan lists although no rule forbids them, each with the reason why none does."""

    @model_validator(mode="after")
    def _ids_are_unique(self) -> "ForbiddenPolicy":
        ids = [rule.id for rule in (*self.rules, *self.in_plans)]
        if len(set(ids)) != len(ids):
            raise ValueError("rule ids must be unique")
        return self

    @property
    def standing_rules(self) -> tuple[ForbiddenRule, ...]:
        """The rules that hold while stacks stand: for plans, and for what lives after an apply."""
        return tuple(rule for rule in self.rules if rule.applies == "always")

    @property
    def teardown_rules(self) -> tuple[ForbiddenRule, ...]:
        """The rules that hold after a teardown only."""
        return tuple(rule for rule in self.rules if rule.applies != "always")

    @property
    def plan_rules(self) -> tuple[ForbiddenRule, ...]:
        """The rules that a plan of a build is held against."""
        return (*self.standing_rules, *self.in_plans)

    def attributes_of(self, resource_type: str) -> tuple[str, ...]:
        """The attributes that some rule looks at live for a type: the only ones that facts may keep."""
        return _attributes(self.rules, resource_type)

    def plan_attributes_of(self, resource_type: str) -> tuple[str, ...]:
        """The same of a planned resource."""
        named = _attributes((*self.rules, *self.in_plans), resource_type)
        return tuple(sorted({*named, *SUPPORT_ATTRIBUTES})) if resource_type in SUPPORTED_TYPES else named


def _attributes(rules: tuple[ForbiddenRule, ...], resource_type: str) -> tuple[str, ...]:
    conditions = (rule.condition for rule in rules if resource_type in rule.types)
    return tuple(sorted({condition.attribute for condition in conditions if condition is not None}))


class AllowedTypesPolicy(BaseModel):
    """`include/policies/allowed_types.yaml`: per stack the resource types that it may hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1]
    stacks: dict[str, tuple[str, ...]]
    released: dict[str, tuple[str, ...]] = {}
    """Per stack the addresses, with every index, that a build may forget although the stack stays."""
    built: dict[str, dict[str, dict[AttributeName, Scalar]]] = {}
    """By stack and type the attributes that decide its price, as the stack builds it at rest."""

    @model_validator(mode="after")
    def _what_is_built_is_allowed(self) -> "AllowedTypesPolicy":
        for stack, kinds in self.built.items():
            for kind in kinds:
                if kind not in self.stacks.get(stack, ()):
                    raise ValueError(f"built: {kind} is no allowed type of stack {stack}")
        return self


class BilledService(BaseModel):
    """A service as Cost Explorer names it, and Terraform's types for which it charges."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: tuple[Said, ...] = Field(min_length=1)
    """AWS renames services; each name is the same service."""
    types: tuple[str, ...] = Field(min_length=1)
    everywhere: bool = False
    """It has no regions, or bills in regions of its own choice: a stack of the environment explains it in each."""


class BillPolicy(BaseModel):
    """`include/policies/bill.yaml`: what each charge of the bill is for (TD8)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1]
    services: tuple[BilledService, ...] = Field(min_length=1)
    apart: tuple[Said, ...] = ()
    """Charges that no resource makes: tax, support, Cost Explorer's own price."""

    @model_validator(mode="after")
    def _names_are_unique(self) -> "BillPolicy":
        names = [name for service in self.services for name in service.names] + list(self.apart)
        if len(set(names)) != len(names):
            raise ValueError("a name of a service must stand in one place only")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """The policies of an environment, loaded."""

    forbidden: ForbiddenPolicy
    allowed_types: AllowedTypesPolicy
    prices: PricePolicy
    bill: BillPolicy
    execution_role: ExecutionRolePolicy
