"""The provider block and the list of resources (stand-in)."""

import os
from collections.abc import Mapping
from typing import Any

from sandbox.confluent.provider.client import Client, Key, ProviderProblem
from sandbox.confluent.provider.cluster import ClusterResource
from sandbox.confluent.provider.control_plane import (
    ApiKeyResource,
    EnvironmentResource,
    OrganizationData,
    RoleBindingResource,
    ServiceAccountResource,
)
from sandbox.confluent.provider.kafka import AclResource, TopicResource
from sandbox.confluent.provider.planning import UNKNOWN
from sandbox.confluent.provider.resource import DataSource, Resource
from sandbox.confluent.provider.schema import NUMBER, Attribute, Schema

SENSITIVE = (
    *("cloud_api_key", "cloud_api_secret", "kafka_api_key", "kafka_api_secret"),
    *("schema_registry_api_key", "schema_registry_api_secret", "flink_api_key", "flink_api_secret"),
    *("tableflow_api_key", "tableflow_api_secret"),
)
PLAIN = (
    *("endpoint", "kafka_id", "kafka_rest_endpoint", "schema_registry_id", "schema_registry_rest_endpoint"),
    *("catalog_rest_endpoint", "flink_principal_id", "organization_id", "environment_id", "flink_compute_pool_id"),
    *("flink_rest_endpoint", "user_agent_suffix"),
)
REAL_ENDPOINT = "https://api.confluent.cloud"
DEFAULT_RETRIES = 4

SCHEMA = Schema(
    {name: Attribute(optional=True, sensitive=True) for name in SENSITIVE}
    | {name: Attribute(optional=True) for name in PLAIN}
    | {"max_retries": Attribute(NUMBER, optional=True)}
)
RESOURCES: Mapping[str, type[Resource]] = {
    each.name: each
    for each in (
        EnvironmentResource,
        ClusterResource,
        ServiceAccountResource,
        ApiKeyResource,
        RoleBindingResource,
        TopicResource,
        AclResource,
    )
}
DATA_SOURCES: Mapping[str, type[DataSource]] = {OrganizationData.name: OrganizationData}

WARNING = "STAND-IN provider for confluentinc/confluent"
EXPLANATION = (
    "This run uses the sandbox's stand-in and not Confluent's provider. Nothing is read or made in Confluent Cloud, "
    "and what the real provider would do was never tried."
)


def configured(config: Mapping[str, Any]) -> Client:
    """Return a client for the provider block. Raises ProviderProblem for an endpoint that is not on loopback.

    As in the real provider the keys may come from CONFLUENT_CLOUD_API_KEY and _SECRET; the endpoint may not.
    """
    endpoint = config.get("endpoint") or REAL_ENDPOINT
    key = config.get("cloud_api_key") or os.environ.get("CONFLUENT_CLOUD_API_KEY", "")
    secret = config.get("cloud_api_secret") or os.environ.get("CONFLUENT_CLOUD_API_SECRET", "")
    if endpoint is UNKNOWN or key is UNKNOWN or secret is UNKNOWN:
        raise ProviderProblem("the stand-in needs endpoint, cloud_api_key and cloud_api_secret to be known")
    retries = config.get("max_retries")
    client = Client(endpoint, Key(key, secret), DEFAULT_RETRIES if retries in (None, UNKNOWN) else int(str(retries)))
    if not key or not secret:
        raise ProviderProblem(
            "cloud_api_key and cloud_api_secret are required: in the provider block, or as CONFLUENT_CLOUD_API_KEY and "
            "CONFLUENT_CLOUD_API_SECRET"
        )
    return client
