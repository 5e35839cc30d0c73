"""PLAN-GUARD: what a build plan may leave behind."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from factories_prices import PRICES
from factories_world import NOW, TODAY, exception, plan, plan_facts, planned, rule_with, service
from tidegate.gates.plan_guard import GATE
from tidegate.models.observed import Absent, Known, UnknownUntilApply, Unreadable
from tidegate.models.plan import ChangedAttribute, PlanFacts
from tidegate.models.policy import PolicyException

NAT = "aws_nat_gateway.this"
TOPIC = "aws_iam_role.execution"
YESTERDAY = TODAY - timedelta(days=1)


def of_plan(**changes: Any) -> PlanFacts:
    return plan_facts(plan=Known(plan(**changes)))


def losing(address: str, *protected: str, actions: tuple[str, ...] = ("delete",)) -> PlanFacts:
    return plan_facts(planned(address, *actions), protected_addresses=protected)


def let_go(**changes: Any) -> PolicyException:
    """An exception of the manifest for the role."""
    given = {"rule": "PROTECTED-RESOURCE", "resource": TOPIC, "owner": "platform", "reason": "another role replaces it"}
    return PolicyException.model_validate({**given, "expires": TODAY, **changes})


def drifted(**changes: Any) -> PlanFacts:
    return plan_facts(planned("aws_vpc.this", "update", drifted=True), **{"drift_blocks": True, **changes})


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(plan_facts(), [], id="a-vpc"),
        pytest.param(plan_facts(state=Absent()), [], id="the-first-plan-has-no-state"),
        pytest.param(plan_facts(state=Unreadable("403")), ["STATE-UNREADABLE"], id="state-not-readable"),
        pytest.param(plan_facts(plan=Unreadable("no root")), ["PLAN-UNREADABLE"], id="plan-not-readable"),
        pytest.param(plan_facts(plan=Absent()), ["PLAN-UNREADABLE"], id="no-plan"),
        pytest.param(of_plan(format_version="2.0"), ["PLAN-FORMAT-UNKNOWN"], id="a-later-format"),
        pytest.param(of_plan(format_version="10.1"), ["PLAN-FORMAT-UNKNOWN"], id="ten-is-not-one"),
        pytest.param(of_plan(format_version=""), ["PLAN-FORMAT-UNKNOWN"], id="no-format"),
        pytest.param(of_plan(complete=False), ["PLAN-INCOMPLETE"], id="not-complete"),
        pytest.param(of_plan(errored=True), ["PLAN-INCOMPLETE"], id="errored"),
        pytest.param(of_plan(purpose="destroy"), ["PLAN-PURPOSE"], id="a-destroy-plan"),
        pytest.param(of_plan(stack="core"), ["PLAN-STACK"], id="the-plan-of-another-stack"),
        pytest.param(of_plan(deferred=("aws_vpc.later",)), ["PLAN-DEFERRED"], id="a-change-that-is-put-off"),
        pytest.param(of_plan(invoked=("action.x.y", "action.x.z")), ["PLAN-ACTION-UNKNOWN"] * 2, id="actions-besides"),
        pytest.param(of_plan(resources=()), ["PLAN-EMPTY"], id="an-empty-directory-has-an-empty-plan"),
        pytest.param(plan_facts(forbidden=()), ["FORBIDDEN-RULES-MISSING"], id="no-rules-forbid-nothing"),
        pytest.param(
            plan_facts(planned("aws_vpc.this", "explode")), ["PLAN-ACTION-UNKNOWN"], id="an-action-nobody-knows"
        ),
        pytest.param(
            plan_facts(planned("aws_vpc.this", actions=())), ["PLAN-ACTION-UNKNOWN"], id="no-action-is-not-no-op"
        ),
    ],
)
def test_the_plan_itself(facts: PlanFacts, codes: Sequence[str]) -> None:
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(plan_facts(planned(NAT, "create")), ["FORBIDDEN-RESOURCE"], id="created"),
        pytest.param(plan_facts(planned(NAT, "no-op")), ["FORBIDDEN-RESOURCE"], id="kept"),
        pytest.param(plan_facts(planned(NAT, "update")), ["FORBIDDEN-RESOURCE"], id="changed"),
        pytest.param(plan_facts(planned(NAT, "delete", "create")), ["FORBIDDEN-RESOURCE"], id="replaced"),
        pytest.param(plan_facts(planned(NAT, "create", "delete")), ["FORBIDDEN-RESOURCE"], id="replaced-make-first"),
        pytest.param(plan_facts(planned(NAT, "forget")), ["FORBIDDEN-RESOURCE"], id="forgotten-is-not-gone"),
        pytest.param(plan_facts(planned(NAT, "delete")), [], id="deleted"),
        pytest.param(plan_facts(service(Known(0))), [], id="a-service-at-rest"),
        pytest.param(plan_facts(service(Known(1), "update")), ["FORBIDDEN-RESOURCE"], id="lowered-but-above-zero"),
        pytest.param(plan_facts(service(Known(1), "delete")), [], id="a-running-service-deleted"),
        pytest.param(plan_facts(service(UnknownUntilApply())), ["FORBIDDEN-UNKNOWN"], id="unknown-is-never-fine"),
        pytest.param(
            plan_facts(
                service(UnknownUntilApply()), forbidden=(rule_with("greater_than", 0, when_unknown="recheck_live"),)
            ),
            [],
            id="unknown-and-looked-at-again-live",
        ),
        pytest.param(
            plan_facts(service(Known(1)), forbidden=(rule_with("greater_than", 0, when_unknown="recheck_live"),)),
            ["FORBIDDEN-RESOURCE"],
            id="known-is-not-left-to-the-live-check",
        ),
        pytest.param(plan_facts(service(Unreadable("two blocks"))), ["FORBIDDEN-UNREADABLE"], id="value-not-readable"),
        pytest.param(plan_facts(service(Known("many"))), ["FORBIDDEN-UNREADABLE"], id="value-of-the-wrong-kind"),
        pytest.param(plan_facts(service(None)), ["FORBIDDEN-UNREADABLE"], id="nobody-looked-at-the-count"),
        pytest.param(
            plan_facts(planned(NAT, "create"), planned("aws_nat_gateway.b", "create")),
            ["FORBIDDEN-RESOURCE"] * 2,
            id="says-both",
        ),
    ],
)
def test_forbidden(facts: PlanFacts, codes: Sequence[str]) -> None:
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(
            plan_facts(planned(NAT, "create"), exceptions=(exception("NAT-GATEWAY", NAT),)), [], id="on-its-last-day"
        ),
        pytest.param(
            plan_facts(planned(NAT, "create"), exceptions=(exception("NAT-GATEWAY", NAT, YESTERDAY),)),
            ["FORBIDDEN-RESOURCE", "EXCEPTION-EXPIRED"],
            id="until-yesterday",
        ),
        pytest.param(
            plan_facts(
                planned(NAT, "create"),
                exceptions=(exception("NAT-GATEWAY", NAT, YESTERDAY), exception("NAT-GATEWAY", NAT)),
            ),
            [],
            id="renewed",
        ),
        pytest.param(
            plan_facts(planned(f"{NAT}[0]", "create"), exceptions=(exception("NAT-GATEWAY", NAT),)),
            ["FORBIDDEN-RESOURCE"],
            id="of-another-address",
        ),
        pytest.param(
            plan_facts(planned(NAT, "create"), exceptions=(exception("ALWAYS-ON-ECS", NAT),)),
            ["FORBIDDEN-RESOURCE"],
            id="from-another-rule",
        ),
        pytest.param(
            plan_facts(service(UnknownUntilApply()), exceptions=(exception("ALWAYS-ON-ECS", "aws_ecs_service.api"),)),
            [],
            id="for-a-value-not-known-yet",
        ),
        pytest.param(
            plan_facts(
                service(Unreadable("two blocks")), exceptions=(exception("ALWAYS-ON-ECS", "aws_ecs_service.api"),)
            ),
            ["FORBIDDEN-UNREADABLE"],
            id="does-not-cover-what-nobody-could-read",
        ),
        pytest.param(
            plan_facts(planned(NAT, "create"), exceptions=(exception("NAT-GATEWAY", NAT),), allowed_types=("aws_vpc",)),
            ["TYPE-NOT-ALLOWED"],
            id="lifts-the-rule-and-not-the-allow-list",
        ),
        pytest.param(
            plan_facts(planned(NAT, "delete"), exceptions=(exception("NAT-GATEWAY", NAT, YESTERDAY),)),
            [],
            id="expired-and-no-longer-needed",
        ),
    ],
)
def test_exceptions(facts: PlanFacts, codes: Sequence[str]) -> None:
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(plan_facts(planned("aws_eks_cluster.a", "create")), ["TYPE-NOT-ALLOWED"], id="not-classified"),
        pytest.param(plan_facts(planned("aws_eks_cluster.a", "no-op")), ["TYPE-NOT-ALLOWED"], id="not-classified-kept"),
        pytest.param(plan_facts(planned("aws_eks_cluster.a", "delete")), [], id="not-classified-and-going"),
        pytest.param(plan_facts(allowed_types=()), ["TYPE-NOT-ALLOWED"], id="an-empty-list-allows-nothing"),
    ],
)
def test_types(facts: PlanFacts, codes: Sequence[str]) -> None:
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(losing(TOPIC, TOPIC), ["PROTECTED-RESOURCE"], id="deleted"),
        pytest.param(losing(TOPIC, TOPIC, actions=("delete", "create")), ["PROTECTED-RESOURCE"], id="replaced"),
        pytest.param(losing(TOPIC, TOPIC, actions=("forget",)), ["PROTECTED-RESOURCE"], id="forgotten"),
        pytest.param(losing(TOPIC, TOPIC, actions=("update",)), [], id="changed-in-place"),
        pytest.param(losing(f"{TOPIC}[0]", TOPIC), ["PROTECTED-RESOURCE"], id="by-index"),
        pytest.param(losing(f'{TOPIC}["a.b"]', TOPIC), ["PROTECTED-RESOURCE"], id="by-key"),
        pytest.param(losing(f"{TOPIC}_old", TOPIC), [], id="a-longer-name"),
        pytest.param(losing(TOPIC, "aws_iam_role."), ["PROTECTED-RESOURCE"], id="by-prefix"),
        pytest.param(losing("module.a.aws_vpc.x", "module.a."), ["PROTECTED-RESOURCE"], id="in-a-module"),
        pytest.param(losing("module.a[0].aws_vpc.x", "module.a."), ["PROTECTED-RESOURCE"], id="in-an-indexed-module"),
        pytest.param(losing("module.ab.aws_vpc.x", "module.a."), [], id="in-another-module"),
        pytest.param(losing(TOPIC, "aws_iam_role.", TOPIC), ["PROTECTED-RESOURCE"], id="said-once"),
        pytest.param(losing(TOPIC), [], id="not-protected"),
        pytest.param(losing(TOPIC, "*"), ["PROTECTED-RESOURCE"], id="in-a-stack-that-stays"),
        pytest.param(
            replace(losing(f"{TOPIC}[0]", "*", actions=("forget",)), released_addresses=(TOPIC,)), [], id="released"
        ),
        pytest.param(
            replace(losing(TOPIC, "*"), released_addresses=(TOPIC,)), ["PROTECTED-RESOURCE"], id="released-not-deleted"
        ),
        pytest.param(
            replace(losing(f"{TOPIC}_old", "*", actions=("forget",)), released_addresses=(TOPIC,)),
            ["PROTECTED-RESOURCE"],
            id="released-by-its-name-alone",
        ),
        pytest.param(losing(f"{TOPIC}[0]", "*", actions=("create", "delete")), ["PROTECTED-RESOURCE"], id="all-of-it"),
        pytest.param(
            replace(losing(TOPIC), protected_types=("aws_iam_role",)), ["PROTECTED-RESOURCE"], id="of-a-preserved-type"
        ),
        pytest.param(replace(losing(TOPIC), protected_types=("aws_iam_rol",)), [], id="of-another-type"),
        pytest.param(replace(losing(TOPIC, "*"), exceptions=(let_go(),)), [], id="the-manifest-lets-it-go"),
        pytest.param(
            replace(losing(TOPIC, "*"), exceptions=(let_go(expires=YESTERDAY),)), ["PROTECTED-RESOURCE"], id="no-longer"
        ),
        pytest.param(
            replace(losing(f"{TOPIC}[0]", "*"), exceptions=(let_go(),)), ["PROTECTED-RESOURCE"], id="another-of-it"
        ),
        pytest.param(
            replace(losing(TOPIC, "*"), exceptions=(let_go(rule="NAT-GATEWAY"),)),
            ["PROTECTED-RESOURCE"],
            id="from-another-rule",
        ),
        pytest.param(
            replace(losing(TOPIC, "*"), repair_drift_reason="the role was edited", drift_blocks=True),
            ["PROTECTED-RESOURCE"],
            id="a-repair-lifts-nothing",
        ),
    ],
)
def test_protected(facts: PlanFacts, codes: Sequence[str]) -> None:
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(drifted(), ["CORE-DRIFT"], id="drift-in-core"),
        pytest.param(drifted(drift_blocks=False), [], id="drift-in-demo"),
        pytest.param(
            plan_facts(
                planned("aws_iam_policy.lanes[0]", "forget", drifted=True),
                drift_blocks=True,
                released_addresses=("aws_iam_policy.lanes",),
            ),
            [],
            id="released-and-changed-by-its-owner",
        ),
        pytest.param(
            drifted(released_addresses=("aws_vpc.this",)), ["CORE-DRIFT"], id="released-in-words-and-kept-in-deed"
        ),
        pytest.param(drifted(repair_drift_reason="budget edited in the console"), [], id="repair-with-a-reason"),
        pytest.param(
            drifted(repair_drift_reason="  "), ["REPAIR-REASON-MISSING", "CORE-DRIFT"], id="repair-without-a-reason"
        ),
        pytest.param(plan_facts(repair_drift_reason=""), ["REPAIR-REASON-MISSING"], id="blank-reason-and-no-drift"),
        pytest.param(plan_facts(drift_blocks=True), [], id="no-drift"),
    ],
)
def test_drift(facts: PlanFacts, codes: Sequence[str]) -> None:
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


@pytest.mark.parametrize(
    ("tainted", "protected", "codes"),
    [
        pytest.param(Known((TOPIC,)), (TOPIC,), ["RESOURCE-TAINTED"], id="a-protected-resource"),
        pytest.param(Known((f"{TOPIC}[0]",)), ("aws_iam_role.",), ["RESOURCE-TAINTED"], id="by-prefix"),
        pytest.param(Known(("aws_vpc.this",)), (TOPIC,), [], id="what-may-be-replaced"),
        pytest.param(Known(()), (TOPIC,), [], id="nothing"),
        pytest.param(Absent(), (TOPIC,), [], id="no-state-yet"),
        pytest.param(Unreadable("403"), (), ["TAINTED-UNREADABLE"], id="not-readable"),
    ],
)
def test_tainted(tainted: Any, protected: tuple[str, ...], codes: Sequence[str]) -> None:
    facts = plan_facts(tainted=tainted, protected_addresses=protected)
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


def test_the_way_out_of_a_taint_stands_beside_the_plan_that_terraform_refuses() -> None:
    facts = plan_facts(plan=Unreadable("Instance cannot be destroyed"), tainted=Known((TOPIC,)))
    tainted, unreadable = GATE.evaluate(replace(facts, protected_addresses=(TOPIC,)), judged_at=NOW)
    assert (tainted.code, unreadable.code) == ("RESOURCE-TAINTED", "PLAN-UNREADABLE")
    assert "repair_drift = true and your own repair_reason" in tainted.remedy.text


def test_an_unreadable_plan_is_said_in_the_words_of_its_reason() -> None:
    facts = plan_facts(plan=Unreadable("include/terraform/demo is no stack root"))
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert blocker.observed == "include/terraform/demo is no stack root"


def test_a_forbidden_resource_is_said_with_rule_reason_and_value() -> None:
    (blocker,) = GATE.evaluate(plan_facts(service(Known(2))), judged_at=NOW)
    assert blocker.summary == "rule ALWAYS-ON-ECS: a service with tasks runs around the clock"
    assert (blocker.observed, blocker.expected) == ("desired_count = 2", "desired_count: at most 0")
    assert blocker.owner == "finops"


def test_an_exception_lifts_its_own_rule_and_no_later_one() -> None:
    """A resource that two rules forbid stays forbidden by the one that nobody excepted."""
    second = next(rule for rule in plan_facts().forbidden if rule.id == "NAT-GATEWAY").model_copy(
        update={"id": "NAT-AGAIN"}
    )
    facts = plan_facts(planned(NAT, "create"), exceptions=(exception("NAT-GATEWAY", NAT),))
    both = replace(facts, forbidden=(*facts.forbidden, second))
    (blocker,) = GATE.evaluate(both, judged_at=NOW)
    assert (blocker.code, blocker.summary.partition(":")[0]) == ("FORBIDDEN-RESOURCE", "rule NAT-AGAIN")


def test_every_expired_exception_is_named() -> None:
    """Two rules, two exceptions, both run out."""
    second = next(rule for rule in plan_facts().forbidden if rule.id == "NAT-GATEWAY").model_copy(
        update={"id": "NAT-AGAIN"}
    )
    gone = (exception("NAT-GATEWAY", NAT, YESTERDAY), exception("NAT-AGAIN", NAT, YESTERDAY))
    facts = plan_facts(planned(NAT, "create"), exceptions=gone)
    found = GATE.evaluate(replace(facts, forbidden=(*facts.forbidden, second)), judged_at=NOW)
    assert [blocker.code for blocker in found] == ["FORBIDDEN-RESOURCE"] * 2 + ["EXCEPTION-EXPIRED"] * 2
    assert [rule in found[place].summary for place, rule in ((2, "NAT-GATEWAY"), (3, "NAT-AGAIN"))] == [True, True]


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(plan_facts(planned(NAT, "create")), id="forbidden"),
        pytest.param(
            plan_facts(planned(NAT, "create"), exceptions=(exception("NAT-GATEWAY", NAT, YESTERDAY),)), id="expired"
        ),
        pytest.param(plan_facts(forbidden=()), id="no-rules"),
    ],
)
def test_what_policy_forbids_belongs_to_finops(facts: PlanFacts) -> None:
    """EV7: not to the owner of the gate."""
    assert {blocker.owner for blocker in GATE.evaluate(facts, judged_at=NOW)} == {"finops"}


@pytest.mark.parametrize(
    ("facts", "observed"),
    [
        pytest.param(plan_facts(planned("aws_vpc.this", "explode", "update")), "explode, update", id="actions"),
        pytest.param(plan_facts(planned("aws_vpc.this", actions=())), "no action", id="no-action"),
        pytest.param(
            losing("aws_iam_role.a", "aws_iam_role.a", actions=("delete", "create")), "delete, create", id="lost"
        ),
    ],
)
def test_the_actions_are_listed(facts: PlanFacts, observed: str) -> None:
    blockers = GATE.evaluate(facts, judged_at=NOW)
    assert observed in {blocker.observed for blocker in blockers}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ((ChangedAttribute(name="limit_amount", was="30", now="300"),), "limit_amount was 30, is 300; the plan would"),
        ((ChangedAttribute(name="policy", was=None, now=None),), "policy differs; the plan would"),
        ((ChangedAttribute(name="policy", was="x", now=None),), "policy differs; the plan would"),
        ((), "differs from the state; the plan would update"),
    ],
)
def test_drift_names_what_was_changed(changes: tuple[ChangedAttribute, ...], said: str) -> None:
    resource = planned("aws_budgets_budget.monthly", "update", drifted=True, changed_outside=changes)
    facts = plan_facts(resource, drift_blocks=True, allowed_types=("aws_budgets_budget",))
    found = [it.observed for it in GATE.evaluate(facts, judged_at=NOW) if it.code == "CORE-DRIFT"]
    assert len(found) == 1
    assert found[0].startswith(said)


def test_what_is_gone_is_said_to_be_gone() -> None:
    facts = plan_facts(planned("aws_vpc.this", "create", drifted=True), drift_blocks=True)
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert blocker.observed == "gone; the plan would create"


def alone(*resources: Any, **changes: Any) -> PlanFacts:
    """The plan of a persistent stack that is repaired by itself, with a reason."""
    given = {"alone": True, "drift_blocks": True, "repair_drift_reason": "mail unsubscribed", **changes}
    return plan_facts(*resources, **given)


PRICED = planned("aws_db_instance.this", "create", drifted=True)


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(alone(), [], id="nothing-to-do"),
        pytest.param(alone(planned("aws_vpc.this", "create")), [], id="something-free"),
        pytest.param(
            alone(planned("aws_vpc.this", "create"), only_repairs=True), ["ALONE-NOT-DRIFTED"], id="new-under-the-latch"
        ),
        pytest.param(alone(planned("aws_vpc.this", "create", drifted=True), only_repairs=True), [], id="put-back"),
        pytest.param(
            alone(planned("aws_vpc.this", "delete"), only_repairs=True), ["ALONE-NOT-DRIFTED"], id="taken-away"
        ),
        pytest.param(alone(planned("aws_vpc.this", "no-op"), only_repairs=True), [], id="kept"),
        pytest.param(
            alone(planned("aws_vpc.this", "update", drifted=True), only_repairs=True, repair_drift_reason=None),
            ["CORE-DRIFT"],
            id="no-repair-without-a-reason",
        ),
    ],
)
def test_a_stack_that_is_repaired_alone(facts: PlanFacts, codes: Sequence[str]) -> None:
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


@pytest.mark.parametrize("only_repairs", [True, False])
def test_alone_nothing_is_added_that_has_a_price_or_that_nobody_can_price(only_repairs: bool) -> None:
    facts = alone(PRICED, only_repairs=only_repairs, allowed_types=("aws_db_instance",), prices=PRICES)
    assert "ALONE-ADDS-COST" in {it.code for it in GATE.evaluate(facts, judged_at=NOW)}
    assert "ALONE-ADDS-COST" not in {it.code for it in GATE.evaluate(replace(facts, alone=False), judged_at=NOW)}


def taking(*exceptions: PolicyException) -> PlanFacts:
    """The import of a provider that somebody else's audience would go from."""
    resource = planned("aws_iam_openid_connect_provider.lanes", "update", importing=True, takes_away=("audience x",))
    return plan_facts(resource, exceptions=exceptions)


def narrowed(**changes: Any) -> PolicyException:
    given = {"rule": "IDENTITY-TAKES-AWAY", "resource": "aws_iam_openid_connect_provider.lanes", "owner": "platform"}
    return PolicyException.model_validate(given | {"reason": "nobody uses it any more", "expires": TODAY} | changes)


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        (taking(), ["IDENTITY-TAKES-AWAY"]),
        (taking(narrowed()), []),
        (taking(narrowed(expires=YESTERDAY)), ["IDENTITY-TAKES-AWAY"]),
        (taking(narrowed(resource="aws_iam_role.execution")), ["IDENTITY-TAKES-AWAY"]),
        (taking(narrowed(rule="PROTECTED-RESOURCE")), ["IDENTITY-TAKES-AWAY"]),
    ],
)
def test_an_import_takes_nothing_away_from_others(facts: PlanFacts, codes: list[str]) -> None:
    found = [it for it in GATE.evaluate(facts, judged_at=NOW) if it.code == "IDENTITY-TAKES-AWAY"]
    assert [it.code for it in found] == codes
    assert {it.observed for it in found} <= {"audience x"}
