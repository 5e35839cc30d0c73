# core is the persistent stack: what every other stack stands on, and what outlives all of them.
#
#   main.tf               buckets and lock table (imported, see backend_adoption.tf), shared parameters
#   backend_adoption.tf   import blocks for everything that existed before Terraform
#   budget.tf             budget ladder, alert topic, subscription

module "state_bucket" {
  source = "../modules/secure_bucket"

  name                  = var.state_bucket
  versioned             = true
  deny_version_deletion = true
}

module "evidence_bucket" {
  source = "../modules/secure_bucket"

  name                  = var.evidence_bucket
  versioned             = true
  deny_version_deletion = true
  object_lock_days      = var.evidence_retention_days
}

module "work_bucket" {
  source = "../modules/secure_bucket"

  name        = var.work_bucket
  expiry_days = var.work_expiry_days
}

resource "aws_dynamodb_table" "locks" {
  name                        = var.lock_table
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "LockID"
  deletion_protection_enabled = true

  attribute {
    name = "LockID"
    type = "S"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled = true
  }

  lifecycle {
    prevent_destroy = true
  }
}

# Handles only. A secret would be a SecureString, and core has none.
resource "aws_ssm_parameter" "shared" {
  for_each = local.parameters

  name  = "${var.parameter_prefix}/${each.key}"
  type  = "String"
  value = each.value
}
