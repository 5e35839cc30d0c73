"""Confluent's APIs at the transport: answers as told, and a clock that moves only when somebody waits."""

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx

from tidegate.collectors.confluent.api import ConfluentApi
from tidegate.models.confluent import CloudKey

ENDPOINT = "https://confluent.example"
KEY = CloudKey(key="CLOUDKEY00000001", secret="cloud-s3cr3t/with+signs")
TOKEN = base64.b64encode(f"{KEY.key}:{KEY.secret}".encode()).decode()


class Clock:
    """Monotonic seconds. `waits` is how long it was waited each time."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


class Costs:
    """A costs API. `answers` are given in order, the last one for ever; each is a response, an error or a function."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        if callable(answer):
            given: httpx.Response = answer(request)
            return given
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def opened(answer: Callable[[httpx.Request], httpx.Response], clock: Clock | None = None) -> ConfluentApi:
    """Confluent Cloud that answers like this, and nobody who waits for real."""
    clock = clock or Clock()
    return ConfluentApi(ENDPOINT, KEY, transport=httpx.MockTransport(answer), clock=clock, pause=clock.pause)


def line(number: int = 1, amount: Any = 0.25, **changes: Any) -> dict[str, Any]:
    """A line of storage on a day of February 2026."""
    return {
        "api_version": "billing/v1",
        "kind": "Cost",
        "id": f"cost-{number}",
        "start_date": f"2026-02-{number:02}",
        "end_date": f"2026-02-{number + 1:02}",
        "granularity": "DAILY",
        "network_access_type": "INTERNET",
        "product": "KAFKA",
        "line_type": "KAFKA_STORAGE",
        "price": 0.01,
        "unit": "GB",
        "quantity": 25.0,
        "original_amount": amount,
        "discount_amount": 0.0,
        "amount": amount,
        "resource": {"id": "lkc-1", "display_name": "events", "environment": {"id": "env-1"}},
        **changes,
    }


def without(document: dict[str, Any], *names: str) -> dict[str, Any]:
    """The document without some of its fields."""
    return {name: value for name, value in document.items() if name not in names}


def page(*lines: Any, status: int = 200, **metadata: Any) -> httpx.Response:
    """One page of costs."""
    document = {"api_version": "billing/v1", "kind": "CostList", "metadata": metadata, "data": list(lines)}
    return httpx.Response(status, json=document)


def refusal(status: int, code: str = "", detail: str = "", **headers: str) -> httpx.Response:
    """An error as Confluent words it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"errors": [{"id": "e", "status": str(status), "code": code, "detail": detail, "source": {}}]}
    return httpx.Response(status, headers=named, content=json.dumps(body))
