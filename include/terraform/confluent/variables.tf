variable "account_id" {
  description = "AWS account that this environment lives in. The provider refuses credentials of any other account."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be twelve digits."
  }
}

variable "region" {
  description = "AWS region of the parameters, and the region of AWS that the cluster runs in, for example eu-west-2."
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

variable "confluent_endpoint" {
  description = "Address of Confluent's API; null is Confluent's own. Set by the sandbox profile only."
  type        = string
  default     = null
  nullable    = true

  validation {
    condition     = var.confluent_endpoint == null || can(regex("^https?://[^/]+/?$", var.confluent_endpoint))
    error_message = "confluent_endpoint must be null or a URL without a path."
  }
}

variable "api_key_generation" {
  description = "Raise it to rotate: every API key is replaced by a new one, and the old ones are deleted."
  type        = number
  default     = 1

  validation {
    condition     = var.api_key_generation >= 1 && floor(var.api_key_generation) == var.api_key_generation
    error_message = "api_key_generation must be a whole number, one or above."
  }
}

variable "topics" {
  description = <<-EOT
    Topics by name, and who may do what with them. access maps a role to "read" or "write":
    write is WRITE and DESCRIBE on the topic; read is READ and DESCRIBE on it, and READ on the role's consumer groups.
    A basic cluster bills partitions beyond the first ten.
  EOT
  type = map(object({
    partitions = optional(number, 1)
    config     = optional(map(string), {})
    access     = optional(map(string), {})
  }))
  default = {
    "fraud.transactions" = {
      partitions = 3
      config     = { "retention.ms" = "86400000" }
      access     = { producer = "write", consumer = "read" }
    }
    "fraud.decisions" = {
      partitions = 1
      config     = { "retention.ms" = "86400000" }
      access     = { producer = "write", consumer = "read" }
    }
  }

  validation {
    condition     = alltrue([for name in keys(var.topics) : can(regex("^[a-zA-Z0-9._-]{1,249}$", name))])
    error_message = "topics: a name has letters, digits, dots, underscores and hyphens only."
  }

  validation {
    condition = alltrue([
      for topic in values(var.topics) : topic.partitions >= 1 && floor(topic.partitions) == topic.partitions
    ])
    error_message = "topics: partitions must be a whole number, one or above."
  }

  validation {
    condition = alltrue(flatten([
      for topic in values(var.topics) : [
        for role, mode in topic.access : contains(["producer", "consumer"], role) && contains(["read", "write"], mode)
      ]
    ]))
    error_message = "topics: access maps producer or consumer to read or write. The operator may do everything anyway."
  }
}
