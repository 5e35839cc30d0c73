locals {
  # AWS names allow no underscore where it matters: lake_min becomes lake-min.
  name = "${var.project}-${replace(var.environment, "_", "-")}-serving"

  tags = {
    project      = var.project
    environment  = var.environment
    stack        = "serving"
    lifecycle    = "ephemeral"
    platform_run = var.platform_run
  }

  parameters = {
    platform_run = var.platform_run
    function     = module.score.name
    url          = aws_lambda_function_url.score.function_url
    table        = aws_dynamodb_table.online.name
    # From where the table can be filled again.
    data_bucket = var.data_bucket
  }
}
