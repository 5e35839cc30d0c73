"""Cost since the month began, as AWS answers."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tidegate.collectors.aws.cost import month_to_date, read_budget_spend, read_daily_cost
from tidegate.models.cost import DailyCost, Money, ServiceCost
from tidegate.models.observed import Absent, Known, Unreadable

START, END = date(2026, 2, 1), date(2026, 2, 4)


def day(number, amount="0.5", unit="USD", estimated=True):
    return {
        "TimePeriod": {"Start": f"2026-02-0{number}", "End": f"2026-02-0{number + 1}"},
        "Total": {"UnblendedCost": {"Amount": amount, "Unit": unit}},
        "Groups": [],
        "Estimated": estimated,
    }


def cost(number, amount="0.5", estimated=True):
    money = Money(amount=Decimal(amount), unit="USD")
    return DailyCost(day=date(2026, 2, number), days=1, cost=money, estimated=estimated, groups=())


def charged(number, *parts, unit="USD", **changes):
    """A day with charges: no total, and a sum for each service and region."""
    groups = [
        {"Keys": [service, region], "Metrics": {"UnblendedCost": {"Amount": amount, "Unit": unit}}}
        for service, region, amount in parts
    ]
    return {**day(number), "Total": {}, "Groups": groups, **changes}


def of(service, region, amount):
    return ServiceCost(service=service, region=region, cost=Money(amount=Decimal(amount), unit="USD"))


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        (datetime(2026, 2, 13, 20, tzinfo=UTC), date(2026, 2, 1), date(2026, 2, 14)),
        (datetime(2026, 2, 1, 0, 0, tzinfo=UTC), date(2026, 2, 1), date(2026, 2, 2)),
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), date(2026, 12, 1), date(2027, 1, 1)),
        (datetime(2028, 2, 29, tzinfo=UTC), date(2028, 2, 1), date(2028, 3, 1)),
    ],
)
def test_the_period_is_never_empty(now, start, end):
    assert month_to_date(now) == (start, end)


def test_all_pages_and_the_question(clients, script):
    pages = [{"ResultsByTime": [day(1), day(2, "1.25")], "NextPageToken": "2"}, {"ResultsByTime": [day(3)]}]
    asked = script(clients.ce)("GetCostAndUsage", *pages)
    assert read_daily_cost(clients, START, END) == Known((cost(1), cost(2, "1.25"), cost(3)))
    (_, first), (_, second) = asked.asked
    assert first == {
        "TimePeriod": {"Start": "2026-02-01", "End": "2026-02-04"},
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost"],
        "GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}, {"Type": "DIMENSION", "Key": "REGION"}],
        "Filter": {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit", "Refund"]}}},
    }
    assert second == {**first, "NextPageToken": "2"}


@pytest.mark.parametrize("code", ["ValidationException", "DataUnavailableException", "AccessDeniedException"])
def test_a_refused_question_is_never_zero(clients, script, aws_error, code):
    script(clients.ce)("GetCostAndUsage", aws_error(code, "Start time is invalid"))
    found = read_daily_cost(clients, START, END)
    assert isinstance(found, Unreadable)
    assert f"{code}: Start time is invalid" in found.reason


def test_a_second_page_that_is_refused_spoils_all(clients, script, aws_error):
    script(clients.ce)("GetCostAndUsage", {"ResultsByTime": [day(1)], "NextPageToken": "2"}, aws_error("Throttling"))
    assert isinstance(read_daily_cost(clients, START, END), Unreadable)


def test_pages_that_go_round_in_circles_end(clients, script):
    asked = script(clients.ce)("GetCostAndUsage", {"ResultsByTime": [day(1)], "NextPageToken": "2"})
    assert isinstance(read_daily_cost(clients, START, END), Unreadable)
    assert len(asked.asked) == 2


def test_pages_without_end_end(clients, script):
    pages = [{"ResultsByTime": [day(1)], "NextPageToken": str(number)} for number in range(50)]
    asked = script(clients.ce)("GetCostAndUsage", *pages)
    assert isinstance(read_daily_cost(clients, START, END), Unreadable)
    assert len(asked.asked) == 40


def test_a_day_is_the_sum_of_its_groups_on_all_pages(clients, script):
    """A page may end within a day; a refund takes from the sum what AWS takes from it."""
    first = charged(1, ("Amazon DynamoDB", "eu-west-2", "0.2"), ("Tax", "NoRegion", "0.05"))
    pages = [
        {"ResultsByTime": [first, charged(2, ("EC2 - Other", "us-east-1", "1"))], "NextPageToken": "2"},
        {"ResultsByTime": [charged(2, ("AWS Never Heard Of", "", "-0.25"), Estimated=False), day(3, "0")]},
    ]
    script(clients.ce)("GetCostAndUsage", *pages)
    one, two, three = read_daily_cost(clients, START, END).value
    assert (one.cost.amount, one.groups) == (
        Decimal("0.25"),
        (of("Amazon DynamoDB", "eu-west-2", "0.2"), of("Tax", "NoRegion", "0.05")),
    )
    assert (two.cost, two.estimated) == (Money(amount=Decimal("0.75"), unit="USD"), True)
    assert two.groups == (of("EC2 - Other", "us-east-1", "1"), of("AWS Never Heard Of", "", "-0.25"))
    assert (three.cost.amount, three.groups) == (Decimal(0), ())


ONE = {"Keys": ["Tax", "NoRegion"], "Metrics": {"UnblendedCost": {"Amount": "1", "Unit": "USD"}}}


@pytest.mark.parametrize(
    "pages",
    [
        [[charged(1, Groups=[{**ONE, "Keys": ["Tax"]}])]],
        [[charged(1, Groups=[{**ONE, "Keys": ["Tax", None]}])]],
        [[charged(1, Groups=[{**ONE, "Keys": ["", "eu-west-2"]}])]],
        [[charged(1, Groups=[{**ONE, "Keys": ["Tax", "eu", "3"]}])]],
        [[charged(1, Groups=[{**ONE, "Keys": ["half \ud800", "eu"]}])]],
        [[charged(1, Groups=[{**ONE, "Metrics": {}}])]],
        [[charged(1, Groups=[ONE], Total={"UnblendedCost": {"Amount": "2", "Unit": "USD"}})]],
        [[charged(1, Groups=[ONE], Total=None)]],
        [[charged(1, ("Tax", "a", "1")) | {"Groups": [ONE, charged(1, ("Tax", "b", "1"), unit="EUR")["Groups"][0]]}]],
        [[charged(1, ("Tax", "a", "1"))], [charged(1, ("Tax", "b", "1"), unit="EUR")]],
        [
            [charged(1, ("Tax", "a", "1"))],
            [charged(1, ("Tax", "b", "1"), TimePeriod={"Start": "2026-02-01", "End": "2026-02-03"})],
        ],
    ],
)
def test_groups_that_make_no_sense_spoil_all(clients, script, pages):
    answers = [
        {"ResultsByTime": page} | ({"NextPageToken": str(number)} if number < len(pages) else {})
        for number, page in enumerate(pages, start=1)
    ]
    script(clients.ce)("GetCostAndUsage", *answers)
    assert isinstance(read_daily_cost(clients, START, END), Unreadable)


def test_an_empty_answer_is_kept_as_such(clients, script):
    script(clients.ce)("GetCostAndUsage", {"ResultsByTime": []})
    assert read_daily_cost(clients, START, END) == Known(())


@pytest.mark.parametrize(
    "change",
    [
        {"Total": {}},
        {"Total": {"BlendedCost": {"Amount": "1", "Unit": "USD"}}},
        {"Total": {"UnblendedCost": {"Unit": "USD"}}},
        {"Total": {"UnblendedCost": {"Amount": "1"}}},
        {"Total": {"UnblendedCost": {"Amount": "much", "Unit": "USD"}}},
        {"Total": {"UnblendedCost": {"Amount": "NaN", "Unit": "USD"}}},
        {"Total": {"UnblendedCost": {"Amount": "Infinity", "Unit": "USD"}}},
        {"Total": {"UnblendedCost": {"Amount": 1.5, "Unit": "USD"}}},
        {"Estimated": None},
        {"TimePeriod": {"Start": "2026-02-01"}},
        {"TimePeriod": {"Start": "yesterday", "End": "2026-02-02"}},
    ],
)
def test_a_malformed_day_spoils_all(clients, script, change):
    script(clients.ce)("GetCostAndUsage", {"ResultsByTime": [day(1), {**day(2), **change}]})
    assert isinstance(read_daily_cost(clients, START, END), Unreadable)


def test_a_day_that_does_not_say_whether_it_is_estimated(clients, script):
    unsaid = {name: value for name, value in day(1).items() if name != "Estimated"}
    script(clients.ce)("GetCostAndUsage", {"ResultsByTime": [unsaid]})
    assert isinstance(read_daily_cost(clients, START, END), Unreadable)


def test_answers_of_no_use(clients, environment, answered_by, malformed):
    answered_by(clients, malformed)
    assert isinstance(read_daily_cost(clients, START, END), Unreadable)
    assert isinstance(read_budget_spend(clients, environment), Unreadable)


def test_spend_of_the_budget(aws, environment):
    assert read_budget_spend(aws, environment) == Absent()
    definition = {"BudgetName": environment.budget.name, "BudgetType": "COST", "TimeUnit": "MONTHLY"}
    limit = {"BudgetLimit": {"Amount": "30", "Unit": "USD"}}
    aws.budgets.create_budget(AccountId=environment.account_id, Budget=definition | limit)
    assert read_budget_spend(aws, environment) == Known(Money(amount=Decimal(0), unit="USD"))


@pytest.mark.parametrize("spend", [{}, {"ActualSpend": {}}, {"ActualSpend": {"Amount": "1"}}, {"ForecastedSpend": {}}])
def test_a_budget_that_does_not_say_what_was_spent(clients, script, environment, spend):
    script(clients.budgets)(
        "DescribeBudget", {"Budget": {"TimeUnit": "MONTHLY", "BudgetType": "COST", "CalculatedSpend": spend}}
    )
    assert isinstance(read_budget_spend(clients, environment), Unreadable)


def test_the_right_amount(clients, script, environment):
    spend = {"ActualSpend": {"Amount": "12.3400", "Unit": "USD"}, "ForecastedSpend": {"Amount": "99", "Unit": "USD"}}
    monthly = {"TimeUnit": "MONTHLY", "BudgetType": "COST", "CalculatedSpend": spend}
    script(clients.budgets)("DescribeBudget", {"Budget": monthly})
    assert read_budget_spend(clients, environment) == Known(Money(amount=Decimal("12.34"), unit="USD"))


@pytest.mark.parametrize("counted", [{"TimeUnit": "DAILY"}, {"BudgetType": "USAGE"}, {"TimeUnit": "QUARTERLY"}])
def test_a_budget_that_counts_something_else_does_not_say_the_cost_of_the_month(clients, script, environment, counted):
    spend = {"CalculatedSpend": {"ActualSpend": {"Amount": "0", "Unit": "USD"}}}
    script(clients.budgets)(
        "DescribeBudget", {"Budget": {"TimeUnit": "MONTHLY", "BudgetType": "COST", **spend, **counted}}
    )
    seen = read_budget_spend(clients, environment)
    assert isinstance(seen, Unreadable)
    assert "expected MONTHLY COST" in seen.reason
