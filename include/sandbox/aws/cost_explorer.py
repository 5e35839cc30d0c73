"""Cost Explorer in the sandbox (labelled extension of moto): validates as AWS does, answers from settable spend.

moto takes any period and answers with an empty list, which would look like zero cost.
Covered: GetCostAndUsage (DAILY, MONTHLY; filters on dimensions and tags; grouping; paging) and GetCostForecast.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from moto.ce.responses import CostExplorerResponse
from moto.core.exceptions import JsonRESTError

from sandbox.aws.cost_explorer_refusals import KINDER as KINDER
from sandbox.aws.cost_explorer_refusals import REFUSALS as REFUSALS
from sandbox.aws.cost_explorer_refusals import SERVICE as SERVICE
from sandbox.aws.patching import add, replace
from sandbox.aws.settings import SETTINGS
from sandbox.aws.spend import ONE_DAY, SpendRow

COST_METRICS = ("AmortizedCost", "BlendedCost", "NetAmortizedCost", "NetUnblendedCost", "UnblendedCost")
QUANTITY_METRICS = ("NormalizedUsageAmount", "UsageQuantity")
FORECAST_METRICS = ("AMORTIZED_COST", "BLENDED_COST", "NET_AMORTIZED_COST", "NET_UNBLENDED_COST", "UNBLENDED_COST")
CURRENCY = "USD"
OLDEST_DAYS = 14 * 30
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

Period = tuple[date, date]
Expression = Mapping[str, Any]
Selector = Callable[[SpendRow], bool]
Reader = Callable[[SpendRow], str]


class ValidationException(JsonRESTError):
    """400, as Cost Explorer refuses a malformed request."""

    def __init__(self, message: str) -> None:
        super().__init__("ValidationException", message)


class DataUnavailable(JsonRESTError):
    """400, as Cost Explorer answers when there is no history to forecast from."""

    def __init__(self) -> None:
        super().__init__("DataUnavailableException", "Insufficient amount of historical data to generate forecast.")


def install() -> None:
    """Replace moto's GetCostAndUsage and add GetCostForecast."""
    replace(CostExplorerResponse, "get_cost_and_usage", _get_cost_and_usage)
    add(CostExplorerResponse, "get_cost_forecast", _get_cost_forecast)


def _get_cost_and_usage(response: CostExplorerResponse) -> str:
    request = json.loads(response.body)
    _refuse_as_set(request, response.current_account)
    return json.dumps(cost_and_usage(request, response.current_account, SETTINGS.spend.today()))


def _get_cost_forecast(response: CostExplorerResponse) -> str:
    request = json.loads(response.body)
    _refuse_as_set(request, response.current_account)
    return json.dumps(cost_forecast(request, SETTINGS.spend.today()))


def _refuse_as_set(request: Mapping[str, Any], account: str) -> None:
    """Refuse as AWS does while Cost Explorer is not enabled, has no data, or billing access is not activated.

    Also any billing view but the account's own: there is no other.
    """
    view = request.get("BillingViewArn")
    if view is not None and view != f"arn:aws:billing::{account}:billingview/primary":
        raise JsonRESTError("ResourceNotFoundException", f"The billing view {view} was not found.")
    refusal = SETTINGS.explorer_refusal
    if refusal is not None:
        raise JsonRESTError(refusal.code, refusal.message)


