"""Databases, caches, search and warehouses: whatever keeps data and costs by the hour."""

from collections.abc import Iterator
from dataclasses import dataclass

from tidegate.collectors.aws.inventory.listing import Found, Listing, Scan, chunks, listing, tags_of
from tidegate.collectors.aws.reading import MalformedAnswer, field, optional, text

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


_BY_AWS_BACKUP = "awsbackup"
"""RDS leaves out what AWS Backup took unless it is asked for by this name."""


@dataclass(frozen=True, slots=True)
class _Snapshots:
    """Snapshots of databases of one kind, by whoever took them. `owner` and `owner_name` are fields of a snapshot: the
    id that RDS gave its database, and the name, which a later database may have again.
    """

    operation: str
    key: str
    id: str
    owner: str
    owner_name: str
    owners_operation: str
    owners_key: str

    def read(self, scan: Scan) -> Iterator[Found]:
        """Those of every kind. An automated one of a database that stands is that database's own and goes with it."""
        asked: tuple[dict[str, str], ...] = ({}, {"SnapshotType": _BY_AWS_BACKUP})
        taken = {
            text(item, self.id): item for kind in asked for item in scan.all("rds", self.operation, self.key, **kind)
        }
        automated = [item for item in taken.values() if text(item, "SnapshotType") == "automated"]
        standing = scan.all("rds", self.owners_operation, self.owners_key) if automated else []
        for id_, item in taken.items():
            if item not in automated or not any(self._is_of(item, owner) for owner in standing):
                yield Found(id=id_, status=text(item, "Status"), item=item, tags=tags_of(item, "TagList"))

    def _is_of(self, item: dict[str, object], owner: dict[str, object]) -> bool:
        by = self.owner_name if optional(item, self.owner, str) is None else self.owner
        return text(item, by) == text(owner, by)


_DATABASE_SNAPSHOTS = _Snapshots(
    "describe_db_snapshots",
    "DBSnapshots",
    "DBSnapshotIdentifier",
    "DbiResourceId",
    "DBInstanceIdentifier",
    "describe_db_instances",
    "DBInstances",
)
_CLUSTER_SNAPSHOTS = _Snapshots(
    "describe_db_cluster_snapshots",
    "DBClusterSnapshots",
    "DBClusterSnapshotIdentifier",
    "DbClusterResourceId",
    "DBClusterIdentifier",
    "describe_db_clusters",
    "DBClusters",
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
        spelled={"instance_class": "DBInstanceClass", "multi_az": "MultiAZ"},
    ),
    Listing("aws_db_snapshot", _DATABASE_SNAPSHOTS.read, services=("rds",)),
    Listing("aws_db_cluster_snapshot", _CLUSTER_SNAPSHOTS.read, services=("rds",)),
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
        ("opensearch",),
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
