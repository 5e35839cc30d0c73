"""SSM parameters by name and type. A value is never asked for (ID4)."""

from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.reading import every, observe, text
from tidegate.models.contract import Parameter
from tidegate.models.observed import Known, Observed, Unreadable

IAM_ACTIONS: tuple[str, ...] = ("ssm:DescribeParameters",)


def read_parameters(clients: Clients, prefix: str) -> Observed[tuple[Parameter, ...]]:
    """Every parameter whose name begins with the prefix, sorted by name; none is Known(()). Never raises for AWS."""
    found = observe(f"DescribeParameters {prefix}", lambda: _read(clients, prefix))
    return found if isinstance(found, Known | Unreadable) else Known(())


def _read(clients: Clients, prefix: str) -> tuple[Parameter, ...]:
    filters = [{"Key": "Name", "Option": "BeginsWith", "Values": [prefix]}]
    paginator = clients.ssm.get_paginator("describe_parameters")
    listed = every(paginator.paginate(ParameterFilters=filters), "Parameters")  # type: ignore[arg-type]
    found = [Parameter(name=text(each, "Name"), type=text(each, "Type")) for each in listed]
    return tuple(sorted((each for each in found if each.name.startswith(prefix)), key=lambda each: each.name))
