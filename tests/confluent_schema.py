"""Schema facts of the provider confluentinc/confluent 2.83.0, read in its source; the stand-in is compared with them.

One line a field: path, type, flags. R required, O optional, C computed, S sensitive, F a change makes a new resource,
=value a default. A block is `list smallest..largest` (largest * without a limit) or `single`.
"""

ENDPOINTS = (
    '["list",["object",{"access_point_id":"string","bootstrap_endpoint":"string",'
    '"connection_type":"string","rest_endpoint":"string"}]]'
)

FACTS = """
provider 0
cloud_api_key string OS
cloud_api_secret string OS
kafka_api_key string OS
kafka_api_secret string OS
schema_registry_api_key string OS
schema_registry_api_secret string OS
flink_api_key string OS
flink_api_secret string OS
tableflow_api_key string OS
tableflow_api_secret string OS
endpoint string O
kafka_id string O
kafka_rest_endpoint string O
schema_registry_id string O
schema_registry_rest_endpoint string O
catalog_rest_endpoint string O
flink_principal_id string O
organization_id string O
environment_id string O
flink_compute_pool_id string O
flink_rest_endpoint string O
max_retries number O
user_agent_suffix string O

confluent_environment 0
id string OC
display_name string R
resource_name string C
stream_governance list 0..1 C
stream_governance.package string R

confluent_kafka_cluster 1
id string OC
display_name string R
availability string RF
cloud string RF
region string RF
deletion_protection bool O
api_version string C
kind string C
bootstrap_endpoint string C
rest_endpoint string C
rbac_crn string C
endpoints ENDPOINTS C
basic list 0..*
basic.max_ecku number OC
standard list 0..*
standard.max_ecku number OC
enterprise list 0..*
enterprise.max_ecku number OC
freight list 0..*
freight.max_ecku number OC
freight.zones ["list","string"] C
dedicated list 0..1
dedicated.cku number R
dedicated.encryption_key string OC
dedicated.zones ["list","string"] C
environment list 1..1 F
environment.id string RF
network list 0..1 C
network.id string RF
byok_key list 0..1 C
byok_key.id string RF
timeouts single
timeouts.create string O
timeouts.update string O

confluent_service_account 0
id string OC
display_name string R
description string OC
api_version string C
kind string C

confluent_api_key 0
id string OC
display_name string O
description string O
secret string CS
disable_wait_for_ready bool O=false
owner list 1..1 F
owner.id string RF
owner.kind string RF
owner.api_version string RF
managed_resource list 0..1 F
managed_resource.id string RF
managed_resource.kind string RF
managed_resource.api_version string RF
managed_resource.environment list 0..*
managed_resource.environment.id string RF

confluent_kafka_topic 2
id string OC
topic_name string RF
partitions_count number O=6
rest_endpoint string O
config ["map","string"] OC
kafka_cluster list 0..1 F
kafka_cluster.id string RF
credentials list 0..1
credentials.key string RS
credentials.secret string RS

confluent_kafka_acl 2
id string OC
resource_type string RF
resource_name string RF
pattern_type string RF
principal string RF
host string RF
operation string RF
permission string RF
rest_endpoint string OF
kafka_cluster list 0..1 F
kafka_cluster.id string RF
credentials list 0..1
credentials.key string RS
credentials.secret string RS

confluent_role_binding 0
id string OC
principal string RF
role_name string RF
crn_pattern string RF
disable_wait_for_ready bool O=false

data.confluent_organization 0
id string C
resource_name string C
"""


def facts() -> dict[str, set[str]]:
    """The lines of each type, with its version as the line `version N`."""
    found = {}
    for paragraph in FACTS.replace("ENDPOINTS", ENDPOINTS).strip().split("\n\n"):
        head, *lines = paragraph.splitlines()
        name, version = head.split()
        found[name] = {f"version {version}", *lines}
        assert len(found[name]) == len(lines) + 1, f"a line of {name} stands twice"
    return found
