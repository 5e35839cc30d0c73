locals {
  # The prefix of every name: the execution role may touch what begins with it. AWS allows no underscore where it matters.
  name = "${var.project}-${replace(var.environment, "_", "-")}-STACK_DASHED"

  # All of them mark what is left over after a teardown as this environment's.
  tags = {
    project      = var.project
    environment  = var.environment
    stack        = "STACK"
    lifecycle    = "ephemeral"
    platform_run = var.platform_run
  }
}
