# One Fargate service with its task definition, log group and two roles: one that ECS uses to start tasks, one that
# the code in them has.

resource "aws_cloudwatch_log_group" "this" {
  name              = var.name
  retention_in_days = var.log_retention_days
}

data "aws_iam_policy_document" "tasks_trust" {
  statement {
    sid     = "TasksAssume"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

resource "aws_iam_role" "start" {
  name               = "${var.name}-start"
  description        = "ECS starts the tasks of ${var.name} with it"
  assume_role_policy = data.aws_iam_policy_document.tasks_trust.json

  permissions_boundary = var.permissions_boundary_arn
}

# Public images need no registry permission; writing the log is all there is.
data "aws_iam_policy_document" "start" {
  statement {
    sid       = "WriteLog"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }
}

resource "aws_iam_role_policy" "start" {
  name   = "start"
  role   = aws_iam_role.start.name
  policy = data.aws_iam_policy_document.start.json
}

resource "aws_iam_role" "task" {
  name               = "${var.name}-task"
  description        = "The code in the tasks of ${var.name} runs with it"
  assume_role_policy = data.aws_iam_policy_document.tasks_trust.json

  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "task" {
  name   = "task"
  role   = aws_iam_role.task.name
  policy = var.task_policy_json
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = aws_iam_role.start.arn
  task_role_arn            = aws_iam_role.task.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "ARM64"
  }

  container_definitions = jsonencode([
    {
      name                   = "main"
      image                  = var.image
      command                = var.command
      essential              = true
      readonlyRootFilesystem = true
      environment = [
        for name in sort(keys(var.environment_variables)) : { name = name, value = var.environment_variables[name] }
      ]
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.this.name
          awslogs-region        = var.region
          awslogs-stream-prefix = "task"
        }
      }
    }
  ])
}

resource "aws_ecs_service" "this" {
  name            = var.name
  cluster         = var.cluster_arn
  task_definition = aws_ecs_task_definition.this.arn
  launch_type     = "FARGATE"
  desired_count   = var.desired_count
  propagate_tags  = "SERVICE"

  network_configuration {
    subnets         = var.subnet_ids
    security_groups = [var.security_group_id]

    # The only way out without a NAT gateway. An address exists, and costs, only while a task runs.
    assign_public_ip = true
  }

  lifecycle {
    # AWS changes its default over time, and with so few tasks there is nothing to rebalance.
    ignore_changes = [availability_zone_rebalancing]
  }

  # ECS checks the roles when tasks start, and needs them until the last task has stopped.
  depends_on = [aws_iam_role_policy.start, aws_iam_role_policy.task]
}
