"""The list of labelled extensions that the sandbox puts on moto."""

from sandbox.aws import (
    application_autoscaling,
    athena,
    bucket_policy,
    budgets,
    cost_explorer,
    ecs,
    identity_providers,
    kms,
    rds,
    regions,
    s3,
    sns,
)

EXTENSIONS = (
    *(application_autoscaling, athena, bucket_policy, budgets, cost_explorer, ecs, identity_providers),
    *(kms, rds, regions, s3, sns),
)


def install_extensions() -> None:
    """Put every extension on moto's classes. Call once, before serving."""
    for extension in EXTENSIONS:
        extension.install()
