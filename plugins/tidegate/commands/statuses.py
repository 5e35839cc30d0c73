"""Exit statuses of `tidegate`."""

PASS, BLOCKED, COULD_NOT_TELL, WRONG_USAGE = 0, 1, 2, 64
