"""The digest of the policy under which a gate judges (EV4)."""

from typing import Any

from tidegate.evidence.canonical import digest_of
from tidegate.gates.base import Gate
from tidegate.lanes.run import LaneRun


def policy_digest(run: LaneRun, gate: Gate[Any]) -> str:
    """Digest of what the judgement depends on: the gate's version and its sections of manifest and policies (EV4)."""
    manifest = run.environment.model_dump(mode="json", by_alias=True)
    policies = {
        "policies.forbidden": run.policies.forbidden.model_dump(mode="json"),
        "policies.allowed_types": run.policies.allowed_types.model_dump(mode="json"),
    }
    sections = {name: policies[name] if name in policies else manifest[name] for name in gate.policy_sections}
    return digest_of({"gate": gate.id, "version": gate.version, "sections": sections})
