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


_SIZE = "broker_node_group_info.storage_info.ebs_storage_info.volume_size"
_PROVISIONED = {
    "broker_node_group_info.instance_type": "Provisioned.BrokerNodeGroupInfo.InstanceType",
    "number_of_broker_nodes": "Provisioned.NumberOfBrokerNodes",
    _SIZE: "Provisioned.BrokerNodeGroupInfo.StorageInfo.EbsStorageInfo.VolumeSize",
}
"""A serverless cluster has none of these, and so no price."""

LISTINGS: tuple[Listing, ...] = (Listing("aws_msk_cluster", _clusters, _PROVISIONED, ("kafka",)),)
