"""Bad input, made systematically: good answers of AWS, and every way in which each of their fields can be bad.

A case is a set of good answers and a judge: a function that runs a collector against them and then the gates that
judge its facts. `sweep` spoils one field at a time and demands that every gate says a blocker with a name.
"""

import copy
import io
import json
import math
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    NoCredentialsError,
    ReadTimeoutError,
)
from botocore.loaders import Loader
from botocore.parsers import ResponseParserError
from botocore.response import StreamingBody

from tidegate.collectors.aws.clients import Clients
from tidegate.evidence.canonical import digest_of
from tidegate.models.blocker import Blocker

NAMELESS = frozenset({"GATE-BROKEN", "COLLECTOR-BROKEN", "FACTS-STALE"})
"""Codes that say that tidegate broke, and not what is wrong with which field."""

LOADER = Loader()
PASSES = "that all is well"
TOKENS = (
    *("NextToken", "nextToken", "nextPageToken", "NextMarker", "nextMarker", "Marker", "PaginationToken"),
    "IsTruncated",
)
URL = "https://aws.example"

Answers = dict[str, Any]
"""`service.Operation`, or `service.Operation:parameter`, with an answer, a list of pages, or an exception."""


class Text:
    """JSON in a text field or a body, so that its own fields are spoiled too."""

    def __init__(self, document: Any, body: bool = False) -> None:
        self.document, self.body = document, body


class Seen(dict[str, Any]):
    """A part of an answer that keeps which of its keys were looked up."""

    def __init__(self, items: Mapping[str, Any], path: str, log: set[str]) -> None:
        self.path, self.log = path, log
        super().__init__({key: _watched(value, f"{path}.{key}", log) for key, value in items.items()})

    def get(self, key: str, default: Any = None) -> Any:
        self.log.add(f"{self.path}.{key}")
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self.log.add(f"{self.path}.{key}")
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.log.add(f"{self.path}.{key}")
        return super().__contains__(key)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Seen":
        return self


def _watched(value: Any, path: str, log: set[str]) -> Any:
    if isinstance(value, dict):
        return Seen(value, path, log)
    return [_watched(item, f"{path}.*", log) for item in value] if isinstance(value, list) else value


class FakeAws:
    """One set of clients whose every call is answered from `answers`, without network, signature or retry."""

    def __init__(self, region: str) -> None:
        self.clients = Clients.from_environment(region)
        self.clients.session.register_component("data_loader", LOADER)
        events = self.clients.session.get_component("event_emitter")
        events.register_first("before-parameter-build", self._remember)
        events.register_first("before-call", self._give)
        events.register_last("after-call.s3.GetBucketLocation", self._restore)
        self.answers: Answers = {}
        self.log: set[str] | None = None
        self.asked: set[str] = set()
        self._now = threading.local()

    def _remember(self, params: dict[str, Any], **_: Any) -> None:
        self._now.params = dict(params)

    def _give(self, model: Any, **_: Any) -> Any:
        operation = f"{model.service_model.service_name}.{model.name}"
        given = [text for value in self._now.params.values() for text in _texts(value)]
        key = next((name for text in given if (name := f"{operation}:{text}") in self.answers), operation)
        if key not in self.answers:
            raise KeyError(f"the case has no answer for {operation} with {self._now.params}")
        self.asked.add(key)
        answer = self.answers[key]
        if callable(answer):
            answer = answer(self._now.params)
        if isinstance(answer, list):
            wanted = [int(text.removeprefix("page-")) for text in given if text.startswith("page-")]
            answer = answer[wanted[0] - 1 if wanted else 0]
        if isinstance(answer, BaseException):
            raise answer
        self._now.given = {"ResponseMetadata": {}, **_serialised(answer)}
        made = dict(self._now.given) if self.log is None else Seen(self._now.given, key, self.log)
        return SimpleNamespace(status_code=200, raw=b"", content=b"<L>x</L>"), made

    def _restore(self, parsed: dict[str, Any], **_: Any) -> None:
        """Undo that botocore reads the answer of GetBucketLocation from the body once more."""
        given = dict(self._now.given)
        parsed.clear()
        parsed.update(given)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _serialised(value: Any) -> Any:
    if isinstance(value, Text):
        text = value.document if isinstance(value.document, str) else json.dumps(value.document)
        if not value.body:
            return text
        content = text.encode("utf-8", "surrogatepass")
        return StreamingBody(io.BytesIO(content), len(content))
    if isinstance(value, dict):
        return {key: _serialised(item) for key, item in value.items()}
    return [_serialised(item) for item in value] if isinstance(value, list) else value


@dataclass(frozen=True, kw_only=True)
class Case:
    """Good answers, and what runs on them.

    * `judge`: facts as collected, and per gate the blockers; raises what the collector raises
    * `expected`: per gate the codes that it says of the good answers
    * `unset`: fields that the collector looks for and that good answers do not have
    """

    name: str
    answers: Answers
    judge: Callable[[FakeAws], tuple[Any, dict[str, tuple[Blocker, ...]]]]
    expected: dict[str, frozenset[str]]
    unset: frozenset[str] = frozenset()


