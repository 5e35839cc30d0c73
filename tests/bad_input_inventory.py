"""Good answers for every type that the live scan lists, found and gone, and the gates that judge them."""

from collections.abc import Iterator
from typing import Any

from bad_input import Case, FakeAws
from factories_world import ALL_FREE, NOW, residual_facts
from factories_world import posture_facts as posture
from tidegate.collectors.aws import inventory
from tidegate.collectors.aws.inventory import LISTINGS, collect_inventory
from tidegate.environments import load, load_policies
from tidegate.gates import network_posture, residual_scan

ENVIRONMENT = load("dev_min")
POLICIES = load_policies(ENVIRONMENT)
HERE = ENVIRONMENT.region
OURS = {"project": "fraud-platform", "environment": "dev_min", "lifecycle": "ephemeral"}
TAGS = [{"Key": name, "Value": value} for name, value in OURS.items()]
LOWER_TAGS = [{"key": name, "value": value} for name, value in OURS.items()]
NAME = ENVIRONMENT.dashed
CLUSTER = f"arn:aws:ecs:{HERE}:{ENVIRONMENT.account_id}:cluster/{NAME}-demo"

POSTURE, RESIDUAL = "NETWORK-POSTURE", "RESIDUAL-SCAN"
FORBIDDEN, LEFT, GOING = "FORBIDDEN-LIVE", "RESIDUAL-RESOURCE", "RESIDUAL-DELETING"

UNSET = frozenset(
    {".Tags", ".GroupName", ".OwningService", ".BillingModeSummary", ".LastEvaluatedTableName", ".NextMarker"}
)
"""Fields that the listings look for and that not every good answer has."""


def judge(kind: str) -> Any:
    """Scan one region for one type, with the rules for that type, and ask both gates."""
    rules = tuple(rule.model_copy(update={"types": (kind,)}) for rule in POLICIES.forbidden.rules if kind in rule.types)
    policy = POLICIES.forbidden.model_copy(update={"rules": rules})
    ephemeral = POLICIES.allowed_types.stacks["demo"]

    def judged(aws: FakeAws) -> Any:
        inventory.LISTINGS = {kind: LISTINGS[kind]}
        try:
            found = collect_inventory(aws.clients, ENVIRONMENT, [HERE], policy, NOW, ALL_FREE)
        finally:
            inventory.LISTINGS = LISTINGS
        residual = residual_facts(
            inventory=found, forbidden=POLICIES.forbidden.rules, environment_tags=OURS, ephemeral_types=ephemeral
        )
        said = {RESIDUAL: residual_scan.GATE.evaluate(residual, judged_at=NOW)}
        if rules:
            facts = posture(inventory=found, forbidden=POLICIES.forbidden.rules)
            said[POSTURE] = network_posture.GATE.evaluate(facts, judged_at=NOW)
        return residual, said

    return judged


def of(kind: str, answers: dict[str, Any], *codes: str, name: str = "") -> Case:
    """A case in which both gates say these codes of the good answers; RESIDUAL-* is not for the posture."""
    forbidden = any(kind in rule.types for rule in POLICIES.forbidden.rules)
    expected = {RESIDUAL: frozenset(codes)}
    if forbidden:
        expected[POSTURE] = frozenset({FORBIDDEN} if codes else ())
    return Case(name=f"{kind}{name}", answers=answers, judge=judge(kind), expected=expected, unset=UNSET)


def ec2(kind: str, operation: str, key: str, id_: str, state: str | None, *codes: str, gone: str = "", **more: Any):
    """Cases of a plain listing of EC2: found on the second page, and gone."""

    item = {id_: "x-1", **({} if state is None else {state: "available"}), "Tags": TAGS, **more}
    yield of(kind, {f"ec2.{operation}": [{key: [], "NextToken": "page-2"}, {key: [item]}]}, *codes)
    if gone:
        yield of(kind, {f"ec2.{operation}": {key: [{state: gone}]}}, name=" gone")


