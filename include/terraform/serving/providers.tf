# Endpoints and credentials come from the process environment (AWS_ENDPOINT_URL, AWS_ROLE_ARN, ...): the same
# code runs against AWS and against the sandbox.
provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = local.tags
  }
}
