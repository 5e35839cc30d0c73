"""The execution role may do what its file says, within its boundary, and nothing else is attached (ID3, AN4).

AWS cannot tell one lane from another: a role that could change itself would be bound by nothing.
"""

from collections.abc import Iterator

from tidegate.gates.rules_remedies import GIVE_THE_ROLE, allow
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known, Observed, shown
from tidegate.models.role_standing import RoleStanding, StandingDocument

ROLE_SECTIONS = ("policies.execution_role", "oidc", "project", "backend", "evidence", "work", "budget")
"""Manifest sections that these rules depend on."""

_READ = allow("read itself and its own policies (GuardsReadTheRole, GuardsReadItsPolicies, GuardsReadItsProvider)")


def standing_role_blockers(role: Observed[RoleStanding]) -> Iterator[Blocker]:
    """The same of a role that was looked at; nothing of one that was not."""
    if isinstance(role, Known):
        yield from execution_role_blockers(role.value)


def execution_role_blockers(standing: RoleStanding) -> Iterator[Blocker]:
    """Block for a missing or foreign boundary, for every document that differs, and for what is attached besides."""
    yield from _boundary(standing)
    for document in standing.documents:
        yield from _document(standing, document)
    if not isinstance(standing.others, Known):
        yield _unreadable(standing, "what is attached to the role", standing.others)
    elif standing.others.value:
        yield Blocker(
            code="EXECUTION-ROLE-DIFFERS",
            summary="more is attached to the execution role than it needs",
            resource=standing.role,
            observed=", ".join(standing.others.value),
            expected="the policies of include/policies/execution_role.yaml and no other",
            remedy=GIVE_THE_ROLE,
        )


def _boundary(standing: RoleStanding) -> Iterator[Blocker]:
    boundary = standing.boundary
    if isinstance(boundary, Absent) or (isinstance(boundary, Known) and boundary.value != standing.expected_boundary):
        yield Blocker(
            code="EXECUTION-ROLE-UNBOUNDED",
            summary="nothing keeps the execution role, and the roles that it makes, within its policies",
            resource=standing.role,
            observed=boundary.value if isinstance(boundary, Known) else "no permissions boundary",
            expected=standing.expected_boundary,
            remedy=GIVE_THE_ROLE,
        )
    elif not isinstance(boundary, Known):
        yield _unreadable(standing, "the permissions boundary of the role", boundary)


def _document(standing: RoleStanding, document: StandingDocument) -> Iterator[Blocker]:
    differences = document.differences
    if isinstance(differences, Known) and not differences.value:
        return
    if not isinstance(differences, Known | Absent):
        yield _unreadable(standing, document.name, differences)
        return
    yield Blocker(
        code="EXECUTION-ROLE-DIFFERS",
        summary="the execution role may do something else than the lanes need",
        resource=document.name,
        observed="not there, or not attached" if isinstance(differences, Absent) else "; ".join(differences.value),
        expected="as include/policies/execution_role.yaml says",
        remedy=GIVE_THE_ROLE,
    )


def _unreadable(standing: RoleStanding, what: str, observed: Observed[object]) -> Blocker:
    return Blocker(
        code="EXECUTION-ROLE-UNREADABLE",
        summary="nobody can tell what the execution role may do",
        resource=standing.role,
        observed=f"{what}: {shown(observed)}",
        expected="the role, its boundary and its policies, read",
        remedy=_READ,
    )
