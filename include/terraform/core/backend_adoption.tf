# Everything below existed before this stack's first plan: the bootstrap lane made the buckets and the lock table. Import
# blocks stay for good: once imported they do nothing, and an environment that is built again from its bootstrap needs
# them again.

import {
  to = module.state_bucket.aws_s3_bucket.this
  id = var.state_bucket
}

import {
  to = module.state_bucket.aws_s3_bucket_versioning.this[0]
  id = var.state_bucket
}

import {
  to = module.state_bucket.aws_s3_bucket_server_side_encryption_configuration.this
  id = var.state_bucket
}

import {
  to = module.state_bucket.aws_s3_bucket_public_access_block.this
  id = var.state_bucket
}

import {
  to = module.state_bucket.aws_s3_bucket_policy.this
  id = var.state_bucket
}

import {
  to = module.evidence_bucket.aws_s3_bucket.this
  id = var.evidence_bucket
}

import {
  to = module.evidence_bucket.aws_s3_bucket_versioning.this[0]
  id = var.evidence_bucket
}

import {
  to = module.evidence_bucket.aws_s3_bucket_object_lock_configuration.this[0]
  id = var.evidence_bucket
}

import {
  to = module.evidence_bucket.aws_s3_bucket_server_side_encryption_configuration.this
  id = var.evidence_bucket
}

import {
  to = module.evidence_bucket.aws_s3_bucket_public_access_block.this
  id = var.evidence_bucket
}

import {
  to = module.evidence_bucket.aws_s3_bucket_policy.this
  id = var.evidence_bucket
}

import {
  to = module.work_bucket.aws_s3_bucket.this
  id = var.work_bucket
}

import {
  to = module.work_bucket.aws_s3_bucket_lifecycle_configuration.this[0]
  id = var.work_bucket
}

import {
  to = module.work_bucket.aws_s3_bucket_server_side_encryption_configuration.this
  id = var.work_bucket
}

import {
  to = module.work_bucket.aws_s3_bucket_public_access_block.this
  id = var.work_bucket
}

import {
  to = module.work_bucket.aws_s3_bucket_policy.this
  id = var.work_bucket
}

import {
  to = aws_dynamodb_table.locks
  id = var.lock_table
}
