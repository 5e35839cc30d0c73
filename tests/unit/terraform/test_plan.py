"""A saved plan's JSON as facts: nothing unknown, several or missing may look like a harmless value."""

import gc
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from factories_prices import PRICES
from factories_world import ALL_FREE
from tidegate.cost.pricing import Priced, Unpriced, price_of_planned
from tidegate.models.observed import Absent, Known, Observed, UnknownUntilApply, Unreadable
from tidegate.models.plan import Plan, PlannedResource
from tidegate.models.policy import ForbiddenPolicy
from tidegate.models.prices import PricePolicy
from tidegate.terraform.plan import PlanUnreadable, load_document, to_plan

UNKNOWN = UnknownUntilApply()


def policy(*attributes: str, kind: str = "aws_ecs_service") -> ForbiddenPolicy:
    return ForbiddenPolicy.model_validate(
        {
            "version": 1,
            "rules": [
                {
                    "id": f"R{number}",
                    "types": [kind],
                    "reason": "for the test",
                    "condition": {"attribute": attribute, "operator": "present"},
                }
                for number, attribute in enumerate(attributes)
            ]
            or [{"id": "R", "types": ["aws_nat_gateway"], "reason": "for the test"}],
        }
    )


def change(address: str = "aws_ecs_service.a", *actions: str, **changes: Any) -> dict[str, Any]:
    """A member of `resource_changes`, as Terraform 1.11 writes it."""
    inner = {
        "actions": list(actions or ("create",)),
        "before": None,
        "after": {},
        "after_unknown": {},
        "before_sensitive": False,
        "after_sensitive": {},
        **changes.pop("change", {}),
    }
    kind = address.split(".")[-2]
    return {"address": address, "mode": "managed", "type": kind, "name": "a", "change": inner, **changes}


def document(*changes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "resource_changes": list(changes),
        "complete": True,
        "errored": False,
        **fields,
    }


def read(given: dict[str, Any], looking_at: ForbiddenPolicy | None = None, **changes: Any) -> Plan:
    return to_plan(
        given,
        **{
            "stack": "demo",
            "purpose": "build",
            "has_changes": True,
            "policy": looking_at or policy(),
            "prices": ALL_FREE,
            "sha256": "a" * 64,
            "source_digest": "b" * 64,
            **changes,
        },
    )


def attribute(name: str, after: Any, unknown: Any) -> Observed[Any]:
    plan = read(document(change(change={"after": after, "after_unknown": unknown})), policy(name))
    return plan.resources[0].attributes[name]


# The plan as a whole.


def test_what_is_said_about_the_plan() -> None:
    plan = read(document(), purpose="destroy", has_changes=False)
    assert (plan.stack, plan.purpose, plan.has_changes) == ("demo", "destroy", False)
    assert (plan.format_version, plan.terraform_version) == ("1.2", "1.11.4")
    assert (plan.sha256, plan.source_digest) == ("a" * 64, "b" * 64)
    assert (plan.complete, plan.errored, plan.resources) == (True, False, ())


@pytest.mark.parametrize("complete", [False, None, "true", 1])
def test_complete_only_when_it_says_so(complete: Any) -> None:
    assert read(document(complete=complete)).complete is False


@pytest.mark.parametrize("errored", [True, None, "false", 0])
def test_errored_unless_it_says_not(errored: Any) -> None:
    assert read(document(errored=errored)).errored is True


@pytest.mark.parametrize(("name", "field"), [("complete", "complete"), ("errored", "errored")])
def test_a_field_that_is_missing_is_no_reassurance(name: str, field: str) -> None:
    given = document()
    del given[name]
    assert getattr(read(given), field) is (field == "errored")


# Its resources.


def test_a_resource() -> None:
    (resource,) = read(document(change("module.x.aws_ecs_service.a[0]", "delete", "create"))).resources
    assert (resource.address, resource.type) == ("module.x.aws_ecs_service.a[0]", "aws_ecs_service")
    assert resource.actions == ("delete", "create")
    assert (resource.importing, resource.drifted, resource.attributes) == (False, False, {})


