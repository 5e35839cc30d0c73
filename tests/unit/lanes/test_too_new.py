"""Why terraform makes no plan of a state: a newer provider wrote it, and the version from before is found."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factories_state import KEY, backend, document, resource
from standins import dev_min
from tidegate.collectors.aws.clients import Clients
from tidegate.lanes.run import LaneRun
from tidegate.lanes.too_new import newer_provider
from tidegate.models.observed import Absent, Known, Unreadable

STATES = dev_min()[0].backend.bucket
SAID = Unreadable(
    "terraform plan ended with status 1: Resource instance managed by newer provider version: The current state of "
    "aws_subnet.a was created by a newer provider version than is currently selected. Upgrade the aws provider"
)


class Place:
    def __init__(self, world: Any, clients: Clients) -> None:
        self.clients = clients
        self.run: LaneRun = world.run("m2", "f_demo.plan_and_guard", clients=clients)

    def stored(self, schema: int, serial: int) -> str:
        held = resource("a")
        held["instances"][0]["schema_version"] = schema
        content = json.dumps(document(held, serial=serial)).encode()
        return str(self.clients.s3.put_object(Bucket=STATES, Key=KEY, Body=content)["VersionId"])


@pytest.fixture
def place(world: Any) -> Iterator[Place]:
    with backend() as clients:
        yield Place(world, clients)


def test_both_versions_and_the_state_from_before(place: Place) -> None:
    place.stored(0, 5)
    old = place.stored(1, 6)
    place.stored(9, 7)
    new = place.stored(9, 8)
    found = newer_provider(place.run, "demo", SAID)
    assert isinstance(found, Known)
    seen = found.value
    assert (seen.address, seen.provider) == ("aws_subnet.a", "registry.terraform.io/hashicorp/aws")
    assert (seen.schema_version, seen.serial, seen.version_id, seen.older) == (9, 8, new, old)
    lock = Path(__file__).parents[3] / "include" / "terraform" / "demo" / ".terraform.lock.hcl"
    assert f'version     = "{seen.locked}"' in lock.read_text(encoding="utf-8")


def test_where_every_state_is_of_the_newer_one_none_is_named(place: Place) -> None:
    place.stored(9, 7)
    place.stored(9, 8)
    found = newer_provider(place.run, "demo", SAID)
    assert isinstance(found, Known)
    assert found.value.older == ""


@pytest.mark.parametrize("plan", [Unreadable("status 1: no credentials"), Absent(), Known(None)])
def test_another_reason_is_none_of_this(place: Place, plan: Any) -> None:
    place.stored(9, 7)
    assert newer_provider(place.run, "demo", plan) == Absent()


def test_a_state_that_cannot_be_read_is_said(place: Place) -> None:
    place.clients.s3.put_object(Bucket=STATES, Key=KEY, Body=b"{")
    assert isinstance(newer_provider(place.run, "demo", SAID), Unreadable)
