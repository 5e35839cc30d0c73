"""What bears the tags of the ephemeral stacks and no listing, no state and nobody's will to preserve it explains (TD8).

The tagging API names what is gone for a while. So what answers that it is gone is nothing, and what nobody can ask is
said with the doubt.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import DESCRIBE, FINDER
from tidegate.models.blocker import Blocker
from tidegate.models.inventory import Inventory
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.ownership import OwnedState
from tidegate.models.plan import PreserveItem
from tidegate.models.remedy import Clear, Person, Remedy, Wait
from tidegate.models.state import StateResource
from tidegate.models.tagged import TaggedResource

Tagged = dict[str, Observed[tuple[TaggedResource, ...]]]

_ONE_TYPE = {"aws_vpc_security_group_egress_rule": "aws_vpc_security_group_ingress_rule"}
"""Types that AWS tells apart by no ARN."""

_KNOWN_BY_ADDRESS = frozenset({"aws_sqs_queue"})
"""Types that a state knows by an address. Its host depends on the endpoint that was asked; account and name follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Who may rightly have what bears the tags."""

    states: tuple[OwnedState, ...]
    region: str
    """Where the states' resources stand."""
    preserved: tuple[PreserveItem, ...]

    def by(self, resource: TaggedResource) -> str:
        """The stack whose state holds it, or why it stays; empty when nothing explains it."""
        here = resource.region == self.region
        names = {resource.id, resource.arn} if here else {resource.arn}
        for state in self.states:
            for held in state.resources.value if isinstance(state.resources, Known) else ():
                same = not resource.type or _ONE_TYPE.get(held.type, held.type) == resource.type
                if same and (held.id in names or (here and _is_one_address(held, resource))):
                    return state.stack
        for item in self.preserved:
            if item.id in names and (not resource.type or item.type == resource.type):
                return "preserve-set"
        return ""


def _is_one_address(held: StateResource, resource: TaggedResource) -> bool:
    """Do both addresses lead to one thing, whatever their hosts?"""
    return resource.type in _KNOWN_BY_ADDRESS and held.id.split("/")[-2:] == resource.id.split("/")[-2:]


def net_blockers(tagged: Tagged, inventory: Inventory) -> Iterator[Blocker]:
    """Every region of the scan in which the tagging API gave no answer.

    Absent: an explicit deny of the organisation closes it there, which counts beyond the manifest's regions only.
    """
    regions = dict.fromkeys(each.subject.rpartition("@")[2] for each in inventory.coverage if each.status == "read")
    for region in (*regions, *(region for region in tagged if region not in regions)):
        answer = tagged.get(region, Unreadable("nobody asked"))
        if isinstance(answer, Known) or (isinstance(answer, Absent) and region in inventory.beyond):
            continue
        yield unusable(
            answer,
            Need(
                stem="TAGGED",
                what="what bears the environment's tags",
                resource=f"tag GetResources {region}",
                expected="a list",
                remedy=DESCRIBE,
            ),
        )


def tagged_blockers(tagged: Tagged, explained: Explained, told: Iterable[str]) -> Iterator[Blocker]:
    """What stands, or may stand, and nothing explains. Not for what is `told` already, by its name."""
    names = set(told)
    for answer in tagged.values():
        for resource in answer.value if isinstance(answer, Known) else ():
            if resource.name not in names and not explained.by(resource):
                yield from _unexplained(resource)


def _unexplained(resource: TaggedResource) -> Iterator[Blocker]:
    there = resource.there
    if there == Known(False):
        return
    if not isinstance(there, Known | Absent):
        yield unusable(
            there,
            Need(
                stem="TAGGED-RESOURCE",
                what="whether something that bears the environment's tags stands",
                resource=resource.name,
                expected="that it stands, or that it is gone",
                remedy=DESCRIBE,
            ),
        )
        return
    yield Blocker(
        code="TAGGED-BESIDE-LISTINGS",
        summary="something bears the tags of the ephemeral stacks, and no listing, no state and no preserve-set has it",
        resource=resource.name,
        observed=f"{resource.arn}; " + ("it answers" if there == Known(True) else "no way to ask whether it stands"),
        expected="in the state of a stack, or gone",
        remedy=_way(resource.arn, resource.region, answers=there == Known(True)),
    )


def _way(arn: str, region: str, *, answers: bool) -> Remedy:
    if not answers:
        return Remedy.of(
            Person(FINDER, f"look for {arn} in {region}: remove it, or take the tag lifecycle off where it shall stay"),
            Clear(),
            alternative=(Wait("the tagging API has forgotten it, where it is gone already"), Clear()),
            note="No state holds it: M9 will not remove it",
        )
    return Remedy.of(
        Person(FINDER, f"remove {arn} in {region}, or take the tag lifecycle off where it shall stay"),
        Clear(),
        note="No state holds it: M9 will not remove it",
    )
