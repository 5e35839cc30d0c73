"""What the refused calls start from: made once, and changed by none of them, for what is refused does nothing."""

import json
from collections.abc import Callable
from functools import cached_property
from typing import Any

import boto3
import httpx
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.confluent.credentials import CloudKey
from sandbox.testing import NO_RETRIES, Sandbox

ACCOUNT = "123456789012"
HERE = "eu-west-2"
LONDON = {"LocationConstraint": HERE}
WITHOUT_PREFIX = NO_RETRIES.merge(Config(inject_host_prefix=False))


class World:
    """A sandbox that enforces IAM, its clients, and what they made in it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._clients: dict[tuple[str, str, bool], Any] = {}

    def __call__(self, service: str, region: str = HERE, *, as_owner: bool = True) -> Any:
        """Return a client of the account's owner, or of the execution role."""
        asked = service, region, as_owner
        if asked not in self._clients:
            self._clients[asked] = self.sandbox.client(service, WITHOUT_PREFIX, region, as_owner=as_owner)
        return self._clients[asked]

    def stranger(self, service: str) -> Any:
        """Return a client with a key that nobody issued."""
        return self._bare(service, WITHOUT_PREFIX, aws_access_key_id="AKIA" + "X" * 16, aws_secret_access_key="x")

    def nobody(self, service: str) -> Any:
        """Return a client that signs nothing."""
        return self._bare(service, WITHOUT_PREFIX.merge(Config(signature_version=UNSIGNED)))

    def _bare(self, service: str, config: Config, **keys: str) -> Any:
        make_client: Any = boto3.client  # its stubs know no service given as a variable
        url = self.sandbox.env["AWS_ENDPOINT_URL"]
        return make_client(service, endpoint_url=url, region_name=HERE, config=config, **keys)

    @cached_property
    def token(self) -> str:
        """The web identity token that the sandbox wrote."""
        return (self.sandbox.directory / "web_identity_token").read_text(encoding="ascii")

    def bounded(self, service: str) -> Any:
        """Return a client of a role that may do all but list users, within a boundary of S3, ECS and reading IAM."""
        keys = self._bounded_session
        return self._bare(
            service,
            WITHOUT_PREFIX,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )

    @cached_property
    def _bounded_session(self) -> dict[str, str]:
        iam = self("iam")
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        boundary = iam.create_policy(
            PolicyName="refusals-boundary",
            PolicyDocument=policy(everything | {"Action": ["s3:*", "ecs:*", "iam:List*"]}),
        )["Policy"]["Arn"]
        provider = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"][0]["Arn"]
        trust = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity"}
        role = iam.create_role(
            RoleName="refusals", AssumeRolePolicyDocument=policy(trust), PermissionsBoundary=boundary
        )["Role"]["Arn"]
        but = {"Effect": "Deny", "Action": "iam:ListUsers", "Resource": "*"}
        iam.put_role_policy(RoleName="refusals", PolicyName="all", PolicyDocument=policy(everything, but))
        answer = self.nobody("sts").assume_role_with_web_identity(
            RoleArn=role, RoleSessionName="refusals", WebIdentityToken=self.token
        )
        keys: dict[str, str] = answer["Credentials"]
        return keys

    @cached_property
    def database(self) -> str:
        """The id that RDS gave a database that stands."""
        self("rds").create_db_instance(
            DBInstanceIdentifier="there",
            DBInstanceClass="db.t4g.micro",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername="somebody",
            MasterUserPassword="not-a-secret",
        )
        found = self("rds").describe_db_instances(DBInstanceIdentifier="there")["DBInstances"][0]
        return str(found["DbiResourceId"])

    @cached_property
    def task(self) -> str:
        """A task definition for EC2 alone; its cluster is `there`, and two services in it, one of them deleted."""
        ecs = self("ecs")
        ecs.create_cluster(clusterName="there")
        containers = [{"name": "a", "image": "busybox", "memory": 128}]
        ecs.register_task_definition(family="task", containerDefinitions=containers)
        ecs.register_task_definition(
            family="own-interface",
            containerDefinitions=containers,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
        )
        for name in ("active", "deleted"):
            ecs.create_service(cluster="there", serviceName=name, taskDefinition="task", desiredCount=0)
        ecs.delete_service(cluster="there", service="deleted")
        return "task"

    @cached_property
    def topic(self) -> str:
        """A topic's ARN."""
        return str(self("sns").create_topic(Name="there")["TopicArn"])

    @cached_property
    def key(self) -> str:
        """A key that has the alias `alias/there`."""
        made = str(self("kms").create_key()["KeyMetadata"]["KeyId"])
        self("kms").create_alias(AliasName="alias/there", TargetKeyId=made)
        return made

    @cached_property
    def dying_key(self) -> str:
        """A key that waits for its deletion."""
        made = str(self("kms").create_key()["KeyMetadata"]["KeyId"])
        self("kms").schedule_key_deletion(KeyId=made)
        return made

    @cached_property
    def bucket(self) -> str:
        """A bucket without Object Lock that blocks public policies; its own denies reading tags of what is in it."""
        self("s3").create_bucket(Bucket="refusals-plain", CreateBucketConfiguration=LONDON)
        block = {"BlockPublicPolicy": True, "RestrictPublicBuckets": True}
        self("s3").put_public_access_block(Bucket="refusals-plain", PublicAccessBlockConfiguration=block)
        self("s3").put_object(Bucket="refusals-plain", Key="there", Body=b"x")
        things = "arn:aws:s3:::refusals-plain/*"
        deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObjectTagging", "Resource": things}
        self("s3").put_bucket_policy(Bucket="refusals-plain", Policy=policy(deny))
        return "refusals-plain"

    @cached_property
    def locked_bucket(self) -> str:
        """A bucket with Object Lock, with one object in it that is not locked."""
        name = "refusals-locked"
        self("s3").create_bucket(Bucket=name, CreateBucketConfiguration=LONDON, ObjectLockEnabledForBucket=True)
        self("s3").put_object(Bucket=name, Key="free", Body=b"x")
        return name

    @cached_property
    def confluent(self) -> httpx.Client:
        """A client of the Confluent API with the Cloud key."""
        return self.sandbox.confluent()

    @cached_property
    def environment(self) -> str:
        """An environment called `there`; another is called `other`."""
        self._posted("/org/v2/environments", {"display_name": "other"})
        return self._posted("/org/v2/environments", {"display_name": "there"})

    @cached_property
    def cluster(self) -> str:
        """A cluster of the environment, protected."""
        return self._posted("/cmk/v2/clusters", {"spec": self.cluster_spec | {"deletion_protection": True}})

    @property
    def cluster_spec(self) -> dict[str, Any]:
        """What a cluster is asked for with."""
        common = {"display_name": "there", "availability": "SINGLE_ZONE", "cloud": "AWS", "region": HERE}
        return {**common, "config": {"kind": "Basic"}, "environment": {"id": self.environment}}

    @cached_property
    def service_account(self) -> str:
        """A service account called `there`; another is called `other`."""
        self._posted("/iam/v2/service-accounts", {"display_name": "other"})
        return self._posted("/iam/v2/service-accounts", {"display_name": "there"})

    @cached_property
    def kafka(self) -> httpx.Client:
        """A client with a key of the cluster, in which there is a topic `there` with three partitions."""
        spec = {"owner": {"id": self.service_account}, "resource": {"id": self.cluster, "kind": "Cluster"}}
        made = self.confluent.post("/iam/v2/api-keys", json={"spec": spec}).json()
        client = self.sandbox.confluent(cloud_key=CloudKey(made["id"], made["spec"]["secret"]))
        topic = {"topic_name": "there", "partitions_count": 3}
        client.post(f"/kafka/v3/clusters/{self.cluster}/topics", json=topic).raise_for_status()
        return client

    def _posted(self, path: str, body: dict[str, Any]) -> str:
        return str(self.confluent.post(path, json=body).raise_for_status().json()["id"])


Call = Callable[[World], Any]
"""A call that is refused: of AWS it raises ClientError, of Confluent it returns the answer."""


def said(call: Call, *parts: str) -> Call:
    """Return the call, and demand these parts of AWS's sentence: where one code stands for several reasons."""

    def refused(world: World) -> None:
        try:
            call(world)
        except ClientError as error:
            message = error.response["Error"]["Message"]
            assert all(part in message for part in parts), message
            raise

    return refused


def policy(*statements: dict[str, Any]) -> str:
    """Return a policy as text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
