"""What the extensions of moto refuse, but for what is about money."""

from typing import Any

from botocore import xform_name

from refused_calls.world import ACCOUNT, HERE, Call, World, policy

GONE_TOPIC = f"arn:aws:sns:{HERE}:{ACCOUNT}:gone"
GONE_KEY = "00000000-0000-4000-8000-000000000000"
BUCKET = "arn:aws:s3:::refusals-plain"
ALLOW: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": "s3:GetObject",
    "Resource": f"{BUCKET}/*",
}


def _alias(name: str, key: str | None = None) -> Call:
    return lambda world: world("kms").create_alias(AliasName=name, TargetKeyId=key or world.key)


def _subscribe(protocol: str, endpoint: str) -> Call:
    return lambda world: world("sns").subscribe(TopicArn=world.topic, Protocol=protocol, Endpoint=endpoint)


def _topic(method: str, arn: str, **more: Any) -> Call:
    return lambda world: getattr(world("sns"), method)(TopicArn=arn, **more)


def _policy(text: str) -> Call:
    return lambda world: world("s3").put_bucket_policy(Bucket=world.bucket, Policy=text)


def _service(**given: Any) -> Call:
    wanted = {"cluster": "there", "serviceName": "new", "taskDefinition": "task", "desiredCount": 0} | given
    sent = {name: value for name, value in wanted.items() if value is not None}
    return lambda world: world.task and world("ecs").create_service(**sent)


def _update(**given: Any) -> Call:
    return lambda world: world.task and world("ecs").update_service(**{"cluster": "there", "service": "active"} | given)


def _targets(**given: Any) -> Call:
    wanted = {"ServiceNamespace": "ecs"} | given
    return lambda world: world("application-autoscaling").describe_scalable_targets(**wanted)


def _workgroup(method: str) -> Call:
    return lambda world: getattr(world("athena"), method)(WorkGroup="gone")


def _retention(key: str, *, locked: bool) -> Call:
    return lambda world: world("s3").get_object_retention(
        Bucket=world.locked_bucket if locked else world.bucket, Key=key
    )


def _audience(operation: str, audience: str) -> Call:
    gone = f"arn:aws:iam::{ACCOUNT}:oidc-provider/gone.example"
    given = {"OpenIDConnectProviderArn": gone, "ClientID": audience}
    return lambda world: getattr(world("iam"), xform_name(operation))(**given)


def _one_audience_more(world: World) -> None:
    iam = world("iam")
    full = iam.create_open_id_connect_provider(
        Url="https://full.example", ClientIDList=[f"audience-{number}" for number in range(100)]
    )
    iam.add_client_id_to_open_id_connect_provider(
        OpenIDConnectProviderArn=full["OpenIDConnectProviderArn"], ClientID="one-more"
    )


def _without(name: str) -> dict[str, Any]:
    return {key: value for key, value in ALLOW.items() if key != name}


def _second_page(world: World, **more: Any) -> None:
    world("sns").list_subscriptions(NextToken="x", **more)