def test_every_managed_resource_counts_and_data_does_not() -> None:
    plan = read(
        document(
            change("aws_vpc.a", "no-op"),
            change("data.aws_region.b", "read", mode="data", type="aws_region"),
            change("aws_vpc.c", "delete", change={"after": None}),
        )
    )
    assert [resource.address for resource in plan.resources] == ["aws_vpc.a", "aws_vpc.c"]


def test_an_import() -> None:
    plan = read(document(change("aws_vpc.a", "no-op", change={"importing": {"id": "vpc-1"}})))
    assert plan.resources[0].importing


def test_only_what_policy_looks_at_is_kept() -> None:
    given = change(change={"after": {"desired_count": 0, "secret": "s3cr3t"}, "after_unknown": {"id": True}})
    plan = read(document(given), policy("desired_count"))
    assert plan.resources[0].attributes == {"desired_count": Known(0)}
    assert "s3cr3t" not in repr(plan)


# Drift.


@pytest.mark.parametrize(
    ("actions", "drifted"),
    [
        (("update",), True),
        (("delete", "create"), True),
        (("create",), True),
        (("delete",), True),
        (("no-op",), False),
        (("read",), False),
    ],
)
def test_drift_counts_where_the_plan_would_change_it_back(actions: tuple[str, ...], drifted: bool) -> None:
    given = document(
        change("aws_vpc.a", *actions),
        change("aws_vpc.b", "update"),
        resource_drift=[change("aws_vpc.a", "update")],
    )
    assert [resource.drifted for resource in read(given).resources] == [drifted, False]


# Attributes.


@pytest.mark.parametrize(
    ("name", "after", "unknown", "expected"),
    [
        pytest.param("desired_count", {"desired_count": 0}, {}, Known(0), id="zero"),
        pytest.param("desired_count", {"desired_count": 2}, {"id": True}, Known(2), id="a-number"),
        pytest.param("on", {"on": False}, {}, Known(False), id="false"),
        pytest.param("kind", {"kind": ""}, {}, Known(""), id="empty-text"),
        pytest.param("kind", {"kind": None}, {}, Absent(), id="null"),
        pytest.param("kind", {}, {}, Absent(), id="not-given"),
        pytest.param("kind", None, False, Absent(), id="deleted"),
        pytest.param("kind", {}, {"kind": True}, UNKNOWN, id="unknown"),
        pytest.param("kind", {"kind": "x"}, {"kind": True}, UNKNOWN, id="unknown-beats-a-value"),
        pytest.param("kind", None, True, UNKNOWN, id="all-unknown"),
        pytest.param("kind", {"kind": "x"}, {"kind": False}, Known("x"), id="known-and-said-so"),
        pytest.param("a.b", {"a": [{"b": 1}]}, {"a": [{}]}, Known(1), id="in-a-block"),
        pytest.param("a.b", {"a": {"b": 1}}, {"a": {}}, Known(1), id="in-an-object"),
        pytest.param("a.b", {"a": [{}]}, {"a": [{"b": True}]}, UNKNOWN, id="unknown-in-a-block"),
        pytest.param("a.b", {}, {"a": True}, UNKNOWN, id="the-block-is-unknown"),
        pytest.param("a.b.c", {"a": [{"b": [{}]}]}, {"a": [{"b": [{"c": True}]}]}, UNKNOWN, id="deep-unknown"),
        pytest.param("a.b.c", {"a": [{}]}, {"a": [{"b": True}]}, UNKNOWN, id="the-inner-block-is-unknown"),
        pytest.param("a.b.c", {"a": [{"b": [{"c": 3}]}]}, {"a": [{"b": [{}]}]}, Known(3), id="deep"),
        pytest.param("a.b", {"a": []}, {"a": []}, Absent(), id="no-block"),
        pytest.param("a.b", {"a": None}, {}, Absent(), id="block-null"),
    ],
)
def test_attributes(name: str, after: Any, unknown: Any, expected: Observed[Any]) -> None:
    assert attribute(name, after, unknown) == expected


