# serving is an ephemeral stack: made for a platform run, gone after it. A function answers with what is known of a
# customer, at an address that wants requests signed by IAM. At rest nothing of it costs anything: the table is billed
# by what it holds and by requests, the function by calls.
#
#   main.tf   table, function, address, handles in SSM

# Only a copy: it is filled from the data of lake, so nothing in it is worth keeping.
resource "aws_dynamodb_table" "online" {
  name         = "${local.name}-online"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "customer_id"

  attribute {
    name = "customer_id"
    type = "S"
  }
}

data "aws_iam_policy_document" "score" {
  statement {
    sid       = "ReadTheTable"
    actions   = ["dynamodb:GetItem"]
    resources = [aws_dynamodb_table.online.arn]
  }
}

module "score" {
  source = "../modules/function"

  name               = "${local.name}-score"
  description        = "Answers with what is known of a customer"
  package            = "${path.module}/function/score.zip"
  handler            = "score.handler"
  timeout_seconds    = 5
  log_retention_days = var.log_retention_days
  policy_json        = data.aws_iam_policy_document.score.json

  permissions_boundary_arn = var.permissions_boundary_arn

  environment_variables = {
    TABLE = aws_dynamodb_table.online.name
  }
}

# Nobody without a signature of this account gets an answer.
resource "aws_lambda_function_url" "score" {
  function_name      = module.score.name
  authorization_type = "AWS_IAM"
}

resource "aws_ssm_parameter" "runtime" {
  for_each = local.parameters

  name  = "${var.parameter_prefix}/${each.key}"
  type  = "String"
  value = each.value
}
