"""Facts of the backend that Terraform needs before anything may mutate (ST1, ST2, ST3)."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from tidegate.collectors.aws.buckets import collect_buckets
from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.lock_probes import probe_dynamodb_lock, probe_lockfile
from tidegate.collectors.aws.lock_table import collect_lock_table
from tidegate.collectors.aws.locks import read_state_locks
from tidegate.collectors.aws.stack_backend import backend_settings
from tidegate.models.backend import BackendFacts, BucketPosture, LockTablePosture, StackBackend
from tidegate.models.environment import Environment
from tidegate.models.facts import Coverage, Source
from tidegate.models.observed import Observed, Unreadable

IAM_ACTIONS: tuple[str, ...] = ()
"""None of its own; see the files that it puts together."""

__all__ = [
    "collect_backend",
    "collect_buckets",
    "collect_lock_table",
    "collect_stack_backends",
    "probe_dynamodb_lock",
    "probe_lockfile",
]


def collect_backend(clients: Clients, environment: Environment, now: datetime) -> BackendFacts:
    """Buckets, lock table, both lock probes and every stack's locks; `now` is aware UTC.

    Never raises for what AWS answers. The parts are read side by side, so that one silent service costs its own
    deadline and not the sum of all.
    """
    with ThreadPoolExecutor(max_workers=5) as pool:
        buckets = pool.submit(collect_buckets, clients, environment)
        lock_table = pool.submit(collect_lock_table, clients, environment)
        dynamodb_probe = pool.submit(probe_dynamodb_lock, clients, environment)
        lockfile_probe = pool.submit(probe_lockfile, clients, environment)
        stacks = pool.submit(collect_stack_backends, clients, environment)
    facts = BackendFacts(
        observed_at=now,
        expected_region=environment.region,
        buckets=buckets.result(),
        lock_table=lock_table.result(),
        dynamodb_probe=dynamodb_probe.result(),
        lockfile_probe=lockfile_probe.result(),
        stacks=stacks.result(),
    )
    return replace(facts, sources=(Source(name="aws", data_as_of=now, coverage=_coverage(facts)),))


def collect_stack_backends(clients: Clients, environment: Environment) -> tuple[StackBackend, ...]:
    """The backend settings of every stack, with the locks held on its state now."""
    return tuple(_stack_backend(clients, environment, stack) for stack in environment.stacks)


def _stack_backend(clients: Clients, environment: Environment, stack: str) -> StackBackend:
    settings = backend_settings(environment, stack)
    return StackBackend(
        stack=stack,
        bucket=settings.bucket,
        key=settings.key,
        region=settings.region,
        lock_table=settings.lock_table,
        use_lockfile=settings.use_lockfile,
        encrypt=settings.encrypt,
        locks=read_state_locks(clients, environment, stack),
    )


def _coverage(facts: BackendFacts) -> tuple[Coverage, ...]:
    """What could be read, and what not. Subjects are the names that people know."""
    return (
        *(_covered(f"bucket {bucket.name}", bucket) for bucket in facts.buckets),
        _covered(f"lock table {facts.lock_table.name}", facts.lock_table),
        _covered("lock probe dynamodb", facts.dynamodb_probe),
        _covered("lock probe s3-lockfile", facts.lockfile_probe),
        *(_covered(f"locks of {stack.stack}", stack.locks) for stack in facts.stacks),
    )


def _covered(subject: str, seen: BucketPosture | LockTablePosture | Observed[Any]) -> Coverage:
    parts = [seen] if isinstance(seen, Unreadable) else [getattr(seen, part.name) for part in fields(seen)]
    reasons = dict.fromkeys(part.reason for part in parts if isinstance(part, Unreadable))
    return Coverage(subject=subject, status="unreadable" if reasons else "read", reason="; ".join(reasons))
