"""IDENTITY-AND-TOOLS, and with it the identity rules that three gates share."""

from dataclasses import replace
from typing import Any

import pytest

from factories_control import NOW, caller, identity_facts, static_keys, tools
from factories_prices import DATABASE
from tidegate.gates.identity_and_tools import GATE
from tidegate.gates.rules_identity import dag_of
from tidegate.models.identity import Endpoint, IdentityFacts, StackKind
from tidegate.models.observed import Absent, Known, Unreadable

LOCAL = Endpoint(variable="AWS_ENDPOINT_URL", url="http://127.0.0.1:4566", loopback=True)
LOCAL_S3 = Endpoint(variable="AWS_ENDPOINT_URL_S3", url="http://127.0.0.1:4566", loopback=True)
REMOTE = Endpoint(variable="AWS_ENDPOINT_URL_STS", url="https://sts.example.com", loopback=False)
REFUSED = Unreadable("AccessDenied: GetCallerIdentity")


def called(**changes: Any) -> IdentityFacts:
    """Facts with another caller."""
    return identity_facts(caller=caller(**changes))


def tooled(**changes: Any) -> IdentityFacts:
    """Facts with other tools."""
    return identity_facts(tools=tools(**changes))


def judged(facts: IdentityFacts) -> list[str]:
    """The codes that the gate finds."""
    return [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)]


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(identity_facts(), [], id="the-assumed-role-on-aws"),
        pytest.param(called(profile="sandbox", endpoints=(LOCAL,)), [], id="the-assumed-role-in-the-sandbox"),
        pytest.param(
            called(profile="sandbox", endpoints=(LOCAL, LOCAL_S3)), [], id="sandbox-with-one-more-local-endpoint"
        ),
        pytest.param(called(credential_method=Known("assume-role")), [], id="role-assumed-by-a-profile"),
        pytest.param(called(credential_method=Known("container-role")), [], id="role-of-a-container"),
        pytest.param(called(credential_method=Known("iam-role")), [], id="role-of-an-instance"),
        pytest.param(called(static_keys=static_keys("~/.boto [Credentials]")), ["STATIC-KEY-FOUND"], id="a-static-key"),
        pytest.param(
            called(static_keys=static_keys("environment variable AWS_ACCESS_KEY_ID", "~/.aws/credentials [default]")),
            ["STATIC-KEY-FOUND", "STATIC-KEY-FOUND"],
            id="one-blocker-per-place",
        ),
        pytest.param(
            called(static_keys=Unreadable("~/.boto")), ["STATIC-KEYS-UNREADABLE"], id="a-place-nobody-can-read"
        ),
        pytest.param(called(static_keys=Absent()), ["STATIC-KEYS-MISSING"], id="nobody-looked-for-keys"),
        pytest.param(
            called(credential_method=Known("env")), ["CREDENTIALS-NOT-ASSUMED"], id="keys-from-the-environment"
        ),
        pytest.param(called(credential_method=Known("")), ["CREDENTIALS-NOT-ASSUMED"], id="a-provider-without-a-name"),
        pytest.param(called(credential_method=Absent()), ["CREDENTIAL-METHOD-MISSING"], id="no-credentials"),
        pytest.param(
            called(credential_method=REFUSED), ["CREDENTIAL-METHOD-UNREADABLE"], id="credentials-not-resolved"
        ),
        pytest.param(called(temporary=Known(False)), ["CREDENTIALS-LONG-LIVED"], id="a-key-of-a-user"),
        pytest.param(called(temporary=REFUSED), ["CREDENTIAL-LIFETIME-UNREADABLE"], id="lifetime-unreadable"),
        pytest.param(called(account_id=Known("999999999999")), ["ACCOUNT-MISMATCH"], id="another-account"),
        pytest.param(called(account_id=REFUSED), ["ACCOUNT-UNREADABLE"], id="account-unreadable"),
        pytest.param(called(region=Known("us-east-1")), ["REGION-MISMATCH"], id="another-region"),
        pytest.param(called(region=Unreadable("two regions at once")), ["REGION-UNREADABLE"], id="two-regions-at-once"),
        pytest.param(called(role=Known("admin")), ["ROLE-MISMATCH"], id="another-role"),
        pytest.param(
            called(role=Known("admin"), arn=REFUSED), ["CALLER-ARN-UNREADABLE", "ROLE-MISMATCH"], id="role-no-arn"
        ),
        pytest.param(called(role=Absent(), session=Absent()), ["SESSION-MISSING", "ROLE-MISSING"], id="a-user-or-root"),
        pytest.param(called(role=REFUSED), ["ROLE-UNREADABLE"], id="role-unreadable"),
        pytest.param(called(arn=REFUSED), ["CALLER-ARN-UNREADABLE"], id="arn-unreadable"),
        pytest.param(called(session=REFUSED), ["SESSION-UNREADABLE"], id="session-unreadable"),
        pytest.param(called(endpoints=(REMOTE,)), ["ENDPOINT-NOT-ALLOWED"], id="aws-with-an-override"),
        pytest.param(called(endpoints=(LOCAL,)), ["ENDPOINT-NOT-ALLOWED"], id="aws-with-a-loopback-override"),
        pytest.param(
            called(profile="sandbox", endpoints=(LOCAL, REMOTE)),
            ["ENDPOINT-NOT-ALLOWED"],
            id="sandbox-that-leaves-the-machine",
        ),
        pytest.param(called(profile="sandbox"), ["ENDPOINT-MISSING"], id="sandbox-that-would-reach-aws"),
        pytest.param(
            called(profile="sandbox", endpoints=(LOCAL_S3,)), ["ENDPOINT-MISSING"], id="sandbox-with-one-service-only"
        ),
        pytest.param(tooled(terraform_version=Absent()), ["TERRAFORM-MISSING"], id="no-terraform"),
        pytest.param(tooled(terraform_version=Unreadable("deadline")), ["TERRAFORM-UNREADABLE"], id="terraform-hangs"),
        pytest.param(tooled(terraform_version=Known("1.10.5")), ["TERRAFORM-VERSION-UNSUPPORTED"], id="too-old"),
        pytest.param(tooled(terraform_version=Known("2.0.0")), ["TERRAFORM-VERSION-UNSUPPORTED"], id="too-new"),
        pytest.param(
            tooled(terraform_version=Known("1.12.0-beta1")), ["TERRAFORM-VERSION-UNSUPPORTED"], id="a-pre-release"
        ),
        pytest.param(tooled(terraform_version=Known("")), ["TERRAFORM-VERSION-UNSUPPORTED"], id="a-version-of-nothing"),
        pytest.param(tooled(terraform_required="latest"), ["TERRAFORM-CONSTRAINT-INVALID"], id="constraint-in-words"),
        pytest.param(tooled(terraform_required=""), ["TERRAFORM-CONSTRAINT-INVALID"], id="no-constraint"),
        pytest.param(
            tooled(terraform_required="", terraform_version=Known("soon")),
            ["TERRAFORM-CONSTRAINT-INVALID", "TERRAFORM-VERSION-UNSUPPORTED"],
            id="neither-constraint-nor-version",
        ),
        pytest.param(tooled(managed_lane=Absent()), ["NOT-A-MANAGED-LANE"], id="a-shell"),
        pytest.param(tooled(managed_lane=Unreadable("no context")), ["NOT-A-MANAGED-LANE"], id="lane-unreadable"),
        pytest.param(tooled(managed_lane=Known("")), ["NOT-A-MANAGED-LANE"], id="a-lane-without-a-name"),
        pytest.param(tooled(managed_lane=Known("dag//task")), ["NOT-A-MANAGED-LANE"], id="a-lane-without-a-run"),
        pytest.param(tooled(managed_lane=Known("dag/run")), ["NOT-A-MANAGED-LANE"], id="a-lane-without-a-task"),
        pytest.param(
            identity_facts(
                caller=caller(account_id=REFUSED, region=Known("us-east-1")), tools=tools(managed_lane=Absent())
            ),
            ["ACCOUNT-UNREADABLE", "REGION-MISMATCH", "NOT-A-MANAGED-LANE"],
            id="says-all-of-it",
        ),
    ],
)
def test_blockers(facts: IdentityFacts, codes: list[str]) -> None:
    """The codes, in order, and no other."""
    assert judged(facts) == codes


