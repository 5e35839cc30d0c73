locals {
  # AWS names allow no underscore where it matters: lake_min becomes lake-min.
  name = "${var.project}-${replace(var.environment, "_", "-")}-lake"

  tags = {
    project     = var.project
    environment = var.environment
    stack       = "lake"
    lifecycle   = "persistent"
  }

  data_bucket    = "${local.name}-data"
  results_bucket = "${local.name}-results"

  # One partition a day, found by its name: nobody has to add partitions, and no crawler costs anything.
  events_location = "s3://${local.data_bucket}/events"
}
