"""The statements of the execution role as data (`include/policies/execution_role.yaml`, ID3)."""

from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Conditions = dict[str, dict[str, str | tuple[str, ...]]]


class RoleStatement(BaseModel):
    """One statement. `$name` and the like are placeholders."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sid: str = Field(pattern=r"^[A-Za-z0-9]+$")
    effect: Literal["Allow", "Deny"] = "Allow"
    actions: tuple[str, ...] = Field(min_length=1)
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    conditions: Conditions = {}
    each_stack_with: str | None = None
    """A resource with `$stack` stands once for each stack that may hold this type."""

    @model_validator(mode="after")
    def _names_what_it_is_about(self) -> "RoleStatement":
        if bool(self.resources) is bool(self.not_resources):
            raise ValueError("a statement has either resources or not_resources")
        if self.not_resources and self.effect == "Allow":
            raise ValueError("only a Deny may have not_resources")
        if any("$stack" in it for it in (*self.resources, *self.not_resources)) is not bool(self.each_stack_with):
            raise ValueError("$stack in a resource and each_stack_with go together")
        return self

    def for_stacks(self, stacks: Sequence[str]) -> "RoleStatement":
        """Return the statement with its resources spelled out for these stacks (names with hyphens)."""
        if self.each_stack_with is None:
            return self
        return self.model_copy(
            update={
                "resources": _spelled_out(self.resources, stacks),
                "not_resources": _spelled_out(self.not_resources, stacks),
                "each_stack_with": None,
            }
        )

    def document(self) -> dict[str, Any]:
        """Return the statement as IAM spells it."""
        place = {"Resource": list(self.resources)} if self.resources else {"NotResource": list(self.not_resources)}
        condition = {"Condition": self.conditions} if self.conditions else {}
        return {"Sid": self.sid, "Effect": self.effect, "Action": list(self.actions), **place, **condition}


def _spelled_out(resources: Sequence[str], stacks: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        spelled
        for resource in resources
        for spelled in ([resource.replace("$stack", it) for it in stacks] if "$stack" in resource else [resource])
    )


class Grant(BaseModel):
    """What Terraform does with resources of one type. `$stack` stands for the stack's name with hyphens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    actions: tuple[str, ...] = Field(min_length=1)
    to_destroy: tuple[str, ...] = ()
    """Actions that only a stack gets which may be destroyed: of a persistent one the role can remove nothing."""
    resources: tuple[str, ...] = Field(min_length=1)
    within: tuple[str, ...] = ()
    """What AWS asks for besides the resources, because they lie in it. Alone it is a right to nothing."""
    conditions: Conditions = {}

    @model_validator(mode="after")
    def _is_about_the_stack_alone(self) -> "Grant":
        for resource in self.resources:
            if "$name-$stack" not in resource:
                raise ValueError(f"{resource} must name the stack's own resources, by $name-$stack")
        for place in self.within:
            if "*" in place:
                raise ValueError(f"{place}: what the resources lie in is one thing, named whole")
        for action in (*self.actions, *self.to_destroy):
            if "*" in action:
                raise ValueError(f"{action}: each action is named")
        return self

    def statement(self, sid: str, stack: str, *, destroyable: bool) -> RoleStatement:
        """Return the grant as a statement about one stack (its name with hyphens)."""
        return RoleStatement(
            sid=sid,
            actions=tuple(sorted((*self.actions, *self.to_destroy))) if destroyable else self.actions,
            resources=(*(it.replace("$stack", stack) for it in self.resources), *self.within),
            conditions=self.conditions,
        )


class DocumentTypes(BaseModel):
    """The resource types that a document is about; it grants all of them, for names that begin with `$name`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    only_for: tuple[str, ...] = ()
    """An environment has the document if one of its stacks may hold one of these. Empty: every environment has it."""
    also: tuple[str, ...] = ()
    """What it grants besides to whoever has it."""


class ExecutionRolePolicy(BaseModel):
    """`include/policies/execution_role.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["tidegate.execution_role/1"] = Field(alias="schema")
    documents: dict[str, tuple[RoleStatement, ...]] = Field(min_length=1, max_length=9)
    types: dict[str, DocumentTypes] = {}
    """By document. One that is not here is every environment's, and grants no type to a stack of one's own."""
    grants: dict[str, Annotated[tuple[Grant, ...], Field(min_length=1)]] = {}
    """By resource type, what a stack needs that may hold it where no document grants the type."""
    boundary: tuple[RoleStatement, ...] = Field(min_length=1)
    reader: tuple[RoleStatement, ...] = Field(min_length=1)
    """What the role of pages may do: read."""

    @model_validator(mode="after")
    def _types_are_those_of_documents(self) -> "ExecutionRolePolicy":
        unknown = sorted(set(self.types) - set(self.documents))
        if unknown:
            raise ValueError(f"types: {', '.join(unknown)} is no document")
        return self

    def documents_for(self, held: Collection[str]) -> dict[str, tuple[RoleStatement, ...]]:
        """Return the documents of an environment whose stacks may hold these types."""
        return {
            name: statements
            for name, statements in self.documents.items()
            if not (types := self.types.get(name, DocumentTypes()).only_for) or not set(types).isdisjoint(held)
        }

    def granted_by_documents(self, held: Collection[str]) -> frozenset[str]:
        """Return the types that these documents grant to any stack of such an environment."""
        has = self.documents_for(held)
        return frozenset(
            it for name, types in self.types.items() if name in has for it in (*types.only_for, *types.also)
        )
