"""Messages leave through Airflow's notifiers; what a channel does is a blocker, never a crash, and never a secret."""

import sys
from dataclasses import replace
from types import ModuleType, SimpleNamespace
from typing import Any, get_args

import boto3
import pytest
from airflow.providers.smtp.notifications.smtp import SmtpNotifier
from moto import mock_aws
from moto.sns import sns_backends

from factories_alerts import alert
from standins import aws_error, dev_min
from tidegate.collectors.aws.clients import Clients
from tidegate.models.environment import Environment
from tidegate.models.operations import AlertChannel
from tidegate.operators import notifiers
from tidegate.operators.notifiers import deliver, run_link

SNS = AlertChannel(kind="sns")
SLACK = AlertChannel(kind="slack", connection="slack_alerts", to="#platform")
MAIL = AlertChannel(kind="smtp", connection="mail", to="oncall@example.com")
GIVEN = alert(subject="tidegate dev_min AUDIT: X", text="a <b> & {{ c }}\n")


@pytest.fixture
def environment() -> Environment:
    return dev_min()[0]


@pytest.fixture
def sns(environment: Environment) -> Any:
    """An SNS with the environment's alert topic, in the account of the manifest."""
    with mock_aws():
        boto3.client("sns", region_name=environment.region).create_topic(
            Name=environment.alert_topic_arn.split(":")[-1]
        )
        yield sns_backends[environment.account_id][environment.region].topics[environment.alert_topic_arn]


def clients() -> Clients:
    return Clients.from_environment("eu-west-2")


def nobody() -> Any:
    """Channels outside AWS ask nothing of it."""
    return None


def test_sns_gets_subject_and_text_as_they_are(environment: Environment, sns: Any) -> None:
    assert deliver(clients(), environment, SNS, GIVEN, {}) is None
    ((_, message, subject, *_),) = sns.sent_notifications
    assert (subject, message) == ("tidegate dev_min AUDIT: X", "a <b> & {{ c }}\n")


def test_sns_is_asked_as_the_environments_role_and_given_up_after_seconds(environment: Environment) -> None:
    """Without this it is a minute for each of five tries."""
    used: list[Any] = []

    class Spy:
        def impatient(self, service: str) -> Any:
            made = clients().impatient(service)
            used.append(made)
            return SimpleNamespace(publish=lambda **_: None)

    spy: Any = Spy()
    assert deliver(spy, environment, SNS, GIVEN, {}) is None
    config = used[0].meta.config
    assert (config.connect_timeout, config.read_timeout, config.retries["total_max_attempts"]) == (5, 5, 2)
    assert used[0].meta.region_name == environment.region


def test_a_topic_that_is_not_there_is_said(environment: Environment) -> None:
    with mock_aws():
        refused = deliver(clients(), environment, SNS, GIVEN, {})
    assert refused is not None
    assert (refused.code, refused.resource) == ("ALERT-UNDELIVERED", "channel sns")
    assert "NotFound" in refused.observed
    assert "m2_substrate_build there is no topic" in refused.remedy.text


def test_what_aws_says_is_told_without_secrets(environment: Environment) -> None:
    def refuse(**_: Any) -> None:
        raise aws_error("AccessDenied", "Publish", "security_token=s3cr3t is not allowed")

    refusing: Any = SimpleNamespace(impatient=lambda _service: SimpleNamespace(publish=refuse))
    refused = deliver(refusing, environment, SNS, GIVEN, {})
    assert refused is not None
    assert "AccessDenied" in refused.observed
    assert "s3cr3t" not in refused.sentence()


def test_mail_is_escaped_and_keeps_its_lines(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(SmtpNotifier, "notify", lambda self, context: sent.append(self))
    assert deliver(nobody(), environment, MAIL, GIVEN, {}) is None
    (mail,) = sent
    assert (mail.to, mail.smtp_conn_id, mail.subject) == ("oncall@example.com", "mail", GIVEN.subject)
    assert "a &lt;b&gt; &amp; {{ c }}" in mail.html_content
    assert "pre-wrap" in mail.html_content


def test_of_other_channels_only_the_kind_of_error_is_told(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address of a webhook is its password."""

    def refuse(*_: Any) -> None:
        raise OSError("https://hooks.slack.com/services/T0/B0/s3cr3t")

    monkeypatch.setattr(SmtpNotifier, "notify", refuse)
    refused = deliver(nobody(), environment, MAIL, GIVEN, {})
    assert refused is not None
    assert refused.observed == "OSError"
    assert "check the connection mail in Airflow" in refused.remedy.text


def test_a_provider_that_is_not_installed_is_named(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "airflow.providers.slack.notifications.slack_webhook", None)
    refused = deliver(nobody(), environment, SLACK, GIVEN, {})
    assert refused is not None
    assert (refused.code, refused.resource) == ("ALERT-CHANNEL-MISSING", "channel slack slack_alerts #platform")
    assert "add apache-airflow-providers-slack to requirements.in" in refused.remedy.text


def test_slack_gets_the_text_as_slack_wants_it(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its provider is not installed here; the arguments are those of its SlackWebhookNotifier."""
    sent: list[dict[str, Any]] = []

    class Webhook:
        def __init__(self, *, slack_webhook_conn_id: str, text: str) -> None:
            self.given = {"connection": slack_webhook_conn_id, "text": text}

        def notify(self, context: Any) -> None:
            sent.append(self.given)

    module = ModuleType("slack_webhook")
    module.SlackWebhookNotifier = Webhook  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "airflow.providers.slack.notifications.slack_webhook", module)
    assert deliver(nobody(), environment, SLACK, GIVEN, {}) is None
    assert sent == [{"connection": "slack_alerts", "text": f"{GIVEN.subject}\n\na &lt;b&gt; &amp; {{{{ c }}}}\n"}]


@pytest.mark.parametrize("channel", [SLACK, MAIL], ids=lambda channel: channel.kind)
def test_every_other_kind_of_the_manifest_has_a_notifier(channel: AlertChannel) -> None:
    kinds = get_args(AlertChannel.model_fields["kind"].annotation)
    assert {"sns", *notifiers._NOTIFIERS} == set(kinds)
    assert notifiers._arguments(channel, replace(GIVEN, text="x"))


def test_a_link_leads_to_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/base/")
    assert run_link("dev_min.m9", "manual__2026-02-13T20:14:27+00:00") == (
        "https://airflow.example/base/dags/dev_min.m9/runs/manual__2026-02-13T20%3A14%3A27%2B00%3A00"
    )