def cost_and_usage(request: Mapping[str, Any], account: str, today: date) -> dict[str, Any]:
    """Answer GetCostAndUsage. Raises ValidationException as AWS would."""
    start, end = _time_period(request)
    if start > today:
        raise ValidationException("Start date is in the future: it must be equal to or no later than the current date.")
    if end > _next_month(today):
        raise ValidationException("end date past the beginning of next month")
    if start < today - timedelta(days=OLDEST_DAYS) and start.day != 1:
        raise ValidationException(
            "To retrieve data beyond the past 14 months, your start date needs to be the first day of the month."
        )
    metrics = _metrics(request.get("Metrics"))
    periods = list(_periods(start, end, request.get("Granularity")))
    groupings = request.get("GroupBy") or []
    if len(groupings) > 2:
        raise ValidationException("GroupBy accepts at most two values.")
    readers = [_grouping(grouping, account) for grouping in groupings]
    selects = _selector(request.get("Filter") or {}, account)
    rows = [row for row in SETTINGS.spend.between(start, end, today) if selects(row)]
    results = [_result(period, rows, metrics, readers, today) for period in periods]
    parts = [part for result in results for part in _parts(result)]
    first = _page_start(request.get("NextPageToken"), len(parts), _digest(request))
    last = first + SETTINGS.spend.page_size
    answer: dict[str, Any] = {"ResultsByTime": _joined(parts[first:last]), "DimensionValueAttributes": []}
    if groupings:
        answer["GroupDefinitions"] = groupings
    if last < len(parts):
        answer["NextPageToken"] = f"page-{last}-{_digest(request)}"
    return answer


def _digest(request: Mapping[str, Any]) -> str:
    """Return what binds a page's token to the question that it belongs to."""
    question = {name: value for name, value in request.items() if name != "NextPageToken"}
    return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()[:16]


def cost_forecast(request: Mapping[str, Any], today: date) -> dict[str, Any]:
    """Answer GetCostForecast at the settable daily rate. Raises as AWS would."""
    start, end = _time_period(request, inverted="Requested Start: {start} must be before requested End: {end}")
    if start < today:
        raise ValidationException("Start date must be equal to or no earlier than the current date.")
    if request.get("Metric") not in FORECAST_METRICS:
        raise ValidationException(f"Metric must be one of {', '.join(FORECAST_METRICS)}.")
    periods = list(_periods(start, end, request.get("Granularity")))
    if SETTINGS.spend.is_empty():
        raise DataUnavailable
    rate = SETTINGS.spend.daily_rate()
    results = [
        {"TimePeriod": _interval(period), "MeanValue": str(rate * (period[1] - period[0]).days)} for period in periods
    ]
    return {
        "Total": {"Amount": str(rate * (end - start).days), "Unit": CURRENCY},
        "ForecastResultsByTime": results,
    }


def _time_period(
    request: Mapping[str, Any], inverted: str = "Start date (and hour) should be before end date (and hour)"
) -> Period:
    period = request.get("TimePeriod") or {}
    start = _date(period.get("Start"), "Start")
    end = _date(period.get("End"), "End")
    if start >= end:
        raise ValidationException(inverted.format(start=start, end=end))
    return start, end


def _date(text: object, name: str) -> date:
    if not isinstance(text, str) or not _DATE.fullmatch(text):
        raise ValidationException(f"{name} time is invalid. Valid format is: yyyy-MM-dd.")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValidationException(f"{name} time is invalid. Valid format is: yyyy-MM-dd.") from error


def _metrics(names: object) -> Sequence[str]:
    if not isinstance(names, list) or not names:
        raise ValidationException("Metrics must have at least one value.")
    for name in names:
        if name not in (*COST_METRICS, *QUANTITY_METRICS):
            raise ValidationException(f"{name} is not a valid metric.")
    return names


def _periods(start: date, end: date, granularity: object) -> Iterator[Period]:
    if granularity not in {"DAILY", "MONTHLY"}:
        raise ValidationException(f"Granularity must be DAILY or MONTHLY in the sandbox, not {granularity}.")
    while start < end:
        following = min(end, start + ONE_DAY if granularity == "DAILY" else _next_month(start))
        yield start, following
        start = following


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _page_start(token: object, parts: int, digest: str) -> int:
    if token is None:
        return 0
    number, _, asked = str(token).removeprefix("page-").partition("-")
    if not number.isdecimal() or not int(number) > 0 or not asked:
        raise JsonRESTError("InvalidNextTokenException", "The pagination token is invalid. Try again without it.")
    if asked != digest:
        raise JsonRESTError("RequestChangedException", "Your request parameters changed between pages. Try again.")
    if int(number) >= parts:
        raise JsonRESTError("InvalidNextTokenException", "The pagination token is invalid. Try again without it.")
    return int(number)


