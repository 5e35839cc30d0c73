variable "account_id" {
  description = "AWS account that this environment lives in. The provider refuses credentials of any other account."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be twelve digits."
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
    # The bucket <project>-<environment>-lake-results has the longest of the derived names; S3 takes 63 characters.
    condition     = length("${var.project}-${var.environment}-lake-results") <= 63
    error_message = "project and environment together must have at most 49 characters: names of buckets are made of both."
  }
}

variable "first_day" {
  description = "The first day of which there are events, as year-month-day: the first partition that Athena looks for."
  type        = string
  default     = "2026-01-01"

  validation {
    condition     = can(regex("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", var.first_day)) && can(formatdate("YYYY", "${var.first_day}T00:00:00Z"))
    error_message = "first_day must be a day such as 2026-01-01."
  }
}

variable "results_expiry_days" {
  description = "Days after which the answers of queries are deleted."
  type        = number
  default     = 7

  validation {
    condition     = var.results_expiry_days >= 1 && var.results_expiry_days <= 30 && floor(var.results_expiry_days) == var.results_expiry_days
    error_message = "results_expiry_days must be a whole number from 1 to 30."
  }
}

variable "scan_limit_gb" {
  description = "Gigabytes that one query may scan, about 0.005 USD each."
  type        = number
  default     = 1

  validation {
    condition     = var.scan_limit_gb >= 1 && var.scan_limit_gb <= 100 && floor(var.scan_limit_gb) == var.scan_limit_gb
    error_message = "scan_limit_gb must be a whole number from 1 to 100."
  }
}
