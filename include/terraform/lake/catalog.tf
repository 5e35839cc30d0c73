resource "aws_glue_catalog_database" "this" {
  name         = local.name
  description  = "Tables of ${var.environment}"
  location_uri = "s3://${module.data_bucket.name}"

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_glue_catalog_table" "events" {
  name          = "events"
  description   = "One row for each thing that a customer did"
  database_name = aws_glue_catalog_database.this.name
  table_type    = "EXTERNAL_TABLE"

  parameters = {
    EXTERNAL                       = "TRUE"
    classification                 = "parquet"
    "projection.enabled"           = "true"
    "projection.day.type"          = "date"
    "projection.day.format"        = "yyyy-MM-dd"
    "projection.day.range"         = "${var.first_day},NOW"
    "storage.location.template"    = "${local.events_location}/day=$${day}"
    "projection.day.interval"      = "1"
    "projection.day.interval.unit" = "DAYS"
  }

  partition_keys {
    name = "day"
    type = "string"
  }

  storage_descriptor {
    location      = local.events_location
    input_format  = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"

    ser_de_info {
      name                  = "parquet"
      serialization_library = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"

      parameters = {
        "serialization.format" = "1"
      }
    }

    columns {
      name = "customer_id"
      type = "string"
    }

    columns {
      name = "kind"
      type = "string"
    }

    columns {
      name = "happened_at"
      type = "timestamp"
    }

    columns {
      name = "amount"
      type = "decimal(12,2)"
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}

# Athena bills by the terabyte that a query scans: a query that would scan more than the limit is cancelled, and nobody
# can ask past the workgroup's settings.
resource "aws_athena_workgroup" "this" {
  name        = local.name
  description = "Queries of ${var.environment}, limited in what each may scan"

  configuration {
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = false
    bytes_scanned_cutoff_per_query     = var.scan_limit_gb * 1024 * 1024 * 1024

    result_configuration {
      output_location = "s3://${module.results_bucket.name}/"

      encryption_configuration {
        encryption_option = "SSE_S3"
      }
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}
