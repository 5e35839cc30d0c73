"""Who is refused, whatever is asked: keys that nobody issued, what IAM does not allow, tokens that earn no session."""

import base64
import json
from typing import Any

from refused_calls.world import ACCOUNT, LONDON, Call, World, said

ROLE = f"arn:aws:iam::{ACCOUNT}:role/fraud-platform-dev-min-execution"
FORMS, XML, JSON, PATHS = (
    "a service with forms",
    "a service with XML",
    "a service with JSON",
    "a service with JSON and paths",
)
_NO_POLICY = "because no identity-based policy allows"


def _stranger(service: str, method: str) -> Call:
    return lambda world: getattr(world.stranger(service), method)()


def _role(service: str, method: str, **given: Any) -> Call:
    return said(lambda world: getattr(world(service, as_owner=False), method)(**given), _NO_POLICY)


def _session(role: str = ROLE, **claims: Any) -> Call:
    """Ask for a session with the sandbox's token and other claims; None takes one away."""

    def refused(world: World) -> None:
        head, body, signature = world.token.split(".")
        known = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        changed = {name: value for name, value in (known | claims).items() if value is not None}
        written = base64.urlsafe_b64encode(json.dumps(changed).encode()).rstrip(b"=").decode()
        _assume(world, role, f"{head}.{written}.{signature}")

    return refused


def _assume(world: World, role: str, token: str) -> None:
    sts = world.nobody("sts")
    sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="somebody", WebIdentityToken=token)


def _handed_over(world: World) -> None:
    world.bounded("ecs").register_task_definition(
        family="refusals", taskRoleArn=ROLE, containerDefinitions=[{"name": "a", "image": "b"}]
    )


_NEVER, _ALLOWS = "*: the access key was never issued, asked of ", "*: no policy of the role allows it, asked of "
_CALLS: dict[str, Call] = {
    f"{_NEVER}S3": _stranger("s3", "list_buckets"),
    f"{_NEVER}EC2": _stranger("ec2", "describe_vpcs"),
    f"{_NEVER}{FORMS}": _stranger("sts", "get_caller_identity"),
    f"{_NEVER}{XML}": _stranger("route53", "list_hosted_zones"),
    f"{_NEVER}{JSON}": _stranger("dynamodb", "list_tables"),
    f"{_NEVER}{PATHS}": _stranger("eks", "list_clusters"),
    f"{_ALLOWS}S3": _role("s3", "create_bucket", Bucket="somebody-elses", CreateBucketConfiguration=LONDON),
    f"{_ALLOWS}EC2": _role("ec2", "run_instances", ImageId="ami-1", MinCount=1, MaxCount=1),
    f"{_ALLOWS}{FORMS}": _role("rds", "delete_db_instance", DBInstanceIdentifier="somebody-elses"),
    f"{_ALLOWS}{XML}": _role("route53", "create_hosted_zone", Name="tidegate.example", CallerReference="1"),
    f"{_ALLOWS}{JSON}": _role("dynamodb", "delete_table", TableName="somebody-elses"),
    f"{_ALLOWS}{PATHS}": _role("eks", "delete_cluster", name="somebody-elses"),
    f"{_ALLOWS}SNS": _role("sns", "create_topic", Name="somebody-elses"),
    "*: a policy denies it": said(
        lambda world: world.bounded("iam").list_users(), "with an explicit deny in an identity-based policy"
    ),
    "*: the boundary does not allow it": said(
        lambda world: world.bounded("iam").create_user(UserName="somebody"), "because no permissions boundary allows"
    ),
    "*: the bucket's policy denies it": said(
        lambda world: world.bounded("s3").get_object_tagging(Bucket=world.bucket, Key="there"),
        "with an explicit deny in a resource-based policy",
    ),
    "*: a role is handed over that may not be": said(_handed_over, "iam:PassRole"),
    "*: the request is not signed": lambda world: world.nobody("s3").list_buckets(),
}
_TOKENS: dict[str, Call] = {
    "the token is none": said(lambda world: _assume(world, ROLE, "no.token"), "not a valid JWT"),
    "the token has no subject": said(_session(sub=None), "claim: sub"),
    "the account has no provider of that issuer": said(_session(iss="https://gone.example"), "No OpenIDConnect"),
    "the provider does not know the audience": said(_session(aud="gone.example"), "Incorrect token audience"),
    "the token's time is over": _session(exp=1_700_000_000),
    "the role's trust is for another subject": _session(sub="system:serviceaccount:tidegate:other"),
    "the role is not there": _session(f"arn:aws:iam::{ACCOUNT}:role/gone"),
}
CALLS: dict[str, Call] = {
    **{f"every service {when}": call for when, call in _CALLS.items()},
    **{f"sts AssumeRoleWithWebIdentity: {when}": call for when, call in _TOKENS.items()},
}
