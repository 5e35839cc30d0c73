# Execution role, document `backend`: what is there before any stack.

data "aws_iam_policy_document" "execution_backend" {
  statement {
    sid       = "BucketsList"
    actions   = ["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"]
    resources = local.bucket_arns
  }

  statement {
    sid = "ObjectsReadAndWrite"
    actions = [
      "s3:AbortMultipartUpload",
      "s3:GetObject",
      "s3:GetObjectAttributes",
      "s3:GetObjectRetention",
      "s3:GetObjectVersion",
      "s3:ListMultipartUploadParts",
      "s3:PutObject",
      "s3:PutObjectRetention",
    ]
    resources = [for arn in local.bucket_arns : "${arn}/*"]
  }

  # Releasing a state lock deletes its lock file; state itself is never deleted.
  statement {
    sid       = "ObjectsDelete"
    actions   = ["s3:DeleteObject"]
    resources = ["${local.state_arn}/*.tflock", "${local.work_arn}/*"]
  }

  statement {
    sid = "BucketSettings"
    actions = [
      "s3:GetAccelerateConfiguration",
      "s3:GetBucket*",
      "s3:GetEncryptionConfiguration",
      "s3:GetLifecycleConfiguration",
      "s3:GetReplicationConfiguration",
      "s3:PutBucketObjectLockConfiguration",
      "s3:PutBucketOwnershipControls",
      "s3:PutBucketPolicy",
      "s3:PutBucketPublicAccessBlock",
      "s3:PutBucketTagging",
      "s3:PutBucketVersioning",
      "s3:PutEncryptionConfiguration",
      "s3:PutLifecycleConfiguration",
    ]
    resources = local.bucket_arns
  }

  # The bootstrap lane runs before Terraform and is idempotent, so it may create these and only these.
  statement {
    sid       = "BackendBootstrap"
    actions   = ["s3:CreateBucket", "dynamodb:CreateTable"]
    resources = concat(local.bucket_arns, [local.lock_table_arn])
  }

  statement {
    sid = "LockTable"
    actions = [
      "dynamodb:DeleteItem",
      "dynamodb:Describe*",
      "dynamodb:GetItem",
      "dynamodb:ListTagsOfResource",
      "dynamodb:PutItem",
      "dynamodb:Query",
      "dynamodb:Scan",
      "dynamodb:TagResource",
      "dynamodb:UntagResource",
      "dynamodb:UpdateContinuousBackups",
      "dynamodb:UpdateTable",
    ]
    resources = [local.lock_table_arn]
  }
}
