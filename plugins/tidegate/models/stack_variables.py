"""What a manifest may set as variables of the roots that ship with tidegate: the same rules as their HCL has.

A variable that no root declares is refused: Terraform would only warn of it, and go on without.
"""

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _range_of_addresses(given: str) -> str:
    try:
        network = IPv4Network(given, strict=False)
    except ValueError as error:
        raise ValueError(f"must be an IPv4 range such as 10.42.0.0/20 ({error})") from error
    if "/" not in given or not 16 <= network.prefixlen <= 24:
        raise ValueError("must be an IPv4 range between /16 and /24")
    return given


class _Variables(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class DemoVariables(_Variables):
    """Variables of the root demo."""

    vpc_cidr: Annotated[str, AfterValidator(_range_of_addresses)] = "10.42.0.0/20"
    availability_zone_count: Literal[2, 3] = 2
    ecs_desired_count: Annotated[int, Field(ge=0)] = 0
    log_retention_days: Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365] = 7


class Topic(_Variables):
    """One topic of Kafka: `access` maps a role to what it may do."""

    partitions: Annotated[int, Field(ge=1)] = 1
    config: dict[str, str] = {}
    access: dict[Literal["producer", "consumer"], Literal["read", "write"]] = {}


class ConfluentVariables(_Variables):
    """Variables of the root confluent."""

    api_key_generation: Annotated[int, Field(ge=1)] = 1
    topics: dict[Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{1,249}$")], Topic] = {}


class CoreVariables(_Variables):
    """The root core takes none from a manifest."""


VARIABLES: dict[str, type[_Variables]] = {
    "core": CoreVariables,
    "confluent": ConfluentVariables,
    "demo": DemoVariables,
}
"""By root."""
