resource "aws_iam_openid_connect_provider" "lanes" {
  url            = var.oidc_provider_url
  client_id_list = [var.oidc_audience]

  lifecycle {
    prevent_destroy = true
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    effect  = "Allow"
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [local.oidc_provider_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.oidc_issuer}:aud"
      values   = [var.oidc_audience]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.oidc_issuer}:sub"
      values   = [var.oidc_subject]
    }
  }
}

resource "aws_iam_role" "execution" {
  name               = var.execution_role_name
  assume_role_policy = data.aws_iam_policy_document.trust.json

  lifecycle {
    prevent_destroy = true

    # The account owner's decisions about this role. The boundary in particular must stay out of its own reach.
    ignore_changes = [description, max_session_duration, permissions_boundary]
  }
}
