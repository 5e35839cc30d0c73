"""Prices as data: what is refused, with its line, and that no type of the other policies is without a statement."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import manifests
from tidegate.environments import ManifestError, load, load_policies
from tidegate.evidence.canonical import plain
from tidegate.models.prices import ALL, PricePolicy
from tidegate.settings import settings

ENVIRONMENT = load("dev_min")
POLICIES = load_policies(ENVIRONMENT)
PRICES = POLICIES.prices
TYPES = sorted(
    {kind for rule in POLICIES.forbidden.rules for kind in rule.types}
    | {kind for kinds in POLICIES.allowed_types.stacks.values() for kind in kinds}
    | set(POLICIES.forbidden.watched)
)
SIDES = ("live", "plan")
WATCHED = {
    "aws_acmpca_certificate_authority",
    "aws_apprunner_service",
    "aws_ec2_client_vpn_endpoint",
    "aws_elasticache_serverless_cache",
    "aws_emr_cluster",
    "aws_fsx_file_system",
    "aws_kinesis_stream",
    "aws_lightsail_container_service",
    "aws_lightsail_database",
    "aws_lightsail_instance",
    "aws_lightsail_lb",
    "aws_mq_broker",
    "aws_mwaa_environment",
    "aws_opensearchserverless_collection",
    "aws_redshiftserverless_workgroup",
    "aws_sagemaker_endpoint",
    "aws_sagemaker_notebook_instance",
    "aws_wafv2_web_acl",
}
"""Dear, and no stack may hold one: the live scan finds it, and without a price it blocks (ADR 28, ADR 32)."""
NEVER_PRICED = {"aws_msk_serverless_cluster", *WATCHED}
"""Forbidden or only watched, and billed by what neither a plan nor a scan shows, or unpriced: declared a gap."""

NAT = {
    "types": ["aws_nat_gateway"],
    "region": "eu-west-2",
    "usd": "0.05",
    "unit": "hour",
    "source": "offer",
    "date": "2026-10-05",
}
ENDPOINT = {
    "types": ["aws_vpc_endpoint"],
    "when": {"kind": "Gateway"},
    "reason": "gateway endpoints are free",
    "date": "2026-10-05",
}


def policy(*prices: dict[str, Any], **changes: Any) -> PricePolicy:
    """A policy with these prices, or the one of a NAT gateway."""
    given = {"version": 1, "currency": "USD", "hours_per_month": 730, "prices": list(prices) or [NAT]}
    return PricePolicy.model_validate(given | changes)


# The project's own prices.


def standing() -> list[Any]:
    return [*PRICES.prices, *PRICES.free]


def test_every_type_of_the_other_policies_is_priced_or_stated_free() -> None:
    said = {kind for entry in standing() for kind in entry.types}
    assert set(TYPES) - said == NEVER_PRICED
    assert said <= set(TYPES), "a price for a type that no policy names"


@pytest.mark.parametrize("kind", TYPES)
def test_where_a_type_has_neither_a_gap_is_declared(kind: str) -> None:
    for region in ENVIRONMENT.scan_regions:
        for side in SIDES:
            assert [
                entry
                for entry in [*standing(), *PRICES.gaps]
                if kind in entry.types and entry.region in (region, ALL) and entry.where in ("everywhere", side)
            ], f"{kind} in {region}, {side}: add a price, a reason why it is free, or a gap"


def test_gaps_are_of_types_that_no_stack_may_hold() -> None:
    forbidden = {kind for rule in POLICIES.forbidden.rules for kind in rule.types}
    assert {kind for gap in PRICES.gaps for kind in gap.types} <= forbidden | WATCHED
    assert not WATCHED & {kind for stack in POLICIES.allowed_types.stacks.values() for kind in stack}


def test_prices_are_those_of_the_source() -> None:
    (london,) = [it for it in PRICES.prices if it.types == ("aws_nat_gateway",) and it.region == "eu-west-2"]
    assert (london.usd, london.unit, london.count) == (Decimal("0.05"), "hour", 1)
    assert "EUW2-NatGateway-Hours" in london.source


def test_attributes_that_decide() -> None:
    assert PRICES.attributes_of("aws_nat_gateway") == ()
    assert PRICES.attributes_of("aws_vpc_endpoint") == ("vpc_endpoint_type",)
    assert PRICES.attributes_of("aws_db_instance") == (
        "allocated_storage",
        "engine",
        "instance_class",
        "multi_az",
        "publicly_accessible",
        "storage_type",
    )


# What is refused.


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], tuple[int, str]]:
    """The line of `old` in the project's prices, and what is said when it is replaced by `new`."""

    def change(old: str, new: str) -> tuple[int, str]:
        for path in manifests.POLICIES.glob("*.yaml"):
            (tmp_path / path.name).write_bytes(path.read_bytes())
        path = tmp_path / "prices.yaml"
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")
        monkeypatch.setenv("TIDEGATE_POLICIES_DIR", str(tmp_path))
        settings.cache_clear()
        with pytest.raises(ManifestError) as raised:
            load_policies(ENVIRONMENT)
        return text[: text.index(old)].count("\n") + 1, str(raised.value)

    return change


