"""SSM parameters by name and type. A value is never asked for (ID4)."""

from collections.abc import Collection
from typing import Any

from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.reading import every, observe, text
from tidegate.models.contract import Parameter
from tidegate.models.observed import Known, Observed, Unreadable

IAM_ACTIONS: tuple[str, ...] = ("ssm:DescribeParameters",)

LARGEST_PAGE = 50


def read_parameters(clients: Clients, prefix: str) -> Observed[tuple[Parameter, ...]]:
    """Every parameter whose name begins with the prefix, sorted by name; none is Known(()). Never raises for AWS."""
    found = observe(f"DescribeParameters {prefix}", lambda: _read(clients, prefix))
    return found if isinstance(found, Known | Unreadable) else Known(())


def described(clients: Clients, filters: list[dict[str, Any]]) -> list[Any]:
    """Parameters by these filters, in as few and as large pages as the service gives. Raises as `ask` does."""
    paginator = clients.of("ssm").get_paginator("describe_parameters")
    return every(paginator.paginate(ParameterFilters=filters, MaxResults=LARGEST_PAGE), "Parameters")


def standing(clients: Clients, names: Collection[str]) -> frozenset[str]:
    """Those of the names that there are. Raises as `ask` does.

    Asked by path, a few pages for all that lie beside each other, for SSM answers only few of these calls a second. A
    name outside any path is asked by itself.
    """
    found: set[str] = set()
    for path in sorted({name.rpartition("/")[0] for name in names} - {""}):
        beside = [{"Key": "Path", "Option": "OneLevel", "Values": [path]}]
        found |= {text(each, "Name") for each in described(clients, beside)}
    for name in sorted(name for name in names if not name.rpartition("/")[0]):
        alone = [{"Key": "Name", "Option": "Equals", "Values": [name]}]
        found |= {text(each, "Name") for each in described(clients, alone)}
    return frozenset(found & set(names))


def _read(clients: Clients, prefix: str) -> tuple[Parameter, ...]:
    filters = [{"Key": "Name", "Option": "BeginsWith", "Values": [prefix]}]
    listed = described(clients, filters)
    found = [Parameter(name=text(each, "Name"), type=text(each, "Type")) for each in listed]
    return tuple(sorted((each for each in found if each.name.startswith(prefix)), key=lambda each: each.name))
