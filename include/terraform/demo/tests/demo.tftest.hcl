# What demo promises and refuses, planned without AWS and without core's state.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_availability_zones" {
    defaults = {
      names = ["eu-west-2a", "eu-west-2b", "eu-west-2c"]
    }
  }

  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
    }
  }

  mock_resource "aws_db_instance" {
    defaults = {
      endpoint           = "runtime.example:5432"
      master_user_secret = [{ secret_arn = "arn:aws:secretsmanager:eu-west-2:111122223333:secret:rds!db-1" }]
    }
  }
}

override_data {
  target = data.terraform_remote_state.core
  values = {
    outputs = {
      alert_topic_arn    = "arn:aws:sns:eu-west-2:111122223333:fraud-platform-dev-min-alerts"
      evidence_bucket    = "fraud-platform-dev-min-evidence"
      execution_role_arn = "arn:aws:iam::111122223333:role/fraud-platform-dev-min-lanes"
      parameter_prefix   = "/fraud-platform/dev_min/core"
    }
  }
}

variables {
  account_id      = "111122223333"
  region          = "eu-west-2"
  project         = "fraud-platform"
  environment     = "dev_min"
  platform_run    = "platform_20260213T201427Z"
  contract_source = "remote_state"

  permissions_boundary_arn = "arn:aws:iam::111122223333:policy/fraud-platform-dev-min-boundary"

  core_state = {
    bucket = "fraud-platform-dev-min-tfstate"
    key    = "dev_min/core/terraform.tfstate"
    region = "eu-west-2"
  }
}

run "a_build_from_the_state_of_core" {
  command = plan

  assert {
    condition     = length(data.terraform_remote_state.core) == 1
    error_message = "Without values handed over, core's state is the source."
  }

  assert {
    condition     = output.parameter_prefix == "/fraud-platform/dev_min/demo"
    error_message = "Parameters must lie beside core's own, not below them."
  }

  assert {
    condition = local.tags == {
      project      = "fraud-platform"
      environment  = "dev_min"
      stack        = "demo"
      lifecycle    = "ephemeral"
      platform_run = "platform_20260213T201427Z"
    }
    error_message = "The default tags must name the run, by which left-overs are found."
  }

  assert {
    condition     = aws_ssm_parameter.runtime["alert_topic_arn"].value == local.core.alert_topic_arn
    error_message = "What core gives must reach the runtime."
  }

  assert {
    condition     = alltrue([for parameter in aws_ssm_parameter.runtime : parameter.type == "String"])
    error_message = "Parameters are handles; a secret lies in Secrets Manager."
  }

  assert {
    condition     = var.ecs_desired_count == 0 && one(aws_ecs_cluster.runtime.setting).value == "disabled"
    error_message = "Nothing may run, or be measured for money, unless somebody asks for it."
  }

  assert {
    condition     = length(module.runtime_database) == 1 && length(output.subnet_ids) == 4
    error_message = "The database and two zones are the default."
  }
}

run "without_a_database" {
  command = plan

  variables {
    runtime_database_enabled = false
    availability_zone_count  = 3
  }

  assert {
    condition     = length(module.runtime_database) == 0 && output.database_identifier == null && length(output.subnet_ids) == 6
    error_message = "There must be no database, and three zones."
  }

  assert {
    condition     = length([for name in keys(aws_ssm_parameter.runtime) : name if startswith(name, "database_")]) == 0
    error_message = "No parameter may name a database that is not there."
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.runtime_task.statement : statement.sid] == ["ReadRuntimeParameters", "RaiseAlerts"]
    error_message = "Tasks must not be allowed to read a secret that is not there."
  }
}

run "a_build_from_values_handed_over" {
  command = plan

  variables {
    contract_source = "manual"

    upstream_contract = {
      core = {
        alert_topic_arn    = "arn:aws:sns:eu-west-2:111122223333:by-hand"
        evidence_bucket    = "by-hand"
        execution_role_arn = "arn:aws:iam::111122223333:role/by-hand"
        parameter_prefix   = "/by/hand/core"
      }
    }
  }

  assert {
    condition     = length(data.terraform_remote_state.core) == 0 && output.parameter_prefix == "/by/hand/demo"
    error_message = "Values that were handed over must be used, and core's state left alone."
  }
}