FIRST = 'usd: "0.05", unit: hour, source: "offer EUW2-NatGateway-Hours"'


@pytest.mark.parametrize(
    ("old", "new", "field", "said"),
    [
        pytest.param("currency: USD", "currency: EUR", "currency", "(given: 'EUR')", id="currency"),
        pytest.param(FIRST, FIRST.replace("unit: hour, ", ""), "prices.0.unit", "Field required", id="no-unit"),
        pytest.param(FIRST, FIRST.replace("hour", "fortnight"), "prices.0.unit", "(given: 'fortnight')", id="unit"),
        pytest.param(FIRST, FIRST.replace("hour", "GB-month"), "prices.0", "needs times", id="unmeasured"),
        pytest.param(FIRST, FIRST.replace("0.05", "-0.05"), "prices.0.usd", "(given: '-0.05')", id="negative"),
        pytest.param(FIRST, FIRST.replace("0.05", "0"), "prices.0.usd", "greater than 0", id="zero"),
        pytest.param(FIRST, FIRST.replace('"0.05"', "0.05"), "prices.0.usd", "must be a text", id="not-quoted"),
        pytest.param(FIRST, FIRST.replace('"0.05"', "5e-2"), "prices.0.usd", "must be a text", id="exponent-unquoted"),
        pytest.param(FIRST, FIRST.replace('"0.05"', "5"), "prices.0.usd", "must be a text", id="whole-number"),
        pytest.param(FIRST, FIRST.replace('"0.05"', "null"), "prices.0.usd", "must be a text", id="null"),
        pytest.param(FIRST, FIRST.replace("0.05", "5E-2"), "prices.0.usd", "(given: '5E-2')", id="exponent"),
        pytest.param(FIRST, FIRST.replace("0.05", "0_0.05"), "prices.0.usd", "digits and a point", id="underscore"),
        pytest.param(FIRST, FIRST.replace("0.05", " 0.05"), "prices.0.usd", "digits and a point", id="space"),
        pytest.param(FIRST, FIRST.replace("0.05", ".05"), "prices.0.usd", "digits and a point", id="no-digit"),
        pytest.param(FIRST, FIRST.replace("0.05", "0,05"), "prices.0.usd", "(given: '0,05')", id="comma"),
        pytest.param(FIRST, FIRST.replace("0.05", ""), "prices.0.usd", "(given: '')", id="blank"),
        pytest.param(FIRST, FIRST.replace("0.05", "Infinity"), "prices.0.usd", "finite", id="infinity"),
        pytest.param(FIRST, FIRST.replace("0.05", "NaN"), "prices.0.usd", "finite", id="not-a-number"),
        pytest.param(FIRST, FIRST.replace("0.05", "0.05 EUR"), "prices.0.usd", "valid decimal", id="currency-in-it"),
        pytest.param(FIRST, FIRST.replace("usd:", "eur:"), "prices.0.eur", "not permitted", id="another-currency"),
        pytest.param(FIRST, FIRST.split(", source")[0], "prices.0.source", "Field required", id="no-source"),
    ],
)
def test_a_wrong_price_is_said_with_its_line(refused: Any, old: str, new: str, field: str, said: str) -> None:
    line, found = refused(old, new)
    assert f"prices.yaml:{line}: {field}: " in found
    assert said in found


