"""Services that moto lacks, answered from seeded lists (labelled stand-in): what a scan asks of them, and nothing else.

App Runner, client VPN endpoints, serverless caches, Global Accelerator, Lightsail, Airflow (MWAA), Redshift serverless.
Nothing can be made in them here: the admin API seeds what stands (`PUT /seeded`), in the words of AWS. botocore's model
of the service judges each seed and each answer and gives it its form, and a region that botocore knows to be without
the service is refused, where AWS would have no address at all. Every account has the same.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.model import ListShape, Shape, StructureShape
from botocore.session import get_session
from botocore.validate import ParamValidator
from moto.core.model import ServiceModel
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from pydantic import BaseModel, ConfigDict, model_validator

from sandbox.aws.constraints import violation
from sandbox.aws.seeded_refusals import KINDER as KINDER
from sandbox.aws.seeded_refusals import REFUSALS as REFUSALS
from sandbox.aws.seeded_refusals import SERVICE as SERVICE
from sandbox.aws.settings import SETTINGS
from sandbox.calls import Call, signed_region
from sandbox.errors import Answer, Protocol, error_answer

PAGE_SIZE = 20
"""How many items a page has where the request does not say; less than AWS gives, so that pages are turned."""


class Kind(NamedTuple):
    """One listing: whose it is, and where AWS keeps what the stand-in must find."""

    service: str
    """As in the signature."""
    model: str
    """As in botocore."""
    operation: str
    key: str
    id: str
    """By which the call for tags, or for one resource, names it."""
    tags: str = ""
    """Where an item holds its tags; without it a call of their own tells them."""
    spelled: tuple[str, str] | None = ("Key", "Value")
    """None: a mapping instead of pairs."""
    token: tuple[str, str] | None = ("NextToken", "NextToken")
    size: str = "MaxResults"
    home: str = ""
    """The one region where it answers."""


class TagCall(NamedTuple):
    """One operation that tells the tags of a resource."""

    parameter: str
    key: str
    spelled: tuple[str, str]
    absent: str = "ResourceNotFoundException"


_SMALL = ("key", "value")
_TURN = ("pageToken", "nextPageToken")
KINDS = {
    (kind.service, kind.operation): kind
    for kind in (
        Kind("apprunner", "apprunner", "ListServices", "ServiceSummaryList", "ServiceArn"),
        Kind("ec2", "ec2", "DescribeClientVpnEndpoints", "ClientVpnEndpoints", "ClientVpnEndpointId", "Tags"),
        Kind("elasticache", "elasticache", "DescribeServerlessCaches", "ServerlessCaches", "ARN"),
        Kind(
            "globalaccelerator",
            "globalaccelerator",
            "ListAccelerators",
            "Accelerators",
            "AcceleratorArn",
            home="us-west-2",
        ),
        Kind(
            "globalaccelerator",
            "globalaccelerator",
            "ListCustomRoutingAccelerators",
            "Accelerators",
            "AcceleratorArn",
            home="us-west-2",
        ),
        Kind("lightsail", "lightsail", "GetInstances", "instances", "arn", "tags", _SMALL, _TURN, ""),
        Kind(
            "lightsail", "lightsail", "GetRelationalDatabases", "relationalDatabases", "arn", "tags", _SMALL, _TURN, ""
        ),
        Kind("lightsail", "lightsail", "GetLoadBalancers", "loadBalancers", "arn", "tags", _SMALL, _TURN, ""),
        Kind("lightsail", "lightsail", "GetContainerServices", "containerServices", "arn", "tags", _SMALL, None, ""),
        Kind("airflow", "mwaa", "ListEnvironments", "Environments", "Name", "Tags", None),
        Kind(
            "redshift-serverless",
            "redshift-serverless",
            "ListWorkgroups",
            "workgroups",
            "workgroupArn",
            token=("nextToken", "nextToken"),
            size="maxResults",
        ),
    )
}
TAG_CALLS = {
    "apprunner": TagCall("ResourceArn", "Tags", ("Key", "Value")),
    "elasticache": TagCall("ResourceName", "TagList", ("Key", "Value"), "ServerlessCacheNotFoundFault"),
    "globalaccelerator": TagCall("ResourceArn", "Tags", ("Key", "Value"), "AcceleratorNotFoundException"),
    "redshift-serverless": TagCall("resourceArn", "tags", _SMALL),
}
SERVICES = frozenset(kind.service for kind in KINDS.values())
OPERATIONS = frozenset(
    {(kind.model, kind.operation) for kind in KINDS.values()}
    | {(service, "ListTagsForResource") for service in TAG_CALLS}
    | {("mwaa", "GetEnvironment")}
)
"""Everything that is answered here, by botocore's names."""
_INVALID = {
    "apprunner": "InvalidRequestException",
    "ec2": "InvalidParameterValue",
    "elasticache": "InvalidParameterValue",
    "globalaccelerator": "InvalidArgumentException",
    "lightsail": "InvalidInputException",
    "airflow": "ValidationException",
    "redshift-serverless": "ValidationException",
}
"""How each service calls a wrong value."""
_INVALID_TOKEN = {**_INVALID, "globalaccelerator": "InvalidNextTokenException"}
_SPOKEN = {"Action", "Version"}
"""Fields of a form that are no parameters."""


