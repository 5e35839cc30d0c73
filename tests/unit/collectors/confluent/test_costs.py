"""Confluent's costs: every line of the month once, credits left out, and nothing that is not there taken for zero."""

from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest

from factories_confluent import ENDPOINT, KEY, TOKEN, Clock, Costs, line, opened, page, refusal, without
from tidegate.collectors.confluent import api, costs
from tidegate.collectors.confluent.api import ConfluentApi
from tidegate.collectors.confluent.costs import read_bill, windows
from tidegate.models.confluent import BilledDay, ConfluentBill
from tidegate.models.observed import Known, Observed, Unreadable

START, END = date(2026, 2, 1), date(2026, 2, 14)
GZIP = {"content-encoding": "gzip"}
ASKED = "GET /billing/v1/costs 2026-02-01 to 2026-02-14: "


def read(*answers: Any) -> Observed[ConfluentBill]:
    return asked(Costs(*answers))


def asked(server: Costs, start: date = START, end: date = END) -> Observed[ConfluentBill]:
    with opened(server) as client:
        return read_bill(client, start, end)


def bill(*answers: Any) -> ConfluentBill:
    found = read(*answers)
    assert isinstance(found, Known), found
    return found.value


def reason(*answers: Any) -> str:
    found = read(*answers)
    assert isinstance(found, Unreadable), found
    return found.reason


# What is asked.


def test_the_month_is_asked_for_with_the_key_and_nothing_else() -> None:
    server = Costs(page(line()))
    asked(server)
    (request,) = server.asked
    assert str(request.url) == f"{ENDPOINT}/billing/v1/costs?start_date=2026-02-01&end_date=2026-02-14&page_size=5000"
    assert request.method == "GET"
    assert request.headers["authorization"] == f"Basic {TOKEN}"


@pytest.mark.parametrize(
    ("start", "end", "parts"),
    [
        (date(2026, 2, 1), date(2026, 2, 2), [(date(2026, 2, 1), date(2026, 2, 2))]),
        (date(2026, 4, 1), date(2026, 5, 1), [(date(2026, 4, 1), date(2026, 5, 1))]),
        (
            date(2026, 3, 1),
            date(2026, 4, 1),
            [(date(2026, 3, 1), date(2026, 3, 31)), (date(2026, 3, 31), date(2026, 4, 1))],
        ),
        (date(2026, 3, 1), date(2026, 3, 1), []),
    ],
)
def test_no_window_is_longer_than_thirty_days(start: date, end: date, parts: list[tuple[date, date]]) -> None:
    assert list(windows(start, end)) == parts


def test_the_last_day_of_a_long_month_is_a_window_of_its_own() -> None:
    server = Costs(page(line(1, start_date="2026-03-01", end_date="2026-03-02")), page())
    found = asked(server, date(2026, 3, 1), date(2026, 4, 1))
    assert [request.url.params["start_date"] for request in server.asked] == ["2026-03-01", "2026-03-31"]
    assert isinstance(found, Known)
    assert found.value.pages == 2


# What is added up.


def test_lines_are_added_up_per_day_and_kind() -> None:
    found = bill(page(line(1), line(2, 1.5), line(20, 2, start_date="2026-02-02", end_date="2026-02-03")))
    assert found.days == (
        BilledDay(day=date(2026, 2, 1), lines=1, daily_lines=1, amount=Decimal("0.25")),
        BilledDay(day=date(2026, 2, 2), lines=2, daily_lines=2, amount=Decimal("3.5")),
    )
    assert found.total == Decimal("3.75")
    (kind,) = found.kinds
    assert (kind.product, kind.line_type, kind.documented, kind.lines, kind.amount) == (
        "KAFKA",
        "KAFKA_STORAGE",
        True,
        3,
        Decimal("3.75"),
    )


def test_money_is_decimal_from_the_wire_on() -> None:
    lines = [line(number, 0.1) for number in range(1, 4)]
    assert bill(page(*lines)).total == Decimal("0.3")


def test_pages_are_followed_to_the_end() -> None:
    following = f"{ENDPOINT}/billing/v1/costs?start_date=2026-02-01&page_token=t2"
    server = Costs(page(line(1), total_size=2, next=following), page(line(2), total_size=2))
    found = asked(server)
    assert isinstance(found, Known)
    assert (found.value.pages, found.value.total) == (2, Decimal("0.50"))
    assert [request.url.params.get("page_token") for request in server.asked] == [None, "t2"]
    assert {request.headers["authorization"] for request in server.asked} == {f"Basic {TOKEN}"}


