"""Makes the backend that Terraform needs before its first plan: three buckets and the lock table (M1.B).

It may be run any number of times. What it makes is what `include/terraform/core` imports and would plan no change to.
Nothing that is stricter already is loosened, and nothing of another account is touched.
"""

import time
from collections.abc import Callable
from datetime import datetime

from tidegate.collectors.aws.clients import Clients
from tidegate.models.backend import BootstrapFacts
from tidegate.models.environment import Environment
from tidegate.models.facts import Coverage, Source
from tidegate.terraform import bootstrap_bucket, bootstrap_table
from tidegate.terraform.bootstrap_bucket import BucketSpec, bucket_parts
from tidegate.terraform.bootstrap_steps import Part, performed
from tidegate.terraform.bootstrap_table import TableSpec, table_parts

IAM_ACTIONS: tuple[str, ...] = (*bootstrap_bucket.IAM_ACTIONS, *bootstrap_table.IAM_ACTIONS)


def bootstrap(
    clients: Clients, environment: Environment, now: datetime, *, pause: Callable[[float], None] = time.sleep
) -> BootstrapFacts:
    """Ensure state, evidence and work bucket and the lock table. `now` is aware UTC.

    Never raises for what AWS answers: what could not be done is a step `refused`, the rest of that resource is left
    alone, and the other resources go on. `pause` waits so many seconds; two minutes in all at most, per wait.
    """
    resources = _resources(clients, environment, pause)
    steps = tuple(step for parts in resources for step in performed(parts))
    refused = {step.resource: step.detail for step in steps if step.outcome == "refused"}
    coverage = tuple(
        Coverage(
            subject=step.resource,
            status="unreadable" if step.resource in refused else "read",
            reason=refused.get(step.resource, ""),
        )
        for step in steps
    )
    return BootstrapFacts(
        observed_at=now,
        sources=(Source(name="aws", data_as_of=now, coverage=coverage),),
        expected=tuple(part.resource for parts in resources for part in parts),
        steps=steps,
    )


def _resources(clients: Clients, environment: Environment, pause: Callable[[float], None]) -> list[list[Part]]:
    """The parts of each resource, in the order of doing: state first, for nothing works without it."""
    state, evidence, work = environment.backend, environment.evidence, environment.work
    account, region = environment.account_id, environment.region
    buckets = (
        BucketSpec(name=state.bucket, account_id=account, region=region, versioned=True, deny_version_deletion=True),
        BucketSpec(
            name=evidence.bucket,
            account_id=account,
            region=region,
            versioned=True,
            deny_version_deletion=True,
            lock_days=evidence.retention_days,
        ),
        BucketSpec(name=work.bucket, account_id=account, region=region, expiry_days=work.expiry_days),
    )
    table = TableSpec(name=state.lock_table, pause=pause)
    return [*(bucket_parts(clients, bucket) for bucket in buckets), table_parts(clients, table)]
