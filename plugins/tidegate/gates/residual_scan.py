"""RESIDUAL-SCAN. After a teardown nothing of the environment is left (TD5).

"Nothing" counts when two looks with a pause between them say so. What is left has a code by what holds it
(`rules_residual`): still deleting, undeletable for now, vendor-managed. The last is a blocker only when it costs: a
rule forbids it, or the price policy does not call its type free. A type without a price is never taken for free.
"""

from collections.abc import Iterator
from dataclasses import replace

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_coverage import coverage_blockers
from tidegate.gates.rules_findings import finding_blockers
from tidegate.gates.rules_forbidden import rules_blockers
from tidegate.gates.rules_log_groups import written_again_blockers
from tidegate.gates.rules_looks import UNCONFIRMED, twice_clean_blockers
from tidegate.gates.rules_residual import ephemeral_types_blockers, found_blockers
from tidegate.gates.rules_state import still_there_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.log_groups import LOG_GROUP
from tidegate.models.observed import Known
from tidegate.models.residual import ResidualFacts


def blockers(facts: ResidualFacts) -> Iterator[Blocker]:
    """The scan itself, what it found, what should be gone; nothing of it, two looks long."""
    told = tuple(
        each(
            coverage_blockers(facts.inventory),
            rules_blockers(facts.forbidden),
            ephemeral_types_blockers(facts),
            found_blockers(_without_written_logs(facts), facts.preserve_set),
            still_there_blockers(facts.destroyed_still_there, "destroy-set"),
            written_again_blockers(facts.log_groups, facts.name_prefix),
        )
    )
    found = each(told, finding_blockers(facts.findings, told, tearing_down=True))
    return twice_clean_blockers(found, facts.looks)


def _without_written_logs(facts: ResidualFacts) -> ResidualFacts:
    """Those have a story of their own: M9 removes them between two looks."""
    told = {it.name for it in facts.log_groups.value} if isinstance(facts.log_groups, Known) else set()
    found = tuple(it for it in facts.inventory.resources if it.type != LOG_GROUP or it.id not in told)
    return replace(facts, inventory=replace(facts.inventory, resources=found))


GATE = Gate(
    id="RESIDUAL-SCAN",
    title="Nothing is left over",
    owner="finops",
    requirements=("TD4", "TD5", "CO1", "CO2"),
    facts=ResidualFacts,
    blockers=blockers,
    policy_sections=(
        "region",
        "scan_regions",
        "stacks",
        "preserve",
        "policies.forbidden",
        "policies.allowed_types",
        "policies.prices",
        "deadlines",
        "exceptions",
    ),
    measured_codes=frozenset({"EXCEPTION-EXPIRED"}),
    version=4,
    transient_codes=frozenset({"RESIDUAL-DELETING", "LOG-GROUP-WRITTEN-AGAIN", "RESOURCE-STILL-THERE", UNCONFIRMED}),
    unconfirmed_code=UNCONFIRMED,
)
