"""E-mail subscriptions that wait for their confirmation, and the messages that were sent."""

from typing import Any

import pytest

from sandbox.client import SandboxError
from sandbox.testing import Sandbox

pytestmark = pytest.mark.timeout(120)
MAIL = "oncall@tidegate.example"


@pytest.fixture
def sns(sandbox: Sandbox) -> Any:
    return sandbox.client("sns")


@pytest.fixture
def topic(sns: Any) -> str:
    arn: str = sns.create_topic(Name="alerts")["TopicArn"]
    return arn


def listed(sns: Any, topic: str) -> list[str]:
    by_topic = [each["SubscriptionArn"] for each in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]]
    assert by_topic == [each["SubscriptionArn"] for each in sns.list_subscriptions()["Subscriptions"]]
    return by_topic


def counts(sns: Any, topic: str) -> tuple[str, str]:
    attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    return attributes["SubscriptionsPending"], attributes["SubscriptionsConfirmed"]


def test_confirmed_unless_told_otherwise(sns: Any, topic: str) -> None:
    arn = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=MAIL)["SubscriptionArn"]

    assert listed(sns, topic) == [arn]
    assert counts(sns, topic) == ("0", "1")


def test_pending_until_confirmed(sandbox: Sandbox, sns: Any, topic: str) -> None:
    sandbox.admin.set_email_subscriptions("pending")

    answered = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=MAIL)["SubscriptionArn"]

    assert answered == "pending confirmation"
    assert listed(sns, topic) == ["PendingConfirmation"]
    assert counts(sns, topic) == ("1", "0")

    sandbox.admin.confirm_subscription(topic, MAIL)

    (arn,) = listed(sns, topic)
    assert arn.startswith(f"{topic}:")
    assert counts(sns, topic) == ("0", "1")

    sandbox.admin.confirm_subscription(topic, MAIL, confirmed=False)

    assert listed(sns, topic) == ["PendingConfirmation"]
    assert counts(sns, topic) == ("1", "0")


def test_the_arn_of_a_pending_one_can_be_asked_for(sandbox: Sandbox, sns: Any, topic: str) -> None:
    sandbox.admin.set_email_subscriptions("pending")

    answer = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=MAIL, ReturnSubscriptionArn=True)
    attributes = sns.get_subscription_attributes(SubscriptionArn=answer["SubscriptionArn"])["Attributes"]

    assert attributes["PendingConfirmation"] == "true"


def test_other_protocols_are_not_pending(sandbox: Sandbox, sns: Any, topic: str) -> None:
    sandbox.admin.set_email_subscriptions("pending")

    queue = "arn:aws:sqs:eu-west-2:123456789012:queue"
    arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)["SubscriptionArn"]

    assert listed(sns, topic) == [arn]


def test_confirming_a_stranger_is_refused(sandbox: Sandbox, topic: str) -> None:
    with pytest.raises(SandboxError, match=r"nobody@tidegate\.example has no subscription to arn:aws:sns"):
        sandbox.admin.confirm_subscription(topic, "nobody@tidegate.example")


def test_reset_goes_back_to_confirmed(sandbox: Sandbox, sns: Any) -> None:
    sandbox.admin.set_email_subscriptions("pending")
    sandbox.admin.reset()

    topic = sns.create_topic(Name="alerts")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=MAIL)

    assert listed(sns, topic) != ["PendingConfirmation"]


def test_what_was_published_is_read_out_in_order(sandbox: Sandbox, sns: Any, topic: str) -> None:
    other = sns.create_topic(Name="others")["TopicArn"]
    first = sns.publish(TopicArn=topic, Subject="AUDIT", Message="one\ntwo")["MessageId"]
    sns.publish(TopicArn=other, Message="elsewhere")
    sns.publish(TopicArn=topic, Subject="M9", Message="three")

    found = sandbox.admin.published_messages(topic)

    assert found[0] == (topic, first, "AUDIT", "one\ntwo")
    assert [message.subject for message in found] == ["AUDIT", "M9"]
    assert {message.topic_arn for message in sandbox.admin.published_messages()} == {topic, other}


@pytest.mark.parametrize("message", ["no json", "[1]", '{"other": 1}', '{"default": 1}'])
def test_other_messages_are_read_out_as_they_were_sent(sandbox: Sandbox, sns: Any, topic: str, message: str) -> None:
    sns.publish(TopicArn=topic, Message=message)

    assert [found.message for found in sandbox.admin.published_messages(topic)] == [message]


def test_a_message_per_protocol_is_read_out_as_most_get_it(sandbox: Sandbox, sns: Any, topic: str) -> None:
    sns.publish(TopicArn=topic, MessageStructure="json", Message='{"default": "one", "sms": "two"}')

    assert [found.message for found in sandbox.admin.published_messages(topic)] == ["one"]


def test_reset_forgets_what_was_published(sandbox: Sandbox, sns: Any, topic: str) -> None:
    sns.publish(TopicArn=topic, Message="one")
    sandbox.admin.reset()

    assert sandbox.admin.published_messages() == []


def test_a_topic_that_is_not_there_takes_nothing(sandbox: Sandbox, sns: Any, topic: str) -> None:
    with pytest.raises(sns.exceptions.NotFoundException):
        sns.publish(TopicArn=f"{topic}-gone", Message="one")

    assert sandbox.admin.published_messages() == []
