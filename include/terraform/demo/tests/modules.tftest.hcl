# The modules of demo, each alone: nobody is let in, nothing is left behind.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
    }
  }

  mock_resource "aws_iam_role" {
    defaults = {
      arn = "arn:aws:iam::111122223333:role/runtime"
    }
  }

  mock_resource "aws_security_group" {
    defaults = {
      id = "sg-database"
    }
  }
}

run "a_network_without_a_way_in" {
  command = plan

  module {
    source = "../modules/network"
  }

  variables {
    name               = "fraud-platform-dev-min-demo"
    region             = "eu-west-2"
    vpc_cidr           = "10.42.0.0/20"
    availability_zones = ["eu-west-2a", "eu-west-2b"]
  }

  assert {
    condition     = alltrue([for subnet in concat(values(aws_subnet.public), values(aws_subnet.isolated)) : !subnet.map_public_ip_on_launch])
    error_message = "No subnet may give out public addresses by itself."
  }

  assert {
    condition     = length(distinct([for subnet in concat(values(aws_subnet.public), values(aws_subnet.isolated)) : subnet.cidr_block])) == 4
    error_message = "Subnets must not overlap."
  }

  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.gateway : endpoint.vpc_endpoint_type == "Gateway"])
    error_message = "Endpoints that cost by the hour have no place here."
  }
}

run "a_range_that_cannot_be_split_is_refused" {
  command = plan

  module {
    source = "../modules/network"
  }

  variables {
    name               = "n"
    region             = "eu-west-2"
    vpc_cidr           = "10.42.0.0/28"
    availability_zones = []
  }

  expect_failures = [var.vpc_cidr, var.availability_zones]
}

run "a_database_that_nobody_reaches_and_that_leaves_nothing" {
  command = plan

  module {
    source = "../modules/runtime_database"
  }

  variables {
    name                     = "fraud-platform-dev-min-demo-runtime"
    vpc_id                   = "vpc-1"
    subnet_ids               = ["subnet-1", "subnet-2"]
    client_security_group_id = "sg-clients"
    log_retention_days       = 7
  }

  assert {
    condition     = !aws_db_instance.this.publicly_accessible && aws_db_instance.this.storage_encrypted && aws_db_instance.this.manage_master_user_password
    error_message = "The database must be private, encrypted, and keep its own password."
  }

  assert {
    condition = (
      aws_vpc_security_group_ingress_rule.clients.referenced_security_group_id == "sg-clients" &&
      aws_vpc_security_group_ingress_rule.clients.cidr_ipv4 == null &&
      aws_vpc_security_group_ingress_rule.clients.from_port == 5432 &&
      aws_vpc_security_group_ingress_rule.clients.to_port == 5432
    )
    error_message = "Only its clients may connect, and only to PostgreSQL."
  }

  assert {
    condition = (
      aws_db_instance.this.skip_final_snapshot && aws_db_instance.this.delete_automated_backups &&
      aws_db_instance.this.backup_retention_period == 0 && !aws_db_instance.this.deletion_protection
    )
    error_message = "A teardown must be able to take all of it."
  }
}

run "a_database_needs_two_zones_and_a_major_version" {
  command = plan

  module {
    source = "../modules/runtime_database"
  }

  variables {
    name                     = "n"
    vpc_id                   = "vpc-1"
    subnet_ids               = ["subnet-1"]
    client_security_group_id = "sg-clients"
    log_retention_days       = 7
    engine_version           = "16.3"
  }

  expect_failures = [var.subnet_ids, var.engine_version]
}

run "a_service_without_privileges" {
  command = plan

  module {
    source = "../modules/container_service"
  }

  variables {
    name               = "fraud-platform-dev-min-demo-runtime"
    account_id         = "111122223333"
    region             = "eu-west-2"
    cluster_arn        = "arn:aws:ecs:eu-west-2:111122223333:cluster/demo"
    subnet_ids         = ["subnet-1"]
    security_group_id  = "sg-tasks"
    desired_count      = 0
    image              = "public.ecr.aws/docker/library/busybox:1.37.0"
    command            = ["true"]
    log_retention_days = 7
    task_policy_json   = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"

    permissions_boundary_arn = "arn:aws:iam::111122223333:policy/fraud-platform-dev-min-boundary"
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 0
    error_message = "No task may run unless it was asked for."
  }

  assert {
    condition     = alltrue([for container in jsondecode(aws_ecs_task_definition.this.container_definitions) : container.readonlyRootFilesystem])
    error_message = "Containers must not write to their own file system."
  }

  assert {
    condition = [
      for condition in one(data.aws_iam_policy_document.tasks_trust.statement).condition : [condition.test, condition.variable, condition.values]
    ] == [["StringEquals", "aws:SourceAccount", tolist(["111122223333"])]]
    error_message = "Only tasks of this account may assume the roles."
  }

  assert {
    condition     = alltrue([for role in [aws_iam_role.start, aws_iam_role.task] : role.permissions_boundary == var.permissions_boundary_arn])
    error_message = "Both roles must stay within the boundary."
  }
}

run "a_name_without_room_for_its_roles_is_refused" {
  command = plan

  module {
    source = "../modules/container_service"
  }

  variables {
    name               = "a-name-of-fifty-nine-characters-is-one-too-many-for-a-role-x"
    account_id         = "111122223333"
    region             = "eu-west-2"
    cluster_arn        = "arn:aws:ecs:eu-west-2:111122223333:cluster/demo"
    subnet_ids         = ["subnet-1"]
    security_group_id  = "sg-tasks"
    desired_count      = 0
    image              = "i"
    command            = ["true"]
    log_retention_days = 7
    task_policy_json   = "{}"

    permissions_boundary_arn = "arn:aws:iam::111122223333:policy/fraud-platform-dev-min-boundary"
  }

  expect_failures = [var.name]
}
