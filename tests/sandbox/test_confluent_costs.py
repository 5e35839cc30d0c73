"""The fake costs API: date rules, pages, late data, lines that a reader must be able to bear."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.confluent.spend import ConfluentSpend, ConfluentSpendRow
from sandbox.testing import Sandbox

pytestmark = pytest.mark.timeout(120)

TODAY = date(2026, 3, 10)
FEBRUARY = {"start_date": "2026-02-01", "end_date": "2026-03-01"}


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with sandbox.confluent() as client:
        yield client


def ask(api: httpx.Client, **query: object) -> httpx.Response:
    return api.get("/billing/v1/costs", params={name: str(value) for name, value in query.items()})


def rows(api: httpx.Client, **query: object) -> list[dict[str, Any]]:
    answer = ask(api, **query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


def test_daily_lines_up_to_yesterday(sandbox: Sandbox, api: httpx.Client) -> None:
    sandbox.admin.set_confluent_spend(ConfluentSpend(per_day={"KAFKA_BASE": Decimal("1.25")}, as_of=TODAY))
    found = rows(api, start_date="2026-03-01", end_date="2026-04-01")
    assert [each["start_date"] for each in found] == [f"2026-03-{day:02}" for day in range(1, 10)]
    first = found[0]
    assert (first["end_date"], first["granularity"], first["product"]) == ("2026-03-02", "DAILY", "KAFKA")
    assert (first["amount"], first["original_amount"], first["line_type"]) == (1.25, 1.25, "KAFKA_BASE")


def test_the_end_is_exclusive(sandbox: Sandbox, api: httpx.Client) -> None:
    days = [ConfluentSpendRow(date=date(2026, 2, day), line_type="SUPPORT", amount=Decimal(day)) for day in (1, 2, 3)]
    sandbox.admin.set_confluent_spend(ConfluentSpend(rows=days, as_of=TODAY))
    assert [each["amount"] for each in rows(api, start_date="2026-02-02", end_date="2026-02-03")] == [2.0]


def test_late_days_are_not_there_yet(sandbox: Sandbox, api: httpx.Client) -> None:
    row = ConfluentSpendRow(date=date(2026, 3, 8), line_type="SUPPORT", amount=Decimal(5))
    spend = ConfluentSpend(rows=[row], per_day={"KAFKA_BASE": Decimal(1)}, late_days=3, as_of=TODAY)
    sandbox.admin.set_confluent_spend(spend)
    found = rows(api, start_date="2026-03-01", end_date="2026-03-10")
    assert found[-1]["start_date"] == "2026-03-06"
    assert {each["line_type"] for each in found} == {"KAFKA_BASE"}


def test_odd_lines(sandbox: Sandbox, api: httpx.Client) -> None:
    day = date(2026, 2, 3)
    odd = [
        ConfluentSpendRow(date=day, line_type="A_PROMO", amount=Decimal("-5"), product="SUPPORT_CLOUD_X"),
        ConfluentSpendRow(date=day, line_type="B_NEW", amount=Decimal("0.1"), overrides={"amount": None, "tier": "x"}),
        ConfluentSpendRow(
            date=day,
            line_type="C_DISCOUNT",
            amount=Decimal("0.75"),
            discount=Decimal("0.25"),
            resource_id="lkc-1",
            environment_id="env-1",
        ),
    ]
    sandbox.admin.set_confluent_spend(ConfluentSpend(rows=odd, as_of=TODAY))
    promo, new, discounted = rows(api, **FEBRUARY)
    assert (promo["amount"], promo["product"]) == (-5.0, "SUPPORT_CLOUD_X")
    assert "resource" not in promo
    assert "amount" not in new
    assert new["tier"] == "x"
    assert [discounted[part] for part in ("original_amount", "discount_amount", "amount")] == [1.0, 0.25, 0.75]
    assert discounted["resource"] == {"id": "lkc-1", "display_name": "lkc-1", "environment": {"id": "env-1"}}


def test_pages_follow_each_other(sandbox: Sandbox, api: httpx.Client) -> None:
    spend = ConfluentSpend(per_day={"KAFKA_BASE": Decimal(1)}, since=date(2026, 2, 1), page_cap=10, as_of=TODAY)
    sandbox.admin.set_confluent_spend(spend)
    url, seen, sizes = f"/billing/v1/costs?{httpx.QueryParams(FEBRUARY)}", set(), []
    while url:
        content = api.get(url).json()
        sizes.append(len(content["data"]))
        seen |= {each["id"] for each in content["data"]}
        assert content["metadata"]["total_size"] == 28
        url = content["metadata"].get("next")
    assert sizes == [10, 10, 8]
    assert len(seen) == 28
    assert len(rows(api, **FEBRUARY, page_size=3)) == 3


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({}, "start_date is required"),
        ({"start_date": "2026-02-01"}, "end_date is required"),
        ({"start_date": "2026-02-30", "end_date": "2026-03-01"}, "start_date is required, as YYYY-MM-DD"),
        ({"start_date": "2026-02-01T00:00:00Z", "end_date": "2026-03-01"}, "start_date is required, as YYYY-MM-DD"),
        ({"start_date": "2026-02-01", "end_date": "2026-02-01"}, "end date must be after start date"),
        ({"start_date": "2026-01-01", "end_date": "2026-02-02"}, "end date and start date are too far apart"),
        ({"start_date": "2025-03-01", "end_date": "2025-03-02"}, "start date is too far in the past"),
        (FEBRUARY | {"page_size": "0"}, "page_size must be between 1 and 10000"),
        (FEBRUARY | {"page_size": "10001"}, "page_size must be between 1 and 10000"),
        (FEBRUARY | {"page_token": "bm9uc2Vuc2U="}, "page_token is not one that this API gave"),
        (FEBRUARY | {"page_token": "é" * 300}, "page_token is not one that this API gave"),
    ],
)
def test_wrong_questions_are_400(sandbox: Sandbox, api: httpx.Client, query: dict[str, str], sentence: str) -> None:
    sandbox.admin.set_confluent_spend(ConfluentSpend(as_of=TODAY))
    answer = ask(api, **query)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "invalid_filter")
    assert sentence in answer.json()["errors"][0]["detail"]


def test_a_month_of_31_days_is_accepted(sandbox: Sandbox, api: httpx.Client) -> None:
    sandbox.admin.set_confluent_spend(ConfluentSpend(as_of=TODAY))
    assert rows(api, start_date="2026-01-01", end_date="2026-02-01") == []


def test_wrong_spend_gets_one_sentence(sandbox: Sandbox) -> None:
    with httpx.Client(base_url=sandbox.env["TIDEGATE_SANDBOX_ADMIN"], trust_env=False) as admin:
        answer = admin.put("/confluent/spend", json={"late_days": -1})
    assert (answer.status_code, "late_days" in answer.json()["error"]) == (400, True)
