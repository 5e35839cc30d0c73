# Execution role, document `core`: what Terraform does there, and the alerts. What concerns the role itself is in
# execution_policy.tf.

data "aws_iam_policy_document" "execution_core" {
  statement {
    sid       = "CoreBudget"
    actions   = ["budgets:ModifyBudget", "budgets:TagResource", "budgets:UntagResource"]
    resources = ["arn:aws:budgets::${var.account_id}:budget/${var.budget_name}"]
  }

  statement {
    sid = "CoreAlertTopic"
    actions = [
      "sns:CreateTopic",
      "sns:SetSubscriptionAttributes",
      "sns:SetTopicAttributes",
      "sns:Subscribe",
      "sns:TagResource",
      "sns:Unsubscribe",
      "sns:UntagResource",
    ]
    resources = ["arn:aws:sns:${local.regional}:${local.name}-*"]
  }

  # The lanes tell people what they found. The topic's own policy need not name the role: it is of the same account.
  statement {
    sid       = "LanesRaiseAlerts"
    actions   = ["sns:Publish"]
    resources = [local.alert_topic_arn]
  }

  statement {
    sid = "CoreIdentityProvider"
    actions = [
      "iam:AddClientIDToOpenIDConnectProvider",
      "iam:GetOpenIDConnectProvider",
      "iam:ListOpenIDConnectProviderTags",
      "iam:RemoveClientIDFromOpenIDConnectProvider",
      "iam:TagOpenIDConnectProvider",
      "iam:UntagOpenIDConnectProvider",
    ]
    resources = [local.oidc_provider_arn]
  }

  statement {
    sid = "Parameters"
    actions = [
      "ssm:AddTagsToResource",
      "ssm:DeleteParameter",
      "ssm:DeleteParameters",
      "ssm:GetParameter",
      "ssm:GetParameters",
      "ssm:GetParametersByPath",
      "ssm:ListTagsForResource",
      "ssm:PutParameter",
      "ssm:RemoveTagsFromResource",
    ]
    resources = [
      "arn:aws:ssm:${local.regional}:parameter${local.environment_prefix}",
      "arn:aws:ssm:${local.regional}:parameter${local.environment_prefix}/*",
    ]
  }
}
