"""The journal is bounded, and says when it has dropped something."""

from sandbox.calls import Call
from sandbox.journal import Journal

CALL = Call("s3", "PutObject", "/bucket/key", "ASIAEXAMPLE")


def numbers(journal: Journal, since: int) -> tuple[list[int], bool]:
    answer = journal.since(since)
    calls = answer["calls"]
    assert isinstance(calls, list)
    return [call["seq"] for call in calls], bool(answer["dropped"])


def test_calls_are_numbered_without_gaps() -> None:
    journal = Journal()
    for _ in range(3):
        journal.record(CALL, 200, None)

    assert numbers(journal, 0) == ([1, 2, 3], False)
    assert numbers(journal, 2) == ([3], False)
    assert numbers(journal, 99) == ([], False)


def test_dropped_calls_are_admitted() -> None:
    journal = Journal(capacity=2)
    for _ in range(3):
        journal.record(CALL, 200, None)

    assert numbers(journal, 0) == ([2, 3], True)
    assert numbers(journal, 1) == ([2, 3], False)
