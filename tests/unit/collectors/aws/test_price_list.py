"""The AWS price list, as AWS answers: one on-demand price, or why nobody can tell which."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tidegate.collectors.aws.price_list import IAM_ACTIONS, find_listed_price, read_listed_price
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.price_list import DAMAGED, FoundPrice, ListedPrice
from tidegate.models.prices import Offer

NAT = Offer(service="AmazonEC2", usage_type="EUW2-NatGateway-Hours")
ATTRIBUTES = {"usagetype": NAT.usage_type, "regionCode": "eu-west-2", "operation": "NatGateway"}


def dimension(usd="0.0500000000", begin="0", unit: Any = "Hrs", **changes):
    given = {"beginRange": begin, "endRange": "Inf", "unit": unit, "pricePerUnit": {"USD": usd}, "appliesTo": []}
    return {name: value for name, value in (given | changes).items() if value is not None}


def document(*dimensions, attributes=None, **changes) -> dict[str, Any]:
    tiers = {f"SKU.TERM.{number}": each for number, each in enumerate(dimensions or (dimension(),))}
    terms = {"OnDemand": {"SKU.TERM": {"priceDimensions": tiers}}, "Reserved": {"SKU.OTHER": {}}}
    return {
        "product": {"sku": "SKU", "attributes": ATTRIBUTES | (attributes or {})},
        "terms": terms,
        "version": "20261105190012",
        "publicationDate": "2026-11-05T19:00:12Z",
    } | changes


def said(*documents) -> dict[str, Any]:
    return {"FormatVersion": "aws_v1", "PriceList": [json.dumps(each) for each in documents]}


def listed(usd="0.05", unit="Hrs") -> Known[ListedPrice]:
    return Known(ListedPrice(usd=Decimal(usd), unit=unit, version="20261105190012", published=date(2026, 11, 5)))


@pytest.fixture
def read(clients, script):
    """What is read when the price list answers so, and what was asked."""

    def ask(*answers, offer=NAT, region="eu-west-2"):
        scripted = script(clients.of("pricing", "us-east-1"))("GetProducts", *answers)
        return read_listed_price(clients, offer, region), scripted.asked

    return ask


def test_the_action():
    assert IAM_ACTIONS == ("pricing:GetProducts",)


def test_the_price_and_the_question(read):
    found, asked = read(said(document()))
    assert found == listed()
    ((_, question),) = asked
    assert question == {
        "ServiceCode": "AmazonEC2",
        "Filters": [
            {"Type": "TERM_MATCH", "Field": "usagetype", "Value": "EUW2-NatGateway-Hours"},
            {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "eu-west-2"},
        ],
        "FormatVersion": "aws_v1",
    }


def test_an_operation_is_asked_for_too(read):
    found, ((_, question),) = read(said(document()), offer=NAT.model_copy(update={"operation": "NatGateway"}))
    assert found == listed()
    assert question["Filters"][2] == {"Type": "TERM_MATCH", "Field": "operation", "Value": "NatGateway"}


def test_the_endpoint_is_not_in_the_region_of_the_environment(clients):
    assert clients.of("pricing", "us-east-1").meta.endpoint_url == "https://api.pricing.us-east-1.amazonaws.com"


def test_all_pages_are_read(read):
    reserved = document(terms={"Reserved": {}})
    found, asked = read(said(reserved) | {"NextToken": "2"}, said(document()))
    assert found == listed()
    assert len(asked) == 2


def test_a_product_on_the_second_page_counts_too(read):
    found, _ = read(said(document()) | {"NextToken": "2"}, said(document()))
    assert isinstance(found, Unreadable)
    assert "2 products fit" in found.reason


@pytest.mark.parametrize("documents", [[], [document(terms={})], [document(terms={"OnDemand": {}})]])
def test_what_is_not_sold_on_demand_is_gone(read, documents):
    assert read(said(*documents))[0] == Absent()


def test_several_products_are_not_guessed_between(read):
    found, _ = read(said(document(), document(), document()))
    assert isinstance(found, Unreadable)
    assert "3 products fit" in found.reason
    assert "operation" in found.reason


@pytest.mark.parametrize(
    ("tiers", "usd", "unit"),
    [
        ([("0", "0.0100000000", "GB"), ("1048576", "0.0060000000", "GB")], "0.01", "GB"),
        ([("1048576", "0.0060000000", "GB"), ("0", "0.0100000000", "GB")], "0.01", "GB"),
        ([("0", "0.0000000000", "GB"), ("100", "0.0900000000", "GB"), ("10240", "0.0850000000", "GB")], "0.09", "GB"),
        ([("10240", "0.0850000000", "GB"), ("100", "0.0900000000", "GB"), ("0", "0", "GB")], "0.09", "GB"),
        ([("0", "0.0000000000", "Hrs")], "0", "Hrs"),
    ],
)
def test_the_first_tier_that_costs_something_counts(read, tiers, usd, unit):
    found, _ = read(said(document(*(dimension(price, begin, of) for begin, price, of in tiers))))
    assert found == listed(usd, unit)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"FormatVersion": "aws_v1"}, "PriceList is missing"),
        ({"PriceList": [document()]}, "is no text"),
        ({"PriceList": ["{"]}, "is not JSON"),
        ({"PriceList": ["[]"]}, "usagetype is missing"),
        ({"PriceList": ['{"a": NaN}']}, "is not JSON"),
        (said(document(attributes={"usagetype": "EUW2-Other"})), "asked for usagetype EUW2-NatGateway-Hours, answered"),
        (said(document(attributes={"regionCode": "us-east-1"})), "asked for regionCode eu-west-2, answered us-east-1"),
        (said(document(terms=None)), "terms is null"),
        (said(document(terms={"OnDemand": []})), "terms.OnDemand is no mapping"),
        (said(document(terms={"OnDemand": {"a": None}})), "terms.OnDemand is no mapping"),
        (said(document(terms={"OnDemand": {"a": {}}})), "priceDimensions is missing"),
        (said(document(terms={"OnDemand": {"a": {"priceDimensions": {}}}})), "priceDimensions is empty"),
        (said(document(dimension(unit=None))), "unit is missing"),
        (said(document(dimension(unit=" "))), "unit is blank"),
        (said(document(dimension(pricePerUnit={"CNY": "0.3"}))), "priced in CNY, expected USD"),
        (said(document(dimension(pricePerUnit={}))), "priced in no currency, expected USD"),
        (said(document(dimension(pricePerUnit=None))), "pricePerUnit is missing"),
        (said(document(dimension("-0.05"))), "USD is not an amount"),
        (said(document(dimension("5E-2"))), "USD is not an amount"),
        (said(document(dimension("NaN"))), "USD is not an amount"),
        (said(document(dimension(pricePerUnit={"USD": 0.05}))), "USD is float, expected str"),
        (said(document(dimension(begin="Inf"))), "beginRange is not an amount"),
        (said(document(dimension(begin="0"), dimension("0.04", begin="0"))), "two prices begin at the same amount"),
        (said(document(version=None)), "version is null"),
        (said(document(publicationDate="yesterday")), "publicationDate is not a time"),
    ],
)
def test_an_answer_of_another_shape_is_never_a_price(read, answer, reason):
    found, _ = read(answer)
    assert isinstance(found, Unreadable)
    assert reason in found.reason
    assert found.reason.startswith("GetProducts AmazonEC2 EUW2-NatGateway-Hours in eu-west-2: ")


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "NotFoundException"])
def test_a_refusal_is_unreadable_and_never_gone(read, aws_error, code):
    found, _ = read(aws_error(code))
    assert isinstance(found, Unreadable)
    assert code in found.reason


def test_no_answer_at_all(read, refused_connection):
    assert isinstance(read(refused_connection)[0], Unreadable)


# What an offer is called in another region.


@pytest.fixture
def find(clients, script):
    """What is found for the NAT gateway of London in Frankfurt, and what was asked."""

    def ask(*answers, offer=NAT):
        scripted = script(clients.of("pricing", "us-east-1"))("GetProducts", *answers)
        return find_listed_price(clients, offer, "eu-central-1"), scripted.asked

    return ask


def in_frankfurt(usage_type="EUC1-NatGateway-Hours", *dimensions, **attributes):
    there = {"usagetype": usage_type, "regionCode": "eu-central-1"}
    return document(*dimensions, attributes=there | attributes)


def test_the_price_list_says_how_a_use_is_called_there(find):
    found, ((_, question),) = find(said(in_frankfurt(), in_frankfurt("EUC1-NatGateway-Hours-Spot")))
    assert found == Known(
        FoundPrice(offer=Offer(service="AmazonEC2", usage_type="EUC1-NatGateway-Hours"), listed=listed().value)
    )
    assert question["Filters"] == [
        {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "eu-central-1"},
        {"Type": "CONTAINS", "Field": "usagetype", "Value": "NatGateway-Hours"},
    ]


def test_the_operation_is_kept(find):
    found, ((_, question),) = find(said(in_frankfurt()), offer=NAT.model_copy(update={"operation": "NatGateway"}))
    assert found.value.offer.operation == "NatGateway"
    assert {"Type": "TERM_MATCH", "Field": "operation", "Value": "NatGateway"} in question["Filters"]


@pytest.mark.parametrize("documents", [[], [in_frankfurt("EUC1-Other")], [in_frankfurt() | {"terms": {}}]])
def test_what_is_not_sold_there_is_absent(find, documents):
    assert find(said(*documents))[0] == Absent()


@pytest.mark.parametrize(
    ("documents", "reason"),
    [
        ([in_frankfurt(), in_frankfurt("NatGateway-Hours")], "2 products fit"),
        ([in_frankfurt(regionCode="eu-west-2")], f"{DAMAGED}: asked for regionCode eu-central-1, answered eu-west-2"),
        ([in_frankfurt(usagetype=None)], f"{DAMAGED}: product.attributes.usagetype is null"),
        ([in_frankfurt("EUC1-NatGateway-Hours", dimension("1_0"))], f"{DAMAGED}: USD is not an amount"),
    ],
)
def test_what_is_damaged_or_doubtful_gives_no_price(find, documents, reason):
    found, _ = find(said(*documents))
    assert isinstance(found, Unreadable)
    assert reason in found.reason
    assert found.reason.startswith("GetProducts AmazonEC2 NatGateway-Hours in eu-central-1: ")
