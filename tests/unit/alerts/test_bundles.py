"""Many findings of one kind are one message that counts and names them."""

import pytest

from factories_alerts import about, alert
from tidegate.alerts.bundles import MOST_MESSAGES, MOST_NAMED, bundles
from tidegate.alerts.events import MANIFEST
from tidegate.models.alert import Alert


def finding(code: str, number: int, gate: str = "NETWORK-POSTURE") -> Alert:
    return alert(f"finding/{gate}/{code}/aws/nat-{number}", scope=gate, text=f"text of {number}\n")


def messages(*alerts: Alert) -> list[int]:
    return [len(told) for _, told in bundles(about(), alerts)]


def test_a_few_have_a_message_each() -> None:
    given = tuple(finding("X", number) for number in range(MOST_MESSAGES))
    assert bundles(about(), given) == tuple((each, (each,)) for each in given)


def test_more_are_one_that_counts_and_names_them() -> None:
    given = tuple(finding("FORBIDDEN-LIVE", number) for number in range(MOST_NAMED + 3))
    ((message, told),) = bundles(about(), given)
    assert told == given
    assert message.subject == "tidegate dev_min AUDIT: 23 times FORBIDDEN-LIVE: aws/nat-0 and 22 more"
    assert message.text.startswith("23 findings of NETWORK-POSTURE, in one message: FORBIDDEN-LIVE.\n")
    assert "FORBIDDEN-LIVE aws/nat-19\nand 3 more: see the evidence" in message.text
    assert "nat-20" not in message.text
    assert "The first of them:\n\ntext of 0\n" in message.text


@pytest.mark.parametrize(
    ("count", "more"), [(MOST_MESSAGES + 1, ""), (MOST_NAMED, ""), (MOST_NAMED + 1, "\nand 1 more: see the evidence")]
)
def test_what_they_say_together_is_the_list_and_the_whole_of_the_first(count: int, more: str) -> None:
    ((message, _),) = bundles(
        about(link="", evidence=""), [finding("FORBIDDEN-LIVE", number) for number in range(count)]
    )
    named = "\n".join(f"FORBIDDEN-LIVE aws/nat-{number}" for number in range(min(count, MOST_NAMED)))
    assert message.text == (
        f"{count} findings of NETWORK-POSTURE, in one message: FORBIDDEN-LIVE.\n\n"
        f"{named}{more}\n\n"
        "The first of them:\n\ntext of 0\n\n"
        "Execution: audit_20260213T201427Z of dev_min\n"
    )


def test_gates_and_codes_are_kept_apart() -> None:
    many = range(MOST_MESSAGES + 1)
    codes = [finding(code, number) for number in many for code in ("X", "Y")]
    assert messages(*codes) == [len(many), len(many)]
    gates = [finding("X", number, gate) for number in many for gate in ("A", "B")]
    assert messages(*gates) == [len(many), len(many)]


def test_all_that_a_gate_could_not_read_is_one_kind() -> None:
    given = [finding(f"TYPE{number}-UNREADABLE", number) for number in range(70)]
    assert messages(*given) == [70]
    given = [finding(f"TYPE{number % 2}-UNREADABLE", number) for number in range(MOST_MESSAGES + 1)]
    ((message, _),) = bundles(about(), given)
    assert message.text.startswith(
        "6 findings of NETWORK-POSTURE, in one message: TYPE0-UNREADABLE, TYPE1-UNREADABLE.\n"
    )


def test_what_happened_once_is_never_put_together() -> None:
    given = [alert(f"notice/{number}", scope="", fingerprint="") for number in range(9)]
    assert messages(*given) == [1] * 9


def test_what_has_a_scope_and_is_no_finding_of_a_gate_is_never_put_together() -> None:
    assert messages(*(alert(f"manifest/{number}", scope=MANIFEST) for number in range(9))) == [1] * 9
