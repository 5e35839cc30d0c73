# lake is the team's persistent data: what the ephemeral stacks read and what outlives all of them. At rest it costs what
# the buckets hold. Whatever would lose data carries prevent_destroy.
#
#   main.tf      the two buckets
#   catalog.tf   the database and its table in the Glue catalog, and the workgroup in which Athena queries them

module "data_bucket" {
  source = "../modules/secure_bucket"

  name      = local.data_bucket
  versioned = true
}

# What Athena answers, once per query. It can be asked again.
module "results_bucket" {
  source = "../modules/secure_bucket"

  name        = local.results_bucket
  expiry_days = var.results_expiry_days
}
