"""The audit's second safety net: resources with the tags of the ephemeral stacks, and whether they exist."""

from dataclasses import replace

from tidegate.collectors.aws.inventory.beyond import closing_deny
from tidegate.collectors.aws.tagged import asked_live, tagged_in
from tidegate.gates.rules_tagged import Explained, Tagged
from tidegate.lanes.run import LaneRun
from tidegate.models.inventory import Inventory, NotScanned
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.ownership import OwnedState
from tidegate.models.plan import PreserveItem
from tidegate.models.residual import ScanFacts


def tagged_facts(
    run: LaneRun, scan: ScanFacts, states: tuple[OwnedState, ...], preserved: tuple[PreserveItem, ...]
) -> tuple[Tagged, Inventory]:
    """By region, the tagged resources that no listing covers, checked live if nothing explains them; the scan; its
    limits.

    Only regions where the scan read anything are asked: for the others the scan itself says that it could not look.
    """
    inventory = scan.inventory
    read = (each.subject.rpartition("@")[2] for each in inventory.coverage if each.status == "read")
    explained = Explained(states=states, region=run.environment.region, preserved=preserved)
    allowed = run.policies.allowed_types.stacks
    held = {kind for stack in run.environment.stacks for kind in allowed.get(stack, ())}
    tagged = tagged_in(run.clients, read, scan.environment_tags, held)
    limits = []
    for region, answer in tagged.items():
        if isinstance(answer, Known):
            unclear = [it for it in answer.value if not explained.by(it)]
            there = asked_live(run.clients, unclear, region) if unclear else {}
            tagged[region] = Known(tuple(replace(it, there=there.get(it, it.there)) for it in answer.value))
        elif region in inventory.beyond and isinstance(answer, Unreadable) and (reason := closing_deny(answer)):
            tagged[region] = Absent()
            limits.append(NotScanned(subject=f"tag:GetResources@{region}", reason=f"closed there ({reason})"))
    return tagged, replace(inventory, not_scanned=(*inventory.not_scanned, *limits))
