# STACK is an ephemeral stack: made for a platform run, gone after it.

resource "aws_ssm_parameter" "name" {
  name  = "${var.parameter_prefix}/name"
  type  = "String"
  value = local.name
}
