# What confluent promises and refuses, planned and applied with mocked providers: without AWS and without Confluent.

mock_provider "aws" {}

mock_provider "confluent" {
  mock_resource "confluent_kafka_cluster" {
    defaults = {
      id                 = "lkc-abc123"
      kind               = "Cluster"
      api_version        = "cmk/v2"
      bootstrap_endpoint = "SASL_SSL://pkc-1.eu-west-2.aws.confluent.example:9092"
      rest_endpoint      = "https://pkc-1.eu-west-2.aws.confluent.example:443"
      rbac_crn           = "crn://confluent.cloud/organization=o/environment=e/cloud-cluster=lkc-abc123"
    }
  }

  mock_resource "confluent_service_account" {
    defaults = {
      id          = "sa-abc123"
      kind        = "ServiceAccount"
      api_version = "iam/v2"
    }
  }

  mock_resource "confluent_api_key" {
    defaults = {
      secret = "made-up-secret"
    }
  }
}

variables {
  account_id   = "111122223333"
  region       = "eu-west-2"
  project      = "fraud-platform"
  environment  = "dev_min"
  platform_run = "platform_20260213T201427Z"
}

run "the_default_topics_and_who_may_use_them" {
  assert {
    condition     = output.topic_names == tolist(["fraud.decisions", "fraud.transactions"])
    error_message = "The topics of the variable must be there, and no others."
  }

  assert {
    condition = toset(keys(confluent_kafka_acl.this)) == toset([
      "consumer/group/READ",
      "consumer/topic/fraud.decisions/DESCRIBE",
      "consumer/topic/fraud.decisions/READ",
      "consumer/topic/fraud.transactions/DESCRIBE",
      "consumer/topic/fraud.transactions/READ",
      "producer/topic/fraud.decisions/DESCRIBE",
      "producer/topic/fraud.decisions/WRITE",
      "producer/topic/fraud.transactions/DESCRIBE",
      "producer/topic/fraud.transactions/WRITE",
    ])
    error_message = "Access must be what the variable says: the consumer never writes, the producer never reads."
  }

  assert {
    condition = (
      confluent_kafka_acl.this["consumer/group/READ"].resource_name == "fraud-platform-dev-min-consumer" &&
      confluent_kafka_acl.this["consumer/group/READ"].pattern_type == "PREFIXED"
    )
    error_message = "A reader may use the consumer groups of its role, and no others."
  }

  assert {
    condition     = alltrue([for acl in confluent_kafka_acl.this : acl.permission == "ALLOW" && acl.principal == "User:sa-abc123"])
    error_message = "An ACL must allow one service account."
  }

  assert {
    condition     = keys(output.service_account_ids) == ["consumer", "operator", "producer"] && keys(output.api_key_ids) == ["consumer", "operator", "producer"]
    error_message = "There must be one service account and one key per role."
  }

  assert {
    condition     = confluent_role_binding.operator.role_name == "CloudClusterAdmin" && confluent_role_binding.operator.crn_pattern == confluent_kafka_cluster.this.rbac_crn
    error_message = "The operator must be bound to this cluster, and to nothing wider."
  }

  assert {
    condition = output.parameter_names == {
      "bootstrap_servers"   = "/fraud-platform/dev_min/kafka/bootstrap_servers"
      "consumer/api_key"    = "/fraud-platform/dev_min/kafka/consumer/api_key"
      "consumer/api_secret" = "/fraud-platform/dev_min/kafka/consumer/api_secret"
      "operator/api_key"    = "/fraud-platform/dev_min/kafka/operator/api_key"
      "operator/api_secret" = "/fraud-platform/dev_min/kafka/operator/api_secret"
      "producer/api_key"    = "/fraud-platform/dev_min/kafka/producer/api_key"
      "producer/api_secret" = "/fraud-platform/dev_min/kafka/producer/api_secret"
    }
    error_message = "The address and every key must have its parameter under the environment's path."
  }

  assert {
    condition     = alltrue([for parameter in aws_ssm_parameter.this : parameter.type == "SecureString"])
    error_message = "Every parameter must be a SecureString."
  }

  assert {
    condition     = aws_ssm_parameter.this["bootstrap_servers"].value == "pkc-1.eu-west-2.aws.confluent.example:9092"
    error_message = "Clients want the address without the protocol."
  }

  assert {
    condition     = aws_ssm_parameter.this["producer/api_secret"].value == "made-up-secret"
    error_message = "The secret must reach its parameter."
  }

  assert {
    condition = local.tags == {
      project      = "fraud-platform"
      environment  = "dev_min"
      stack        = "confluent"
      lifecycle    = "messaging"
      platform_run = "platform_20260213T201427Z"
    }
    error_message = "The default tags must name the run, by which left-overs are found."
  }
}

