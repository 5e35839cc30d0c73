variable "name" {
  description = "Name of the service, its task family, log group, and prefix of its roles."
  type        = string

  validation {
    # IAM role names end at 64 characters.
    condition     = length(var.name) <= 58
    error_message = "name must leave room for the role suffixes: at most 58 characters."
  }
}

variable "account_id" {
  description = "AWS account of the service; its roles trust ECS acting for this account only."
  type        = string
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of the service's roles. Whoever makes them may make none without it."
  type        = string
}

variable "region" {
  description = "AWS region that the log is written in."
  type        = string
}

variable "cluster_arn" {
  description = "ECS cluster that the service belongs to."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the tasks."
  type        = list(string)
}

variable "security_group_id" {
  description = "Security group of the tasks."
  type        = string
}

variable "desired_count" {
  description = "Number of tasks to keep running. Every task above zero costs by the hour."
  type        = number
}

variable "image" {
  description = "Container image, from a public registry."
  type        = string
}

variable "command" {
  description = "Command of the container."
  type        = list(string)
}

variable "environment_variables" {
  description = "Environment of the container. Handles only, never secrets."
  type        = map(string)
  default     = {}
}

variable "cpu" {
  description = "CPU units of a task; 256 is a quarter of a vCPU, the smallest."
  type        = number
  default     = 256
}

variable "memory" {
  description = "Memory of a task in MiB."
  type        = number
  default     = 512
}

variable "log_retention_days" {
  description = "Days that the log is kept."
  type        = number
}

variable "task_policy_json" {
  description = "IAM policy of the code in the tasks, as JSON."
  type        = string
}
