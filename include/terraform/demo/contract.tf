# What demo needs from core, and from confluent where the environment has it. There are two sources and no fallback
# from one to the other:
#
#   upstream_contract is null   the states are read, and a value that they lack is an error
#   upstream_contract is set    no state of another stack is touched at all

locals {
  core_outputs      = ["alert_topic_arn", "evidence_bucket", "execution_role_arn", "parameter_prefix"]
  confluent_outputs = ["cluster_id", "environment_id", "parameter_prefix"]

  core = var.upstream_contract != null ? var.upstream_contract.core : {
    for output in local.core_outputs : output => data.terraform_remote_state.core[0].outputs[output]
  }

  # Null in an environment without Kafka.
  confluent = var.upstream_contract != null ? var.upstream_contract.confluent : (
    var.confluent_state == null ? null : {
      for output in local.confluent_outputs : output => data.terraform_remote_state.confluent[0].outputs[output]
    }
  )
}

data "terraform_remote_state" "core" {
  count   = var.upstream_contract == null ? 1 : 0
  backend = "s3"

  config = {
    bucket         = var.core_state.bucket
    key            = var.core_state.key
    region         = var.core_state.region
    use_path_style = var.state_use_path_style
  }

  lifecycle {
    postcondition {
      condition = alltrue([for output in local.core_outputs : try(length(self.outputs[output]) > 0, false)])
      error_message = format(
        "s3://%s/%s lacks the output(s) %s. Apply core first.",
        var.core_state.bucket,
        var.core_state.key,
        join(", ", [for output in local.core_outputs : output if !try(length(self.outputs[output]) > 0, false)]),
      )
    }
  }
}

data "terraform_remote_state" "confluent" {
  count   = var.upstream_contract == null && var.confluent_state != null ? 1 : 0
  backend = "s3"

  config = {
    bucket         = var.confluent_state.bucket
    key            = var.confluent_state.key
    region         = var.confluent_state.region
    use_path_style = var.state_use_path_style
  }

  lifecycle {
    postcondition {
      condition = alltrue([for output in local.confluent_outputs : try(length(self.outputs[output]) > 0, false)])
      error_message = format(
        "s3://%s/%s lacks the output(s) %s. Apply confluent first.",
        var.confluent_state.bucket,
        var.confluent_state.key,
        join(", ", [for output in local.confluent_outputs : output if !try(length(self.outputs[output]) > 0, false)]),
      )
    }
  }
}

# A warning, and a failed check in the plan's JSON, rather than an error: planning with a recorded contract is right for
# finding drift before a destroy, and wrong only for a build.
check "contract_source" {
  assert {
    condition     = var.contract_source == "manual" || var.upstream_contract == null
    error_message = "contract_source = remote_state, but upstream_contract is set and core's state was not read. Never build like this: a build from handed-over values says manual."
  }
}
