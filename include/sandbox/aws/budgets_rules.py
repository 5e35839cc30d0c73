"""What AWS Budgets refuses, declared in budgets_refusals.py (labelled extension of moto, which takes what is sent)."""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import wraps

from moto.budgets.responses import BudgetsResponse
from moto.core.exceptions import JsonRESTError

from sandbox.aws.constraints import operation_of, violation

MOST_NOTIFICATIONS = 10
MOST_SUBSCRIBERS = {"EMAIL": 10, "SNS": 1}
MOST_TAGS = 50
_ARN = re.compile(r"arn:aws[a-z-]*:budgets::(\d{12}):budget/(.+)")
_ADDRESS = {
    "EMAIL": re.compile(r"[^@\s]+@[^@\s]+"),
    "SNS": re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}"),
}

Operation = Callable[[BudgetsResponse], str]


def judged(operation: Operation) -> Operation:
    """Return the operation, refusing values that its model does not admit, other accounts, and tokens of no page."""

    @wraps(operation)
    def answer(response: BudgetsResponse) -> str:
        given = json.loads(response.body)
        found = violation("budgets", str(operation_of("budgets", operation.__name__)), given)
        if found is not None:
            raise JsonRESTError("InvalidParameterException", found)
        account = given.get("AccountId", response.current_account)
        if account != response.current_account:
            raise JsonRESTError("AccessDeniedException", f"Account {account} is not yours.")
        if given.get("NextToken") is not None:
            # Every list is one page here, so that no token can be one that was given out.
            raise JsonRESTError("InvalidNextTokenException", "The pagination token is invalid.")
        return operation(response)

    return answer


def refuse_notifications(number: int) -> None:
    """Refuse more notifications than a budget may have."""
    if number > MOST_NOTIFICATIONS:
        message = f"one budget can only have {MOST_NOTIFICATIONS} notifications"
        raise JsonRESTError("CreationLimitExceededException", message)


def refuse_subscribers(subscribers: Sequence[Mapping[str, str]]) -> None:
    """Refuse more subscribers of one type than a notification may have, and addresses that lead nowhere."""
    for type_, number in Counter(each["SubscriptionType"] for each in subscribers).items():
        if number > MOST_SUBSCRIBERS[type_]:
            message = f"one notification can only have {MOST_SUBSCRIBERS[type_]} subscribers with type of {type_}"
            raise JsonRESTError("CreationLimitExceededException", message)
    for each in subscribers:
        if not _ADDRESS[each["SubscriptionType"]].fullmatch(each["Address"]):
            message = f"the address {each['Address']} is not valid for the type {each['SubscriptionType']}"
            raise JsonRESTError("InvalidParameterException", message)


def refuse_tags(tags: Mapping[str, str]) -> None:
    """Refuse more tags than a resource may have."""
    if len(tags) > MOST_TAGS:
        message = "You've reached the limit on the number of tags you can associate with a resource."
        raise JsonRESTError("ServiceQuotaExceededException", message)


def budget_of(arn: str) -> tuple[str, str]:
    """Return account and name in a budget's ARN."""
    found = _ARN.fullmatch(arn)
    if found is None:
        raise JsonRESTError("InvalidParameterException", f"{arn} is not the ARN of a budget.")
    return found[1], found[2]
