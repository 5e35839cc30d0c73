"""What SNS refuses in the sandbox (labelled extension of moto), and what it is still kinder about."""

import re

from moto.sns.exceptions import SNSInvalidParameter

from sandbox.refusals import Kinder, Refusal, unlimited

SERVICE = "sns"
_REFERENCE = "https://docs.aws.amazon.com/sns/latest/api/API_{}.html"
_OF_A_TOPIC = ("GetTopicAttributes", "ListSubscriptionsByTopic", "Subscribe")
_LISTS = ("ListSubscriptions", "ListSubscriptionsByTopic")


def _refusal(operation: str, code: str, when: str) -> Refusal:
    return Refusal(operation, code, when, _REFERENCE.format(operation))


REFUSALS = (
    *(_refusal(operation, "NotFound", "the topic is not there") for operation in _OF_A_TOPIC),
    *(_refusal(operation, "InvalidParameter", "the topic's ARN is none") for operation in _OF_A_TOPIC),
    *(_refusal(operation, "InvalidParameter", "the token is of no page") for operation in _LISTS),
    _refusal("GetSubscriptionAttributes", "NotFound", "the subscription is not there"),
    _refusal("GetSubscriptionAttributes", "InvalidParameter", "the subscription waits for its confirmation"),
    _refusal("Subscribe", "InvalidParameter", "the protocol is none"),
    _refusal("Subscribe", "InvalidParameter", "there is no endpoint"),
    _refusal("Subscribe", "InvalidParameter", "the endpoint is no address of mail"),
    _refusal("Subscribe", "InvalidParameter", "the endpoint is not of the protocol https"),
    _refusal("Subscribe", "InvalidParameter", "the endpoint is no function's ARN"),
    _refusal("Subscribe", "InvalidParameter", "the endpoint is no queue's ARN"),
    _refusal("Subscribe", "InvalidParameter", "the endpoint is no number of a telephone"),
)
_NO_KEYS = "messages are delivered to nobody, so that no key and no signature is in the way"
KINDER = (
    *unlimited("Subscribe", code="SubscriptionLimitExceeded"),
    *unlimited("Subscribe", code="FilterPolicyLimitExceeded"),
    Kinder("Subscribe", "ReplayLimitExceeded", "nothing is archived, so that nothing is replayed"),
    *(Kinder(operation, "InvalidSecurity", _NO_KEYS) for operation in ("GetTopicAttributes", "Subscribe")),
)
EMAIL_PROTOCOLS = frozenset({"email", "email-json"})
PROTOCOLS = EMAIL_PROTOCOLS | {"http", "https", "sms", "sqs", "application", "lambda", "firehose"}
_FEWEST_PARTS = 6
_MAIL = re.compile(r"[^@\s]+@[^@\s]+")
_OF_ARNS = {"sqs": "sqs", "application": "sns", "lambda": "lambda", "firehose": "firehose"}
"""Protocols whose endpoint is an ARN, and of which service."""


def refuse_arn(name: str, arn: str) -> None:
    """Refuse what is no ARN."""
    if (parts := len(arn.split(":"))) < _FEWEST_PARTS:
        message = f"Invalid parameter: {name} Reason: An ARN must have at least {_FEWEST_PARTS} elements, not {parts}"
        raise SNSInvalidParameter(message)


def refuse_token(token: str | None) -> None:
    """Refuse a token that no list gave out."""
    if token is not None and not token.isdecimal():
        raise SNSInvalidParameter("Invalid parameter: NextToken")


def refuse_endpoint(protocol: str, endpoint: str | None) -> None:
    """Refuse a protocol that SNS lacks, and an endpoint that is none of the protocol's."""
    if protocol not in PROTOCOLS:
        message = f"Invalid parameter: Amazon SNS does not support this protocol string: {protocol}"
        raise SNSInvalidParameter(message)
    if not endpoint:
        raise SNSInvalidParameter("Invalid parameter: Endpoint must not be empty")
    if protocol in EMAIL_PROTOCOLS and not _MAIL.fullmatch(endpoint):
        raise SNSInvalidParameter("Invalid parameter: Email address")
    if protocol in {"http", "https"} and not endpoint.startswith(f"{protocol}://"):
        raise SNSInvalidParameter("Invalid parameter: Endpoint must match the specified protocol")
    service = _OF_ARNS.get(protocol)
    if service is not None and not re.match(rf"arn:aws[a-z-]*:{service}:", endpoint):
        raise SNSInvalidParameter(f"Invalid parameter: {protocol} endpoint ARN")
