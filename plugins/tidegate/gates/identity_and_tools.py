"""IDENTITY-AND-TOOLS. Nothing starts but with an assumed role of the right account, the right Terraform, and prices."""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_execution_role import ROLE_SECTIONS, standing_role_blockers
from tidegate.gates.rules_identity import IDENTITY_SECTIONS, identity_blockers
from tidegate.gates.rules_region_prices import region_price_blockers, stand_in_price_blockers
from tidegate.gates.rules_remedies import SAME_DAG, manifest
from tidegate.gates.rules_version import NEWEST_TESTED, admits_untested, parse_constraint
from tidegate.models.blocker import Blocker
from tidegate.models.identity import IdentityFacts, Tools
from tidegate.models.remedy import Remedy


def blockers(facts: IdentityFacts) -> Iterator[Blocker]:
    """Yield a blocker for whatever does not fit of identity, endpoints and tools, and for each type without a price."""
    return each(
        identity_blockers(facts.caller, facts.tools),
        standing_role_blockers(facts.role),
        _upper_bound(facts.tools),
        region_price_blockers(facts),
        stand_in_price_blockers(facts),
    )


def _upper_bound(tools: Tools) -> Iterator[Blocker]:
    """A Terraform of the future may lack what the stacks need, the lock table first, and then nothing can be torn down.

    Asked here alone: it is about the manifest, and no reason to hold up a teardown.
    """
    try:
        constraint = parse_constraint(tools.terraform_required)
    except ValueError:
        return  # said by the rules of identity and tools
    admitted = admits_untested(constraint)
    if admitted is not None:
        newest = ".".join(map(str, NEWEST_TESTED))
        yield Blocker(
            code="TERRAFORM-BOUND-UNTESTED",
            summary="the manifest admits a Terraform that is newer than any that tidegate was tested with",
            resource="terraform_version",
            observed=f"{tools.terraform_required} admits {'.'.join(map(str, admitted))}",
            expected=f"an upper bound of {newest}, as in < {NEWEST_TESTED[0]}.{NEWEST_TESTED[1] + 1}.0",
            remedy=Remedy.of(manifest("terraform_version", why="no minor version above the newest tested"), SAME_DAG),
        )


GATE = Gate(
    id="IDENTITY-AND-TOOLS",
    title="The caller assumed the environment's role, and the tools are the accepted ones",
    owner="platform",
    requirements=("ID1", "ID2", "ID3", "CO6"),
    facts=IdentityFacts,
    blockers=blockers,
    policy_sections=(
        *IDENTITY_SECTIONS,
        *ROLE_SECTIONS,
        *("stacks", "policies.allowed_types", "policies.prices"),
    ),
    version=3,
)
