"""What of a plan people need to see, and that nothing of it is a secret (ID4)."""

from typing import Any

import pytest

from tidegate.models.plan import ChangedAttribute, ProtectedFromDeletion
from tidegate.terraform.plan_attributes import changed_attributes, protected_from_deletion


def drift(before: Any, after: Any, before_sensitive: Any = False, after_sensitive: Any = False) -> dict[str, Any]:
    marks = {"before_sensitive": before_sensitive, "after_sensitive": after_sensitive}
    return {"actions": ["update"], "before": before, "after": after, **marks}


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (drift({"limit": "30.0", "name": "b"}, {"limit": "300.0", "name": "b"}), [("limit", "30.0", "300.0")]),
        (drift({"on": True}, {"on": False}), [("on", "true", "false")]),
        (drift({"days": 7}, {"days": None}), [("days", "7", "none")]),
        (drift({}, {"new": "x"}), [("new", "none", "x")]),
        (drift({"password": "a"}, {"password": "b"}, {"password": True}), [("password", None, None)]),
        (drift({"password": "a"}, {"password": "b"}, {}, {"password": True}), [("password", None, None)]),
        (drift({"a": "x"}, {"a": "y"}, True), [("a", None, None)]),
        (drift({"a": "x"}, {"a": "y"}, {"a": [{"deep": True}]}), [("a", None, None)]),
        (drift({"a": "x"}, {"a": "y"}, {"a": [{"deep": False}], "b": True}), [("a", "x", "y")]),
        (drift({"tags": {"a": "1"}}, {"tags": {"a": "2"}}), [("tags", None, None)]),
        (drift({"a": "x" * 200}, {"a": "y"}), [("a", None, "y")]),
        (drift({"a": "x\ny"}, {"a": "y"}), [("a", None, "y")]),
        (drift({"a": "AKIAIOSFODNN7EXAMPLE"}, {"a": "y"}), None),
        (drift({"a": "x"}, None), []),
        (drift({"a": "x"}, {"a": "x"}), []),
    ],
)
def test_what_was_changed(change: dict[str, Any], seen: list[Any] | None) -> None:
    found = changed_attributes(change)
    if seen is None:
        assert "AKIAIOSFODNN7EXAMPLE" not in str(found)
    else:
        assert found == tuple(ChangedAttribute(name=name, was=was, now=now) for name, was, now in seen)


def deleting(before: Any, *actions: str, mode: str = "managed", kind: str = "aws_db_instance") -> dict[str, Any]:
    change = {"actions": list(actions or ("delete",)), "before": before}
    return {"resource_changes": [{"address": f"{kind}.this", "type": kind, "mode": mode, "change": change}]}


DATABASE = {
    "identifier": "runtime",
    "id": "db-ABC",
    "arn": "arn:aws:rds:eu-west-2:123456789012:db:runtime",
    "deletion_protection": True,
}


def test_a_protected_database_is_named_as_its_service_knows_it() -> None:
    assert list(protected_from_deletion(deleting(DATABASE))) == [
        ProtectedFromDeletion(
            address="aws_db_instance.this",
            type="aws_db_instance",
            name="runtime",
            region="eu-west-2",
            attribute="deletion_protection",
        )
    ]


def test_a_cluster_of_confluent_has_no_region_of_aws() -> None:
    before = {"id": "lkc-1", "deletion_protection": True}
    (found,) = protected_from_deletion(deleting(before, kind="confluent_kafka_cluster"))
    assert (found.name, found.region) == ("lkc-1", "")


@pytest.mark.parametrize(
    "document",
    [
        deleting({**DATABASE, "deletion_protection": False}),
        deleting({**DATABASE, "deletion_protection": None}),
        deleting(DATABASE, "no-op"),
        deleting(DATABASE, mode="data"),
        deleting(None),
        {},
    ],
)
def test_all_others_are_not(document: dict[str, Any]) -> None:
    assert list(protected_from_deletion(document)) == []