def sweep(aws: FakeAws, cases: Iterable[Case], irrelevant: Mapping[str, str]) -> list[str]:
    """Every complaint: good answers misjudged, fields read that no answer has, spoiled fields that pass.

    `irrelevant` holds patterns of `<case>: <field>: <form>` that may pass, each with its reason; one that excuses
    nothing is a complaint too. Nothing excuses an exception or a nameless blocker.
    """
    complaints: list[str] = []
    used: set[str] = set()
    for case in cases:
        complaints += _good(aws, case)
        for field, answers in [*spoiled(case.answers), *broken(case.answers)]:
            aws.answers = answers
            name, said = f"{case.name}: {field}", _said(aws, case)
            excuses = {pattern for pattern in irrelevant if fnmatchcase(name, pattern)} if said else set()
            used |= excuses
            if said and (not excuses or not said.endswith(PASSES)):
                complaints.append(f"{name}: {said}")
    return complaints + [f"stale entry in irrelevant: {each}" for each in irrelevant if each not in used]


def _good(aws: FakeAws, case: Case) -> Iterator[str]:
    aws.answers, aws.asked = case.answers, set()
    read: set[str] = set()
    for aws.log in (read, None):  # watched, and as the spoiled answers are given
        _, blockers = case.judge(aws)
        for gate, expected in case.expected.items():
            codes = {blocker.code for blocker in blockers[gate]}
            if codes != expected:
                yield f"{case.name}: {gate} says {sorted(codes)} of good answers, expected {sorted(expected)}"
    yield from (f"{case.name}: nobody asks {each}" for each in set(case.answers) - aws.asked)
    present = {_folded(path) for key, answer in case.answers.items() for path in _paths(key, answer)}
    known = ("ResponseMetadata", "Error", *TOKENS)
    for path in sorted(read):
        if _folded(path) not in present and not path.endswith((*known, *case.unset)):
            yield f"{case.name}: {path} is read, and the good answers do not have it"


def _folded(path: str) -> str:
    return path.lower()


def _paths(prefix: str, value: Any) -> Iterator[str]:
    """Every path below an answer, with `*` for each index; pages share theirs."""
    if isinstance(value, list) and all(isinstance(page, dict) for page in value) and "." in prefix:
        pages = value
        for page in pages:
            yield from _paths(prefix, page) if prefix.count(".") == 1 else _paths(f"{prefix}.*", page)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield f"{prefix}.{key}"
            yield from _paths(f"{prefix}.{key}", item)


def _said(aws: FakeAws, case: Case) -> str | None:
    """What is wrong with the reaction to the answers; None when nothing is."""
    try:
        facts, blockers = case.judge(aws)
        digest_of(facts)  # the evidence must be able to hold what was collected
    except Exception as error:  # noqa: BLE001 - that nothing leaves a collector is what is tested
        return f"raises {type(error).__name__}: {error}"
    for gate, found in blockers.items():
        if not {blocker.code for blocker in found} - NAMELESS:
            return f"{gate} says {[(each.code, each.observed) for each in found] or PASSES}"
    return None


def spoiled(answers: Answers) -> Iterator[tuple[str, Answers]]:
    """Every field of every answer in every bad form, one at a time, by name."""
    for key, answer in answers.items():
        for name, changed in _spoil(key, answer):
            yield name, {**answers, key: changed}


