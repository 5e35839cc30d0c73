"""Lists of Confluent Cloud: a whole list, or why there is none."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from tidegate.collectors import confluent_api
from tidegate.collectors.confluent_api import ConfluentApi
from tidegate.models.observed import Known, Unreadable

ENDPOINT = "https://confluent.example"
PATH = "/iam/v2/service-accounts"


class Item(BaseModel):
    id: str


def api(answer: Callable[[httpx.Request], httpx.Response]) -> ConfluentApi:
    return ConfluentApi(httpx.Client(transport=httpx.MockTransport(answer), auth=("key", "s3cret")), ENDPOINT)


def page(*ids: str, next: str | None = None, **metadata: Any) -> httpx.Response:
    items = [{"id": id} for id in ids]
    return httpx.Response(200, json={"data": items, "metadata": {"next": next, **metadata}})


def read(answer: Callable[[httpx.Request], httpx.Response]) -> Any:
    return api(answer).every(PATH, Item)


def reason(answer: httpx.Response | Exception) -> str:
    """Why the list is unreadable when this is the answer."""

    def give(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    found = read(give)
    assert isinstance(found, Unreadable)
    assert found.reason.startswith(f"GET {PATH}: ")
    return found.reason.removeprefix(f"GET {PATH}: ")


def test_all_pages() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        assert request.headers["authorization"].startswith("Basic ")
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

    api(answer).every("/cmk/v2/clusters", Item, {"environment": "env-1"})
    assert dict(asked[0].params) == {"page_size": "100", "environment": "env-1"}


def test_a_next_page_without_a_host_is_on_the_same_one() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return page("b") if "page_token" in request.url.params else page("a", next=f"{PATH}?page_token=x")

    assert read(answer) == Known((Item(id="a"), Item(id="b")))


@pytest.mark.parametrize(
    "following",
    [
        "https://elsewhere.example/iam/v2/service-accounts?page_token=x",
        "http://confluent.example/iam/v2/service-accounts?page_token=x",
        "https://confluent.example:8443/iam/v2/service-accounts?page_token=x",
        "//elsewhere.example/x",
    ],
    ids=["another-host", "in-clear", "another-port", "without-a-scheme"],
)
def test_credentials_go_to_no_other_origin(following: str) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return page("a", next=following)

    found = read(answer)
    assert isinstance(found, Unreadable)
    assert "on another host" in found.reason
    assert len(asked) == 1


def test_a_list_that_goes_round_in_circles() -> None:
    assert reason(page("a", next=f"{ENDPOINT}{PATH}?page_size=100")) == "1 pages and no end"


def test_a_list_with_ever_new_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confluent_api, "MOST_PAGES", 3)
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return page("a", next=f"{PATH}?page_token={len(asked)}")

    assert read(answer) == Unreadable(f"GET {PATH}: 3 pages and no end")
    assert len(asked) == 3


def test_a_list_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.0, confluent_api.DEADLINE_SECONDS + 1.0])
    monkeypatch.setattr(confluent_api.time, "monotonic", lambda: next(clock))
    found = read(lambda request: page("a", next=f"{PATH}?page_token=x"))
    assert found == Unreadable(f"GET {PATH}: 1 pages and no end within 120 seconds")


def test_half_of_a_list_is_none() -> None:
    assert reason(page("a", total_size=2)) == "1 items, and total_size is 2"


def refused(status: int, code: str, detail: str, **headers: str) -> httpx.Response:
    errors = [{"id": "1", "status": str(status), "code": code, "detail": detail}]
    return httpx.Response(status, json={"errors": errors}, headers={k.replace("_", "-"): v for k, v in headers.items()})


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refused(401, "user_unauthenticated", "invalid API key"), "401 user_unauthenticated: invalid API key"),
        (refused(403, "forbidden_access", "no"), "403 forbidden_access: no"),
        (refused(429, "", "slow down", retry_after="30"), "429 slow down (retry-after 30)"),
        (refused(429, "", "", x_ratelimit_reset="7"), "429 (x-ratelimit-reset 7)"),
        (httpx.Response(500, text="<html>"), "500"),
        (httpx.Response(302, headers={"location": "https://elsewhere.example/"}), "302"),
        (httpx.Response(204), "204"),
        (refused(400, "x", "password=hunter2"), "400 x: password=****"),
    ],
)
def test_a_refusal_is_said(answer: httpx.Response, said: str) -> None:
    assert reason(answer) == said


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b'{"data": [{"id": "sa-1"}], "metadata": {}',
        b'{"metadata": {}}',
        b'{"data": []}',
        b'{"data": null, "metadata": {}}',
        b'{"data": ["sa-1"], "metadata": {}}',
        b'{"data": [], "metadata": {"next": 5}}',
        b"[" * 100_000,
        b"\xff",
    ],
    ids=range(11),
)
def test_an_answer_that_is_no_list(content: bytes) -> None:
    assert reason(httpx.Response(200, content=content)).startswith("the answer is no list: ")


@pytest.mark.parametrize("item", [{}, {"id": None}, {"id": 5}, {"ID": "sa-1"}])
def test_an_item_that_does_not_fit(item: dict[str, Any]) -> None:
    content = json.dumps({"data": [{"id": "sa-1"}, item], "metadata": {}})
    assert reason(httpx.Response(200, text=content)) == "an item does not fit: id"


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("too slow"),
        httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
        httpx.InvalidURL("no"),
    ],
)
def test_no_answer(error: Exception) -> None:
    assert reason(error) == f"{type(error).__name__}: {error}"
