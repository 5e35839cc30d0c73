"""The variable values of a stack: the groups that its manifest entry names, what the run gives, and its own variables.

They hold no secrets: a password reaches Terraform by the environment of its process alone (ID4).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tidegate.models.environment import Environment
from tidegate.models.execution_role import boundary_arn


@dataclass(frozen=True, slots=True, kw_only=True)
class FromTheRun:
    """What no manifest knows. Only what a stack takes is looked at."""

    platform_run: str = ""
    confluent_endpoint: str = ""
    path_style: bool = False
    """Are buckets part of the path instead of the host name?"""
    params: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """By variable the value of an upstream stack's output."""


def stack_variables(environment: Environment, stack: str, given: FromTheRun) -> dict[str, Any]:
    """Return the values of a stack's variables, as its manifest entry describes them.

    A stack for which nothing comes from the run gets the same values in every run, so that a repeated build changes
    nothing (LC6). A field of M2's form that the run does not carry has the manifest's default. Raises LookupError for
    an output that nobody gave.
    """
    entry = environment.stacks[stack]
    values: dict[str, Any] = {}
    for group in entry.inputs:
        values |= _GROUPS[group](environment, stack, given)
    values |= _upstream_states(environment, stack, given)
    for name, param in entry.params.items():
        values[name] = given.params.get(name, param.default)
    for name, address in entry.outputs.items():
        if name not in given.outputs:
            raise LookupError(f"no value of {address}, which stacks.{stack}.outputs.{name} takes")
        values[name] = given.outputs[name]
    return values | entry.variables


def _common(environment: Environment, _stack: str, _given: FromTheRun) -> dict[str, Any]:
    return {
        "account_id": environment.account_id,
        "region": environment.region,
        "project": environment.project,
        "environment": environment.name,
    }


def _backend(environment: Environment, _stack: str, _given: FromTheRun) -> dict[str, Any]:
    return {
        "state_bucket": environment.backend.bucket,
        "evidence_bucket": environment.evidence.bucket,
        "work_bucket": environment.work.bucket,
        "lock_table": environment.backend.lock_table,
        "evidence_retention_days": environment.evidence.retention_days,
        "work_expiry_days": environment.work.expiry_days,
    }


def _budget(environment: Environment, _stack: str, _given: FromTheRun) -> dict[str, Any]:
    return {
        "budget_name": environment.budget.name,
        "budget_limit_usd": float(environment.budget.limit_usd),
        "budget_thresholds_usd": [float(alert) for alert in environment.budget.alerts_usd],
        "alert_email": environment.budget.alert_email,
    }


def _identity(environment: Environment, _stack: str, _given: FromTheRun) -> dict[str, Any]:
    return {"execution_role_name": environment.role_name}


def _boundary(environment: Environment, _stack: str, _given: FromTheRun) -> dict[str, Any]:
    return {"permissions_boundary_arn": boundary_arn(environment)}


def _parameters(environment: Environment, stack: str, _given: FromTheRun) -> dict[str, Any]:
    return {"parameter_prefix": f"{environment.parameter_prefix}/{stack}"}


def _platform_run(_environment: Environment, _stack: str, given: FromTheRun) -> dict[str, Any]:
    return {"platform_run": given.platform_run}


def _confluent(_environment: Environment, _stack: str, given: FromTheRun) -> dict[str, Any]:
    return {"confluent_endpoint": given.confluent_endpoint}


def _upstream_states(environment: Environment, stack: str, given: FromTheRun) -> dict[str, Any]:
    """Where `terraform_remote_state` finds the upstream stacks."""
    entry = environment.stacks[stack]
    if not entry.states:
        return {}
    return {
        "contract_source": entry.contract_source,
        "state_use_path_style": given.path_style,
        **{f"{handle}_state": _state_address(environment, upstream) for handle, upstream in entry.states.items()},
    }


def _state_address(environment: Environment, stack: str) -> dict[str, str]:
    found = environment.stacks[stack]
    return {
        "bucket": found.state_bucket or environment.backend.bucket,
        "key": found.state_key,
        "region": found.region or environment.region,
    }


_GROUPS: dict[str, Callable[[Environment, str, FromTheRun], dict[str, Any]]] = {
    "common": _common,
    "backend": _backend,
    "budget": _budget,
    "identity": _identity,
    "boundary": _boundary,
    "parameters": _parameters,
    "platform_run": _platform_run,
    "confluent": _confluent,
}
"""By `Stack.inputs`."""
