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
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be an AWS region name such as eu-west-2."
  }
}

variable "project" {
  description = "Project handle: first part of every name, and a tag."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.project))
    error_message = "project must be lower-case letters, digits and hyphens, starting with a letter."
  }
}

variable "environment" {
  description = "Environment handle as in the manifest, for example dev_min: second part of every name, and a tag."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{1,20}$", var.environment))
    error_message = "environment must be lower-case letters, digits and underscores, starting with a letter."
  }
}

variable "state_bucket" {
  description = "Name of the bootstrapped bucket that holds the Terraform state of every stack."
  type        = string
}

variable "evidence_bucket" {
  description = "Name of the bootstrapped bucket that holds evidence, write-once."
  type        = string
}

variable "work_bucket" {
  description = "Name of the bootstrapped bucket for plans and hand-over objects; its content expires."
  type        = string

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
    condition     = var.evidence_retention_days >= 1 && floor(var.evidence_retention_days) == var.evidence_retention_days
    error_message = "evidence_retention_days must be a whole number of days, at least 1."
  }
}

variable "work_expiry_days" {
  description = "Age in days at which objects in the work bucket are deleted."
  type        = number

  validation {
    condition     = var.work_expiry_days >= 1 && floor(var.work_expiry_days) == var.work_expiry_days
    error_message = "work_expiry_days must be a whole number of days, at least 1."
  }
}

variable "execution_role_name" {
  description = "Name of the role that the lanes run as. It is the account owner's; core names it for others."
  type        = string
}

variable "oidc_provider_url" {
  description = "Issuer URL of the identity provider whose tokens may assume the execution role. Imported by core."
  type        = string

  validation {
    condition     = can(regex("^https://[^/?#]+(/[^?#]*[^/?#])?$", var.oidc_provider_url))
    error_message = "oidc_provider_url must be an https URL without query and without trailing slash."
  }
}

variable "oidc_audience" {
  description = "The only audience (aud claim) of the identity provider."
  type        = string

  validation {
    condition     = length(var.oidc_audience) > 0 && !strcontains(var.oidc_audience, "*")
    error_message = "oidc_audience must be one exact value; a wildcard would trust strangers."
  }
}

variable "budget_name" {
  description = "Name of the monthly cost budget."
  type        = string
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
    # AWS allows five notifications per budget.
    condition     = length(var.budget_thresholds_usd) >= 1 && length(var.budget_thresholds_usd) <= 5
    error_message = "budget_thresholds_usd needs one to five steps."
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
    condition     = can(regex("^[^@\\s]+@[^@\\s]+$", var.alert_email))
    error_message = "alert_email must be an e-mail address."
  }
}

variable "parameter_prefix" {
  description = "Path of core's own shared parameters: /<project>/<environment>/core."
  type        = string

  validation {
    condition     = var.parameter_prefix == "/${var.project}/${var.environment}/core"
    error_message = "parameter_prefix must be /<project>/<environment>/core: other stacks derive their own path from it."
  }
}

variable "s3_use_path_style" {
  description = "Address buckets by path rather than by host name, as a stand-in behind a host name needs. AWS does not."
  type        = bool
  default     = false
}
