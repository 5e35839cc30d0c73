output "function_name" {
  description = "Function that answers with what is known of a customer."
  value       = module.score.name
}

output "function_url" {
  description = "Where it answers signed requests."
  value       = aws_lambda_function_url.score.function_url
}

output "table_name" {
  description = "Table from which it answers."
  value       = aws_dynamodb_table.online.name
}

output "parameter_prefix" {
  description = "Path of the stack's own SSM parameters."
  value       = var.parameter_prefix
}
