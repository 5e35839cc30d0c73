"""EC2, load balancers, ECS, EKS, RDS and all else that the live scan lists: bad in every field, and never "none"."""

import pytest

from bad_input import FakeAws, sweep
from bad_input_inventory import CASES, HERE
from tidegate.collectors.aws import reading
from tidegate.collectors.aws.inventory import LISTINGS

LAST = "a page without a token is the last one; nothing else could say that there is more"
ENDED = "an empty token is how services that answer in XML end a listing"
LESS = "a list without a resource says that it is not there; lookups by id stand beside the scan"
UNTAGGED = "AWS leaves the list out where there is no tag, and a tag may have no value; lookups by id stand beside it"
FOLLOWED = ("NextToken", "nextToken", "nextPageToken", "NextMarker", "Marker")
LISTED_BY_THE_MONTH = (
    "kms.ListKeys.Keys",
    "secretsmanager.ListSecrets.1.SecretList",
    "kinesis.ListStreams.StreamNames",
    "dynamodb.ListTables.TableNames",
    "route53.ListHostedZones.HostedZones",
    "[ef]*.DescribeFileSystems.1.FileSystems",
    "mq.ListBrokers.BrokerSummaries",
    "sagemaker.ListNotebookInstances.NotebookInstances",
    "sagemaker.ListEndpoints.Endpoints",
    "opensearchserverless.ListCollections.collectionSummaries",
    "acm-pca.ListCertificateAuthorities.1.CertificateAuthorities",
    "emr.ListClusters.Clusters",
    "wafv2.ListWebACLs.WebACLs",
)
TAGS_BY_THE_MONTH = (
    "kms.ListResourceTags.Tags",
    "secretsmanager.ListSecrets.*.Tags",
    "kinesis.ListTagsForStream.Tags",
    "dynamodb.ListTagsOfResource.*.Tags",
    "route53.ListTagsForResource.ResourceTagSet.Tags",
    "[ef]*.DescribeFileSystems.*.Tags",
    "sagemaker.ListTags.Tags",
    "opensearchserverless.ListTagsForResource.tags",
    "acm-pca.ListTags.Tags",
    "emr.DescribeCluster.Cluster.Tags",
    "wafv2.ListTagsForResource.TagInfoForResource.TagList",
)
LISTED_BY_THE_HOUR = (
    "apprunner.ListServices*.ServiceSummaryList",
    "globalaccelerator.List*.1.Accelerators",
    "lightsail.Get*.*s",
    "mwaa.ListEnvironments.1.Environments",
    "redshift-serverless.ListWorkgroups.1.workgroups",
)
TAGS_BY_THE_HOUR = (
    "apprunner.ListTagsForResource.Tags",
    "globalaccelerator.ListTagsForResource.Tags",
    "lightsail.*.tags",
    "redshift-serverless.ListTagsForResource.tags",
)
IRRELEVANT = {
    **{f"*: *.0.{token}: removed": LAST for token in FOLLOWED},
    **{f"*: *.0.{token}: empty": ENDED for token in FOLLOWED},
    "*: ec2.Describe*.[0-9]: left out": LESS,
    "*: rds.Describe*.[0-9]: left out": LESS,
    "*: elb*.DescribeLoadBalancers.*.[0-9]: left out": LESS,
    "*: ecs.ListClusters.*: left out": LESS,
    "aws_ecs_task*: ecs.ListTasks.*: left out": LESS,
    "*: eks.ListClusters.*: left out": LESS,
    "*: autoscaling.*.[0-9]: left out": LESS,
    "*: application-autoscaling.*.[0-9]: left out": LESS,
    "*: elasticache.*: left out": LESS,
    "*: opensearch.*: left out": LESS,
    "*: redshift.*: left out": LESS,
    "*: kafka.*: left out": LESS,
    "*: network-firewall.*: left out": LESS,
    "*: logs.DescribeLogGroups.*: left out": LESS,
    "*: ssm.DescribeParameters.*: left out": LESS,
    "aws_vpc: *.Tags: removed": UNTAGGED,
    "aws_vpc: *.Tags.*: left out": UNTAGGED,
    "aws_vpc: *.Tags.*.Value: empty": UNTAGGED,
    "aws_ssm_parameter: *.TagList.*: left out": UNTAGGED,
    "aws_ssm_parameter: *.TagList.*.Value: empty": UNTAGGED,
    "aws_ecs_service idle: *.tags: removed": UNTAGGED,
    "*: ec2.*.Tags.2.Value: empty": UNTAGGED,
    **{f"*: {call}.[0-9]: left out": LESS for call in (*LISTED_BY_THE_MONTH, *LISTED_BY_THE_HOUR)},
    **{f"*: {call}.*: left out": UNTAGGED for call in (*TAGS_BY_THE_MONTH, *TAGS_BY_THE_HOUR)},
    **{f"*: {call}.*.*alue: empty": UNTAGGED for call in (*TAGS_BY_THE_MONTH, *TAGS_BY_THE_HOUR)},
    **{f"aws_{kind}: *.Tags: removed": UNTAGGED for kind in ("emr_cluster", "efs*", "fsx*", "mq*", "secretsmanager*")},
    "*: elasticache.ListTagsForResource.TagList.*.Value: empty": UNTAGGED,
    "aws_ec2_client_vpn_endpoint: *.Tags: removed": UNTAGGED,
    "aws_ec2_client_vpn_endpoint: *.Tags.*.Value: empty": UNTAGGED,
    "aws_lightsail_*: *.tags: removed": UNTAGGED,
    "aws_lightsail_*: *.tags.*.value: removed": UNTAGGED,
    "aws_mwaa_environment: mwaa.GetEnvironment.Environment.Tags: removed": UNTAGGED,
    "aws_mwaa_environment: mwaa.GetEnvironment.Environment.Tags: empty": UNTAGGED,
    "aws_mwaa_environment: mwaa.GetEnvironment.Environment.Tags.*: removed": UNTAGGED,
    "aws_mwaa_environment: mwaa.GetEnvironment.Environment.Tags.*: empty": UNTAGGED,
    "aws_mq_broker: mq.DescribeBroker.Tags: empty": UNTAGGED,
    "aws_mq_broker: mq.DescribeBroker.Tags.*": UNTAGGED,
    "aws_ecs_*: *.failures: removed": "the number of descriptions tells whether one is missing",
    "aws_vpc: *.IsDefault: flipped": "the account's own default network, which costs nothing",
    "aws_autoscaling_group empty: *.Status: removed": "only a group that is being deleted has a status",
    "aws_autoscaling_group empty: *.Status: empty": "only a group that is being deleted has a status",
    "aws_ebs_snapshot: *.OwnerId: text *": "a snapshot that another account owns and shares",
    "aws_ecs_service idle: *.failures.0.arn: *": "the name of what went between two calls is for people",
}
"""Spoiled fields that may pass, each with its reason."""


@pytest.fixture(scope="module")
def aws() -> FakeAws:
    return FakeAws(HERE)


def test_every_type_has_a_case() -> None:
    assert {case.name.split()[0] for case in CASES} == set(LISTINGS)


@pytest.mark.timeout(1500)  # thousands of judgements, on a machine that may be busy
def test_every_bad_field_has_a_named_blocker(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_PAGES", 5)
    assert sweep(aws, CASES, IRRELEVANT) == []
