# What the lanes may do. Anything that costs by the hour and has no place in this profile (NAT gateways, load balancers,
# elastic addresses, instances, ...) is left out: the plan gate refuses it, and so does AWS.

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
}

data "aws_iam_policy_document" "execution" {
  # --- Buckets and lock table --------------------------------------------------------------------------------------

  statement {
    sid       = "BucketsList"
    actions   = ["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"]
    resources = local.bucket_arns
  }

  statement {
    sid = "ObjectsReadAndWrite"
    actions = [
      "s3:AbortMultipartUpload",
      "s3:GetObject",
      "s3:GetObjectAttributes",
      "s3:GetObjectRetention",
      "s3:GetObjectVersion",
      "s3:ListMultipartUploadParts",
      "s3:PutObject",
      "s3:PutObjectRetention",
    ]
    resources = [for arn in local.bucket_arns : "${arn}/*"]
  }

  # Releasing a state lock deletes its lock file; state itself is never deleted.
  statement {
    sid       = "ObjectsDelete"
    actions   = ["s3:DeleteObject"]
    resources = ["${local.state_arn}/*.tflock", "${local.work_arn}/*"]
  }

  statement {
    sid = "BucketSettings"
    actions = [
      "s3:GetAccelerateConfiguration",
      "s3:GetBucket*",
      "s3:GetEncryptionConfiguration",
      "s3:GetLifecycleConfiguration",
      "s3:GetReplicationConfiguration",
      "s3:PutBucketObjectLockConfiguration",
      "s3:PutBucketOwnershipControls",
      "s3:PutBucketPolicy",
      "s3:PutBucketPublicAccessBlock",
      "s3:PutBucketTagging",
      "s3:PutBucketVersioning",
      "s3:PutEncryptionConfiguration",
      "s3:PutLifecycleConfiguration",
    ]
    resources = local.bucket_arns
  }

  # The bootstrap lane runs before Terraform and is idempotent, so it may create these and only these.
  statement {
    sid       = "BackendBootstrap"
    actions   = ["s3:CreateBucket", "dynamodb:CreateTable"]
    resources = concat(local.bucket_arns, [local.lock_table_arn])
  }

  statement {
    sid = "LockTable"
    actions = [
      "dynamodb:DeleteItem",
      "dynamodb:Describe*",
      "dynamodb:GetItem",
      "dynamodb:ListTagsOfResource",
      "dynamodb:PutItem",
      "dynamodb:Query",
      "dynamodb:Scan",
      "dynamodb:TagResource",
      "dynamodb:UntagResource",
      "dynamodb:UpdateContinuousBackups",
      "dynamodb:UpdateTable",
    ]
    resources = [local.lock_table_arn]
  }

  # --- Never, whatever else is attached to the role -----------------------------------------------------------------

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

  # --- Guards: read the whole account, because what is left over may carry no tag and any name ----------------------

  statement {
    sid = "GuardsReadInventory"
    actions = [
      "autoscaling:Describe*",
      "ec2:Describe*",
      "ecs:Describe*",
      "application-autoscaling:Describe*",
      "ecs:List*",
      "eks:Describe*",
      "eks:List*",
      "elasticache:Describe*",
      "elasticloadbalancing:Describe*",
      "es:DescribeDomains",
      "es:ListDomainNames",
      "kafka:List*",
      "network-firewall:List*",
      "logs:Describe*",
      "logs:ListTagsForResource",
      "rds:Describe*",
      "rds:ListTagsForResource",
      "redshift:DescribeClusters",
      "s3:ListAllMyBuckets",
      "secretsmanager:ListSecrets",
      "sns:Get*",
      "sns:List*",
      "ssm:DescribeParameters",
      "sts:GetCallerIdentity",
      "tag:GetResources",
      "acm-pca:List*",
      "aoss:List*",
      "dynamodb:DescribeTable",
      "dynamodb:List*",
      "elasticfilesystem:Describe*",
      "elasticmapreduce:DescribeCluster",
      "elasticmapreduce:ListClusters",
      "fsx:Describe*",
      "kinesis:DescribeStreamSummary",
      "kinesis:List*",
      "kms:DescribeKey",
      "kms:List*",
      "mq:Describe*",
      "mq:List*",
      "route53:List*",
      "sagemaker:List*",
      "wafv2:List*",
    ]
    resources = ["*"]
  }

  statement {
    sid = "GuardsReadCost"
    actions = [
      "budgets:ListTagsForResource",
      "budgets:ViewBudget",
      "ce:GetCostAndUsage",
      "ce:GetCostForecast",
      "pricing:GetProducts",
    ]
    resources = ["*"]
  }

  # --- Terraform: core ----------------------------------------------------------------------------------------------

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

  # It keeps its own policy in step with this file. The boundary set by the account owner limits what that can mean.
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

  # --- Terraform: demo ----------------------------------------------------------------------------------------------

  # EC2 knows no resource names, so the fence is the region and the list of actions.
  statement {
    sid = "DemoNetwork"
    actions = [
      "ec2:AssociateRouteTable",
      "ec2:AttachInternetGateway",
      "ec2:AuthorizeSecurityGroupEgress",
      "ec2:AuthorizeSecurityGroupIngress",
      "ec2:CreateInternetGateway",
      "ec2:CreateRoute",
      "ec2:CreateRouteTable",
      "ec2:CreateSecurityGroup",
      "ec2:CreateSubnet",
      "ec2:CreateTags",
      "ec2:CreateVpc",
      "ec2:CreateVpcEndpoint",
      "ec2:DeleteInternetGateway",
      "ec2:DeleteRoute",
      "ec2:DeleteRouteTable",
      "ec2:DeleteSecurityGroup",
      "ec2:DeleteSubnet",
      "ec2:DeleteTags",
      "ec2:DeleteVpc",
      "ec2:DeleteVpcEndpoints",
      "ec2:DetachInternetGateway",
      "ec2:DisassociateRouteTable",
      "ec2:ModifySecurityGroupRules",
      "ec2:ModifySubnetAttribute",
      "ec2:ModifyVpcAttribute",
      "ec2:ModifyVpcEndpoint",
      "ec2:ReplaceRoute",
      "ec2:RevokeSecurityGroupEgress",
      "ec2:RevokeSecurityGroupIngress",
    ]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestedRegion"
      values   = [var.region]
    }
  }

  statement {
    sid = "DemoContainers"
    actions = [
      "ecs:CreateCluster",
      "ecs:CreateService",
      "ecs:DeleteCluster",
      "ecs:DeleteService",
      "ecs:TagResource",
      "ecs:UntagResource",
      "ecs:UpdateCluster",
      "ecs:UpdateClusterSettings",
      "ecs:UpdateService",
    ]
    resources = ["arn:aws:ecs:${local.regional}:*/${local.name}-*"]
  }

  # Deregistering supports no resource-level permission.
  statement {
    sid       = "DemoTaskDefinitions"
    actions   = ["ecs:DeregisterTaskDefinition", "ecs:RegisterTaskDefinition"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestedRegion"
      values   = [var.region]
    }
  }

  statement {
    sid = "DemoDatabase"
    actions = [
      "rds:AddTagsToResource",
      "rds:CreateDBInstance",
      "rds:CreateDBSubnetGroup",
      "rds:DeleteDBInstance",
      "rds:DeleteDBSubnetGroup",
      "rds:ModifyDBInstance",
      "rds:ModifyDBSubnetGroup",
      "rds:RemoveTagsFromResource",
    ]
    resources = [
      "arn:aws:rds:${local.regional}:db:${local.name}-*",
      "arn:aws:rds:${local.regional}:subgrp:${local.name}-*",
      # Named by a database that is created without one of its own.
      "arn:aws:rds:${local.regional}:og:default:*",
      "arn:aws:rds:${local.regional}:pg:default.*",
    ]
  }

  # RDS makes and owns the master password; the caller needs the right to have the secret made, not to read it.
  statement {
    sid       = "DemoDatabaseSecret"
    actions   = ["secretsmanager:CreateSecret", "secretsmanager:DescribeSecret", "secretsmanager:TagResource"]
    resources = ["arn:aws:secretsmanager:${local.regional}:secret:rds!db-*"]
  }

  statement {
    sid       = "DemoEncryptionKeys"
    actions   = ["kms:CreateGrant", "kms:DescribeKey"]
    resources = ["arn:aws:kms:${local.regional}:key/*"]

    condition {
      test     = "StringLike"
      variable = "kms:ViaService"
      values   = ["rds.${var.region}.amazonaws.com", "secretsmanager.${var.region}.amazonaws.com"]
    }
  }

  statement {
    sid = "DemoLogGroups"
    actions = [
      "logs:CreateLogGroup",
      "logs:DeleteLogGroup",
      "logs:DeleteRetentionPolicy",
      "logs:PutRetentionPolicy",
      "logs:TagResource",
      "logs:UntagResource",
    ]
    resources = [
      "arn:aws:logs:${local.regional}:log-group:${local.name}-*",
      "arn:aws:logs:${local.regional}:log-group:/aws/rds/instance/${local.name}-*",
      "arn:aws:logs:${local.regional}:log-group:/aws/ecs/containerinsights/${local.name}-*",
    ]
  }

  statement {
    sid = "DemoRoles"
    actions = [
      "iam:CreateRole",
      "iam:DeleteRole",
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
    resources = ["arn:aws:iam::${var.account_id}:role/${local.name}-demo-*"]
  }

  statement {
    sid       = "DemoPassRolesToTasks"
    actions   = ["iam:PassRole"]
    resources = ["arn:aws:iam::${var.account_id}:role/${local.name}-demo-*"]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }

  # Once per account, the first time a cluster or a database is made.
  statement {
    sid     = "DemoServiceLinkedRoles"
    actions = ["iam:CreateServiceLinkedRole"]
    resources = [
      "arn:aws:iam::${var.account_id}:role/aws-service-role/ecs.amazonaws.com/*",
      "arn:aws:iam::${var.account_id}:role/aws-service-role/rds.amazonaws.com/*",
    ]

    condition {
      test     = "StringEquals"
      variable = "iam:AWSServiceName"
      values   = ["ecs.amazonaws.com", "rds.amazonaws.com"]
    }
  }
}
