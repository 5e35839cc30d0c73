"""AUDIT.G: what is asked of each stack, and of the run lease."""

from types import SimpleNamespace
from typing import Any

import pytest

from factories_audit import given_back
from factories_control import intent, lock
from factories_world import NOW, apply_end
from tidegate.lanes import audit_locks
from tidegate.models.audit import StackLockState, StateLocksFacts
from tidegate.models.control import Lease
from tidegate.models.facts import Source
from tidegate.models.observed import Known


def test_every_stack_and_the_lease(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run = world.run("audit", "g_state_locks")

    def locks(clients: Any, environment: Any, stack: str) -> Any:
        assert (clients, environment) == (run.clients, run.environment)
        return Known((lock(id=stack),))

    monkeypatch.setattr(audit_locks, "now", lambda: NOW)
    monkeypatch.setattr(audit_locks, "read_state_locks", locks)
    run.intents = lambda stack: SimpleNamespace(
        unfinished=lambda: Known(intent(stack=stack)), last_apply=lambda: Known(apply_end(task=stack))
    )
    asked: list[dict[str, Any]] = []
    lease = SimpleNamespace(check=lambda **given: asked.append(given) or Lease(ours=False, holder=Known(given_back())))
    monkeypatch.setattr(type(run), "lease", lease)
    assert audit_locks.collect_locks(run) == StateLocksFacts(
        observed_at=NOW,
        sources=(
            Source(name="dynamodb", data_as_of=NOW),
            Source(name="state", data_as_of=NOW),
            Source(name="evidence", data_as_of=NOW),
        ),
        expected_stacks=("core", "demo"),
        max_lock_minutes=run.environment.audit.max_lock_minutes,
        stacks=tuple(
            StackLockState(
                stack=stack,
                locks=Known((lock(id=stack),)),
                intent=Known(intent(stack=stack)),
                last_apply=Known(apply_end(task=stack)),
            )
            for stack in ("core", "demo")
        ),
        lease=Known(given_back()),
    )
    assert asked == [{"dag_id": run.dag_id, "run_id": run.run_id, "now": NOW}]
