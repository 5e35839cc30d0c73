"""Databases, caches, search and warehouses: whatever keeps data and costs by the hour."""

from tidegate.collectors.aws.inventory.listing import Listing, listing

IAM_ACTIONS: tuple[str, ...] = (
    "elasticache:DescribeCacheClusters",
    "es:ListDomainNames",
    "rds:DescribeDBClusterSnapshots",
    "rds:DescribeDBClusters",
    "rds:DescribeDBInstances",
    "rds:DescribeDBSnapshots",
    "redshift:DescribeClusters",
)

LISTINGS: tuple[Listing, ...] = (
    listing(
        "aws_db_instance",
        "rds",
        "describe_db_instances",
        "DBInstances",
        id="DBInstanceIdentifier",
        status="DBInstanceStatus",
        tags="TagList",
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
    ),
    listing("aws_opensearch_domain", "opensearch", "list_domain_names", "DomainNames", id="DomainName", tags=None),
    listing(
        "aws_redshift_cluster",
        "redshift",
        "describe_clusters",
        "Clusters",
        id="ClusterIdentifier",
        status="ClusterStatus",
    ),
)
