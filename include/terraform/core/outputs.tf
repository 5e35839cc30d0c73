# The contract that downstream stacks read through terraform_remote_state. Adding is free; renaming or removing
# breaks them.

output "alert_topic_arn" {
  description = "SNS topic that receives budget alerts and may be used for others of this environment."
  value       = aws_sns_topic.alerts.arn
}

output "budget_name" {
  description = "Name of the monthly cost budget."
  value       = aws_budgets_budget.monthly.name
}

output "evidence_bucket" {
  description = "Bucket that holds evidence, write-once."
  value       = module.evidence_bucket.name
}

output "work_bucket" {
  description = "Bucket for plans and hand-over objects; its content expires."
  value       = module.work_bucket.name
}

output "execution_role_arn" {
  description = "Role that the lanes run as."
  value       = local.execution_role_arn
}

output "parameter_prefix" {
  description = "Path of core's shared parameters; other stacks use a sibling of it."
  value       = var.parameter_prefix
}
