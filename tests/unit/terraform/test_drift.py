"""What a plan document says about drift: addresses and names, never values."""

import json
from typing import Any

import pytest

from tidegate.models.audit import ChangedResource
from tidegate.terraform.drift import to_drift
from tidegate.terraform.plan import PlanUnreadable

SECRET = "s3cr3t"


def change(address: str, *actions: str, before: Any = None, after: Any = None, mode: str = "managed") -> dict[str, Any]:
    return {
        "address": address,
        "mode": mode,
        "type": "aws_x",
        "change": {"actions": list(actions), "before": before, "after": after, "after_unknown": {}},
    }


def document(*changes: Any, drift: Any = (), **more: Any) -> dict[str, Any]:
    return {
        "format_version": "1.2",
        "complete": True,
        "errored": False,
        "resource_changes": list(changes),
        "resource_drift": list(drift),
        **more,
    }


def test_nothing_differs() -> None:
    found = to_drift(document(change("a.x", "no-op"), change("d.y", "read", mode="data")), has_changes=False)
    assert (found.complete, found.drifted, found.pending, found.outputs, found.has_changes) == (
        True,
        (),
        (),
        (),
        False,
    )


def test_a_change_from_outside_is_told_by_name_and_not_by_value() -> None:
    outside = change("a.x", "update", before={"name": "n", "password": SECRET}, after={"name": "n", "password": "no"})
    back = change("a.x", "update", before={"password": "no"}, after={"password": SECRET})
    found = to_drift(document(back, drift=[outside]), has_changes=True)
    assert found.drifted == (ChangedResource(address="a.x", actions=("update",), attributes=("password",)),)
    assert found.pending == ()
    assert SECRET not in repr(found)


def test_what_somebody_deleted_differs_as_a_whole() -> None:
    outside = change("a.x", "delete", before={"name": "n"})
    found = to_drift(document(change("a.x", "create", after={"name": "n"}), drift=[outside]), has_changes=True)
    assert found.drifted == (ChangedResource(address="a.x", actions=("create",), attributes=()),)


def test_what_changes_by_itself_is_no_drift() -> None:
    """A plan would change nothing back."""
    outside = change("a.x", "update", before={"count": 1}, after={"count": 2})
    assert to_drift(document(change("a.x", "no-op"), drift=[outside]), has_changes=False).drifted == ()


def test_what_the_configuration_wants_otherwise_is_pending() -> None:
    wanted = change("a.x", "update", before={"size": 1, "arn": "a"}, after={"size": 2})
    wanted["change"]["after_unknown"] = {"arn": True, "tags": {}}
    found = to_drift(document(wanted, change("a.y", "delete", before={"b": 1})), has_changes=True)
    assert [(it.address, it.attributes) for it in found.pending] == [("a.x", ("arn", "size")), ("a.y", ())]
    assert found.drifted == ()


def test_outputs_that_would_change_are_named() -> None:
    outputs = {"b": {"actions": ["update"], "after": SECRET}, "a": {"actions": ["no-op"]}}
    found = to_drift(document(output_changes=outputs), has_changes=True)
    assert found.outputs == ("b",)
    assert SECRET not in repr(found)


@pytest.mark.parametrize("cut", [{"complete": False}, {"errored": True}, {"complete": None}, {"errored": None}])
def test_a_plan_that_is_not_whole(cut: dict[str, Any]) -> None:
    assert to_drift({**document(), **cut}, has_changes=False).complete is False


@pytest.mark.parametrize(
    "broken",
    [
        {"resource_changes": [{}]},
        {"resource_changes": [{"address": "a", "mode": "other", "change": {}}]},
        {"resource_drift": ["x"]},
        {"resource_changes": 7},
        {"output_changes": {"a": 1}},
    ],
    ids=lambda broken: json.dumps(broken)[:40],
)
def test_another_shape(broken: dict[str, Any]) -> None:
    with pytest.raises(PlanUnreadable, match="unexpected shape"):
        to_drift({**document(), **broken}, has_changes=False)
