"""Command lines of the AWS CLI that remove one resource by its id, for a person to run.

An id that has not AWS's shape for its type is put into no command: what somebody named `x; rm -rf ~` stays a name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_HEX = "[0-9a-f]{8,17}"
_NAME = "[A-Za-z][A-Za-z0-9-]{0,254}"


@dataclass(frozen=True, slots=True)
class _Deletion:
    """The arguments after `aws`; `{}` in them stands for the id. `shape`: what AWS makes of such an id, whole."""

    shape: str
    arguments: tuple[str, ...]


def _by(shape: str, *arguments: str) -> _Deletion:
    return _Deletion(shape, arguments)


_LOAD_BALANCER = (
    r"arn:aws:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:loadbalancer/(?:app|net|gwy)/[A-Za-z0-9-]{1,32}/[0-9a-f]{16}"
)
_KMS_KEY = r"(?:mrk-)?[0-9a-f-]{32,40}"
_DATABASE = ("--skip-final-snapshot", "--delete-automated-backups")
_SOON = ("--pending-window-in-days", "7")

_DELETIONS: Mapping[str, _Deletion] = {
    "automated backup": _by(
        r"db-[A-Z0-9]{20,32}", "rds", "delete-db-instance-automated-backup", "--dbi-resource-id", "{}"
    ),
    "aws_autoscaling_group": _by(
        r"[A-Za-z0-9 ._:/+=@-]{1,255}",
        "autoscaling",
        "delete-auto-scaling-group",
        "--force-delete",
        "--auto-scaling-group-name",
        "{}",
    ),
    "aws_cloudwatch_log_group": _by(r"[A-Za-z0-9_/.#-]{1,512}", "logs", "delete-log-group", "--log-group-name", "{}"),
    "aws_db_cluster_snapshot": _by(
        _NAME,
        "rds",
        "delete-db-cluster-snapshot",
        "--db-cluster-snapshot-identifier",
        "{}",
    ),
    "aws_db_instance": _by(_NAME, "rds", "delete-db-instance", *_DATABASE, "--db-instance-identifier", "{}"),
    "aws_db_snapshot": _by(_NAME, "rds", "delete-db-snapshot", "--db-snapshot-identifier", "{}"),
    "aws_ebs_snapshot": _by(rf"snap-{_HEX}", "ec2", "delete-snapshot", "--snapshot-id", "{}"),
    "aws_ebs_volume": _by(rf"vol-{_HEX}", "ec2", "delete-volume", "--volume-id", "{}"),
    "aws_ecs_cluster": _by(
        r"(?:arn:aws:ecs:[a-z0-9-]+:[0-9]{12}:cluster/)?[A-Za-z0-9_-]{1,255}",
        "ecs",
        "delete-cluster",
        "--cluster",
        "{}",
    ),
    "aws_eip": _by(rf"eipalloc-{_HEX}", "ec2", "release-address", "--allocation-id", "{}"),
    "aws_eks_cluster": _by(r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}", "eks", "delete-cluster", "--name", "{}"),
    "aws_elasticache_cluster": _by(
        r"[A-Za-z][A-Za-z0-9-]{0,49}", "elasticache", "delete-cache-cluster", "--cache-cluster-id", "{}"
    ),
    "aws_elb": _by(r"[A-Za-z0-9-]{1,32}", "elb", "delete-load-balancer", "--load-balancer-name", "{}"),
    "aws_instance": _by(rf"i-{_HEX}", "ec2", "terminate-instances", "--instance-ids", "{}"),
    "aws_kms_key": _by(_KMS_KEY, "kms", "schedule-key-deletion", *_SOON, "--key-id", "{}"),
    "aws_lb": _by(_LOAD_BALANCER, "elbv2", "delete-load-balancer", "--load-balancer-arn", "{}"),
    "aws_nat_gateway": _by(rf"nat-{_HEX}", "ec2", "delete-nat-gateway", "--nat-gateway-id", "{}"),
    "aws_opensearch_domain": _by(r"[a-z][a-z0-9-]{2,27}", "opensearch", "delete-domain", "--domain-name", "{}"),
    "aws_rds_cluster": _by(_NAME, "rds", "delete-db-cluster", "--skip-final-snapshot", "--db-cluster-identifier", "{}"),
    "aws_redshift_cluster": _by(
        r"[a-z][a-z0-9-]{0,62}",
        "redshift",
        "delete-cluster",
        "--skip-final-cluster-snapshot",
        "--cluster-identifier",
        "{}",
    ),
    "aws_ssm_parameter": _by(r"/?[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*", "ssm", "delete-parameter", "--name", "{}"),
    "aws_vpc_endpoint": _by(rf"vpce-{_HEX}", "ec2", "delete-vpc-endpoints", "--vpc-endpoint-ids", "{}"),
    "aws_vpn_connection": _by(rf"vpn-{_HEX}", "ec2", "delete-vpn-connection", "--vpn-connection-id", "{}"),
}


def deleting_command(resource_type: str, id_: str, region: str) -> tuple[str, ...] | None:
    """The command line that removes it, or None: no command is known for the type, or the id has another shape."""
    deletion = _DELETIONS.get(resource_type)
    if deletion is None or not re.fullmatch(deletion.shape, id_, re.ASCII) or id_.startswith("-") or ".." in id_:
        return None
    return ("aws", *(id_ if part == "{}" else part for part in deletion.arguments), "--region", region)
