"""The prerequisites of the first run, as far as an API shows them, and where to look for the rest
(docs/before-the-first-run.md).

Read-only, with the credentials of the lanes and no others. The gates do the judging. What M1 or M2 makes itself is no
prerequisite.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from tidegate.collectors.aws.buckets import collect_buckets
from tidegate.collectors.aws.budget import collect_budget
from tidegate.collectors.aws.caller import collect_caller
from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.execution_role import collect_execution_role
from tidegate.collectors.aws.lock_table import collect_lock_table
from tidegate.collectors.aws.regions import enabled_regions
from tidegate.cost.region_cover import kinds_of
from tidegate.gates import budget_guardrail, identity_and_tools
from tidegate.gates.base import Gate
from tidegate.gates.rules_backend import bucket_blockers, lock_table_blockers
from tidegate.gates.rules_execution_role import execution_role_blockers
from tidegate.lanes.run import now
from tidegate.lanes.spec import dag_id_of
from tidegate.models.backend import BackendFacts
from tidegate.models.blocker import Blocker
from tidegate.models.environment import Environment
from tidegate.models.execution_role import role_of
from tidegate.models.facts import Facts
from tidegate.models.identity import IdentityFacts, Tools
from tidegate.models.observed import Absent, Known, shown
from tidegate.models.policy import Policies
from tidegate.settings import settings
from tidegate.terraform import runner
from tidegate.terraform.program import program_name
from tidegate.terraform.stand_in import lock_of
from tidegate.terraform.workspace import root_directory

Status = Literal["ok", "missing", "cannot be seen"]

_TOOLS = ("TERRAFORM", "REGION-UNPRICED")
"""Prefixes of codes that are not about the credentials."""
_NOT_A_LANE = "NOT-A-MANAGED-LANE"
"""A check from a shell is no lane, and changes nothing."""
_PROVIDER = "registry.terraform.io/confluentinc/confluent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prerequisite:
    """One line of the table. `said` is what was found, how to get what is missing, or where to look."""

    what: str
    status: Status
    said: str = ""
    readable: bool = True
    """False if an API should have answered and did not."""


def prerequisites(environment: Environment, policies: Policies, clients: Clients) -> Iterator[Prerequisite]:
    """The table, line by line. If the caller is not the environment's role, its keys are used for nothing else."""
    found = _identity(environment, policies, clients)
    credentials = [it for it in found if not it.code.startswith(_TOOLS)]
    yield from _rows("role, credentials, region", credentials)
    yield from _rows("Terraform, and a price for every type", [it for it in found if it not in credentials])
    if credentials:
        said = "not asked: the caller is not the environment's role; mend the first lines and look again"
        yield Prerequisite(what="everything else in AWS", status="cannot be seen", said=said, readable=False)
    else:
        yield from _role(environment, policies, clients)
        yield from _backend(environment, clients)
        yield from _regions(environment, clients)
        yield from _budget(environment, clients)
    yield from _confluent(environment)
    yield from _elsewhere(environment)


def _judged(environment: Environment, gate: Gate[Any], facts: Facts) -> tuple[Blocker, ...]:
    m2 = dag_id_of(environment.name, "m2")
    names = {**environment.names_in_texts, "dag": m2, "task": "the task"}
    return gate.evaluate(facts, judged_at=now(), names=names)


def _identity(environment: Environment, policies: Policies, clients: Clients) -> list[Blocker]:
    kinds = kinds_of(environment, policies.allowed_types)
    facts = IdentityFacts(
        observed_at=now(),
        caller=collect_caller(clients, environment, settings().profile, Known(())),
        tools=Tools(
            terraform_version=runner.version(lambda _line: None),
            terraform_required=environment.terraform_version,
            managed_lane=Absent(),
            terraform_program=program_name(settings().terraform),
        ),
        kinds=kinds,
        prices=policies.prices.naming(kind.type for kind in kinds),
    )
    return [it for it in _judged(environment, identity_and_tools.GATE, facts) if it.code != _NOT_A_LANE]


def _rows(what: str, blockers: Iterable[Blocker]) -> Iterator[Prerequisite]:
    """One line per blocker, or one that says that all is well."""
    found = tuple(blockers)
    for blocker in found:
        readable = not blocker.code.endswith("-UNREADABLE")
        yield Prerequisite(
            what=f"{what}: {blocker.resource}",
            status="missing" if readable else "cannot be seen",
            said=f"{blocker.code} {blocker.summary}: {blocker.observed}; {blocker.remedy.text}",
            readable=readable,
        )
    if not found:
        yield Prerequisite(what=what, status="ok")


