"""The execution role as it stands beside what the account's owner must have given it (ID3)."""

from dataclasses import dataclass

from tidegate.models.observed import Observed


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingDocument:
    """One policy document, or the identity provider: what differs from what was asked for; empty where nothing does."""

    name: str
    """ARN of the policy or identity provider, or `trust policy`."""
    differences: Observed[tuple[str, ...]]
    """Absent: there is no such document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleStanding:
    """What IAM says of the role."""

    role: str
    """Its ARN."""
    expected_boundary: str
    boundary: Observed[str]
    """ARN of its permissions boundary. Absent: it has none."""
    documents: tuple[StandingDocument, ...]
    """Trust, identity provider, boundary, and every policy that must be attached."""
    others: Observed[tuple[str, ...]]
    """What is attached beside them: ARNs of managed policies, names of inline ones."""
