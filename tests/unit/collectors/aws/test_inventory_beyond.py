"""A night beyond the regions of the manifest: what is a limit of the scan, and what is a hole in it."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from botocore.exceptions import ConnectTimeoutError

from bad_input_inventory import CASES
from factories_world import ALL_FREE
from tidegate.collectors.aws import inventory as package
from tidegate.collectors.aws.inventory import LISTINGS as ALL
from tidegate.collectors.aws.inventory import beyond, collect_inventory
from tidegate.collectors.aws.inventory.beyond import NOWHERE_ELSE, Elsewhere
from tidegate.models.observed import Known, Unreadable

NOW = datetime(2026, 2, 13, 20, 14, 27, tzinfo=UTC)
HERE, FAR, FARTHER, NEW = "eu-west-2", "eu-west-3", "af-south-1", "eu-nowhere-9"
DENIED = "User: arn:aws:sts::123456789012:assumed-role/x/y is not authorized to perform: a:B on resource: *"
CLOSED = f"{DENIED} with an explicit deny in a service control policy"


SOME = ("aws_nat_gateway", "aws_vpc", "aws_ecs_service", "aws_db_instance", "aws_db_snapshot")
LISTINGS = {kind: ALL[kind] for kind in (*SOME, "aws_opensearchserverless_collection", "aws_route53_zone")}
"""Enough for most tests: a client takes its time."""


@pytest.fixture
def scan(environment, policies, monkeypatch):
    rules = tuple(rule for rule in policies.forbidden.rules if set(rule.types) <= set(LISTINGS))
    forbidden = policies.forbidden.model_copy(update={"rules": rules})
    monkeypatch.setattr(package, "LISTINGS", LISTINGS)

    def run(clients, *regions, why_not="not enabled"):
        elsewhere = Elsewhere(regions=regions, why_not=why_not)
        return collect_inventory(clients, environment, (HERE,), forbidden, NOW, ALL_FREE, elsewhere)

    return run


@pytest.fixture
def spoiled():
    """Every call in a region, of these services or of all, raises this."""

    def prepare(clients, error, region=FAR, services=()):
        def give(request_signer, model, **_):
            if request_signer.region_name == region and (not services or model.service_model.service_name in services):
                raise error
            return None

        clients.session.get_component("event_emitter").register_first("before-call", give)

    return prepare


def unreadable(inventory):
    return {each.subject: each.transient for each in inventory.coverage if each.status != "read"}


def limits(inventory, region=FAR):
    return {each.subject: each.reason for each in inventory.not_scanned if each.subject.endswith(f"@{region}")}


def test_every_type_is_looked_for_beyond_as_at_home(aws, environment, policies):
    elsewhere = Elsewhere(regions=(FAR, "us-east-1"), why_not="not enabled")
    inventory = collect_inventory(aws, environment, (HERE,), policies.forbidden, NOW, ALL_FREE, elsewhere)
    subjects = [each.subject for each in inventory.coverage]
    assert subjects == [f"{kind}@{region}" for region in (HERE, FAR, "us-east-1") for kind in ALL]
    assert list(inventory.expected_coverage) == subjects
    assert unreadable(inventory) == {}
    assert inventory.beyond == (FAR, "us-east-1")
    assert limits(inventory, FARTHER) == {f"*@{FARTHER}": "not enabled"}
    assert limits(inventory) == {}


def test_a_region_of_the_manifest_is_not_beyond_it(aws, scan):
    inventory = scan(aws, HERE, FAR, FAR)
    assert inventory.beyond == (FAR,)
    assert len(inventory.coverage) == 2 * len(LISTINGS)


def test_nobody_looks_beyond_unless_he_is_asked_to(aws, environment, policies):
    inventory = collect_inventory(aws, environment, (HERE,), policies.forbidden, NOW, ALL_FREE)
    assert (inventory.beyond, NOWHERE_ELSE.regions) == ((), ())
    assert limits(inventory) == {f"*@{FAR}": "not in scan_regions of the manifest"}


def test_what_stands_beyond_is_found_with_what_it_is_judged_by(aws, scan):
    ec2 = aws.ec2(FAR)
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    gateway = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    aws.ecs(FAR).create_cluster(clusterName="c")
    aws.ecs(FAR).register_task_definition(family="t", containerDefinitions=[{"name": "m", "image": "i", "memory": 64}])
    aws.ecs(FAR).create_service(cluster="c", serviceName="s", taskDefinition="t", desiredCount=2)
    found = {(it.type, it.region): it for it in scan(aws, FAR).resources}
    assert found["aws_nat_gateway", FAR].id == gateway
    assert found["aws_ecs_service", FAR].attributes["desired_count"].value == 2


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"])
def test_a_region_that_the_organisation_closes_is_one_limit(aws, scan, spoiled, aws_error, code):
    spoiled(aws, aws_error(code, CLOSED))
    inventory = scan(aws, FAR)
    assert unreadable(inventory) == {}
    assert not [each for each in inventory.expected_coverage if each.endswith(FAR)]
    (subject,) = limits(inventory)
    assert subject == f"*@{FAR}"
    assert limits(inventory)[subject].startswith(
        "closed by an explicit deny of the organisation; the bill is its check"
    )
    assert code in limits(inventory)[subject]
    assert inventory.beyond == (FAR,)


def test_a_service_that_the_organisation_closes_is_a_limit_by_type(aws, scan, spoiled, aws_error):
    spoiled(aws, aws_error("AccessDeniedException", CLOSED), services=("rds",))
    inventory = scan(aws, FAR)
    of_rds = {f"{kind}@{FAR}" for kind, listing in LISTINGS.items() if listing.services == ("rds",)}
    assert set(limits(inventory)) == of_rds
    assert unreadable(inventory) == {}
    assert len(inventory.coverage) == 2 * len(LISTINGS) - len(of_rds)


@pytest.mark.parametrize(
    ("code", "message", "transient"),
    [
        ("UnauthorizedOperation", DENIED, False),
        ("UnauthorizedOperation", f"{DENIED} because no service control policy allows the a:B action", False),
        ("UnauthorizedOperation", f"{DENIED} with an explicit deny in an identity-based policy", False),
        ("UnauthorizedOperation", f"{DENIED} with an explicit deny in a permissions boundary", False),
        ("OptInRequired", CLOSED, False),
        ("RequestLimitExceeded", CLOSED, True),
    ],
)
def test_everything_else_is_unreadable_beyond_as_well(aws, scan, spoiled, aws_error, code, message, transient):
    spoiled(aws, aws_error(code, message), services=("ec2",))
    inventory = scan(aws, FAR)
    of_ec2 = {f"{kind}@{FAR}" for kind, listing in LISTINGS.items() if listing.services == ("ec2",)}
    assert unreadable(inventory) == dict.fromkeys(of_ec2, transient)
    assert limits(inventory) == {}


def test_at_home_an_explicit_deny_is_a_hole(aws, scan, spoiled, aws_error):
    spoiled(aws, aws_error("AccessDeniedException", CLOSED), region=HERE, services=("rds",))
    inventory = scan(aws, FAR)
    of_rds = {f"{kind}@{HERE}" for kind, listing in LISTINGS.items() if listing.services == ("rds",)}
    assert set(unreadable(inventory)) == of_rds
    assert limits(inventory, HERE) == {}


def test_a_region_of_which_nothing_can_be_read_is_said_once(aws, scan, spoiled, aws_error):
    spoiled(aws, aws_error("AccessDeniedException", "not you"))
    inventory = scan(aws, FAR)
    (hole,) = [each for each in inventory.coverage if each.status != "read"]
    assert (hole.subject, hole.transient) == (f"*@{FAR}", False)
    assert "AccessDeniedException: not you" in hole.reason
    assert f"*@{FAR}" in inventory.expected_coverage


def test_a_region_partly_closed_and_else_unreadable(aws, scan, spoiled, aws_error):
    spoiled(aws, aws_error("AccessDeniedException", CLOSED), services=("rds",))
    spoiled(aws, aws_error("AccessDeniedException", "not you"))
    inventory = scan(aws, FAR)
    of_rds = {f"{kind}@{FAR}" for kind, listing in LISTINGS.items() if listing.services == ("rds",)}
    assert set(unreadable(inventory)) == {f"*@{FAR}"}
    assert set(limits(inventory)) == of_rds


def test_a_region_out_of_reach_costs_one_wait(aws, scan):
    asked = []

    def give(model, request_signer, **_):
        if request_signer.region_name == FAR:
            asked.append(model.name)
            raise ConnectTimeoutError(endpoint_url="https://far.example")

    aws.session.get_component("event_emitter").register_first("before-call", give)
    assert unreadable(scan(aws, FAR)) == {f"*@{FAR}": True}
    assert len(asked) == 1


def stand_in(kind, answer):
    """A listing that names no service."""
    return SimpleNamespace(type=kind, services=(), answer=answer, without_its_service=lambda *_: "")


def test_a_region_that_answers_ever_less_is_given_up(aws, environment, monkeypatch):
    """Four at once may be under way when the third has waited in vain; here it is one by one."""
    monkeypatch.setattr(beyond, "LISTINGS_AT_ONCE", 1)
    asked = []

    def slow(kind):
        def answer(_scan):
            asked.append(kind)
            lost = Unreadable("scan: ReadTimeoutError: x", transient=True)
            return Known(()) if kind == "aws_a" else Unreadable("scan: AccessDenied: no") if kind == "aws_b" else lost

        return stand_in(kind, answer)

    (found,) = beyond.scan_beyond(aws, environment, [FAR], [slow(f"aws_{letter}") for letter in "abcdefg"])
    assert asked == ["aws_a", "aws_b", "aws_c", "aws_d", "aws_e"]
    holes = {it.subject: (it.reason, it.transient) for it in found.coverage if it.status != "read"}
    assert len(holes) == 6
    assert holes[f"aws_g@{FAR}"] == (
        "not asked, for the region does not answer: scan: ReadTimeoutError: x",
        True,
    )


def test_a_service_that_is_not_offered_is_a_limit_and_is_not_asked(aws, scan):
    """OpenSearch serverless: this botocore knows no endpoint of it in Cape Town."""
    assert FARTHER not in aws.session.get_available_regions("opensearchserverless")
    inventory = scan(aws, FARTHER)
    kind = "aws_opensearchserverless_collection"
    assert limits(inventory, FARTHER) == {
        f"{kind}@{FARTHER}": "opensearchserverless is not offered there; the bill is its check"
    }
    assert f"{kind}@{FARTHER}" not in inventory.expected_coverage
    assert unreadable(inventory) == {}


def test_in_a_region_that_botocore_does_not_know_everything_is_asked(clients, scan, answered_by, aws_error):
    answered_by(clients, aws_error("UnrecognizedClientException", "no"))
    inventory = scan(clients, NEW)
    assert limits(inventory, NEW) == {}
    assert f"*@{NEW}" in unreadable(inventory)


def test_a_listing_that_names_no_service_is_asked_everywhere(aws, environment):
    unnamed = stand_in("aws_x", lambda scan: Known(()))
    (found,) = beyond.scan_beyond(aws, environment, [FARTHER], [unnamed])
    assert [each.subject for each in found.coverage] == [f"aws_x@{FARTHER}"]


@pytest.mark.parametrize("kind", ALL)
def test_a_listing_names_the_services_that_it_asks(kind):
    """As its good answers in tests/bad_input_inventory.py show: else nobody could tell where it is offered."""
    asked = {
        operation.partition(".")[0] for case in CASES if case.name.split()[0] == kind for operation in case.answers
    }
    assert asked == set(ALL[kind].services)


def test_clients_of_a_region_are_closed_and_forgotten(clients):
    closed = []
    with clients.apart(FAR) as own:
        made = own.of("ec2")
        made.close = lambda: closed.append("ec2")
        assert (own.region, made.meta.region_name) == (FAR, FAR)
        assert own.session is clients.session
    assert closed == ["ec2"]
    assert clients.of("ec2", FAR) is not made
