"""The AWS price list in the sandbox (labelled stand-in): GetProducts over a small table of offers.

moto has no price list. Amounts of TABLE are those of the public offer files of autumn 2026, in the form of AWS: each
product is a JSON text, amounts have ten digits, tiers their ranges. Products that share a usage type are meant to.
Amounts of MADE_UP regions are no prices of AWS: London's with a hundredth added, so that nobody takes them for any.
Covered: GetProducts with filters TERM_MATCH and CONTAINS, paged.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from sandbox.aws.constraints import violation
from sandbox.calls import Call
from sandbox.errors import Answer, Protocol, error_answer
from sandbox.refusals import Kinder, Refusal, never_expiring

SERVICE, OPERATION = "pricing", "GetProducts"
_REFERENCE = "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html"
REFUSALS = (
    Refusal(OPERATION, "InvalidParameterException", "the service's code is empty", _REFERENCE),
    Refusal(OPERATION, "InvalidParameterException", "the service's code holds a blank", _REFERENCE),
    Refusal(OPERATION, "InvalidParameterException", "the format is none", _REFERENCE),
    Refusal(OPERATION, "InvalidParameterException", "a filter's type is none", _REFERENCE),
    Refusal(OPERATION, "InvalidParameterException", "a page of more than a hundred is asked for", _REFERENCE),
    Refusal(OPERATION, "NotFoundException", "no service has that code", _REFERENCE),
    Refusal(OPERATION, "InvalidNextTokenException", "the token is of no page", _REFERENCE),
)
KINDER: tuple[Kinder, ...] = never_expiring(OPERATION)
VERSION, PUBLISHED = "20261105190012", "2026-11-05T19:00:12Z"
MOST_RESULTS = 100
_FORMAT = "aws_v1"
_TERM_CODE, _RATE_CODE = "JRTCKXETXF", "6YS6EN2CT7"

Tier = tuple[str, str]
"""From which amount on, USD per unit."""


class Product(NamedTuple):
    """One product of the table."""

    service: str
    usage_type: str
    operation: str
    unit: str
    usd: str | tuple[Tier, ...]
    region: str = "eu-west-2"


TABLE = (
    Product("AmazonEC2", "EUW2-NatGateway-Hours", "NatGateway", "Hrs", "0.05"),
    Product("AmazonEC2", "EUW2-NatGateway-Bytes", "NatGateway", "GB", "0.05"),
    Product("AmazonEC2", "NatGateway-Hours", "NatGateway", "Hrs", "0.045", "us-east-1"),
    Product("AmazonEC2", "NatGateway-Bytes", "NatGateway", "GB", "0.045", "us-east-1"),
    Product("AmazonEC2", "EUW2-BoxUsage:t3.micro", "RunInstances", "Hrs", "0.0118"),
    Product("AmazonEC2", "EUW2-BoxUsage:t3.micro", "RunInstances:0002", "Hrs", "0.021"),
    Product("AmazonEC2", "EUW2-BoxUsage:t3.medium", "RunInstances", "Hrs", "0.0472"),
    Product("AmazonEC2", "EUW2-BoxUsage:t3.medium", "RunInstances:0002", "Hrs", "0.0656"),
    Product("AmazonEC2", "EUW2-EBS:VolumeUsage.gp3", "", "GB-Mo", "0.0928"),
    Product("AmazonEC2", "EUW2-EBS:SnapshotUsage", "", "GB-Mo", "0.053"),
    Product("AmazonVPC", "EUW2-PublicIPv4:InUseAddress", "", "Hrs", "0.005"),
    Product("AmazonVPC", "EUW2-PublicIPv4:IdleAddress", "", "Hrs", "0.005"),
    Product("AmazonVPC", "USE1-PublicIPv4:InUseAddress", "", "Hrs", "0.005", "us-east-1"),
    Product("AmazonVPC", "EUW2-VpcEndpoint-Hours", "VpcEndpoint", "Hrs", "0.011"),
    Product(
        "AmazonVPC",
        "EUW2-VpcEndpoint-Bytes",
        "VpcEndpoint",
        "GB",
        (("0", "0.01"), ("1048576", "0.006"), ("5242880", "0.004")),
    ),
    Product("AWSELB", "EUW2-LoadBalancerUsage", "LoadBalancing", "Hrs", "0.0294"),
    Product("AWSELB", "EUW2-LoadBalancerUsage", "LoadBalancing:Application", "Hrs", "0.02646"),
    Product("AWSELB", "EUW2-LoadBalancerUsage", "LoadBalancing:Gateway", "Hrs", "0.0147"),
    Product("AWSELB", "EUW2-LoadBalancerUsage", "LoadBalancing:Network", "Hrs", "0.02646"),
    Product("AWSELB", "EUW2-LCUUsage", "LoadBalancing:Application", "LCU-Hrs", "0.0084"),
    Product("AWSELB", "EUW2-LCUUsage", "LoadBalancing:Network", "LCU-Hrs", "0.0063"),
    Product("AmazonECS", "EUW2-Fargate-vCPU-Hours:perCPU", "", "hours", "0.04656"),
    Product("AmazonECS", "EUW2-Fargate-GB-Hours", "", "hours", "0.00511"),
    Product("AmazonECS", "EUW2-Fargate-ARM-vCPU-Hours:perCPU", "", "hours", "0.03725"),
    Product("AmazonRDS", "EUW2-InstanceUsage:db.t4g.micro", "CreateDBInstance:0002", "Hrs", "0.018"),
    Product("AmazonRDS", "EUW2-InstanceUsage:db.t4g.micro", "CreateDBInstance:0014", "Hrs", "0.018"),
    Product("AmazonRDS", "EUW2-InstanceUsage:db.t3.micro", "CreateDBInstance:0002", "Hrs", "0.02"),
    Product("AmazonRDS", "EUW2-InstanceUsage:db.t3.micro", "CreateDBInstance:0014", "Hrs", "0.021"),
    Product("AmazonRDS", "EUW2-InstanceUsage:db.t4g.small", "CreateDBInstance:0014", "Hrs", "0.036"),
    Product("AmazonRDS", "EUW2-RDS:GP3-Storage", "", "GB-Mo", "0.133"),
    Product("AmazonRDS", "EUW2-RDS:ChargedBackupUsage", "", "GB-Mo", "0.1"),
    Product("AWSSecretsManager", "EUW2-AWSSecretsManager-Secrets", "", "Secrets", "0.4"),
    Product("AWSCostExplorer", "USE1-APIRequest", "", "Requests", "0.01", "us-east-1"),
)

MADE_UP = {"eu-central-1": "EUC1-", "eu-west-1": "EU-", "us-east-1": ""}
"""Regions whose amounts the stand-in makes up from London's, and how their usage types begin."""


