"""The AWS clients of one session: made once per service and region, all with the same deadlines and retries.

This is the only file of the collectors that makes a client. Endpoints come from the process environment, so the same
code talks to AWS and to the sandbox; who asks is said by the environment's manifest, or for a person's own commands by
the process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import InvalidEndpointConfigurationError
from botocore.session import Session, get_session

from tidegate.aws_identity import identity_of
from tidegate.models.environment import Environment

if TYPE_CHECKING:
    from mypy_boto3_budgets import BudgetsClient
    from mypy_boto3_ce import CostExplorerClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_elb import ElasticLoadBalancingClient
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_rds import RDSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_sts import STSClient

CONNECT_TIMEOUT, READ_TIMEOUT, ATTEMPTS = 5, 20, 4
"""Seconds, seconds, and how often a call is sent at most. Nothing else retries."""
_IMPATIENT = Config(connect_timeout=5, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})
"""Seconds, for each of two tries."""


@dataclass(frozen=True, slots=True)
class Clients:
    """Clients of one botocore session; `region` is the default one.

    Making a client is thread-safe here (it is not in botocore); clients themselves are thread-safe.
    Raises BotoCoreError where the configuration of the process is unusable, e.g. an unknown AWS_PROFILE.
    """

    region: str
    session: Session
    _made: dict[tuple[str, str], Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False, kw_only=True)

    @classmethod
    def from_environment(cls, region: str) -> Clients:
        """Clients of whoever runs a command, with the credentials that botocore finds. Makes no call, never fails."""
        return cls(region, get_session())

    @classmethod
    def acting_for(cls, environment: Environment, session_name: str) -> Clients:
        """Clients that act as the environment's role, in its region. Makes no call and never fails."""
        return cls(environment.region, identity_of(environment, session_name).session(_config()))

    def of(self, service: str, region: str | None = None) -> Any:
        """The client of a service by botocore's name for it."""
        key = (service, region or self.region)
        with self._lock:
            if key not in self._made:
                self._made[key] = self._make(*key)
            return self._made[key]

    def impatient(self, service: str) -> Any:
        """A client in the default region that gives up after seconds. A new one at each call."""
        with self._lock:
            return self.session.create_client(service, region_name=self.region, config=_config().merge(_IMPATIENT))

    def knows_no(self, service: str, region: str) -> bool:
        """Does the endpoint data of the installed botocore say that a region is without a service? Makes no call.

        False for what it cannot know: a region that is newer than it, and a service without regions.
        """
        places = self.session.get_available_regions(service)
        return bool(places) and region not in places and region in self.session.get_available_regions("ec2")

    def has(self, service: str) -> bool:
        """Was a client of the service made for the default region?"""
        with self._lock:
            return (service, self.region) in self._made

    @contextmanager
    def apart(self, region: str) -> Iterator[Clients]:
        """Clients of the same session for one region, closed and forgotten in the end: a night meets hundreds of them.

        The session is not thread-safe while it makes a client, so all that share one share its lock.
        """
        own = Clients(region, self.session, _lock=self._lock)
        try:
            yield own
        finally:
            for client in own._made.values():
                client.close()

    def _make(self, service: str, region: str) -> Any:
        try:
            return self.session.create_client(service, region_name=region, config=_config())
        except ValueError as error:  # botocore's answer to an endpoint URL that is none
            raise InvalidEndpointConfigurationError(msg=f"the endpoint of {service} is not a URL") from error

    @property
    def s3(self) -> S3Client:
        """Amazon S3 in the default region."""
        client: S3Client = self.of("s3")
        return client

    def s3_in(self, region: str) -> S3Client:
        """Amazon S3 in a region."""
        client: S3Client = self.of("s3", region)
        return client

    @property
    def dynamodb(self) -> DynamoDBClient:
        """Amazon DynamoDB in the default region."""
        client: DynamoDBClient = self.of("dynamodb")
        return client

    def dynamodb_in(self, region: str) -> DynamoDBClient:
        """Amazon DynamoDB in a region."""
        client: DynamoDBClient = self.of("dynamodb", region)
        return client

    @property
    def sts(self) -> STSClient:
        """AWS STS in the default region."""
        client: STSClient = self.of("sts")
        return client

    @property
    def ssm(self) -> SSMClient:
        """AWS Systems Manager in the default region."""
        client: SSMClient = self.of("ssm")
        return client

    @property
    def sns(self) -> SNSClient:
        """Amazon SNS in the default region."""
        client: SNSClient = self.of("sns")
        return client

    @property
    def iam(self) -> IAMClient:
        """AWS IAM; the same in every region."""
        client: IAMClient = self.of("iam")
        return client

    @property
    def budgets(self) -> BudgetsClient:
        """AWS Budgets; the same in every region."""
        client: BudgetsClient = self.of("budgets")
        return client

    @property
    def ce(self) -> CostExplorerClient:
        """Cost Explorer; the same in every region. Every request costs money."""
        client: CostExplorerClient = self.of("ce")
        return client

    def ec2(self, region: str) -> EC2Client:
        """Amazon EC2 in a region."""
        client: EC2Client = self.of("ec2", region)
        return client

    def ecs(self, region: str) -> ECSClient:
        """Amazon ECS in a region."""
        client: ECSClient = self.of("ecs", region)
        return client

    def rds(self, region: str) -> RDSClient:
        """Amazon RDS in a region."""
        client: RDSClient = self.of("rds", region)
        return client

    def elb(self, region: str) -> ElasticLoadBalancingClient:
        """Classic load balancers in a region."""
        client: ElasticLoadBalancingClient = self.of("elb", region)
        return client

    def elbv2(self, region: str) -> ElasticLoadBalancingv2Client:
        """Application, network and gateway load balancers in a region."""
        client: ElasticLoadBalancingv2Client = self.of("elbv2", region)
        return client


def _config() -> Config:
    redirected = any(os.environ.get(name) for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"))
    return Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        max_pool_connections=16,
        # A stand-in answers on one host name: neither the bucket nor a prefix of the service can be part of it.
        inject_host_prefix=not redirected,
        s3={"addressing_style": "path" if redirected else "auto"},
    )
