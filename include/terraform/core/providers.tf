# Endpoints and credentials come from the process environment (AWS_ENDPOINT_URL, AWS_ROLE_ARN, ...): the same
# code runs against AWS and against the sandbox.
provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]
  s3_use_path_style   = var.s3_use_path_style

  # No per-run tag here: a build must leave core untouched when nothing in it changed.
  default_tags {
    tags = local.tags
  }
}
