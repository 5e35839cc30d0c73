"""What is dear, common and forgotten is listed with its tags: what AWS keeps for itself and what is going is not."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tidegate.collectors.aws.inventory import LISTINGS
from tidegate.collectors.aws.inventory.listing import Found, Scan

HERE = "eu-west-2"
OURS = {"project": "fraud-platform", "environment": "dev_min", "lifecycle": "ephemeral"}
PAIRS = [{"Key": key, "Value": value} for key, value in OURS.items()]
SMALL = [{"key": key, "value": value} for key, value in OURS.items()]
ROLE = "arn:aws:iam::123456789012:role/r"


@pytest.fixture
def listed(environment: Any) -> Callable[..., list[Found]]:
    def run(clients: Any, kind: str, region: str = HERE) -> list[Found]:
        return list(LISTINGS[kind].read(Scan(clients, region, environment)))

    return run


def _key(aws: Any) -> None:
    tags = [{"TagKey": key, "TagValue": value} for key, value in OURS.items()]
    aws.of("kms").create_key(Tags=tags)
    going = aws.of("kms").create_key()["KeyMetadata"]["KeyId"]
    aws.of("kms").schedule_key_deletion(KeyId=going, PendingWindowInDays=7)


def _endpoint(aws: Any) -> None:
    sagemaker = aws.of("sagemaker")
    sagemaker.create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "i"})
    variant = {"VariantName": "v", "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.t2.medium"}
    sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c", Tags=PAIRS)


def _zone(aws: Any) -> None:
    made = aws.of("route53").create_hosted_zone(Name="example.com", CallerReference="1")
    id_ = made["HostedZone"]["Id"].rpartition("/")[2]
    aws.of("route53").change_tags_for_resource(ResourceType="hostedzone", ResourceId=id_, AddTags=PAIRS)


def _map_reduce(aws: Any) -> None:
    instances = {"MasterInstanceType": "m5.xlarge", "InstanceCount": 1, "KeepJobFlowAliveWhenNoSteps": True}
    aws.of("emr").run_job_flow(Name="e", Instances=instances, JobFlowRole="j", ServiceRole="s", Tags=PAIRS)


def _stream(aws: Any) -> None:
    aws.of("kinesis").create_stream(StreamName="s", ShardCount=2)
    aws.of("kinesis").add_tags_to_stream(StreamName="s", Tags=OURS)


def _collection(aws: Any) -> None:
    policy = {
        "Rules": [{"ResourceType": "collection", "Resource": ["collection/logs"]}],
        "AWSOwnedKey": False,
        "KmsARN": "k",
    }
    serverless = aws.of("opensearchserverless")
    serverless.create_security_policy(name="logs", type="encryption", policy=json.dumps(policy))
    serverless.create_collection(name="logs", type="SEARCH", tags=SMALL)


MAKE: dict[str, Callable[[Any], Any]] = {
    "aws_kms_key": _key,
    "aws_secretsmanager_secret": lambda aws: aws.of("secretsmanager").create_secret(
        Name="s", SecretString="x", Tags=PAIRS
    ),
    "aws_kinesis_stream": _stream,
    "aws_dynamodb_table": lambda aws: aws.dynamodb.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 100, "WriteCapacityUnits": 100},
        Tags=PAIRS,
    ),
    "aws_route53_zone": _zone,
    "aws_efs_file_system": lambda aws: aws.of("efs").create_file_system(CreationToken="t", Tags=PAIRS),
    "aws_fsx_file_system": lambda aws: aws.of("fsx").create_file_system(
        FileSystemType="LUSTRE", StorageCapacity=1200, SubnetIds=["subnet-0123456789abcdef0"], Tags=PAIRS
    ),
    "aws_mq_broker": lambda aws: aws.of("mq").create_broker(
        BrokerName="b",
        AutoMinorVersionUpgrade=False,
        DeploymentMode="SINGLE_INSTANCE",
        EngineType="RabbitMQ",
        EngineVersion="3.8.6",
        HostInstanceType="mq.t3.micro",
        PubliclyAccessible=False,
        Users=[{"Username": "u", "Password": "not-a-secret"}],
        Tags=OURS,
    ),
    "aws_sagemaker_notebook_instance": lambda aws: aws.of("sagemaker").create_notebook_instance(
        NotebookInstanceName="n", InstanceType="ml.t3.medium", RoleArn=ROLE, Tags=PAIRS
    ),
    "aws_sagemaker_endpoint": _endpoint,
    "aws_acmpca_certificate_authority": lambda aws: aws.of("acm-pca").create_certificate_authority(
        CertificateAuthorityConfiguration={
            "KeyAlgorithm": "RSA_2048",
            "SigningAlgorithm": "SHA256WITHRSA",
            "Subject": {"CommonName": "x"},
        },
        CertificateAuthorityType="ROOT",
        Tags=PAIRS,
    ),
    "aws_opensearchserverless_collection": _collection,
    "aws_emr_cluster": _map_reduce,
    "aws_wafv2_web_acl": lambda aws: aws.of("wafv2").create_web_acl(
        Name="w",
        Scope="REGIONAL",
        DefaultAction={"Allow": {}},
        VisibilityConfig={"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "w"},
        Tags=PAIRS,
    ),
}


@pytest.mark.parametrize("kind", MAKE)
def test_one_that_stands_is_listed_with_its_tags(aws: Any, listed: Any, kind: str) -> None:
    assert listed(aws, kind) == []
    MAKE[kind](aws)
    (found,) = listed(aws, kind)
    assert found.tags == OURS
    assert found.id
    assert found.status


def test_a_table_says_how_it_is_billed(aws: Any, listed: Any) -> None:
    MAKE["aws_dynamodb_table"](aws)
    (found,) = listed(aws, "aws_dynamodb_table")
    assert found.item["BillingMode"] == "PROVISIONED"


def test_zones_show_once(aws: Any, listed: Any) -> None:
    _zone(aws)
    assert listed(aws, "aws_route53_zone", "us-east-1") == []


def test_a_secret_of_a_service_goes_with_its_owner(clients: Any, script: Any, listed: Any) -> None:
    scripted = script(clients.of("secretsmanager", HERE))
    scripted("ListSecrets", {"SecretList": [{"Name": "rds!db-1", "OwningService": "rds"}, {"Name": "ours"}]})
    assert [it.id for it in listed(clients, "aws_secretsmanager_secret")] == ["ours"]


def test_the_keys_of_aws_are_free(clients: Any, script: Any, listed: Any) -> None:
    scripted = script(clients.of("kms", HERE))
    scripted("ListKeys", {"Keys": [{"KeyId": "a"}, {"KeyId": "b"}]})
    keys = [{"KeyManager": manager, "KeyState": "Enabled"} for manager in ("AWS", "CUSTOMER")]
    scripted("DescribeKey", *({"KeyMetadata": key} for key in keys))
    scripted("ListResourceTags", {"Tags": []})
    assert [it.id for it in listed(clients, "aws_kms_key")] == ["b"]


def test_a_table_that_says_nothing_is_provisioned(clients: Any, script: Any, listed: Any) -> None:
    scripted = script(clients.of("dynamodb", HERE))
    scripted("ListTables", {"TableNames": ["t"]})
    arn = "arn:aws:dynamodb:eu-west-2:123456789012:table/t"
    scripted("DescribeTable", {"Table": {"TableArn": arn, "TableStatus": "ACTIVE"}})
    scripted("ListTagsOfResource", {"Tags": []})
    (found,) = listed(clients, "aws_dynamodb_table")
    assert found.item["BillingMode"] == "PROVISIONED"


def test_web_acls_of_every_page(clients: Any, script: Any, listed: Any) -> None:
    """AWS gives a marker with the last page as well."""
    arns = [f"arn:aws:wafv2:{HERE}:123456789012:regional/webacl/w/{number}" for number in range(101)]
    scripted = script(clients.of("wafv2", HERE))
    pages = ({"WebACLs": [{"ARN": arn} for arn in some], "NextMarker": "m"} for some in (arns[:100], arns[100:]))
    scripted("ListWebACLs", *pages)
    scripted("ListTagsForResource", {"TagInfoForResource": {"TagList": []}})
    assert [it.id for it in listed(clients, "aws_wafv2_web_acl")] == arns
    asked = [params.get("NextMarker") for operation, params in scripted.asked if operation == "ListWebACLs"]
    assert asked == [None, "m"]


def test_an_authority_that_is_deleted_costs_nothing(clients: Any, script: Any, listed: Any) -> None:
    states = ("ACTIVE", "DELETED", "DISABLED")
    scripted = script(clients.of("acm-pca", HERE))
    authorities = [{"Arn": f"arn:aws:acm-pca:{HERE}:1:certificate-authority/{it}", "Status": it} for it in states]
    scripted("ListCertificateAuthorities", {"CertificateAuthorities": authorities})
    scripted("ListTags", {"Tags": []})
    assert [it.status for it in listed(clients, "aws_acmpca_certificate_authority")] == ["ACTIVE", "DISABLED"]
