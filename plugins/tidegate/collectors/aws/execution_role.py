"""What IAM says of the execution role, compared with what its file asks for (ID3)."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.reading import NotThere, ask, every, field, names, observe, text
from tidegate.models.execution_role import ExecutionRole, differences
from tidegate.models.observed import Absent, Known, Observed
from tidegate.models.role_standing import RoleStanding, StandingDocument

T = TypeVar("T")

IAM_ACTIONS = (
    "iam:GetOpenIDConnectProvider",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRole",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
)

_NONE = ("NoSuchEntity", "NoSuchEntityException")


def collect_execution_role(clients: Clients, wanted: ExecutionRole) -> RoleStanding:
    """Ask IAM for the role, its identity provider, its boundary, and everything that is attached to it."""
    iam, name = clients.of("iam"), wanted.name
    role = observe(f"GetRole {name}", lambda: field(ask(iam.get_role, RoleName=name), "Role", dict), _NONE)
    attached = observe(f"ListAttachedRolePolicies {name}", lambda: _attached(iam, name), _NONE)
    inline = observe(f"ListRolePolicies {name}", lambda: _inline(iam, name), _NONE)
    boundary = _of_role(role, _boundary)
    documents = [
        StandingDocument(name="trust policy", differences=_of_role(role, lambda it: _trust(it, wanted))),
        *([] if wanted.provider_arn is None else [_provider(iam, wanted.provider_arn, wanted.audience)]),
    ]
    if isinstance(boundary, Known) and boundary.value == wanted.boundary_arn:
        documents.append(_document(iam, wanted.boundary_arn, wanted.boundary))
    for arn, document in wanted.policies.items():
        missing = isinstance(attached, Known) and arn not in attached.value
        documents.append(StandingDocument(name=arn, differences=Absent()) if missing else _document(iam, arn, document))
    return RoleStanding(
        role=wanted.arn,
        expected_boundary=wanted.boundary_arn,
        boundary=boundary,
        documents=tuple(documents),
        others=_others(attached, inline, wanted),
    )


def _of_role(role: Observed[dict[str, Any]], read: Callable[[Mapping[str, Any]], T]) -> Observed[T]:
    return observe("GetRole", lambda: read(role.value)) if isinstance(role, Known) else role


def _boundary(role: Mapping[str, Any]) -> str:
    if "PermissionsBoundary" not in role:
        raise NotThere
    return text(role, "PermissionsBoundary.PermissionsBoundaryArn")


def _trust(role: Mapping[str, Any], wanted: ExecutionRole) -> tuple[str, ...]:
    return differences(field(role, "AssumeRolePolicyDocument", dict), wanted.trust)


def _provider(iam: Any, arn: str, audience: str) -> StandingDocument:
    """It may be shared: audiences of others are no difference."""

    def read() -> tuple[str, ...]:
        audiences = field(ask(iam.get_open_id_connect_provider, OpenIDConnectProviderArn=arn), "ClientIDList", list)
        return () if audience in audiences else (f"lacks the audience {audience}",)

    return StandingDocument(name=arn, differences=observe(f"GetOpenIDConnectProvider {arn}", read, _NONE))


def _document(iam: Any, arn: str, wanted: str) -> StandingDocument:
    def read() -> tuple[str, ...]:
        version = text(ask(iam.get_policy, PolicyArn=arn), "Policy.DefaultVersionId")
        answer = ask(iam.get_policy_version, PolicyArn=arn, VersionId=version)
        return differences(field(answer, "PolicyVersion.Document", dict), wanted)

    return StandingDocument(name=arn, differences=observe(f"GetPolicyVersion {arn}", read, _NONE))


def _attached(iam: Any, role: str) -> tuple[str, ...]:
    found = every(iam.get_paginator("list_attached_role_policies").paginate(RoleName=role), "AttachedPolicies")
    return tuple(text(each, "PolicyArn") for each in found)


def _inline(iam: Any, role: str) -> tuple[str, ...]:
    return tuple(names(iam.get_paginator("list_role_policies").paginate(RoleName=role), "PolicyNames"))


def _others(
    attached: Observed[tuple[str, ...]], inline: Observed[tuple[str, ...]], wanted: ExecutionRole
) -> Observed[tuple[str, ...]]:
    if not isinstance(attached, Known):
        return attached
    if not isinstance(inline, Known):
        return inline
    besides = [arn for arn in attached.value if arn not in wanted.policies]
    return Known((*besides, *(f"inline policy {name}" for name in inline.value)))