@pytest.mark.parametrize(
    ("name", "after", "unknown", "reason"),
    [
        ("a.b", {"a": [{"b": 0}, {"b": 9}]}, {"a": [{}, {}]}, "a.b: 2 blocks, expected one"),
        ("a.b", {"a": [{"b": 0}, {}]}, {"a": [{}, {"b": True}]}, "a.b: 2 blocks, expected one"),
        ("a.b.c", {"a": [{"b": [{"c": 1}, {"c": 2}]}]}, {}, "a.b.c: 2 blocks, expected one"),
        ("a", {"a": ["x"]}, {}, "a is a list, expected one value"),
        ("a", {"a": ["x", "y"]}, {}, "a is a list, expected one value"),
        ("a", {"a": {"b": 1}}, {}, "a is a dict, expected one value"),
    ],
)
def test_what_is_not_one_value_is_unreadable(name: str, after: Any, unknown: Any, reason: str) -> None:
    assert attribute(name, after, unknown) == Unreadable(reason)


def test_an_unknown_among_several_blocks_is_never_fine() -> None:
    found = attribute("a.b", {"a": [{"b": 0}, {"b": 0}]}, {"a": [{}, {"b": True}]})
    assert not isinstance(found, Known | Absent)


# What is no plan.


@pytest.mark.parametrize(
    "broken",
    [
        document(change(), resource_changes=None),
        document(resource_changes=[None]),
        document(resource_changes=["aws_vpc.a"]),
        document({**change(), "change": None}),
        document({**change(), "change": {}}),
        document({key: value for key, value in change().items() if key != "mode"}),
        document({key: value for key, value in change().items() if key != "type"}),
        document({key: value for key, value in change().items() if key != "address"}),
        document(change(change={"actions": None})),
        document(resource_drift=None),
        document(resource_drift=[{}]),
        {key: value for key, value in document().items() if key != "terraform_version"},
        {key: value for key, value in document().items() if key != "format_version"},
    ],
)
def test_another_shape_is_no_plan(broken: dict[str, Any]) -> None:
    with pytest.raises(PlanUnreadable, match="unexpected shape: "):
        read(broken)


