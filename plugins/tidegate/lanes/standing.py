"""What is deployed on each platform of the cost scope, for pricing (CO6)."""

from datetime import datetime

from tidegate.collectors.aws.inventory import collect_inventory
from tidegate.collectors.confluent.clusters import collect_clusters, unread
from tidegate.gates.base import MAX_FACT_AGE
from tidegate.lanes.confluent import confluent_api
from tidegate.lanes.guards import handed_over_facts
from tidegate.lanes.run import LaneRun
from tidegate.models.inventory import Inventory, PostureFacts
from tidegate.models.observed import Known, Observed
from tidegate.models.residual import ResidualFacts

_RESIDUAL_TASK = "f_residual_scan"
_POSTURE_TASK = "c_network_posture"


def read_inventories(run: LaneRun, observed_at: datetime) -> dict[str, Inventory]:
    """What is deployed on each platform now: AWS always, Confluent if it is in the cost scope.

    AWS is not scanned again if this run has just done so. Never raises for what a platform answers: the coverage names
    what could not be read.
    """
    found = {"aws": _aws(run, observed_at)}
    if "confluent" in run.environment.cost_scope:
        found["confluent"] = _confluent(run)
    return found


def _aws(run: LaneRun, observed_at: datetime) -> Inventory:
    scanned = _scanned_in_this_run(run)
    if isinstance(scanned, Known):
        facts = scanned.value
        # A lane that is cleared on its own finds what an earlier one of the run left, however long ago that was.
        if abs(observed_at - facts.observed_at) <= MAX_FACT_AGE:
            return facts.inventory
    return collect_inventory(
        run.clients,
        run.environment,
        run.environment.scan_regions,
        run.policies.forbidden,
        observed_at,
        run.policies.prices,
    )


def _scanned_in_this_run(run: LaneRun) -> Observed[ResidualFacts] | Observed[PostureFacts] | None:
    match run.phase:
        case "m9":
            return handed_over_facts(run, _RESIDUAL_TASK, ResidualFacts)
        case "audit":
            return handed_over_facts(run, _POSTURE_TASK, PostureFacts)
        case _:
            return None


def _confluent(run: LaneRun) -> Inventory:
    with confluent_api(run) as api:
        if isinstance(api, Known):
            return collect_clusters(api.value, run.policies.prices)
        return unread(api.reason)
