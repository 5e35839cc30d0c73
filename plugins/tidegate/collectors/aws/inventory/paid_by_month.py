"""What is dear and common, and forgotten: keys, secrets, streams, tables, zones, file systems, brokers, notebooks."""

from collections.abc import Iterator
from typing import Any

from tidegate.collectors.aws.inventory.listing import (
    Found,
    Listing,
    Scan,
    listing,
    tagged,
    tags_by_a_call,
    tags_of,
)
from tidegate.collectors.aws.reading import MOST_PAGES, MalformedAnswer, field, optional, text
from tidegate.collectors.aws.tags import flat_tags, tag_map

IAM_ACTIONS: tuple[str, ...] = (
    "acm-pca:ListCertificateAuthorities",
    "acm-pca:ListTags",
    "aoss:ListCollections",
    "aoss:ListTagsForResource",
    "dynamodb:DescribeTable",
    "dynamodb:ListTables",
    "dynamodb:ListTagsOfResource",
    "elasticfilesystem:DescribeFileSystems",
    "elasticmapreduce:DescribeCluster",
    "elasticmapreduce:ListClusters",
    "fsx:DescribeFileSystems",
    "kinesis:DescribeStreamSummary",
    "kinesis:ListStreams",
    "kinesis:ListTagsForStream",
    "kms:DescribeKey",
    "kms:ListKeys",
    "kms:ListResourceTags",
    "mq:DescribeBroker",
    "mq:ListBrokers",
    "route53:ListHostedZones",
    "route53:ListTagsForResource",
    "sagemaker:ListEndpoints",
    "sagemaker:ListNotebookInstances",
    "sagemaker:ListTags",
    "secretsmanager:ListSecrets",
    "wafv2:ListTagsForResource",
    "wafv2:ListWebACLs",
)

_RUNNING = ("STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING", "TERMINATING")
_WEB_ACLS_AT_ONCE = 100
_NOT_BILLED = frozenset({"deleted", "pendingdeletion", "pendingreplicadeletion"})
"""Words, folded, of what waits for its end and costs nothing meanwhile."""


def _keys(scan: Scan) -> Iterator[Found]:
    """Those that the customer pays for: AWS's own are free, and so is one that waits for its deletion."""
    for key in scan.all("kms", "list_keys", "Keys"):
        item = field(scan.call("kms", "describe_key", KeyId=text(key, "KeyId")), "KeyMetadata", dict)
        status = text(item, "KeyState")
        if text(item, "KeyManager") == "CUSTOMER" and status.casefold() not in _NOT_BILLED:
            tags = scan.all("kms", "list_resource_tags", "Tags", KeyId=text(key, "KeyId"))
            yield Found(id=text(key, "KeyId"), status=status, item=item, tags=tag_map(tags, "TagKey", "TagValue"))


def _streams(scan: Scan) -> Iterator[Found]:
    for name in scan.names("kinesis", "list_streams", "StreamNames"):
        answer = scan.call("kinesis", "describe_stream_summary", StreamName=name)
        item = field(answer, "StreamDescriptionSummary", dict)
        tags = field(scan.call("kinesis", "list_tags_for_stream", StreamName=name), "Tags", list)
        yield Found(id=name, status=text(item, "StreamStatus"), item=item, tags=tag_map(tags))


def _tables(scan: Scan) -> Iterator[Found]:
    """A table that never had another billing mode than provisioned capacity does not say so."""
    for name in scan.names("dynamodb", "list_tables", "TableNames"):
        item = field(scan.call("dynamodb", "describe_table", TableName=name), "Table", dict)
        mode = optional(item, "BillingModeSummary.BillingMode", str) if "BillingModeSummary" in item else None
        tags = scan.all("dynamodb", "list_tags_of_resource", "Tags", ResourceArn=text(item, "TableArn"))
        described = {**item, "BillingMode": mode or "PROVISIONED"}
        yield Found(id=name, status=text(item, "TableStatus"), item=described, tags=tag_map(tags))


def _zones(scan: Scan) -> Iterator[Found]:
    """Route 53 has no regions: they show in the environment's own."""
    if scan.region != scan.environment.region:
        return
    for item in scan.all("route53", "list_hosted_zones", "HostedZones"):
        id_ = text(item, "Id").rpartition("/")[2]
        answer = scan.call("route53", "list_tags_for_resource", ResourceType="hostedzone", ResourceId=id_)
        tags = tag_map(field(answer, "ResourceTagSet.Tags", list))
        yield Found(id=id_, status="present", item=item, tags=tags)


