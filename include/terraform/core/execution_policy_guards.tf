# Execution role, document `guards`: they read the whole account, because what is left over may carry no tag and any name.

data "aws_iam_policy_document" "execution_guards" {
  statement {
    sid = "GuardsReadInventory"
    actions = [
      "acm-pca:List*",
      "airflow:GetEnvironment",
      "airflow:ListEnvironments",
      "aoss:List*",
      "application-autoscaling:Describe*",
      "apprunner:List*",
      "autoscaling:Describe*",
      "dynamodb:DescribeTable",
      "dynamodb:List*",
      "ec2:Describe*",
      "ecs:Describe*",
      "ecs:List*",
      "eks:Describe*",
      "eks:List*",
      "elasticache:Describe*",
      "elasticache:ListTagsForResource",
      "elasticfilesystem:Describe*",
      "elasticloadbalancing:Describe*",
      "elasticmapreduce:DescribeCluster",
      "elasticmapreduce:ListClusters",
      "es:DescribeDomains",
      "es:ListDomainNames",
      "fsx:Describe*",
      "globalaccelerator:List*",
      "kafka:List*",
      "kinesis:DescribeStreamSummary",
      "kinesis:List*",
      "kms:DescribeKey",
      "kms:List*",
      "lightsail:GetContainerServices",
      "lightsail:GetInstances",
      "lightsail:GetLoadBalancers",
      "lightsail:GetRelationalDatabases",
      "logs:Describe*",
      "logs:ListTagsForResource",
      "mq:Describe*",
      "mq:List*",
      "network-firewall:List*",
      "rds:Describe*",
      "rds:ListTagsForResource",
      "redshift-serverless:List*",
      "redshift:DescribeClusters",
      "route53:List*",
      "s3:ListAllMyBuckets",
      "sagemaker:List*",
      "secretsmanager:ListSecrets",
      "sns:Get*",
      "sns:List*",
      "ssm:DescribeParameters",
      "sts:GetCallerIdentity",
      "tag:GetResources",
      "wafv2:List*",
    ]
    resources = ["*"]
  }

  statement {
    sid = "GuardsReadCost"
    actions = [
      "budgets:DescribeBudgetActionsForBudget",
      "budgets:ListTagsForResource",
      "budgets:ViewBudget",
      "ce:GetCostAndUsage",
      "ce:GetCostForecast",
      "pricing:GetProducts",
    ]
    resources = ["*"]
  }
}
