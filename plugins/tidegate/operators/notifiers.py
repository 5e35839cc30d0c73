"""Hands messages to the channels of the manifest, through Airflow's notifiers (CO6).

A notifier's provider is imported when its channel is used: one that is not installed is a problem of that channel only.
"""

import html
import importlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError

from tidegate.answers import NO_ANSWER, ask
from tidegate.collectors.aws.clients import Clients
from tidegate.models.alert import Alert
from tidegate.models.blocker import Blocker
from tidegate.models.environment import Environment
from tidegate.models.operations import AlertChannel
from tidegate.models.redaction import redacted
from tidegate.models.remedy import OWNER, Person, Remedy

IAM_ACTIONS: tuple[str, ...] = ("sns:Publish",)

_NOTIFIERS = {
    "slack": (
        "airflow.providers.slack.notifications.slack_webhook",
        "SlackWebhookNotifier",
        "apache-airflow-providers-slack",
    ),
    "smtp": ("airflow.providers.smtp.notifications.smtp", "SmtpNotifier", "apache-airflow-providers-smtp"),
}


def run_link(dag_id: str, run_id: str) -> str:
    """Address of a run in Airflow's pages, below `[api] base_url`; empty when that is not set."""
    from airflow.sdk.configuration import conf

    base = str(conf.get("api", "base_url", fallback="") or "").rstrip("/")
    return f"{base}/dags/{quote(dag_id, safe='')}/runs/{quote(run_id, safe='')}" if base else ""


def deliver(
    clients: Clients, environment: Environment, channel: AlertChannel, alert: Alert, context: Mapping[str, Any]
) -> Blocker | None:
    """Send one message. Never raises for what the channel does; the blocker says why it was not taken."""
    if channel.kind == "sns":
        return _publish(clients, environment, channel, alert)
    module, name, requirement = _NOTIFIERS[channel.kind]
    try:
        notifier_class = getattr(importlib.import_module(module), name)
    except ImportError:
        return _missing(channel, requirement)
    try:
        notifier_class(**_arguments(channel, alert)).notify(dict(context))
    except Exception as error:  # noqa: BLE001 - whatever one channel raises, the other channels and the verdict go on
        return _undelivered(environment, channel, error)
    return None


def _publish(clients: Clients, environment: Environment, channel: AlertChannel, alert: Alert) -> Blocker | None:
    """To the environment's topic, as its role. It is given up after seconds: the callback of a run has a minute."""
    message = {"TopicArn": environment.alert_topic_arn, "Subject": alert.subject, "Message": alert.text}
    try:
        ask(clients.impatient("sns").publish, **message)
    except NO_ANSWER as error:
        return _undelivered(environment, channel, error)
    return None


def _arguments(channel: AlertChannel, alert: Alert) -> dict[str, Any]:
    if channel.kind == "slack":
        text = html.escape(f"{alert.subject}\n\n{alert.text}", quote=False)
        return {"slack_webhook_conn_id": channel.connection, "text": text}
    body = f'<div style="white-space: pre-wrap">{html.escape(alert.text)}</div>'
    return {"smtp_conn_id": channel.connection, "to": channel.to, "subject": alert.subject, "html_content": body}


def _missing(channel: AlertChannel, requirement: str) -> Blocker:
    return Blocker(
        code="ALERT-CHANNEL-MISSING",
        summary="Airflow has no provider for this channel, so nobody is told there",
        resource=f"channel {channel.name}",
        observed=f"{requirement} is not installed",
        expected=f"{requirement}",
        remedy=Remedy.of(
            Person("whoever runs the workers", f"add {requirement} to requirements.in, lock and install it"),
            note="Or take the channel out of alerts.channels of the manifest",
        ),
        owner="platform",
    )


def _undelivered(environment: Environment, channel: AlertChannel, error: Exception) -> Blocker:
    """What AWS says is told; of what others raise only its kind, since a webhook's address is its password (ID4)."""
    said = type(error).__name__
    if isinstance(error, (ClientError, BotoCoreError)):
        said = redacted(f"{said}: {error}")
    remedy = Person("whoever runs Airflow", f"check the connection {channel.connection} in Airflow")
    if channel.kind == "sns":
        remedy = Person(
            OWNER,
            f"let the execution role publish to {environment.alert_topic_arn} (before the first {environment.name}."
            "m2_substrate_build there is no topic)",
        )
    return Blocker(
        code="ALERT-UNDELIVERED",
        summary="a message was not taken, so nobody was told there",
        resource=f"channel {channel.name}",
        observed=said,
        expected="a channel that takes messages",
        remedy=Remedy.of(remedy, note="The next run of any phase sends it again"),
        owner="platform",
    )
