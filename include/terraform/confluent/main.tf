# confluent is managed Kafka: made before demo, destroyed after it.
#
#   main.tf     environment, cluster, topics
#   access.tf   service accounts, API keys, role binding, ACLs, and where the keys are handed over

resource "confluent_environment" "this" {
  display_name = local.name
}

resource "confluent_kafka_cluster" "this" {
  display_name = local.name
  availability = "SINGLE_ZONE"
  cloud        = "AWS"
  region       = var.region

  # The cheapest kind; it knows ACLs, and role bindings on the cluster as a whole only. The first eCKU is free, and it
  # never grows beyond that.
  basic {
    max_ecku = 1
  }

  environment {
    id = confluent_environment.this.id
  }
}

resource "confluent_kafka_topic" "this" {
  for_each = var.topics

  topic_name       = each.key
  partitions_count = each.value.partitions
  rest_endpoint    = confluent_kafka_cluster.this.rest_endpoint
  config           = each.value.config

  kafka_cluster {
    id = confluent_kafka_cluster.this.id
  }

  credentials {
    key    = confluent_api_key.this["operator"].id
    secret = confluent_api_key.this["operator"].secret
  }

  # Without its role the operator's key may do nothing, also not delete.
  depends_on = [confluent_role_binding.operator]
}
