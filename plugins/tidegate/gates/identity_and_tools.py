"""IDENTITY-AND-TOOLS. Nothing starts but with an assumed role of the right account, and the right Terraform."""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_execution_role import ROLE_SECTIONS, standing_role_blockers
from tidegate.gates.rules_identity import IDENTITY_SECTIONS, identity_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.identity import IdentityFacts


def blockers(facts: IdentityFacts) -> Iterator[Blocker]:
    """Yield a blocker for every part of the identity, the endpoints or the tools that does not fit the manifest."""
    return each(identity_blockers(facts.caller, facts.tools), standing_role_blockers(facts.role))


GATE = Gate(
    id="IDENTITY-AND-TOOLS",
    title="The caller assumed the environment's role, and the tools are the accepted ones",
    owner="platform",
    requirements=("ID1", "ID2", "ID3"),
    facts=IdentityFacts,
    blockers=blockers,
    policy_sections=(*IDENTITY_SECTIONS, *ROLE_SECTIONS),
    version=2,
)
