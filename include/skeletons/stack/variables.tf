variable "account_id" {
  description = "AWS account that this environment lives in. The provider refuses credentials of any other account."
  type        = string
}

variable "region" {
  description = "AWS region of every regional resource, for example eu-west-2."
  type        = string
}

variable "project" {
  description = "Project handle: first part of every name, and a tag."
  type        = string
}

variable "environment" {
  description = "Environment handle as in the manifest, for example dev_min: second part of every name, and a tag."
  type        = string
}

variable "platform_run" {
  description = "Platform run that this build belongs to: the tag by which left-overs are traced to their run."
  type        = string
}

variable "parameter_prefix" {
  description = "Path of the stack's own SSM parameters."
  type        = string
}
