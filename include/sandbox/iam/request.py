"""An AWS request with its parameters, whatever protocol carried it. Part of the sandbox's IAM evaluator (labelled).

Parameters are flat: `{"RoleName": ["lanes"], "Tags.member.1.Key": ["environment"]}` in the query protocol, and
`{"cluster": ["dev"], "tags.1.key": ["environment"]}` of JSON, counted from one alike.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree

from botocore.session import get_session

from sandbox.calls import Call
from sandbox.errors import Protocol

_REST_MODELS = {
    "airflow": ("mwaa",),
    "apigateway": ("apigateway", "apigatewayv2"),
    "eks": ("eks",),
    "elasticfilesystem": ("efs",),
    "es": ("opensearch", "es"),
    "kafka": ("kafka",),
    "lambda": ("lambda",),
    "mq": ("mq",),
    "route53": ("route53",),
    "s3control": ("s3control",),
    "scheduler": ("scheduler",),
}
"""Services whose requests have paths instead of names, as they are signed for, and botocore's names for them."""

_LABEL = re.compile(r"\{([A-Za-z0-9_-]+)(\+?)\}")
_NUMBER = re.compile(r"\.(?:member\.)?\d+(?=\.|$)")


class CannotRead(Exception):
    """The request's operation or parameters cannot be told; the text says which."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of which service, where."""

    service: str
    """As it is signed for."""
    operation: str
    region: str
    parameters: Mapping[str, tuple[str, ...]]
    headers: Mapping[str, str] = field(default_factory=dict)
    """With lower-case names."""

    def values(self, *names: str) -> tuple[str, ...]:
        """Return all values of parameters, wherever lists hold them: `Names` finds `Names.1` and `Names.member.1`."""
        wanted = {name.lower() for name in names}
        return tuple(value for name, found in self._plain() if name.lower() in wanted for value in found if value)

    def value(self, *names: str) -> str | None:
        """Return the first value of the first of these parameters that is there."""
        return next((found[0] for name in names if (found := self.values(name))), None)

    def every_value(self) -> Iterator[str]:
        """Return every value."""
        return (value for found in self.parameters.values() for value in found)

    def _plain(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        return ((_NUMBER.sub("", name), found) for name, found in self.parameters.items())


def read_request(call: Call, protocol: Protocol, target: str, headers: Mapping[str, str], body: bytes) -> Request:
    """Read a request. `headers` have lower-case names. Raises CannotRead."""
    region = call.region or ""
    url = urlsplit(target)
    query = {name: tuple(values) for name, values in parse_qs(url.query, keep_blank_values=True).items()}
    match protocol:
        case Protocol.S3:
            bucket, _, key = unquote(url.path).lstrip("/").partition("/")
            named: dict[str, tuple[str, ...]] = {"Bucket": (bucket,)}
            if key:
                named["Key"] = (key,)
            if call.operation == "DeleteObjects":
                named |= _objects_to_delete(body)
            return Request(call.service, call.operation, region, {**query, **named}, headers)
        case Protocol.QUERY | Protocol.EC2:
            form = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
            fields = {**query, **{name: tuple(values) for name, values in form.items()}}
            parameters = {name: values for name, values in fields.items() if name not in {"Action", "Version"}}
            return Request(call.service, call.operation, region, parameters)
        case Protocol.JSON:
            return Request(call.service, call.operation, region, _flat_json(body))
    return _rest(call, url.path, query, _flat_json(body) if protocol is Protocol.REST_JSON else {})


def _rest(
    call: Call, path: str, query: Mapping[str, tuple[str, ...]], content: Mapping[str, tuple[str, ...]]
) -> Request:
    method = call.operation.partition(" ")[0]
    service = "s3control" if path.startswith("/v20180820/") else call.service
    for operation in _operations(service):
        found = operation.path.fullmatch(unquote(path)) if operation.method == method else None
        if found and operation.needs <= query.keys():
            named = {label: (found[f"_{place}"],) for place, label in enumerate(operation.labels)}
            return Request(service, operation.name, call.region or "", {**content, **query, **named})
    raise CannotRead(f"{call.service} {call.operation}")


class _Operation(NamedTuple):
    name: str
    method: str
    path: re.Pattern[str]
    labels: tuple[str, ...]
    needs: frozenset[str]


@cache
def _operations(service: str) -> tuple[_Operation, ...]:
    """Return the operations of a service with paths, those with most literal text first."""
    found: list[tuple[int, _Operation]] = []
    for name in _REST_MODELS.get(service, ()):
        model: Any = get_session().get_service_model(name)
        for operation in model.operation_names:
            http = model.operation_model(operation).http
            path, _, query = http["requestUri"].partition("?")
            needs = frozenset(part.partition("=")[0] for part in query.split("&") if part)
            pattern, labels, literal = _path_pattern(path)
            found.append((literal + len(needs), _Operation(operation, http["method"], pattern, labels, needs)))
    return tuple(operation for _, operation in sorted(found, key=lambda each: -each[0]))


def _path_pattern(path: str) -> tuple[re.Pattern[str], tuple[str, ...], int]:
    expression, labels, literal, position = "", [], 0, 0
    for place, label in enumerate(_LABEL.finditer(path)):
        text = path[position : label.start()]
        expression += re.escape(text) + (
            f"(?P<_{place}>.+)" if label[2] or "rn" in label[1][-2:] else f"(?P<_{place}>[^/]+)"
        )
        labels.append(label[1])
        literal += len(text)
        position = label.end()
    tail = path[position:].rstrip("/")
    return re.compile(expression + re.escape(tail) + "/?"), tuple(labels), literal + len(tail)


def _objects_to_delete(body: bytes) -> dict[str, tuple[str, ...]]:
    """Return `Key` and `VersionId` of each object, the latter blank where none is named. Raises CannotRead."""
    try:
        document = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise CannotRead("the keys of s3 DeleteObjects") from error
    objects = [{each.tag.rpartition("}")[2]: each.text or "" for each in one} for one in document if len(one)]
    return {
        "Keys": tuple(each.get("Key", "") for each in objects),
        "VersionIds": tuple(each.get("VersionId", "") for each in objects),
    }


def _flat_json(body: bytes) -> dict[str, tuple[str, ...]]:
    """Return the fields of a JSON object. Raises CannotRead."""
    try:
        content = json.loads(body or b"{}")
    except ValueError as error:
        raise CannotRead("a body that is not JSON") from error
    if not isinstance(content, dict):
        raise CannotRead("a body that is no JSON object")
    return {name: (value,) for name, value in _leaves("", content)}


def _leaves(prefix: str, content: object) -> Iterator[tuple[str, str]]:
    if isinstance(content, dict):
        for name, value in content.items():
            yield from _leaves(f"{prefix}.{name}" if prefix else str(name), value)
    elif isinstance(content, list):
        for place, value in enumerate(content, start=1):
            yield from _leaves(f"{prefix}.{place}", value)
    elif isinstance(content, bool):
        yield prefix, str(content).lower()
    elif content is not None:
        yield prefix, str(content)
