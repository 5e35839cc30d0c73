"""What bears the environment's tags beside all listings: what explains it, what is a ghost, and what is a blocker."""

from typing import Any

import pytest

from factories_control import intent
from factories_residual import audit_residual_facts, owned, standing
from factories_world import NOW, REGION, inventory, live, preserve_item, state_resource
from tidegate.gates.audit_residual import GATE
from tidegate.models.blocker import Blocker
from tidegate.models.facts import Coverage
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.residual import AuditResidualFacts
from tidegate.models.tagged import TaggedResource

FAR = "ap-southeast-2"
ACCOUNT = "123456789012"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs"
ADDRESS = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/jobs"
TABLE = f"arn:aws:ec2:{REGION}:123456789012:route-table/rtb-1"

NOBODY_CAN_ASK: Observed[bool] = Absent()
IT_ANSWERS: Observed[bool] = Known(True)


def queue(there: Observed[bool] = NOBODY_CAN_ASK, **changes: Any) -> TaggedResource:
    """Of a kind that nobody here knows."""
    given: dict[str, Any] = {"arn": QUEUE, "region": REGION, "type": "", "id": QUEUE, "there": there}
    return TaggedResource(**(given | changes))


def table(there: Observed[bool] = IT_ANSWERS, **changes: Any) -> TaggedResource:
    """Of a type that can be asked for."""
    return queue(there, **({"arn": TABLE, "type": "aws_route_table", "id": "rtb-1"} | changes))


def night(*resources: TaggedResource, **changes: Any) -> AuditResidualFacts:
    return audit_residual_facts(**({"tagged": {REGION: Known(resources)}} | changes))


def by_day(*resources: TaggedResource, **changes: Any) -> AuditResidualFacts:
    """The same while a platform run is open."""
    return standing(tagged={REGION: Known(resources)}, **changes)


def found(facts: AuditResidualFacts) -> tuple[Blocker, ...]:
    return GATE.evaluate(facts, judged_at=NOW)


def said(facts: AuditResidualFacts) -> list[tuple[str, str]]:
    return [(blocker.code, blocker.resource) for blocker in found(facts)]


BESIDE = "TAGGED-BESIDE-LISTINGS"
OF_TABLE = [(BESIDE, f"aws_route_table rtb-1 {REGION}")]


@pytest.mark.parametrize("facts_of", [night, by_day])
def test_what_nothing_explains_is_a_blocker(facts_of: Any) -> None:
    assert said(facts_of(queue())) == [(BESIDE, QUEUE)]
    assert said(facts_of(table())) == OF_TABLE


@pytest.mark.parametrize("facts_of", [night, by_day])
def test_a_ghost_is_none(facts_of: Any) -> None:
    """The tagging API goes on naming what is gone."""
    assert said(facts_of(table(Known(False)))) == []


def test_what_nobody_can_ask_is_said_with_the_doubt() -> None:
    (doubted,) = found(night(queue()))
    (seen,) = found(night(table()))
    assert "no way to ask whether it stands" in doubted.observed
    assert "or wait until the tagging API has forgotten it" in doubted.remedy.text
    assert seen.observed == f"{TABLE}; it answers"
    assert "wait until" not in seen.remedy.text
    for blocker in (doubted, seen):
        assert "take the tag lifecycle off" in blocker.remedy.text
        assert blocker.remedy.note == "No state holds it: M9 will not remove it"


@pytest.mark.parametrize(
    ("there", "transient"), [(Unreadable("403"), False), (Unreadable("Throttling", transient=True), True)]
)
def test_what_could_not_be_asked_is_no_ghost(there: Unreadable, transient: bool) -> None:
    (blocker,) = found(night(table(there)))
    assert (blocker.code, blocker.transient) == ("TAGGED-RESOURCE-UNREADABLE", transient)


@pytest.mark.parametrize(
    ("resource", "held"),
    [
        pytest.param(table(), state_resource("aws_route_table.a", "rtb-1"), id="by-type-and-id"),
        pytest.param(queue(), state_resource("aws_sqs_queue.a", QUEUE), id="by-its-arn"),
        pytest.param(
            table(type="aws_vpc_security_group_ingress_rule", id="sgr-1"),
            state_resource("aws_vpc_security_group_egress_rule.a", "sgr-1"),
            id="a-rule-of-the-other-direction",
        ),
        pytest.param(
            queue(type="aws_sqs_queue", id=ADDRESS), state_resource("aws_sqs_queue.a", ADDRESS), id="by-its-address"
        ),
        pytest.param(
            queue(type="aws_sqs_queue", id=ADDRESS),
            state_resource("aws_sqs_queue.a", f"https://queue.amazonaws.com/{ACCOUNT}/jobs"),
            id="by-its-address-at-another-endpoint",
        ),
    ],
)
def test_what_a_state_holds_is_explained(resource: TaggedResource, held: Any) -> None:
    assert said(by_day(resource, states=(owned("core"), owned("demo", held)))) == []


