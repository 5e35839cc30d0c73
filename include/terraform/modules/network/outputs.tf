output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}

output "public_subnet_ids" {
  description = "Subnets with a route to the internet gateway, in zone order."
  value       = [for zone in var.availability_zones : aws_subnet.public[zone].id]
}

output "isolated_subnet_ids" {
  description = "Subnets without any route out of the VPC, in zone order."
  value       = [for zone in var.availability_zones : aws_subnet.isolated[zone].id]
}
