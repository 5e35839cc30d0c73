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

variable "state_bucket" {
  description = "Name of the bootstrapped bucket that holds the Terraform state of every stack."
  type        = string

  validation {
    condition = (
      can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.state_bucket)) && !strcontains(var.state_bucket, "..") &&
      !can(regex("^[0-9]+([.][0-9]+){3}$", var.state_bucket)) && !can(regex("^(xn--|sthree-|amzn-s3-demo-)", var.state_bucket)) &&
      !can(regex("(-s3alias|--ol-s3|[.]mrap|--x-s3|--table-s3)$", var.state_bucket))
    )
    error_message = "state_bucket must be a name that S3 takes for a bucket."
  }
}

variable "evidence_bucket" {
  description = "Name of the bootstrapped bucket that holds evidence, write-once."
  type        = string

  validation {
    condition = (
      can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.evidence_bucket)) && !strcontains(var.evidence_bucket, "..") &&
      !can(regex("^[0-9]+([.][0-9]+){3}$", var.evidence_bucket)) && !can(regex("^(xn--|sthree-|amzn-s3-demo-)", var.evidence_bucket)) &&
      !can(regex("(-s3alias|--ol-s3|[.]mrap|--x-s3|--table-s3)$", var.evidence_bucket))
    )
    error_message = "evidence_bucket must be a name that S3 takes for a bucket."
  }
}

variable "work_bucket" {
  description = "Name of the bootstrapped bucket for plans and hand-over objects; its content expires."
  type        = string

  validation {
    condition = (
      can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.work_bucket)) && !strcontains(var.work_bucket, "..") &&
      !can(regex("^[0-9]+([.][0-9]+){3}$", var.work_bucket)) && !can(regex("^(xn--|sthree-|amzn-s3-demo-)", var.work_bucket)) &&
      !can(regex("(-s3alias|--ol-s3|[.]mrap|--x-s3|--table-s3)$", var.work_bucket))
    )
    error_message = "work_bucket must be a name that S3 takes for a bucket."
  }

  validation {
    condition     = length(distinct([var.state_bucket, var.evidence_bucket, var.work_bucket])) == 3
    error_message = "state_bucket, evidence_bucket and work_bucket must be three different buckets."
  }
}

variable "lock_table" {
  description = "Name of the bootstrapped DynamoDB table with the Terraform state locks."
  type        = string
}

variable "evidence_retention_days" {
  description = "Default Object Lock retention (GOVERNANCE) of every evidence object, in days."
  type        = number

  validation {
    condition     = var.evidence_retention_days >= 1 && var.evidence_retention_days <= 365 && floor(var.evidence_retention_days) == var.evidence_retention_days
    error_message = "evidence_retention_days must be a whole number of days from 1 to 365: so long nobody gets rid of the bucket."
  }
}

variable "work_expiry_days" {
  description = "Age in days at which objects in the work bucket are deleted."
  type        = number

  validation {
    condition     = var.work_expiry_days >= 1 && var.work_expiry_days <= 30 && floor(var.work_expiry_days) == var.work_expiry_days
    error_message = "work_expiry_days must be a whole number of days from 1 to 30."
  }
}

variable "execution_role_name" {
  description = "Name of the role that the lanes run as. It is the account owner's; core names it for others."
  type        = string
}

variable "budget_name" {
  description = "Name of the monthly cost budget."
  type        = string

  validation {
    condition     = can(regex("^[^:\\\\]{1,100}$", var.budget_name))
    error_message = "budget_name must have 1 to 100 characters, none of them a colon or a backslash."
  }
}

variable "budget_limit_usd" {
  description = "Monthly cap in USD."
  type        = number

  validation {
    condition     = var.budget_limit_usd > 0
    error_message = "budget_limit_usd must be above zero."
  }
}

variable "budget_thresholds_usd" {
  description = "Ladder of actual spend in USD at which the alert topic is notified, ascending, below the cap."
  type        = list(number)

  validation {
    # AWS allows ten notifications per budget.
    condition     = length(var.budget_thresholds_usd) >= 1 && length(var.budget_thresholds_usd) <= 10
    error_message = "budget_thresholds_usd needs one to ten steps."
  }

  validation {
    condition = alltrue([
      for index, step in var.budget_thresholds_usd :
      step > (index == 0 ? 0 : var.budget_thresholds_usd[index - 1]) && step < var.budget_limit_usd
    ])
    error_message = "budget_thresholds_usd must ascend, without repeats, from above 0 to below budget_limit_usd."
  }
}

variable "alert_email" {
  description = "Address subscribed to the alert topic. Its owner must confirm the subscription once."
  type        = string

  validation {
    condition     = can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.alert_email))
    error_message = "alert_email must be an e-mail address."
  }
}

variable "parameter_prefix" {
  description = "Path of the stack's own shared parameters: /<project>/<environment>/<stack>."
  type        = string

  validation {
    condition     = dirname(var.parameter_prefix) == "/${var.project}/${var.environment}"
    error_message = "parameter_prefix must be /<project>/<environment>/<stack>: other stacks derive their own path from it."
  }
}

variable "s3_use_path_style" {
  description = "Address buckets by path rather than by host name, as a stand-in behind a host name needs. AWS does not."
  type        = bool
  default     = false
}
