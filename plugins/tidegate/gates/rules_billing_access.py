"""The way out when AWS does not tell the cost of a month: by its code; the first days of an account have their own."""

from collections.abc import Iterator

from tidegate.gates.rules_observed import Need, unusable
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Unreadable
from tidegate.models.remedy import OWNER, Clear, Person, Remedy, Wait

ROOT_USER = "the account's root user"
"""Who alone activates that roles may see the bill."""

MANAGEMENT = "whoever runs the organization's management account"
"""Who decides whether a member account may see its own cost."""

_PAGE = "docs/runbooks/bill-not-shown.md"

_NOT_ENABLED = "not enabled for cost explorer"
"""What AWS answers until somebody has opened Cost Explorer once, with the code AccessDeniedException."""


_AMOUNT = "an amount; what cannot be read is not zero"
_MONTH = "the cost of this month"

_ENABLE = Remedy.of(
    Person(OWNER, "open Cost Explorer once in the console of the account, which enables it", _PAGE),
    Wait("AWS has prepared its data, up to 24 hours later"),
    Clear(),
)
_ACTIVATE = Remedy.of(
    Person(ROOT_USER, "activate IAM access to billing information in the account settings", _PAGE),
    Clear(),
    alternative=(
        Person(MANAGEMENT, "allow member accounts to see their cost in the Cost Management preferences", _PAGE),
        Clear(),
    ),
    note="Where both are done already, the execution role lacks the grant that the reason names",
)
_CORRECT = Remedy.of(Person(OWNER, "correct what the reason names: role, key, period or service"), Clear())


def cost_unusable(observed: Absent | Unreadable, source: str) -> Iterator[Blocker]:
    """The blocker for a cost that AWS did not tell."""
    reason = observed.reason if isinstance(observed, Unreadable) else ""
    if "DataUnavailableException" in reason or _NOT_ENABLED in reason:
        yield unusable(observed, Need(stem="COST", what=_MONTH, resource=source, expected=_AMOUNT, remedy=_ENABLE))
    elif "AccessDenied" in reason:
        yield unusable(observed, Need(stem="COST", what=_MONTH, resource=source, expected=_AMOUNT, remedy=_ACTIVATE))
    else:
        yield unusable(observed, Need(stem="COST", what=_MONTH, resource=source, expected=_AMOUNT, remedy=_CORRECT))
