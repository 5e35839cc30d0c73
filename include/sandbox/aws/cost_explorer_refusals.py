"""What the sandbox's Cost Explorer refuses, and what it is still kinder about."""

from sandbox.refusals import Kinder, Refusal, unlimited

SERVICE = "ce"
_USAGE, _FORECAST = "GetCostAndUsage", "GetCostForecast"
_BOTH = (_USAGE, _FORECAST)
_REFERENCE = "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_{}.html"
_SETUP = "https://docs.aws.amazon.com/cost-management/latest/userguide/ce-enable.html"
_ACCESS = "https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/control-access-billing.html"


def _refusal(operation: str, code: str, when: str) -> Refusal:
    return Refusal(operation, code, when, _REFERENCE.format(operation))


REFUSALS = (
    *(
        _refusal(operation, "ValidationException", when)
        for operation in _BOTH
        for when in (
            "the start is no date",
            "the end is a day that no calendar has",
            "the start is the end",
            "the granularity is none",
            "the metric is none",
        )
    ),
    *(_refusal(operation, "ResourceNotFoundException", "the billing view is not there") for operation in _BOTH),
    *(
        Refusal(operation, code, when, source)
        for operation in _BOTH
        for code, when, source in (
            ("AccessDeniedException", "Cost Explorer was never enabled", _SETUP),
            ("AccessDeniedException", "access to billing was never activated", _ACCESS),
        )
    ),
    _refusal(_USAGE, "ValidationException", "the start is in the future"),
    _refusal(_USAGE, "ValidationException", "the end is past the beginning of next month"),
    _refusal(_USAGE, "ValidationException", "the start is older than fourteen months and not the first of a month"),
    _refusal(_USAGE, "ValidationException", "no metric is named"),
    _refusal(_USAGE, "ValidationException", "it groups by three keys"),
    _refusal(_USAGE, "ValidationException", "the filter has two roots"),
    _refusal(_USAGE, "ValidationException", "the filter's And has one operand"),
    _refusal(_USAGE, "ValidationException", "the filter's dimension has no values"),
    _refusal(_USAGE, "DataUnavailableException", "the account has no data yet"),
    _refusal(_USAGE, "InvalidNextTokenException", "the token is of no page"),
    _refusal(_USAGE, "RequestChangedException", "the token belongs to another question"),
    _refusal(_FORECAST, "ValidationException", "the start is in the past"),
    _refusal(_FORECAST, "DataUnavailableException", "nothing was ever spent"),
)
KINDER = (
    *unlimited(*_BOTH, code="LimitExceededException"),
    Kinder(_USAGE, "BillExpirationException", "a bill is never replaced while it is read: spend is set as a whole"),
    *(
        Kinder(operation, "BillingViewHealthStatusException", "the account's own billing view is always healthy")
        for operation in _BOTH
    ),
)
