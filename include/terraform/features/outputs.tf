output "function_name" {
  description = "Function that builds the features of a day."
  value       = module.build.name
}

output "built_queue_url" {
  description = "Queue with one message for each query that was started."
  value       = aws_sqs_queue.built.url
}

output "schedule_state" {
  description = "Whether the nightly schedule is ENABLED or DISABLED."
  value       = aws_scheduler_schedule.nightly.state
}

output "parameter_prefix" {
  description = "Path of the stack's own SSM parameters."
  value       = var.parameter_prefix
}
