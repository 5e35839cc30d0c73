"""A cost scope may grow; taking a platform out of it again is an exception with owner, reason and end (EV4, IN4)."""

from collections.abc import Iterator

from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import SAME_DAG, allow, manifest
from tidegate.models.blocker import Blocker
from tidegate.models.cost import PLATFORMS, CostFacts
from tidegate.models.observed import Known
from tidegate.models.remedy import Remedy

NARROWED = "COST-SCOPE-NARROWED"
"""Code of the blocker, and rule of the exception that lifts it; its resource is the platform that is left out."""

_EXCEPTION = Remedy.of(
    manifest("cost_scope", why="with the platform that was in it"),
    SAME_DAG,
    alternative=(
        manifest("exceptions", why="rule COST-SCOPE-NARROWED, the platform as resource, owner, reason, expires"),
        SAME_DAG,
    ),
)


def narrowed_blockers(facts: CostFacts) -> Iterator[Blocker]:
    """Block for each platform that was in the scope before, or may have been, and is not now.

    Where the earlier scopes cannot be read every platform may have been in them.
    """
    today = facts.observed_at.date()
    before = facts.widest_scope.value if isinstance(facts.widest_scope, Known) else PLATFORMS
    for platform in before:
        if platform in facts.cost_scope:
            continue
        named = [it for it in facts.exceptions if it.rule == NARROWED and it.resource == platform]
        if any(today <= exception.expires for exception in named):
            continue
        if isinstance(facts.widest_scope, Known):
            yield Blocker(
                code=NARROWED,
                summary="a platform whose cost was judged before has been taken out of the scope",
                resource=platform,
                observed=", ".join(facts.cost_scope) or "no platform",
                expected=", ".join(before),
                remedy=_EXCEPTION,
            )
        else:
            need = Need(
                stem="COST-SCOPE-HISTORY",
                what="the scope of earlier cost guardrails",
                resource=platform,
                expected="the snapshots of every M9.G of this environment, or a scope that leaves no platform out",
                remedy=Remedy.of(
                    *allow("read evidence/<environment>/run_control in the evidence bucket").steps,
                    alternative=_EXCEPTION.steps,
                ),
            )
            yield unusable(facts.widest_scope, need)
        for exception in named:
            yield Blocker(
                code="EXCEPTION-EXPIRED",
                summary=f"the exception of {exception.owner} from rule {exception.rule} has run out",
                resource=platform,
                observed=f"expired {exception.expires.isoformat()}, today {today.isoformat()}",
                expected="an exception that is still running, or none needed",
                remedy=Remedy.of(manifest("exceptions", why="let its owner renew the entry, or remove it"), SAME_DAG),
            )
