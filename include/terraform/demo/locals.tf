locals {
  # AWS names allow no underscore where it matters: dev_min becomes dev-min.
  name = "${var.project}-${replace(var.environment, "_", "-")}-demo"

  tags = {
    project      = var.project
    environment  = var.environment
    stack        = "demo"
    lifecycle    = "ephemeral"
    platform_run = var.platform_run
  }

  # Beside core's own path, not below it.
  parameter_prefix = "${dirname(local.core.parameter_prefix)}/demo"

  zones = slice(data.aws_availability_zones.available.names, 0, var.availability_zone_count)

  parameters = merge(
    {
      platform_run     = var.platform_run
      vpc_id           = module.network.vpc_id
      task_subnet_ids  = join(",", module.network.public_subnet_ids)
      ecs_cluster_name = aws_ecs_cluster.runtime.name
      log_group_name   = module.runtime_service.log_group_name
      alert_topic_arn  = local.core.alert_topic_arn
      evidence_bucket  = local.core.evidence_bucket
    },
    # Where clients find address and keys; the values are confluent's own parameters.
    local.confluent == null ? {} : {
      kafka_cluster_id       = local.confluent.cluster_id
      kafka_parameter_prefix = local.confluent.parameter_prefix
    },
    var.runtime_database_enabled ? {
      database_endpoint   = module.runtime_database[0].endpoint
      database_secret_arn = module.runtime_database[0].secret_arn
    } : {},
  )
}
