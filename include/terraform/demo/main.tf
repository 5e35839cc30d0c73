# demo is the ephemeral stack: made for a platform run, gone after it (LC4). At rest it costs nothing but the database.
# Nothing in it is worth keeping: what is, goes to core's evidence bucket.
#
#   main.tf       network, cluster, service, database, runtime parameters
#   contract.tf   the values taken from core and confluent

data "aws_availability_zones" "available" {
  state = "available"

  # Without local zones, which not every service knows.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

module "network" {
  source = "../modules/network"

  name               = local.name
  region             = var.region
  vpc_cidr           = var.vpc_cidr
  availability_zones = local.zones
}

resource "aws_security_group" "tasks" {
  name        = "${local.name}-tasks"
  description = "Runtime tasks: nobody connects to them"
  vpc_id      = module.network.vpc_id

  tags = {
    Name = "${local.name}-tasks"
  }
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.tasks.id
  description       = "AWS endpoints and the image registry"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_ecs_cluster" "runtime" {
  name = local.name

  # Billed by the metric.
  setting {
    name  = "containerInsights"
    value = "disabled"
  }
}

data "aws_iam_policy_document" "runtime_task" {
  statement {
    sid       = "ReadRuntimeParameters"
    actions   = ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"]
    resources = ["arn:aws:ssm:${var.region}:${var.account_id}:parameter${local.parameter_prefix}/*"]
  }

  statement {
    sid       = "RaiseAlerts"
    actions   = ["sns:Publish"]
    resources = [local.core.alert_topic_arn]
  }

  dynamic "statement" {
    for_each = module.runtime_database

    content {
      sid       = "ReadDatabaseCredentials"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [statement.value.secret_arn]
    }
  }
}

module "runtime_service" {
  source = "../modules/container_service"

  name               = "${local.name}-runtime"
  account_id         = var.account_id
  region             = var.region
  cluster_arn        = aws_ecs_cluster.runtime.arn
  subnet_ids         = module.network.public_subnet_ids
  security_group_id  = aws_security_group.tasks.id
  desired_count      = var.ecs_desired_count
  image              = "public.ecr.aws/docker/library/busybox:1.37.0"
  command            = ["sh", "-c", "while true; do date -u; sleep 60; done"]
  log_retention_days = var.log_retention_days
  task_policy_json   = data.aws_iam_policy_document.runtime_task.json

  permissions_boundary_arn = var.permissions_boundary_arn

  environment_variables = {
    PARAMETER_PREFIX = local.parameter_prefix
    PLATFORM_RUN     = var.platform_run
  }
}

module "runtime_database" {
  source = "../modules/runtime_database"
  count  = var.runtime_database_enabled ? 1 : 0

  name                     = "${local.name}-runtime"
  vpc_id                   = module.network.vpc_id
  subnet_ids               = module.network.isolated_subnet_ids
  client_security_group_id = aws_security_group.tasks.id
  log_retention_days       = var.log_retention_days
}

# Handles only; the database password is in Secrets Manager, and only its ARN is here.
resource "aws_ssm_parameter" "runtime" {
  for_each = local.parameters

  name  = "${local.parameter_prefix}/${each.key}"
  type  = "String"
  value = each.value
}
