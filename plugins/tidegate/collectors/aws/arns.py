"""Which Terraform type an ARN is of, and under which id a state knows it."""

import re
from dataclasses import dataclass

_ARN = re.compile(r"arn:aws[a-z-]*:([a-z0-9-]+):([a-z0-9-]*):([0-9]*):(.+)", re.DOTALL)
_PARTED = re.compile(r"((?:regional/|global/)?[A-Za-z0-9-]+)[/:](.+)", re.DOTALL)

TYPES: dict[str, str] = {
    "acm-pca:certificate-authority": "aws_acmpca_certificate_authority",
    "airflow:environment": "aws_mwaa_environment",
    "aoss:collection": "aws_opensearchserverless_collection",
    "apprunner:service": "aws_apprunner_service",
    "athena:workgroup": "aws_athena_workgroup",
    "autoscaling:autoScalingGroup": "aws_autoscaling_group",
    "dynamodb:table": "aws_dynamodb_table",
    "ec2:client-vpn-endpoint": "aws_ec2_client_vpn_endpoint",
    "ec2:dedicated-host": "aws_ec2_host",
    "ec2:elastic-ip": "aws_eip",
    "ec2:fleet": "aws_ec2_fleet",
    "ec2:instance": "aws_instance",
    "ec2:internet-gateway": "aws_internet_gateway",
    "ec2:natgateway": "aws_nat_gateway",
    "ec2:route-table": "aws_route_table",
    "ec2:security-group": "aws_security_group",
    "ec2:security-group-rule": "aws_vpc_security_group_ingress_rule",
    "ec2:snapshot": "aws_ebs_snapshot",
    "ec2:spot-fleet-request": "aws_spot_fleet_request",
    "ec2:spot-instances-request": "aws_spot_instance_request",
    "ec2:subnet": "aws_subnet",
    "ec2:transit-gateway": "aws_ec2_transit_gateway",
    "ec2:transit-gateway-attachment": "aws_ec2_transit_gateway_vpc_attachment",
    "ec2:volume": "aws_ebs_volume",
    "ec2:vpc": "aws_vpc",
    "ec2:vpc-endpoint": "aws_vpc_endpoint",
    "ec2:vpn-connection": "aws_vpn_connection",
    "ecs:cluster": "aws_ecs_cluster",
    "ecs:service": "aws_ecs_service",
    "ecs:task": "aws_ecs_task",
    "ecs:task-definition": "aws_ecs_task_definition",
    "eks:cluster": "aws_eks_cluster",
    "eks:fargateprofile": "aws_eks_fargate_profile",
    "eks:nodegroup": "aws_eks_node_group",
    "elasticache:cluster": "aws_elasticache_cluster",
    "elasticache:replicationgroup": "aws_elasticache_replication_group",
    "elasticache:serverlesscache": "aws_elasticache_serverless_cache",
    "elasticfilesystem:file-system": "aws_efs_file_system",
    "elasticloadbalancing:loadbalancer": "aws_lb",
    "elasticmapreduce:cluster": "aws_emr_cluster",
    "es:domain": "aws_opensearch_domain",
    "fsx:file-system": "aws_fsx_file_system",
    "globalaccelerator:accelerator": "aws_globalaccelerator_accelerator",
    "glue:database": "aws_glue_catalog_database",
    "glue:table": "aws_glue_catalog_table",
    "iam:oidc-provider": "aws_iam_openid_connect_provider",
    "iam:policy": "aws_iam_policy",
    "iam:role": "aws_iam_role",
    "kafka:cluster": "aws_msk_cluster",
    "kinesis:stream": "aws_kinesis_stream",
    "kms:key": "aws_kms_key",
    "lambda:function": "aws_lambda_function",
    "lightsail:ContainerService": "aws_lightsail_container_service",
    "lightsail:Instance": "aws_lightsail_instance",
    "lightsail:LoadBalancer": "aws_lightsail_lb",
    "lightsail:RelationalDatabase": "aws_lightsail_database",
    "logs:log-group": "aws_cloudwatch_log_group",
    "mq:broker": "aws_mq_broker",
    "network-firewall:firewall": "aws_networkfirewall_firewall",
    "rds:auto-backup": "aws_db_snapshot",
    "rds:cluster": "aws_rds_cluster",
    "rds:cluster-auto-backup": "aws_db_cluster_snapshot",
    "rds:cluster-snapshot": "aws_db_cluster_snapshot",
    "rds:db": "aws_db_instance",
    "rds:snapshot": "aws_db_snapshot",
    "rds:subgrp": "aws_db_subnet_group",
    "redshift-serverless:workgroup": "aws_redshiftserverless_workgroup",
    "redshift:cluster": "aws_redshift_cluster",
    "route53:hostedzone": "aws_route53_zone",
    "s3:": "aws_s3_bucket",
    "sagemaker:endpoint": "aws_sagemaker_endpoint",
    "sagemaker:notebook-instance": "aws_sagemaker_notebook_instance",
    "scheduler:schedule-group": "aws_scheduler_schedule_group",
    "secretsmanager:secret": "aws_secretsmanager_secret",
    "sns:": "aws_sns_topic",
    "sqs:": "aws_sqs_queue",
    "ssm:parameter": "aws_ssm_parameter",
    "wafv2:regional/webacl": "aws_wafv2_web_acl",
}
"""By service and kind of ARN. What stands here and is listed live is the listing's to tell."""

_BY_ARN = frozenset(
    {"aws_ecs_cluster", "aws_ecs_service", "aws_iam_openid_connect_provider", "aws_iam_policy", "aws_sns_topic"}
)
"""Types that a state knows by their ARN."""

_IN_THE_CATALOG = frozenset({"aws_glue_catalog_database", "aws_glue_catalog_table"})
"""Types that a state knows by catalog and name; the catalog is the account's."""


@dataclass(frozen=True, slots=True)
class Named:
    """What an ARN says of a resource. `type` is empty where the kind of ARN is not known here."""

    kind: str
    type: str
    id: str


def named_by(arn: str) -> Named | None:
    """Kind, type and id of an ARN; None when it is none."""
    match = _ARN.fullmatch(arn)
    if match is None:
        return None
    service, region, account, resource = match.groups()
    parted = _PARTED.fullmatch(resource)
    plain = service in {"s3", "sns", "sqs"}
    what, rest = ("", resource) if parted is None or plain else (parted[1], parted[2])
    kind = f"{service}:{what}"
    type_ = TYPES.get(kind, "")
    if not type_ or type_ in _BY_ARN:
        return Named(kind, type_, arn)
    return Named(kind, type_, _id(type_, rest, region, account))


def _id(type_: str, rest: str, region: str, account: str) -> str:
    if type_ == "aws_cloudwatch_log_group":
        return rest.removesuffix(":*")
    if type_ == "aws_ssm_parameter":  # the ARN drops the slash with which the name of one in a path begins
        return f"/{rest}" if "/" in rest else rest
    if type_ in _IN_THE_CATALOG:
        return f"{account}:{rest.replace('/', ':')}"
    if type_ == "aws_sqs_queue":
        return f"https://sqs.{region}.amazonaws.com/{account}/{rest}"
    return rest
