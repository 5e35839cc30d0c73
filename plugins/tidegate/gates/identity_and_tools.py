"""IDENTITY-AND-TOOLS. Nothing starts but with an assumed role of the right account, the right Terraform, and prices."""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_identity import IDENTITY_SECTIONS, identity_blockers
from tidegate.gates.rules_region_prices import region_price_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.identity import IdentityFacts


def blockers(facts: IdentityFacts) -> Iterator[Blocker]:
    """Yield a blocker for whatever does not fit of identity, endpoints and tools, and for each type without a price."""
    return each(identity_blockers(facts.caller, facts.tools), region_price_blockers(facts))


GATE = Gate(
    id="IDENTITY-AND-TOOLS",
    title="The caller assumed the environment's role, and the tools are the accepted ones",
    owner="platform",
    requirements=("ID1", "ID2", "ID3", "CO6"),
    facts=IdentityFacts,
    blockers=blockers,
    policy_sections=(*IDENTITY_SECTIONS, "stacks", "policies.allowed_types", "policies.prices"),
)