def _role(environment: Environment, policies: Policies, clients: Clients) -> Iterator[Prerequisite]:
    standing = collect_execution_role(clients, role_of(environment, policies))
    names = {"environment": environment.name, "dag": dag_id_of(environment.name, "m1"), "task": "a_identity_and_tools"}
    found = [it.filled(names) for it in execution_role_blockers(standing)]
    yield from _rows("what the execution role may do, and its boundary", found)


def _backend(environment: Environment, clients: Clients) -> Iterator[Prerequisite]:
    """Without the probes of M1.C, because those write."""
    facts = BackendFacts(
        observed_at=now(),
        expected_region=environment.region,
        buckets=collect_buckets(clients, environment),
        lock_table=collect_lock_table(clients, environment),
        dynamodb_probe=Absent(),
        lockfile_probe=Absent(),
        stacks=(),
    )
    names = {"environment": environment.name, "dag": dag_id_of(environment.name, "m1"), "task": "b_bootstrap"}
    found = [it.filled(names) for it in bucket_blockers(facts)]
    for bucket in facts.buckets:
        what = f"{bucket.purpose} bucket {bucket.name}"
        if isinstance(bucket.exists, Absent):
            yield Prerequisite(what=what, status="ok", said="not there yet: M1 makes it")
        else:
            yield from _rows(what, [it for it in found if it.resource == bucket.name])
    table = f"lock table {facts.lock_table.name}"
    if isinstance(facts.lock_table.exists, Absent):
        yield Prerequisite(what=table, status="ok", said="not there yet: M1 makes it")
    else:
        yield from _rows(table, [it.filled(names) for it in lock_table_blockers(facts)])


def _regions(environment: Environment, clients: Clients) -> Iterator[Prerequisite]:
    enabled = enabled_regions(clients)
    what = "regions of the manifest are enabled"
    if not isinstance(enabled, Known):
        said = f"{shown(enabled)}; let the execution role call ec2:DescribeRegions"
        yield Prerequisite(what=what, status="cannot be seen", said=said, readable=False)
        return
    stacks = (stack.region for stack in environment.stacks.values() if stack.region is not None)
    off = [name for name in dict.fromkeys((*environment.scan_regions, *stacks)) if name not in enabled.value]
    for region in off:
        said = (
            f"aws account enable-region --region-name {region} as the account's owner, or take it out of the manifest"
        )
        yield Prerequisite(what=f"{what}: {region}", status="missing", said=said)
    if not off:
        yield Prerequisite(what=what, status="ok")


def _budget(environment: Environment, clients: Clients) -> Iterator[Prerequisite]:
    facts = collect_budget(clients, environment, now())
    what = f"budget {environment.budget.name}, its alerts and who hears them"
    if isinstance(facts.name, Absent) and isinstance(facts.subscriptions, Absent):
        yield Prerequisite(what=what, status="ok", said="not there yet: M2 makes it; confirm its mail within 48 hours")
    else:
        yield from _rows(what, _judged(environment, budget_guardrail.GATE, facts))


def _confluent(environment: Environment) -> Iterator[Prerequisite]:
    for name, stack in environment.stacks_with_identities.items():
        root = root_directory(stack)
        what = f"lock file of {name} names the provider of Confluent"
        try:
            locked = f'provider "{_PROVIDER}"' in lock_of(root)
        except OSError as error:
            said = f"{stack.root_path}/.terraform.lock.hcl: {error.strerror}"
            yield Prerequisite(what=what, status="cannot be seen", said=said, readable=False)
            continue
        said = f"terraform providers lock in {stack.root_path}, where the registry can be reached; see its README"
        yield Prerequisite(what=what, status="ok" if locked else "missing", said="" if locked else said)


def _elsewhere(environment: Environment) -> Iterator[Prerequisite]:
    """What no API shows, or none that is free."""
    places = {
        "Cost Explorer is enabled, and IAM may see bills": "Billing console, Cost Explorer; each question costs "
        "0.01 USD, so M2.B asks first",
        "quotas for a VPC and a database more": "Service Quotas console: VPCs per region, DB instances, Fargate",
        "nobody's mail filter follows the links of the alert mail": "the mailbox of budget.alert_email",
    }
    if environment.confluent is not None:
        name = environment.confluent.api_key_connection
        places |= {
            f"connection {name} holds a Cloud API key": "Airflow, Admin, Connections; the key is the workers' alone",
            "Confluent has a payment method": "confluent.cloud, Billing and payment",
        }
    for channel in environment.alerts.channels:
        if channel.connection is not None:
            places[f"connection {channel.connection} reaches {channel.kind}"] = "Airflow, Admin, Connections"
    for what, where in places.items():
        yield Prerequisite(what=what, status="cannot be seen", said=where)
