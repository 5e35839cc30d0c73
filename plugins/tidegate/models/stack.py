"""One stack in the manifest: a Terraform root, what it takes as variables, and what it hands over.

A stack is this entry, a root and its allowed types. No Python knows a stack by name.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, model_validator

from tidegate.models.aws_names import BucketName, Region
from tidegate.models.field_error import FieldError
from tidegate.models.login import TERRAFORM_VARIABLE, ConnectionName, ConnectionVariables

StackName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,20}$")]
SecretName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", max_length=200)]
VariableName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
OutputAddress = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,20}\.[A-Za-z_][A-Za-z0-9_-]{0,99}$")]
"""`<stack>.<output>`."""
InputGroup = Literal[
    "common",
    "backend",
    "budget",
    "identity",
    "boundary",
    "parameters",
    "platform_run",
    "confluent",
]
"""A named set of variables that a root takes; docs/stacks.md lists what each holds."""

_TYPES: dict[str, type] = {"boolean": bool, "integer": int, "string": str}


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StackParam(_Section):
    """One field of M2's form. What a person gives becomes the variable of the same name."""

    type: Literal["boolean", "integer", "string"]
    default: StrictBool | StrictInt | StrictStr
    title: Annotated[str, Field(min_length=1, max_length=60)]
    help: Annotated[str, Field(min_length=1, max_length=300)]
    choices: tuple[StrictBool | StrictInt | StrictStr, ...] = ()
    """What may be given; empty: anything of the type."""

    @model_validator(mode="after")
    def _values_are_of_the_type(self) -> "StackParam":
        for value in (self.default, *self.choices):
            if type(value) is not _TYPES[self.type]:
                raise ValueError(f"{value!r} is not of type {self.type}")
        if self.choices and self.default not in self.choices:
            raise ValueError(f"the default {self.default!r} is not one of the choices")
        return self


class Stack(_Section):
    """One Terraform root. Backend settings given here override the shared ones (a gate checks that none diverges)."""

    root: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]*|\.{0,2}/[^\x00-\x1f]{1,400})$")]
    """A directory below include/terraform by its name, or a path elsewhere: absolute, or seen from the project's
    directory if it begins with `./` or `../`."""
    lifecycle: Literal["persistent", "ephemeral"]
    time_to_live: bool = True
    """Of an ephemeral stack: does it end by itself when its time is over? Else it goes when a teardown takes it."""
    identities: Literal["confluent"] | None = None
    """The platform that the stack's bill comes from besides AWS, where its terraform acts with the credentials of
    Confluent Cloud, and where a teardown looks for identities that were left behind (LC3)."""
    depends_on: tuple[StackName, ...] = ()
    contract: Literal["judged", "order_only"] = "judged"
    """`judged`: before the stack is planned, a lane of its own checks what its upstreams hand over. `order_only`: it is
    built after its upstreams and takes nothing of theirs."""
    contract_task: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,40}$")] | None = None
    """The name of that lane's task behind its letter. None: `<stack>_contract`."""
    destroyable: bool
    state_key: Annotated[str, Field(pattern=r"^[A-Za-z0-9_./-]+\.tfstate$")]
    state_bucket: BucketName | None = None
    lock_table: str | None = None
    region: Region | None = None
    use_lockfile: bool | None = None
    encrypt: bool | None = None
    inputs: tuple[InputGroup, ...] = ("common",)
    """Which groups of values the root takes as variables."""
    states: dict[VariableName, StackName] = {}
    """Upstream states that the root reads itself: `network: base` gives it the address of base's state as the variable
    `network_state`, and in a destroy what base handed over as `upstream_contract.network`."""
    outputs: dict[VariableName, OutputAddress] = {}
    """Variables that hold an output of an upstream stack, by name: `vpc_id: network.vpc_id`."""
    params: dict[VariableName, StackParam] = {}
    """Fields of M2's form, by name of the variable that each becomes."""
    connections: dict[ConnectionName, ConnectionVariables] = {}
    """Airflow connections whose login and password the stack's terraform gets, as environment variables."""
    required_outputs: tuple[str, ...] = ()
    required_secrets: tuple[SecretName, ...] = ()
    """SSM parameters that the stack writes, by name below `Environment.secrets_prefix`."""
    contract_source: Literal["remote_state", "manual"] = "remote_state"
    manual_contract_allowed: bool = False
    variables: dict[str, Any] = {}

    @property
    def root_path(self) -> str:
        """Where the root lies, as people write it."""
        return self.root if "/" in self.root else f"include/terraform/{self.root}"

    @property
    def secret_variables(self) -> tuple[str, ...]:
        """Variables of the root that come from connections: they have to be sensitive."""
        names = (name for each in self.connections.values() for name in each.names)
        return tuple(it.removeprefix(TERRAFORM_VARIABLE) for it in names if it.startswith(TERRAFORM_VARIABLE))

    @property
    def has_contract(self) -> bool:
        """Is what its upstreams hand over judged before it is planned (LC5)?"""
        return bool(self.depends_on) and self.contract == "judged"

    @property
    def changes_with_each_run(self) -> bool:
        """Does a value come from the run, so that a plan without one needs what the newest build recorded?"""
        return bool(self.params or self.outputs or self.states or "platform_run" in self.inputs)

    @model_validator(mode="after")
    def _persistent_is_never_destroyable(self) -> "Stack":
        if self.lifecycle == "persistent" and self.destroyable:
            raise FieldError("a persistent stack cannot be destroyable", "destroyable")
        return self

    @model_validator(mode="after")
    def _what_is_taken_is_judged(self) -> "Stack":
        takes = [*self.states, *self.outputs]
        if takes and not self.has_contract:
            raise FieldError(
                f"takes {', '.join(takes)} from its upstreams: name them in depends_on, and leave contract: judged",
                "states" if self.states else "outputs",
            )
        return self

    @model_validator(mode="after")
    def _a_variable_has_one_value(self) -> "Stack":
        seen: set[str] = set()
        secret = self.secret_variables
        given = [name for each in self.connections.values() for name in each.names]
        if len(set(given)) < len(given):
            raise FieldError("connections: two of them give the same variable", "connections")
        fields: tuple[tuple[str, Iterable[str]], ...] = (
            ("outputs", self.outputs),
            ("params", self.params),
            ("variables", self.variables),
            ("connections", secret),
        )
        for field, names in fields:
            twice = sorted(seen & set(names))
            if twice:
                at = (field,) if field == "connections" else (field, twice[0])
                raise FieldError(f"{field}: {', '.join(twice)} is given by another field already", *at)
            seen |= set(names)
        return self
