"""SNS in the sandbox (labelled extension of moto): e-mail subscriptions that wait, and the messages that were sent.

moto confirms at once. Here a new e-mail subscription starts in the state that the admin API set (`confirmed` unless
told otherwise); a pending one is listed with the ARN `PendingConfirmation` until the admin API confirms it. As in AWS,
one that stays pending for 48 hours is gone; the admin API moves the clock of subscriptions, and unsubscribes a reader.
Nothing is mailed: what was published to a topic is read out by the admin API.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.sns.models import SNSBackend, Subscription, Topic, sns_backends
from moto.sns.responses import SNSResponse

from sandbox.aws import sns_rules as rules
from sandbox.aws.patching import replace
from sandbox.aws.settings import SETTINGS, SubscriptionState
from sandbox.aws.sns_rules import EMAIL_PROTOCOLS
from sandbox.aws.sns_rules import KINDER as KINDER
from sandbox.aws.sns_rules import REFUSALS as REFUSALS
from sandbox.aws.sns_rules import SERVICE as SERVICE

PENDING_ARN = "PendingConfirmation"
EXPIRES_AFTER = timedelta(hours=48)
"""How long AWS keeps a subscription that nobody confirms."""
_SUBSCRIBE = SNSBackend.subscribe
_GET_TOPIC = SNSBackend.get_topic
_GET_ATTRIBUTES = SNSBackend.get_subscription_attributes
_RESPOND_TO_SUBSCRIBE = SNSResponse.subscribe


class NoSuchSubscription(Exception):
    """No e-mail subscription is there to confirm; the text is one sentence for the user."""


def install() -> None:
    """Put the confirmation state on moto's classes."""
    replace(SNSBackend, "subscribe", _subscribe, answers=("Subscribe",))
    replace(SNSBackend, "get_topic", _get_topic, answers=("GetTopicAttributes",))
    replace(
        SNSBackend,
        "get_subscription_attributes",
        _get_subscription_attributes,
        answers=("GetSubscriptionAttributes",),
    )
    replace(SNSResponse, "subscribe", _respond_to_subscribe)
    replace(SNSResponse, "list_subscriptions", _list_subscriptions)
    replace(SNSResponse, "list_subscriptions_by_topic", _list_by_topic)


def confirm(topic_arn: str, endpoint: str, *, confirmed: bool = True) -> None:
    """Confirm the e-mail subscription of `endpoint`, as its reader would, or take that back.

    Raises NoSuchSubscription.
    """
    found = [each for each in _all_subscriptions() if each.topic_arn == topic_arn and each.endpoint == endpoint]
    if not found:
        raise NoSuchSubscription(f"{endpoint} has no subscription to {topic_arn}.")
    for subscription in found:
        subscription.attributes["PendingConfirmation"] = not confirmed
        SETTINGS.subscriptions_pending_since[subscription.arn] = _now()


def unsubscribe(topic_arn: str, endpoint: str) -> None:
    """Remove the subscriptions of `endpoint`, as the link at the end of every mail does. Raises NoSuchSubscription."""
    gone = [each for each in _all_subscriptions() if each.topic_arn == topic_arn and each.endpoint == endpoint]
    if not gone:
        raise NoSuchSubscription(f"{endpoint} has no subscription to {topic_arn}.")
    _remove({subscription.arn for subscription in gone})


def let_hours_pass(hours: float) -> float:
    """Move the clock of subscriptions, and remove those that nobody confirmed in time; gives how far it is ahead."""
    SETTINGS.subscription_clock_hours += hours
    _expire()
    return SETTINGS.subscription_clock_hours


def _now() -> datetime:
    return datetime.now(UTC) + timedelta(hours=SETTINGS.subscription_clock_hours)


def _expire() -> None:
    _remove(
        {
            each.arn
            for each in _all_subscriptions()
            if _is_pending(each) and _now() - SETTINGS.subscriptions_pending_since[each.arn] >= EXPIRES_AFTER
        }
    )


