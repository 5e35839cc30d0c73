variable "account_id" {
  description = "AWS account that this environment lives in. The provider refuses credentials of any other account."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be twelve digits."
  }
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of every role that this stack makes."
  type        = string

  validation {
    condition     = can(regex("^arn:aws:iam::[0-9]{12}:policy/.+$", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be the ARN of a managed policy of the account."
  }
}

variable "region" {
  description = "AWS region of every regional resource, for example eu-west-2."
  type        = string

  validation {
    condition     = can(regex("^(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-[0-9]+$", var.region))
    error_message = "region must be a commercial region of AWS such as eu-west-2."
  }
}

variable "project" {
  description = "Project handle: first part of every name, and a tag."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.project)) && length(var.project) >= 2 && length(var.project) <= 31
    error_message = "project must be 2 to 31 lower-case letters and digits with single hyphens between, starting with a letter."
  }

  validation {
    # SSM keeps these to itself; every parameter lies below /<project>.
    condition     = !startswith(var.project, "aws") && !startswith(var.project, "ssm")
    error_message = "project must not begin with aws or ssm."
  }
}

variable "environment" {
  description = "Environment handle as in the manifest, for example lake_min: second part of every name, and a tag."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", var.environment)) && length(var.environment) >= 2 && length(var.environment) <= 21
    error_message = "environment must be 2 to 21 lower-case letters and digits with single underscores between, starting with a letter."
  }

  validation {
    # The role <project>-<environment>-features-schedule has the longest of the derived names; it takes 64 characters.
    condition     = length("${var.project}-${var.environment}-features-schedule") <= 64
    error_message = "project and environment together must have at most 45 characters: names of roles are made of both."
  }
}

variable "platform_run" {
  description = "Platform run that this build belongs to: the tag by which left-overs are traced to their run."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_.:/=+@-]{1,256}$", var.platform_run))
    error_message = "platform_run must be usable as a tag value, and not empty."
  }
}

variable "parameter_prefix" {
  description = "Path of the stack's own SSM parameters."
  type        = string

  validation {
    condition     = dirname(var.parameter_prefix) == "/${var.project}/${var.environment}"
    error_message = "parameter_prefix must be /<project>/<environment>/<stack>."
  }
}

variable "data_bucket" {
  description = "Bucket of lake that holds the data."
  type        = string

  validation {
    condition     = length(var.data_bucket) > 0
    error_message = "data_bucket must not be empty."
  }
}

variable "results_bucket" {
  description = "Bucket of lake for what Athena answers."
  type        = string

  validation {
    condition     = length(var.results_bucket) > 0
    error_message = "results_bucket must not be empty."
  }
}

variable "database" {
  description = "Database of lake in the Glue catalog."
  type        = string

  validation {
    condition     = length(var.database) > 0
    error_message = "database must not be empty."
  }
}

variable "events_table" {
  description = "Table of the events in that database."
  type        = string

  validation {
    condition     = length(var.events_table) > 0
    error_message = "events_table must not be empty."
  }
}

variable "workgroup" {
  description = "Workgroup of lake in which Athena runs the queries."
  type        = string

  validation {
    condition     = length(var.workgroup) > 0
    error_message = "workgroup must not be empty."
  }
}

variable "schedule_enabled" {
  description = "Whether the function is called each night. Every call is billed, and so is the query that it starts."
  type        = bool
  default     = false
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 7

  validation {
    # CloudWatch Logs accepts these only. 0 would mean for ever.
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365], var.log_retention_days)
    error_message = "log_retention_days must be 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180 or 365."
  }
}