@pytest.mark.parametrize(
    ("facts", "remedy"),
    [
        pytest.param(
            called(static_keys=static_keys("environment variable AWS_ACCESS_KEY_ID")),
            "unset AWS_ACCESS_KEY_ID in the worker's environment",
            id="a-key-in-the-environment",
        ),
        pytest.param(
            called(static_keys=static_keys("/home/w/.aws/credentials [default]")),
            "remove a static key from /home/w/.aws/credentials [default]",
            id="a-key-in-a-file",
        ),
        pytest.param(
            called(region=Known("us-east-1")),
            "run this version of tidegate on the worker: it acts as the environment's role alone",
            id="another-region",
        ),
        pytest.param(
            called(endpoints=(REMOTE,)), "unset AWS_ENDPOINT_URL_STS in the worker's environment", id="an-override"
        ),
    ],
)
def test_remedy_is_the_next_command(facts: IdentityFacts, remedy: str) -> None:
    """A person can act on it without reading code."""
    assert [blocker.remedy.text for blocker in GATE.evaluate(facts, judged_at=NOW)] == [
        f"{remedy} (whoever runs the workers); then clear this task with everything downstream"
    ]


def test_another_role_is_named_by_its_arn() -> None:
    """Whose session it is shows in the log."""
    (blocker,) = GATE.evaluate(called(role=Known("admin")), judged_at=NOW)
    assert (blocker.resource, blocker.observed) == (caller().arn.value, "admin")  # type: ignore[union-attr]


