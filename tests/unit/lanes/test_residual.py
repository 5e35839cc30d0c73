"""The nightly scan: what it asks, and what one look leaves to the next."""

import json
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from factories_control import intent
from factories_residual import platform_run
from factories_world import NO_FINDINGS, NOW, PREFIX, REGION, inventory, live, look, state_resource
from standins import dev_min, three_stacks
from tidegate.collectors.aws.inventory.beyond import NOWHERE_ELSE
from tidegate.collectors.aws.state import StateRead
from tidegate.evidence.canonical import digest_of
from tidegate.evidence.control import close_platform_run, open_platform_run
from tidegate.gates.registry import by_id
from tidegate.lanes import findings, owners, residual, scope
from tidegate.lanes import looks as lanes_looks
from tidegate.lanes import tagged as lanes_tagged
from tidegate.models.facts import Source
from tidegate.models.inventory import LiveResource, NotScanned
from tidegate.models.looks import Look, Looks
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.ownership import OwnedState
from tidegate.models.policy import AllowedTypesPolicy
from tidegate.models.residual import AuditResidualFacts, ScanFacts

TAGS = {"project": "fraud-platform", "environment": "dev_min", "lifecycle": "ephemeral"}
EMPTY = StateRead(version=Absent(), resources=Absent(), tainted=Absent(), outputs=Absent())


@pytest.fixture(autouse=True)
def found(monkeypatch: pytest.MonkeyPatch, moment: Any) -> list[LiveResource]:
    """An account in which only these answer, and no stack has a state."""
    answering: list[LiveResource] = []
    monkeypatch.setattr(residual, "now", moment)
    monkeypatch.setattr(findings, "now", moment)
    monkeypatch.setattr(residual, "collect_inventory", lambda *_: inventory(*answering))
    monkeypatch.setattr(residual, "enabled_regions", lambda _clients: Known((REGION,)))
    monkeypatch.setattr(lanes_tagged, "tagged_in", lambda _clients, regions, *_: dict.fromkeys(regions, Known(())))
    monkeypatch.setattr(owners, "read_state", lambda *_: EMPTY)
    monkeypatch.setattr(scope, "read_state", lambda *_: EMPTY)
    return answering


def scanned(world: Any, kept: Any = None, intents: Any = lambda _stack: Absent()) -> Any:
    run = world.run("audit", "d_residual_scan", kept=kept)
    run.intents = lambda stack: SimpleNamespace(unfinished=lambda: intents(stack))
    return residual.collect_audit_residual(run)


def codes(facts: Any, at: Any = NOW) -> list[str]:
    return [blocker.code for blocker in by_id("AUDIT-RESIDUAL").evaluate(facts, judged_at=at)]


def night(world: Any) -> Any:
    """The lane's run in an environment with all three stacks, none of which is being applied."""
    run = world.run("audit", "d_residual_scan", environment=three_stacks())
    run.intents = lambda _stack: SimpleNamespace(unfinished=Absent)
    return run


def scan_of(run: Any) -> ScanFacts:
    """What one look at an account in which nothing answers says, whole."""
    policies = run.policies
    types = policies.allowed_types.stacks
    subjects = tuple(sorted(inventory().expected_coverage))
    return ScanFacts(
        owners=owners.owners_of(run),
        findings=replace(NO_FINDINGS, exceptions=run.environment.exceptions),
        observed_at=NOW,
        sources=(Source(name="aws", data_as_of=NOW),),
        inventory=inventory(),
        looks=Looks(
            pause_seconds=run.environment.deadlines.residual_pause,
            first=Absent(),
            this=Look(began=NOW, ended=NOW, subjects=subjects, inventory_sha256=digest_of(())),
        ),
        forbidden=policies.forbidden.rules,
        exceptions=run.environment.exceptions,
        today=date(2026, 11, 21),
        environment_tags=TAGS,
        name_prefix=PREFIX,
        ephemeral_types=tuple(sorted({*types["confluent"], *types["demo"]})),
        free_types=residual.free_types(policies.prices),
    )


def test_one_look_asks_for_everything(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []

    def collect(*given: Any) -> Any:
        asked.append(given)
        return inventory()

    monkeypatch.setattr(residual, "collect_inventory", collect)
    run = night(world)
    assert residual.scan_now(run) == scan_of(run)
    environment, policies = run.environment, run.policies
    given = (run.clients, environment, environment.scan_regions, policies.forbidden, NOW, policies.prices)
    assert asked == [(*given, NOWHERE_ELSE)]


def test_a_night_asks_every_state_as_well(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run = night(world)
    states = {
        "core": Known((state_resource("aws_s3_bucket.work", "work"),)),
        "confluent": Absent(),
        "demo": Known((state_resource(),)),
    }

    def read(clients: Any, environment: Any, stack: str) -> StateRead:
        assert (clients, environment) == (run.clients, run.environment)
        return replace(EMPTY, resources=states[stack])

    monkeypatch.setattr(owners, "read_state", read)
    assert residual.collect_audit_residual(run) == AuditResidualFacts(
        **residual.fields_of(replace(scan_of(run), forbidden=run.policies.forbidden.teardown_rules)),
        region=REGION,
        platform_run=Absent(),
        states=tuple(
            OwnedState(stack=stack, destroyable=stack != "core", resources=resources)
            for stack, resources in states.items()
        ),
        expected_stacks=("core", "confluent", "demo"),
        intents={"core": Absent(), "confluent": Absent(), "demo": Absent()},
        preserve_set=scope.preserve_set(run),
        enabled_regions=Known((REGION,)),
        standing_rules=run.policies.forbidden.standing_rules,
        tagged={REGION: Known(())},
    )


def test_what_a_stack_lets_go_of_is_nothing_to_preserve(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its owner may have removed it before the state forgets it, and a teardown does not wait for that."""
    held = (
        state_resource("aws_s3_bucket.work", "work"),
        state_resource("aws_iam_openid_connect_provider.lanes", "arn:of-the-provider"),
        state_resource('aws_iam_policy.execution["core"]', "arn:of-the-policy"),
        state_resource("aws_iam_policy.execution_too", "arn:of-another"),
    )
    monkeypatch.setattr(scope, "read_state", lambda *_: replace(EMPTY, resources=Known(held)))
    found = scope.preserve_set(night(world))
    assert isinstance(found, Known)
    kept = {item.id for item in found.value if item.reason.startswith("state of")}
    assert kept == {"work", "arn:of-another"}


OTHERS = ("eu-west-2", "us-east-1", "eu-north-1", "me-central-1")


def elsewhere_of(world: Any, monkeypatch: pytest.MonkeyPatch, enabled: Any, regions: str = "enabled") -> Any:
    """What a night asks the collector to look at beyond the manifest, and the facts."""
    asked: list[Any] = []

    def collect(*given: Any) -> Any:
        asked.append(given[-1])
        return inventory()

    monkeypatch.setattr(residual, "collect_inventory", collect)
    monkeypatch.setattr(residual, "enabled_regions", lambda _clients: enabled)
    run = night(world)
    audit = run.environment.audit.model_copy(update={"regions": regions})
    run.environment = run.environment.model_copy(update={"audit": audit})
    facts = residual.collect_audit_residual(run)
    (elsewhere,) = asked
    return elsewhere, facts


def test_a_night_looks_into_every_enabled_region(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere, facts = elsewhere_of(world, monkeypatch, Known(OTHERS))
    assert set(elsewhere.regions) == set(OTHERS) - set(dev_min()[0].scan_regions)
    assert "not enabled in the account" in elsewhere.why_not
    assert facts.enabled_regions == Known(OTHERS)


def test_a_list_of_regions_that_cannot_be_read_leaves_those_of_the_manifest(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, facts = elsewhere_of(world, monkeypatch, Unreadable("403"))
    assert (elsewhere.regions, facts.enabled_regions) == ((), Unreadable("403"))
    assert "could not be read" in elsewhere.why_not
    assert codes(facts)[:1] == ["ENABLED-REGIONS-UNREADABLE"]


def test_a_manifest_that_wants_its_own_regions_only(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere, facts = elsewhere_of(world, monkeypatch, Known(OTHERS), "scan_regions")
    assert (elsewhere.regions, facts.enabled_regions) == ((), Absent())
    assert "audit.regions" in elsewhere.why_not


def test_how_far_a_night_looked_is_one_line_of_numbers(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = ("aws_kms_key@*", "aws_x@*", "*@me-south-1", "aws_kms_key@eu-west-1")
    scan = inventory(not_scanned=tuple(NotScanned(subject=subject, reason="x") for subject in limits))
    monkeypatch.setattr(residual, "collect_inventory", lambda *_: replace(scan, coverage=scan.coverage[:1]))
    scanned(world)
    assert world.said == [
        "looked at 1 of 2 types x regions, in 1 regions; not looked at: 2 types anywhere, 1 whole regions, 1 types in "
        "one region each"
    ]


def test_a_stack_that_the_policy_does_not_name_holds_no_types(world: Any) -> None:
    run = night(world)
    run.policies = replace(run.policies, allowed_types=AllowedTypesPolicy(version=1, stacks={"core": ("aws_vpc",)}))
    assert residual.scan_now(run).ephemeral_types == ()


def test_the_first_night_ever_is_clean_after_two_looks(world: Any, moment: Any) -> None:
    first = scanned(world)
    assert (first.platform_run, first.looks.first, codes(first)) == (Absent(), Absent(), ["RESIDUAL-UNCONFIRMED"])
    kept = json.loads(json.dumps(lanes_looks.carried_on(first.looks)))
    moment.now = NOW + timedelta(seconds=first.looks.pause_seconds)
    second = scanned(world, kept)
    assert second.looks.first == Known(first.looks.this)
    assert codes(second, moment.now) == []
    assert second.looks.this.inventory_sha256 == first.looks.this.inventory_sha256


def test_a_second_look_that_comes_too_early_still_confirms_the_first(world: Any, moment: Any) -> None:
    first = scanned(world)
    moment.now = NOW + timedelta(seconds=first.looks.pause_seconds - 1)
    early = scanned(world, lanes_looks.carried_on(first.looks))
    assert codes(early, moment.now) == ["RESIDUAL-UNCONFIRMED"]
    assert lanes_looks.carried_on(early.looks) == lanes_looks.carried_on(first.looks)
    assert early.looks.due_at == NOW + timedelta(seconds=first.looks.pause_seconds)


def test_what_appears_between_two_looks_is_found(world: Any, moment: Any, found: list[LiveResource]) -> None:
    first = scanned(world)
    found.append(live(tags=TAGS))
    moment.now = NOW + timedelta(minutes=1)
    second = scanned(world, lanes_looks.carried_on(first.looks))
    assert codes(second, moment.now) == ["RESIDUAL-RESOURCE"]
    assert second.looks.this.inventory_sha256 != first.looks.this.inventory_sha256


def test_a_clock_that_goes_back_between_two_looks(world: Any, moment: Any) -> None:
    first = scanned(world)
    moment.now = NOW - timedelta(seconds=1)
    assert codes(scanned(world, lanes_looks.carried_on(first.looks)), moment.now) == ["CLOCK-WENT-BACK"]


@pytest.mark.parametrize("kept", ["x", 3, {}, {"began": "soon"}, []])
def test_what_is_no_look_is_not_taken_for_one(world: Any, kept: Any) -> None:
    facts = scanned(world, kept)
    assert isinstance(facts.looks.first, Unreadable)
    assert codes(facts) == ["FIRST-LOOK-UNREADABLE"]


@pytest.mark.parametrize(("is_open", "code"), [(True, "ORPHAN-BESIDE-STACKS"), (False, "RESIDUAL-RESOURCE")])
def test_the_platform_run_decides(world: Any, found: list[LiveResource], is_open: bool, code: str) -> None:
    open_platform_run(world.remote, "dev_min", platform_run(is_open=True))
    if not is_open:
        close_platform_run(world.remote, "dev_min", platform_run(is_open=True), "s3://proof")
    found.append(live("aws_ecs_cluster", f"{PREFIX}-runtime"))
    assert codes(scanned(world)) == [code]


def test_states_that_cannot_be_read(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    dark = StateRead(version=Absent(), resources=Unreadable("403"), tainted=Absent(), outputs=Absent())
    monkeypatch.setattr(owners, "read_state", lambda *_: dark)
    assert codes(scanned(world)) == ["STATE-UNREADABLE"] * len(dev_min()[0].stacks)


def test_free_vendors_are_named_in_the_log(world: Any, found: list[LiveResource]) -> None:
    found.append(live(tags={**TAGS, "aws:cloudformation:stack-name": "infra"}))
    scanned(world)
    assert "aws_vpc vpc-0other eu-west-2 (CloudFormation stack infra)" in world.said[-1]


def test_a_free_vendor_that_is_kept_goes_with_nobody(
    world: Any, monkeypatch: pytest.MonkeyPatch, found: list[LiveResource]
) -> None:
    found.append(live(tags={**TAGS, "aws:cloudformation:stack-name": "infra"}))
    kept = replace(EMPTY, resources=Known((state_resource(id="vpc-0other"),)))
    monkeypatch.setattr(scope, "read_state", lambda *_: kept)
    scanned(world)
    assert [said for said in world.said if "vendor-managed" in said] == []


def test_free_vendors_are_named_also_when_nobody_knows_what_is_kept(
    world: Any, monkeypatch: pytest.MonkeyPatch, found: list[LiveResource]
) -> None:
    found.append(live(tags={**TAGS, "aws:cloudformation:stack-name": "infra"}))
    monkeypatch.setattr(scope, "read_state", lambda *_: replace(EMPTY, resources=Unreadable("403")))
    preserve = scanned(world).preserve_set
    assert isinstance(preserve, Unreadable)
    assert preserve.reason.startswith("state of core: unreadable: ")
    assert world.said[1:] == [
        "vendor-managed, costs nothing, goes with its owner: aws_vpc vpc-0other eu-west-2 (CloudFormation stack infra)"
    ]


def test_only_what_is_free_whatever_its_attributes_counts_as_free() -> None:
    free = residual.free_types(dev_min()[1].prices)
    assert {"aws_vpc", "aws_ecs_cluster", "aws_security_group"} <= set(free)
    assert not {"aws_vpc_endpoint", "aws_ecs_service", "aws_ssm_parameter", "aws_db_instance", "aws_nat_gateway"} & set(
        free
    )


def test_only_what_was_read_is_a_subject(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(residual, "collect_inventory", lambda *_: inventory(coverage=inventory().coverage[:1]))
    facts = scanned(world)
    assert facts.looks.this.subjects == (f"aws_nat_gateway@{REGION}",)
    assert look().subjects != facts.looks.this.subjects


def test_what_an_apply_is_making_is_no_orphan(
    world: Any, monkeypatch: pytest.MonkeyPatch, found: list[LiveResource]
) -> None:
    """Also when it ended while the scan went on: it was under way when the scan began."""
    open_platform_run(world.remote, "dev_min", platform_run(is_open=True))
    found.append(live(tags=TAGS))
    under_way = {"demo": Known(intent(liveness="live"))}

    def collect(*_: Any) -> Any:
        under_way.clear()
        return inventory(*found)

    monkeypatch.setattr(residual, "collect_inventory", collect)
    facts = scanned(world, intents=lambda stack: under_way.get(stack, Absent()))
    assert facts.applying == ("demo",)
    assert "ORPHAN-BESIDE-STACKS" not in codes(facts)
    assert "an apply of demo is under way: what no state holds is not looked for" in world.said


def test_without_an_apply_it_is_one(world: Any, found: list[LiveResource]) -> None:
    open_platform_run(world.remote, "dev_min", platform_run(is_open=True))
    found.append(live(tags=TAGS))
    facts = scanned(world, intents=lambda _stack: Known(intent(liveness="dead")))
    assert (facts.applying, codes(facts)[:1]) == ((), ["ORPHAN-BESIDE-STACKS"])
