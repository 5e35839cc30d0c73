"""Where Confluent Cloud is for this run, and a client that may ask it."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tidegate.collectors.confluent_api import ConfluentApi
from tidegate.lanes.run import LaneRun
from tidegate.models.environment import Environment
from tidegate.models.identity import Profile
from tidegate.models.observed import Known, Observed, Unreadable, shown
from tidegate.settings import settings

VARIABLE = "TIDEGATE_CONFLUENT_ENDPOINT"
TIMEOUT_SECONDS, CONNECT_RETRIES = 20, 2


def confluent_endpoint(environment: Environment, profile: Profile) -> Observed[str]:
    """Base URL without a slash at its end: the manifest's; in profile sandbox the stand-in's, and never the real one.

    The two never mix: a production key must not go to a stand-in, and a sandbox must not reach the real service.
    """
    given = settings().confluent_endpoint.rstrip("/")
    if profile == "sandbox":
        return (
            Known(given) if given else Unreadable(f"{VARIABLE} is not set, and profile sandbox has no other endpoint")
        )
    if given:
        return Unreadable(f"{VARIABLE} is set, and profile {profile} must not use it")
    if environment.confluent is None:
        return Unreadable("the manifest names no account at Confluent Cloud (section confluent)")
    return Known(environment.confluent.endpoint)


@contextmanager
def confluent_api(run: LaneRun) -> Iterator[Observed[ConfluentApi]]:
    """Confluent Cloud as this run may ask it, for as long as the block runs; Unreadable: it may not, because."""
    endpoint, credentials = confluent_endpoint(run.environment, run.profile), run.confluent_key()
    if not isinstance(endpoint, Known):
        yield endpoint
    elif not isinstance(credentials, Known):
        yield Unreadable(f"credentials of Confluent Cloud: {shown(credentials)}")
    else:
        with http_client(run.profile, credentials.value.key, credentials.value.secret) as http:
            yield Known(ConfluentApi(http, endpoint.value))


def http_client(profile: Profile, key: str, secret: str) -> httpx.Client:
    """A client with Basic authentication that follows no redirect. The stand-in is never behind a proxy."""
    return httpx.Client(
        auth=httpx.BasicAuth(key, secret),
        timeout=TIMEOUT_SECONDS,
        transport=None if profile == "aws" else httpx.HTTPTransport(retries=CONNECT_RETRIES),
        trust_env=profile == "aws",
        follow_redirects=False,
    )
