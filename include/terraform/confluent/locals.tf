locals {
  # No name here may hold an underscore where AWS forbids it: dev_min becomes dev-min, as in the other stacks.
  name = "${var.project}-${replace(var.environment, "_", "-")}"

  tags = {
    project      = var.project
    environment  = var.environment
    stack        = "confluent"
    lifecycle    = "messaging"
    platform_run = var.platform_run
  }

  # Confluent has no tags: the description is where a left-over tells whose it is.
  description = "tidegate ${var.project} ${var.environment} confluent ${var.platform_run}"

  # One service account per role. The operator is the one that Terraform itself manages topics and ACLs as.
  roles = {
    producer = "writes to topics"
    consumer = "reads from topics"
    operator = "administers topics and ACLs"
  }

  operations = {
    write = ["WRITE", "DESCRIBE"]
    read  = ["READ", "DESCRIBE"]
  }

  topic_acls = merge([
    for topic, settings in var.topics : merge([
      for role, mode in settings.access : {
        for operation in local.operations[mode] :
        "${role}/topic/${topic}/${operation}" => {
          role          = role
          operation     = operation
          resource_type = "TOPIC"
          resource_name = topic
          pattern_type  = "LITERAL"
        }
      }
    ]...)
  ]...)

  # Whoever reads does so in a consumer group; the groups of a role begin with its name.
  reading_roles = toset(flatten([
    for settings in values(var.topics) : [for role, mode in settings.access : role if mode == "read"]
  ]))

  group_acls = {
    for role in local.reading_roles :
    "${role}/group/READ" => {
      role          = role
      operation     = "READ"
      resource_type = "GROUP"
      resource_name = "${local.name}-${role}"
      pattern_type  = "PREFIXED"
    }
  }

  acls = merge(local.topic_acls, local.group_acls)

  parameter_prefix = "/${var.project}/${var.environment}/kafka"

  # Names only: a value that is a secret cannot be a for_each.
  parameters = merge(
    { bootstrap_servers = { role = null, part = "bootstrap" } },
    { for role in keys(local.roles) : "${role}/api_key" => { role = role, part = "key" } },
    { for role in keys(local.roles) : "${role}/api_secret" => { role = role, part = "secret" } },
  )
}
