variable "name" {
  description = "Name of the VPC and prefix of the names inside it."
  type        = string
}

variable "region" {
  description = "AWS region, part of the endpoint service names."
  type        = string
}

variable "vpc_cidr" {
  description = "IPv4 range of the VPC. Each subnet gets a sixteenth of it."
  type        = string

  validation {
    condition     = can(cidrnetmask(var.vpc_cidr)) && can(regex("/(1[6-9]|2[0-4])$", var.vpc_cidr))
    error_message = "vpc_cidr must be an IPv4 range between /16 and /24."
  }
}

variable "availability_zones" {
  description = "Availability zones to spread over: one public and one isolated subnet in each, at most eight."
  type        = list(string)

  validation {
    condition     = length(var.availability_zones) >= 1 && length(var.availability_zones) <= 8
    error_message = "availability_zones must name one to eight zones."
  }
}
