"""Every name that is derived from project and environment, and how long AWS or Confluent lets it be.

A name that is too long is refused late, by the service, in the middle of an apply; here it is refused first.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DerivedName:
    """A name, what bears it, and the greatest length in characters."""

    what: str
    name: str
    limit: int


def derived_names(project: str, environment: str) -> tuple[DerivedName, ...]:
    """The names, the longest of each kind. Limits are those of the services' own API models."""
    dashed = f"{project}-{environment.replace('_', '-')}"
    demo, prefix = f"{dashed}-demo", f"/{project}/{environment}"
    runtime = f"{demo}-runtime"
    return (
        DerivedName("IAM role that starts the tasks of demo", f"{runtime}-start", 64),
        DerivedName("IAM role of the tasks of demo", f"{runtime}-task", 64),
        DerivedName("policy of the execution role", f"{dashed}-lanes-backend", 128),
        DerivedName("permissions boundary of the execution role", f"{dashed}-boundary", 128),
        DerivedName("database of demo", runtime, 63),
        DerivedName("subnet group of demo's database", runtime, 255),
        DerivedName("security group of demo's database", f"{runtime}-database", 255),
        DerivedName("security group of demo's tasks", f"{demo}-tasks", 255),
        DerivedName("cluster of demo", demo, 255),
        DerivedName("service and task family of demo", runtime, 255),
        DerivedName("log group of demo's database", f"/aws/rds/instance/{runtime}/postgresql", 512),
        DerivedName("log group of demo's cluster", f"/aws/ecs/containerinsights/{demo}/performance", 512),
        DerivedName("alert topic", f"{dashed}-alerts", 256),
        DerivedName("environment and cluster at Confluent", dashed, 64),
        DerivedName("service account and API key at Confluent", f"{dashed}-operator", 64),
        DerivedName("parameter of Confluent", f"{prefix}/kafka/bootstrap_servers", 1011),
        DerivedName("parameter of demo", f"{prefix}/demo/kafka_parameter_prefix", 1011),
    )


def too_long(project: str, environment: str) -> Iterator[str]:
    """A sentence for each derived name that is longer than it may be: which, how long, the limit."""
    for each in derived_names(project, environment):
        if len(each.name) > each.limit:
            yield f"{each.what} would be called {each.name}, {len(each.name)} characters; at most {each.limit} fit"