def _made_up() -> Iterator[Product]:
    there = {(each.service, each.usage_type.removeprefix("USE1-"), each.region) for each in TABLE}
    for region, prefix in MADE_UP.items():
        for each in TABLE:
            usage = each.usage_type.removeprefix("EUW2-")
            if each.region == "eu-west-2" and (each.service, usage, region) not in there:
                tiers = (("0", each.usd),) if isinstance(each.usd, str) else each.usd
                dearer = tuple((begin, str(Decimal(usd) * Decimal("1.01"))) for begin, usd in tiers)
                yield each._replace(usage_type=f"{prefix}{usage}", usd=dearer, region=region)


PRODUCTS = (*TABLE, *_made_up())


class Refused(Exception):
    """The request is not one that AWS would answer: code and message."""


def answer(call: Call, body: bytes) -> Answer | None:
    """Return the answer to GetProducts; None for every other call."""
    if (call.service, call.operation) != (SERVICE, OPERATION):
        return None
    try:
        found = get_products(json.loads(body))
    except Refused as error:
        code, message = error.args
        return error_answer(Protocol.JSON, 400, code, message)
    return Answer(200, [("Content-Type", "application/x-amz-json-1.1")], json.dumps(found).encode())


def get_products(request: Mapping[str, Any], table: Iterable[Product] = PRODUCTS) -> dict[str, Any]:
    """Answer GetProducts. Raises Refused as AWS would."""
    service = _service(request)
    wanted = tuple(_filters(request.get("Filters") or []))
    found = [
        document
        for product in table
        if product.service == service
        for document in [_document(product)]
        if all(_holds(document["product"]["attributes"].get(name), kind, value) for kind, name, value in wanted)
    ]
    size = int(request.get("MaxResults", MOST_RESULTS))
    first = _first(request.get("NextToken"), len(found))
    page: dict[str, Any] = {
        "FormatVersion": _FORMAT,
        "PriceList": [json.dumps(document) for document in found[first : first + size]],
    }
    if first + size < len(found):
        page["NextToken"] = f"products-{first + size}"
    return page