STANDING_UNITS = "hour, month, vCPU-hour, GB-hour, GB-month, node-hour, address-hour"
FIELDS = "types, region, date, part, when, where, usd, unit, times, count, source, offer"
DATED = 'offer: {service: AmazonEC2, usage_type: EUW2-NatGateway-Hours}, date: "2026-10-05"'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param(
            FIRST,
            FIRST.replace("unit: hour, ", ""),
            f"prices.0.unit: Field required: one of {STANDING_UNITS}",
            id="no-unit",
        ),
        pytest.param(
            FIRST,
            FIRST.replace("hour", "fortnight"),
            "prices.0.unit: Input should be 'hour', 'month', 'vCPU-hour', 'GB-hour', 'GB-month', 'node-hour' or "
            "'address-hour' (given: 'fortnight')",
            id="unit",
        ),
        pytest.param(
            "currency: USD", "currency: EUR", "currency: Input should be 'USD' (given: 'EUR')", id="another-currency"
        ),
        pytest.param(
            FIRST,
            FIRST.replace("usd:", 'eur: "0.05", usd:'),
            f"prices.0.eur: Extra inputs are not permitted (given: '0.05'); known: {FIELDS}",
            id="unknown-field",
        ),
        pytest.param(
            "currency: USD",
            "currency: USD\nvat: 20",
            "vat: Extra inputs are not permitted (given: 20); known: version, currency, hours_per_month, prices, free, "
            "usage, gaps",
            id="unknown-field-on-top",
        ),
        pytest.param(
            DATED,
            DATED.replace("service: AmazonEC2", "service: AmazonEC2, sku: X"),
            "prices.0.offer.sku: Extra inputs are not permitted (given: 'X'); known: service, usage_type, operation, "
            "region",
            id="unknown-field-of-an-offer",
        ),
        pytest.param(
            FIRST, FIRST.replace('"0.05"', '"0.05", usd: "0.06"'), "not YAML: found duplicate key", id="field-twice"
        ),
        pytest.param(
            DATED,
            DATED.replace('"2026-10-05"', "1791158400"),
            'prices.0.date: must be a day, as in date: "2026-10-05" (given: 1791158400)',
            id="seconds-for-a-date",
        ),
        pytest.param(
            DATED,
            DATED.replace("2026-10-05", "1791158400"),
            "prices.0.date: must be a day, as in date: \"2026-10-05\" (given: '1791158400')",
            id="seconds-as-text",
        ),
        pytest.param(DATED, DATED.replace('"2026-10-05"', "2026-10-05T00:00:00Z"), "prices.0.date: must", id="time"),
        pytest.param(DATED, DATED.replace("2026-10-05", "2026-02-30"), "prices.0.date: Input should be", id="no-day"),
        pytest.param(FIRST, FIRST.replace("unit:", "unit"), "prices.0.unit", id="no-colon"),
        pytest.param("currency: USD", "currency: [USD", "not YAML", id="not-yaml"),
    ],
)
def test_one_sentence_says_the_line_the_field_and_what_is_allowed(refused: Any, old: str, new: str, said: str) -> None:
    _, found = refused(old, new)
    sentence = found.splitlines()[0]
    assert sentence.startswith("prices.yaml:")
    assert sentence.split(":")[1].isdecimal()
    assert said in sentence


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "prices.yaml: expected a mapping at the top, found nothing"),
        ("# nothing\n", "prices.yaml: expected a mapping at the top, found nothing"),
        ("- 1\n", "prices.yaml: expected a mapping at the top, found CommentedSeq"),
        ("prices", "prices.yaml: expected a mapping at the top, found str"),
    ],
)
def test_a_file_without_prices(refused: Any, text: str, said: str) -> None:
    whole = (manifests.POLICIES / "prices.yaml").read_text("utf-8")
    _, found = refused(whole, text)
    assert found == said


