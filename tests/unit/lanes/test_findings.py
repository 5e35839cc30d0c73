"""What a lane saw standing is asked for by later ones, whatever states say by then, until a live look says gone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from factories_findings import finding
from factories_residual import audit_residual_facts, owned, standing
from factories_time_to_live import time_to_live_facts as life_facts
from factories_world import (
    NOW,
    REGION,
    destroyed_facts,
    inventory,
    live,
    posture_facts,
    proof_facts,
    residual_facts,
    state_resource,
)
from standins import MemoryStore, aws_error
from tidegate.collectors.aws.inventory import LISTINGS
from tidegate.collectors.aws.inventory.listing import Found, Listing
from tidegate.collectors.aws.state import StateRead
from tidegate.evidence.findings import open_findings, record_findings
from tidegate.evidence.store import StoreError
from tidegate.gates.registry import by_id
from tidegate.lanes import findings, owners
from tidegate.models.facts import Coverage
from tidegate.models.findings import Finding
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.state import StateResource
from tidegate.models.tagged import TaggedResource

EMPTY = StateRead(version=Absent(), resources=Absent(), tainted=Absent(), outputs=Absent())
ROLE = replace(state_resource("aws_iam_role.runtime", finding().id), type="aws_iam_role")
BALANCER = "arn:aws:elasticloadbalancing:eu-west-2:123456789012:loadbalancer/app/x/0123456789abcdef"
LISTED = finding("aws_lb", BALANCER, code="FORBIDDEN-LIVE", held_by=None)


class Account:
    """What answers when it is asked for by its id, and what the listings show."""

    def __init__(self) -> None:
        self.answering: Observed[set[str]] = Known(set())
        self.listed: dict[str, list[Found] | Exception] = {}
        self.asked: list[str] = []

    def still_there(self, _clients: Any, asked: Any) -> Observed[tuple[StateResource, ...]]:
        self.asked += [resource.id for resource in asked]
        if not isinstance(self.answering, Known):
            return self.answering
        return Known(tuple(resource for resource in asked if resource.id in self.answering.value))

    def listing(self, kind: str) -> Listing:
        def read(scan: Any) -> Any:
            self.asked.append(f"{kind}@{scan.region}")
            shown = self.listed.get(kind, [])
            if isinstance(shown, Exception):
                raise shown
            return shown

        return Listing(kind, read)


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch, moment: Any) -> Account:
    account = Account()
    monkeypatch.setattr(findings, "now", moment)
    monkeypatch.setattr(findings, "still_there", account.still_there)
    monkeypatch.setattr(findings, "LISTINGS", {kind: account.listing(kind) for kind in LISTINGS})
    monkeypatch.setattr(owners, "read_state", lambda *_: EMPTY)
    return account


@pytest.fixture
def look(world: Any) -> Callable[..., Any]:
    """One look of the hourly check."""
    return lambda *given: findings.finding_facts(world.run("hourly", "b_time_to_live"), *given)


def keep(world: Any, *seen: Finding) -> None:
    evidence = {"uri": "s3://the-evidence/x", "sha256": "a" * 64}
    record_findings(world.remote, "dev_min", seen=seen, gone=(), recorded_by="m9_1", at=NOW, evidence=evidence)


def settled(world: Any, phase: Any, task: str, facts: Any) -> list[tuple[str, str, str | None]]:
    """What is open after a lane judged these facts and acted."""
    judged = world.left(phase, task, facts)
    findings.settle(world.run(phase, task), facts, judged.published.document)
    return [(it.type, it.code, it.held_by) for it in opened(world)]


def opened(world: Any) -> tuple[Finding, ...]:
    found = open_findings(world.remote, "dev_min")
    assert isinstance(found, Known)
    return found.value


# What is recorded.


def test_a_destroyed_resource_that_answers(world: Any) -> None:
    facts = destroyed_facts(still_there=Known((ROLE,)))
    assert settled(world, "m9", "d_demo.verify", facts) == [("aws_iam_role", "RESOURCE-STILL-THERE", "demo")]
    (kept,) = opened(world)
    assert (kept.id, kept.region, kept.since) == (finding().id, REGION, facts.observed_at)
    assert kept.seen_by.startswith("m9_")


def test_what_the_scan_of_a_teardown_found(world: Any) -> None:
    vpc = live("aws_vpc", "vpc-1", tags={"project": "fraud-platform", "lifecycle": "ephemeral"})
    facts = residual_facts(vpc, live("aws_vpc", "vpc-of-others"), destroyed_still_there=Known((ROLE,)))
    assert settled(world, "m9", "f_residual_scan", facts) == [
        ("aws_iam_role", "RESOURCE-STILL-THERE", None),
        ("aws_vpc", "RESIDUAL-RESOURCE", None),
    ]


def test_what_stands_after_a_build_against_a_rule(world: Any) -> None:
    facts = posture_facts(live("aws_nat_gateway", "nat-1"), live("aws_vpc", "vpc-1"))
    assert settled(world, "m2", "g_network_posture", facts) == [("aws_nat_gateway", "FORBIDDEN-LIVE", None)]


def test_what_only_its_tags_told_of_is_kept_where_it_can_be_asked_for_again(world: Any) -> None:
    table, ghost = tagged("rtb-1", Known(True)), tagged("rtb-2", Known(False))
    queue = replace(tagged("rtb-3", Absent()), type="", id="arn:aws:sqs:x", arn="arn:aws:sqs:x")
    facts = audit_residual_facts(tagged={REGION: Known((table, ghost, queue))})
    assert settled(world, "audit", "d_residual_scan", facts) == [("aws_route_table", "TAGGED-BESIDE-LISTINGS", None)]
    (kept,) = opened(world)
    assert (kept.id, kept.region) == ("rtb-1", REGION)


def test_what_its_tags_told_of_and_a_state_holds_is_not_kept(world: Any) -> None:
    held = owned("demo", state_resource("aws_route_table.a", "rtb-1"))
    facts = standing(tagged={REGION: Known((tagged("rtb-1", Absent()),))}, states=(owned("core"), held))
    assert settled(world, "audit", "d_residual_scan", facts) == []


@pytest.mark.parametrize("region", [REGION, "us-east-1"])
def test_it_is_asked_for_where_it_stood(world: Any, account: Account, region: str) -> None:
    apart: list[str] = []

    @contextmanager
    def clients(of: str) -> Iterator[Any]:
        apart.append(of)
        yield None

    keep(world, finding("aws_route_table", "rtb-1", code="TAGGED-BESIDE-LISTINGS", held_by=None, region=region))
    run = world.run("hourly", "b_time_to_live")
    run.clients = SimpleNamespace(apart=clients)
    account.answering = Known({"rtb-1"})
    (standing_still,) = findings.finding_facts(run).looks.value
    assert isinstance(standing_still.there, Known)
    account.answering = Known(set())
    (gone,) = findings.finding_facts(run).looks.value
    assert gone.there == Absent()
    assert apart == [region] * 2 if region != REGION else apart == []


def tagged(id_: str, there: Any) -> TaggedResource:
    arn = f"arn:aws:ec2:{REGION}:123456789012:route-table/{id_}"
    return TaggedResource(arn=arn, region=REGION, type="aws_route_table", id=id_, there=there)


def test_a_pass_records_nothing(world: Any) -> None:
    assert settled(world, "m9", "f_residual_scan", residual_facts()) == []
    assert not [key for key in world.remote.objects if "/findings/" in key]


def test_facts_that_could_not_be_collected_record_nothing(world: Any) -> None:
    facts = destroyed_facts(still_there=Unreadable("403"))
    assert settled(world, "m9", "d_demo.verify", facts) == []


# What is asked.


def test_without_a_finding_one_list_of_the_series_and_nothing_else(
    world: Any, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def counted(method: str) -> Callable[..., Any]:
        call = getattr(MemoryStore, method)

        def count(self: MemoryStore, *given: Any) -> Any:
            calls.append(method)
            return call(self, *given)

        return count

    for method in ("keys", "read", "create"):
        monkeypatch.setattr(MemoryStore, method, counted(method))
    monkeypatch.setattr(owners, "read_state", lambda *_: calls.append("state") or EMPTY)
    run = world.run("audit", "d_residual_scan")
    assert findings.finding_facts(run).looks == Known(())
    assert calls == ["keys"]
    assert findings.finding_facts(run).looks == Known(())
    assert calls == ["keys"], "what a task has listed it does not list again"
    assert account.asked == []


def test_a_second_teardown_with_an_empty_state_asks_again(world: Any, account: Account, look: Any) -> None:
    """The provider took a refused delete for gone: the state is empty, the role stands."""
    keep(world, finding())
    account.answering = Known({finding().id})
    facts = residual_facts(destroy_set=(), findings=look())
    assert [it.code for it in by_id("RESIDUAL-SCAN").evaluate(facts, judged_at=NOW)] == ["FINDING-OPEN"]
    proof = proof_facts(findings=look())
    assert [it.code for it in by_id("TEARDOWN-PROOF").evaluate(proof, judged_at=NOW)] == ["FINDING-OPEN"]
    account.answering = Known(set())
    facts = replace(facts, findings=look())
    assert by_id("RESIDUAL-SCAN").evaluate(facts, judged_at=NOW) == ()
    assert settled(world, "m9", "f_residual_scan", facts) == []


def test_what_nobody_could_ask_stays_open(world: Any, account: Account, look: Any) -> None:
    keep(world, finding(), LISTED)
    account.answering = Unreadable("403")
    account.listed["aws_lb"] = aws_error("AccessDenied")
    facts = residual_facts(findings=look())
    assert [it.code for it in by_id("RESIDUAL-SCAN").evaluate(facts, judged_at=NOW)] == ["FINDING-UNREADABLE"] * 2
    assert len(settled(world, "m9", "f_residual_scan", facts)) == 2


def test_a_listed_one_is_asked_where_it_was_seen_with_its_tags(world: Any, account: Account, look: Any) -> None:
    keep(world, replace(LISTED, region="us-east-1"))
    account.listed["aws_lb"] = [Found(id=BALANCER, status="active", item={}, tags={"project": "fraud-platform"})]
    (seen,) = look().looks.value
    assert account.asked == ["aws_lb@us-east-1"]
    assert seen.there.value.tags == {"project": "fraud-platform"}
    assert seen.rules == ("FINDING-OPEN", "LOAD-BALANCER")
    account.listed["aws_lb"] = []
    assert look().looks.value[0].there == Absent()


def test_whose_tags_were_taken_off_is_not_gone(world: Any, account: Account, look: Any) -> None:
    """The listing of subnets sees only what carries the environment's tags."""
    keep(world, finding("aws_subnet", "subnet-1", code="RESIDUAL-RESOURCE"))
    account.answering = Known({"subnet-1"})
    assert isinstance(look().looks.value[0].there, Known)
    account.answering = Known(set())
    assert look().looks.value[0].there == Absent()


