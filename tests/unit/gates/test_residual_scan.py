"""RESIDUAL-SCAN: nothing is left over."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from factories_world import (
    NOW,
    PREFIX,
    TODAY,
    exception,
    inventory,
    live,
    look,
    looks,
    preserve_item,
    residual_facts,
    state_resource,
)
from tidegate.gates.residual_scan import GATE
from tidegate.gates.rules_coverage import disabled_regions
from tidegate.gates.rules_residual import harmless_vendors
from tidegate.models.facts import Coverage
from tidegate.models.inventory import LiveResource
from tidegate.models.observed import Absent, Known, UnknownUntilApply, Unreadable
from tidegate.models.residual import ResidualFacts

DARK = Unreadable("AccessDenied")
TAGS = {"project": "fraud-platform", "lifecycle": "ephemeral", "team": "fraud"}
OURS = live(tags=TAGS)
CLUSTER = f"arn:aws:ecs:eu-west-2:123456789012:cluster/{PREFIX}-runtime"


def nat(**changes: Any) -> LiveResource:
    return live("aws_nat_gateway", "nat-1", **changes)


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(residual_facts(), [], id="nothing-left"),
        pytest.param(residual_facts(live()), [], id="the-vpc-of-somebody-else"),
        pytest.param(residual_facts(OURS), ["RESIDUAL-RESOURCE"], id="left-over-by-its-tags"),
        pytest.param(residual_facts(live(tags={"project": "fraud-platform"})), [], id="one-tag-is-not-enough"),
        pytest.param(residual_facts(live(tags=TAGS | {"lifecycle": "persistent"})), [], id="tagged-as-persistent"),
        pytest.param(residual_facts(live(id=f"{PREFIX}-vpc")), ["RESIDUAL-RESOURCE"], id="left-over-by-its-name"),
        pytest.param(
            residual_facts(live("aws_ecs_cluster", CLUSTER)), ["RESIDUAL-RESOURCE"], id="by-the-end-of-its-arn"
        ),
        pytest.param(
            residual_facts(live("aws_ecs_cluster", f"arn:aws:ecs:eu-west-2:1:{PREFIX}-a:*")),
            ["RESIDUAL-RESOURCE"],
            id="an-arn-that-ends-in-a-star",
        ),
        pytest.param(
            residual_facts(live("aws_ecs_cluster", f"arn:aws:ecs:eu-west-2:1:cluster/{PREFIX}-a/X")),
            [],
            id="the-prefix-in-the-last-part-but-one-of-its-arn",
        ),
        pytest.param(residual_facts(live(id=f"old-{PREFIX}")), [], id="the-prefix-in-the-middle-of-a-name"),
        pytest.param(residual_facts(live(id="vpc-1"), environment_tags={}), [], id="no-tags-to-know-by-match-nothing"),
        pytest.param(residual_facts(live("aws_s3_bucket", f"{PREFIX}-x")), [], id="a-type-that-core-holds"),
        pytest.param(
            residual_facts(OURS, preserve_set=(preserve_item(type="aws_vpc", id="vpc-0other"),)), [], id="preserved"
        ),
        pytest.param(
            residual_facts(OURS, preserve_set=(preserve_item(type="aws_subnet", id="vpc-0other"),)),
            ["RESIDUAL-RESOURCE"],
            id="preserved-is-something-else-with-its-id",
        ),
        *(
            pytest.param(
                residual_facts(
                    live("aws_ecs_cluster", f"{PREFIX}-runtime"),
                    preserve_set=(preserve_item(type="aws_ecs_cluster", id=CLUSTER.replace("eu-west-2", region)),),
                ),
                codes,
                id=f"preserved-by-its-arn-in-{region}",
            )
            for region, codes in (("eu-west-2", []), ("us-east-1", ["RESIDUAL-RESOURCE"]))
        ),
        pytest.param(
            residual_facts(
                live("aws_db_instance", f"{PREFIX}-db", attributes={"dbi_resource_id": Known("db-ABC")}),
                preserve_set=(preserve_item(type="aws_db_instance", id="db-ABC"),),
                ephemeral_types=("aws_db_instance",),
            ),
            [],
            id="preserved-by-the-id-of-rds",
        ),
        pytest.param(
            residual_facts(OURS, ephemeral_types=()),
            ["EPHEMERAL-TYPES-MISSING", "RESIDUAL-RESOURCE"],
            id="nothing-is-ephemeral",
        ),
        pytest.param(
            residual_facts(live("aws_kms_key", "k", tags=TAGS)), ["RESIDUAL-RESOURCE"], id="no-stack-may-hold-it"
        ),
        pytest.param(residual_facts(live("aws_kms_key", f"{PREFIX}-k")), [], id="a-name-proves-little-of-that-type"),
        *(
            pytest.param(
                residual_facts(live(tags=TAGS, status=word)), ["RESIDUAL-DELETING"], id=f"on-its-way-out-{word}"
            )
            for word in ("deleting", "DELETING", "draining", "shutting-down", "DEPROVISIONING", "INACTIVE-draining")
        ),
        pytest.param(residual_facts(live(status="deleting")), [], id="on-its-way-out-and-not-ours"),
        pytest.param(residual_facts(live(tags=TAGS, status="pending")), ["RESIDUAL-RESOURCE"], id="on-its-way-in"),
    ],
)
def test_left_over(facts: ResidualFacts, codes: Sequence[str]) -> None:
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(residual_facts(nat()), ["FORBIDDEN-LIVE"], id="whoever-made-it"),
        pytest.param(residual_facts(nat(status="deleting")), ["RESIDUAL-DELETING"], id="on-its-way-out"),
        pytest.param(
            residual_facts(nat(), exceptions=(exception("NAT-GATEWAY", "nat-1"),)), [], id="excepted-on-its-last-day"
        ),
        pytest.param(
            residual_facts(nat(), exceptions=(exception("NAT-GATEWAY", "nat-1", TODAY - timedelta(days=1)),)),
            ["FORBIDDEN-LIVE", "EXCEPTION-EXPIRED"],
            id="excepted-until-yesterday",
        ),
        pytest.param(
            residual_facts(live("aws_ecs_service", f"{PREFIX}-api", attributes={"desired_count": Known(1)})),
            ["FORBIDDEN-LIVE", "RESIDUAL-RESOURCE"],
            id="forbidden-and-left-over",
        ),
        pytest.param(
            residual_facts(
                live("aws_ecs_service", f"{PREFIX}-api", attributes={"desired_count": Known(1)}, status="DRAINING")
            ),
            ["RESIDUAL-DELETING"],
            id="forbidden-left-over-and-draining-is-said-once",
        ),
        pytest.param(
            residual_facts(live("aws_ecs_service", attributes={"desired_count": UnknownUntilApply()})),
            ["FORBIDDEN-UNKNOWN"],
            id="an-unknown-value",
        ),
        pytest.param(
            residual_facts(live("aws_ecs_service")), ["FORBIDDEN-UNREADABLE"], id="nobody-looked-at-the-count"
        ),
        pytest.param(residual_facts(forbidden=()), ["FORBIDDEN-RULES-MISSING"], id="no-rules-forbid-nothing"),
    ],
)
def test_forbidden(facts: ResidualFacts, codes: Sequence[str]) -> None:
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(
            residual_facts(inventory=inventory(coverage=(), expected_coverage=())), ["COVERAGE-EMPTY"], id="no-scan"
        ),
        pytest.param(residual_facts(inventory=inventory(coverage=())), ["COVERAGE-GAP"] * 2, id="two-gaps"),
        pytest.param(
            residual_facts(
                inventory=inventory(
                    expected_coverage=("aws_eip@eu-west-2",),
                    coverage=(Coverage(subject="aws_eip@eu-west-2", status="unreadable", reason="AccessDenied"),),
                )
            ),
            ["SUBJECT-UNREADABLE"],
            id="one-type-could-not-be-scanned",
        ),
        pytest.param(
            residual_facts(destroyed_still_there=Known((state_resource(),))),
            ["RESOURCE-STILL-THERE"],
            id="still-answers",
        ),
        pytest.param(residual_facts(destroyed_still_there=DARK), ["STILL-THERE-UNREADABLE"], id="nobody-could-ask"),
    ],
)
def test_scan(facts: ResidualFacts, codes: Sequence[str]) -> None:
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


@pytest.mark.parametrize(
    ("facts", "clears"),
    [
        pytest.param(
            residual_facts(nat(status="deleting"), destroyed_still_there=Known((state_resource(),))), True, id="waits"
        ),
        pytest.param(residual_facts(OURS), False, id="a-resource-at-rest-stays"),
        pytest.param(
            residual_facts(nat(status="deleting"), destroyed_still_there=DARK), False, id="one-lasting-is-enough"
        ),
    ],
)
def test_only_deletion_is_waited_for(facts: ResidualFacts, clears: bool) -> None:
    assert GATE.may_clear_by_itself(GATE.evaluate(facts, judged_at=NOW)) is clears


def test_one_on_its_way_out_does_not_hide_the_next() -> None:
    """Every resource of the inventory is judged, in its order."""
    going = live(id="vpc-going", tags=TAGS, status="deleting")
    found = GATE.evaluate(residual_facts(live(status="deleting"), going, OURS, nat()), judged_at=NOW)
    assert [blocker.code for blocker in found] == ["RESIDUAL-DELETING", "RESIDUAL-RESOURCE", "FORBIDDEN-LIVE"]


# Two looks.


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        pytest.param({}, [], id="twice-clean"),
        pytest.param({"first": Absent()}, ["RESIDUAL-UNCONFIRMED"], id="clean-once"),
        pytest.param({"first": DARK}, ["FIRST-LOOK-UNREADABLE"], id="the-first-look-is-lost"),
        pytest.param({"pause_seconds": 50}, [], id="the-pause-exactly-from-end-to-beginning"),
        pytest.param({"pause_seconds": 51}, ["RESIDUAL-UNCONFIRMED"], id="too-early"),
        pytest.param(
            {"first": Known(look(-1, subjects=("aws_nat_gateway@eu-west-2",)))},
            ["RESIDUAL-UNCONFIRMED"],
            id="the-first-look-saw-less",
        ),
        pytest.param({"this": look(ended=NOW)}, [], id="a-look-that-took-no-time"),
        pytest.param({"first": Known(look(1))}, ["CLOCK-WENT-BACK"], id="the-clock-went-back-between"),
        pytest.param(
            {"this": look(0, ended=NOW - timedelta(seconds=1))}, ["CLOCK-WENT-BACK"], id="the-clock-went-back-within"
        ),
        pytest.param({"first": Known(look(-1, ended=NOW - timedelta(hours=1)))}, ["CLOCK-WENT-BACK"], id="in-it"),
    ],
)
def test_nothing_counts_when_it_was_seen_twice(changes: dict[str, Any], codes: Sequence[str]) -> None:
    found = GATE.evaluate(residual_facts(looks=looks(**changes)), judged_at=NOW)
    assert [blocker.code for blocker in found] == codes
    assert GATE.only_unconfirmed(found) is (codes == ["RESIDUAL-UNCONFIRMED"])
    assert GATE.may_clear_by_itself(found) is (codes == ["RESIDUAL-UNCONFIRMED"])


def test_what_appears_in_the_second_look_is_a_finding() -> None:
    found = GATE.evaluate(residual_facts(OURS), judged_at=NOW)
    assert [blocker.code for blocker in found] == ["RESIDUAL-RESOURCE"]
    assert not GATE.only_unconfirmed(found)


def test_a_look_that_found_something_asks_for_no_confirmation() -> None:
    going = residual_facts(nat(status="deleting"), looks=looks(first=Absent()))
    found = GATE.evaluate(going, judged_at=NOW)
    assert [blocker.code for blocker in found] == ["RESIDUAL-DELETING"]
    assert not GATE.only_unconfirmed(found)
    assert GATE.may_clear_by_itself(found)


def test_which_look_the_next_one_confirms() -> None:
    """The first, while only the pause is missing to it; else this one: a chain of early looks never confirms."""
    first, this = look(-1), look()
    assert looks(first=Absent()).to_confirm == this
    assert looks(pause_seconds=300).to_confirm == first
    assert looks(pause_seconds=300).due_at == first.ended + timedelta(seconds=300)
    assert looks(pause_seconds=300, first=Known(look(-1, subjects=()))).to_confirm == this
    assert looks(pause_seconds=300, first=Known(look(1))).to_confirm == this
    assert looks(first=DARK).to_confirm == this


# What holds it.

PROTECTED = {"deletion_protection": Known(True)}
OWNED = TAGS | {"aws:autoscaling:groupName": "web"}


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(residual_facts(live(tags=OWNED)), [], id="a-vendor's-that-costs-nothing"),
        pytest.param(residual_facts(live(tags=OWNED), free_types=()), ["RESIDUAL-VENDOR-MANAGED"], id="a-vendor's"),
        pytest.param(
            residual_facts(nat(tags={"aws:cloudformation:stack-name": "x"}), free_types=("aws_nat_gateway",)),
            ["RESIDUAL-VENDOR-MANAGED"],
            id="forbidden-is-never-free",
        ),
        pytest.param(
            residual_facts(live("aws_ecs_service", tags={"aws:x": "y"}), free_types=("aws_ecs_service",)),
            ["RESIDUAL-VENDOR-MANAGED"],
            id="a-rule-that-cannot-be-judged-counts-too",
        ),
        pytest.param(residual_facts(live(tags={"aws:x": "y"}), free_types=()), [], id="a-vendor's-of-somebody-else"),
        pytest.param(
            residual_facts(live(tags=OWNED, status="deleting"), free_types=()),
            ["RESIDUAL-DELETING"],
            id="a-vendor's-on-its-way-out",
        ),
        pytest.param(
            residual_facts(nat(tags={"aws:x": "y"}), exceptions=(exception("NAT-GATEWAY", "nat-1"),)),
            [],
            id="a-vendor's-and-excepted",
        ),
        pytest.param(
            residual_facts(live(tags=TAGS, attributes=PROTECTED)), ["RESIDUAL-UNDELETABLE"], id="deletion-protection"
        ),
        pytest.param(residual_facts(live(attributes=PROTECTED)), [], id="protected-and-of-somebody-else"),
        pytest.param(
            residual_facts(live(tags=TAGS, attributes={"deletion_protection": DARK})),
            ["RESIDUAL-RESOURCE"],
            id="protection-not-known-is-left-over-all-the-same",
        ),
        pytest.param(
            residual_facts(live(tags=TAGS | {"aws:backup:source-resource": "x"})),
            ["RESIDUAL-UNDELETABLE"],
            id="kept-by-a-backup",
        ),
        pytest.param(
            residual_facts(
                live("aws_db_instance", f"{PREFIX}-db", status="Backing-up"), ephemeral_types=("aws_db_instance",)
            ),
            ["RESIDUAL-UNDELETABLE"],
            id="busy",
        ),
        pytest.param(residual_facts(live(tags=TAGS, status="modifying")), ["RESIDUAL-RESOURCE"], id="no-vpc-is-busy"),
        pytest.param(
            residual_facts(live(tags=TAGS, status="Delete in progress")), ["RESIDUAL-DELETING"], id="words-of-others"
        ),
    ],
)
def test_what_holds_it(facts: ResidualFacts, codes: Sequence[str]) -> None:
    found = GATE.evaluate(facts, judged_at=NOW)
    assert [blocker.code for blocker in found] == codes
    assert GATE.may_clear_by_itself(found) is (codes == ["RESIDUAL-DELETING"])


@pytest.mark.parametrize(
    ("found", "observed"),
    [
        pytest.param(live(tags=TAGS), "status available", id="left-over"),
        pytest.param(live(tags=TAGS, status=""), "status blank", id="a-service-without-a-word-for-it"),
        pytest.param(live(tags=TAGS, status="deleting"), "status deleting", id="on-its-way-out"),
        pytest.param(
            nat(status="deleting"), "status deleting; against rule NAT-GATEWAY", id="forbidden-on-its-way-out"
        ),
        pytest.param(
            live(tags=TAGS, attributes=PROTECTED), "status available; deletion protection is on", id="undeletable"
        ),
    ],
)
def test_what_its_service_says_is_told(found: LiveResource, observed: str) -> None:
    """And the rule that it is against, where there is one."""
    (blocker,) = GATE.evaluate(residual_facts(found), judged_at=NOW)
    assert blocker.observed == observed


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"aws:autoscaling:groupName": "web", "aws:x": "y"}, "Auto Scaling group web"),
        ({"aws:cloudformation:stack-name": "infra"}, "CloudFormation stack infra"),
        ({"aws:secretsmanager:owningService": "rds"}, "service rds"),
        ({"aws:new:thing": "1"}, "AWS, tag aws:new:thing=1"),
    ],
)
def test_a_vendors_resource_names_its_owner_and_the_rule(tags: dict[str, str], said: str) -> None:
    (blocker,) = GATE.evaluate(residual_facts(nat(tags=tags)), judged_at=NOW)
    assert said in blocker.observed
    assert said in blocker.remedy.text
    assert "against rule NAT-GATEWAY" in blocker.observed


def test_free_vendors_are_named() -> None:
    facts = residual_facts(live(tags=OWNED), live(id="vpc-2", tags={"aws:x": "y"}), live(id="vpc-3", tags=TAGS))
    assert harmless_vendors(facts, ()) == ("aws_vpc vpc-0other eu-west-2 (Auto Scaling group web)",)


# Regions.


def scanned(**reasons: str) -> Any:
    """Two types in two regions; `home` and `other` say why all of theirs are unreadable."""
    regions = {"eu-west-2": reasons.get("home", ""), "ap-east-1": reasons.get("other", "")}
    covered = tuple(
        Coverage(subject=f"{kind}@{region}", status="unreadable" if reason else "read", reason=reason)
        for region, reason in regions.items()
        for kind in ("aws_eip", "aws_vpc")
    )
    return inventory(coverage=covered, expected_coverage=tuple(each.subject for each in covered))


REFUSED = "scan of aws_eip in ap-east-1: {}: not authorized"


@pytest.mark.parametrize(
    "code", ["OptInRequired", "AuthFailure", "UnrecognizedClientException", "InvalidClientTokenId"]
)
def test_a_disabled_region_is_one_blocker(code: str) -> None:
    facts = residual_facts(inventory=scanned(other=REFUSED.format(code)))
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert (blocker.code, blocker.resource) == ("REGION-DISABLED", "ap-east-1")
    assert "scan_regions" in blocker.remedy.text


def test_of_a_disabled_region_the_first_reason_is_said() -> None:
    first, second = (REFUSED.format(code) for code in ("OptInRequired", "AuthFailure"))
    seen = scanned(other=first)
    covered = (*seen.coverage[:-1], replace(seen.coverage[-1], reason=second))
    assert disabled_regions(replace(seen, coverage=covered)) == {"ap-east-1": first}


def test_what_was_read_is_open_whatever_was_noted_about_it() -> None:
    reason = REFUSED.format("AuthFailure")
    seen = scanned(other=reason)
    covered = (*seen.coverage[:-1], replace(seen.coverage[-1], status="read"))
    assert disabled_regions(replace(seen, coverage=covered)) == {}


def test_a_subject_of_no_region_stands_for_itself() -> None:
    refused = Coverage(subject="organization", status="unreadable", reason=REFUSED.format("AuthFailure"))
    seen = scanned()
    assert disabled_regions(replace(seen, coverage=(*seen.coverage, refused))) == {"organization": refused.reason}


@pytest.mark.parametrize(
    ("seen", "count"),
    [
        pytest.param(scanned(other=REFUSED.format("AccessDenied")), 2, id="another-refusal"),
        pytest.param(scanned(home=REFUSED.format("AuthFailure"), other=REFUSED.format("AuthFailure")), 4, id="all"),
    ],
)
def test_what_is_no_disabled_region_stays_unreadable(seen: Any, count: int) -> None:
    found = GATE.evaluate(residual_facts(inventory=seen), judged_at=NOW)
    assert [blocker.code for blocker in found] == ["SUBJECT-UNREADABLE"] * count


def test_one_answer_from_a_region_means_that_it_is_enabled() -> None:
    seen = scanned(other=REFUSED.format("AuthFailure"))
    partly = replace(seen, coverage=(*seen.coverage[:3], replace(seen.coverage[3], status="read", reason="")))
    found = GATE.evaluate(residual_facts(inventory=partly), judged_at=NOW)
    assert [blocker.code for blocker in found] == ["SUBJECT-UNREADABLE"]


@pytest.mark.parametrize(
    ("facts", "resource", "expected"),
    [
        (
            residual_facts(inventory=inventory(coverage=(), expected_coverage=())),
            "inventory",
            "one subject for each scanned type and region",
        ),
        (residual_facts(ephemeral_types=()), "ephemeral types", "the types that ephemeral stacks may hold"),
        (residual_facts(destroyed_still_there=DARK), "destroy-set", "none of them answers"),
        (residual_facts(looks=looks(first=Absent())), "residual scan", "two clean looks at the same subjects, 20 s"),
        (residual_facts(looks=looks(first=DARK)), "residual scan", "a look with its times and what it read"),
    ],
)
def test_where_and_what_was_expected(facts: ResidualFacts, resource: str, expected: str) -> None:
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert blocker.resource == resource
    assert expected in blocker.expected


def test_a_throttled_subject_is_looked_at_again_and_a_refused_one_is_not() -> None:
    def seen(*covered: Coverage) -> Any:
        return inventory(coverage=covered, expected_coverage=tuple(each.subject for each in covered))

    throttled = Coverage(
        subject="aws_ssm_parameter@eu-west-2", status="unreadable", reason="ThrottlingException: slow", transient=True
    )
    refused = Coverage(subject="aws_eip@eu-west-2", status="unreadable", reason="AccessDenied")
    for covered, again, step in (((throttled,), True, "wait"), ((refused,), False, "person")):
        found = GATE.evaluate(residual_facts(inventory=seen(*covered)), judged_at=NOW)
        assert [blocker.code for blocker in found] == ["SUBJECT-UNREADABLE"]
        assert (GATE.may_clear_by_itself(found), found[0].remedy.steps[0].kind) == (again, step)
    both = GATE.evaluate(residual_facts(inventory=seen(throttled, refused)), judged_at=NOW)
    assert not GATE.may_clear_by_itself(both)
