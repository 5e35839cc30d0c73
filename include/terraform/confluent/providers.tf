# Endpoints and credentials come from the process environment (AWS_ENDPOINT_URL, AWS_ROLE_ARN, ...): the same
# code runs against AWS and against the sandbox.
provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = local.tags
  }
}

# The Cloud API key comes from CONFLUENT_CLOUD_API_KEY and CONFLUENT_CLOUD_API_SECRET. The endpoint is the one setting
# for which the provider reads no environment variable; null is Confluent's own.
provider "confluent" {
  endpoint = var.confluent_endpoint
}
