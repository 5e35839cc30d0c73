"""ORPHAN-IDENTITIES: what a messaging stack leaves behind."""

from collections.abc import Sequence

import pytest

from factories_orphans import KINDS, identity, left_alone, orphan_facts
from factories_world import NOW
from tidegate.gates.orphan_identities import GATE
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.orphans import OrphanFacts

DARK = Unreadable("GET /iam/v2/service-accounts: 401 user_unauthenticated")
LEFT = {
    "environments": ("ORPHAN-ENVIRONMENT", "environment"),
    "service_accounts": ("ORPHAN-SERVICE-ACCOUNT", "service account"),
    "api_keys": ("ORPHAN-API-KEY", "API key"),
    "role_bindings": ("ORPHAN-ROLE-BINDING", "role binding"),
    "parameters": ("ORPHAN-PARAMETER", "SSM parameter"),
}
STEMS = {
    "environments": "CONFLUENT-ENVIRONMENTS",
    "service_accounts": "SERVICE-ACCOUNTS",
    "api_keys": "API-KEYS",
    "role_bindings": "ROLE-BINDINGS",
    "parameters": "KAFKA-PARAMETERS",
}
ALL_UNREAD = [
    "CONFLUENT-ENVIRONMENTS-UNREADABLE",
    "SERVICE-ACCOUNTS-UNREADABLE",
    "API-KEYS-UNREADABLE",
    "ROLE-BINDINGS-UNREADABLE",
    "KAFKA-PARAMETERS-UNREADABLE",
]


def codes(facts: OrphanFacts) -> Sequence[str]:
    return [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)]


def test_nothing_is_left() -> None:
    assert codes(orphan_facts()) == []
    assert codes(orphan_facts(target="confluent")) == []


@pytest.mark.parametrize("kind", KINDS)
def test_each_that_is_left_is_named(kind: str) -> None:
    code, word = LEFT[kind]
    found = Known((identity(id="x-1"), identity(id="x-2", display_name="")))
    blockers = GATE.evaluate(orphan_facts(**{kind: found}), judged_at=NOW)
    assert [(blocker.code, blocker.resource) for blocker in blockers] == [(code, f"{word} x-1"), (code, f"{word} x-2")]
    assert "fraud-platform-dev-min-producer" in blockers[0].observed
    assert blockers[1].observed == "there, without a name"


def test_an_identity_without_an_id_is_one_too() -> None:
    (blocker,) = GATE.evaluate(orphan_facts(api_keys=Known((identity(id=""),))), judged_at=NOW)
    assert blocker.resource == "API key (blank id)"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("found", "ending"),
    [(DARK, "UNREADABLE"), (Absent(), "MISSING")],
    ids=["refused", "nobody-asked"],
)
def test_a_list_that_was_not_read_is_not_an_empty_one(kind: str, found: object, ending: str) -> None:
    assert codes(orphan_facts(**{kind: found})) == [f"{STEMS[kind]}-{ending}"]


def test_all_of_it_is_said() -> None:
    assert codes(orphan_facts(**dict.fromkeys(KINDS, DARK))) == ALL_UNREAD


def test_a_stack_that_is_left_alone_keeps_its_identities() -> None:
    facts = left_alone()
    assert facts.targeted is False
    assert codes(facts) == []


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(orphan_facts(target="demo"), id="targeted-and-not-in-the-target"),
        pytest.param(left_alone(target="demo+confluent"), id="in-the-target-and-left-alone"),
        pytest.param(left_alone(api_keys=Known(())), id="left-alone-and-asked"),
        pytest.param(left_alone(parameters=DARK), id="left-alone-and-asked-in-vain"),
        pytest.param(orphan_facts(target=""), id="no-target"),
        pytest.param(orphan_facts(target="confluent2"), id="another-stack"),
    ],
)
def test_facts_that_contradict_each_other(facts: OrphanFacts) -> None:
    assert codes(facts) == ["TARGET-CONTRADICTORY"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_busy_service_is_asked_again(kind: str) -> None:
    busy = Unreadable("429 rate_limit_exceeded", transient=True)
    found = GATE.evaluate(orphan_facts(**{kind: busy}), judged_at=NOW)
    assert GATE.may_clear_by_itself(found)
    assert not GATE.may_clear_by_itself(GATE.evaluate(orphan_facts(**{kind: DARK}), judged_at=NOW))
