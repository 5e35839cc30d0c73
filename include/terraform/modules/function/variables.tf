variable "name" {
  description = "Name of the function and of its role; its log group is /aws/lambda/<name>."
  type        = string

  validation {
    condition     = length(var.name) <= 64
    error_message = "name must have at most 64 characters: IAM and Lambda take no more."
  }
}

variable "description" {
  description = "What the function does."
  type        = string
}

variable "package" {
  description = "Path of the ZIP file with the code."
  type        = string
}

variable "handler" {
  description = "Module and function that Lambda calls, such as score.handler."
  type        = string
}

variable "timeout_seconds" {
  description = "Seconds that one call may take."
  type        = number
  default     = 30
}

variable "environment_variables" {
  description = "Environment of the code. Handles only, never secrets."
  type        = map(string)
}

variable "log_retention_days" {
  description = "Days that the log is kept."
  type        = number
}

variable "policy_json" {
  description = "IAM policy of the code, as JSON, besides writing its log."
  type        = string
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of the function's role. Whoever makes it may make none without it."
  type        = string
}
