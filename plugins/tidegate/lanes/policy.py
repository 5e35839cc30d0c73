"""The digest of the policy under which a gate judges (EV4)."""

from typing import Any

from tidegate.evidence import derived
from tidegate.gates.base import Gate
from tidegate.lanes.run import LaneRun


def policy_digest(run: LaneRun, gate: Gate[Any]) -> str:
    """Digest of what the judgement depends on: the gate's version and its sections of manifest and policies (EV4)."""
    return derived.policy_digest(
        run.environment, run.policies, gate=gate.id, version=gate.version, sections=gate.policy_sections
    )