def network_cases() -> Iterator[Case]:
    """Everything that EC2 describes, and firewalls."""
    yield from ec2(
        "aws_nat_gateway", "DescribeNatGateways", "NatGateways", "NatGatewayId", "State", FORBIDDEN, gone="deleted"
    )
    yield from ec2("aws_vpc", "DescribeVpcs", "Vpcs", "VpcId", "State", LEFT, IsDefault=False)
    yield of("aws_vpc", {"ec2.DescribeVpcs": {"Vpcs": [{"IsDefault": True, "State": "available"}]}}, name=" default")
    yield from ec2("aws_ebs_volume", "DescribeVolumes", "Volumes", "VolumeId", "State", FORBIDDEN, gone="deleted")
    yield from ec2(
        "aws_ebs_snapshot",
        "DescribeSnapshots",
        "Snapshots",
        "SnapshotId",
        "State",
        FORBIDDEN,
        OwnerId=ENVIRONMENT.account_id,
    )
    yield from ec2("aws_ec2_host", "DescribeHosts", "Hosts", "HostId", "State", FORBIDDEN, gone="released")
    yield from ec2(
        "aws_vpc_endpoint",
        "DescribeVpcEndpoints",
        "VpcEndpoints",
        "VpcEndpointId",
        "State",
        FORBIDDEN,
        LEFT,
        gone="deleted",
        VpcEndpointType="Interface",
    )
    yield of(
        "aws_vpc_endpoint",
        {
            "ec2.DescribeVpcEndpoints": {
                "VpcEndpoints": [{"VpcEndpointId": "e", "State": "available", "VpcEndpointType": "Gateway"}]
            }
        },
        name=" gateway",
    )
    yield from ec2(
        "aws_ec2_transit_gateway",
        "DescribeTransitGateways",
        "TransitGateways",
        "TransitGatewayId",
        "State",
        FORBIDDEN,
        gone="deleted",
    )
    yield from ec2(
        "aws_ec2_transit_gateway_vpc_attachment",
        "DescribeTransitGatewayVpcAttachments",
        "TransitGatewayVpcAttachments",
        "TransitGatewayAttachmentId",
        "State",
        FORBIDDEN,
        gone="deleted",
    )
    yield from ec2(
        "aws_spot_instance_request",
        "DescribeSpotInstanceRequests",
        "SpotInstanceRequests",
        "SpotInstanceRequestId",
        "State",
        FORBIDDEN,
        gone="closed",
    )
    yield from ec2(
        "aws_spot_fleet_request",
        "DescribeSpotFleetRequests",
        "SpotFleetRequestConfigs",
        "SpotFleetRequestId",
        "SpotFleetRequestState",
        FORBIDDEN,
        gone="cancelled",
    )
    yield from ec2("aws_ec2_fleet", "DescribeFleets", "Fleets", "FleetId", "FleetState", FORBIDDEN, gone="deleted")
    for name, connection in (
        ("", {"VpnConnectionId": "x-1", "State": "available", "Tags": TAGS}),
        (" gone", {"State": "deleted"}),
    ):
        yield of(
            "aws_vpn_connection",
            {"ec2.DescribeVpnConnections": {"VpnConnections": [connection]}},
            *(() if name else (FORBIDDEN,)),
            name=name,
        )
    yield of(
        "aws_eip",
        {
            "ec2.DescribeAddresses": {
                "Addresses": [{"AllocationId": "x-1", "PublicIp": "192.0.2.1", "AssociationId": "a", "Tags": TAGS}]
            }
        },
        FORBIDDEN,
    )
    for name, instance in (
        ("", {"InstanceId": "i-1", "State": {"Name": "running"}, "Tags": TAGS}),
        (" gone", {"State": {"Name": "terminated"}}),
    ):
        yield of(
            "aws_instance",
            {
                "ec2.DescribeInstances": [
                    {"Reservations": [], "NextToken": "page-2"},
                    {"Reservations": [{"Instances": [instance]}]},
                ]
            },
            *(() if name else (FORBIDDEN,)),
            name=name,
        )
    yield from ec2(
        "aws_security_group", "DescribeSecurityGroups", "SecurityGroups", "GroupId", None, LEFT, GroupName="x"
    )
    yield from ec2("aws_subnet", "DescribeSubnets", "Subnets", "SubnetId", None, LEFT)
    yield from ec2(
        "aws_internet_gateway", "DescribeInternetGateways", "InternetGateways", "InternetGatewayId", None, LEFT
    )
    yield of(
        "aws_networkfirewall_firewall",
        {
            "network-firewall.ListFirewalls": [
                {"Firewalls": [], "NextToken": "page-2"},
                {"Firewalls": [{"FirewallArn": "f"}]},
            ]
        },
        FORBIDDEN,
    )