def _brokers(scan: Scan) -> Iterator[Found]:
    for item in scan.all("mq", "list_brokers", "BrokerSummaries"):
        described = scan.call("mq", "describe_broker", BrokerId=text(item, "BrokerId"))
        yield Found(
            id=text(described, "BrokerId"),
            status=text(item, "BrokerState"),
            item=item,
            tags=flat_tags(described, "Tags"),
        )


def _file_servers(scan: Scan) -> Iterator[Found]:
    for item in scan.all("fsx", "describe_file_systems", "FileSystems"):
        status = optional(item, "Lifecycle", str) or "present"  # of which AWS always tells, and moto never
        yield Found(id=text(item, "FileSystemId"), status=status, item=item, tags=tags_of(item, "Tags"))


def _map_reduce(scan: Scan) -> Iterator[Found]:
    for item in scan.all("emr", "list_clusters", "Clusters", ClusterStates=list(_RUNNING)):
        described = field(scan.call("emr", "describe_cluster", ClusterId=text(item, "Id")), "Cluster", dict)
        tags = tag_map(optional(described, "Tags", list) or [])
        yield Found(id=text(described, "Id"), status=text(item, "Status.State"), item=item, tags=tags)


def _web_acls(scan: Scan) -> Iterator[Found]:
    """botocore knows no pages here, and AWS gives a marker with the last page as well: a short page is the last."""
    marker: dict[str, str] = {}
    items: list[Any] = []
    for _ in range(MOST_PAGES):
        answer = scan.call("wafv2", "list_web_acls", Scope="REGIONAL", Limit=_WEB_ACLS_AT_ONCE, **marker)
        page = field(answer, "WebACLs", list)
        items += page
        following = optional(answer, "NextMarker", str)
        if not following or len(page) < _WEB_ACLS_AT_ONCE:
            break
        marker = {"NextMarker": following}
    else:
        raise MalformedAnswer(f"{MOST_PAGES} pages of web ACLs and no end")
    for item in items:
        answer = scan.call("wafv2", "list_tags_for_resource", ResourceARN=text(item, "ARN"))
        tags = tag_map(field(answer, "TagInfoForResource.TagList", list))
        yield Found(id=text(item, "ARN"), status="present", item=item, tags=tags)


LISTINGS: tuple[Listing, ...] = (
    Listing("aws_kms_key", _keys, services=("kms",)),
    # One that a service keeps for a resource of its own is priced with that, and goes with it.
    listing(
        "aws_secretsmanager_secret",
        "secretsmanager",
        "list_secrets",
        "SecretList",
        id="Name",
        keep=lambda item: optional(item, "OwningService", str) is None,
    ),
    Listing("aws_kinesis_stream", _streams, services=("kinesis",)),
    Listing("aws_dynamodb_table", _tables, services=("dynamodb",)),
    Listing("aws_route53_zone", _zones, services=("route53",)),
    listing(
        "aws_efs_file_system",
        "efs",
        "describe_file_systems",
        "FileSystems",
        id="FileSystemId",
        status="LifeCycleState",
        gone=("deleted",),
    ),
    Listing("aws_fsx_file_system", _file_servers, services=("fsx",)),
    Listing("aws_mq_broker", _brokers, services=("mq",)),
    tagged(
        "aws_sagemaker_notebook_instance",
        "sagemaker",
        "list_notebook_instances",
        "NotebookInstances",
        tags_by_a_call("sagemaker", "list_tags", "ResourceArn", "NotebookInstanceArn", "Tags", ("Key", "Value")),
        id="NotebookInstanceName",
        status="NotebookInstanceStatus",
    ),
    tagged(
        "aws_sagemaker_endpoint",
        "sagemaker",
        "list_endpoints",
        "Endpoints",
        tags_by_a_call("sagemaker", "list_tags", "ResourceArn", "EndpointArn", "Tags", ("Key", "Value")),
        id="EndpointName",
        status="EndpointStatus",
    ),
    tagged(
        "aws_opensearchserverless_collection",
        "opensearchserverless",
        "list_collections",
        "collectionSummaries",
        tags_by_a_call(
            "opensearchserverless", "list_tags_for_resource", "resourceArn", "arn", "tags", ("key", "value")
        ),
        id="id",
        status="status",
    ),
    tagged(
        "aws_acmpca_certificate_authority",
        "acm-pca",
        "list_certificate_authorities",
        "CertificateAuthorities",
        tags_by_a_call("acm-pca", "list_tags", "CertificateAuthorityArn", "Arn", "Tags", ("Key", "Value")),
        id="Arn",
        status="Status",
        gone=_NOT_BILLED,
    ),
    Listing("aws_emr_cluster", _map_reduce, services=("emr",)),
    Listing("aws_wafv2_web_acl", _web_acls, services=("wafv2",)),
)