def _spoil(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from _spoil_mapping(path, value)
    elif isinstance(value, list):
        yield from _spoil_list(path, value)
    elif isinstance(value, Text):
        document = json.dumps(value.document)
        for form, text in {"empty": "", "cut": document[:-2], "nested": "[" * 20_000, "other": '"text"'}.items():
            yield f"{path}: {form} text", Text(text, value.body)
        yield f"{path}: not finite", Text('{"version": NaN}', value.body)
        for name, changed in _spoil(f"{path}.json", value.document):
            yield name, Text(changed, value.body)


def _spoil_mapping(path: str, value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        yield f"{path}.{key}: removed", {name: kept for name, kept in value.items() if name != key}
        for form, bad in _forms(item):
            yield f"{path}.{key}: {form}", {**value, key: bad}
        for name, changed in _spoil(f"{path}.{key}", item):
            yield name, {**value, key: changed}


def _spoil_list(path: str, value: list[Any]) -> Iterator[tuple[str, Any]]:
    """Items of a list; the pages of an answer (`service.Operation`) are spoiled in their fields only."""
    pages = path.count(".") == 1
    for index, item in enumerate(value):
        before, after = value[:index], value[index + 1 :]
        if not pages:
            yield f"{path}.{index}: left out", [*before, *after]
            yield from ((f"{path}.{index}: {form}", [*before, bad, *after]) for form, bad in _forms(item))
        yield from ((name, [*before, changed, *after]) for name, changed in _spoil(f"{path}.{index}", item))


def _forms(value: Any) -> Iterator[tuple[str, Any]]:
    """Every bad form of one value."""
    if isinstance(value, Text):
        yield from ({} if value.body else {"null": None, "number": 7, "list": ["text"], "mapping": {"a": "b"}}).items()
        return
    yield "null", None
    if isinstance(value, str):
        yield from _texts_for(value)
    else:
        if isinstance(value, bool):
            yield "flipped", not value
        forms = next(forms for kind, forms in _FORMS.items() if isinstance(value, kind))
        yield from forms.items()


def _texts_for(value: str) -> Iterator[tuple[str, Any]]:
    yield from {"number": 7, "empty": "", "list": ["text"], "mapping": {"a": "b"}, "half a letter": "\ud800"}.items()
    if _is_number(value):
        bad = ("NaN", "Infinity", "-Infinity", "-1", "1e400", "9E+999999999", "much", "1_000_000", " 30 ")
        yield from ((f"text {text}", text) for text in bad)
        yield "float", float(value)
    if value.endswith("Z"):
        yield "a time before UTC began", "0001-01-01T00:00:00+14:00"
    if value == "USD":
        yield "euros", "EUR"


_NUMBERS = {"truth": True, "NaN": math.nan, "infinite": math.inf}
_FORMS: dict[type, dict[str, Any]] = {
    bool: {"text": "true", "number": 1, "list": []},
    int: {"word": "many", "list": [], "fraction": 1.5, "huge": 10**30, "below": -1, **_NUMBERS},
    float: {"text": "10", "below": -1.0, **_NUMBERS},
    list: {"mapping": {}, "text": "text", "number": 7},
    dict: {"list": [], "text": "text", "number": 7, "empty": {}},
    datetime: {"text": "2026-02-01", "number": 7, "list": [], "without a zone": datetime(2026, 2, 1)},  # noqa: DTZ001
    type(None): {"text": "text", "number": 7, "list": [], "mapping": {"a": "b"}},
}
"""Other types and impossible values; `bool` stands before `int`, of which it is a kind."""


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()


def broken(answers: Answers) -> Iterator[tuple[str, Answers]]:
    """Every call with every error, and the second page of every listing with every error."""
    for key, answer in answers.items():
        for error in ERRORS:
            yield f"{key}: {_name(error)}", {**answers, key: error}
            if isinstance(answer, list) and len(answer) > 1:
                yield f"{key}: second page {_name(error)}", {**answers, key: [answer[0], error, *answer[2:]]}
        if isinstance(answer, list) and len(answer) > 1:
            yield f"{key}: second page is no answer", {**answers, key: [answer[0], {}, *answer[2:]]}
            yield f"{key}: the second page is the first", {**answers, key: [answer[0], answer[0]]}
            yield f"{key}: pages without end", {**answers, key: _without_end(answer[0])}
        yield f"{key}: no answer", {**answers, key: {}}


def _without_end(page: dict[str, Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A listing with an ever new token: the number in the request's token, plus one."""

    def answer(params: dict[str, Any]) -> dict[str, Any]:
        numbers = [int(text.removeprefix("page-")) for text in _texts(params) if text.startswith("page-")]
        following = f"page-{(numbers[0] if numbers else 1) + 1}"
        return {key: following if value == "page-2" else value for key, value in copy.deepcopy(page).items()}

    return answer


def error(code: str, retries: int = 0) -> ClientError:
    """An error as AWS answers it."""
    details: Any = {"Error": {"Code": code, "Message": "as made"}, "ResponseMetadata": {"RetryAttempts": retries}}
    return ClientError(details, "Operation")


ERRORS: tuple[Exception, ...] = (
    error("AccessDenied"),
    error("AccessDeniedException"),
    error("UnauthorizedOperation"),
    error("ThrottlingException", retries=3),
    error("SlowDown", retries=3),
    error("ExpiredToken"),
    error("ValidationException"),
    error("500"),
    error("403"),
    error("\ud800"),
    EndpointConnectionError(endpoint_url=URL),
    ConnectTimeoutError(endpoint_url=URL),
    ReadTimeoutError(endpoint_url=URL),
    ConnectionClosedError(endpoint_url=URL),
    IncompleteReadError(actual_bytes=3, expected_bytes=9),
    ResponseParserError("Unable to parse response, invalid XML received"),
    NoCredentialsError(),
    ValueError("Expecting value: line 1 column 1"),
    AttributeError("'str' object has no attribute 'get'"),
    RuntimeError("Credentials were refreshed, but the refreshed credentials are still expired."),
    FileNotFoundError(2, "No such file or directory", "/token"),
)
"""What a client raises: denied, throttled after its retries, broken, out of reach, too slow, cut short, no answer."""


def _name(error: Exception) -> str:
    code = f" {error.response['Error']['Code']}" if isinstance(error, ClientError) else ""
    return f"{type(error).__name__}{code}"
