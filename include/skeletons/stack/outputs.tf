output "parameter_prefix" {
  description = "Path of the stack's own SSM parameters."
  value       = dirname(aws_ssm_parameter.name.name)
}
