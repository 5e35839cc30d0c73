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
    """

    type: str
    read: Callable[[Scan], Iterable[Found]]
    spelled: Mapping[str, str] = field(default_factory=dict)
    services: tuple[str, ...] = ()
    """What it asks, by botocore's names. One that names none is asked everywhere."""

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

    return Listing(resource_type, read, spelled or {}, (service,))


def tags_of(item: dict[str, Any], key: str | None) -> dict[str, str]:
    """The tags of an item, where its description holds them; a resource without tags has no such list."""
    return tag_map((optional(item, key, list) if key else None) or [])


def chunks(items: list[str], size: int) -> Iterator[list[str]]:
    """The items in lists of at most `size`, for calls that take no more at once."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
