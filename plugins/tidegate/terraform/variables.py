"""The variable values of each stack, from the manifest and nowhere else. They hold no secrets."""

from typing import Any

from tidegate.models.environment import Environment
from tidegate.models.execution_role import boundary_arn


def core_variables(environment: Environment) -> dict[str, Any]:
    """Values of the persistent root. Nothing per run, so that a repeated build changes nothing (LC6)."""
    return _common(environment) | {
        "state_bucket": environment.backend.bucket,
        "evidence_bucket": environment.evidence.bucket,
        "work_bucket": environment.work.bucket,
        "lock_table": environment.backend.lock_table,
        "evidence_retention_days": environment.evidence.retention_days,
        "work_expiry_days": environment.work.expiry_days,
        "execution_role_name": environment.role_name,
        "budget_name": environment.budget.name,
        "budget_limit_usd": float(environment.budget.limit_usd),
        "budget_thresholds_usd": [float(alert) for alert in environment.budget.alerts_usd],
        "alert_email": environment.budget.alert_email,
        "parameter_prefix": f"{environment.parameter_prefix}/core",
    }


def confluent_variables(environment: Environment, *, platform_run: str, endpoint: str) -> dict[str, Any]:
    """Values of the messaging root. Confluent's key is no variable: the provider's environment has it."""
    return (
        _common(environment)
        | {"platform_run": platform_run, "confluent_endpoint": endpoint}
        | environment.stacks["confluent"].variables
    )


def demo_variables(
    environment: Environment,
    *,
    platform_run: str,
    runtime_database_enabled: bool,
    state_use_path_style: bool,
) -> dict[str, Any]:
    """Values of the ephemeral root, for one platform run."""
    demo = environment.stacks["demo"]
    return (
        _common(environment)
        | {
            "platform_run": platform_run,
            "permissions_boundary_arn": boundary_arn(environment),
            "runtime_database_enabled": runtime_database_enabled,
            "contract_source": demo.contract_source,
            "state_use_path_style": state_use_path_style,
        }
        | {f"{upstream}_state": _state_address(environment, upstream) for upstream in demo.depends_on}
        | demo.variables
    )


def _state_address(environment: Environment, stack: str) -> dict[str, str]:
    """Where `terraform_remote_state` finds an upstream stack."""
    found = environment.stacks[stack]
    return {
        "bucket": found.state_bucket or environment.backend.bucket,
        "key": found.state_key,
        "region": found.region or environment.region,
    }


def _common(environment: Environment) -> dict[str, Any]:
    return {
        "account_id": environment.account_id,
        "region": environment.region,
        "project": environment.project,
        "environment": environment.name,
    }
