"""An id of each type for which a deleting command is known, of the shape that AWS gives it."""

ALB = "arn:aws:elasticloadbalancing:eu-west-2:123456789012:loadbalancer/app/quick-test-alb/0123456789abcdef"
IDS = {
    "automated backup": "db-ABCDEFGHIJKLMNOPQRSTUVWX01",
    "aws_autoscaling_group": "fleet of mine",
    "aws_cloudwatch_log_group": "/aws/rds/instance/fraud-platform-dev-min-demo/postgresql",
    "aws_db_cluster_snapshot": "before-upgrade-2026",
    "aws_db_instance": "fraud-platform-dev-min-demo-runtime",
    "aws_db_snapshot": "before-upgrade",
    "aws_ebs_snapshot": "snap-0123456789abcdef0",
    "aws_ebs_volume": "vol-0123456789abcdef0",
    "aws_ecs_cluster": "fraud-platform-dev-min-demo",
    "aws_eip": "eipalloc-0123456789abcdef0",
    "aws_eks_cluster": "trial",
    "aws_elasticache_cluster": "cache-1",
    "aws_elb": "classic-1",
    "aws_instance": "i-0123456789abcdef0",
    "aws_kms_key": "1234abcd-12ab-34cd-56ef-1234567890ab",
    "aws_lb": ALB,
    "aws_nat_gateway": "nat-0123456789abcdef0",
    "aws_opensearch_domain": "search",
    "aws_rds_cluster": "aurora-1",
    "aws_redshift_cluster": "warehouse",
    "aws_ssm_parameter": "/fraud-platform/dev_min/kafka/secret",
    "aws_vpc_endpoint": "vpce-0123456789abcdef0",
    "aws_vpn_connection": "vpn-0123456789abcdef0",
}
