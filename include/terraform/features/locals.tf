locals {
  # AWS names allow no underscore where it matters: lake_min becomes lake-min.
  name = "${var.project}-${replace(var.environment, "_", "-")}-features"

  tags = {
    project      = var.project
    environment  = var.environment
    stack        = "features"
    lifecycle    = "ephemeral"
    platform_run = var.platform_run
  }

  # From the name, not from the resource: the role's policy is known while planning.
  function_arn = "arn:aws:lambda:${var.region}:${var.account_id}:function:${local.name}-build"

  glue = "arn:aws:glue:${var.region}:${var.account_id}"

  # The day is a parameter of the query. Athena wants names with hyphens quoted.
  query = <<-SQL
    SELECT customer_id, count(*) AS events, sum(amount) AS amount
    FROM "${var.database}"."${var.events_table}"
    WHERE day = ?
    GROUP BY customer_id
  SQL

  parameters = {
    platform_run = var.platform_run
    function     = module.build.name
    built_queue  = aws_sqs_queue.built.url
    failed_queue = aws_sqs_queue.failed.url
  }
}
