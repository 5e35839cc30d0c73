"""Managed Kafka of AWS, provisioned and serverless."""

from collections.abc import Iterator

from tidegate.collectors.aws.inventory.listing import Found, Listing, Scan
from tidegate.collectors.aws.reading import text
from tidegate.collectors.aws.tags import flat_tags

IAM_ACTIONS: tuple[str, ...] = ("kafka:ListClustersV2",)


def _clusters(scan: Scan) -> Iterator[Found]:
    for item in scan.all("kafka", "list_clusters_v2", "ClusterInfoList"):
        yield Found(
            id=text(item, "ClusterArn"),
            status=text(item, "State"),
            item=item,
            tags=flat_tags(item, "Tags"),
        )


LISTINGS: tuple[Listing, ...] = (Listing("aws_msk_cluster", _clusters),)