_MAIL = {"Protocol": "email", "Endpoint": "oncall@tidegate.example"}
_AUDIENCES = ("AddClientIDToOpenIDConnectProvider", "RemoveClientIDFromOpenIDConnectProvider")
CALLS: dict[str, Call] = {
    "athena DeleteWorkGroup: the workgroup is not there": _workgroup("delete_work_group"),
    "athena GetWorkGroup: the workgroup is not there": _workgroup("get_work_group"),
    "athena UpdateWorkGroup: the workgroup is not there": _workgroup("update_work_group"),
    **{f"iam {operation}: the provider is not there": _audience(operation, "mine") for operation in _AUDIENCES},
    **{f"iam {operation}: the audience is too long": _audience(operation, "a" * 256) for operation in _AUDIENCES},
    f"iam {_AUDIENCES[0]}: the provider has a hundred audiences": _one_audience_more,
    "kms CreateAlias: the name begins as AWS's own do": _alias("alias/aws/mine"),
    "kms CreateAlias: the name does not begin with alias/": _alias("mine"),
    "kms CreateAlias: the name holds a blank": _alias("alias/my own"),
    "kms CreateAlias: the target is an alias": lambda world: world.key and _alias("alias/new", "alias/there")(world),
    "kms CreateAlias: the name is taken": lambda world: world.key and _alias("alias/there")(world),
    "kms CreateAlias: the key is not there": _alias("alias/new", GONE_KEY),
    "kms CreateAlias: the key waits for its deletion": lambda world: _alias("alias/new", world.dying_key)(world),
    "ec2 DescribeRegions: a region by that name is not there, or not enabled": (
        lambda world: world("ec2").describe_regions(RegionNames=["eu-west-2", "eu-west-9"])
    ),
    "rds DeleteDBInstanceAutomatedBackup: the database stands": (
        lambda world: world("rds").delete_db_instance_automated_backup(DbiResourceId=world.database)
    ),
    "rds DeleteDBInstanceAutomatedBackup: there is no such backup": (
        lambda world: world("rds").delete_db_instance_automated_backup(DbiResourceId="db-GONE")
    ),
    "s3 GetObjectRetention: the bucket is not there": (
        lambda world: world("s3").get_object_retention(Bucket="refusals-gone", Key="there")
    ),
    "s3 GetObjectRetention: the object is not there": _retention("gone", locked=True),
    "s3 GetObjectRetention: the bucket has no Object Lock": _retention("there", locked=False),
    "s3 GetObjectRetention: the object is not locked": _retention("free", locked=True),
    "s3 GetBucketRequestPayment: the bucket is not there": (
        lambda world: world("s3").get_bucket_request_payment(Bucket="refusals-gone")
    ),
    "s3 PutBucketPolicy: the bucket is not there": (
        lambda world: world("s3").put_bucket_policy(Bucket="refusals-gone", Policy=policy(ALLOW))
    ),
    "s3 PutBucketPolicy: the policy is public, and Block Public Access is on": _policy(
        policy(ALLOW | {"Principal": "*"})
    ),
    "s3 PutBucketPolicy: the text is not JSON": _policy("{"),
    "s3 PutBucketPolicy: the text is no object": _policy("[]"),
    "s3 PutBucketPolicy: the version is none": _policy(policy(ALLOW).replace("2012-10-17", "2026-01-01")),
    "s3 PutBucketPolicy: there is no statement": _policy(policy()),
    "s3 PutBucketPolicy: a statement has a field that policies lack": _policy(policy(ALLOW | {"Colour": "red"})),
    "s3 PutBucketPolicy: a statement has no principal": _policy(policy(_without("Principal"))),
    "s3 PutBucketPolicy: an effect is neither Allow nor Deny": _policy(policy(ALLOW | {"Effect": "allow"})),
    "s3 PutBucketPolicy: an action is none of S3": _policy(policy(ALLOW | {"Action": "sqs:SendMessage"})),
    "s3 PutBucketPolicy: a resource lies in another bucket": _policy(policy(ALLOW | {"Resource": f"{BUCKET}-2/*"})),
    "sns GetTopicAttributes: the topic is not there": _topic("get_topic_attributes", GONE_TOPIC),
    "sns GetTopicAttributes: the topic's ARN is none": _topic("get_topic_attributes", "gone"),
    "sns ListSubscriptionsByTopic: the topic is not there": _topic("list_subscriptions_by_topic", GONE_TOPIC),
    "sns ListSubscriptionsByTopic: the topic's ARN is none": _topic("list_subscriptions_by_topic", "gone"),
    "sns ListSubscriptionsByTopic: the token is of no page": (
        lambda world: world("sns").list_subscriptions_by_topic(TopicArn=world.topic, NextToken="x")
    ),
    "sns ListSubscriptions: the token is of no page": _second_page,
    "sns GetSubscriptionAttributes: the subscription is not there": (
        lambda world: world("sns").get_subscription_attributes(SubscriptionArn=f"{GONE_TOPIC}:{GONE_KEY}")
    ),
    "sns GetSubscriptionAttributes: the subscription waits for its confirmation": (
        lambda world: world("sns").get_subscription_attributes(SubscriptionArn="PendingConfirmation")
    ),
    "sns Subscribe: the topic is not there": _topic("subscribe", GONE_TOPIC, **_MAIL),
    "sns Subscribe: the topic's ARN is none": _topic("subscribe", "gone", **_MAIL),
    "sns Subscribe: the protocol is none": _subscribe("pigeon", "oncall@tidegate.example"),
    "sns Subscribe: there is no endpoint": (
        lambda world: world("sns").subscribe(TopicArn=world.topic, Protocol="email")
    ),
    "sns Subscribe: the endpoint is no address of mail": _subscribe("email", "oncall"),
    "sns Subscribe: the endpoint is not of the protocol https": _subscribe("https", "http://tidegate.example"),
    "sns Subscribe: the endpoint is no function's ARN": _subscribe("lambda", "function"),
    "sns Subscribe: the endpoint is no queue's ARN": _subscribe("sqs", "https://queue.example/a"),
    "sns Subscribe: the endpoint is no number of a telephone": _subscribe("sms", "one"),
    "ecs CreateService: the cluster is not there": _service(cluster="gone"),
    "ecs CreateService: the task definition is not there": _service(taskDefinition="gone"),
    "ecs CreateService: the platform's version is none": _service(launchType="FARGATE", platformVersion="9.9.9"),
    "ecs CreateService: the number of tasks is below zero": _service(desiredCount=-1),
    "ecs CreateService: the name is taken by an active service": _service(serviceName="active"),
    "ecs CreateService: the name holds a blank": _service(serviceName="a b"),
    "ecs CreateService: the number of tasks is missing": _service(desiredCount=None),
    "ecs CreateService: Fargate is to run a task definition that is not for it": _service(launchType="FARGATE"),
    "ecs CreateService: tasks with an interface of their own get no subnets": _service(taskDefinition="own-interface"),
    "ecs UpdateService: the cluster is not there": _update(cluster="gone"),
    "ecs UpdateService: the task definition is not there": _update(taskDefinition="gone"),
    "ecs UpdateService: the platform's version is none": _update(platformVersion="9.9.9"),
    "ecs UpdateService: the number of tasks is below zero": _update(desiredCount=-1),
    "ecs UpdateService: the service is not there": _update(service="gone"),
    "ecs UpdateService: the service was deleted": _update(service="deleted"),
    "application-autoscaling DescribeScalableTargets: the namespace is none": _targets(ServiceNamespace="s3"),
    "application-autoscaling DescribeScalableTargets: the dimension is none": _targets(ScalableDimension="ecs:a:b"),
    "application-autoscaling DescribeScalableTargets: the dimension is one of another service": _targets(
        ScalableDimension="dynamodb:table:ReadCapacityUnits"
    ),
    "application-autoscaling DescribeScalableTargets: a page of more than fifty is asked for": _targets(MaxResults=51),
    "application-autoscaling DescribeScalableTargets: the token is of no page": _targets(NextToken="x"),
}
