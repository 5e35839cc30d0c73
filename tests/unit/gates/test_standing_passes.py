"""STANDING-PASSES: what was judged under another policy, and exceptions that end."""

from datetime import date, timedelta
from typing import Any

import pytest

from factories_audit import judged_policy, passes_facts, standing
from factories_world import NOW, TODAY, exception
from tidegate.gates.standing_passes import GATE
from tidegate.models.audit import StandingPassesFacts
from tidegate.models.observed import Absent, Known, Unreadable

STALE = standing(policies=(judged_policy(), judged_policy(lane="M2.C", gate="PLAN-GUARD", policy_digest="0" * 64)))
KINDS = {"cost": "COST-PASS-UNREADABLE", "proof": "PROOF-PASS-UNREADABLE", "build": "BUILD-PASS-UNREADABLE"}


def codes(facts: StandingPassesFacts) -> list[str]:
    return [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(Absent(), [], id="none"),
        pytest.param(Known(STALE), ["PASS-STALE"], id="stale"),
        pytest.param(Known(standing(policies=())), ["PASS-STALE"], id="of-no-policy"),
        pytest.param(Known(standing(overall_pass=False, policies=STALE.policies)), [], id="nobody-relies-on-it"),
    ],
)
def test_passes(kind: str, found: Any, expected: list[str]) -> None:
    assert codes(passes_facts(**{kind: found})) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_read(kind: str) -> None:
    (blocker,) = GATE.evaluate(passes_facts(**{kind: Unreadable("403")}), judged_at=NOW)
    assert (blocker.code, blocker.resource) == (KINDS[kind], "evidence")


def test_no_teardown_ever_is_no_finding() -> None:
    assert codes(passes_facts(cost=Absent(), proof=Absent(), build=Absent())) == []


def test_a_stale_pass_names_its_lanes_and_what_to_do() -> None:
    (blocker,) = GATE.evaluate(passes_facts(build=Known(STALE)), judged_at=NOW)
    assert blocker.observed.endswith("changed since for M2.C PLAN-GUARD")
    assert "m2_substrate_build. It judges under today's manifest" in blocker.remedy.text


@pytest.mark.parametrize(
    ("expires", "expected"),
    [
        (TODAY + timedelta(days=8), []),
        (TODAY + timedelta(days=7), ["EXCEPTION-EXPIRES"]),
        (TODAY, ["EXCEPTION-EXPIRES"]),
        (TODAY - timedelta(days=1), ["EXCEPTION-ENDED"]),
    ],
)
def test_exceptions(expires: date, expected: list[str]) -> None:
    facts = passes_facts(exceptions=(exception("NAT-GATEWAY", "nat-1", expires),))
    blockers = GATE.evaluate(facts, judged_at=NOW)
    assert [blocker.code for blocker in blockers] == expected
    for blocker in blockers:
        assert blocker.resource == "exception from NAT-GATEWAY for nat-1"
        assert f"owner platform-team, last day {expires}" in blocker.observed
