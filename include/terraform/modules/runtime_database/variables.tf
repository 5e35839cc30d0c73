variable "name" {
  description = "Identifier of the database instance and prefix of the names around it."
  type        = string
}

variable "engine_version" {
  description = "PostgreSQL major version. Minor versions are AWS's to choose."
  type        = string
  default     = "16"

  validation {
    condition     = can(regex("^[0-9]+$", var.engine_version))
    error_message = "engine_version must be a major version: a pinned minor one would show up as drift after AWS upgrades it."
  }
}

variable "vpc_id" {
  description = "VPC of the database."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the database, in at least two availability zones."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "RDS needs subnets in at least two availability zones."
  }
}

variable "client_security_group_id" {
  description = "Security group whose members may connect. It gets the matching egress rule."
  type        = string
}

variable "log_retention_days" {
  description = "Days that the PostgreSQL log is kept."
  type        = number
}