def compute_cases() -> Iterator[Case]:
    """Load balancers, containers, and what scales them."""
    balancer = {"LoadBalancerArn": "arn:lb", "State": {"Code": "active"}}
    yield of(
        "aws_lb",
        {
            "elbv2.DescribeLoadBalancers": [
                {"LoadBalancers": [], "NextMarker": "page-2"},
                {"LoadBalancers": [balancer]},
            ],
            "elbv2.DescribeTags": {"TagDescriptions": [{"ResourceArn": "arn:lb", "Tags": TAGS}]},
        },
        FORBIDDEN,
    )
    yield of(
        "aws_elb",
        {
            "elb.DescribeLoadBalancers": [
                {"LoadBalancerDescriptions": [], "NextMarker": "page-2"},
                {"LoadBalancerDescriptions": [{"LoadBalancerName": "c"}]},
            ],
            "elb.DescribeTags": {"TagDescriptions": [{"LoadBalancerName": "c", "Tags": TAGS}]},
        },
        FORBIDDEN,
    )
    clusters = [{"clusterArns": [], "nextToken": "page-2"}, {"clusterArns": [CLUSTER]}]
    for name, status, codes in (("", "ACTIVE", (LEFT,)), (" gone", "INACTIVE", ())):
        described = {"status": status, **({"clusterName": f"{NAME}-demo", "tags": LOWER_TAGS} if codes else {})}
        yield of(
            "aws_ecs_cluster",
            {"ecs.ListClusters": clusters, "ecs.DescribeClusters": {"clusters": [described], "failures": []}},
            *codes,
            name=name,
        )
    missing = {"arn": "s", "reason": "MISSING"}
    for name, desired, codes in (("", 2, (FORBIDDEN, LEFT)), (" idle", 0, ())):
        service = {
            "serviceName": f"{NAME}-demo" if desired else "theirs",
            "status": "ACTIVE",
            "desiredCount": desired,
            "schedulingStrategy": "REPLICA",
            "tags": LOWER_TAGS if desired else [],
        }
        definition = {}
        if desired:
            service["taskDefinition"] = "arn:x/d"
            definition["ecs.DescribeTaskDefinition"] = {"taskDefinition": {"cpu": "256", "memory": "512"}}
        yield of(
            "aws_ecs_service",
            {
                "ecs.ListClusters": clusters if desired else {"clusterArns": ["arn:x/theirs"]},
                "ecs.ListServices": [{"serviceArns": [], "nextToken": "page-2"}, {"serviceArns": ["s", "t"]}],
                "ecs.DescribeServices": {"services": [service], "failures": [missing]},
                **definition,
            },
            *codes,
            name=name,
        )
    for name, group, status in (
        ("", "family:job", "RUNNING"),
        (" of a service", "service:api", "RUNNING"),
        (" gone", "family:job", "STOPPED"),
    ):
        task = {"lastStatus": status, **({"group": group} if status != "STOPPED" else {})}
        if not name:
            task |= {"taskArn": "arn:x/c/0a1b", "tags": LOWER_TAGS}
        yield of(
            "aws_ecs_task",
            {
                "ecs.ListClusters": clusters,
                "ecs.ListTasks": [{"taskArns": [], "nextToken": "page-2"}, {"taskArns": ["arn:x/c/0a1b"]}],
                "ecs.DescribeTasks": {"tasks": [task], "failures": []},
            },
            *((FORBIDDEN,) if not name else ()),
            name=name,
        )
    yield of(
        "aws_eks_cluster",
        {
            "eks.ListClusters": [{"clusters": [], "nextToken": "page-2"}, {"clusters": ["k"]}],
            "eks.DescribeCluster": {"cluster": {"status": "ACTIVE", "tags": OURS}},
        },
        FORBIDDEN,
    )
    for name, size in (("", 2), (" empty", 0)):
        group = {"AutoScalingGroupName": "g", "MaxSize": size, "Status": "Delete in progress"}
        if size:
            group |= {"Tags": TAGS}
        yield of(
            "aws_autoscaling_group",
            {
                "autoscaling.DescribeAutoScalingGroups": [
                    {"AutoScalingGroups": [], "NextToken": "page-2"},
                    {"AutoScalingGroups": [group]},
                ]
            },
            *((GOING,) if size else ()),
            name=name,
        )
    for name, least in (("", 1), (" at rest", 0)):
        target = {
            "ServiceNamespace": "ecs",
            "ResourceId": "service/c/s",
            "ScalableDimension": "d",
            "MinCapacity": least,
        }
        yield of(
            "aws_appautoscaling_target",
            {
                "application-autoscaling.DescribeScalableTargets": [
                    {"ScalableTargets": [], "NextToken": "page-2"},
                    {"ScalableTargets": [target]},
                ]
            },
            *((FORBIDDEN,) if least else ()),
            name=name,
        )