@pytest.mark.parametrize("field", ["account_id", "arn", "credential_method", "region", "role", "session", "temporary"])
@pytest.mark.parametrize(
    ("observed", "ending"),
    [
        pytest.param(REFUSED, "-UNREADABLE", id="unreadable"),
        pytest.param(Absent(), "-MISSING", id="missing"),
    ],
)
def test_each_way_of_not_knowing_the_caller_has_its_own_code(field: str, observed: Any, ending: str) -> None:
    """Not there and could not look never look alike."""
    facts = identity_facts(caller=replace(caller(), **{field: observed}))
    (code,) = judged(facts)
    assert code.endswith(ending)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (called(endpoints=(REMOTE,)), "no endpoint override"),
        (called(profile="sandbox", endpoints=(LOCAL, REMOTE)), "a loopback URL"),
    ],
)
def test_which_endpoint_is_allowed(facts: IdentityFacts, expected: str) -> None:
    """On AWS none; in the sandbox one that stays on this machine."""
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert (blocker.code, blocker.observed, blocker.expected) == ("ENDPOINT-NOT-ALLOWED", REMOTE.url, expected)


@pytest.mark.parametrize(
    ("facts", "resource", "observed"),
    [
        (called(static_keys=REFUSED), "credentials of the worker", "unreadable: AccessDenied: GetCallerIdentity"),
        (called(credential_method=Known("env")), "credentials of the worker", "env"),
        (called(credential_method=Known("")), "credentials of the worker", "no provider"),
        (called(temporary=Known(False)), "credentials of the worker", "a long-lived access key"),
        (called(account_id=REFUSED), "caller of AWS", "unreadable: AccessDenied: GetCallerIdentity"),
        (called(region=Absent()), "AWS_REGION", "none"),
        (called(region=Known("us-east-1")), "AWS_REGION", "us-east-1"),
        (tooled(terraform_version=Absent()), "terraform", "none"),
        (tooled(terraform_version=Known("2.0.0")), "terraform", "2.0.0 (binary terraform)"),
        (tooled(terraform_version=Known("")), "terraform", "an empty version (binary terraform)"),
        (tooled(terraform_required="latest"), "terraform_version", "'latest' is not a clause like >= 1.11.0"),
        (tooled(managed_lane=Known("dag/run")), "managed lane", "dag/run"),
        (tooled(managed_lane=Known("")), "managed lane", "an empty name"),
    ],
)
def test_what_is_wrong_with_what(facts: IdentityFacts, resource: str, observed: str) -> None:
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert (blocker.resource, blocker.observed) == (resource, observed)


def test_a_version_that_nothing_asks_for_is_still_refused_in_words() -> None:
    """No constraint and no version: the remedy names the manifest."""
    facts = tooled(terraform_required="", terraform_version=Known("soon"))
    _, version = GATE.evaluate(facts, judged_at=NOW)
    assert (version.observed, version.expected) == ("soon (binary terraform)", "a version that terraform_version names")


@pytest.mark.parametrize(
    ("lane", "dag"),
    [
        (Known("dev_min.m2_substrate_build/manual__10:00:00.5/a"), "dev_min.m9"),
        (Known("eu.dev_min.m2_substrate_build/manual/a"), "eu.dev_min.m9"),
        (Known("standalone/manual/a"), "<environment>.m9"),
        (Absent(), "<environment>.m9"),
    ],
)
def test_another_dag_of_the_same_environment(lane: Any, dag: str) -> None:
    """A run id may hold dots, and so may the name of an environment."""
    assert dag_of(tools(managed_lane=lane), "m9") == dag


