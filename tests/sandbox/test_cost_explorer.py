"""Cost Explorer: it judges the period as AWS does, and answers from settable spend."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.spend import Spend
from sandbox.testing import Sandbox

pytestmark = pytest.mark.timeout(120)
RDS = "Amazon Relational Database Service"
ECS = "Amazon Elastic Container Service"
TODAY = date(2026, 3, 20)
FIRST = TODAY - timedelta(days=9)
NO_CREDITS = {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit", "Refund"]}}}


@pytest.fixture
def ce(sandbox: Sandbox) -> Any:
    spend(sandbox)
    return sandbox.client("ce")


def spend(sandbox: Sandbox, **more: Any) -> None:
    """Set what was spent, on a fixed day: midnight may fall into a test run."""
    sandbox.admin.set_spend(as_of=TODAY, **more)


def row(offset: int, service: str, amount: str, **more: Any) -> dict[str, Any]:
    return {"date": FIRST + timedelta(days=offset), "service": service, "amount": Decimal(amount), **more}


def ask(ce: Any, start: date | str = FIRST, end: date | str = TODAY, **more: Any) -> dict[str, Any]:
    request = {"Granularity": "DAILY", "Metrics": ["UnblendedCost"]} | more
    answer: dict[str, Any] = ce.get_cost_and_usage(TimePeriod={"Start": str(start), "End": str(end)}, **request)
    return answer


def total(answer: dict[str, Any], metric: str = "UnblendedCost") -> Decimal:
    return sum((Decimal(each["Total"][metric]["Amount"]) for each in answer["ResultsByTime"]), start=Decimal(0))


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        pytest.param("bad", TODAY, "Start time is invalid. Valid format is: yyyy-MM-dd.", id="no-date"),
        pytest.param("2026-02-30", TODAY, "Start time is invalid. Valid format is: yyyy-MM-dd.", id="no-such-day"),
        pytest.param(FIRST, "20260301", "End time is invalid. Valid format is: yyyy-MM-dd.", id="no-dashes"),
        pytest.param(TODAY, TODAY, "Start date (and hour) should be before end date (and hour)", id="empty"),
        pytest.param(TODAY, FIRST, "Start date (and hour) should be before end date (and hour)", id="inverted"),
        pytest.param(TODAY + timedelta(days=1), TODAY + timedelta(days=2), "Start date is in the future", id="future"),
        pytest.param(FIRST, TODAY + timedelta(days=70), "end date past the beginning of next month", id="far-end"),
    ],
)
def test_period(ce: Any, start: date | str, end: date | str, message: str) -> None:
    with pytest.raises(ClientError) as caught:
        ask(ce, start, end)

    error = caught.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == ("ValidationException", 400)
    assert message in error["Error"]["Message"]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"Granularity": "YEARLY"}, id="granularity"),
        pytest.param({"Metrics": ["Euros"]}, id="metric"),
        pytest.param({"Metrics": []}, id="no-metric"),
        pytest.param({"Filter": NO_CREDITS | {"And": []}}, id="two-operators"),
        pytest.param({"Filter": {"And": [NO_CREDITS]}}, id="one-operand"),
        pytest.param({"Filter": {"Dimensions": {"Key": "SERVICE"}}}, id="no-values"),
    ],
)
def test_request(ce: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        ask(ce, **wrong)


def test_zero_is_said_for_each_day(ce: Any) -> None:
    answer = ask(ce)

    assert len(answer["ResultsByTime"]) == 9
    assert {each["Total"]["UnblendedCost"]["Amount"] for each in answer["ResultsByTime"]} == {"0"}


def test_rate_and_rows_add_up(sandbox: Sandbox, ce: Any) -> None:
    spend(sandbox, per_day={RDS: "0.52"}, since=str(FIRST), rows=[row(2, ECS, "3.10")])

    answer = ask(ce)

    assert total(answer) == Decimal("0.52") * 9 + Decimal("3.10")
    assert answer["ResultsByTime"][2]["Total"]["UnblendedCost"] == {"Amount": "3.62", "Unit": "USD"}


def test_metrics_agree(sandbox: Sandbox, ce: Any) -> None:
    spend(sandbox, rows=[row(0, RDS, "1.25")])

    answer = ask(ce, Metrics=["UnblendedCost", "AmortizedCost", "NetUnblendedCost"])

    assert {total(answer, metric) for metric in answer["ResultsByTime"][0]["Total"]} == {Decimal("1.25")}


def test_credits_hide_spend_unless_excluded(sandbox: Sandbox, ce: Any) -> None:
    credit = row(0, RDS, "-5", record_type="Credit")
    refund = row(1, RDS, "-1", record_type="Refund")
    spend(sandbox, rows=[row(0, RDS, "5"), credit, refund])

    assert total(ask(ce)) == Decimal(-1)
    assert total(ask(ce, Filter=NO_CREDITS)) == Decimal(5)


def test_filters_combine(sandbox: Sandbox, ce: Any) -> None:
    mine = {"environment": "dev_min"}
    spend(sandbox, rows=[row(0, RDS, "5", tags=mine), row(0, ECS, "2", tags=mine), row(0, RDS, "9")])
    tagged = {"Tags": {"Key": "environment", "Values": ["dev_min"]}}
    rds = {"Dimensions": {"Key": "SERVICE", "Values": [RDS]}}

    assert total(ask(ce, Filter=tagged)) == Decimal(7)
    assert total(ask(ce, Filter={"And": [tagged, rds]})) == Decimal(5)
    assert total(ask(ce, Filter={"Or": [tagged, rds]})) == Decimal(16)


def test_grouping_by_service(sandbox: Sandbox, ce: Any) -> None:
    spend(sandbox, rows=[row(0, RDS, "5"), row(0, ECS, "2"), row(0, ECS, "1")])

    first, second, *_ = ask(ce, GroupBy=[{"Type": "DIMENSION", "Key": "SERVICE"}])["ResultsByTime"]

    amounts = {each["Keys"][0]: each["Metrics"]["UnblendedCost"]["Amount"] for each in first["Groups"]}
    assert amounts == {ECS: "3", RDS: "5"}
    assert (first["Total"], second["Groups"]) == ({}, [])
    assert second["Total"] == {"UnblendedCost": {"Amount": "0", "Unit": "USD"}}, "as AWS answers for an empty day"


def test_a_page_may_end_within_a_day(sandbox: Sandbox, ce: Any) -> None:
    spend(sandbox, rows=[row(0, RDS, "5"), row(0, ECS, "2"), row(0, "Tax", "1"), row(1, RDS, "4")], page_size=2)
    keys = [{"Type": "DIMENSION", "Key": key} for key in ("SERVICE", "REGION")]

    one = ask(ce, FIRST, FIRST + timedelta(days=2), GroupBy=keys)
    two = ask(ce, FIRST, FIRST + timedelta(days=2), GroupBy=keys, NextPageToken=one["NextPageToken"])

    told = [[(it["TimePeriod"]["Start"], len(it["Groups"])) for it in page["ResultsByTime"]] for page in (one, two)]
    assert told == [[(str(FIRST), 2)], [(str(FIRST), 1), (str(FIRST + timedelta(days=1)), 1)]]
    assert "NextPageToken" not in two
    assert one["ResultsByTime"][0]["Groups"][0]["Keys"] == [ECS, "eu-west-2"]


def test_usage_types_of_a_service(sandbox: Sandbox, ce: Any) -> None:
    """What the way out of unexplained money asks for."""
    spend(sandbox, rows=[row(0, RDS, "5", usage_type="EUW2-RDS:ChargedBackupUsage")])
    keys = [{"Type": "DIMENSION", "Key": key} for key in ("SERVICE", "USAGE_TYPE")]

    first, *_ = ask(ce, GroupBy=keys)["ResultsByTime"]

    assert [it["Keys"] for it in first["Groups"]] == [[RDS, "EUW2-RDS:ChargedBackupUsage"]]


def test_months_start_and_end_with_the_period(sandbox: Sandbox, ce: Any) -> None:
    end = TODAY.replace(day=1)
    start = (end - timedelta(days=40)).replace(day=5)
    last_of_month = end - timedelta(days=1)
    spend(sandbox, rows=[{"date": last_of_month, "service": RDS, "amount": "4"}])

    periods = [each["TimePeriod"] for each in ask(ce, start, end, Granularity="MONTHLY")["ResultsByTime"]]

    assert periods[0]["Start"] == str(start)
    assert periods[-1] == {"Start": str(last_of_month.replace(day=1)), "End": str(end)}


def test_pages_hold_everything_once(sandbox: Sandbox, ce: Any) -> None:
    spend(sandbox, per_day={RDS: "1"}, since=str(FIRST), page_size=4)

    answer = ask(ce)
    days = list(answer["ResultsByTime"])
    pages = 1
    while token := answer.get("NextPageToken"):
        answer = ask(ce, NextPageToken=token)
        days += answer["ResultsByTime"]
        pages += 1

    assert pages == 3
    assert [each["TimePeriod"]["Start"] for each in days] == [
        str(FIRST + timedelta(days=number)) for number in range(9)
    ]
    with pytest.raises(ClientError, match="InvalidNextTokenException"):
        ask(ce, NextPageToken="page-99")


def test_forecast_follows_the_rate(sandbox: Sandbox, ce: Any) -> None:
    request = {
        "TimePeriod": {"Start": str(TODAY), "End": str(TODAY + timedelta(days=10))},
        "Metric": "UNBLENDED_COST",
        "Granularity": "DAILY",
    }
    with pytest.raises(ClientError, match="DataUnavailableException"):
        ce.get_cost_forecast(**request)

    spend(sandbox, per_day={RDS: "1.5", ECS: "0.5"})

    answer = ce.get_cost_forecast(**request)
    assert Decimal(answer["Total"]["Amount"]) == Decimal(20)
    assert len(answer["ForecastResultsByTime"]) == 10


def test_without_a_set_day_the_clock_counts() -> None:
    before = datetime.now(UTC).date()
    today = Spend().today()

    assert before <= today <= datetime.now(UTC).date()
    assert Spend(as_of=TODAY).today() == TODAY
