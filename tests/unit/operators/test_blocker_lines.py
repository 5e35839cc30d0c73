"""A blocker in the log: short lines, the way out among them, whatever its parts hold."""

import pytest

from tidegate.models.blocker import Blocker
from tidegate.models.remedy import Command, Person, Remedy
from tidegate.operators.blocker_lines import COLUMNS, blocker_lines, not_run_line

LONG = "arn:aws:elasticloadbalancing:eu-west-2:123456789012:loadbalancer/app/quick-test-alb/0123456789abcdef"
REMEDY = Remedy.of(
    Command(("aws", "elbv2", "delete-load-balancer", "--load-balancer-arn", LONG, "--region", "eu-west-2")),
    note="No state holds it",
)


def blocker(**parts: str) -> Blocker:
    said = {
        "code": "FORBIDDEN-LIVE",
        "summary": "rule X",
        "resource": f"aws_lb {LONG}",
        "observed": "a",
        "expected": "b",
    }
    return Blocker(**{**said, **parts}, remedy=REMEDY)


def test_each_part_has_its_line() -> None:
    lines = blocker_lines(Blocker("C", "s", "r", "o", "e", Remedy.of(Person("w", "d")))).splitlines()
    assert lines == [
        "BLOCKED C r",
        "  s",
        "  observed  o",
        "  expected  e",
        "  do this   d (w)",
        "  runbook   docs/runbooks/blocked-run.md",
    ]


@pytest.mark.parametrize("part", ["summary", "resource", "observed", "expected"])
@pytest.mark.parametrize("text", ["x" * 400, "word " * 100, f"{LONG} {LONG}", "a\nb\tc"])
def test_no_line_runs_off_the_screen(part: str, text: str) -> None:
    lines = blocker_lines(blocker(**{part: text})).splitlines()
    assert max(map(len, lines)) <= COLUMNS
    whole = "".join("".join(lines).split())
    assert "".join(text.split()) in whole, "nothing is left out"


def test_what_is_waited_for_says_so() -> None:
    assert blocker_lines(blocker(), said="WAITING").startswith("WAITING FORBIDDEN-LIVE")


@pytest.mark.parametrize(
    ("tasks", "line"),
    [
        ((), ""),
        (("M9.D DESTROYED-STATE",), "1 lane after that did not run: M9.D DESTROYED-STATE"),
        (("A", "B", "A"), "2 lanes after that did not run: A, B"),
    ],
)
def test_lanes_that_did_not_run_are_one_sentence(tasks: tuple[str, ...], line: str) -> None:
    assert not_run_line(tasks) == line