class Seed(BaseModel):
    """One resource that stands: `item` is AWS's description of it, without its tags."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    service: str
    operation: str
    region: str
    item: dict[str, Any]
    tags: dict[str, str] = {}

    @model_validator(mode="after")
    def _is_what_aws_describes(self) -> "Seed":
        kind = KINDS.get((self.service, self.operation))
        if kind is None:
            raise ValueError(f"the stand-in has no list of {self.service} {self.operation}")
        if not _is_in(kind, self.region):
            raise ValueError(f"{self.service} is not in {self.region}")
        if not self.item.get(kind.id) or (kind.tags and kind.tags in self.item):
            raise ValueError(f"an item has {kind.id}, and its tags stand beside it")
        report = ParamValidator().validate(self.described, _item_shape(kind))
        if report.has_errors():
            raise ValueError(report.generate_report())
        return self

    @property
    def described(self) -> dict[str, Any]:
        """The item as a listing gives it, with its tags where the service keeps them there."""
        kind = KINDS[self.service, self.operation]
        if not kind.tags or not self.tags:
            return self.item
        return {**self.item, kind.tags: self.tags if kind.spelled is None else _pairs(self.tags, kind.spelled)}


class Seeds(BaseModel):
    """Everything that stands."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    resources: tuple[Seed, ...] = ()


class Refused(Exception):
    """The request is not one that AWS would answer, or one that the stand-in knows: code and message."""