@pytest.mark.parametrize(
    ("resource", "held"),
    [
        pytest.param(table(), state_resource("aws_subnet.a", "rtb-1"), id="another-type-with-its-id"),
        pytest.param(table(region=FAR), state_resource("aws_route_table.a", "rtb-1"), id="its-id-in-another-region"),
        pytest.param(queue(), state_resource("aws_sqs_queue.a", "jobs"), id="an-unknown-kind-by-its-name"),
        pytest.param(
            queue(type="aws_sqs_queue", id=ADDRESS),
            state_resource("aws_sqs_queue.a", ADDRESS.replace(ACCOUNT, "210987654321")),
            id="the-address-of-another-account",
        ),
        pytest.param(
            queue(type="aws_sqs_queue", id=ADDRESS, region=FAR),
            state_resource("aws_sqs_queue.a", ADDRESS),
            id="its-address-in-another-region",
        ),
        pytest.param(table(id="a/b/rtb-1"), state_resource("aws_route_table.a", "x/b/rtb-1"), id="what-is-no-address"),
    ],
)
def test_what_only_looks_like_it_is_not(resource: TaggedResource, held: Any) -> None:
    assert len(said(by_day(resource, states=(owned("core"), owned("demo", held))))) == 1


def test_what_is_preserved_is_explained() -> None:
    kept = (preserve_item(type="aws_route_table", id="rtb-1"), preserve_item(type="aws_sqs_queue", id=QUEUE))
    assert said(night(table(), queue(), preserve_set=Known(kept))) == []
    other = (preserve_item(type="aws_subnet", id="rtb-1"),)
    assert said(night(table(), preserve_set=Known(other))) == OF_TABLE


def test_what_a_listing_shows_is_the_listings_to_tell() -> None:
    group = live("aws_cloudwatch_log_group", "/x", tags={"project": "fraud-platform", "lifecycle": "ephemeral"})
    tagged = table(type="aws_cloudwatch_log_group", id="/x")
    assert said(night(tagged, inventory=inventory(group))) == [
        ("RESIDUAL-RESOURCE", f"aws_cloudwatch_log_group /x {REGION}")
    ]


def test_what_an_apply_is_making_is_in_no_state_yet() -> None:
    assert said(by_day(queue(), intents={"demo": Known(intent(liveness="live"))})) == []


@pytest.mark.parametrize(
    "dark",
    [
        {"states": (owned("core"), owned("demo", resources=Unreadable("403")))},
        {"preserve_set": Unreadable("403")},
    ],
)
def test_who_cannot_read_what_may_explain_it_knows_nothing(dark: dict[str, Any]) -> None:
    codes = [code for code, _ in said(night(queue(), **dark))]
    assert codes
    assert BESIDE not in codes


@pytest.mark.parametrize(
    ("answer", "code"),
    [(Unreadable("403"), "TAGGED-UNREADABLE"), (Absent(), "TAGGED-MISSING")],
)
def test_a_region_in_which_nobody_knows(answer: Any, code: str) -> None:
    assert said(night(tagged={REGION: answer})) == [(code, f"tag GetResources {REGION}")]


def test_a_region_in_which_nobody_asked() -> None:
    assert said(night(tagged={})) == [("TAGGED-UNREADABLE", f"tag GetResources {REGION}")]


def test_evidence_of_a_version_that_did_not_ask() -> None:
    assert said(night(tagged=None)) == []


def test_beyond_the_manifest_the_organisation_may_close_it() -> None:
    home = inventory()
    coverage = (*home.coverage, *(Coverage(subject=f"{it}@{FAR}", status="read") for it in KINDS))
    scan = inventory(coverage=coverage, expected_coverage=tuple(it.subject for it in coverage), beyond=(FAR,))
    given = {"inventory": scan, "standing_rules": audit_residual_facts().forbidden}
    assert said(night(tagged={REGION: Known(()), FAR: Absent()}, **given)) == []
    assert said(night(tagged={REGION: Known(())}, **given)) == [("TAGGED-UNREADABLE", f"tag GetResources {FAR}")]


KINDS = ("aws_nat_gateway", "aws_ecs_service")
