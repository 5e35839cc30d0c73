# What features promises and refuses, planned without AWS and without lake.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
    }
  }

  mock_resource "aws_iam_role" {
    defaults = {
      arn = "arn:aws:iam::210987654321:role/customer-insight-lake-min-features-x"
    }
  }

  mock_resource "aws_lambda_function" {
    defaults = {
      arn = "arn:aws:lambda:eu-west-2:210987654321:function:customer-insight-lake-min-features-build"
    }
  }

  mock_resource "aws_sqs_queue" {
    defaults = {
      arn = "arn:aws:sqs:eu-west-2:210987654321:customer-insight-lake-min-features-x"
      url = "https://sqs.eu-west-2.amazonaws.com/210987654321/customer-insight-lake-min-features-x"
    }
  }
}

variables {
  account_id       = "210987654321"
  region           = "eu-west-2"
  project          = "customer-insight"
  environment      = "lake_min"
  platform_run     = "platform_20260213T201427Z"
  parameter_prefix = "/customer-insight/lake_min/features"
  data_bucket      = "customer-insight-lake-min-lake-data"
  results_bucket   = "customer-insight-lake-min-lake-results"
  database         = "customer-insight-lake-min-lake"
  events_table     = "events"
  workgroup        = "customer-insight-lake-min-lake"

  permissions_boundary_arn = "arn:aws:iam::210987654321:policy/customer-insight-lake-min-boundary"
}

run "at_rest_nothing_is_called" {
  command = plan

  assert {
    condition     = aws_scheduler_schedule.nightly.state == "DISABLED"
    error_message = "The schedule must be off unless it was asked for."
  }

  assert {
    condition = local.tags == {
      project      = "customer-insight"
      environment  = "lake_min"
      stack        = "features"
      lifecycle    = "ephemeral"
      platform_run = "platform_20260213T201427Z"
    }
    error_message = "The default tags must name the run, by which left-overs are found."
  }

  assert {
    condition     = aws_ssm_parameter.runtime["function"].name == "/customer-insight/lake_min/features/function"
    error_message = "Parameters must lie below the stack's own path."
  }

  assert {
    condition     = strcontains(local.query, "FROM \"customer-insight-lake-min-lake\".\"events\"")
    error_message = "The query must quote names with hyphens."
  }
}

run "at_night_if_asked_for" {
  command = plan

  variables {
    schedule_enabled = true
  }

  assert {
    condition     = aws_scheduler_schedule.nightly.state == "ENABLED" && output.schedule_state == "ENABLED"
    error_message = "The schedule must be on when it was asked for."
  }
}

run "a_role_knows_what_it_may_touch_while_it_is_planned" {
  command = plan

  assert {
    condition = toset(one([for it in data.aws_iam_policy_document.build.statement : it.resources if it.sid == "ReadTheCatalog"])) == toset([
      "arn:aws:glue:eu-west-2:210987654321:catalog",
      "arn:aws:glue:eu-west-2:210987654321:database/customer-insight-lake-min-lake",
      "arn:aws:glue:eu-west-2:210987654321:table/customer-insight-lake-min-lake/events",
    ])
    error_message = "Glue asks for the catalog, the database and the table, and the function may read no other."
  }

  assert {
    condition     = aws_iam_role.schedule.permissions_boundary == var.permissions_boundary_arn
    error_message = "The role must stay within the boundary."
  }
}

run "a_function_within_the_boundary" {
  command = plan

  module {
    source = "../modules/function"
  }

  variables {
    name                  = "customer-insight-lake-min-features-build"
    description           = "Builds"
    package               = "./function/build.zip"
    handler               = "build.handler"
    environment_variables = {}
    log_retention_days    = 7
    policy_json           = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
  }

  assert {
    condition     = aws_iam_role.this.permissions_boundary == var.permissions_boundary_arn
    error_message = "The role must stay within the boundary."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/aws/lambda/${aws_lambda_function.this.function_name}"
    error_message = "Lambda writes to the group of this name; it must be the one that expires."
  }
}

run "a_name_that_no_function_may_have_is_refused" {
  command = plan

  module {
    source = "../modules/function"
  }

  variables {
    name                  = "a-name-of-sixty-five-characters-is-one-too-many-for-a-function-xy"
    description           = "Builds"
    package               = "./function/build.zip"
    handler               = "build.handler"
    environment_variables = {}
    log_retention_days    = 7
    policy_json           = "{}"
  }

  expect_failures = [var.name]
}

run "every_odd_value_is_refused" {
  command = plan

  variables {
    account_id         = "12345"
    region             = "London"
    project            = "Customer_Insight"
    platform_run       = ""
    data_bucket        = ""
    results_bucket     = ""
    database           = ""
    events_table       = ""
    workgroup          = ""
    log_retention_days = 0

    permissions_boundary_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
  }

  expect_failures = [
    var.account_id,
    var.region,
    var.project,
    var.platform_run,
    var.data_bucket,
    var.results_bucket,
    var.database,
    var.events_table,
    var.workgroup,
    var.log_retention_days,
    var.permissions_boundary_arn,
  ]
}

run "a_path_of_another_environment_is_refused" {
  command = plan

  variables {
    parameter_prefix = "/customer-insight/others/features"
  }

  expect_failures = [var.parameter_prefix]
}

# By itself: the lengths of both together are judged only where project is no odd one.
run "an_odd_environment_is_refused" {
  command = plan

  variables {
    environment      = "lake-min"
    parameter_prefix = "/customer-insight/lake-min/features"
  }

  expect_failures = [var.environment]
}

run "names_that_come_out_too_long_are_refused" {
  command = plan

  variables {
    project          = "customer-insight-of-everybody-a"
    environment      = "lake_min_of_all_of_us"
    parameter_prefix = "/customer-insight-of-everybody-a/lake_min_of_all_of_us/features"
  }

  expect_failures = [var.environment]
}