RDS: dict[str, dict[str, Any]] = {
    "aws_db_instance": {"DeletionProtection": False, "DbiResourceId": "db-ABC"},
    "aws_db_cluster_snapshot": {"SnapshotType": "manual"},
    "aws_db_snapshot": {"SnapshotType": "manual", "DbiResourceId": "db-ABC"},
    "aws_rds_cluster": {"DeletionProtection": False},
}
"""What is kept to tell what holds it; without it a database is left over all the same."""


def store_cases() -> Iterator[Case]:
    """Databases, caches, streams, logs and parameters."""
    for kind, operation, key, id_, status, *codes in (
        (
            "aws_db_instance",
            "DescribeDBInstances",
            "DBInstances",
            "DBInstanceIdentifier",
            "DBInstanceStatus",
            FORBIDDEN,
            LEFT,
        ),
        ("aws_db_snapshot", "DescribeDBSnapshots", "DBSnapshots", "DBSnapshotIdentifier", "Status", FORBIDDEN),
        (
            "aws_db_cluster_snapshot",
            "DescribeDBClusterSnapshots",
            "DBClusterSnapshots",
            "DBClusterSnapshotIdentifier",
            "Status",
            FORBIDDEN,
        ),
        ("aws_rds_cluster", "DescribeDBClusters", "DBClusters", "DBClusterIdentifier", "Status", FORBIDDEN),
    ):
        item = {id_: "x-1", status: "available", "TagList": TAGS, **RDS.get(kind, {})}
        yield of(kind, {f"rds.{operation}": [{key: [], "Marker": "page-2"}, {key: [item]}]}, *codes)
    yield of(
        "aws_elasticache_cluster",
        {
            "elasticache.DescribeCacheClusters": [
                {"CacheClusters": [], "Marker": "page-2"},
                {"CacheClusters": [{"CacheClusterId": "x", "CacheClusterStatus": "available"}]},
            ]
        },
        FORBIDDEN,
    )
    yield of(
        "aws_opensearch_domain",
        {
            "opensearch.ListDomainNames": {"DomainNames": [{"DomainName": "logs"}]},
            "opensearch.DescribeDomains": {"DomainStatusList": [{"DomainName": "logs"}]},
        },
        FORBIDDEN,
    )
    yield of(
        "aws_redshift_cluster",
        {
            "redshift.DescribeClusters": [
                {"Clusters": [], "Marker": "page-2"},
                {"Clusters": [{"ClusterIdentifier": "r", "ClusterStatus": "available", "Tags": TAGS}]},
            ]
        },
        FORBIDDEN,
    )
    yield of(
        "aws_msk_cluster",
        {
            "kafka.ListClustersV2": [
                {"ClusterInfoList": [], "NextToken": "page-2"},
                {"ClusterInfoList": [{"ClusterArn": "arn:k", "State": "ACTIVE", "Tags": OURS}]},
            ]
        },
        FORBIDDEN,
    )
    yield of(
        "aws_cloudwatch_log_group",
        {
            "logs.DescribeLogGroups": [
                {"logGroups": [{"logGroupName": "somebody-else"}], "nextToken": "page-2"},
                {"logGroups": [{"logGroupName": f"{NAME}-demo", "arn": "arn:l:*"}]},
            ],
            "logs.ListTagsForResource": {"tags": OURS},
        },
        LEFT,
    )
    yield of(
        "aws_ssm_parameter",
        {
            "ssm.DescribeParameters": [{"Parameters": [], "NextToken": "page-2"}, {"Parameters": [{"Name": "/p"}]}],
            "ssm.ListTagsForResource": {"TagList": TAGS},
        },
        LEFT,
    )