def answer(call: Call, protocol: Protocol, target: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
    """Answer what is asked of a seeded list; None for every other call. `headers` have lower-case names."""
    if call.service not in SERVICES:
        return None
    region = signed_region(headers)
    model = "mwaa" if call.service == "airflow" else call.service
    operation = call.operation
    try:
        operation, given = _asked(call, protocol, target, body)
        if (model, operation) not in OPERATIONS:
            return None
        kind = KINDS.get((call.service, operation))
        if kind is not None:
            _must_be_in(kind, region)
            return _answer(kind.model, operation, _page(kind, region, given))
        if call.service == "airflow" and operation == "GetEnvironment":
            return _answer("mwaa", operation, {"Environment": _environment(region, given)})
        if operation == "ListTagsForResource" and call.service in TAG_CALLS:
            tags = _tags(call.service, region, given)
            return None if tags is None else _answer(call.service, operation, tags)
    except Refused as error:
        code, message = error.args
        return error_answer(protocol, _status(model, operation, code), code, message)
    return None


def _status(model: str, operation: str, code: str) -> int:
    """The HTTP status of an error, as the model of the operation has it."""
    known = _model(model)
    errors = known.operation_model(operation).error_shapes if operation in known.operation_names else []
    found = (each.metadata.get("error", {}).get("httpStatusCode") for each in errors if each.error_code == code)
    return int(next(found, None) or 400)


def _asked(call: Call, protocol: Protocol, target: str, body: bytes) -> tuple[str, dict[str, Any]]:
    """The operation and its parameters. Only Airflow's API has paths instead of names. Raises Refused."""
    url = urlsplit(target)
    if protocol is Protocol.JSON:
        try:
            parameters = dict(json.loads(body or b"{}"))
        except (ValueError, TypeError) as error:
            raise Refused("SerializationException", "the body is no JSON object") from error
        return call.operation, parameters
    if protocol in {Protocol.QUERY, Protocol.EC2}:
        form = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
        return call.operation, {name: _typed(name, values[0]) for name, values in form.items() if name not in _SPOKEN}
    if call.service != "airflow" or not call.operation.startswith("GET /environments"):
        return call.operation, {}
    name = unquote(url.path).removeprefix("/environments").removeprefix("/")
    query = {key: _typed(key, values[0]) for key, values in parse_qs(url.query, keep_blank_values=True).items()}
    return ("GetEnvironment", {**query, "Name": name}) if name else ("ListEnvironments", query)


def _typed(name: str, value: str) -> str | int:
    """A parameter of a form or a path as JSON would hold it."""
    return int(value) if name == "MaxResults" and value.isdecimal() else value


def _admitted(service: str, model: str, operation: str, given: Mapping[str, Any]) -> None:
    """Refuse what the model of the operation does not admit. Raises Refused."""
    if wrong := violation(model, operation, given):
        raise Refused(_INVALID[service], wrong)


def _page(kind: Kind, region: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """One page of what stands in a region. Raises Refused."""
    question, following = kind.token or ("", "")
    _admitted(kind.service, kind.model, kind.operation, given)
    _only(given, question, kind.size)
    found = [it for it in _standing(kind.service, region) if it.operation == kind.operation]
    items = [it.item[kind.id] if kind.operation == "ListEnvironments" else it.described for it in found]
    if kind.token is None:
        return {kind.key: items}
    size = str(given.get(kind.size, PAGE_SIZE))
    first = str(given.get(question, "page-0")).removeprefix("page-")
    if not size.isdecimal() or int(size) < 1:
        raise Refused(_INVALID[kind.service], f"{kind.size} must be a whole number above zero")
    if not first.isdecimal() or (question in given and not 0 < int(first) < len(items)):
        raise Refused(_INVALID_TOKEN[kind.service], "the token of the next page is invalid")
    last = int(first) + int(size)
    more = {following: f"page-{last}"} if last < len(items) else {}
    return {kind.key: items[int(first) : last], **more}


def _environment(region: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Airflow's answer about one environment. Raises Refused."""
    _admitted("airflow", "mwaa", "GetEnvironment", given)
    _only(given, "Name")
    for seed in _standing("airflow", region):
        if seed.item["Name"] == given["Name"]:
            return seed.described
    raise Refused("ResourceNotFoundException", f"there is no environment {given['Name']}")


def _tags(service: str, region: str | None, given: Mapping[str, Any]) -> dict[str, Any] | None:
    """The tags of a seeded resource; None of what moto may know. Raises Refused."""
    call = TAG_CALLS[service]
    wanted = given.get(call.parameter)
    _admitted(service, service, "ListTagsForResource", given)
    if service != "elasticache" and not str(wanted).startswith("arn:"):
        raise Refused(_INVALID[service], f"{wanted} is no ARN")
    for seed in _standing(service, region):
        if seed.item[KINDS[seed.service, seed.operation].id] == wanted:
            _only(given, call.parameter)
            return {call.key: _pairs(seed.tags, call.spelled)}
    if service == "elasticache" and ":serverlesscache:" not in str(wanted):
        return None
    raise Refused(call.absent, f"there is no {wanted}")


def _standing(service: str, region: str | None) -> Sequence[Seed]:
    return [it for it in SETTINGS.seeded if (it.service, it.region) == (service, region)]


def _pairs(tags: Mapping[str, str], spelled: tuple[str, str]) -> list[dict[str, str]]:
    return [dict(zip(spelled, pair, strict=True)) for pair in tags.items()]


def _only(given: Mapping[str, Any], *known: str) -> None:
    if unknown := sorted(set(given) - {*known} - {""}):
        raise Refused("NotImplementedBySandbox", f"the sandbox does not implement {', '.join(unknown)} here")


def _must_be_in(kind: Kind, region: str | None) -> None:
    if not region or not _is_in(kind, region):
        raise Refused("NoSuchEndpointInSandbox", f"{kind.service} has no endpoint in {region or 'no region'}")


@cache
def _places(model: str) -> frozenset[str]:
    return frozenset(get_session().get_available_regions(model))


def _is_in(kind: Kind, region: str) -> bool:
    return region == kind.home if kind.home else region in _places(kind.model)


@cache
def _model(name: str) -> ServiceModel:
    return get_service_model(name)


def _item_shape(kind: Kind) -> Shape:
    """What a seed must look like: an item of the list, or the one answer of a call about it."""
    model = _model(kind.model)
    if kind.operation == "ListEnvironments":
        return _member(model.operation_model("GetEnvironment").output_shape, "Environment")
    listed = _member(model.operation_model(kind.operation).output_shape, kind.key)
    if not isinstance(listed, ListShape):
        raise TypeError(f"{kind.key} of {kind.operation} is no list")
    member: Shape = listed.member
    return member


def _member(shape: Shape | None, name: str) -> Shape:
    if not isinstance(shape, StructureShape):
        raise TypeError(f"the answer that should hold {name} has no fields")
    found: Shape = shape.members[name]
    return found


def _answer(service: str, operation: str, content: dict[str, Any]) -> Answer:
    """The content in the form that the service's clients expect; what the model does not know is a defect here."""
    model = _model(service)
    shape = model.operation_model(operation)
    report = ParamValidator().validate(content, shape.output_shape)
    if report.has_errors():
        raise TypeError(report.generate_report())
    written = get_serializer_class(service, model.metadata["protocol"])(shape).serialize(content)
    text = written["body"]
    headers = [*written["headers"].items()]
    return Answer(written["status_code"], headers, text.encode() if isinstance(text, str) else text)
