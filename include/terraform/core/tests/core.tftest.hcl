# What core promises and refuses, planned without AWS. A mocked provider cannot import, so everything that
# backend_adoption.tf imports is overridden. prevent_destroy cannot be seen from here: a test may not destroy what carries
# it (tests/terraform/test_core.py reads it in the code, the plan guard in every plan).

mock_provider "aws" {
  override_during = plan

  mock_resource "aws_sns_topic" {
    defaults = {
      arn = "arn:aws:sns:eu-west-2:111122223333:fraud-platform-dev-min-alerts"
    }
  }

  mock_data "aws_iam_policy_document" {
    defaults = {
      json          = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
      minified_json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
    }
  }
}

variables {
  account_id              = "111122223333"
  region                  = "eu-west-2"
  project                 = "fraud-platform"
  environment             = "dev_min"
  state_bucket            = "fraud-platform-dev-min-tfstate"
  evidence_bucket         = "fraud-platform-dev-min-evidence"
  work_bucket             = "fraud-platform-dev-min-work"
  lock_table              = "fraud-platform-dev-min-tf-locks"
  evidence_retention_days = 30
  work_expiry_days        = 14
  execution_role_name     = "fraud-platform-dev-min-lanes"
  budget_name             = "fraud-platform-dev-min-budget"
  budget_limit_usd        = 30
  budget_thresholds_usd   = [10, 20, 28]
  alert_email             = "on-call@example.com"
  parameter_prefix        = "/fraud-platform/dev_min/core"
}

override_resource {
  target = module.state_bucket.aws_s3_bucket.this
}

override_resource {
  target = module.state_bucket.aws_s3_bucket_versioning.this[0]
}

override_resource {
  target = module.state_bucket.aws_s3_bucket_server_side_encryption_configuration.this
}

override_resource {
  target = module.state_bucket.aws_s3_bucket_public_access_block.this
}

override_resource {
  target = module.state_bucket.aws_s3_bucket_policy.this
}

override_resource {
  target = module.evidence_bucket.aws_s3_bucket.this
}

override_resource {
  target = module.evidence_bucket.aws_s3_bucket_versioning.this[0]
}

override_resource {
  target = module.evidence_bucket.aws_s3_bucket_object_lock_configuration.this[0]
}

override_resource {
  target = module.evidence_bucket.aws_s3_bucket_server_side_encryption_configuration.this
}

override_resource {
  target = module.evidence_bucket.aws_s3_bucket_public_access_block.this
}

override_resource {
  target = module.evidence_bucket.aws_s3_bucket_policy.this
}

override_resource {
  target = module.work_bucket.aws_s3_bucket.this
}

override_resource {
  target = module.work_bucket.aws_s3_bucket_lifecycle_configuration.this[0]
}

override_resource {
  target = module.work_bucket.aws_s3_bucket_server_side_encryption_configuration.this
}

override_resource {
  target = module.work_bucket.aws_s3_bucket_public_access_block.this
}

override_resource {
  target = module.work_bucket.aws_s3_bucket_policy.this
}

override_resource {
  target = aws_dynamodb_table.locks
}

