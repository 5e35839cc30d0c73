output "data_bucket" {
  description = "Bucket that holds the data, every version of it."
  value       = module.data_bucket.name
}

output "results_bucket" {
  description = "Bucket for what Athena answers; its content expires."
  value       = module.results_bucket.name
}

output "database" {
  description = "Database of the Glue catalog. Queries quote it, because its name has hyphens."
  value       = aws_glue_catalog_database.this.name
}

output "events_table" {
  description = "Table of the events in that database."
  value       = aws_glue_catalog_table.events.name
}

output "workgroup" {
  description = "Workgroup in which Athena runs the queries of this environment."
  value       = aws_athena_workgroup.this.name
}
