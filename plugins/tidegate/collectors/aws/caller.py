"""Who calls AWS, with which kind of credentials, and through which endpoints (ID1, ID2)."""

import os
from ipaddress import ip_address
from urllib.parse import urlsplit

from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.reading import MalformedAnswer, NotThere, ask, field, observe
from tidegate.collectors.aws.static_keys import find_static_keys, merged
from tidegate.models.environment import Environment
from tidegate.models.identity import Caller, Endpoint, Profile, StaticKey
from tidegate.models.observed import Absent, Known, Observed

IAM_ACTIONS: tuple[str, ...] = ("sts:GetCallerIdentity",)


def collect_caller(
    clients: Clients,
    environment: Environment,
    profile: Profile,
    airflow_static_keys: Observed[tuple[StaticKey, ...]],
) -> Caller:
    """The caller beside what the manifest expects. `airflow_static_keys` is what Airflow's connection store holds.

    Never raises for what AWS answers; the keys themselves never leave this function.
    """
    identity = observe("GetCallerIdentity", lambda: _identity(clients))
    arn: Observed[str] = Known(identity.value[1]) if isinstance(identity, Known) else identity
    method, temporary = _credentials(clients)
    return Caller(
        profile=profile,
        expected_account_id=environment.account_id,
        expected_region=environment.region,
        expected_role=environment.role_name,
        account_id=Known(identity.value[0]) if isinstance(identity, Known) else identity,
        region=Known(clients.region),
        arn=arn,
        role=_assumed(arn, position=1),
        session=_assumed(arn, position=2),
        credential_method=method,
        temporary=temporary,
        static_keys=merged(find_static_keys(), airflow_static_keys),
        endpoints=_endpoints(),
    )


def _identity(clients: Clients) -> tuple[str, str]:
    answer = ask(clients.sts.get_caller_identity)
    arn = field(answer, "Arn", str)
    account, parts = field(answer, "Account", str), arn.split(":", 5)
    if len(parts) != 6:
        raise MalformedAnswer("Arn is not an ARN")
    if parts[4] != account:
        raise MalformedAnswer("Arn and Account name two accounts")
    return account, arn


def _assumed(arn: Observed[str], position: int) -> Observed[str]:
    """Role (1) or session (2) of `arn:aws:sts::<account>:assumed-role/<role>/<session>`; Absent for users and root."""
    if not isinstance(arn, Known):
        return arn
    parts = arn.value.split(":", 5)[5].split("/")
    if parts[0] != "assumed-role" or len(parts) != 3 or not all(parts):
        return Absent()
    return Known(parts[position])


def _credentials(clients: Clients) -> tuple[Observed[str], Observed[bool]]:
    """Botocore's name of the provider, and whether the key is one of a session."""

    def read() -> tuple[str, bool]:
        credentials = ask(clients.session.get_credentials)
        if credentials is None:
            raise NotThere
        frozen = ask(credentials.get_frozen_credentials)
        return str(credentials.method), bool((frozen.access_key or "").startswith("ASIA") and frozen.token)

    found = observe("resolving the credentials", read)
    if not isinstance(found, Known):
        return found, found
    return Known(found.value[0]), Known(found.value[1])


def _endpoints() -> tuple[Endpoint, ...]:
    overrides = {name: value for name, value in os.environ.items() if name.startswith("AWS_ENDPOINT_URL") and value}
    return tuple(_endpoint(name, overrides[name]) for name in sorted(overrides))


def _endpoint(variable: str, value: str) -> Endpoint:
    try:
        url = urlsplit(value)
        host, port = url.hostname or "", f":{url.port}" if url.port else ""
    except ValueError:
        return Endpoint(variable=variable, url="(not a URL)", loopback=False)
    shown = f"[{host}]" if ":" in host else host
    return Endpoint(variable=variable, url=f"{url.scheme}://{shown}{port}{url.path}", loopback=_is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
