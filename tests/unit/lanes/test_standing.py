"""What stands, for pricing: AWS is scanned once in a run, and Confluent is asked where its bill counts."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

import factories_world as world_of
from factories_world import NOW
from standins import three_stacks
from tidegate.gates.base import MAX_FACT_AGE
from tidegate.lanes import standing
from tidegate.lanes.standing import read_inventories
from tidegate.models.observed import Absent, Known
from tidegate.settings import settings

FRESH = world_of.inventory(world_of.live(id="vpc-scanned-now"))
EARLIER = world_of.inventory(world_of.live(id="vpc-scanned-by-the-run"))


@pytest.fixture(autouse=True)
def scans(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Every scan that was made."""
    made: list[tuple[Any, ...]] = []

    def scan(*given: Any) -> Any:
        made.append(given)
        return FRESH

    monkeypatch.setattr(standing, "collect_inventory", scan)
    return made


def test_elsewhere_the_account_is_scanned_in_all_regions(world: Any, scans: list[Any]) -> None:
    run = world.run("m2", "b_backend_readiness")
    assert read_inventories(run, NOW) == {"aws": FRESH}
    ((_, environment, regions, forbidden, moment, prices),) = scans
    assert (regions, moment) == (environment.scan_regions, NOW)
    assert (forbidden, prices) == (run.policies.forbidden, run.policies.prices)


def scanned(world: Any, phase: str) -> Any:
    """A try of the cost lane after the run's own scan."""
    if phase == "m9":
        world.left("m9", "f_residual_scan", world_of.residual_facts(inventory=EARLIER))
        return world.run("m9", "g_cost_guardrail")
    world.left("audit", "c_network_posture", world_of.posture_facts(inventory=EARLIER))
    return world.run("audit", "f_cost_guardrail")


@pytest.mark.parametrize("phase", ["m9", "audit"])
def test_what_the_run_has_scanned_already_is_not_scanned_again(world: Any, scans: list[Any], phase: str) -> None:
    assert read_inventories(scanned(world, phase), NOW) == {"aws": EARLIER}
    assert scans == []


@pytest.mark.parametrize("phase", ["m9", "audit"])
@pytest.mark.parametrize("age", [MAX_FACT_AGE + timedelta(seconds=1), -MAX_FACT_AGE - timedelta(seconds=1)])
def test_a_scan_that_is_not_of_now_is_made_again(world: Any, scans: list[Any], phase: str, age: timedelta) -> None:
    assert read_inventories(scanned(world, phase), NOW + age) == {"aws": FRESH}
    assert len(scans) == 1


@pytest.mark.parametrize(
    "handed_over", [{}, {"f_residual_scan": "not a snapshot"}, {"f_residual_scan": {"digest": "x"}}]
)
def test_what_was_not_handed_over_is_scanned(world: Any, scans: list[Any], handed_over: dict[str, Any]) -> None:
    handed = {name: value if isinstance(value, dict) else Absent() for name, value in handed_over.items()}
    run = world.run("m9", "g_cost_guardrail", handed_over=handed)
    assert read_inventories(run, NOW) == {"aws": FRESH}
    assert len(scans) == 1


def test_a_scan_that_somebody_changed_is_made_again(world: Any, scans: list[Any], tampered: Any) -> None:
    run = scanned(world, "m9")
    tampered(world, next(key for key in world.remote.objects if "residual" in key))
    assert read_inventories(run, NOW) == {"aws": FRESH}


# Confluent.


def in_scope(world: Any, **changes: Any) -> Any:
    run = world.run("m2", "b_backend_readiness", cloud_key=lambda _: Absent())
    run.environment = three_stacks().model_copy(update=changes)
    return run


@contextmanager
def opened(_run: Any) -> Iterator[Known[str]]:
    """Confluent may be asked."""
    yield Known("the api")


def unreadable(run: Any) -> set[tuple[str, str]]:
    found = read_inventories(run, NOW)["confluent"]
    assert found.expected_coverage == tuple(entry.subject for entry in found.coverage)
    return {(entry.status, entry.reason) for entry in found.coverage}


def test_without_an_account_nothing_is_known(world: Any) -> None:
    assert unreadable(in_scope(world, confluent=None)) == {
        ("unreadable", "the manifest names no account at Confluent Cloud (section confluent)")
    }


def test_without_a_key_nothing_is_known(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_CONFLUENT_ENDPOINT", "http://127.0.0.1:5055")
    settings.cache_clear()
    ((status, reason),) = unreadable(in_scope(world))
    assert (status, "Airflow has no connection confluent_default" in reason) == ("unreadable", True)


def test_with_an_account_its_clusters_are_listed(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def collect(api: Any, prices: Any) -> Any:
        seen.append((api, prices))
        return EARLIER

    monkeypatch.setattr(standing, "collect_clusters", collect)
    monkeypatch.setattr(standing, "confluent_api", opened)
    run = in_scope(world)
    assert read_inventories(run, NOW) == {"aws": FRESH, "confluent": EARLIER}
    assert seen == [("the api", run.policies.prices)]


def test_outside_the_scope_nobody_asks_confluent(world: Any) -> None:
    assert set(read_inventories(in_scope(world, cost_scope=("aws",)), NOW)) == {"aws"}