# Prices of the region, before anything is made.


def kinds(region: str, *types: str, **attributes: Any) -> tuple[StackKind, ...]:
    return tuple(StackKind(stack="demo", type=kind, region=region, attributes=attributes) for kind in types)


def test_a_region_without_a_price_blocks_before_anything_is_made() -> None:
    facts = identity_facts(kinds=kinds("eu-central-1", "aws_db_instance", "aws_vpc", **DATABASE))
    (blocker,) = GATE.evaluate(facts, judged_at=NOW, names={"environment": "dev_min"})
    assert blocker.code == "REGION-UNPRICED"
    assert blocker.resource == "aws_db_instance of demo in eu-central-1"
    assert "no price of aws_db_instance in eu-central-1 fits" in blocker.observed
    assert (
        "tidegate prices refresh --region=eu-central-1 --environment dev_min --write include/policies/prices.yaml"
        in blocker.remedy.text
    )


def test_a_kind_that_no_price_list_is_asked_for_is_written_by_hand() -> None:
    (blocker,) = GATE.evaluate(identity_facts(kinds=kinds("eu-west-2", "aws_quantum_thing")), judged_at=NOW)
    assert blocker.code == "REGION-UNPRICED"
    assert "prices refresh" not in blocker.remedy.text
    assert "set prices in include/policies/prices.yaml" in blocker.remedy.text


@pytest.mark.parametrize(
    ("required", "admitted"),
    [
        (">= 1.11.0, < 1.16.0", None),
        ("~> 1.12.2", None),
        ("= 1.15.5", None),
        (">= 1.11.0, <= 1.15.9", None),
        (">= 1.11.0, < 2.0.0", "1.16.0"),
        (">= 1.11.0", "1.16.0"),
        (">= 1.11.0, <= 1.16.0", "1.16.0"),
        (">= 1.11.0, != 1.16.0", "1.1000000.0"),
        ("= 1.17.3", "1.17.3"),
        ("~> 2.1.0", "2.1.0"),
    ],
)
def test_the_upper_bound_is_the_newest_tested_version(required: str, admitted: str | None) -> None:
    found = GATE.evaluate(tooled(terraform_required=required, terraform_version=Known("1.15.5")), judged_at=NOW)
    bounds = [it for it in found if it.code == "TERRAFORM-BOUND-UNTESTED"]
    assert [it.observed for it in bounds] == ([] if admitted is None else [f"{required} admits {admitted}"])
    assert {it.expected for it in bounds} <= {"an upper bound of 1.15, as in < 1.16.0"}


def test_every_kind_without_a_price_is_named() -> None:
    facts = identity_facts(kinds=kinds("eu-central-1", "aws_db_instance", "aws_nat_gateway", **DATABASE))
    assert judged(facts) == ["REGION-UNPRICED", "REGION-UNPRICED"]


def test_evidence_from_before_this_question_is_judged_as_it_was() -> None:
    assert judged(identity_facts(kinds=(), prices=None)) == []


@pytest.mark.parametrize(
    ("profile", "source", "codes"),
    [
        ("aws", "STAND-IN of the sandbox, no price of AWS: offer 1", ["PRICE-MADE-UP"]),
        ("sandbox", "STAND-IN of the sandbox, no price of AWS: offer 1", []),
        ("aws", "offer 1, which is no STAND-IN", []),
    ],
)
def test_a_price_that_the_sandbox_made_up_is_none_outside_of_it(profile: str, source: str, codes: list[str]) -> None:
    whole = identity_facts()
    assert whole.prices is not None
    first, *others = whole.prices.prices
    prices = whole.prices.model_copy(update={"prices": (first.model_copy(update={"source": source}), *others)})
    endpoints = (LOCAL,) if profile == "sandbox" else ()
    found = GATE.evaluate(
        identity_facts(prices=prices, caller=caller(profile=profile, endpoints=endpoints)),
        judged_at=NOW,
        names={"environment": "dev_min"},
    )
    assert [it.code for it in found] == codes
    assert all(it.resource == f"include/policies/prices.yaml: {first.region}" for it in found)
    assert all(f"--region={first.region} " in it.remedy.text for it in found)
