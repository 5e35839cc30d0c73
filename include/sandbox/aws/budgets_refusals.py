"""What the sandbox's AWS Budgets refuses, and what it is still kinder about."""

from sandbox.refusals import EVERY, Kinder, Refusal, never_expiring

SERVICE = "budgets"
_REFERENCE = "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_{}.html"
_LIMITS = "https://docs.aws.amazon.com/cost-management/latest/userguide/management-limits.html"
_PAGED = (
    "DescribeBudgetActionsForBudget",
    "DescribeBudgetPerformanceHistory",
    "DescribeBudgets",
    "DescribeNotificationsForBudget",
    "DescribeSubscribersForNotification",
)
_OF_A_BUDGET = (
    "CreateNotification",
    "CreateSubscriber",
    "DeleteBudget",
    "DeleteNotification",
    "DeleteSubscriber",
    "DescribeBudget",
    "DescribeBudgetActionsForBudget",
    "DescribeBudgetPerformanceHistory",
    "DescribeNotificationsForBudget",
    "DescribeSubscribersForNotification",
    "UpdateNotification",
    "UpdateSubscriber",
)
_OF_A_RESOURCE = ("ListTagsForResource", "TagResource", "UntagResource")


def _refusal(operation: str, code: str, when: str) -> Refusal:
    return Refusal(operation, code, when, _REFERENCE.format(operation))


REFUSALS = (
    Refusal(EVERY, "AccessDeniedException", "the account is not the caller's", _REFERENCE.format("DescribeBudget")),
    *(
        _refusal(operation, "InvalidParameterException", "the id of the account has not twelve digits")
        for operation in (*_OF_A_BUDGET, "DescribeBudgets")
    ),
    *(_refusal(operation, "InvalidParameterException", "the ARN is none of a budget") for operation in _OF_A_RESOURCE),
    *(_refusal(operation, "NotFoundException", "the budget is not there") for operation in _OF_A_BUDGET),
    *(_refusal(operation, "NotFoundException", "the budget is not there") for operation in _OF_A_RESOURCE),
    *(_refusal(operation, "InvalidNextTokenException", "the token is of no page") for operation in _PAGED),
    _refusal("CreateBudget", "InvalidParameterException", "the amount is no number"),
    _refusal("CreateBudget", "InvalidParameterException", "the name holds a colon"),
    _refusal("CreateBudget", "InvalidParameterException", "there is no limit"),
    _refusal("CreateBudget", "InvalidParameterException", "it comes with eleven notifications"),
    _refusal("CreateBudget", "InvalidParameterException", "a notification has twelve subscribers"),
    _refusal("CreateBudget", "DuplicateRecordException", "the name is taken"),
    Refusal(
        "CreateBudget",
        "CreationLimitExceededException",
        "a notification has two topics for subscribers",
        _LIMITS,
    ),
    _refusal("CreateBudget", "ServiceQuotaExceededException", "it comes with 51 tags"),
    _refusal("CreateNotification", "InvalidParameterException", "the threshold is too high"),
    _refusal("CreateNotification", "InvalidParameterException", "a subscriber's address is no address of mail"),
    _refusal("CreateNotification", "DuplicateRecordException", "there is such a notification"),
    Refusal("CreateNotification", "CreationLimitExceededException", "the budget has ten already", _LIMITS),
    Refusal("CreateNotification", "CreationLimitExceededException", "eleven subscribers are of mail", _LIMITS),
    _refusal("CreateSubscriber", "InvalidParameterException", "the topic's ARN is none"),
    _refusal("CreateSubscriber", "DuplicateRecordException", "the notification has that subscriber"),
    _refusal("CreateSubscriber", "NotFoundException", "the notification is not there"),
    Refusal("CreateSubscriber", "CreationLimitExceededException", "the notification has its one topic", _LIMITS),
    _refusal("DeleteNotification", "NotFoundException", "the notification is not there"),
    _refusal("DeleteSubscriber", "NotFoundException", "the subscriber is not there"),
    _refusal("DescribeSubscribersForNotification", "NotFoundException", "the notification is not there"),
    _refusal("TagResource", "ServiceQuotaExceededException", "the budget would have 51 tags"),
    _refusal("UpdateBudget", "InvalidParameterException", "the amount is no number"),
    _refusal("UpdateBudget", "NotFoundException", "the budget is not there"),
    _refusal(
        "UpdateNotification", "DuplicateRecordException", "another notification of the budget is like the new one"
    ),
    _refusal("UpdateNotification", "NotFoundException", "the notification is not there"),
    _refusal("UpdateSubscriber", "DuplicateRecordException", "the notification has the new subscriber"),
    _refusal("UpdateSubscriber", "NotFoundException", "the subscriber is not there"),
)
_NO_VIEWS = "the account has no billing views but its own, which is always healthy"
KINDER = (
    *never_expiring(*_PAGED),
    *(
        Kinder(operation, "BillingViewHealthStatusException", _NO_VIEWS)
        for operation in ("CreateBudget", "UpdateBudget", "DescribeBudgetPerformanceHistory")
    ),
    Kinder("CreateBudget", "NotFoundException", _NO_VIEWS),
    Kinder(
        "DescribeBudgets", "NotFoundException", "the caller's account always exists; without budgets its list is empty"
    ),
    Kinder(
        "UpdateBudget", "ServiceQuotaExceededException", "an update brings no tags, and other quotas are not counted"
    ),
)
