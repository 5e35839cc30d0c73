# What the lanes may do. Anything that costs by the hour and has no place in this profile (NAT gateways, load balancers,
# elastic addresses, instances, ...) is left out: the plan gate refuses it, and so does AWS.
#
# IAM takes 10,240 characters of inline policies per role and 6,144 per managed policy, white space not counted; ten
# managed policies fit on a role. So there is one inline policy with what must hold whatever else is attached, and one
# managed policy per document:
#
#   execution_policy_backend.tf   buckets and lock table
#   execution_policy_guards.tf    what the guards read
#   execution_policy_core.tf      what Terraform does in core, and the alerts
#   execution_policy_demo.tf      what Terraform does in demo

locals {
  # ARNs are spelled from names rather than taken from resources: a policy that refers to a resource about to change, if only
  # in its tags, would be unknown in the plan, and could not be reviewed there.
  state_arn    = "arn:aws:s3:::${var.state_bucket}"
  evidence_arn = "arn:aws:s3:::${var.evidence_bucket}"
  work_arn     = "arn:aws:s3:::${var.work_bucket}"
  bucket_arns  = [local.state_arn, local.evidence_arn, local.work_arn]

  regional           = "${var.region}:${var.account_id}"
  lock_table_arn     = "arn:aws:dynamodb:${local.regional}:table/${var.lock_table}"
  execution_role_arn = "arn:aws:iam::${var.account_id}:role/${var.execution_role_name}"

  execution_documents = {
    backend = data.aws_iam_policy_document.execution_backend.minified_json
    guards  = data.aws_iam_policy_document.execution_guards.minified_json
    core    = data.aws_iam_policy_document.execution_core.minified_json
    demo    = data.aws_iam_policy_document.execution_demo.minified_json
  }
  execution_policy_arns = [
    for part in keys(local.execution_documents) : "arn:aws:iam::${var.account_id}:policy/${local.name}-lanes-${part}"
  ]
}

resource "aws_iam_policy" "execution" {
  for_each = local.execution_documents

  name   = "${local.name}-lanes-${each.key}"
  policy = each.value

  lifecycle {
    prevent_destroy = true

    precondition {
      condition     = length(each.value) <= 6144
      error_message = "The document ${each.key} has ${length(each.value)} characters, and IAM takes 6144 in a managed policy: split it."
    }
  }
}

resource "aws_iam_role_policy_attachment" "execution" {
  for_each = aws_iam_policy.execution

  role       = aws_iam_role.execution.name
  policy_arn = each.value.arn
}

resource "aws_iam_role_policy" "execution" {
  name   = "${local.name}-lanes"
  role   = aws_iam_role.execution.name
  policy = data.aws_iam_policy_document.execution.minified_json

  lifecycle {
    precondition {
      condition     = length(data.aws_iam_policy_document.execution.minified_json) <= 10240
      error_message = "The inline policy is longer than the 10240 characters that IAM takes: move statements into a document."
    }
  }

  # Where the inline policy held everything once, it lets go only of what is attached by now.
  depends_on = [aws_iam_role_policy_attachment.execution]
}

data "aws_iam_policy_document" "execution" {
  statement {
    sid    = "NeverEraseHistory"
    effect = "Deny"
    actions = [
      "s3:BypassGovernanceRetention",
      "s3:DeleteBucket",
      "s3:DeleteObjectVersion",
    ]
    resources = concat(local.bucket_arns, [for arn in local.bucket_arns : "${arn}/*"])
  }

  statement {
    sid       = "NeverDropTheLocks"
    effect    = "Deny"
    actions   = ["dynamodb:DeleteTable"]
    resources = [local.lock_table_arn]
  }

  statement {
    sid       = "NeverLiftOwnBoundary"
    effect    = "Deny"
    actions   = ["iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary"]
    resources = [local.execution_role_arn]
  }

  # It keeps its own policies in step with these files. The boundary set by the account owner limits what that can mean.
  statement {
    sid = "CoreExecutionRole"
    actions = [
      "iam:DeleteRolePolicy",
      "iam:GetRole",
      "iam:GetRolePolicy",
      "iam:ListAttachedRolePolicies",
      "iam:ListInstanceProfilesForRole",
      "iam:ListRolePolicies",
      "iam:ListRoleTags",
      "iam:PutRolePolicy",
      "iam:TagRole",
      "iam:UntagRole",
      "iam:UpdateAssumeRolePolicy",
    ]
    resources = [local.execution_role_arn]
  }

  statement {
    sid = "CoreExecutionPolicies"
    actions = [
      "iam:CreatePolicy",
      "iam:CreatePolicyVersion",
      "iam:DeletePolicyVersion",
      "iam:GetPolicy",
      "iam:GetPolicyVersion",
      "iam:ListPolicyTags",
      "iam:ListPolicyVersions",
      "iam:TagPolicy",
      "iam:UntagPolicy",
    ]
    resources = local.execution_policy_arns
  }

  # No other policy, however it came to be, can get onto the role this way.
  statement {
    sid       = "CoreExecutionAttachments"
    actions   = ["iam:AttachRolePolicy", "iam:DetachRolePolicy"]
    resources = [local.execution_role_arn]

    condition {
      test     = "ArnEquals"
      variable = "iam:PolicyARN"
      values   = local.execution_policy_arns
    }
  }
}
