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
  description = "Environment handle as in the manifest, for example dev_min: second part of every name, and a tag."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", var.environment)) && length(var.environment) >= 2 && length(var.environment) <= 21
    error_message = "environment must be 2 to 21 lower-case letters and digits with single underscores between, starting with a letter."
  }

  validation {
    # The role <project>-<environment>-demo-runtime-start is the longest of the derived names; IAM takes 64 characters.
    condition     = length("${var.project}-${var.environment}-demo-runtime-start") <= 64
    error_message = "project and environment together must have at most 44 characters: names of roles are made of both."
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

variable "vpc_cidr" {
  description = "IPv4 range of the VPC, between /16 and /24."
  type        = string
  default     = "10.42.0.0/20"
}

variable "availability_zone_count" {
  description = "Number of availability zones to spread over. A database needs two."
  type        = number
  default     = 2

  validation {
    condition     = contains([2, 3], var.availability_zone_count)
    error_message = "availability_zone_count must be 2 or 3."
  }
}

variable "runtime_database_enabled" {
  description = "Whether the runtime database exists. It is the one thing here that costs while it idles."
  type        = bool
  default     = true
}

variable "ecs_desired_count" {
  description = "Tasks that each service keeps running. Above zero needs a pinned exception in the environment manifest."
  type        = number
  default     = 0

  validation {
    condition     = var.ecs_desired_count >= 0 && floor(var.ecs_desired_count) == var.ecs_desired_count
    error_message = "ecs_desired_count must be a whole number, zero or above."
  }
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

variable "contract_source" {
  description = "Where the upstream values come from: remote_state reads core's state, manual takes upstream_contract."
  type        = string

  validation {
    condition     = contains(["remote_state", "manual"], var.contract_source)
    error_message = "contract_source must be remote_state or manual."
  }

  validation {
    condition     = var.contract_source != "manual" || var.upstream_contract != null
    error_message = "contract_source = manual needs upstream_contract; nothing is guessed."
  }
}

variable "core_state" {
  description = "Where core's state lies. Read only while upstream_contract is null."
  type = object({
    bucket = string
    key    = string
    region = string
  })
}

variable "confluent_state" {
  description = "Where confluent's state lies; null in an environment without that stack. Read only while upstream_contract is null."
  type = object({
    bucket = string
    key    = string
    region = string
  })
  default  = null
  nullable = true
}

variable "state_use_path_style" {
  description = "Address state buckets by path rather than by host name, as a stand-in on a bare address needs."
  type        = bool
  default     = false
}

variable "upstream_contract" {
  description = <<-EOT
    Upstream values, handed over instead of read. Set in two cases: contract_source = manual, and a destroy, which
    repeats what its build recorded and so works with upstream's state gone.
  EOT
  type = object({
    core = object({
      alert_topic_arn    = string
      evidence_bucket    = string
      parameter_prefix   = string
      execution_role_arn = string
    })
    confluent = optional(object({
      environment_id   = string
      cluster_id       = string
      parameter_prefix = string
    }))
  })
  default  = null
  nullable = true

  validation {
    condition = var.upstream_contract == null || alltrue([
      for value in values(try(var.upstream_contract.core, {})) : try(length(value) > 0, false)
    ])
    error_message = "upstream_contract.core: every value must be set and not empty."
  }

  validation {
    # Nothing to look at where it is not handed over: both sides of an "or" are always evaluated.
    condition     = alltrue(try([for value in values(var.upstream_contract.confluent) : try(length(value) > 0, false)], []))
    error_message = "upstream_contract.confluent: every value must be set and not empty."
  }
}
