# What demo needs from core. There are two sources and no fallback from one to the other:
#
#   upstream_contract is null   core's state is read, and a value that it lacks is an error
#   upstream_contract is set    core's state is not touched at all

locals {
  core_outputs = ["alert_topic_arn", "evidence_bucket", "execution_role_arn", "parameter_prefix"]

  core = var.upstream_contract != null ? var.upstream_contract.core : {
    for output in local.core_outputs : output => data.terraform_remote_state.core[0].outputs[output]
  }
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

# A warning, and a failed check in the plan's JSON, rather than an error: planning with a recorded contract is right for
# finding drift before a destroy, and wrong only for a build.
check "contract_source" {
  assert {
    condition     = var.contract_source == "manual" || var.upstream_contract == null
    error_message = "contract_source = remote_state, but upstream_contract is set and core's state was not read. Never build like this: a build from handed-over values says manual."
  }
}
