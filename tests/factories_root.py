"""A root as it was read before terraform saw it."""

from tidegate.models.environment import PROVIDERS
from tidegate.models.root import RootPart, RootSources


def root_sources(*parts: RootPart) -> RootSources:
    """A root that may be initialised, with these parts besides."""
    harmless = (
        RootPart(kind="backend", what="s3", where="backend.tf:2"),
        RootPart(kind="provider", what="registry.terraform.io/hashicorp/aws", where=".terraform.lock.hcl:4"),
        RootPart(kind="provider", what="terraform.io/builtin/terraform", where="contract.tf:23"),
        RootPart(kind="data_source", what="aws_availability_zones", where="main.tf:7"),
        RootPart(kind="remote_state", what="s3", where="contract.tf:23"),
    )
    return RootSources(parts=(*harmless, *parts), source_digest="b" * 64, allowed_providers=PROVIDERS)
