"""Managed Kafka of AWS, provisioned and serverless."""

from collections.abc import Iterator

from tidegate.collectors.aws.inventory.listing import Found, Listing, Scan
from tidegate.collectors.aws.reading import field, optional

IAM_ACTIONS: tuple[str, ...] = ("kafka:ListClustersV2",)


def _clusters(scan: Scan) -> Iterator[Found]:
    for item in scan.all("kafka", "list_clusters_v2", "ClusterInfoList"):
        yield Found(
            id=field(item, "ClusterArn", str),
            status=field(item, "State", str),
            item=item,
            tags=optional(item, "Tags", dict) or {},
        )


LISTINGS: tuple[Listing, ...] = (Listing("aws_msk_cluster", _clusters),)