def test_a_day_that_has_not_come_loads_for_only_a_judgement_knows_the_day() -> None:
    (price,) = policy(NAT | {"date": "2999-12-31"}).prices
    assert price.date.year == 2999


OFFER = {"service": "AmazonEC2", "usage_type": "EUW2-NatGateway-Hours"}


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        pytest.param({"offer": OFFER}, None, id="of-its-region"),
        pytest.param({"offer": OFFER | {"region": "eu-west-2"}, "region": ALL}, None, id="all"),
        pytest.param({"offer": OFFER | {"operation": "CreateDBInstance:0014"}}, None, id="operation"),
        pytest.param({"offer": OFFER, "region": ALL}, "a price of region all needs offer.region", id="which-region"),
        pytest.param(
            {"offer": OFFER | {"region": "eu-west-2"}}, "a price of region eu-west-2 takes no offer.region", id="twice"
        ),
        pytest.param({"offer": OFFER | {"region": ALL}, "region": ALL}, "pattern", id="all-twice"),
        pytest.param({"offer": OFFER | {"service": "Amazon EC2"}}, "pattern", id="service"),
        pytest.param({"offer": OFFER | {"usage_type": ""}}, "pattern", id="usage-type"),
        pytest.param({"offer": OFFER | {"operation": ""}}, "pattern", id="no-operation"),
        pytest.param({"offer": {"service": "AmazonEC2"}}, "Field required", id="no-usage-type"),
        pytest.param({"offer": "EUW2-NatGateway-Hours"}, "valid dictionary", id="a-text"),
    ],
)
def test_where_the_price_list_has_it(changes: dict[str, Any], refusal: str | None) -> None:
    traffic = {"what": "traffic", "unit": "GB"} | changes
    if refusal is None:
        assert policy(NAT | changes, usage=[NAT | traffic]).prices[0].offer is not None
    else:
        with pytest.raises(ValidationError, match=refusal):
            policy(NAT | changes)
        with pytest.raises(ValidationError, match=refusal):
            policy(usage=[NAT | traffic])


def test_a_second_price_for_the_same_thing_is_said_with_its_line(refused: Any) -> None:
    line, found = refused(
        "{types: [aws_nat_gateway], region: us-east-1,", "{types: [aws_nat_gateway], region: eu-west-2,"
    )
    assert found == f"prices.yaml:{line}: prices.1: said before: aws_nat_gateway"


def test_a_missing_file(refused: Any) -> None:
    environment = ENVIRONMENT.model_copy(
        update={"policies": ENVIRONMENT.policies.model_copy(update={"prices": "none.yaml"})}
    )
    with pytest.raises(ManifestError, match=r"^none\.yaml: cannot be read"):
        load_policies(environment)


@pytest.mark.parametrize(
    ("prices", "free", "repeated"),
    [
        pytest.param([NAT, NAT], [], True, id="the-same"),
        pytest.param([NAT, NAT | {"usd": "0.06", "date": "2026-10-06"}], [], True, id="another-amount"),
        pytest.param([NAT, NAT | {"types": ["aws_eip", "aws_nat_gateway"]}], [], True, id="among-others"),
        pytest.param([NAT, NAT | {"where": "live"}], [], True, id="everywhere-is-live-too"),
        pytest.param([NAT | {"where": "plan"}, NAT | {"where": "live"}], [], False, id="live-and-plan"),
        pytest.param([NAT, NAT | {"part": "address"}], [], False, id="another-part"),
        pytest.param([NAT, NAT | {"region": ALL}], [], False, id="another-region"),
        pytest.param([NAT | {"when": {"a": 1}}, NAT | {"when": {"a": True}}], [], False, id="one-is-not-true"),
        pytest.param([NAT | {"when": {"a": [1, 2]}}, NAT | {"when": {"a": [2, 1]}}], [], True, id="another-order"),
        pytest.param([NAT], [ENDPOINT, ENDPOINT], True, id="free-twice"),
        pytest.param(
            [NAT | {"region": ALL}], [ENDPOINT | {"types": ["aws_nat_gateway"], "when": {}}], False, id="whole"
        ),
        pytest.param(
            [NAT | {"region": ALL}],
            [ENDPOINT | {"types": ["aws_nat_gateway"], "when": {}, "part": "itself"}],
            True,
            id="priced-and-free",
        ),
    ],
)
def test_everything_is_said_once(prices: Any, free: Any, repeated: bool) -> None:
    if repeated:
        with pytest.raises(ValidationError, match="said before"):
            policy(*prices, free=free)
    else:
        assert policy(*prices, free=free).prices


