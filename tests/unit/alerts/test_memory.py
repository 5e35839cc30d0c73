"""Nothing twice, unless it changed or came back; nothing lost that a channel did not take."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from factories_alerts import NOW, alert
from tidegate.alerts.memory import KEPT, kept, owed, remembered, waiting
from tidegate.models.alert import Alert, Remembered

FOUND = alert()
EVENT = alert("notice/x", scope="", fingerprint="")


def entry(of: Alert = FOUND, heard: Any = ("sns",), missed: Any = (), known: Remembered | None = None) -> Remembered:
    return remembered(known, of, heard, missed, at=NOW, by="audit_1")


def test_what_nobody_was_told_is_owed_to_all() -> None:
    assert owed({}, FOUND, ("sns", "slack")) == ("sns", "slack")


def test_what_was_told_is_owed_to_those_who_were_not() -> None:
    assert owed({FOUND.key: entry()}, FOUND, ("sns", "slack")) == ("slack",)


def test_what_changed_is_owed_to_all_again() -> None:
    assert owed({FOUND.key: entry()}, replace(FOUND, fingerprint="0" * 64), ("sns",)) == ("sns",)


def test_what_changed_is_remembered_anew() -> None:
    changed = replace(FOUND, fingerprint="0" * 64)
    later = NOW + timedelta(hours=1)
    assert remembered(entry(), changed, (), ("sns",), at=later, by="hourly_2") == Remembered(
        scope="NETWORK-POSTURE",
        fingerprint="0" * 64,
        told=(),
        waiting=("sns",),
        subject="subject",
        text="text\n",
        first_at=later,
        last_at=later,
        execution_id="hourly_2",
    )


def test_who_told_it_last_and_when_is_remembered() -> None:
    later = NOW + timedelta(hours=1)
    first = entry(heard=("sns",), missed=("slack",))
    assert remembered(first, FOUND, ("slack",), (), at=later, by="hourly_2") == Remembered(
        scope="NETWORK-POSTURE",
        fingerprint=FOUND.fingerprint,
        told=("sns", "slack"),
        waiting=(),
        subject="",
        text="",
        first_at=NOW,
        last_at=later,
        execution_id="hourly_2",
    )


def test_a_message_is_kept_only_while_somebody_waits() -> None:
    first = entry(heard=("sns",), missed=("slack",))
    assert (first.told, first.waiting, first.text) == (("sns",), ("slack",), "text\n")
    second = entry(heard=("slack",), known=first)
    assert (second.told, second.waiting, second.subject, second.text) == (("sns", "slack"), (), "", "")


def test_a_try_that_reached_nobody_changes_nothing() -> None:
    first = entry(heard=(), missed=("sns",))
    assert remembered(first, FOUND, (), ("sns",), at=NOW + timedelta(hours=1), by="hourly_2") == first


def test_what_waits_goes_out_unless_it_is_said_anew_or_gone() -> None:
    memory = {FOUND.key: entry(heard=(), missed=("sns",)), "told": entry()}
    assert waiting(memory, frozenset(), ()) == (FOUND,)
    assert waiting(memory, frozenset(), (FOUND,)) == ()
    assert waiting(memory, frozenset({"NETWORK-POSTURE"}), ()) == ()
    assert waiting({EVENT.key: entry(EVENT, (), ("sns",))}, frozenset({"NETWORK-POSTURE"}), ()) == (EVENT,)


def test_a_finding_that_is_gone_is_forgotten_by_who_looked() -> None:
    memory = {FOUND.key: entry()}
    assert kept(memory, frozenset({"NETWORK-POSTURE"}), frozenset(), NOW) == {}
    assert kept(memory, frozenset({"NETWORK-POSTURE"}), frozenset({FOUND.key}), NOW) == memory
    assert kept(memory, frozenset({"COST-GUARDRAIL"}), frozenset(), NOW) == memory


@pytest.mark.parametrize(("of", "stays"), [(EVENT, False), (FOUND, True)])
def test_events_are_forgotten_after_a_while_and_open_findings_never(of: Alert, stays: bool) -> None:
    memory = {of.key: entry(of)}
    assert kept(memory, frozenset(), frozenset(), NOW + KEPT) == memory
    assert bool(kept(memory, frozenset(), frozenset(), NOW + KEPT + timedelta(seconds=1))) is stays