def _remove(arns: set[str]) -> None:
    for account in list(sns_backends.values()):
        for backend in list(account.values()):
            for arn in arns & set(backend.subscriptions):
                del backend.subscriptions[arn]


def published() -> list[dict[str, str | None]]:
    """Return every message that a topic took since the start or the last reset; of one topic the oldest first.

    A message that was given per protocol (`MessageStructure` json) is shown as most subscribers get it: its default.
    """
    return [
        {"topic_arn": topic.arn, "message_id": message_id, "subject": subject, "message": _as_read(message)}
        for account in list(sns_backends.values())
        for backend in list(account.values())
        for topic in list(backend.topics.values())
        for message_id, message, subject, *_ in list(topic.sent_notifications)
    ]


def _as_read(message: str) -> str:
    try:
        given = json.loads(message)
    except ValueError:
        return message
    default = given.get("default") if isinstance(given, dict) else None
    return default if isinstance(default, str) else message


def _all_subscriptions() -> Iterator[Subscription]:
    for account in list(sns_backends.values()):
        for backend in list(account.values()):
            yield from list(backend.subscriptions.values())


def _is_pending(subscription: Subscription) -> bool:
    return bool(subscription.attributes["PendingConfirmation"])


def _subscribe(backend: SNSBackend, topic_arn: str, endpoint: str, protocol: str) -> Subscription:
    backend.get_topic(topic_arn)
    rules.refuse_endpoint(protocol, endpoint)
    is_new = backend._find_subscription(topic_arn, endpoint, protocol) is None
    subscription = _SUBSCRIBE(backend, topic_arn, endpoint, protocol)
    if is_new and protocol in EMAIL_PROTOCOLS and SETTINGS.email_subscriptions is SubscriptionState.PENDING:
        subscription.attributes |= {"PendingConfirmation": True, "ConfirmationWasAuthenticated": False}
        SETTINGS.subscriptions_pending_since[subscription.arn] = _now()
    return subscription


def _respond_to_subscribe(response: SNSResponse) -> ActionResult:
    answer = _RESPOND_TO_SUBSCRIBE(response)
    arn = answer.result["SubscriptionArn"]  # type: ignore[index]  # moto's answer is a dict here
    pending = _is_pending(response.backend.subscriptions[arn])
    if pending and not response._get_bool_param("ReturnSubscriptionArn", False):
        return ActionResult({"SubscriptionArn": "pending confirmation"})
    return answer


def _get_subscription_attributes(backend: SNSBackend, arn: str) -> dict[str, Any]:
    _expire()
    rules.refuse_arn("SubscriptionArn", arn)
    return _GET_ATTRIBUTES(backend, arn)


def _get_topic(backend: SNSBackend, arn: str) -> Topic:
    _expire()
    rules.refuse_arn("TopicArn", arn)
    topic = _GET_TOPIC(backend, arn)
    states = [_is_pending(each) for each in backend._get_topic_subscriptions(topic)]
    topic.subscriptions_pending = sum(states)
    topic.subscriptions_confimed = len(states) - sum(states)  # moto's spelling
    return topic


def _list_subscriptions(response: SNSResponse) -> ActionResult:
    _expire()
    found, next_token = response.backend.list_subscriptions(next_token=_token(response))
    return ActionResult({"Subscriptions": [_listed(each) for each in found], "NextToken": next_token})


def _list_by_topic(response: SNSResponse) -> ActionResult:
    found, next_token = response.backend.list_subscriptions_by_topic(
        response._get_param("TopicArn"), next_token=_token(response)
    )
    return ActionResult({"Subscriptions": [_listed(each) for each in found], "NextToken": next_token})


def _token(response: SNSResponse) -> str | None:
    """The request's token, refused unless it is a number as moto gives them out."""
    token: str | None = response._get_param("NextToken")
    rules.refuse_token(token)
    return token


def _listed(subscription: Subscription) -> dict[str, str]:
    return {
        "SubscriptionArn": PENDING_ARN if _is_pending(subscription) else subscription.arn,
        "Owner": subscription.owner,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
        "TopicArn": subscription.topic_arn,
    }
