"""Databases, caches, search and warehouses: whatever keeps data and costs by the hour."""

from collections.abc import Iterator

from tidegate.collectors.aws.inventory.listing import Found, Listing, Scan, chunks, listing
from tidegate.collectors.aws.reading import MalformedAnswer, field, text

IAM_ACTIONS: tuple[str, ...] = (
    "elasticache:DescribeCacheClusters",
    "es:DescribeDomains",
    "es:ListDomainNames",
    "rds:DescribeDBClusterSnapshots",
    "rds:DescribeDBClusters",
    "rds:DescribeDBInstances",
    "rds:DescribeDBSnapshots",
    "redshift:DescribeClusters",
)

_DOMAINS_AT_ONCE = 5


def _domains(scan: Scan) -> Iterator[Found]:
    """Listed by name, and described for what they cost."""
    ids = [text(item, "DomainName") for item in scan.all("opensearch", "list_domain_names", "DomainNames")]
    for some in chunks(ids, _DOMAINS_AT_ONCE):
        answer = scan.call("opensearch", "describe_domains", DomainNames=some)
        described = {text(item, "DomainName"): item for item in field(answer, "DomainStatusList", list)}
        if set(described) != set(some):
            raise MalformedAnswer(f"OpenSearch was asked for {', '.join(some)} and describes {', '.join(described)}")
        for id_, item in described.items():
            yield Found(id=id_, status="present", item=item)


LISTINGS: tuple[Listing, ...] = (
    listing(
        "aws_db_instance",
        "rds",
        "describe_db_instances",
        "DBInstances",
        id="DBInstanceIdentifier",
        status="DBInstanceStatus",
        tags="TagList",
        spelled={"instance_class": "DBInstanceClass", "multi_az": "MultiAZ"},
    ),
    listing(
        "aws_db_snapshot",
        "rds",
        "describe_db_snapshots",
        "DBSnapshots",
        id="DBSnapshotIdentifier",
        status="Status",
        tags="TagList",
        SnapshotType="manual",
    ),
    listing(
        "aws_db_cluster_snapshot",
        "rds",
        "describe_db_cluster_snapshots",
        "DBClusterSnapshots",
        id="DBClusterSnapshotIdentifier",
        status="Status",
        tags="TagList",
        SnapshotType="manual",
    ),
    # Aurora, DocumentDB and Neptune are all answered here.
    listing(
        "aws_rds_cluster",
        "rds",
        "describe_db_clusters",
        "DBClusters",
        id="DBClusterIdentifier",
        status="Status",
        tags="TagList",
    ),
    listing(
        "aws_elasticache_cluster",
        "elasticache",
        "describe_cache_clusters",
        "CacheClusters",
        id="CacheClusterId",
        status="CacheClusterStatus",
        tags=None,
        spelled={"node_type": "CacheNodeType"},
    ),
    Listing(
        "aws_opensearch_domain",
        _domains,
        {"ebs_options.volume_type": "EBSOptions.VolumeType", "ebs_options.volume_size": "EBSOptions.VolumeSize"},
    ),
    listing(
        "aws_redshift_cluster",
        "redshift",
        "describe_clusters",
        "Clusters",
        id="ClusterIdentifier",
        status="ClusterStatus",
    ),
)
