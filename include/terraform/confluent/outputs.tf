# The contract that demo reads through terraform_remote_state. Names and ids only: a secret is read from its parameter.

output "environment_id" {
  description = "Id of the Confluent environment."
  value       = confluent_environment.this.id
}

output "cluster_id" {
  description = "Id of the Kafka cluster."
  value       = confluent_kafka_cluster.this.id
}

output "service_account_ids" {
  description = "Ids of the service accounts, by role."
  value       = { for role, account in confluent_service_account.this : role => account.id }
}

output "api_key_ids" {
  description = "Ids of the API keys, by role. The secrets are in the parameters."
  value       = { for role, key in confluent_api_key.this : role => key.id }
}

output "topic_names" {
  description = "Names of the topics, sorted."
  value       = sort([for topic in confluent_kafka_topic.this : topic.topic_name])
}

output "parameter_prefix" {
  description = "Path of the SSM parameters of this stack."
  value       = local.parameter_prefix
}

output "parameter_names" {
  description = "Names of the SSM parameters: the bootstrap address, and key and secret of each role."
  value       = { for key, parameter in aws_ssm_parameter.this : key => parameter.name }
}
