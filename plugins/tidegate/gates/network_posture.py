"""NETWORK-POSTURE. Nothing forbidden runs, asked live in every region, whatever the plan promised (CO1)."""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_coverage import coverage_blockers
from tidegate.gates.rules_forbidden import expired_blocker, finding_blocker, judge, rules_blockers
from tidegate.gates.rules_live_remedy import way_out
from tidegate.models.blocker import Blocker
from tidegate.models.inventory import PostureFacts


def blockers(facts: PostureFacts) -> Iterator[Blocker]:
    """Holes in the scan, then every live resource that a rule forbids or cannot judge."""
    return each(coverage_blockers(facts.inventory), rules_blockers(facts.forbidden), _forbidden(facts))


def _forbidden(facts: PostureFacts) -> Iterator[Blocker]:
    for resource in facts.inventory.resources:
        name = f"{resource.type} {resource.id} {resource.region}"
        verdict = judge(
            resource.type,
            resource.attributes,
            key=resource.id,
            rules=facts.forbidden,
            exceptions=facts.exceptions,
            today=facts.today,
        )
        for finding in verdict.findings:
            yield finding_blocker(
                finding,
                forbidden_code="FORBIDDEN-LIVE",
                resource=name,
                remedy=way_out(resource, facts.owners, tearing_down=False),
            )
        for exception in verdict.expired:
            yield expired_blocker(exception, resource=name, today=facts.today)


GATE = Gate(
    id="NETWORK-POSTURE",
    title="No NAT gateway, no load balancer, nothing always on",
    owner="finops",
    requirements=("CO1", "CO2", "TD5"),
    facts=PostureFacts,
    blockers=blockers,
    policy_sections=("region", "scan_regions", "stacks", "policies.forbidden", "exceptions"),
    measured_codes=frozenset({"EXCEPTION-EXPIRED"}),
)