@pytest.mark.parametrize("amount", [-4, 4])
def test_credits_are_left_out_and_counted(amount: int) -> None:
    found = bill(page(line(1, 5), line(2, amount, line_type="PROMO_CREDIT", product="SUPPORT_CLOUD_BASIC")))
    assert (found.total, found.credits, found.credited) == (Decimal(5), 1, Decimal(amount))
    assert [day.day for day in found.days] == [date(2026, 2, 1)]


def test_a_negative_line_hides_nothing_and_is_named() -> None:
    found = bill(page(line(1, 5), line(2, -5, line_type="REFUND")))
    assert found.total == Decimal(5)
    assert [(it.id, it.line_type, it.amount) for it in found.negative] == [("cost-2", "REFUND", Decimal(-5))]


@pytest.mark.parametrize(
    ("changes", "product", "line_type", "documented"),
    [
        ({}, "KAFKA", "KAFKA_STORAGE", True),
        ({"product": "CONNECT", "line_type": "CONNECT_CAPACITY"}, "CONNECT", "CONNECT_CAPACITY", True),
        ({"line_type": "KAFKA_TELEPATHY"}, "KAFKA", "KAFKA_TELEPATHY", False),
        ({"product": "DREAMS"}, "DREAMS", "KAFKA_STORAGE", False),
    ],
)
def test_unknown_names_are_counted_like_known_ones(
    changes: dict[str, str], product: str, line_type: str, documented: bool
) -> None:
    found = bill(page(line(1, 2, **changes)))
    (kind,) = found.kinds
    assert (kind.product, kind.line_type, kind.documented) == (product, line_type, documented)
    assert found.total == Decimal(2)


def test_only_what_is_certain_must_be_there() -> None:
    certain = without(
        line(1, 2), "product", "line_type", "amount", "discount_amount", "price", "quantity", "resource", "granularity"
    )
    found = bill(page(certain))
    assert found.total == Decimal(2), "the original amount, before discounts"
    assert [(kind.product, kind.line_type, kind.documented) for kind in found.kinds] == [("UNNAMED", "UNNAMED", False)]


def test_a_discount_counts() -> None:
    assert bill(page(line(1, 2, original_amount=5, discount_amount=3))).total == Decimal(2)


def test_a_line_of_many_days_is_cost_and_vouches_for_none() -> None:
    found = bill(page(line(1, 29, end_date="2026-03-01", line_type="SUPPORT")))
    assert found.days == (BilledDay(day=date(2026, 2, 1), lines=1, daily_lines=0, amount=Decimal(29)),)


def test_an_empty_list_is_a_bill_without_days() -> None:
    found = bill(page())
    assert (found.days, found.total) == ((), Decimal(0))


# What cannot be used.


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refusal(401, "user_unauthenticated", "Valid credentials must be provided"), "401 user_unauthenticated: Valid"),
        (refusal(403, "forbidden_access", "no"), "403 forbidden_access: no"),
        (refusal(400, "invalid_filter", "end date and start date are too far apart"), "too far apart"),
        (httpx.Response(404, content=b"<html>gone</html>"), "404 Not Found"),
        (httpx.Response(302, headers={"location": "https://elsewhere.example/"}), "302 Found"),
        (httpx.Response(204), "204 No Content"),
        (httpx.Response(401, content=b'{"errors": {}}'), "401 Unauthorized"),
        (httpx.Response(403, content=b"[[[["), "403 Forbidden"),
        (httpx.Response(200, content=b'{"data": [{"id": "co'), "not JSON; it may have been cut off"),
        (httpx.Response(200, content=b"\xff\xfe"), "not JSON"),
        (httpx.Response(200, content=b"[" * 100_000), "not JSON"),
        (httpx.Response(200, content=b'{"kind": 1e99999999999999999999}'), "not JSON"),
        (httpx.Response(200, content=b'{"kind": NaN}'), "not JSON"),
        (lambda _: httpx.Response(200, headers=GZIP, stream=httpx.ByteStream(b"no gzip")), "DecodingError"),
        (httpx.Response(200, json=[]), "kind is missing"),
        (httpx.Response(200, json={"kind": "CostList", "metadata": {}}), "data is missing"),
        (httpx.Response(200, json={"kind": "CostList", "data": []}), "metadata is missing"),
        (page(line(), total_size=2), "1 items were read, and the list says that it has 2"),
        (page(line(), line()), "a line is there twice"),
        (page(line(1, start_date="2026-01-31")), "was not asked for"),
        (page(line(1, start_date="2026-02-14", end_date="2026-02-15")), "was not asked for"),
        (page(line(1, end_date="2026-02-01")), "was not asked for"),
        (page(line(1, start_date="1 February")), "start_date is not a day"),
        (page(line(1, end_date="2026-02-30")), "end_date is not a day"),
        (page(line(1, "0.25")), "original_amount is not a number"),
        (page(line(1, amount=True)), "original_amount is not a number"),
        (page(line(1, original_amount=2, amount=None)), "amount is not a number"),
        (page(line(1, 10**12)), "out of range"),
        (page(line(1, 1e-31)), "out of range"),
        (page(without(line(), "original_amount")), "original_amount is missing"),
        (page(without(line(), "id")), "id is missing"),
        (page(line(1, id=" ")), "id is blank"),
        (page(line(1, product="<script>")), "product is not a name"),
        (page("x"), "start_date is missing"),
        (page(line(), next="https://elsewhere.example/billing/v1/costs?page_token=2"), "another host"),
        (page(line(), next="http://confluent.example/billing/v1/costs?page_token=2"), "another host"),
        (page(line(), next="https://a:b@confluent.example/billing/v1/costs"), "another host"),
        (page(line(), next=f"{ENDPOINT}/billing/v1/invoices?page_token=2"), "another list"),
        (
            page(line(), next=f"{ENDPOINT}/billing/v1/costs?start_date=2026-02-01&end_date=2026-02-14&page_size=5000"),
            "read already",
        ),
        (page(line(), next=7), "next is int"),
        (page(line(), next="https://[::"), "cannot be read"),
        (httpx.ConnectError("refused"), "ConnectError: refused"),
        (httpx.ReadTimeout("slow"), "ReadTimeout: slow"),
        (httpx.RemoteProtocolError("peer closed connection"), "RemoteProtocolError: peer closed"),
    ],
)
def test_whatever_is_no_bill_is_unreadable_and_says_why(answer: Any, said: str) -> None:
    found = reason(answer)
    assert found.startswith(ASKED)
    assert said in found


