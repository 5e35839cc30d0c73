# What lake promises and refuses, planned without AWS.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
    }
  }
}

variables {
  account_id  = "210987654321"
  region      = "eu-west-2"
  project     = "customer-insight"
  environment = "lake_min"
}

run "names_and_places" {
  command = plan

  assert {
    condition = [output.data_bucket, output.results_bucket, output.database, output.workgroup] == [
      "customer-insight-lake-min-lake-data",
      "customer-insight-lake-min-lake-results",
      "customer-insight-lake-min-lake",
      "customer-insight-lake-min-lake",
    ]
    error_message = "Names must begin with project, environment and stack: that is what the execution role may touch."
  }

  assert {
    condition     = aws_glue_catalog_table.events.storage_descriptor[0].location == "s3://customer-insight-lake-min-lake-data/events"
    error_message = "The table must lie in the data bucket."
  }

  assert {
    condition = (
      aws_glue_catalog_table.events.parameters["storage.location.template"] == "s3://customer-insight-lake-min-lake-data/events/day=$${day}" &&
      aws_glue_catalog_table.events.parameters["projection.day.range"] == "2026-01-01,NOW"
    )
    error_message = "Partitions must be found by their names, from the first day on."
  }

  assert {
    condition = local.tags == {
      project     = "customer-insight"
      environment = "lake_min"
      stack       = "lake"
      lifecycle   = "persistent"
    }
    error_message = "The default tags must not name a run: a build that changes nothing must leave the state alone."
  }
}

run "a_query_is_limited_and_its_answer_expires" {
  command = plan

  variables {
    scan_limit_gb       = 5
    results_expiry_days = 3
  }

  assert {
    condition = (
      aws_athena_workgroup.this.configuration[0].bytes_scanned_cutoff_per_query == 5368709120 &&
      aws_athena_workgroup.this.configuration[0].enforce_workgroup_configuration
    )
    error_message = "Nobody may scan more than the limit, nor ask past the workgroup."
  }

  assert {
    condition     = aws_athena_workgroup.this.configuration[0].result_configuration[0].output_location == "s3://customer-insight-lake-min-lake-results/"
    error_message = "Answers must lie where they expire."
  }
}

run "every_odd_value_is_refused" {
  command = plan

  variables {
    account_id          = "12345"
    region              = "London"
    project             = "Customer_Insight"
    first_day           = "2026-13-01"
    results_expiry_days = 0
    scan_limit_gb       = 0.5
  }

  expect_failures = [
    var.account_id,
    var.region,
    var.project,
    var.first_day,
    var.results_expiry_days,
    var.scan_limit_gb,
  ]
}

# By itself: the lengths of both together are judged only where project is no odd one.
run "an_odd_environment_is_refused" {
  command = plan

  variables {
    environment = "lake-min"
  }

  expect_failures = [var.environment]
}

run "names_that_come_out_too_long_are_refused" {
  command = plan

  variables {
    project     = "customer-insight-of-everybody-a"
    environment = "lake_min_of_all_of_us"
  }

  expect_failures = [var.environment]
}
