# features is an ephemeral stack: made for a platform run, gone after it. A function asks Athena for the features of a
# day, on what the persistent stack lake holds. At rest nothing of it costs anything: the schedule is off.
#
#   main.tf       the function, the queues, handles in SSM
#   schedule.tf   the nightly schedule that calls the function

data "aws_iam_policy_document" "build" {
  statement {
    sid       = "AskAthena"
    actions   = ["athena:StartQueryExecution"]
    resources = ["arn:aws:athena:${var.region}:${var.account_id}:workgroup/${var.workgroup}"]
  }

  statement {
    sid     = "ReadTheCatalog"
    actions = ["glue:GetDatabase", "glue:GetPartitions", "glue:GetTable"]
    resources = [
      "${local.glue}:catalog",
      "${local.glue}:database/${var.database}",
      "${local.glue}:table/${var.database}/${var.events_table}",
    ]
  }

  # Athena reads and writes in the name of whoever asks.
  statement {
    sid       = "ReadTheData"
    actions   = ["s3:GetObject", "s3:ListBucket"]
    resources = ["arn:aws:s3:::${var.data_bucket}", "arn:aws:s3:::${var.data_bucket}/*"]
  }

  statement {
    sid       = "WriteTheAnswer"
    actions   = ["s3:AbortMultipartUpload", "s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket", "s3:PutObject"]
    resources = ["arn:aws:s3:::${var.results_bucket}", "arn:aws:s3:::${var.results_bucket}/*"]
  }

  statement {
    sid       = "SayWhatWasBuilt"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.built.arn]
  }
}

module "build" {
  source = "../modules/function"

  name               = "${local.name}-build"
  description        = "Asks Athena for the features of a day"
  package            = "${path.module}/function/build.zip"
  handler            = "build.handler"
  log_retention_days = var.log_retention_days
  policy_json        = data.aws_iam_policy_document.build.json

  permissions_boundary_arn = var.permissions_boundary_arn

  environment_variables = {
    QUERY       = local.query
    DATABASE    = var.database
    WORKGROUP   = var.workgroup
    BUILT_QUEUE = aws_sqs_queue.built.url
  }
}

# One message for each query that was started.
resource "aws_sqs_queue" "built" {
  name                      = "${local.name}-built"
  message_retention_seconds = 4 * 24 * 3600
  sqs_managed_sse_enabled   = true
}

# What the schedule could not hand to the function.
resource "aws_sqs_queue" "failed" {
  name                      = "${local.name}-failed"
  message_retention_seconds = 14 * 24 * 3600
  sqs_managed_sse_enabled   = true
}

resource "aws_ssm_parameter" "runtime" {
  for_each = local.parameters

  name  = "${var.parameter_prefix}/${each.key}"
  type  = "String"
  value = each.value
}
