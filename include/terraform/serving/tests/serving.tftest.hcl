# What serving promises and refuses, planned without AWS and without lake.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
    }
  }

  mock_resource "aws_iam_role" {
    defaults = {
      arn = "arn:aws:iam::210987654321:role/customer-insight-lake-min-serving-score"
    }
  }

  mock_resource "aws_lambda_function_url" {
    defaults = {
      function_url = "https://x.lambda-url.eu-west-2.on.aws/"
    }
  }
}

variables {
  account_id       = "210987654321"
  region           = "eu-west-2"
  project          = "customer-insight"
  environment      = "lake_min"
  platform_run     = "platform_20260213T201427Z"
  parameter_prefix = "/customer-insight/lake_min/serving"
  data_bucket      = "customer-insight-lake-min-lake-data"

  permissions_boundary_arn = "arn:aws:iam::210987654321:policy/customer-insight-lake-min-boundary"
}

run "nobody_without_a_signature" {
  command = plan

  assert {
    condition     = aws_lambda_function_url.score.authorization_type == "AWS_IAM"
    error_message = "Whoever asks must sign with a right of the account."
  }

  assert {
    condition     = aws_dynamodb_table.online.billing_mode == "PAY_PER_REQUEST" && aws_dynamodb_table.online.name == "customer-insight-lake-min-serving-online"
    error_message = "The table must cost nothing at rest, and bear the stack's name."
  }

  assert {
    condition     = aws_ssm_parameter.runtime["data_bucket"].value == "customer-insight-lake-min-lake-data"
    error_message = "It must say from where the table can be filled."
  }

  assert {
    condition = local.tags == {
      project      = "customer-insight"
      environment  = "lake_min"
      stack        = "serving"
      lifecycle    = "ephemeral"
      platform_run = "platform_20260213T201427Z"
    }
    error_message = "The default tags must name the run, by which left-overs are found."
  }
}

run "every_odd_value_is_refused" {
  command = plan

  variables {
    account_id         = "12345"
    region             = "London"
    project            = "Customer_Insight"
    platform_run       = ""
    data_bucket        = ""
    log_retention_days = 0

    permissions_boundary_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
  }

  expect_failures = [
    var.account_id,
    var.region,
    var.project,
    var.platform_run,
    var.data_bucket,
    var.log_retention_days,
    var.permissions_boundary_arn,
  ]
}

run "a_path_of_another_environment_is_refused" {
  command = plan

  variables {
    parameter_prefix = "/customer-insight/others/serving"
  }

  expect_failures = [var.parameter_prefix]
}

# By itself: the lengths of both together are judged only where project is no odd one.
run "an_odd_environment_is_refused" {
  command = plan

  variables {
    environment      = "lake-min"
    parameter_prefix = "/customer-insight/lake-min/serving"
  }

  expect_failures = [var.environment]
}

run "names_that_come_out_too_long_are_refused" {
  command = plan

  variables {
    project          = "customer-insight-of-everybody-a"
    environment      = "lake_min_of_all_of_us"
    parameter_prefix = "/customer-insight-of-everybody-a/lake_min_of_all_of_us/serving"
  }

  expect_failures = [var.environment]
}