def monthly_cases() -> Iterator[Case]:
    """Keys, secrets, streams, tables, zones, file systems, brokers, notebooks: all tagged, so all left over."""
    yield of(
        "aws_kms_key",
        {
            "kms.ListKeys": {"Keys": [{"KeyId": "k"}], "Truncated": False},
            "kms.DescribeKey": {"KeyMetadata": {"KeyManager": "CUSTOMER", "KeyState": "Enabled"}},
            "kms.ListResourceTags": {
                "Tags": [{"TagKey": key, "TagValue": value} for key, value in OURS.items()],
                "Truncated": False,
            },
        },
        LEFT,
    )
    yield of(
        "aws_secretsmanager_secret",
        {
            "secretsmanager.ListSecrets": [
                {"SecretList": [], "NextToken": "page-2"},
                {"SecretList": [{"Name": "s", "Tags": TAGS}]},
            ]
        },
        LEFT,
    )
    yield of(
        "aws_kinesis_stream",
        {
            "kinesis.ListStreams": {"StreamNames": ["s"], "HasMoreStreams": False},
            "kinesis.DescribeStreamSummary": {"StreamDescriptionSummary": {"StreamStatus": "ACTIVE"}},
            "kinesis.ListTagsForStream": {"Tags": TAGS, "HasMoreTags": False},
        },
        LEFT,
    )
    yield of(
        "aws_dynamodb_table",
        {
            "dynamodb.ListTables": {"TableNames": ["t"]},
            "dynamodb.DescribeTable": {"Table": {"TableArn": "arn:t", "TableStatus": "ACTIVE"}},
            "dynamodb.ListTagsOfResource": [{"Tags": [], "NextToken": "page-2"}, {"Tags": TAGS}],
        },
        LEFT,
    )
    yield of(
        "aws_route53_zone",
        {
            "route53.ListHostedZones": {"HostedZones": [{"Id": "/hostedzone/Z1"}], "IsTruncated": False},
            "route53.ListTagsForResource": {"ResourceTagSet": {"Tags": TAGS}},
        },
        LEFT,
    )
    yield of(
        "aws_efs_file_system",
        {
            "efs.DescribeFileSystems": [
                {"FileSystems": [], "NextMarker": "page-2"},
                {"FileSystems": [{"FileSystemId": "f", "LifeCycleState": "available", "Tags": TAGS}]},
            ]
        },
        LEFT,
    )
    yield of(
        "aws_fsx_file_system",
        {
            "fsx.DescribeFileSystems": [
                {"FileSystems": [], "NextToken": "page-2"},
                {"FileSystems": [{"FileSystemId": "f", "Lifecycle": "AVAILABLE", "Tags": TAGS}]},
            ]
        },
        LEFT,
    )
    yield of(
        "aws_mq_broker",
        {
            "mq.ListBrokers": {"BrokerSummaries": [{"BrokerId": "b", "BrokerState": "RUNNING"}]},
            "mq.DescribeBroker": {"BrokerId": "b", "Tags": OURS},
        },
        LEFT,
    )
    yield of(
        "aws_sagemaker_notebook_instance",
        {
            "sagemaker.ListNotebookInstances": {
                "NotebookInstances": [
                    {
                        "NotebookInstanceName": "n",
                        "NotebookInstanceArn": "arn:n",
                        "NotebookInstanceStatus": "InService",
                    }
                ]
            },
            "sagemaker.ListTags": {"Tags": TAGS},
        },
        LEFT,
    )
    yield of(
        "aws_sagemaker_endpoint",
        {
            "sagemaker.ListEndpoints": {
                "Endpoints": [{"EndpointName": "e", "EndpointArn": "arn:e", "EndpointStatus": "InService"}]
            },
            "sagemaker.ListTags": {"Tags": TAGS},
        },
        LEFT,
    )
    yield of(
        "aws_opensearchserverless_collection",
        {
            "opensearchserverless.ListCollections": {
                "collectionSummaries": [{"id": "c", "arn": "arn:c", "status": "ACTIVE"}]
            },
            "opensearchserverless.ListTagsForResource": {"tags": LOWER_TAGS},
        },
        LEFT,
    )
    yield of(
        "aws_acmpca_certificate_authority",
        {
            "acm-pca.ListCertificateAuthorities": [
                {"CertificateAuthorities": [], "NextToken": "page-2"},
                {"CertificateAuthorities": [{"Arn": "arn:a", "Status": "ACTIVE"}]},
            ],
            "acm-pca.ListTags": {"Tags": TAGS},
        },
        LEFT,
    )
    yield of(
        "aws_emr_cluster",
        {
            "emr.ListClusters": {"Clusters": [{"Id": "j", "Status": {"State": "WAITING"}}]},
            "emr.DescribeCluster": {"Cluster": {"Id": "j", "Tags": TAGS}},
        },
        LEFT,
    )
    yield of(
        "aws_wafv2_web_acl",
        {
            "wafv2.ListWebACLs": {"WebACLs": [{"ARN": f"arn:aws:wafv2:{HERE}:1:regional/webacl/w/1"}]},
            "wafv2.ListTagsForResource": {"TagInfoForResource": {"TagList": TAGS}},
        },
        LEFT,
    )


