"""What became of the environment, in one sentence: a green run never hides what is still deployed (RE6)."""

from dataclasses import replace
from decimal import Decimal

from tidegate.collectors.aws.state import StateRead, read_state
from tidegate.cost.run_rate import run_rate
from tidegate.gates.phase_verdict import lane_status
from tidegate.lanes.frozen import SCOPE_TASK, count_of
from tidegate.lanes.guards import handed_over_facts
from tidegate.lanes.run import LaneRun
from tidegate.lanes.targets import asked_for
from tidegate.models.cost import CostFacts
from tidegate.models.inventory import Inventory
from tidegate.models.observed import Known, Observed, Unreadable, shown
from tidegate.models.plan import TeardownScopeFacts
from tidegate.models.verdict import StandingStack, VerdictFacts

_COST_TASK = "g_cost_guardrail"
_PROOF_TASK = "h_teardown_proof"


def with_outcome(run: LaneRun, facts: VerdictFacts) -> VerdictFacts:
    """The facts of a verdict with what is still deployed and a sentence about it: for a teardown, and for a stack that
    was repaired alone.
    """
    alone = asked_for(run)
    if alone != "all":
        said = f"{alone} alone was looked at and repaired where it drifted; this is no build, and opens no platform run"
        return replace(facts, counts_as_build=False, outcome=said)
    if facts.phase != "m9":
        return facts
    frozen = handed_over_facts(run, SCOPE_TASK, TeardownScopeFacts)
    if not isinstance(frozen, Known):
        return replace(facts, outcome="nothing was frozen, so nothing was destroyed")
    standing = tuple(_standing(run))
    targets = tuple(scope.stack for scope in frozen.value.stacks)
    return replace(facts, standing=standing, outcome=outcome(facts, targets, standing))


def outcome(facts: VerdictFacts, targets: tuple[str, ...], standing: tuple[StandingStack, ...]) -> str:
    """`demo is gone and proven; still deployed: confluent (11 resources, 0.05 USD/h); the platform run stays open`."""
    left = {it.stack for it in standing}
    gone = [stack for stack in targets if stack not in left]
    proven = any(lane.task == _PROOF_TASK and lane_status(lane) == "pass" for lane in facts.lanes)
    said = []
    if gone:
        said.append(f"{_listed(gone)} {'is' if len(gone) == 1 else 'are'} gone and {'' if proven else 'NOT '}proven")
    if standing:
        said.append("still deployed: " + ", ".join(_said(it) for it in standing))
    closed = proven and not standing
    said.append("the platform run is closed" if closed else "the platform run stays open")
    return "; ".join(said)


def _standing(run: LaneRun) -> list[StandingStack]:
    """Every destroyable stack whose state is not known to be empty, downstream first."""
    cost = handed_over_facts(run, _COST_TASK, CostFacts)
    found = []
    for stack in run.environment.destroyable_stacks:
        state = read_state(run.clients, run.environment, stack)
        count = count_of(state.resources)
        if count != Known(0):
            rate = _rate(run, stack, state, cost.value.inventories) if isinstance(cost, Known) else _unpriced()
            found.append(StandingStack(stack=stack, resources=count, usd_per_hour=rate))
    return found


def _rate(run: LaneRun, stack: str, state: StateRead, inventories: dict[str, Inventory]) -> Observed[Decimal]:
    """The hourly price of the scanned resources in the stack's state. Of a stack at Confluent, everything there."""
    if not isinstance(state.resources, Known):
        return Unreadable("its state cannot be read")
    at_confluent = run.environment.stacks[stack].identities == "confluent"
    if at_confluent and "confluent" not in inventories:
        return Unreadable("its platform is not in the cost scope")
    ids = {(resource.type, resource.id) for resource in state.resources.value}
    names = {id_ for _, id_ in ids}
    total, seen = Decimal(0), False
    for platform, inventory in inventories.items():
        seen = True
        for line in run_rate(inventory, run.policies.prices).lines:
            if (
                (line.resource.type, line.resource.id) in ids
                or line.resource.id in names
                or (platform == "confluent" and at_confluent)
            ):
                total += line.pricing.at_least
    return Known(total) if seen else _unpriced()


def _unpriced() -> Unreadable:
    return Unreadable("nothing was priced in this run")


def _said(it: StandingStack) -> str:
    rate = f"{it.usd_per_hour.value:.3f} USD/h" if isinstance(it.usd_per_hour, Known) else "USD/h not known"
    return f"{it.stack} ({shown(it.resources)} resources, {rate})"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
