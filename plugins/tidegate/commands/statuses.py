"""How commands of `tidegate` answer: exit statuses and formats."""

from enum import StrEnum

PASS, BLOCKED, COULD_NOT_TELL, WRONG_USAGE = 0, 1, 2, 64


class Format(StrEnum):
    """How to print."""

    table = "table"
    json = "json"