def test_a_document_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "00-show.out"
    path.write_text(json.dumps(document(change("aws_vpc.a"))), encoding="utf-8")
    assert load_document(path) == document(change("aws_vpc.a"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Expecting value"),
        (b'{"format_version": "1.2"', "Expecting"),
        (b"\xff\xff\xff", "codec"),
        (b"[]", "not the output of terraform show -json"),
        (b"null", "not the output of terraform show -json"),
        (b'{"terraform_version": "1.11.4"}', "no format_version"),
    ],
)
def test_a_file_that_is_no_plan(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "00-show.out"
    path.write_bytes(content)
    with pytest.raises(PlanUnreadable, match=rf"^00-show\.out: .*{said}"):
        load_document(path)


def test_a_missing_file_is_no_plan(tmp_path: Path) -> None:
    with pytest.raises(PlanUnreadable, match=r"00-show\.out: .*No such file"):
        load_document(tmp_path / "00-show.out")


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("content", [b'{"format_version": "1.2"}', b"broken"])
def test_garbage_collection_is_left_as_it_was(tmp_path: Path, enabled: bool, content: bytes) -> None:
    path = tmp_path / "p"
    path.write_bytes(content)
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        try:
            load_document(path)
        except PlanUnreadable:
            assert content == b"broken"
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()


# What a plan may hide.


@pytest.mark.parametrize(
    ("actions", "before", "after", "expected"),
    [
        pytest.param(("forget",), {"desired_count": 2}, None, Known(2), id="it-lives-on-as-it-was"),
        pytest.param(("forget",), {}, None, Absent(), id="it-never-had-one"),
        pytest.param(("create", "forget"), {"desired_count": 0}, {"desired_count": 0}, Known(0), id="both-alike"),
    ],
)
def test_what_is_let_go_of_is_judged_as_it_lives_on(
    actions: tuple[str, ...], before: Any, after: Any, expected: Observed[Any]
) -> None:
    given = change("aws_ecs_service.a", *actions, change={"before": before, "after": after})
    assert read(document(given), policy("desired_count")).resources[0].attributes["desired_count"] == expected


def test_two_lives_with_different_values_are_unreadable() -> None:
    given = change(
        "aws_ecs_service.a", "create", "forget", change={"before": {"desired_count": 2}, "after": {"desired_count": 0}}
    )
    found = read(document(given), policy("desired_count")).resources[0].attributes["desired_count"]
    assert isinstance(found, Unreadable)


def test_a_mode_that_nobody_knows_is_no_plan() -> None:
    with pytest.raises(PlanUnreadable, match="mode 'hidden', expected managed or data"):
        read(document(change("aws_vpc.a", mode="hidden")))


def test_what_only_the_planned_values_name_stands_too() -> None:
    inner = {"address": "module.x.aws_ecs_service.a", "mode": "managed", "type": "aws_ecs_service"}
    values = {
        "root_module": {
            "resources": [{"address": "data.aws_vpc.d", "mode": "data", "type": "aws_vpc"}],
            "child_modules": [{"resources": [{**inner, "values": {"desired_count": 3}}]}],
        }
    }
    (resource,) = read(document(planned_values=values), policy("desired_count")).resources
    assert (resource.address, resource.actions) == (inner["address"], ("no-op",))
    assert resource.attributes == {"desired_count": Known(3)}


def test_json_nested_too_deep_is_no_plan(tmp_path: Path) -> None:
    path = tmp_path / "p"
    path.write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(PlanUnreadable, match="recursion"):
        load_document(path)


def modules(*addresses: str, **child: Any) -> dict[str, Any]:
    kind = "aws_ecs_service"
    own = [{"address": address, "mode": "managed", "type": kind} for address in addresses]
    read = {"address": "data.aws_ecs_service.read", "mode": "data", "type": kind}
    return {"root_module": {"resources": [*own, read], "child_modules": [{"resources": child["of_a_module"]}]}}


OF_A_MODULE = [{"address": "module.a.aws_ecs_service.b", "mode": "managed", "type": "aws_ecs_service"}]
PRIOR = {"values": modules("aws_ecs_service.a", of_a_module=OF_A_MODULE)}


@pytest.mark.parametrize(
    ("purpose", "fields", "expected"),
    [
        pytest.param(
            "destroy", {"prior_state": PRIOR}, ("aws_ecs_service.a", "module.a.aws_ecs_service.b"), id="what-is-there"
        ),
        pytest.param("destroy", {"prior_state": {"values": {"root_module": {}}}}, (), id="nothing-is-there"),
        pytest.param("destroy", {"prior_state": {"values": {}}}, (), id="nothing-ever-was"),
        pytest.param("destroy", {}, None, id="the-plan-does-not-say"),
        pytest.param("build", {"prior_state": PRIOR}, None, id="a-build-plan-lists-its-drift"),
    ],
)
def test_what_the_cloud_still_knew(purpose: Any, fields: Any, expected: tuple[str, ...] | None) -> None:
    found = to_plan(
        document(**fields),
        stack="demo",
        purpose=purpose,
        has_changes=True,
        policy=policy(),
        prices=ALL_FREE,
        sha256="a",
        source_digest="b",
    )
    assert found.refreshed == expected


def test_a_prior_state_without_values_is_unreadable() -> None:
    with pytest.raises(PlanUnreadable):
        to_plan(
            document(prior_state=[]),
            stack="demo",
            purpose="destroy",
            has_changes=True,
            policy=policy(),
            prices=ALL_FREE,
            sha256="a",
            source_digest="b",
        )


# What Terraform marks as sensitive (ID4).


@pytest.mark.parametrize("marks", [True, {"vpc_endpoint_type": True}])
@pytest.mark.parametrize(
    ("actions", "value", "mark"),
    [
        pytest.param(("create",), "after", "after_sensitive", id="planned"),
        pytest.param(("update",), "after", "after_sensitive", id="changed"),
        pytest.param(("forget",), "before", "before_sensitive", id="let-go-of"),
        pytest.param(("create", "forget"), "before", "before_sensitive", id="let-go-of-and-made-anew"),
        pytest.param(("create", "forget"), "after", "after_sensitive", id="made-anew-and-let-go-of"),
    ],
)
def test_a_sensitive_attribute_never_becomes_a_fact(
    actions: tuple[str, ...], value: str, mark: str, marks: Any
) -> None:
    given = change("aws_vpc_endpoint.a", *actions, change={value: {"vpc_endpoint_type": "s3cr3t"}, mark: marks})
    plan = read(document(given), policy("vpc_endpoint_type", kind="aws_vpc_endpoint"))
    assert plan.resources[0].attributes == {"vpc_endpoint_type": Unreadable("vpc_endpoint_type is sensitive")}
    assert "s3cr3t" not in repr(plan)


def test_a_sensitive_attribute_of_a_block_never_becomes_a_fact() -> None:
    marked = {"after": {"block": [{"secret": "s3cr3t"}]}, "after_sensitive": {"block": [{"secret": True}]}}
    plan = read(document(change(change=marked)), policy("block.secret"))
    assert plan.resources[0].attributes == {"block.secret": Unreadable("block.secret is sensitive")}


@pytest.mark.parametrize("marks", [True, {"desired_count": True}])
def test_a_sensitive_attribute_that_only_the_planned_values_name_never_becomes_a_fact(marks: Any) -> None:
    kept = {"address": "aws_ecs_service.a", "mode": "managed", "type": "aws_ecs_service"}
    resource = {**kept, "values": {"desired_count": "s3cr3t"}, "sensitive_values": marks}
    values = {"root_module": {"resources": [resource]}}
    plan = read(document(planned_values=values), policy("desired_count"))
    assert plan.resources[0].attributes == {"desired_count": Unreadable("desired_count is sensitive")}
    assert "s3cr3t" not in repr(plan)


def test_what_was_sensitive_before_and_is_planned_anew_is_judged_as_planned() -> None:
    given = change(change={"before_sensitive": {"desired_count": True}, "after": {"desired_count": 3}})
    assert read(document(given), policy("desired_count")).resources[0].attributes == {"desired_count": Known(3)}


# What decides a price (CO6).

PRICED = {
    "types": ["aws_ecs_service"],
    "region": "all",
    "usd": "1",
    "unit": "hour",
    "source": "a test",
    "date": "2026-10-05",
}


def priced_by(*names: str, **changes: Any) -> PricePolicy:
    given = {"version": 1, "currency": "USD", "hours_per_month": 730}
    return PricePolicy.model_validate({**given, "prices": [{**PRICED, "when": dict.fromkeys(names, 1), **changes}]})


def with_price(*names: str, actions: tuple[str, ...] = ("create",), **inner: Any) -> PlannedResource:
    """The one resource of a plan, as its price is decided by these attributes."""
    given = document(change("aws_ecs_service.a", *actions, change=inner))
    return read(given, policy("forbidden_by"), prices=priced_by(*names)).resources[0]


def test_attributes_that_decide_a_price_are_kept_beside_those_of_the_policy() -> None:
    found = with_price("cpu", "size.gb", after={"forbidden_by": 1, "cpu": 2, "size": [{"gb": 3}], "other": 4})
    assert found.attributes == {"forbidden_by": Known(1), "cpu": Known(2), "size.gb": Known(3)}
    assert found.before is None


def test_what_decides_the_price_live_only_is_not_looked_for() -> None:
    given = document(change(change={"after": {"cpu": 2}}))
    (found,) = read(given, prices=priced_by("cpu", where="live")).resources
    assert found.attributes == {}


def test_a_type_without_price_keeps_no_more_than_policy_looks_at() -> None:
    given = document(change("aws_vpc.a", "update", change={"before": {"cpu": 1}, "after": {"cpu": 2}}))
    (found,) = read(given, prices=priced_by("cpu")).resources
    assert (found.attributes, found.before) == ({}, {})


@pytest.mark.parametrize(
    ("after", "unknown", "expected"),
    [
        pytest.param({"basic": [{"max": 1}]}, {"basic": [{"max": True}]}, Known(1), id="one"),
        pytest.param({"basic": []}, {}, Known(0), id="none"),
        pytest.param({"basic": [{}, {}]}, {}, Known(2), id="two"),
        pytest.param({"basic": None}, {}, Absent(), id="null"),
        pytest.param({}, {}, Absent(), id="missing"),
        pytest.param({}, {"basic": True}, UNKNOWN, id="decided-at-apply"),
        pytest.param({}, True, UNKNOWN, id="all-decided-at-apply"),
        pytest.param({"basic": "one"}, {}, Unreadable("basic.# is a str, expected blocks"), id="no-blocks"),
    ],
)
def test_the_number_of_blocks(after: Any, unknown: Any, expected: Observed[Any]) -> None:
    assert with_price("basic.#", after=after, after_unknown=unknown).attributes["basic.#"] == expected


def test_the_number_of_blocks_in_a_block() -> None:
    assert with_price("a.b.#", after={"a": [{"b": [{}, {}]}]}).attributes["a.b.#"] == Known(2)
    assert isinstance(with_price("a.b.#", after={"a": [{}, {}]}).attributes["a.b.#"], Unreadable)


@pytest.mark.parametrize("marks", [True, {"basic": True}])
def test_blocks_that_are_sensitive_are_not_counted(marks: Any) -> None:
    found = with_price("basic.#", after={"basic": [{}]}, after_sensitive=marks)
    assert found.attributes["basic.#"] == Unreadable("basic.# is sensitive")


@pytest.mark.parametrize("actions", [("update",), ("delete", "create"), ("create", "delete"), ("delete",)])
def test_what_stands_before_it_changes_or_goes(actions: tuple[str, ...]) -> None:
    found = with_price("cpu", "basic.#", actions=actions, before={"cpu": 2, "basic": [{}], "forbidden_by": 1})
    assert found.before == {"cpu": Known(2), "basic.#": Known(1)}


@pytest.mark.parametrize("actions", [("create",), ("no-op",), ("read",), ("forget",)])
def test_nothing_is_kept_of_what_stands_and_stays(actions: tuple[str, ...]) -> None:
    assert with_price("cpu", actions=actions, before={"cpu": 2}).before is None


@pytest.mark.parametrize("before", [None, [], "text"])
def test_nothing_stands_before(before: Any) -> None:
    assert with_price("cpu", actions=("update",), before=before).before is None


@pytest.mark.parametrize("marks", [True, {"cpu": True}])
def test_what_stood_and_is_sensitive_is_never_kept(marks: Any) -> None:
    found = with_price("cpu", actions=("update",), before={"cpu": "s3cret"}, before_sensitive=marks)
    assert found.before == {"cpu": Unreadable("cpu is sensitive")}
    assert "s3cret" not in repr(found)


# The size of a service's tasks.

SERVICE = "module.runtime.aws_ecs_service.this"
DEFINITION = "module.runtime.aws_ecs_task_definition.this"
AFTER = {"launch_type": "FARGATE", "desired_count": 2}
SMALL = {"cpu": "256", "memory": "512"}
LARGE = {"cpu": "1024", "memory": "2048"}


def service(*actions: str, before: Any = None, **after: Any) -> dict[str, Any]:
    inner = {"after": AFTER | after, "before": before}
    return change(SERVICE, *actions, change=inner, module_address="module.runtime")


def definition(*actions: str, after: Any = None, address: str = DEFINITION, **changes: Any) -> dict[str, Any]:
    inner = {"after": after or SMALL, "before": changes.pop("before", None)}
    return change(address, *actions, **{"change": inner, "module_address": "module.runtime"} | changes)


def sized(*changes: dict[str, Any]) -> PlannedResource:
    """The service of this plan, with what decides its price."""
    (found,) = [it for it in read(document(*changes), prices=PRICES).resources if it.address == SERVICE]
    return found


def test_a_service_has_the_size_of_the_one_task_definition_of_its_module() -> None:
    """So that it has a price: desired tasks x (cpu, memory, address)."""
    found = sized(service(), definition())
    assert (found.attributes["cpu"], found.attributes["memory"]) == (Known("256"), Known("512"))
    priced = price_of_planned(found, PRICES, "eu-west-2")
    assert isinstance(priced, Priced)
    a_task = Decimal("0.04656") / 4 + Decimal("0.00511") / 2 + Decimal("0.005")
    assert priced.at_least == 2 * a_task
    assert isinstance(price_of_planned(sized(service()), PRICES, "eu-west-2"), Unpriced)


@pytest.mark.parametrize(
    "others",
    [
        pytest.param((), id="no-definition"),
        pytest.param((definition(), definition(address=f'{DEFINITION}["b"]')), id="two"),
        pytest.param((definition(module_address="module.other"),), id="in-another-module"),
        pytest.param((definition(module_address=None),), id="in-the-root"),
        pytest.param((definition("delete", before=SMALL),), id="on-its-way-out"),
    ],
)
def test_nobody_guesses_whose_tasks_they_are(others: tuple[dict[str, Any], ...]) -> None:
    found = sized(service(), *others)
    assert (found.attributes["cpu"], found.attributes["memory"]) == (Absent(), Absent())


def test_a_size_that_is_not_known_stays_unknown() -> None:
    unknown = definition(change={"after": {"memory": "512"}, "after_unknown": {"cpu": True}})
    assert sized(service(), unknown).attributes["cpu"] == UNKNOWN
    hidden = definition(change={"after": SMALL, "after_sensitive": {"cpu": True}})
    assert sized(service(), hidden).attributes["cpu"] == Unreadable("cpu is sensitive")


@pytest.mark.parametrize(
    ("of", "cpu"),
    [
        pytest.param(definition("no-op", before=SMALL), Known("256"), id="stays"),
        pytest.param(definition("delete", "create", after=LARGE, before=SMALL), Known("256"), id="replaced"),
        pytest.param(definition("create", after=LARGE), Absent(), id="new"),
    ],
)
def test_what_stands_has_the_size_of_the_definition_that_stands(of: dict[str, Any], cpu: Any) -> None:
    found = sized(service("update", before={**AFTER, "desired_count": 0}), of)
    assert found.before is not None
    assert found.before["cpu"] == cpu


def test_a_log_group_is_asked_for_by_its_name() -> None:
    planned = change("aws_cloudwatch_log_group.a", change={"after": {"name": "g", "retention_in_days": 7}})
    assert read(document(planned)).resources[0].attributes == {"name": Known("g")}


# An imported identity, which others may use.


@pytest.mark.parametrize("importing", [True, False])
def test_what_an_import_takes_away_is_kept(importing: bool) -> None:
    inner: dict[str, Any] = {"before": {"client_id_list": ["theirs", "ours"]}, "after": {"client_id_list": ["ours"]}}
    inner |= {"importing": {"id": "arn"}} if importing else {}
    plan = read(document(change("aws_iam_openid_connect_provider.lanes", "update", change=inner)))
    (found,) = plan.resources
    assert found.takes_away == (("client_id_list: theirs would be removed",) if importing else ())


def test_a_trust_policy_that_is_no_json_is_no_plan() -> None:
    inner = {"before": {"assume_role_policy": "{"}, "after": {"assume_role_policy": "{}"}, "importing": {"id": "arn"}}
    with pytest.raises(PlanUnreadable):
        read(document(change("aws_iam_role.execution", "update", change=inner)))
