resource "confluent_service_account" "this" {
  for_each = local.roles

  display_name = "${local.name}-${each.key}"
  description  = "${local.description}: ${each.value}"
}

# A change of the generation replaces every key; nothing else does.
resource "terraform_data" "api_key_generation" {
  input = var.api_key_generation
}

# The state holds the secret of each key: the provider has no other way. State bucket and plans are to be kept as such.
resource "confluent_api_key" "this" {
  for_each = local.roles

  display_name = "${local.name}-${each.key}"
  description  = "${local.description}: ${each.value}"

  owner {
    id          = confluent_service_account.this[each.key].id
    kind        = confluent_service_account.this[each.key].kind
    api_version = confluent_service_account.this[each.key].api_version
  }

  managed_resource {
    id          = confluent_kafka_cluster.this.id
    kind        = confluent_kafka_cluster.this.kind
    api_version = confluent_kafka_cluster.this.api_version

    environment {
      id = confluent_environment.this.id
    }
  }

  lifecycle {
    # New key, everybody moved over to it, then the old key goes.
    create_before_destroy = true
    replace_triggered_by  = [terraform_data.api_key_generation]
  }
}

resource "confluent_role_binding" "operator" {
  principal   = "User:${confluent_service_account.this["operator"].id}"
  role_name   = "CloudClusterAdmin"
  crn_pattern = confluent_kafka_cluster.this.rbac_crn
}

resource "confluent_kafka_acl" "this" {
  for_each = local.acls

  resource_type = each.value.resource_type
  resource_name = each.value.resource_name
  pattern_type  = each.value.pattern_type
  principal     = "User:${confluent_service_account.this[each.value.role].id}"
  host          = "*"
  operation     = each.value.operation
  permission    = "ALLOW"
  rest_endpoint = confluent_kafka_cluster.this.rest_endpoint

  kafka_cluster {
    id = confluent_kafka_cluster.this.id
  }

  credentials {
    key    = confluent_api_key.this["operator"].id
    secret = confluent_api_key.this["operator"].secret
  }

  depends_on = [confluent_role_binding.operator]
}

# The hand-over: clients read these by name. All are SecureString, the address too, so that one permission on one path
# is all that a client needs.
resource "aws_ssm_parameter" "this" {
  for_each = local.parameters

  name = "${local.parameter_prefix}/${each.key}"
  type = "SecureString"

  value = (
    each.value.part == "bootstrap" ? trimprefix(confluent_kafka_cluster.this.bootstrap_endpoint, "SASL_SSL://") :
    each.value.part == "key" ? confluent_api_key.this[each.value.role].id :
    confluent_api_key.this[each.value.role].secret
  )
}
