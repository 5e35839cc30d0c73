"""The statements of the execution role as data (`include/policies/execution_role.yaml`, ID3)."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class RoleStatement(BaseModel):
    """One statement. `$name` and the like are placeholders."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sid: str = Field(pattern=r"^[A-Za-z0-9]+$")
    effect: Literal["Allow", "Deny"] = "Allow"
    actions: tuple[str, ...] = Field(min_length=1)
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    conditions: dict[str, dict[str, str | tuple[str, ...]]] = {}

    @model_validator(mode="after")
    def _names_what_it_is_about(self) -> "RoleStatement":
        if bool(self.resources) is bool(self.not_resources):
            raise ValueError("a statement has either resources or not_resources")
        if self.not_resources and self.effect == "Allow":
            raise ValueError("only a Deny may have not_resources")
        return self

    def document(self) -> dict[str, Any]:
        """Return the statement as IAM spells it."""
        place = {"Resource": list(self.resources)} if self.resources else {"NotResource": list(self.not_resources)}
        condition = {"Condition": self.conditions} if self.conditions else {}
        return {"Sid": self.sid, "Effect": self.effect, "Action": list(self.actions), **place, **condition}


class Grant(BaseModel):
    """What Terraform does with resources of one type. `$stack` stands for the stack's name with hyphens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    actions: tuple[str, ...] = Field(min_length=1)
    resources: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_about_the_stack_alone(self) -> "Grant":
        for resource in self.resources:
            if "$name-$stack" not in resource:
                raise ValueError(f"{resource} must name the stack's own resources, by $name-$stack")
        for action in self.actions:
            if "*" in action:
                raise ValueError(f"{action}: each action is named")
        return self


class ExecutionRolePolicy(BaseModel):
    """`include/policies/execution_role.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["tidegate.execution_role/1"] = Field(alias="schema")
    documents: dict[str, tuple[RoleStatement, ...]] = Field(min_length=1, max_length=9)
    grants: dict[str, tuple[Grant, ...]] = {}
    """By resource type, what a stack that may hold it needs; empty where `documents` grant it to every stack."""
    boundary: tuple[RoleStatement, ...] = Field(min_length=1)
    reader: tuple[RoleStatement, ...] = Field(min_length=1)
    """What the role of pages may do: read."""