run "everything_in_its_place" {
  command = plan

  assert {
    condition = alltrue([
      for step in aws_budgets_budget.monthly.notification :
      step.notification_type == "ACTUAL" && step.comparison_operator == "GREATER_THAN" && step.threshold_type == "ABSOLUTE_VALUE"
    ])
    error_message = "Every step of the ladder must look at actual spend in USD."
  }

  assert {
    condition     = toset([for step in aws_budgets_budget.monthly.notification : step.threshold]) == toset([10, 20, 28])
    error_message = "The budget must have exactly the ladder's steps."
  }

  assert {
    condition = alltrue([
      for step in aws_budgets_budget.monthly.notification : step.subscriber_sns_topic_arns == toset([aws_sns_topic.alerts.arn])
    ])
    error_message = "Every step must reach the alert topic."
  }

  assert {
    condition     = aws_budgets_budget.monthly.limit_amount == "30" && aws_budgets_budget.monthly.limit_unit == "USD"
    error_message = "The cap must be the one given, in USD."
  }

  assert {
    condition     = aws_sns_topic_subscription.email.protocol == "email" && aws_sns_topic_subscription.email.endpoint == var.alert_email
    error_message = "Somebody must hear the alerts."
  }

  assert {
    condition = one([
      for statement in data.aws_iam_policy_document.alerts.statement : one(statement.condition).values if statement.sid == "BudgetsPublish"
    ]) == tolist([var.account_id])
    error_message = "Only budgets of this account may publish to the alert topic."
  }

  assert {
    condition = alltrue([
      for parameter in aws_ssm_parameter.shared : parameter.type == "String" && startswith(parameter.name, "${var.parameter_prefix}/")
    ])
    error_message = "Shared parameters must be handles below core's own prefix."
  }

  assert {
    condition     = output.execution_role_arn == "arn:aws:iam::111122223333:role/fraud-platform-dev-min-lanes"
    error_message = "The role that the lanes run as is the account owner's, and is named."
  }

  assert {
    condition     = output.parameter_prefix == var.parameter_prefix && output.evidence_bucket == var.evidence_bucket
    error_message = "The contract with other stacks must carry the handles that were given."
  }

  assert {
    condition = local.tags == {
      project     = "fraud-platform"
      environment = "dev_min"
      stack       = "core"
      lifecycle   = "persistent"
    }
    error_message = "The default tags must be these, and none of a run."
  }

  assert {
    condition     = aws_dynamodb_table.locks.deletion_protection_enabled && aws_dynamodb_table.locks.hash_key == "LockID"
    error_message = "The lock table must be one that Terraform can lock with, and protected."
  }
}

run "every_odd_value_is_refused" {
  command = plan

  variables {
    account_id              = "12345"
    region                  = "London"
    evidence_retention_days = 0
    work_expiry_days        = 1.5
    alert_email             = "nobody"
  }

  expect_failures = [
    var.account_id,
    var.region,
    var.evidence_retention_days,
    var.work_expiry_days,
    var.alert_email,
  ]
}

run "odd_names_are_refused" {
  command = plan

  variables {
    project          = "Fraud_Platform"
    parameter_prefix = "/Fraud_Platform/dev_min/core"
    work_bucket      = "fraud-platform-dev-min-tfstate"
    budget_name      = "a:b"
  }

  expect_failures = [var.project, var.work_bucket, var.budget_name]
}

run "names_that_s3_does_not_take_are_refused" {
  command = plan

  variables {
    state_bucket    = "my..state"
    evidence_bucket = "192.168.5.4"
  }

  expect_failures = [var.state_bucket, var.evidence_bucket]
}

# By itself: the lengths of both together are judged only where project is no odd one.
run "an_odd_environment_is_refused" {
  command = plan

  variables {
    environment      = "dev-min"
    parameter_prefix = "/fraud-platform/dev-min/core"
  }

  expect_failures = [var.environment]
}

run "names_that_come_out_too_long_are_refused" {
  command = plan

  variables {
    project          = "fraud-platform-of-everybody-abc"
    environment      = "dev_min_of_ours"
    parameter_prefix = "/fraud-platform-of-everybody-abc/dev_min_of_ours/core"
  }

  expect_failures = [var.environment]
}

run "another_parameter_prefix_is_refused" {
  command = plan

  variables {
    parameter_prefix = "/fraud-platform/dev_min"
  }

  expect_failures = [var.parameter_prefix]
}

run "no_cap_is_refused" {
  command = plan

  variables {
    budget_limit_usd      = 0
    budget_thresholds_usd = [10]
  }

  expect_failures = [var.budget_limit_usd]
}

run "a_ladder_that_reaches_the_cap_is_refused" {
  command = plan

  variables {
    budget_thresholds_usd = [10, 20, 30]
  }

  expect_failures = [var.budget_thresholds_usd]
}

run "a_ladder_that_does_not_ascend_is_refused" {
  command = plan

  variables {
    budget_thresholds_usd = [10, 28, 20]
  }

  expect_failures = [var.budget_thresholds_usd]
}

run "a_ladder_with_a_repeated_step_is_refused" {
  command = plan

  variables {
    budget_thresholds_usd = [10, 10, 28]
  }

  expect_failures = [var.budget_thresholds_usd]
}

run "a_ladder_without_steps_is_refused" {
  command = plan

  variables {
    budget_thresholds_usd = []
  }

  expect_failures = [var.budget_thresholds_usd]
}

run "more_steps_than_aws_takes_are_refused" {
  command = plan

  variables {
    budget_thresholds_usd = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
  }

  expect_failures = [var.budget_thresholds_usd]
}
