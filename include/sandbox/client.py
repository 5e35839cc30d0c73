"""A client of the sandbox's admin API for tests and tools (labelled stand-in; never imported by product code).

with SandboxClient(admin_url) as sandbox, sandbox.fault(service="dynamodb", kind="access_denied"):
    ...  # every DynamoDB call is refused here, and works again afterwards
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self
from urllib.parse import urlencode

import httpx

from sandbox.confluent.faults import ConfluentFault
from sandbox.confluent.faults import Kind as ConfluentKind
from sandbox.confluent.journal import ConfluentCall
from sandbox.confluent.organization import Kind as ConfluentThing
from sandbox.confluent.spend import ConfluentSpend
from sandbox.environment import read_env
from sandbox.faults import Fault, Kind
from sandbox.journal import Entry

TIMEOUT_SECONDS = 30.0
IDENTITIES: tuple[ConfluentThing, ...] = ("service_accounts", "api_keys", "role_bindings", "acls")


class SandboxError(Exception):
    """The admin API refused; the text is its sentence."""


class PublishedMessage(NamedTuple):
    """A message that a topic of the stand-in took."""

    topic_arn: str
    message_id: str
    subject: str | None
    message: str


class SandboxClient:
    """Sets faults, spend and states, and reads the journal."""

    def __init__(self, admin_url: str) -> None:
        self._http = httpx.Client(base_url=admin_url, trust_env=False, timeout=TIMEOUT_SECONDS)

    @classmethod
    def from_env_file(cls, path: Path) -> Self:
        """Return a client for the sandbox whose `env` file this is."""
        return cls(read_env(path)["TIDEGATE_SANDBOX_ADMIN"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def is_ready(self) -> bool:
        """True when the stand-in answers through the proxy."""
        try:
            return self._http.get("/ready").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    @contextmanager
    def fault(
        self,
        *,
        service: str,
        kind: Kind,
        operation: str | None = None,
        region: str | None = None,
        resource: str | None = None,
        times: int | None = None,
        seconds: float | None = None,
        status: int | None = None,
        code: str | None = None,
    ) -> Iterator[int]:
        """Keep a fault in force inside the `with` block; yields its id."""
        wanted = {"operation": operation, "resource": resource, "times": times, "seconds": seconds}
        wanted |= {"status": status, "code": code, "region": region}
        given = {name: value for name, value in wanted.items() if value is not None}
        number = self.add_fault(Fault.model_validate({"service": service, "kind": kind, **given}))
        try:
            yield number
        finally:
            self.remove_fault(number)

    def add_fault(self, fault: Fault) -> int:
        """Put a fault in force until it is removed; returns its id."""
        number: int = self._call("POST", "/faults", fault.model_dump(exclude_none=True))["id"]
        return number

    def remove_fault(self, number: int) -> None:
        """Remove one fault; nothing happens when it is gone already."""
        self._call("DELETE", f"/faults?id={number}")

    def clear_faults(self) -> None:
        """Remove all faults."""
        self._call("DELETE", "/faults")

    def faults(self) -> list[dict[str, Any]]:
        """Return the faults in force, each with `id`, `hits` and `left`."""
        found: list[dict[str, Any]] = self._call("GET", "/faults")["faults"]
        return found

    def journal_position(self) -> int:
        """Return the number of the latest call, to pass to `calls` later."""
        last: int = self._call("GET", f"/journal?since={2**62}")["last"]
        return last

    def calls(self, since: int = 0) -> list[Entry]:
        """Return the calls after number `since`. Raises SandboxError when some were already dropped."""
        answer = self._call("GET", f"/journal?since={since}")
        if answer["dropped"]:
            raise SandboxError(f"the journal no longer holds every call after number {since}.")
        return [Entry.model_validate(call) for call in answer["calls"]]

    def mutating_calls(self, since: int = 0) -> list[Entry]:
        """Return the calls after number `since` that may have changed something."""
        return [call for call in self.calls(since) if call.mutating]

    def iam_needs(self) -> list[dict[str, Any]]:
        """Return what roles were asked to be allowed since the start: action, resource, context; each once."""
        needs: list[dict[str, Any]] = self._call("GET", "/iam/needs")["needs"]
        return needs

    def set_spend(
        self,
        per_day: Mapping[str, Decimal | str] | None = None,
        rows: Sequence[Mapping[str, Any]] = (),
        since: str | None = None,
        page_size: int | None = None,
        as_of: date | None = None,
    ) -> None:
        """Replace what Cost Explorer answers from: a rate per service and day, and single rows (credits are rows).

        `as_of` is the day that Cost Explorer takes for today; without it, the clock's.
        """
        body: dict[str, Any] = {"rows": [{name: _plain(value) for name, value in row.items()} for row in rows]}
        body["per_day"] = {service: str(amount) for service, amount in (per_day or {}).items()}
        body |= {"since": since} if since else {}
        body |= {"page_size": page_size} if page_size else {}
        body |= {"as_of": as_of.isoformat()} if as_of else {}
        self._call("PUT", "/spend", body)

    def seed(self, *resources: Mapping[str, Any]) -> None:
        """Replace what stands in services that moto lacks; see `sandbox.aws.seeded.Seed`."""
        self._call("PUT", "/seeded", {"resources": list(resources)})

    def set_budget_spend(self, budget_name: str, actual: Decimal | str, forecasted: Decimal | str = "0") -> None:
        """Set what a budget says was spent and is forecast."""
        body = {"budget_name": budget_name, "actual": str(actual), "forecasted": str(forecasted)}
        self._call("PUT", "/budget-spend", body)

    def set_budget_state(
        self, budget_name: str, traits: Mapping[str, Any] | None = None, actions: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        """Set what DescribeBudget answers beside the definition, e.g. HealthStatus, and the budget's actions."""
        self._call(
            "PUT",
            "/budget-state",
            {"budget_name": budget_name, "traits": dict(traits or {}), "actions": [dict(each) for each in actions]},
        )

    def set_billing(self, state: Literal["enabled", "not_enabled", "data_unavailable", "access_not_activated"]) -> None:
        """Set how far billing is set up: what Cost Explorer refuses with, or that it answers."""
        self._call("PUT", "/billing", {"state": state})

    def unsubscribe(self, topic_arn: str, endpoint: str) -> None:
        """Remove a reader's subscriptions, as the link in every mail does."""
        self._call("POST", "/sns/unsubscribe", {"topic_arn": topic_arn, "endpoint": endpoint})

    def let_subscriptions_age(self, hours: float) -> None:
        """Move the clock of subscriptions: what waits for its confirmation for 48 hours is gone."""
        self._call("POST", "/sns/clock", {"hours": hours})

    def set_email_subscriptions(self, state: Literal["confirmed", "pending"]) -> None:
        """Set how e-mail subscriptions made from now on start."""
        self._call("PUT", "/sns/default", {"state": state})

    def confirm_subscription(self, topic_arn: str, endpoint: str, *, confirmed: bool = True) -> None:
        """Confirm an e-mail subscription, as its reader would, or (`confirmed` False) take that back."""
        self._call("POST", "/sns/confirm", {"topic_arn": topic_arn, "endpoint": endpoint, "confirmed": confirmed})

    def published_messages(self, topic_arn: str | None = None) -> list[PublishedMessage]:
        """Return the messages that SNS took, the oldest first, of one topic or (None) of all."""
        found = [PublishedMessage(**message) for message in self._call("GET", "/sns/messages")["messages"]]
        return [message for message in found if topic_arn in (None, message.topic_arn)]

    @contextmanager
    def confluent_fault(
        self,
        kind: ConfluentKind,
        *,
        path: str = "",
        method: str | None = None,
        skip: int = 0,
        times: int | None = None,
        seconds: float = 1.0,
    ) -> Iterator[int]:
        """Keep a fault of the fake Confluent API in force inside the `with` block; yields its id."""
        fault = ConfluentFault(kind=kind, path=path, method=method, skip=skip, times=times, seconds=seconds)
        number = self.add_confluent_fault(fault)
        try:
            yield number
        finally:
            self._call("DELETE", f"/confluent/faults?id={number}")

    def add_confluent_fault(self, fault: ConfluentFault) -> int:
        """Put a fault of the fake Confluent API in force until it is removed; returns its id."""
        number: int = self._call("POST", "/confluent/faults", fault.model_dump(exclude_none=True))["id"]
        return number

    def clear_confluent_faults(self) -> None:
        """Remove all faults of the fake Confluent API."""
        self._call("DELETE", "/confluent/faults")

    def confluent_faults(self) -> list[dict[str, Any]]:
        """Return the faults of the fake Confluent API, each with `id`, `hits` and `left`."""
        found: list[dict[str, Any]] = self._call("GET", "/confluent/faults")["faults"]
        return found

    def confluent_calls(self, since: int = 0) -> list[ConfluentCall]:
        """Return the calls to the fake Confluent API after number `since`. Raises SandboxError for dropped ones."""
        answer = self._call("GET", f"/confluent/calls?since={since}")
        if answer["dropped"]:
            raise SandboxError(f"the journal no longer holds every call after number {since}.")
        return [ConfluentCall.model_validate(call) for call in answer["calls"]]

    def set_confluent_spend(self, spend: ConfluentSpend) -> None:
        """Replace what the costs API answers from."""
        self._call("PUT", "/confluent/spend", spend.model_dump(mode="json"))

    def confluent_state(self) -> dict[str, list[dict[str, Any]]]:
        """Return everything in the fake organization by kind, each with an `id`, without secrets."""
        return self._call("GET", "/confluent/state")

    def confluent_identities(self) -> dict[str, list[dict[str, Any]]]:
        """Return the service accounts, API keys, role bindings and ACLs: what a teardown must not leave behind."""
        state = self.confluent_state()
        return {kind: state[kind] for kind in IDENTITIES}

    def remove_confluent(self, kind: ConfluentThing, id_: str) -> bool:
        """Take one thing away behind Terraform's back, as a person in the console would; True when it was there."""
        query = urlencode({"kind": kind, "id": id_})
        removed: bool = self._call("DELETE", f"/confluent/state?{query}")["removed"]
        return removed

    def reset(self) -> None:
        """Empty the account and the fake Confluent organization, then seed the role again.

        Sessions and the Cloud API key stay valid, the journals go on.
        """
        self._call("POST", "/reset")

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        answer = self._http.request(method, path, json=body)
        content: dict[str, Any] = answer.json()
        if answer.status_code != httpx.codes.OK:
            raise SandboxError(content.get("error", f"the sandbox answered {answer.status_code}."))
        return content


def _plain(value: object) -> object:
    """Return the value as JSON can hold it: money and dates as text."""
    return value if isinstance(value, dict) else str(value)
