locals {
  # AWS names allow no underscore where it matters (buckets, topics by convention): dev_min becomes dev-min.
  name = "${var.project}-${replace(var.environment, "_", "-")}"

  tags = {
    project     = var.project
    environment = var.environment
    stack       = "core"
    lifecycle   = "persistent"
  }

  execution_role_arn = "arn:aws:iam::${var.account_id}:role/${var.execution_role_name}"

  parameters = {
    state_bucket       = var.state_bucket
    evidence_bucket    = var.evidence_bucket
    work_bucket        = var.work_bucket
    lock_table         = var.lock_table
    budget_name        = var.budget_name
    alert_topic_arn    = aws_sns_topic.alerts.arn
    execution_role_arn = local.execution_role_arn
  }
}
