"""Asking one resource whether it is there."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.reading import MalformedAnswer, ask, every, field, observe, text
from tidegate.models.observed import Absent, Known, Unreadable

Ask = Callable[[Clients, str], bool]
"""Is the resource with this Terraform id there? Raises as `ask` and `field` do."""


@dataclass(frozen=True, slots=True)
class Question:
    """How to ask for one Terraform type. AWS's codes in `gone` say that there is none.

    `together`: how to ask for many at once, where one call for each would be too many; gives those that are there.
    """

    ask: Ask
    gone: Collection[str] = ()
    together: Callable[[Clients, Collection[str]], frozenset[str]] | None = None

    def answer(self, clients: Clients, resource_type: str, id: str) -> Known[bool] | Unreadable:
        """True: there, also while it is being deleted. False: gone."""
        found = observe(f"looking for {resource_type} {id}", lambda: self.ask(clients, id), self.gone)
        return Known(False) if isinstance(found, Absent) else found


def answers(
    service: str, operation: str, parameter: str, *gone: str, shows: str | None, kind: type[Any] = str
) -> Question:
    """Gone is what AWS says by one of the codes, and nothing else is: an answer without the field `shows` is malformed.

    Without `shows` the answer has no body, and that it came is all it says.
    """

    def read(clients: Clients, id: str) -> bool:
        answer = ask(getattr(clients.of(service), operation), **{parameter: id})
        if shows is not None:
            shown = field(answer, shows, kind)
            if not shown or (isinstance(shown, list) and not all(item and isinstance(item, dict) for item in shown)):
                raise MalformedAnswer(f"{shows} is empty")
        return True

    return Question(read, gone)


def listed(service: str, operation: str, key: str, filter_name: str, *ended: str, shows: str) -> Question:
    """There is what a filtered listing shows by its id (`shows`), except in a state that is an end (`deleted`)."""

    def read(clients: Clients, id: str) -> bool:
        items = filtered(clients, service, operation, key, {filter_name: id})
        standing = [text(item, shows) for item in items if not ended or text(item, "State").lower() not in ended]
        return bool(standing)

    return Question(read)


def filtered(clients: Clients, service: str, operation: str, key: str, filters: dict[str, str]) -> list[dict[str, Any]]:
    """All items of a listing with filters of EC2's kind."""
    given = [{"Name": name, "Values": [value]} for name, value in filters.items()]
    client = clients.of(service)
    if client.can_paginate(operation):
        return every(client.get_paginator(operation).paginate(Filters=given), key)
    return field(ask(getattr(client, operation), Filters=given), key, list)
