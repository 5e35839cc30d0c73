# The module that makes every bucket of core: closed to the public, encrypted, over TLS only, whatever kind it is.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
    }
  }
}

run "a_bucket_that_keeps_history" {
  command = plan

  module {
    source = "../modules/secure_bucket"
  }

  variables {
    name                  = "fraud-platform-dev-min-evidence"
    versioned             = true
    deny_version_deletion = true
    object_lock_days      = 30
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "All four ways to the public must be blocked."
  }

  assert {
    condition = one([
      for statement in data.aws_iam_policy_document.this.statement : [
        statement.effect,
        statement.actions,
        statement.resources,
        [for principal in statement.principals : [principal.type, principal.identifiers]],
        [for condition in statement.condition : [condition.test, condition.variable, condition.values]],
      ] if statement.sid == "DenyInsecureTransport"
      ]) == [
      "Deny",
      toset(["s3:*"]),
      toset(["arn:aws:s3:::fraud-platform-dev-min-evidence", "arn:aws:s3:::fraud-platform-dev-min-evidence/*"]),
      [["*", toset(["*"])]],
      [["Bool", "aws:SecureTransport", tolist(["false"])]],
    ]
    error_message = "Nobody may do anything without TLS."
  }

  assert {
    condition = one([
      for statement in data.aws_iam_policy_document.this.statement : [statement.effect, statement.actions, statement.resources]
      if statement.sid == "DenyVersionDeletion"
    ]) == ["Deny", toset(["s3:DeleteObjectVersion"]), toset(["arn:aws:s3:::fraud-platform-dev-min-evidence/*"])]
    error_message = "Nobody may delete a version."
  }

  assert {
    condition     = aws_s3_bucket_policy.this.policy == data.aws_iam_policy_document.this.json
    error_message = "The policy must be on the bucket."
  }

  assert {
    condition     = aws_s3_bucket_versioning.this[0].versioning_configuration[0].status == "Enabled"
    error_message = "Versions must be kept."
  }

  assert {
    condition = [
      aws_s3_bucket.this.object_lock_enabled,
      aws_s3_bucket_object_lock_configuration.this[0].rule[0].default_retention[0].mode,
      aws_s3_bucket_object_lock_configuration.this[0].rule[0].default_retention[0].days,
    ] == [true, "GOVERNANCE", 30]
    error_message = "Objects must be locked for the retention that was asked for."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "Objects must be encrypted."
  }

  assert {
    condition     = length(aws_s3_bucket_lifecycle_configuration.this) == 0 && !aws_s3_bucket.this.force_destroy
    error_message = "Nothing may expire, and no destroy may empty the bucket."
  }
}

run "a_bucket_whose_content_expires" {
  command = plan

  module {
    source = "../modules/secure_bucket"
  }

  variables {
    name        = "fraud-platform-dev-min-work"
    expiry_days = 14
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.this[0].rule[0].expiration[0].days == 14
    error_message = "Content must expire when it was asked to."
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.this.statement : statement.sid] == ["DenyInsecureTransport"]
    error_message = "TLS only, and versions may go: there are none."
  }

  assert {
    condition     = length(aws_s3_bucket_versioning.this) == 0 && length(aws_s3_bucket_object_lock_configuration.this) == 0
    error_message = "What expires is not kept in versions or locks."
  }
}

run "locks_need_versions" {
  command = plan

  module {
    source = "../modules/secure_bucket"
  }

  variables {
    name             = "fraud-platform-dev-min-evidence"
    object_lock_days = 30
  }

  expect_failures = [var.object_lock_days]
}

run "what_is_locked_does_not_expire" {
  command = plan

  module {
    source = "../modules/secure_bucket"
  }

  variables {
    name             = "fraud-platform-dev-min-evidence"
    versioned        = true
    object_lock_days = 30
    expiry_days      = 14
  }

  expect_failures = [var.expiry_days]
}
