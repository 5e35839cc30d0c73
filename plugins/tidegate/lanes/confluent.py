"""Where Confluent Cloud is for this run, and a client for it. Every lane that asks Confluent goes through here."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tidegate.collectors.confluent.api import ConfluentApi, NoAnswer, is_loopback
from tidegate.lanes.run import NO_ACCOUNT, LaneRun
from tidegate.models.environment import Environment
from tidegate.models.identity import Profile
from tidegate.models.observed import Known, Unreadable
from tidegate.settings import settings

VARIABLE = "TIDEGATE_CONFLUENT_ENDPOINT"


def confluent_endpoint(environment: Environment, profile: Profile) -> Known[str] | Unreadable:
    """Base URL without a trailing slash: the manifest's, or in profile sandbox the stand-in's on loopback, or none.

    The two never mix: a production key must not go to a stand-in, and a sandbox must not reach the real service.
    """
    if environment.confluent is None:
        return Unreadable(NO_ACCOUNT)
    given = settings().confluent_endpoint.rstrip("/")
    if profile != "sandbox":
        named = f"{VARIABLE} is set outside of the sandbox"
        return Unreadable(named) if given else Known(environment.confluent.endpoint)
    if not _on_loopback(given):
        return Unreadable(f"the sandbox has no {VARIABLE} on loopback; it never asks Confluent itself")
    return Known(given)


@contextmanager
def confluent_api(run: LaneRun) -> Iterator[Known[ConfluentApi] | Unreadable]:
    """A client for Confluent Cloud while the block runs. Unreadable, with the reason, if this run may not ask it."""
    opened = _opened(run)
    if not isinstance(opened, Known):
        yield opened
    else:
        with opened.value:
            yield opened


def _opened(run: LaneRun) -> Known[ConfluentApi] | Unreadable:
    endpoint = confluent_endpoint(run.environment, run.profile)
    if not isinstance(endpoint, Known):
        return endpoint
    key = run.confluent_key()
    if not isinstance(key, Known):
        return Unreadable(f"credentials of Confluent Cloud: {key.reason}")
    try:
        return Known(ConfluentApi(endpoint.value, key.value))
    except NoAnswer as error:
        return Unreadable(f"Confluent Cloud at {endpoint.value}: {error}")


def _on_loopback(address: str) -> bool:
    try:
        url = urlsplit(address)
        return url.scheme in ("http", "https") and is_loopback(url.hostname or "")
    except ValueError:
        return False
