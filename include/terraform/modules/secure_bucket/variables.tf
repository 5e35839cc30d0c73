variable "name" {
  description = "Bucket name."
  type        = string
}

variable "versioned" {
  description = "Keep every version of every object. Required by object_lock_days."
  type        = bool
  default     = false
}

variable "deny_version_deletion" {
  description = "Deny s3:DeleteObjectVersion to everybody in the bucket policy."
  type        = bool
  default     = false
}

variable "object_lock_days" {
  description = "Default GOVERNANCE retention in days; null means no Object Lock. It can be chosen only when the bucket is made."
  type        = number
  default     = null

  validation {
    condition     = var.object_lock_days == null || var.versioned
    error_message = "Object Lock needs versioned = true."
  }
}

variable "expiry_days" {
  description = "Age in days at which objects are deleted; null keeps them."
  type        = number
  default     = null

  validation {
    condition     = var.expiry_days == null || var.object_lock_days == null
    error_message = "A bucket either expires its objects or locks them, not both."
  }
}
