"""AUDIT.G: what is asked of each stack, and of the run lease."""

from types import SimpleNamespace
from typing import Any

import pytest

from factories_audit import given_back
from factories_control import intent, lock
from factories_world import NOW, apply_end
from tidegate.lanes import audit_locks
from tidegate.models.control import Lease
from tidegate.models.observed import Known


def test_every_stack_and_the_lease(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_locks, "now", lambda: NOW)
    monkeypatch.setattr(audit_locks, "read_state_locks", lambda _c, _e, stack: Known((lock(id=stack),)))
    run = world.run("audit", "g_state_locks")
    run.intents = lambda stack: SimpleNamespace(
        unfinished=lambda: Known(intent(stack=stack)), last_apply=lambda: Known(apply_end(task=stack))
    )
    asked: list[dict[str, Any]] = []
    lease = SimpleNamespace(check=lambda **given: asked.append(given) or Lease(ours=False, holder=Known(given_back())))
    monkeypatch.setattr(type(run), "lease", lease)
    facts = audit_locks.collect_locks(run)
    assert facts.expected_stacks == ("core", "demo")
    assert [
        (it.stack, it.locks.value[0].id, it.intent.value.stack, it.last_apply.value.task) for it in facts.stacks
    ] == [
        ("core", "core", "core", "core"),
        ("demo", "demo", "demo", "demo"),
    ]
    assert (facts.max_lock_minutes, facts.lease) == (run.environment.audit.max_lock_minutes, Known(given_back()))
    assert asked == [{"dag_id": run.dag_id, "run_id": run.run_id, "now": NOW}]