def test_what_the_scan_has_just_answered_is_not_asked_again(world: Any, account: Account, look: Any) -> None:
    keep(world, LISTED)
    balancer = live("aws_lb", BALANCER)
    subject = f"aws_lb@{REGION}"
    read = (Coverage(subject=subject, status="read"),)
    (seen,) = look(inventory(balancer, coverage=read)).looks.value
    assert seen.there == Known(balancer)
    assert look(inventory(coverage=read)).looks.value[0].there == Absent()
    assert account.asked == []
    gap = (Coverage(subject=subject, status="unreadable", reason="403"),)
    look(inventory(coverage=gap))
    assert account.asked == [subject], "a scan that could not look says nothing"


def test_a_type_that_no_listing_knows_any_more_is_not_gone(world: Any, look: Any) -> None:
    keep(world, finding("aws_quantum_computer", "qc-1", code="RESIDUAL-RESOURCE"))
    assert look().looks.value[0].there == Unreadable("no listing knows aws_quantum_computer")


def test_of_confluent_nothing_is_gone_that_could_not_be_asked(world: Any, look: Any) -> None:
    keep(world, finding("confluent_environment", "env-1", region="confluent-cloud"))
    assert isinstance(look().looks.value[0].there, Unreadable)


# What the hourly check does besides.


def test_records_that_cannot_be_written_keep_no_ended_stack_standing(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    torn: list[Any] = []
    monkeypatch.setattr(findings, "tear_down_the_ended", lambda *given: torn.append(given))
    facts = life_facts(findings=findings.finding_facts(world.run("hourly", "b_time_to_live")))
    looks = Known((findings.FindingLook(finding=finding(), there=Absent(), rules=()),))
    facts = replace(facts, findings=replace(facts.findings, looks=looks))
    keep(world, finding())
    run = world.run("hourly", "b_time_to_live")
    world.remote.refusing.add("create")
    with pytest.raises(StoreError):
        findings.settle_and_tear_down(run, facts, {"attempt": 1, "digest": "a" * 64, "blockers": []})
    assert len(torn) == 1