def _service(request: Mapping[str, Any]) -> str:
    """The service that is asked for, in a request that the model admits. Raises Refused."""
    if wrong := violation(SERVICE, OPERATION, request):
        raise Refused("InvalidParameterException", f"Input Parameters are invalid. {wrong}")
    if request.get("FormatVersion", _FORMAT) != _FORMAT:
        raise Refused("InvalidParameterException", f"Input Parameters are invalid. FormatVersion must be {_FORMAT}")
    service = str(request.get("ServiceCode") or "")
    if not service:
        raise Refused("InvalidParameterException", "Input Parameters are invalid. serviceCode cannot be null or empty")
    if not re.fullmatch("[A-Za-z0-9]+", service):
        raise Refused("InvalidParameterException", "ServiceCode can only contain a-z, A-Z, 0-9")
    if service not in {product.service for product in PRODUCTS}:
        raise Refused("NotFoundException", f"there is no service {service} in the sandbox's price list")
    return service


def _filters(filters: Iterable[Mapping[str, str]]) -> Iterator[tuple[str, str, str]]:
    for each in filters:
        if each.get("Type") not in {"TERM_MATCH", "CONTAINS"}:
            raise Refused("NotImplementedBySandbox", f"the sandbox does not implement a filter {each.get('Type')}")
        yield each["Type"], each["Field"], each["Value"]


def _holds(given: str | None, kind: str, value: str) -> bool:
    return given is not None and (given == value if kind == "TERM_MATCH" else value in given)


def _first(token: object, products: int) -> int:
    if token is None:
        return 0
    number = str(token).removeprefix("products-")
    if not number.isdecimal() or not 0 < int(number) < products:
        raise Refused("InvalidNextTokenException", "the token of the next page is invalid")
    return int(number)


def _document(product: Product) -> dict[str, Any]:
    sku = hashlib.sha256("/".join(map(str, product)).encode()).hexdigest()[:16].upper()
    tiers = (("0", product.usd),) if isinstance(product.usd, str) else product.usd
    ends = [*(begin for begin, _ in tiers[1:]), "Inf"]
    term = f"{sku}.{_TERM_CODE}"
    return {
        "product": {
            "sku": sku,
            "attributes": {
                "servicecode": product.service,
                "usagetype": product.usage_type,
                "operation": product.operation,
                "regionCode": product.region,
                "locationType": "AWS Region",
            },
        },
        "serviceCode": product.service,
        "terms": {
            "OnDemand": {
                term: {
                    "offerTermCode": _TERM_CODE,
                    "sku": sku,
                    "effectiveDate": "2026-11-01T00:00:00Z",
                    "termAttributes": {},
                    "priceDimensions": {
                        f"{term}.{_RATE_CODE}{number}": {
                            "rateCode": f"{term}.{_RATE_CODE}{number}",
                            "description": f"${usd} per {product.unit}",
                            "appliesTo": [],
                            "beginRange": begin,
                            "endRange": end,
                            "unit": product.unit,
                            "pricePerUnit": {"USD": f"{Decimal(usd):.10f}"},
                        }
                        for number, ((begin, usd), end) in enumerate(zip(tiers, ends, strict=True))
                    },
                }
            }
        },
        "version": VERSION,
        "publicationDate": PUBLISHED,
    }
