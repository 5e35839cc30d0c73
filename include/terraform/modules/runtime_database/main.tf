# A throw-away PostgreSQL: it leaves nothing behind when it is destroyed - no snapshot, no backup, no log group, no secret.

resource "aws_db_subnet_group" "this" {
  name        = var.name
  description = "Isolated subnets of ${var.name}"
  subnet_ids  = var.subnet_ids
}

resource "aws_security_group" "this" {
  name        = "${var.name}-database"
  description = "PostgreSQL of ${var.name}: reachable from its clients only"
  vpc_id      = var.vpc_id

  tags = {
    Name = "${var.name}-database"
  }
}

# The only way in.
resource "aws_vpc_security_group_ingress_rule" "clients" {
  security_group_id            = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
  referenced_security_group_id = var.client_security_group_id
}

resource "aws_vpc_security_group_egress_rule" "clients" {
  security_group_id            = var.client_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
  referenced_security_group_id = aws_security_group.this.id
}

# RDS would make this log group itself, without retention, and leave it behind.
resource "aws_cloudwatch_log_group" "postgresql" {
  name              = "/aws/rds/instance/${var.name}/postgresql"
  retention_in_days = var.log_retention_days
}

resource "aws_db_instance" "this" {
  identifier     = var.name
  engine         = "postgres"
  engine_version = var.engine_version
  instance_class = "db.t4g.micro"

  allocated_storage = 20
  storage_type      = "gp3"
  storage_encrypted = true

  # The password is made, kept and rotated by RDS in Secrets Manager: it never passes through Terraform.
  db_name                     = "runtime"
  username                    = "runtime"
  manage_master_user_password = true

  port                   = local.port
  multi_az               = false
  publicly_accessible    = false
  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [aws_security_group.this.id]

  auto_minor_version_upgrade      = true
  apply_immediately               = true
  enabled_cloudwatch_logs_exports = ["postgresql"]

  deletion_protection      = false
  skip_final_snapshot      = true
  backup_retention_period  = 0
  delete_automated_backups = true

  depends_on = [aws_cloudwatch_log_group.postgresql]
}

locals {
  port = 5432
}
