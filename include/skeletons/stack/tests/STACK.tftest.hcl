# `terraform test`, with a mocked provider.
mock_provider "aws" {}

variables {
  account_id       = "123456789012"
  region           = "eu-west-2"
  project          = "fraud-platform"
  environment      = "dev_min"
  platform_run     = "platform_test"
  parameter_prefix = "/fraud-platform/dev_min/STACK"
}

run "names_and_paths" {
  command = plan

  assert {
    condition     = aws_ssm_parameter.name.name == "/fraud-platform/dev_min/STACK/name"
    error_message = "the parameter lies below the stack's own path"
  }
}
