"""Lists of Confluent Cloud: a whole list, or why there is none."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from factories_confluent import ENDPOINT, KEY, TOKEN, Clock, opened, refusal
from tidegate.collectors.confluent import lists
from tidegate.collectors.confluent.api import PATIENCE_SECONDS
from tidegate.collectors.confluent.lists import read_list
from tidegate.models.observed import Known, Unreadable

PATH = "/iam/v2/service-accounts"


class Item(BaseModel):
    id: str


def page(*ids: str, next: str | None = None, **metadata: Any) -> httpx.Response:
    items = [{"id": id} for id in ids]
    return httpx.Response(200, json={"data": items, "metadata": {"next": next, **metadata}})


def read(answer: Callable[[httpx.Request], httpx.Response], clock: Clock | None = None) -> Any:
    with opened(answer, clock) as api:
        return read_list(api, PATH, Item)


def reason(answer: httpx.Response | Exception) -> str:
    """Why the list is unreadable when this is the answer."""

    def give(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    found = read(give)
    assert isinstance(found, Unreadable)
    assert found.reason.startswith(f"GET {PATH}: ")
    return found.reason.removeprefix(f"GET {PATH}: ")


def test_all_pages() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        assert request.headers["authorization"] == f"Basic {TOKEN}"
        token = request.url.params.get("page_token")
        following = {None: "a", "a": "b", "b": None}[token]
        address = f"{ENDPOINT}{PATH}?page_size=100&page_token={following}" if following else None
        return page(f"sa-{token}", next=address, total_size=3)

    assert read(answer) == Known((Item(id="sa-None"), Item(id="sa-a"), Item(id="sa-b")))
    assert asked[0] == f"{ENDPOINT}{PATH}?page_size=100"


def test_an_empty_list_is_an_answer() -> None:
    assert read(lambda _: page()) == Known(())
    assert read(lambda _: page(next="")) == Known(())


def test_a_query_goes_along() -> None:
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return page()

    with opened(answer) as api:
        read_list(api, "/cmk/v2/clusters", Item, {"environment": "env-1"})
    assert dict(asked[0].params) == {"page_size": "100", "environment": "env-1"}


@pytest.mark.parametrize("following", [f"{PATH}?page_token=x", "?page_token=x"])
def test_a_next_page_without_a_host_is_on_the_same_one(following: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return page("b") if "page_token" in request.url.params else page("a", next=following)

    assert read(answer) == Known((Item(id="a"), Item(id="b")))


@pytest.mark.parametrize(
    "following",
    [
        "https://elsewhere.example/iam/v2/service-accounts?page_token=x",
        "http://confluent.example/iam/v2/service-accounts?page_token=x",
        "https://confluent.example:8443/iam/v2/service-accounts?page_token=x",
        "//elsewhere.example/x",
        "https://a:b@confluent.example/iam/v2/service-accounts?page_token=x",
    ],
    ids=["another-host", "in-clear", "another-port", "without-a-scheme", "with-a-login"],
)
def test_credentials_go_to_no_other_origin(following: str) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return page("a", next=following)

    assert read(answer) == Unreadable(f"GET {PATH}: malformed answer: the next page lies with another host")
    assert len(asked) == 1


@pytest.mark.parametrize("following", ["https://[::", "https://confluent.example:port/"])
def test_a_next_page_whose_address_cannot_be_read(following: str) -> None:
    assert reason(page("a", next=following)) == "malformed answer: the address of the next page cannot be read"


@pytest.mark.parametrize(
    "following",
    [f"{ENDPOINT}{PATH}?page_size=100", "?page_size=100", f"{ENDPOINT}/org/v2/environments?page_token=x"],
    ids=["itself", "itself-without-a-host", "another-list"],
)
def test_a_list_that_goes_round_in_circles_or_elsewhere(following: str) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return page("a", next=following)

    said = "malformed answer: the next page is another list, or one that was read already"
    assert read(answer) == Unreadable(f"GET {PATH}: {said}")
    assert len(asked) == 1


@pytest.mark.parametrize("back", ["?page_size=100", "?page_token=x"], ids=["to-the-first", "to-a-later-one"])
def test_a_circle_of_several_pages(back: str) -> None:
    asked: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params.get("page_token"))
        return page("a", next={None: "?page_token=x", "x": "?page_token=y", "y": back}[asked[-1]])

    found = read(answer)
    assert isinstance(found, Unreadable)
    assert "one that was read already" in found.reason
    assert asked == [None, "x", "y"]


def test_a_list_with_ever_new_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MOST_PAGES", 3)
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return page("a", next=f"{PATH}?page_token={len(asked)}")

    assert read(answer) == Unreadable(f"GET {PATH}: malformed answer: more than 3 pages")
    assert len(asked) == 3


@pytest.mark.parametrize("late", ["between-pages", "within-a-page"])
def test_a_list_that_takes_too_long(late: str) -> None:
    clock, asked = Clock(), list[str]()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        clock.now += PATIENCE_SECONDS + 1 if late == "within-a-page" else 0
        return httpx.Response(200, stream=Body(json.dumps({"data": [], "metadata": {"next": "?page_token=x"}})))

    class Body(httpx.SyncByteStream):
        """What is slow is slow after the last byte."""

        def __init__(self, text: str) -> None:
            self.content = text.encode()

        def __iter__(self) -> Any:
            yield self.content
            clock.now += PATIENCE_SECONDS + 1

    said = {
        "between-pages": "1 pages and no end within 90 seconds",
        "within-a-page": "the answer was not complete after 90 seconds",
    }
    assert read(answer, clock) == Unreadable(f"GET {PATH}: {said[late]}")
    assert len(asked) == 1


def test_each_list_has_a_deadline_of_its_own() -> None:
    """A client reads two lists: the first waits for most of a deadline, and the last may do so as well."""
    clock = Clock()
    limits = {"/first": 80, "/last": 80}

    def answer(request: httpx.Request) -> httpx.Response:
        wait = limits.pop(request.url.path, None)
        return page("a") if wait is None else refusal(429, "too_many_requests", "slow", x_ratelimit_reset=str(wait))

    with opened(answer, clock) as api:
        assert [read_list(api, path, Item) for path in ("/first", "/last")] == [Known((Item(id="a"),))] * 2
    assert clock.waits == [80, 80]


def test_the_pages_of_one_list_share_its_deadline() -> None:
    clock, throttled = Clock(), {None, "2"}

    def answer(request: httpx.Request) -> httpx.Response:
        token = request.url.params.get("page_token")
        if token in throttled:
            throttled.discard(token)
            return refusal(429, "too_many_requests", "slow", x_ratelimit_reset="50")
        return page("a", next=None if token else "?page_token=2")

    found = read(answer, clock)
    assert isinstance(found, Unreadable)
    assert found.reason.startswith(f"GET {PATH}: 429 too_many_requests: slow (asks to wait 50 s")
    assert clock.waits == [50]


@pytest.mark.parametrize("total", [0, 2])
def test_a_list_that_is_not_as_long_as_it_says(total: int) -> None:
    said = f"malformed answer: 1 items were read, and the list says that it has {total}"
    assert reason(page("a", total_size=total)) == said


def test_pages_that_say_different_lengths() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        second = "page_token" in request.url.params
        return page("b", total_size=2) if second else page("a", total_size=3, next="?page_token=2")

    said = "malformed answer: 2 items were read, and the list says that it has 2, then 3"
    assert read(answer) == Unreadable(f"GET {PATH}: {said}")


LIMIT = "(asks to wait 300 s; at most 90 s are waited)"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refusal(401, "user_unauthenticated", "invalid API key"), "401 user_unauthenticated: invalid API key"),
        (refusal(403, "forbidden_access", "no"), "403 forbidden_access: no"),
        (refusal(429, "", "slow down", retry_after="300"), f"429 slow down {LIMIT}"),
        (refusal(429, "", "", x_ratelimit_reset="300"), f"429 Too Many Requests {LIMIT}"),
        (httpx.Response(500, text="<html>"), "500 Internal Server Error"),
        (httpx.Response(302, headers={"location": "https://elsewhere.example/"}), "302 Found"),
        (httpx.Response(204), "204 No Content"),
        (refusal(400, "x", "password=hunter2"), "400 x: password=****"),
        (refusal(400, "x", f"{KEY.key} {KEY.secret} {TOKEN}"), "400 x: **** **** ****"),
    ],
)
def test_a_refusal_is_said(answer: httpx.Response, said: str) -> None:
    assert reason(answer) == said


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_time_mends_is_asked_again(status: int) -> None:
    clock, refusals = Clock(), [refusal(status, retry_after="7")]
    assert read(lambda _: refusals.pop() if refusals else page("a"), clock) == Known((Item(id="a"),))
    assert clock.waits == [7]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the answer is not JSON; it may have been cut off"),
        (b"[]", "malformed answer: data is missing"),
        (b"null", "malformed answer: data is missing"),
        (b'{"data": [{"id": "sa-1"}], "metadata": {}', "the answer is not JSON; it may have been cut off"),
        (b'{"metadata": {}}', "malformed answer: data is missing"),
        (b'{"data": []}', "malformed answer: metadata is missing"),
        (b'{"data": null, "metadata": {}}', "malformed answer: data is null, expected list"),
        (b'{"data": {}, "metadata": {}}', "malformed answer: data is dict, expected list"),
        (b'{"data": ["sa-1"], "metadata": {}}', "malformed answer: an item does not fit: model_type"),
        (b'{"data": [], "metadata": {"next": 5}}', "malformed answer: next is int, expected str"),
        (b'{"data": [], "metadata": {"total_size": "0"}}', "malformed answer: total_size is str, expected int"),
        (b"[" * 100_000, "the answer is not JSON; it may have been cut off"),
        (b"\xff", "the answer is not JSON; it may have been cut off"),
    ],
    ids=range(13),
)
def test_an_answer_that_is_no_list(content: bytes, said: str) -> None:
    assert reason(httpx.Response(200, content=content)) == said


def test_an_address_that_is_none() -> None:
    with opened(lambda _: page()) as api:
        found = read_list(api, PATH, Item, {"crn_pattern": "x" * 100_000})
    assert found == Unreadable(f"GET {PATH}: InvalidURL: URL component 'query' too long")


@pytest.mark.parametrize("item", [{}, {"id": None}, {"id": 5}, {"ID": "sa-1"}])
def test_an_item_that_does_not_fit(item: dict[str, Any]) -> None:
    content = json.dumps({"data": [{"id": "sa-1"}, item], "metadata": {}})
    assert reason(httpx.Response(200, text=content)) == "malformed answer: an item does not fit: id"


def test_half_of_a_character_is_no_name() -> None:
    said = "malformed answer: an item has a value that evidence cannot hold"
    content = json.dumps({"data": [{"id": "sa-\ud800"}], "metadata": {}})
    assert reason(httpx.Response(200, text=content)) == said


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("too slow"),
        httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
        httpx.InvalidURL("no"),
        OSError("no route"),
    ],
)
def test_no_answer(error: Exception) -> None:
    assert reason(error) == f"{type(error).__name__}: {error}"
