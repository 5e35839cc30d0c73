"""Lists of Confluent Cloud, page by page: all of a list, or why it could not be read.

A list that is cut short, paged to another host or without an end is unreadable: half a list must never look like a
whole one.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from tidegate.answers import MalformedAnswer
from tidegate.collectors.aws.reading import field, optional, storable
from tidegate.collectors.confluent.api import PATIENCE_SECONDS, ConfluentApi, NoAnswer
from tidegate.models.observed import Known, Unreadable

PAGE_SIZE = 100
MOST_PAGES = 1000
"""Of one list. More is a service that goes round in circles with ever new tokens."""

M = TypeVar("M", bound=BaseModel)


def read_list(
    api: ConfluentApi, path: str, model: type[M], query: Mapping[str, str] | None = None
) -> Known[tuple[M, ...]] | Unreadable:
    """All items of a list such as `/iam/v2/service-accounts`. Never raises for what Confluent answers.

    Each list has a deadline of its own (`PATIENCE_SECONDS`), however long the lists before it took.
    """
    try:
        first = api.url(path, page_size=str(PAGE_SIZE), **(query or {}))
        pages = read_pages(api, first, deadline=api.deadline(), most=MOST_PAGES)
        return Known(tuple(_item(model, item) for page in pages for item in page))
    except NoAnswer as error:
        return Unreadable(f"GET {path}: {error}", transient=error.transient)
    except MalformedAnswer as error:
        return Unreadable(f"GET {path}: malformed answer: {error}")


def read_pages(
    api: ConfluentApi, first: httpx.URL, *, deadline: float, most: int, kind: str | None = None
) -> list[list[Any]]:
    """The items of each page of a list, to its last one. Raises NoAnswer and MalformedAnswer, also for half of a list.

    A next page is asked for on the same origin and path only, no page twice, and none after the deadline. Every page
    that says how many items the list has must be right. `kind` is what each page must say that it is.
    """
    url, asked, pages, totals = first, {first}, list[list[Any]](), set[int]()
    while len(pages) < most:
        if pages and api.clock() > deadline:
            raise NoAnswer(f"{len(pages)} pages and no end within {PATIENCE_SECONDS:.0f} seconds")
        document = api.get(url, deadline)
        if kind is not None and field(document, "kind", str) != kind:
            raise MalformedAnswer(f"kind is not {kind}")
        pages.append(field(document, "data", list))
        metadata = field(document, "metadata", dict)
        total = optional(metadata, "total_size", int)
        totals |= set() if total is None else {total}
        if metadata.get("next") in (None, ""):
            _complete(totals, sum(map(len, pages)))
            return pages
        url = api.same_origin(url, field(metadata, "next", str))
        if url.path != first.path or url in asked:
            raise MalformedAnswer("the next page is another list, or one that was read already")
        asked.add(url)
    raise MalformedAnswer(f"more than {most} pages")


def _complete(totals: set[int], read: int) -> None:
    if totals - {read}:
        said = ", then ".join(map(str, sorted(totals)))
        raise MalformedAnswer(f"{read} items were read, and the list says that it has {said}")


def _item(model: type[M], item: object) -> M:
    """Raises MalformedAnswer; it names places, never values: an item may hold a secret."""
    try:
        fitting = model.model_validate(item)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False, include_context=False)[:3]
        places = ", ".join(".".join(map(str, problem["loc"])) or problem["type"] for problem in problems)
        raise MalformedAnswer(f"an item does not fit: {places}") from error
    if not storable(fitting.model_dump()):
        raise MalformedAnswer("an item has a value that evidence cannot hold")
    return fitting