run "rotation_makes_new_keys" {
  variables {
    api_key_generation = 2
  }

  assert {
    condition     = alltrue([for role, id in output.api_key_ids : id != run.the_default_topics_and_who_may_use_them.api_key_ids[role]])
    error_message = "Every key must be a new one."
  }

  assert {
    condition     = output.service_account_ids == run.the_default_topics_and_who_may_use_them.service_account_ids
    error_message = "The service accounts must stay."
  }

  assert {
    condition     = one(confluent_kafka_topic.this["fraud.decisions"].credentials).key == output.api_key_ids["operator"]
    error_message = "Topics must be managed with the new key."
  }
}

run "no_topics" {
  command = plan

  variables {
    topics = {}
  }

  assert {
    condition     = length(confluent_kafka_topic.this) == 0 && length(confluent_kafka_acl.this) == 0 && length(confluent_api_key.this) == 3
    error_message = "Without topics there must be no access, and still the identities."
  }
}

run "topics_without_access" {
  command = plan

  variables {
    topics = { "audit" = {} }
  }

  assert {
    condition     = confluent_kafka_topic.this["audit"].partitions_count == 1 && length(confluent_kafka_acl.this) == 0
    error_message = "Nobody may use a topic that names nobody."
  }
}

run "every_odd_value_is_refused" {
  command = plan

  variables {
    account_id         = "12345"
    region             = "London"
    project            = "Fraud_Platform"
    platform_run       = ""
    confluent_endpoint = "api.confluent.cloud"
    api_key_generation = 0.5
    topics             = { "no blanks" = { partitions = 0, access = { operator = "read" } } }
  }

  expect_failures = [
    var.account_id,
    var.region,
    var.project,
    var.platform_run,
    var.confluent_endpoint,
    var.api_key_generation,
    var.topics,
  ]
}

# By itself: the lengths of both together are judged only where project is no odd one.
run "an_odd_environment_is_refused" {
  command = plan

  variables {
    environment = "dev-min"
  }

  expect_failures = [var.environment]
}

run "names_that_come_out_too_long_are_refused" {
  command = plan

  variables {
    project     = "fraud-platform-of-everybody-abc"
    environment = "dev_min_of_ours"
  }

  expect_failures = [var.environment]
}

run "a_role_that_does_not_exist_is_refused" {
  command = plan

  variables {
    topics = { "audit" = { access = { auditor = "read" } } }
  }

  expect_failures = [var.topics]
}

run "an_access_that_does_not_exist_is_refused" {
  command = plan

  variables {
    topics = { "audit" = { access = { consumer = "all" } } }
  }

  expect_failures = [var.topics]
}

run "half_a_partition_is_refused" {
  command = plan

  variables {
    topics = { "audit" = { partitions = 1.5 } }
  }

  expect_failures = [var.topics]
}

run "a_topic_name_with_a_blank_is_refused" {
  command = plan

  variables {
    topics = { "no blanks" = {} }
  }

  expect_failures = [var.topics]
}
