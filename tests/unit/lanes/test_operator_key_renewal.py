"""M2 with repair makes the operator's key anew: that address alone, authorised and on record, or not at all."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from factories_world import NOW, plan, planned
from tidegate.evidence.canonical import unseal
from tidegate.gates.rules_operator_key import RENEWED, refused_blockers
from tidegate.lanes import operator_key_renewal as renewal
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.operator_key import RefusedKey
from tidegate.models.plan import Plan
from tidegate.terraform.runner import TerraformStopped

REFUSED = RefusedKey(key_id="OPKEY", cluster="lkc-1", status=401, seen_at=NOW, addresses=("topic",))
MADE = replace(planned("confluent_api_key.this", "create"), address=RENEWED)
RECORDS = "control/dev_min/renewed_keys/"


class Place:
    """What a renewal meets; a test changes one thing of it. `applied` holds how many records there were by then."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.plan: Observed[Plan] = Known(plan(MADE, complete=False))
        self.asked: list[Any] = []
        self.refusals: list[Any] = []
        self.arrived: Any = None
        self.stops = False
        self.applied: list[int] = []

    def make_plan(self, *given: Any, **how: Any) -> Observed[Plan]:
        self.asked.append((given[1:3], how))
        return self.plan

    def fetch(self, *_: Any) -> Any:
        return Known(self.plan.value.sha256) if self.arrived is None and isinstance(self.plan, Known) else self.arrived

    def apply(self, *_: Any) -> None:
        if self.stops:
            raise TerraformStopped("apply", 1, ("no",))
        self.applied.append(len(self.world.remote.keys(RECORDS)))

    def renew(self) -> bool:
        run = self.world.run("m2", "c_core.plan_and_guard", clients=SimpleNamespace(s3=None))
        return renewal.renew_operator_key(run, "confluent", {}, (REFUSED,), "it was deleted", self.apply)


@pytest.fixture
def place(world: Any, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place(world)
    monkeypatch.setattr(renewal, "make_plan", place.make_plan)
    monkeypatch.setattr(renewal, "mutation_refusals", lambda *_: iter(place.refusals))
    monkeypatch.setattr(renewal, "prepare", lambda *_: (SimpleNamespace(directory=world.directory), ""))
    monkeypatch.setattr(renewal.plan_store, "fetch_plan", place.fetch)
    return place


def test_the_one_address_is_planned_recorded_and_applied(place: Place, world: Any) -> None:
    assert place.renew()
    assert place.asked == [(("confluent", "build"), {"renew": RENEWED})]
    assert place.applied == [1]
    (key,) = world.remote.keys(RECORDS)
    record = unseal(world.remote.objects[key])
    assert (record["address"], record["reason"], record["refused"][0]["status"]) == (RENEWED, "it was deleted", 401)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"plan": Unreadable("401")}, id="no-plan"),
        pytest.param({"plan": Known(plan(MADE, planned("aws_vpc.this", "create")))}, id="a-plan-of-more"),
        pytest.param({"plan": Known(plan())}, id="a-plan-of-something-else"),
        pytest.param({"refusals": list(refused_blockers((REFUSED,), "confluent"))}, id="not-authorised"),
    ],
)
def test_what_is_refused_leaves_no_record_and_applies_nothing(place: Place, world: Any, changes: Any) -> None:
    for name, value in changes.items():
        setattr(place, name, value)
    assert not place.renew()
    assert (place.applied, world.remote.keys(RECORDS)) == ([], ())


@pytest.mark.parametrize("arrived", [Absent(), Known("f" * 64), Unreadable("403")], ids=str)
def test_another_plan_file_is_not_applied(place: Place, arrived: Any) -> None:
    place.arrived = arrived
    assert not place.renew()
    assert place.applied == []


def test_an_apply_that_fails_is_said_and_is_no_renewal(place: Place, world: Any) -> None:
    place.stops = True
    assert not place.renew()
    assert any("is not made anew: terraform apply" in said for said in world.said)
