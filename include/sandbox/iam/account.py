"""What the evaluator asks of the account, read from moto at the moment of the request.

Part of the sandbox's IAM evaluator (labelled stand-in for AWS).
"""

import json
from collections.abc import Mapping
from typing import Any

from moto.ec2.models import ec2_backends
from moto.iam.models import IAMBackend, ManagedPolicy, Role, iam_backends
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends
from moto.sts.models import sts_backends

from sandbox.iam.evaluation import Caller, Policies, Policy
from sandbox.iam.needs import World

PARTITION = "aws"


class UnknownCaller(Exception):
    """The access key belongs to no session of a role, or its role is gone; the text says which."""


def caller_of(access_key_id: str) -> tuple[Caller, Role | None]:
    """Return who signed with a key, and the role as it stands. Raises UnknownCaller."""
    for account, partitions in list(sts_backends.items()):
        for session in list(partitions[PARTITION].assumed_roles):
            if session.access_key_id == access_key_id:
                role_name = session.role_arn.rpartition("/")[2]
                role = _role(account, role_name)
                arn = f"arn:{PARTITION}:sts::{account}:assumed-role/{role_name}/{session.session_name}"
                return Caller(arn, account, session.role_arn), role
    raise UnknownCaller("the access key belongs to no session of a role")


def policies_of(role: Role, account: str) -> Policies:
    """Return what is attached to a role, and its boundary."""
    inline = [Policy(name, _text(document)) for name, document in role.policies.items()]
    managed = [Policy(policy.name, _in_force(policy)) for policy in role.managed_policies.values()]
    boundary = None
    if role.permissions_boundary_arn:
        found = _iam(account).managed_policies.get(role.permissions_boundary_arn)
        # A boundary that is not there cannot be read, and so allows nothing.
        boundary = Policy("boundary", _in_force(found) if found else "")
    return Policies((*inline, *managed), boundary)


def trust_of(role_arn: str) -> str | None:
    """Return the trust policy of a role; None when there is no such role."""
    role = _role(role_arn.split(":")[4], role_arn.rpartition("/")[2])
    return None if role is None or role.arn != role_arn else _text(role.assume_role_policy_document)


def audiences_of(account: str, issuer: str) -> frozenset[str] | None:
    """Return for whom an identity provider's tokens may be; None when the account has no such provider."""
    found = _iam(account).open_id_providers.get(f"arn:{PARTITION}:iam::{account}:oidc-provider/{issuer}")
    return None if found is None else frozenset(found.client_id_list)


def bucket_policy(name: str, account: str) -> Policy | None:
    """Return the policy of a bucket of the account."""
    bucket = s3_backends[account][PARTITION].buckets.get(name)
    document = None if bucket is None else bucket.policy
    return None if not document else Policy(f"bucket {name}", _text(document))


def world(account: str, region: str) -> World:
    """Return what the needs of a request are told by."""
    iam = _iam(account)

    def spell(kind: str, name: str) -> str:
        if kind == "role" and "/" not in name:
            role = _role(account, name)
            return name if role is None else f"{role.path}{name}".lstrip("/")
        if kind == "parameter":
            return name.removeprefix("/")
        if kind == "key" and name.startswith("alias/"):
            return _key_of(name, account, region)
        return name.partition("://")[2] if kind == "oidc-provider" and "://" in name else name

    def boundary(role_name: str) -> str | None:
        role = _role(account, role_name)
        return None if role is None else role.permissions_boundary_arn

    return World(account, spell, lambda arn: _tags(arn, account, region), boundary, lambda name: name in _names(iam))


def _names(iam: IAMBackend) -> set[str]:
    return {role.name for role in iam.roles.values()}


def _iam(account: str) -> IAMBackend:
    backend: IAMBackend = iam_backends[account][PARTITION]
    return backend


def _role(account: str, name: str) -> Role | None:
    return next((role for role in list(_iam(account).roles.values()) if role.name == name), None)


def _key_of(alias: str, account: str, region: str) -> str:
    backend = kms_backends[account][region]
    found: str | None = backend.get_key_id_from_alias(alias)
    return found or "*"


def _tags(arn: str, account: str, region: str) -> Mapping[str, str]:
    """The tags of a resource of EC2 or of a role; of others none are told, so that a condition on them is not met."""
    if not arn.startswith("arn:"):
        return {}
    service, kind = arn.split(":")[2], arn.rpartition(":")[2].partition("/")[0]
    name = arn.rpartition("/")[2]
    if service == "ec2" and region:
        found: Any = ec2_backends[account][region].tags.get(name, {})
        return dict(found)
    if service == "iam" and kind == "role" and (role := _role(account, name)) is not None:
        return {tag["Key"]: tag["Value"] for tag in _listed(role.tags)}
    return {}


def _listed(tags: Any) -> list[dict[str, str]]:
    """moto keeps a role's tags as a list, and once they were changed as a mapping."""
    return list(tags.values()) if isinstance(tags, dict) else list(tags or ())


def _in_force(policy: ManagedPolicy) -> str:
    version = next(each for each in policy.versions if each.version_id == policy.default_version_id)
    return _text(version.document)


def _text(document: object) -> str:
    if isinstance(document, bytes):
        return document.decode()
    return document if isinstance(document, str) else json.dumps(document)
