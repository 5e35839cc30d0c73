"""AUDIT-IDENTITIES: what has the environment's name and is in no state."""

from typing import Any

import pytest

from factories_audit import identities_facts
from factories_orphans import KINDS, identity
from factories_world import NOW
from tidegate.gates.audit_identities import GATE
from tidegate.models.audit import AuditIdentitiesFacts
from tidegate.models.observed import Absent, Known, Unreadable

DARK = Unreadable("403")
CODES = {
    "environments": ("ORPHAN-ENVIRONMENT", "CONFLUENT-ENVIRONMENTS"),
    "service_accounts": ("ORPHAN-SERVICE-ACCOUNT", "SERVICE-ACCOUNTS"),
    "api_keys": ("ORPHAN-API-KEY", "API-KEYS"),
    "role_bindings": ("ORPHAN-ROLE-BINDING", "ROLE-BINDINGS"),
    "parameters": ("ORPHAN-PARAMETER", "KAFKA-PARAMETERS"),
}

NAMES = {
    "environments": "environment",
    "service_accounts": "service account",
    "api_keys": "API key",
    "role_bindings": "role binding",
    "parameters": "SSM parameter",
}


def codes(facts: AuditIdentitiesFacts) -> list[str]:
    return [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)]


def test_what_a_state_holds_is_no_orphan() -> None:
    assert codes(identities_facts()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_no_state_holds_is_one(kind: str) -> None:
    mine, other = identity(id=f"{kind}-1"), identity(id="x-2")
    (blocker,) = GATE.evaluate(identities_facts(**{kind: Known((mine, other))}), judged_at=NOW)
    assert blocker.code == CODES[kind][0]
    assert blocker.resource == f"{NAMES[kind]} x-2"
    assert blocker.summary == f"no state holds this {NAMES[kind]}"


def test_without_any_state_everything_is_one() -> None:
    found = codes(identities_facts(held=dict.fromkeys(("core", "confluent", "demo"), Absent())))
    assert found == [CODES[kind][0] for kind in KINDS]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("found", "ending"), [(DARK, "UNREADABLE"), (Absent(), "MISSING")])
def test_a_list_that_was_not_read_is_not_an_empty_one(kind: str, found: Any, ending: str) -> None:
    assert codes(identities_facts(**{kind: found})) == [f"{CODES[kind][1]}-{ending}"]


def test_while_a_state_is_unreadable_nobody_is_called_an_orphan() -> None:
    held = {"core": Known(()), "confluent": DARK, "demo": Absent()}
    assert codes(identities_facts(held=held)) == ["STATE-UNREADABLE"]


def test_a_state_that_nobody_asked_for() -> None:
    held = {"confluent": identities_facts().held["confluent"], "demo": Absent()}
    assert codes(identities_facts(held=held)) == ["STATE-NOT-LOOKED-AT"]
