locals {
  alert_topic     = "${local.name}-alerts"
  alert_topic_arn = "arn:aws:sns:${var.region}:${var.account_id}:${local.alert_topic}"
}

resource "aws_sns_topic" "alerts" {
  name = local.alert_topic

  lifecycle {
    prevent_destroy = true
  }
}

data "aws_iam_policy_document" "alerts" {
  statement {
    sid       = "BudgetsPublish"
    effect    = "Allow"
    actions   = ["sns:Publish"]
    resources = [local.alert_topic_arn]

    principals {
      type        = "Service"
      identifiers = ["budgets.amazonaws.com"]
    }

    # Without it, a budget of any other account could publish here.
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

resource "aws_sns_topic_policy" "alerts" {
  arn    = aws_sns_topic.alerts.arn
  policy = data.aws_iam_policy_document.alerts.json
}

resource "aws_sns_topic_subscription" "email" {
  topic_arn = aws_sns_topic.alerts.arn
  protocol  = "email"
  endpoint  = var.alert_email
}

resource "aws_budgets_budget" "monthly" {
  name         = var.budget_name
  budget_type  = "COST"
  limit_amount = tostring(var.budget_limit_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  # Credits and refunds would hide spend.
  cost_types {
    include_credit = false
    include_refund = false
  }

  dynamic "notification" {
    for_each = var.budget_thresholds_usd

    content {
      notification_type         = "ACTUAL"
      comparison_operator       = "GREATER_THAN"
      threshold                 = notification.value
      threshold_type            = "ABSOLUTE_VALUE"
      subscriber_sns_topic_arns = [aws_sns_topic.alerts.arn]
    }
  }

  lifecycle {
    prevent_destroy = true
  }

  # AWS checks at creation that it may publish to the topic.
  depends_on = [aws_sns_topic_policy.alerts]
}
