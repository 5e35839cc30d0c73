"""Confluent's costs: bad in every field of every page, and never a zero, never a crash."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

import httpx
import pytest

from bad_input import NAMELESS, Answers, spoiled
from factories_confluent import ENDPOINT, line, opened, page, refusal
from factories_guardrails import billing, both_platforms, confluent_billing_facts
from tidegate.collectors.confluent.costs import read_bill
from tidegate.evidence.canonical import digest_of
from tidegate.gates import confluent_billing, cost_guardrail
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known, Observed

NOW = datetime(2026, 2, 13, 20, 14, 27, tzinfo=UTC)
NAME = "confluent.Costs"
NEXT = f"{ENDPOINT}/billing/v1/costs?start_date=2026-02-01&page_token=2"


def document(*lines: Any, **metadata: Any) -> dict[str, Any]:
    return json.loads(page(*lines, **metadata).content)  # type: ignore[no-any-return]


GOOD: Answers = {
    NAME: [
        document(*(line(number) for number in range(1, 8)), total_size=13, next=NEXT),
        document(*(line(number) for number in range(8, 14)), total_size=13),
    ]
}
"""Thirteen days on two pages. Those from the fourth to the ninth must be there."""

IRRELEVANT = {
    "*.api_version: *": "nobody reads it: the address says it",
    "*.granularity: *": "nobody reads it: the days of each line do",
    "*.network_access_type: *": "nobody reads it: it says by which way, not how much",
    "*.price: *": "nobody reads it: the amount is what is billed",
    "*.unit: *": "nobody reads it: of what the quantity is",
    "*.quantity: *": "nobody reads it: the amount is what is billed",
    "*.discount_amount: *": "nobody reads it: the amount is after it",
    "*.resource*": "it may be absent or null; what is billed counts whoever it belongs to",
    "*.data.*.kind: *": "nobody reads it: the list's own kind is read",
    "*.product: removed": "not certain to be there; the line is counted as unnamed",
    "*.line_type: removed": "not certain to be there; the line is counted as unnamed",
    "*.data.*.amount: removed": "not certain to be there; the original amount counts, which is never less",
    "*.original_amount: below": "the amount is what is billed, and it is there",
    "*.metadata.total_size: removed": "not certain to be there; the other page says it, and all are there",
    "*.1.metadata: empty": "the last page has no next one, and the first says how many lines there are",
}
"""Spoiled fields that may pass, each with its reason."""


def served(answers: Answers) -> Callable[[httpx.Request], httpx.Response]:
    """Page by page, by the token of the request."""

    def give(request: httpx.Request) -> httpx.Response:
        answer = answers[NAME]
        if isinstance(answer, list):
            answer = answer[int(request.url.params.get("page_token", "1")) - 1]
        if isinstance(answer, httpx.HTTPError):
            raise answer
        if isinstance(answer, httpx.Response):
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        return httpx.Response(200, content=json.dumps(answer).encode())

    return give


def read(answers: Answers) -> Observed[Any]:
    with opened(served(answers)) as api:
        return read_bill(api, date(2026, 2, 1), date(2026, 2, 14))


def judged(answers: Answers) -> dict[str, tuple[Blocker, ...]]:
    found = billing(bill=read(answers), data_as_of=NOW - timedelta(hours=72))
    by_itself = confluent_billing_facts(observed_at=NOW, billing=found)
    together = both_platforms(observed_at=NOW, confluent=found)
    digest_of((by_itself, together))  # the evidence must be able to hold what was collected
    return {
        "CONFLUENT-BILLING": confluent_billing.GATE.evaluate(by_itself, judged_at=NOW),
        "COST-GUARDRAIL": cost_guardrail.GATE.evaluate(together, judged_at=NOW),
    }


def unnoticed(name: str, answers: Answers) -> Iterator[str]:
    for gate, blockers in judged(answers).items():
        if not {blocker.code for blocker in blockers} - NAMELESS:
            yield f"{name}: {gate} says {[blocker.code for blocker in blockers] or 'that all is well'}"


def test_the_good_answers_pass() -> None:
    found = read(GOOD)
    assert isinstance(found, Known)
    assert (len(found.value.days), found.value.pages) == (13, 2)
    assert set(judged(GOOD).values()) == {()}


@pytest.mark.timeout(1500)  # thousands of judgements, on a machine that may be busy
def test_every_bad_field_has_a_named_blocker() -> None:
    wrong = [said for name, answers in spoiled(GOOD) for said in unnoticed(name, answers)]
    known = [said for said in wrong if any(fnmatchcase(said.rpartition(": ")[0], pattern) for pattern in IRRELEVANT)]
    assert [said for said in wrong if said not in known] == []


def test_what_may_pass_does() -> None:
    """A reason that excuses nothing is none."""
    wrong = [said.rpartition(": ")[0] for name, answers in spoiled(GOOD) for said in unnoticed(name, answers)]
    assert [pattern for pattern in IRRELEVANT if not any(fnmatchcase(said, pattern) for said in wrong)] == []


def test_every_bad_page_has_a_named_blocker() -> None:
    """Refused, throttled, broken, cut short; the first page or the second; the same page again."""
    first, second = GOOD[NAME]
    cut = httpx.Response(200, content=json.dumps(first).encode()[:-40])
    bad = [
        refusal(401, "user_unauthenticated", "expired"),
        refusal(403, "forbidden_access", "no"),
        refusal(429, "too_many_requests", "slow down", x_ratelimit_reset="1"),
        refusal(429, "too_many_requests", "slow down", x_ratelimit_reset="86400"),
        refusal(500, "internal", "sorry"),
        httpx.Response(200, content=b""),
        httpx.Response(200, content=b"<html>login</html>"),
        httpx.Response(302, headers={"location": "https://elsewhere.example"}),
        httpx.ConnectTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("incomplete body"),
        cut,
        {},
        [],
        None,
        7,
    ]
    pages = [[each, second] for each in bad] + [[first, each] for each in bad]
    pages += [[first, first], [second, second], [{**first, "metadata": {}}, second]]
    wrong = [said for number, answer in enumerate(pages) for said in unnoticed(str(number), {NAME: answer})]
    assert wrong == []
