output "vpc_id" {
  description = "Id of the VPC."
  value       = module.network.vpc_id
}

output "subnet_ids" {
  description = "Ids of all subnets: the public ones of the tasks first, then the isolated ones."
  value       = concat(module.network.public_subnet_ids, module.network.isolated_subnet_ids)
}

output "ecs_cluster_name" {
  description = "Name of the ECS cluster."
  value       = aws_ecs_cluster.runtime.name
}

output "database_identifier" {
  description = "Identifier of the runtime database; null while it is disabled."
  value       = one(module.runtime_database[*].identifier)
}

output "parameter_prefix" {
  description = "Path of demo's runtime parameters."
  value       = local.parameter_prefix
}

output "contract_source" {
  description = "Where the upstream values of this build came from: remote_state or manual."
  value       = var.contract_source
}