run "a_state_of_core_that_lacks_an_output_is_refused" {
  command = plan

  override_data {
    target = data.terraform_remote_state.core
    values = {
      outputs = {
        alert_topic_arn    = "arn:aws:sns:eu-west-2:111122223333:fraud-platform-dev-min-alerts"
        evidence_bucket    = ""
        execution_role_arn = "arn:aws:iam::111122223333:role/fraud-platform-dev-min-lanes"
        parameter_prefix   = "/fraud-platform/dev_min/core"
      }
    }
  }

  expect_failures = [data.terraform_remote_state.core]
}

run "values_handed_over_unannounced_fail_the_check" {
  command = plan

  variables {
    upstream_contract = {
      core = {
        alert_topic_arn    = "arn:aws:sns:eu-west-2:111122223333:by-hand"
        evidence_bucket    = "by-hand"
        execution_role_arn = "arn:aws:iam::111122223333:role/by-hand"
        parameter_prefix   = "/by/hand/core"
      }
    }
  }

  expect_failures = [check.contract_source]
}

run "manual_without_values_is_refused" {
  command = plan

  variables {
    contract_source = "manual"
  }

  expect_failures = [var.contract_source]
}

run "an_empty_value_handed_over_is_refused" {
  command = plan

  variables {
    contract_source = "manual"

    upstream_contract = {
      core = {
        alert_topic_arn    = "arn:aws:sns:eu-west-2:111122223333:by-hand"
        evidence_bucket    = ""
        execution_role_arn = "arn:aws:iam::111122223333:role/by-hand"
        parameter_prefix   = "/by/hand/core"
      }
    }
  }

  expect_failures = [var.upstream_contract]
}

run "a_build_beside_kafka_reads_both_states" {
  command = plan

  override_data {
    target = data.terraform_remote_state.confluent
    values = {
      outputs = {
        cluster_id       = "lkc-123456"
        environment_id   = "env-123456"
        parameter_prefix = "/fraud-platform/dev_min/kafka"
      }
    }
  }

  variables {
    confluent_state = {
      bucket = "fraud-platform-dev-min-tfstate"
      key    = "dev_min/confluent/terraform.tfstate"
      region = "eu-west-2"
    }
  }

  assert {
    condition     = aws_ssm_parameter.runtime["kafka_parameter_prefix"].value == "/fraud-platform/dev_min/kafka"
    error_message = "Clients find Kafka's parameters by the prefix that demo hands on."
  }
}

run "a_state_of_confluent_that_lacks_an_output_is_refused" {
  command = plan

  override_data {
    target = data.terraform_remote_state.confluent
    values = {
      outputs = {
        cluster_id       = ""
        environment_id   = "env-123456"
        parameter_prefix = "/fraud-platform/dev_min/kafka"
      }
    }
  }

  variables {
    confluent_state = {
      bucket = "fraud-platform-dev-min-tfstate"
      key    = "dev_min/confluent/terraform.tfstate"
      region = "eu-west-2"
    }
  }

  expect_failures = [data.terraform_remote_state.confluent]
}

run "an_empty_value_of_confluent_handed_over_is_refused" {
  command = plan

  variables {
    contract_source = "manual"

    upstream_contract = {
      core = {
        alert_topic_arn    = "arn:aws:sns:eu-west-2:111122223333:by-hand"
        evidence_bucket    = "by-hand"
        execution_role_arn = "arn:aws:iam::111122223333:role/by-hand"
        parameter_prefix   = "/by/hand/core"
      }
      confluent = {
        cluster_id       = ""
        environment_id   = "env-123456"
        parameter_prefix = "/by/hand/kafka"
      }
    }
  }

  expect_failures = [var.upstream_contract]
}

run "every_odd_value_is_refused" {
  command = plan

  variables {
    account_id              = "12345"
    region                  = "London"
    project                 = "Fraud_Platform"
    platform_run            = ""
    availability_zone_count = 1
    ecs_desired_count       = -1
    log_retention_days      = 0
    contract_source         = "guess"

    permissions_boundary_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
  }

  expect_failures = [
    var.account_id,
    var.region,
    var.project,
    var.platform_run,
    var.availability_zone_count,
    var.ecs_desired_count,
    var.log_retention_days,
    var.contract_source,
    var.permissions_boundary_arn,
  ]
}

# By itself: the lengths of both together are judged only where project is no odd one.
run "an_odd_environment_is_refused" {
  command = plan

  variables {
    environment = "dev-min"
  }

  expect_failures = [var.environment]
}

run "names_that_come_out_too_long_are_refused" {
  command = plan

  variables {
    project     = "fraud-platform-of-everybody-abc"
    environment = "dev_min_of_ours"
  }

  expect_failures = [var.environment]
}
