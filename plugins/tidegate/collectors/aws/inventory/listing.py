"""How one type of resource is listed in one region: every page, and what a listing keeps of each resource."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.reading import ask, every, names, observe, optional, refuse_next_page, text
from tidegate.collectors.aws.reading import field as required
from tidegate.collectors.aws.tags import tag_map
from tidegate.models.environment import Environment
from tidegate.models.observed import Observed


@dataclass(frozen=True, slots=True)
class Scan:
    """One region of the environment's account, asked with the given clients."""

    clients: Clients
    region: str
    environment: Environment

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """One call; raises as `ask` does."""
        answer: dict[str, Any] = ask(getattr(self.clients.of(service, self.region), operation), **parameters)
        return answer

    def all(self, service: str, operation: str, key: str, **parameters: Any) -> list[Any]:
        """The items of all pages; of the one answer where the service does not page."""
        client = self.clients.of(service, self.region)
        if client.can_paginate(operation):
            return every(client.get_paginator(operation).paginate(**parameters), key)
        answer = self.call(service, operation, **parameters)
        refuse_next_page(answer)
        return required(answer, key, list)

    def names(self, service: str, operation: str, key: str, **parameters: Any) -> list[str]:
        """The names or ARNs of all pages, of a service that pages; none is blank."""
        client = self.clients.of(service, self.region)
        return names(client.get_paginator(operation).paginate(**parameters), key)


Tags = Callable[[Scan, dict[str, Any]], dict[str, str]]
"""How the tags of an item are read, where its description does not simply hold them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One resource that is there. `item` is the service's own description, where attributes are looked up."""

    id: str
    status: str
    item: dict[str, Any]
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listing:
    """How to list a Terraform type. `read` raises as `ask` and `field` do.

    `spelled`: by Terraform's name of an attribute where the service keeps it (dotted), if its own name is another:
    `instance_class` is `DBInstanceClass`.
    `services`: botocore's names of the services that must be in a region for the type to be there; none where every
    region has them, or where the type has no region.
    """

    type: str
    read: Callable[[Scan], Iterable[Found]]
    spelled: Mapping[str, str] = field(default_factory=dict)
    services: tuple[str, ...] = ()
    """What it asks, by botocore's names. One that names none is asked everywhere."""

    def without_its_service(self, clients: Clients, region: str) -> str:
        """The service that a region does not have, as botocore's own data say; empty: it can be asked. No call."""
        return next((service for service in self.services if clients.knows_no(service, region)), "")

    def answer(self, scan: Scan) -> Observed[tuple[Found, ...]]:
        """Everything of the type in a region, or why nobody knows."""
        return observe(f"scan of {self.type} in {scan.region}", lambda: tuple(self.read(scan)))


def listing(
    resource_type: str,
    service: str,
    operation: str,
    key: str,
    *,
    id: str,
    status: str | None = None,
    gone: Collection[str] = (),
    tags: str | None = "Tags",
    keep: Callable[[dict[str, Any]], bool] = lambda _item: True,
    spelled: Mapping[str, str] | None = None,
    **parameters: Any,
) -> Listing:
    """A listing of one paged call whose items are the resources.

    `id`, `status` and `tags` are where to find them in an item (dotted); a type without status is `present`.
    An item whose status is in `gone` (any case) is left out.
    """

    def read(scan: Scan) -> Iterator[Found]:
        for item in scan.all(service, operation, key, **parameters):
            state = "present" if status is None else text(item, status)
            if state.lower() not in gone and keep(item):
                yield Found(id=text(item, id), status=state, item=item, tags=tags_of(item, tags))

    return Listing(resource_type, read, spelled or {}, services=(service,))


def tagged(
    resource_type: str,
    service: str,
    operation: str,
    key: str,
    tags: Tags,
    *,
    id: str,
    status: str | None,
    gone: Collection[str] = (),
    **parameters: Any,
) -> Listing:
    """A listing of one call whose items do not tell their tags as `listing` takes them."""

    def read(scan: Scan) -> Iterator[Found]:
        for item in scan.all(service, operation, key, **parameters):
            state = "present" if status is None else text(item, status)
            if state.casefold() not in gone:
                yield Found(id=text(item, id), status=state, item=item, tags=tags(scan, item))

    return Listing(resource_type, read, services=(service,))


def tags_by_a_call(service: str, operation: str, parameter: str, id: str, key: str, spelled: tuple[str, str]) -> Tags:
    """Tags that only a call of their own tells, resource by resource; `id` is where its parameter stands in an item."""

    def read(scan: Scan, item: dict[str, Any]) -> dict[str, str]:
        return tag_map(scan.all(service, operation, key, **{parameter: text(item, id)}), *spelled)

    return read


def tags_of(item: dict[str, Any], key: str | None) -> dict[str, str]:
    """The tags of an item, where its description holds them; a resource without tags has no such list."""
    return tag_map((optional(item, key, list) if key else None) or [])


def chunks(items: list[str], size: int) -> Iterator[list[str]]:
    """The items in lists of at most `size`, for calls that take no more at once."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