def _selector(expression: Expression, account: str) -> Selector:
    """Turn a filter expression into a judge of rows; an empty one takes all. Raises ValidationException."""
    if not expression:
        return lambda row: True
    if len(expression) != 1:
        raise ValidationException("Expression can have only one root operator: And, Or, Not, Dimensions or Tags.")
    (operator, operand), *_ = expression.items()
    match operator:
        case "And" | "Or":
            parts = [_selector(part, account) for part in operand]
            if len(parts) < 2:
                raise ValidationException(f"{operator} needs at least two operands.")
            combine = all if operator == "And" else any
            return lambda row: combine(part(row) for part in parts)
        case "Not":
            negated = _selector(operand, account)
            return lambda row: not negated(row)
        case "Dimensions" | "Tags":
            key, values = operand.get("Key"), operand.get("Values")
            if not key or not values:
                raise ValidationException(f"{operator} needs a Key and Values.")
            if operator == "Tags":
                return lambda row: row.tags.get(key, "") in values
            dimension = _dimension(key, account)
            return lambda row: dimension(row) in values
        case _:
            raise NotImplementedError(f"a filter on {operator}")


def _dimension(key: str, account: str) -> Reader:
    """Return how to read a dimension of a row."""
    match key:
        case "SERVICE":
            return lambda row: row.service
        case "RECORD_TYPE":
            return lambda row: row.record_type
        case "REGION":
            return lambda row: row.region
        case "USAGE_TYPE":
            return lambda row: row.usage_type
        case "LINKED_ACCOUNT":
            return lambda row: row.linked_account or account
        case _:
            raise NotImplementedError(f"the dimension {key}")


def _grouping(grouping: Mapping[str, str], account: str) -> Reader:
    """Return how to read the group key of a row."""
    key = grouping.get("Key", "")
    match grouping.get("Type"):
        case "DIMENSION":
            return _dimension(key, account)
        case "TAG":
            return lambda row: f"{key}${row.tags.get(key, '')}"
        case other:
            raise NotImplementedError(f"grouping by {other}")


def _result(
    period: Period, rows: Sequence[SpendRow], metrics: Sequence[str], readers: Sequence[Reader], today: date
) -> dict[str, Any]:
    inside = [row for row in rows if period[0] <= row.date < period[1]]
    groups: dict[tuple[str, ...], list[SpendRow]] = {}
    if readers:
        for row in inside:
            groups.setdefault(tuple(reader(row) for reader in readers), []).append(row)
    return {
        "TimePeriod": _interval(period),
        "Total": {} if groups else _amounts(inside, metrics),
        "Groups": [{"Keys": list(keys), "Metrics": _amounts(groups[keys], metrics)} for keys in sorted(groups)],
        "Estimated": period[1] > today.replace(day=1),
    }


def _parts(result: dict[str, Any]) -> list[dict[str, Any]]:
    """What a page counts: a group, or a period without any."""
    return [{**result, "Groups": [group]} for group in result["Groups"]] or [result]


def _joined(parts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The periods of a page, each with those of its groups that the page holds."""
    joined: list[dict[str, Any]] = []
    for part in parts:
        if joined and joined[-1]["TimePeriod"] == part["TimePeriod"]:
            joined[-1] = {**part, "Groups": [*joined[-1]["Groups"], *part["Groups"]]}
        else:
            joined.append(part)
    return joined


def _amounts(rows: Sequence[SpendRow], metrics: Sequence[str]) -> dict[str, dict[str, str]]:
    total = sum((row.amount for row in rows), start=Decimal(0))
    return {
        metric: {"Amount": "0", "Unit": "N/A"}
        if metric in QUANTITY_METRICS
        else {"Amount": str(total), "Unit": CURRENCY}
        for metric in metrics
    }


def _interval(period: Period) -> dict[str, str]:
    return {"Start": period[0].isoformat(), "End": period[1].isoformat()}
