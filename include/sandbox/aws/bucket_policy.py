"""Bucket policies in the sandbox (labelled extension of moto): nonsense is refused, a conditional Deny denies nothing.

moto takes an unmet condition for a denial, so a policy that denies calls without TLS would deny every call. It cannot
evaluate `aws:SecureTransport`; on the sandbox's loopback address every call counts as secure transport. Deny
statements without a condition are judged by moto as before. moto takes any text for a policy; AWS reads it first.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from moto.iam.access_control import IAMPolicyStatement, PermissionResult
from moto.s3.exceptions import S3ClientError
from moto.s3.models import S3Backend
from moto.s3.utils import bucket_policy_is_public

from sandbox.aws.patching import replace
from sandbox.refusals import Kinder, Refusal

SERVICE = "s3"
_OPERATION = "PutBucketPolicy"
_GRAMMAR = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"
_PUBLIC = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"
_ERRORS = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
REFUSALS = (
    Refusal(_OPERATION, "NoSuchBucket", "the bucket is not there", _ERRORS),
    Refusal(_OPERATION, "AccessDenied", "the policy is public, and Block Public Access is on", _PUBLIC),
    *(
        Refusal(_OPERATION, "MalformedPolicy", when, _GRAMMAR)
        for when in (
            "the text is not JSON",
            "the text is no object",
            "the version is none",
            "there is no statement",
            "a statement has a field that policies lack",
            "a statement has no principal",
            "an effect is neither Allow nor Deny",
            "an action is none of S3",
            "a resource lies in another bucket",
        )
    ),
)
KINDER = (
    Kinder(_OPERATION, "MalformedPolicy", "a principal that does not exist is taken: nothing here looks it up"),
    Kinder(_OPERATION, "PolicyTooLarge", "the longest text is not measured: the product's policies are a tenth of it"),
)
_VERSIONS = {"2012-10-17", "2008-10-17"}
_FIELDS = {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
_ONE_OF = (("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource"))
_ACTION = re.compile(r"\*|s3(?:-object-lambda|express)?:[A-Za-z*?]+")
_JUDGED_BY_MOTO = IAMPolicyStatement.is_action_permitted
_PUT = S3Backend.put_bucket_policy


class MalformedPolicy(S3ClientError):
    """400, as S3 refuses a text that is no policy of the bucket."""

    code = "MalformedPolicy"


class PublicPolicyBlocked(S3ClientError):
    """403, as S3 refuses a public policy of a bucket that blocks them."""

    code = "AccessDenied"


def install() -> None:
    """Put the extension on moto's classes."""
    replace(IAMPolicyStatement, "is_action_permitted", _is_action_permitted, answers=(_OPERATION,))
    replace(S3Backend, "put_bucket_policy", _put_bucket_policy, answers=(_OPERATION,))


def _is_action_permitted(self: IAMPolicyStatement, *args: Any, **kwargs: Any) -> PermissionResult:
    statement = self._statement
    if statement.get("Effect") == "Deny" and "Condition" in statement:
        return PermissionResult.NEUTRAL
    return _JUDGED_BY_MOTO(self, *args, **kwargs)


def _put_bucket_policy(backend: S3Backend, bucket_name: str, policy: bytes) -> None:
    bucket = backend.get_bucket(bucket_name)
    if (wrong := next(_wrong_with(policy, bucket_name), None)) is not None:
        raise MalformedPolicy(wrong)
    blocks = bucket.public_access_block is not None and bucket.public_access_block.block_public_policy
    if blocks and bucket_policy_is_public(policy):
        raise PublicPolicyBlocked("public policies are blocked by the BlockPublicPolicy block public access setting.")
    _PUT(backend, bucket_name, policy)


def _wrong_with(policy: bytes, bucket: str) -> Iterator[str]:
    """Everything that makes a text no policy of the bucket, in AWS's words."""
    try:
        document = json.loads(policy)
    except ValueError:
        yield "Policies must be valid JSON and the first byte must be '{'"
        return
    if not isinstance(document, dict):
        yield "Policies must be valid JSON and the first byte must be '{'"
        return
    if document.get("Version", "2008-10-17") not in _VERSIONS:
        yield "The policy must contain a valid version string"
    if unknown := sorted(document.keys() - {"Version", "Id", "Statement"}):
        yield f"Unknown field {unknown[0]}"
    statements = _listed(document.get("Statement", []))
    if not statements:
        yield "Missing required field Statement"
    for statement in statements:
        yield from _wrong_with_statement(statement, bucket)


def _wrong_with_statement(statement: Any, bucket: str) -> Iterator[str]:
    if not isinstance(statement, dict):
        yield "Invalid policy syntax."
        return
    if unknown := sorted(statement.keys() - _FIELDS):
        yield f"Unknown field {unknown[0]}"
    if statement.get("Effect") not in {"Allow", "Deny"}:
        yield f"Invalid effect: {statement.get('Effect')}"
    for either, other in _ONE_OF:
        if (either in statement) == (other in statement):
            yield f"Missing required field {either}"
    for action in _listed(statement.get("Action", statement.get("NotAction", []))):
        if not isinstance(action, str) or not _ACTION.fullmatch(action):
            yield "Policy has invalid action"
    for resource in _listed(statement.get("Resource", statement.get("NotResource", []))):
        if not isinstance(resource, str) or not _is_of(resource, bucket):
            yield "Policy has invalid resource"


def _is_of(resource: str, bucket: str) -> bool:
    """Whether a resource is the bucket, or something in it; wildcards may stand for its name."""
    if resource == "*":
        return True
    name = re.fullmatch(r"arn:aws[a-z-]*:s3:::([^/]+)(?:/.*)?", resource)
    return name is not None and re.fullmatch(_wildcards(name[1]), bucket) is not None


def _wildcards(text: str) -> str:
    return re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