def test_pages_that_never_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costs, "MOST_PAGES", 5)
    numbers = iter(range(1000))

    def another(_request: httpx.Request) -> httpx.Response:
        number = next(numbers)
        return page(line(1, id=f"c{number}"), next=f"{ENDPOINT}/billing/v1/costs?page_token={number}")

    assert reason(another) == f"{ASKED}malformed answer: more than 5 pages"


def test_a_next_page_that_is_another_list_is_not_asked_for() -> None:
    server = Costs(page(line(1), next=f"{ENDPOINT}/iam/v2/api-keys?page_token=2"), page(line(2)))
    found = asked(server)
    assert isinstance(found, Unreadable)
    assert "another list" in found.reason
    assert len(server.asked) == 1


def test_the_second_page_that_is_refused_makes_half_a_bill_unreadable() -> None:
    following = f"{ENDPOINT}/billing/v1/costs?page_token=2"
    assert "403 forbidden_access" in reason(page(line(), next=following), refusal(403, "forbidden_access", "x"))


def test_an_answer_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "LARGEST_ANSWER", 1000)
    assert "larger than 1000 bytes" in reason(page(*(line(number) for number in range(1, 10))))


def test_an_answer_that_trickles_ends_at_the_deadline() -> None:
    clock = Clock()

    def trickle() -> Any:
        while True:
            clock.now += 1
            yield b" "

    class Slow(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            class Body(httpx.SyncByteStream):
                def __iter__(self) -> Any:
                    return trickle()

            return httpx.Response(200, stream=Body())

    with ConfluentApi(ENDPOINT, KEY, transport=Slow(), clock=clock, pause=clock.pause) as client:
        found = read_bill(client, START, END)
    assert isinstance(found, Unreadable)
    assert "not complete after 90 seconds" in found.reason


@pytest.mark.parametrize("endpoint", ["nonsense", ""])
def test_an_endpoint_that_is_none(endpoint: str) -> None:
    clock = Clock()
    with ConfluentApi(endpoint, KEY, clock=clock, pause=clock.pause) as client:
        found = read_bill(client, START, END)
    assert isinstance(found, Unreadable)


# Secrets.


@pytest.mark.parametrize("secret", [KEY.secret, TOKEN, KEY.key], ids=["secret", "token", "key"])
@pytest.mark.parametrize(
    "answer",
    [
        lambda text: refusal(401, "user_unauthenticated", f"key {text} is expired"),
        lambda text: refusal(403, text, "x" * 280 + text),
        lambda text: httpx.ConnectError(f"proxy said {text}"),
        lambda text: page(line(1, product="KAFKA "), next=f"https://{text.replace('/', '')}.example/"),
    ],
    ids=["detail", "code", "error", "host"],
)
def test_no_secret_comes_out(answer: Any, secret: str) -> None:
    found = reason(answer(secret))
    assert secret not in found
    assert secret[:12] not in found


def test_a_key_shows_nothing_of_itself() -> None:
    assert repr(KEY) == "CloudKey()"
    assert KEY.secret not in repr(Known(KEY))
