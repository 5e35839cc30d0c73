"""The teardown proof: every source snapshot by URI, version and digest (TD7)."""

from dataclasses import dataclass
from datetime import datetime

from tidegate.models.facts import Facts
from tidegate.models.findings import FindingFacts
from tidegate.models.inventory import NotScanned
from tidegate.models.observed import Observed


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotReference:
    """A snapshot as it lies in the store."""

    gate: str
    lane: str
    uri: str
    version_id: str | None
    sha256: str
    status: str
    overall_pass: bool
    valid_until: datetime
    policy_digest: str
    policy_digest_today: str
    """Of manifest and policies as they were when the proof was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeardownProofFacts(Facts):
    """Facts of M9.H."""

    platform_run: str | None
    targets: tuple[str, ...]
    """The stacks that this run tore down."""
    required_lanes: tuple[str, ...]
    references: tuple[SnapshotReference, ...]
    ephemeral_state_counts: dict[str, Observed[int]]
    """Resources in the state of each ephemeral stack, a target or not."""
    platform_run_stays_open_for: tuple[str, ...] = ()
    """Stacks that still stand, or of which nobody can tell: the platform run is closed only when there is none."""
    scanned: tuple[str, ...] = ()
    """Type x region that the residual scan of this run read."""
    not_scanned: tuple[NotScanned, ...] = ()
    """What it did not look at, with the reason: of that the proof says nothing."""
    findings: FindingFacts | None = None
    """None in evidence of versions that kept none."""
