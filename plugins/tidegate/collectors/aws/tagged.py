"""What bears some tags, region by region, asked of AWS's tagging API (Resource Groups Tagging).

It is the second net: it knows services that no listing asks. It is no first one: it names what is gone for a while, and
inactive task definitions for ever, and it knows nothing of what never bore a tag.
"""

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from tidegate.collectors.aws.arns import named_by
from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.inventory import ANSWERED_BY, LISTINGS
from tidegate.collectors.aws.inventory.listing import tags_of
from tidegate.collectors.aws.lookup import GRANTED_WITH_THE_TYPE, QUESTIONS, still_there
from tidegate.collectors.aws.reading import MalformedAnswer, every, observe, text
from tidegate.models.observed import Absent, Known, Observed, Unreadable, shown
from tidegate.models.state import StateResource
from tidegate.models.tagged import TaggedResource

IAM_ACTIONS: tuple[str, ...] = ("tag:GetResources",)

PARTLY_LISTED = frozenset({"aws_cloudwatch_log_group", "aws_ssm_parameter"})
"""Types whose listing shows only what bears the environment's name or path: of the others only tags can tell."""

NEVER_LEFT = {
    "ec2:network-interface": "a part of what it is attached to; by itself it costs nothing",
    "ecs:task-definition": "ECS keeps every revision for ever, and none costs anything",
}
"""Kinds of ARN that are no leftover, whatever tags they bear, each with the reason."""

REGIONS_AT_ONCE = 4


def tagged_in(
    clients: Clients, regions: Iterable[str], tags: Mapping[str, str], held: Collection[str] = ()
) -> dict[str, Observed[tuple[TaggedResource, ...]]]:
    """By region what bears all of these tags and is no listing's to tell. Nobody has asked for it live yet.

    `held`: types that stacks of the environment may hold. What the role may ask about for these alone has no type here
    where none may hold it.
    """
    asked = tuple(dict.fromkeys(regions))
    strange = GRANTED_WITH_THE_TYPE.difference(held)
    with ThreadPoolExecutor(max_workers=REGIONS_AT_ONCE) as pool:
        return dict(zip(asked, pool.map(lambda region: _in(clients, region, tags, strange), asked), strict=True))


def asked_live(
    clients: Clients, resources: Collection[TaggedResource], region: str
) -> dict[TaggedResource, Observed[bool]]:
    """Does each of these, all of one region, answer? Absent where nobody knows how to ask."""
    answers: dict[TaggedResource, Observed[bool]] = {it: Absent() for it in resources}
    with clients.apart(region) as own:
        for resource in resources:
            if resource.type in QUESTIONS:
                wanted = (StateResource(address=resource.type, type=resource.type, id=resource.id),)
                there = still_there(own, wanted)
                answers[resource] = Known(bool(there.value)) if isinstance(there, Known) else _unread(there)
    return answers


def _unread(answer: Observed[tuple[StateResource, ...]]) -> Unreadable:
    return answer if isinstance(answer, Unreadable) else Unreadable(shown(answer))


def _in(
    clients: Clients, region: str, tags: Mapping[str, str], strange: Collection[str]
) -> Observed[tuple[TaggedResource, ...]]:
    with clients.apart(region) as own:
        return observe(f"GetResources in {region}", lambda: tuple(_named(own, region, tags, strange)))


def _named(clients: Clients, region: str, tags: Mapping[str, str], strange: Collection[str]) -> list[TaggedResource]:
    wanted = [{"Key": name, "Values": [value]} for name, value in tags.items()]
    paginator = clients.of("resourcegroupstaggingapi").get_paginator("get_resources")
    found: dict[str, TaggedResource] = {}
    for item in every(paginator.paginate(TagFilters=wanted), "ResourceTagMappingList"):
        arn, borne = text(item, "ResourceARN"), tags_of(item, "Tags")
        if any(borne.get(name) != value for name, value in tags.items()):
            raise MalformedAnswer("a resource without the tags that were asked for")
        named = named_by(arn)
        if named is None:
            raise MalformedAnswer("ResourceARN is no ARN")
        if named.kind not in NEVER_LEFT and not _is_listed(named.type):
            type_, id_ = ("", arn) if named.type in strange else (named.type, named.id)
            found[arn] = TaggedResource(arn=arn, region=region, type=type_, id=id_, there=Absent())
    return [found[arn] for arn in sorted(found)]


def _is_listed(type_: str) -> bool:
    return type_ not in PARTLY_LISTED and (type_ in LISTINGS or type_ in ANSWERED_BY)
