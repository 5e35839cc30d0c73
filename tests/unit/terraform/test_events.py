"""Terraform's events as people read them in the task log."""

import json
from typing import Any

import pytest

from tidegate.terraform.events import Progress


@pytest.fixture
def progress() -> Progress:
    return Progress()


def event(kind: str, **fields: Any) -> str:
    return json.dumps({"@level": "info", "@message": "said by terraform", "type": kind, **fields})


def hook(kind: str, action: str, address: str = "aws_subnet.a", seconds: float | None = None) -> str:
    inner: dict[str, Any] = {"resource": {"addr": address, "resource": address}, "action": action}
    return event(kind, hook=inner if seconds is None else {**inner, "elapsed_seconds": seconds})


def planned(progress: Progress, **changes: int) -> str | None:
    return progress.feed(event("change_summary", changes={"add": 0, "change": 0, "remove": 0, **changes}))


@pytest.mark.parametrize(
    ("action", "doing", "done"),
    [
        ("create", "creating", "created"),
        ("update", "updating", "updated"),
        ("delete", "destroying", "destroyed"),
        ("replace", "replacing", "replaced"),
        ("import", "importing", "imported"),
        ("shrug", "shrug", "shrug"),
    ],
)
def test_what_happens_to_a_resource(progress: Progress, action: str, doing: str, done: str) -> None:
    planned(progress, add=16)
    assert progress.feed(hook("apply_start", action)) is None
    assert progress.feed(hook("apply_progress", action, seconds=4)) == f"[1/16] aws_subnet.a {doing} 4 s"
    assert progress.feed(hook("apply_complete", action, seconds=5.7)) == f"[1/16] aws_subnet.a {done} after 5 s"


def test_counting(progress: Progress) -> None:
    planned(progress, add=1, change=1, remove=1, **{"import": 1})
    assert progress.planned == 4
    assert progress.feed(hook("apply_complete", "create")) == "[1/4] aws_subnet.a created after 0 s"
    assert progress.feed(hook("apply_progress", "create", "aws_vpc.b", 1)) == "[2/4] aws_vpc.b creating 1 s"
    assert progress.feed(hook("apply_complete", "create", "aws_vpc.b")) == "[2/4] aws_vpc.b created after 0 s"
    assert progress.finished == 2


def planned_change(action: str, address: str = "aws_subnet.a") -> str:
    return event("planned_change", change={"resource": {"addr": address, "resource": address}, "action": action})


def test_an_apply_of_a_saved_plan_knows_its_total(progress: Progress) -> None:
    for number in range(3):
        assert progress.feed(planned_change("create", f"aws_vpc.a[{number}]")) is None
    assert progress.feed(hook("apply_complete", "create", "aws_vpc.a[0]")) == "[1/3] aws_vpc.a[0] created after 0 s"


@pytest.mark.parametrize(
    ("action", "steps"),
    [
        ("create", 1),
        ("update", 1),
        ("delete", 1),
        ("replace", 2),
        ("import", 0),
        ("remove", 0),
        ("move", 0),
        ("read", 0),
        ("noop", 0),
    ],
)
def test_a_planned_change_counts_as_often_as_it_is_completed(progress: Progress, action: str, steps: int) -> None:
    progress.feed(planned_change(action))
    assert progress.planned == steps


def test_more_than_was_planned_never_reads_as_five_of_four(progress: Progress) -> None:
    planned(progress, add=1)
    progress.feed(hook("apply_complete", "create"))
    assert progress.feed(hook("apply_complete", "create", "aws_vpc.b")) == "[2/2] aws_vpc.b created after 0 s"
    assert progress.feed(hook("apply_progress", "create", "aws_vpc.c", 1)) == "[2/2] aws_vpc.c creating 1 s"


def test_an_errored_resource_is_not_finished(progress: Progress) -> None:
    planned(progress, add=2)
    line = progress.feed(hook("apply_errored", "create", seconds=3))
    assert line == "[1/2] aws_subnet.a creating stopped with an error after 3 s"
    assert progress.finished == 0


def test_a_summary(progress: Progress) -> None:
    line = event("change_summary", changes={"add": 2, "change": 0, "remove": 1, "operation": "plan"})
    assert progress.feed(line) == "said by terraform"
    assert (progress.summary, progress.planned) == ("said by terraform", 3)


@pytest.mark.parametrize("address", ["data.aws_caller_identity.me", "module.a.data.aws_vpc.b"])
def test_data_sources_are_not_progress(progress: Progress, address: str) -> None:
    assert progress.feed(hook("apply_complete", "read", address)) is None
    assert progress.finished == 0


def test_a_module_called_data_is_no_data_source(progress: Progress) -> None:
    assert progress.feed(hook("apply_complete", "create", "module.data.aws_vpc.a")) is not None
    assert progress.finished == 1


def test_an_error_is_said_whole_in_one_line_and_kept(progress: Progress) -> None:
    diagnostic = {
        "severity": "error",
        "summary": "creating VPC",
        "detail": "api error\n  UnauthorizedOperation:\n\n  no",
        "address": "aws_vpc.a",
    }
    said = "creating VPC (aws_vpc.a): api error UnauthorizedOperation: no"
    assert progress.feed(event("diagnostic", diagnostic=diagnostic)) == f"terraform error: {said}"
    assert (progress.errors, progress.warnings) == ([said], [])


def test_a_warning_is_no_error(progress: Progress) -> None:
    line = progress.feed(event("diagnostic", diagnostic={"severity": "warning", "summary": "deprecated"}))
    assert line == "terraform warning: deprecated"
    assert (progress.errors, progress.warnings) == ([], ["deprecated"])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("  panic: runtime error ", "panic: runtime error"),
        ('{"type": "diagnostic"', '{"type": "diagnostic"'),
        ("", None),
        ("   ", None),
        ("[1, 2]", None),
        ("17", None),
        (event("version", terraform="1.12.2"), None),
        (event("outputs", outputs={"secret": {"value": "x"}}), None),
        (event("planned_change", change={"resource": {"addr": "aws_vpc.a"}, "action": "create"}), None),
        (event("refresh_start", hook={"resource": {"addr": "aws_vpc.a"}}), None),
        ("{}", None),
    ],
)
def test_other_lines(progress: Progress, line: str, said: str | None) -> None:
    assert progress.feed(line) == said
