"""AWS errors in the shape of each protocol. Part of the sandbox, a labelled stand-in for AWS."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from xml.sax.saxutils import escape

REST_XML_SERVICES = frozenset({"s3", "route53", "cloudfront"})


class Protocol(StrEnum):
    """How a service writes its errors."""

    S3 = "s3"
    EC2 = "ec2"
    QUERY = "query"
    REST_XML = "rest-xml"
    JSON = "json"
    REST_JSON = "rest-json"

    @property
    def is_json(self) -> bool:
        """True for the two protocols whose error names end in `Exception` more often than not."""
        return self in {Protocol.JSON, Protocol.REST_JSON}


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def protocol_of(service: str, path: str, headers: Mapping[str, str]) -> Protocol:
    """Tell the protocol from the request. `headers` have lower-case names."""
    if "x-amz-target" in headers:
        return Protocol.JSON
    if service == "s3" and not path.startswith("/v20180820/"):
        return Protocol.S3
    if service == "ec2":
        return Protocol.EC2
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return Protocol.QUERY
    return Protocol.REST_XML if service in REST_XML_SERVICES else Protocol.REST_JSON


def error_answer(protocol: Protocol, status: int, code: str, message: str) -> Answer:
    """Return the error as the protocol's clients expect it."""
    request_id = str(uuid.uuid4())
    headers = [("x-amzn-RequestId", request_id)]
    if protocol.is_json:
        body = json.dumps({"__type": code, "message": message, "Message": message})
        content_type = "application/x-amz-json-1.1" if protocol is Protocol.JSON else "application/json"
        headers += [("Content-Type", content_type), ("x-amzn-ErrorType", code)]
        return Answer(status, headers, body.encode())
    headers += [("Content-Type", "text/xml"), ("x-amz-request-id", request_id)]
    error = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    return Answer(status, headers, _xml(protocol, error, request_id).encode())


def _xml(protocol: Protocol, error: str, request_id: str) -> str:
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    if protocol is Protocol.S3:
        return f"{head}<Error>{error}<RequestId>{request_id}</RequestId></Error>"
    if protocol is Protocol.EC2:
        return f"{head}<Response><Errors><Error>{error}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
    return (
        f"{head}<ErrorResponse><Error><Type>Sender</Type>{error}</Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )
