"""NETWORK-POSTURE: what a rule forbids does not run."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from factories_world import NOW, TODAY, exception, inventory, live, posture_facts, rule_with
from tidegate.gates.network_posture import GATE
from tidegate.models.facts import Coverage
from tidegate.models.inventory import PostureFacts
from tidegate.models.observed import Absent, Known, Observed, UnknownUntilApply, Unreadable

NAT = live("aws_nat_gateway", "nat-1")
YESTERDAY = TODAY - timedelta(days=1)


def running(desired: Observed[object]) -> PostureFacts:
    return posture_facts(live("aws_ecs_service", "api", attributes={"desired_count": desired}))


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(posture_facts(), [], id="nothing-runs"),
        pytest.param(posture_facts(live()), [], id="a-vpc-is-nobodys-business"),
        pytest.param(running(Known(0)), [], id="a-service-at-rest"),
        pytest.param(posture_facts(NAT), ["FORBIDDEN-LIVE"], id="a-nat-gateway"),
        pytest.param(
            posture_facts(NAT, live("aws_nat_gateway", "nat-2")), ["FORBIDDEN-LIVE"] * 2, id="says-both-nat-gateways"
        ),
        pytest.param(running(Known(1)), ["FORBIDDEN-LIVE"], id="a-service-with-a-task"),
        pytest.param(running(UnknownUntilApply()), ["FORBIDDEN-UNKNOWN"], id="an-unknown-value"),
        pytest.param(running(Unreadable("throttled")), ["FORBIDDEN-UNREADABLE"], id="a-value-not-readable"),
        pytest.param(
            replace(
                running(UnknownUntilApply()), forbidden=(rule_with("greater_than", 0, when_unknown="recheck_live"),)
            ),
            ["FORBIDDEN-UNKNOWN"],
            id="there-is-no-later-check-than-this",
        ),
        pytest.param(posture_facts(live("aws_ecs_service")), ["FORBIDDEN-UNREADABLE"], id="nobody-looked-at-the-count"),
        pytest.param(
            posture_facts(live("aws_vpc_endpoint", attributes={"vpc_endpoint_type": Absent()})),
            ["FORBIDDEN-LIVE"],
            id="an-endpoint-without-a-type-is-no-gateway",
        ),
        pytest.param(
            posture_facts(NAT, exceptions=(exception("NAT-GATEWAY", "nat-1"),)), [], id="excepted-on-its-last-day"
        ),
        pytest.param(
            posture_facts(NAT, exceptions=(exception("NAT-GATEWAY", "nat-2"),)),
            ["FORBIDDEN-LIVE"],
            id="excepted-is-another-one",
        ),
        pytest.param(
            posture_facts(NAT, exceptions=(exception("NAT-GATEWAY", "nat-1", YESTERDAY),)),
            ["FORBIDDEN-LIVE", "EXCEPTION-EXPIRED"],
            id="excepted-until-yesterday",
        ),
        pytest.param(posture_facts(forbidden=()), ["FORBIDDEN-RULES-MISSING"], id="no-rules-forbid-nothing"),
        pytest.param(
            posture_facts(inventory=inventory(coverage=())), ["COVERAGE-GAP", "COVERAGE-GAP"], id="nothing-was-scanned"
        ),
        pytest.param(
            posture_facts(inventory=inventory(coverage=(), expected_coverage=())),
            ["COVERAGE-EMPTY"],
            id="nothing-expected",
        ),
        pytest.param(
            posture_facts(
                inventory=inventory(
                    coverage=(
                        Coverage(subject="aws_nat_gateway@eu-west-2", status="read"),
                        Coverage(subject="aws_ecs_service@eu-west-2", status="unreadable", reason="AccessDenied"),
                    )
                )
            ),
            ["SUBJECT-UNREADABLE"],
            id="one-type-could-not-be-scanned",
        ),
        pytest.param(
            posture_facts(
                inventory=inventory(
                    coverage=(
                        *inventory().coverage,
                        Coverage(subject="aws_nat_gateway@eu-west-2", status="unreadable", reason="second page"),
                    )
                )
            ),
            ["SUBJECT-UNREADABLE"],
            id="half-read-is-not-read",
        ),
    ],
)
def test_blockers(facts: PostureFacts, codes: Sequence[str]) -> None:
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


def test_says_which_one_runs_where_and_why_not() -> None:
    (blocker,) = GATE.evaluate(posture_facts(NAT), judged_at=NOW)
    assert blocker.resource == "aws_nat_gateway nat-1 eu-west-2"
    assert "NAT-GATEWAY" in blocker.summary
    assert blocker.owner == "finops"