def hourly_cases() -> Iterator[Case]:
    """App Runner, client VPN, serverless caches, accelerators, Lightsail, Airflow, Redshift: tagged, so left over."""
    yield of(
        "aws_apprunner_service",
        {
            "apprunner.ListServices": [
                {"ServiceSummaryList": [], "NextToken": "page-2"},
                {"ServiceSummaryList": [{"ServiceArn": "arn:a", "Status": "RUNNING"}]},
            ],
            "apprunner.ListTagsForResource": {"Tags": TAGS},
        },
        LEFT,
    )
    yield of(
        "aws_apprunner_service",
        {"apprunner.ListServices": {"ServiceSummaryList": [{"ServiceArn": "arn:a", "Status": "DELETED"}]}},
        name=" gone",
    )
    vpn = ("ClientVpnEndpoints", "ClientVpnEndpointId")
    for status, *codes in (("available", LEFT), ("deleted",)):
        item = {"Status": {"Code": status}, **({vpn[1]: "v", "Tags": TAGS} if codes else {})}
        yield of(
            "aws_ec2_client_vpn_endpoint",
            {"ec2.DescribeClientVpnEndpoints": [{vpn[0]: [], "NextToken": "page-2"}, {vpn[0]: [item]}]},
            *codes,
            name="" if codes else " gone",
        )
    yield of(
        "aws_elasticache_serverless_cache",
        {
            "elasticache.DescribeServerlessCaches": [
                {"ServerlessCaches": [], "NextToken": "page-2"},
                {"ServerlessCaches": [{"ServerlessCacheName": "s", "ARN": "arn:s", "Status": "available"}]},
            ],
            "elasticache.ListTagsForResource": {"TagList": TAGS},
        },
        LEFT,
    )
    for kind, operation in (
        ("aws_globalaccelerator_accelerator", "ListAccelerators"),
        ("aws_globalaccelerator_custom_routing_accelerator", "ListCustomRoutingAccelerators"),
    ):
        accelerator = {"AcceleratorArn": "arn:g", "Status": "DEPLOYED"}
        yield of(
            kind,
            {
                f"globalaccelerator.{operation}": [
                    {"Accelerators": [], "NextToken": "page-2"},
                    {"Accelerators": [accelerator]},
                ],
                "globalaccelerator.ListTagsForResource": {"Tags": TAGS},
            },
            LEFT,
        )
    for kind, operation, key, id_, state in (
        ("instance", "GetInstances", "instances", "name", {"name": "running"}),
        ("database", "GetRelationalDatabases", "relationalDatabases", "name", "available"),
        ("lb", "GetLoadBalancers", "loadBalancers", "name", "active"),
    ):
        item = {id_: "l", "state": state, "tags": LOWER_TAGS}
        yield of(
            f"aws_lightsail_{kind}",
            {f"lightsail.{operation}": [{key: [], "nextPageToken": "page-2"}, {key: [item]}]},
            LEFT,
        )
    container = {"containerServiceName": "l", "state": "READY", "tags": LOWER_TAGS}
    yield of(
        "aws_lightsail_container_service",
        {"lightsail.GetContainerServices": {"containerServices": [container]}},
        LEFT,
    )
    for status, *codes in (("AVAILABLE", LEFT), ("DELETED",)):
        yield of(
            "aws_mwaa_environment",
            {
                "mwaa.ListEnvironments": [
                    {"Environments": [], "NextToken": "page-2"},
                    {"Environments": ["airflow"]},
                ],
                "mwaa.GetEnvironment": {"Environment": {"Status": status, **({"Tags": OURS} if codes else {})}},
            },
            *codes,
            name="" if codes else " gone",
        )
    yield of(
        "aws_redshiftserverless_workgroup",
        {
            "redshift-serverless.ListWorkgroups": [
                {"workgroups": [], "nextToken": "page-2"},
                {"workgroups": [{"workgroupName": "w", "workgroupArn": "arn:w", "status": "AVAILABLE"}]},
            ],
            "redshift-serverless.ListTagsForResource": {"tags": LOWER_TAGS},
        },
        LEFT,
    )


CASES = (*network_cases(), *compute_cases(), *store_cases(), *monthly_cases(), *hourly_cases())