@pytest.mark.parametrize(
    "changes",
    [
        {"types": []},
        {"types": ["aws_eip", "aws_eip"]},
        {"types": ["AWS EIP"]},
        {"region": "London"},
        {"region": None},
        {"part": ""},
        {"where": "nowhere"},
        {"count": 0},
        {"times": {"size": 1}},
        {"unit": "GB-month", "times": {"size": 0}},
        {"unit": "GB-month", "times": {"Size": 1}},
        {"when": {"a": []}},
        {"when": {"a": None}},
        {"source": " "},
        {"date": "2026-02-30"},
        {"usd": Decimal("0.05")},
        {"usd": "0.00000000001"},
        {"usd": "100000"},
        {"currency": "USD"},
    ],
    ids=str,
)
def test_a_price_of_another_shape(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        policy(NAT | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"currency": "usd"},
        {"hours_per_month": 0},
        {"prices": []},
        {"free": [ENDPOINT | {"reason": "free"}]},
        {"free": [ENDPOINT | {"usd": "0"}]},
        {"gaps": [{"types": ["aws_eip"], "date": "2026-10-05"}]},
        {"usage": [NAT | {"what": "traffic", "unit": "hour"}]},
        {"usage": [NAT | {"what": "traffic", "unit": "GB"}] * 2},
        {"usage": [NAT | {"types": [], "what": "requests", "unit": "request"}] * 2},
        {"more": 1},
    ],
    ids=str,
)
def test_a_policy_of_another_shape(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        policy(**changes)


def test_monthly_units() -> None:
    (month,) = policy(NAT | {"unit": "month"}).prices
    (stored,) = policy(NAT | {"unit": "GB-month", "times": {"size": 1}}).prices
    (hour,) = policy(NAT).prices
    assert (month.monthly, stored.monthly, hour.monthly) == (True, True, False)


def test_what_is_said_about_some_types_only() -> None:
    whole = PRICES
    some = whole.naming({"aws_db_instance", "confluent_kafka_cluster"})
    for section in ("prices", "free", "usage", "gaps"):
        kept = [
            each for each in getattr(whole, section) if {"aws_db_instance", "confluent_kafka_cluster"} & set(each.types)
        ]
        assert list(getattr(some, section)) == kept
    assert some.attributes_of("aws_db_instance") == whole.attributes_of("aws_db_instance")
    assert some.attributes_of("aws_ebs_volume") == ()
    assert PricePolicy.model_validate(some.model_dump(mode="json")) == some


def test_one_price_stays_where_nothing_is_priced() -> None:
    none = PRICES.naming(())
    assert (none.prices, none.free) == (PRICES.prices[:1], ())
    assert PricePolicy.model_validate(none.model_dump(mode="json")) == none


def test_attributes_that_decide_live_or_in_a_plan() -> None:
    assert PRICES.attributes_of("aws_ssm_parameter") == ("tier",)
    assert PRICES.attributes_of("aws_ssm_parameter", "live") == ("tier",)
    assert PRICES.attributes_of("aws_ssm_parameter", "plan") == ()
    assert PRICES.attributes_of("aws_instance", "live") == ("instance_type",)
    assert "root_block_device.volume_size" in PRICES.attributes_of("aws_instance", "plan")


def test_prices_are_read_back_from_evidence_strictly() -> None:
    """Evidence holds numbers as texts, and `tidegate verify` takes nothing for something else."""
    text = json.dumps(plain(PRICES))
    assert PricePolicy.model_validate_json(text, strict=True) == PRICES
