"""How long a refused request is repeated: as long as it is told to wait, within one deadline, and never for ever."""

from datetime import date
from typing import Any

import httpx
import pytest

from factories_confluent import ENDPOINT, Clock, Costs, line, opened, page, refusal
from tidegate.collectors.confluent.costs import read_bill
from tidegate.collectors.confluent.patience import MOST_ATTEMPTS
from tidegate.models.observed import Known, Unreadable


def read(*answers: Any) -> tuple[Any, Clock, Costs]:
    clock, server = Clock(), Costs(*answers)
    with opened(server, clock) as api:
        found = read_bill(api, date(2026, 2, 1), date(2026, 2, 14))
    return found, clock, server


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"x_ratelimit_reset": "7"}, 7),
        ({"retry_after": "3"}, 3),
        ({"x_ratelimit_reset": "2", "retry_after": "9"}, 9),
        ({"x_ratelimit_reset": "0.5"}, 1),
        ({"x_ratelimit_reset": "0"}, 1),
        ({"x_ratelimit_reset": "-5"}, 1),
        ({"x_ratelimit_reset": "soon"}, 1),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"}, 1),
        ({"retry_after": "nan"}, 1),
        ({}, 1),
    ],
)
def test_a_limit_is_waited_for_as_long_as_it_says(headers: dict[str, str], wait: float) -> None:
    found, clock, server = read(refusal(429, "too_many_requests", "slow down", **headers), page(line()))
    assert isinstance(found, Known)
    assert (clock.waits, len(server.asked)) == ([wait], 2)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_error_of_the_service_is_asked_again(status: int) -> None:
    found, clock, _ = read(refusal(status), refusal(status), page(line()))
    assert isinstance(found, Known)
    assert clock.waits == [1, 2]


def test_a_broken_connection_is_asked_again() -> None:
    found, clock, _ = read(httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), page(line()))
    assert isinstance(found, Known)
    assert clock.waits == [1, 2]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 302])
def test_what_time_does_not_mend_is_asked_once(status: int) -> None:
    found, clock, server = read(refusal(status, retry_after="1"))
    assert isinstance(found, Unreadable)
    assert (clock.waits, len(server.asked)) == ([], 1)


def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    found, clock, server = read(refusal(429, "too_many_requests", "slow down", x_ratelimit_reset="3600"))
    assert isinstance(found, Unreadable)
    assert "429 too_many_requests: slow down (asks to wait 3600 s; at most 90 s are waited)" in found.reason
    assert (clock.waits, len(server.asked)) == ([], 1)


def test_a_storm_ends_by_the_deadline() -> None:
    found, clock, _ = read(refusal(429, x_ratelimit_reset="40"))
    assert isinstance(found, Unreadable)
    assert clock.waits == [40, 40]


@pytest.mark.parametrize("answer", [refusal(429, x_ratelimit_reset="1"), refusal(500), httpx.ConnectError("refused")])
def test_a_storm_ends_by_the_number_of_attempts(answer: Any) -> None:
    found, clock, server = read(answer)
    assert isinstance(found, Unreadable)
    assert len(server.asked) == MOST_ATTEMPTS
    assert len(clock.waits) == MOST_ATTEMPTS - 1


def test_the_deadline_is_one_for_all_pages() -> None:
    following = f"{ENDPOINT}/billing/v1/costs?page_token=2"
    limit = refusal(429, x_ratelimit_reset="50")
    found, clock, _ = read(limit, page(line(), next=following), limit)
    assert isinstance(found, Unreadable)
    assert clock.waits == [50]
