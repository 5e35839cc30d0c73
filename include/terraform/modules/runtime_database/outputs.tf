output "identifier" {
  description = "Identifier of the database instance."
  value       = aws_db_instance.this.identifier
}

output "endpoint" {
  description = "host:port to connect to."
  value       = aws_db_instance.this.endpoint
}

output "secret_arn" {
  description = "ARN (not the content) of the secret with the master credentials."
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
}
