"""TEARDOWN-SCOPE: what goes and what stays."""

from collections.abc import Sequence

import pytest

from factories_world import (
    NOW,
    destroy_plan,
    planned,
    preserve_item,
    scope,
    scope_facts,
    state_resource,
)
from tidegate.gates.teardown_scope import GATE
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.plan import (
    BegunTeardown,
    FrozenResource,
    ProtectedFromDeletion,
    StackScope,
    TeardownScopeFacts,
)

DARK = Unreadable("AccessDenied")


def destroying(address: str, id: str) -> StackScope:
    """A scope whose plan and destroy-set hold just this."""
    return scope(plan=destroy_plan(planned(address, "delete")), destroy_set=(state_resource(address, id),))


def resuming(*frozen: tuple[str, str]) -> StackScope:
    """A scope of demo whose earlier teardown froze just these and was left half way."""
    begun = BegunTeardown(
        execution_id="m9_20260213T201427Z",
        scope_uri="s3://evidence/m9_b_teardown_scope.json",
        scope_sha256="e" * 64,
        destroy_set=tuple(FrozenResource(type=kind, id=id_) for kind, id_ in frozen),
    )
    return scope(resumes=Known(begun))


GOING = (state_resource().type, state_resource().id)


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(resuming(GOING), [], id="the-same"),
        pytest.param(resuming(GOING, ("aws_subnet", "subnet-1")), [], id="a-part-of-it"),
        pytest.param(resuming(), ["RESUMED-SET-GREW"], id="more-than-nothing"),
        pytest.param(resuming((GOING[0], "vpc-2")), ["RESUMED-SET-GREW"], id="another-id"),
        pytest.param(resuming(("aws_subnet", GOING[1])), ["RESUMED-SET-GREW"], id="another-type"),
        pytest.param(scope(resumes=DARK), ["TEARDOWN-RECORD-UNREADABLE"], id="record-not-readable"),
    ],
)
def test_a_teardown_that_was_left_half_way(facts: StackScope, codes: Sequence[str]) -> None:
    found = GATE.evaluate(scope_facts(facts), judged_at=NOW)
    assert [blocker.code for blocker in found] == codes
    if codes == ["RESUMED-SET-GREW"]:
        assert "m9_20260213T201427Z" in found[0].observed
        assert "m9_b_teardown_scope.json" in found[0].expected


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(scope_facts(), [], id="demo-goes"),
        pytest.param(scope_facts(scope(state=Absent())), [], id="a-stack-without-state"),
        pytest.param(scope_facts(scope(lifecycle="messaging")), [], id="messaging-goes-too"),
        pytest.param(scope_facts(stacks=()), ["TARGET-EMPTY"], id="no-stack"),
        pytest.param(scope_facts(scope(destroyable=False)), ["STACK-PROTECTED"], id="not-destroyable"),
        pytest.param(scope_facts(scope(lifecycle="persistent")), ["STACK-PROTECTED"], id="persistent"),
        pytest.param(scope_facts(scope(lifecycle="Persistent")), ["STACK-PROTECTED"], id="a-lifecycle-nobody-knows"),
        pytest.param(scope_facts(preserve_set=DARK), ["PRESERVE-SET-UNREADABLE"], id="preserve-set-not-readable"),
        pytest.param(scope_facts(preserve_set=Absent()), ["PRESERVE-SET-UNREADABLE"], id="no-preserve-set"),
        pytest.param(scope_facts(preserve_set=Known(())), ["PRESERVE-SET-EMPTY"], id="nothing-is-to-stay"),
        pytest.param(
            scope_facts(persistent_serials={"core": DARK}), ["PERSISTENT-STATE-UNREADABLE"], id="core-not-readable"
        ),
        pytest.param(
            scope_facts(persistent_serials={"core": Absent()}), ["PERSISTENT-STATE-UNREADABLE"], id="no-serial-of-core"
        ),
        pytest.param(scope_facts(frozen_digest=""), ["FROZEN-DIGEST-MALFORMED"], id="not-frozen"),
        pytest.param(scope_facts(frozen_digest="A" * 64), ["FROZEN-DIGEST-MALFORMED"], id="not-a-sha256"),
        pytest.param(scope_facts(frozen_digest="a" * 64 + "\n"), ["FROZEN-DIGEST-MALFORMED"], id="one-sign-too-many"),
    ],
)
def test_the_frozen_sets(facts: TeardownScopeFacts, codes: Sequence[str]) -> None:
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(
            scope_facts(destroying("aws_s3_bucket.x", "x")), ["PROTECTED-IN-DESTROY-SET"], id="a-protected-type"
        ),
        pytest.param(
            scope_facts(destroying("aws_iam_role.x", "fraud-platform-dev-min-execution")),
            ["PROTECTED-IN-DESTROY-SET"],
            id="a-protected-id",
        ),
        pytest.param(
            scope_facts(destroying("aws_ssm_parameter.x", "/fraud-platform/dev_min/core/topic")),
            ["PROTECTED-IN-DESTROY-SET"],
            id="below-a-protected-prefix",
        ),
        pytest.param(
            scope_facts(destroying("aws_ssm_parameter.x", "/fraud-platform/dev_min/demo/topic")), [], id="beside-it"
        ),
        pytest.param(
            scope_facts(preserve_set=Known((preserve_item(type="aws_vpc", id="vpc-1"),))),
            ["SETS-OVERLAP"],
            id="to-go-and-to-stay",
        ),
        pytest.param(
            scope_facts(preserve_set=Known((preserve_item(type="aws_subnet", id="vpc-1"),))),
            [],
            id="same-id-other-type",
        ),
    ],
)
def test_protected_surfaces(facts: TeardownScopeFacts, codes: Sequence[str]) -> None:
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


@pytest.mark.parametrize(
    ("stack", "codes"),
    [
        pytest.param(scope(plan=DARK), ["PLAN-UNREADABLE"], id="plan-not-readable"),
        pytest.param(scope(plan=Absent()), ["PLAN-UNREADABLE"], id="no-plan"),
        pytest.param(scope(state=DARK), ["STATE-UNREADABLE"], id="state-not-readable"),
        pytest.param(scope(plan=destroy_plan(format_version="2.0")), ["PLAN-FORMAT-UNKNOWN"], id="a-later-format"),
        pytest.param(scope(plan=destroy_plan(complete=False)), ["PLAN-INCOMPLETE"], id="not-complete"),
        pytest.param(scope(plan=destroy_plan(errored=True)), ["PLAN-INCOMPLETE"], id="errored"),
        pytest.param(scope(plan=destroy_plan(purpose="build")), ["PLAN-PURPOSE"], id="a-build-plan"),
        pytest.param(scope(plan=destroy_plan(stack="core")), ["PLAN-STACK"], id="the-plan-of-another-stack"),
        pytest.param(
            scope(plan=destroy_plan(planned("aws_vpc.this", "delete"), planned("aws_subnet.a", "update"))),
            ["DESTROY-PLAN-NOT-PURE"],
            id="changes-as-well",
        ),
        pytest.param(
            scope(plan=destroy_plan(planned("aws_vpc.this", "delete", "create"))),
            ["DESTROY-PLAN-NOT-PURE"],
            id="makes-again",
        ),
        pytest.param(
            scope(plan=destroy_plan(planned("aws_vpc.this", "forget"))), ["DESTROY-PLAN-NOT-PURE"], id="only-forgets"
        ),
        pytest.param(
            scope(
                plan=destroy_plan(
                    planned("aws_vpc.this", "delete"), planned("aws_subnet.a", "no-op"), planned("aws_subnet.b", "read")
                )
            ),
            [],
            id="keeps-and-reads",
        ),
        pytest.param(
            scope(unplanned=(state_resource("aws_subnet.a", "subnet-1"),)),
            ["STATE-RESOURCE-UNPLANNED"],
            id="leaves-one-behind",
        ),
        pytest.param(
            scope(plan=Unreadable("no root"), unplanned=(state_resource("aws_subnet.a", "subnet-1"),)),
            ["PLAN-UNREADABLE"],
            id="without-a-plan-it-is-said-once",
        ),
        pytest.param(scope(destroy_set=()), ["DESTROY-SET-INCOMPLETE"], id="deletes-what-is-not-frozen"),
    ],
)
def test_a_stack(stack: StackScope, codes: Sequence[str]) -> None:
    assert [blocker.code for blocker in GATE.evaluate(scope_facts(stack), judged_at=NOW)] == codes


def test_a_good_stack_does_not_cover_a_bad_one() -> None:
    facts = scope_facts(scope(), scope(stack="confluent", lifecycle="persistent", plan=DARK))
    codes = [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)]
    assert codes == ["STACK-PROTECTED", "PLAN-UNREADABLE"]


@pytest.mark.parametrize(
    ("facts", "resource", "observed"),
    [
        pytest.param(scope_facts(stacks=(), target=""), "target", "0 stacks", id="no-target"),
        pytest.param(scope_facts(stacks=(), target="demo"), "demo", "0 stacks", id="a-target-without-stacks"),
        pytest.param(scope_facts(frozen_digest="", target=""), "target", "blank", id="no-digest"),
        pytest.param(scope_facts(frozen_digest="a\n", target="demo"), "demo", "'a\\n'", id="an-odd-digest"),
        pytest.param(scope_facts(preserve_set=DARK), "preserve-set", "unreadable: AccessDenied", id="unread"),
        pytest.param(scope_facts(preserve_set=Known(())), "preserve-set", "0 items", id="empty"),
        pytest.param(
            scope_facts(destroying("aws_s3_bucket.x", "x")),
            "aws_s3_bucket.x",
            "aws_s3_bucket x: protected type",
            id="type",
        ),
        pytest.param(
            scope_facts(destroying("aws_iam_role.x", "fraud-platform-dev-min-execution")),
            "aws_iam_role.x",
            "aws_iam_role fraud-platform-dev-min-execution: protected id",
            id="id",
        ),
        pytest.param(
            scope_facts(destroying("aws_ssm_parameter.x", "/a"), protected_prefixes=("/",)),
            "aws_ssm_parameter.x",
            "aws_ssm_parameter /a: protected prefix /",
            id="prefix",
        ),
        pytest.param(
            scope_facts(destroying("aws_ssm_parameter.x", "/a"), protected_prefixes=("",)),
            "aws_ssm_parameter.x",
            "aws_ssm_parameter /a: protected prefix (blank)",
            id="a-blank-prefix-protects-all",
        ),
    ],
)
def test_what_was_seen_and_where(facts: TeardownScopeFacts, resource: str, observed: str) -> None:
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert (blocker.resource, blocker.observed) == (resource, observed)


@pytest.mark.parametrize(("actions", "observed"), [(("create", "delete"), "create, delete"), ((), "no action")])
def test_the_actions_of_an_impure_plan_are_listed(actions: tuple[str, ...], observed: str) -> None:
    impure = scope(plan=destroy_plan(planned("aws_vpc.this", actions=actions)))
    found = GATE.evaluate(scope_facts(impure), judged_at=NOW)
    assert observed in [blocker.observed for blocker in found if blocker.code == "DESTROY-PLAN-NOT-PURE"]


@pytest.mark.parametrize(
    ("count", "codes"),
    [
        pytest.param(Known(0), [], id="gone-before"),
        pytest.param(Known(20), ["DOWNSTREAM-STANDS"], id="stands"),
        pytest.param(DARK, ["DOWNSTREAM-STATE-UNREADABLE"], id="nobody-can-tell"),
        pytest.param(Absent(), ["DOWNSTREAM-STATE-MISSING"], id="not-counted"),
    ],
)
def test_a_stack_goes_after_all_that_need_it(count: Observed[int], codes: Sequence[str]) -> None:
    confluent = scope(stack="confluent", lifecycle="messaging", plan=destroy_plan(stack="confluent"))
    facts = scope_facts(
        confluent,
        target="confluent",
        persistent_serials={"core": Known(4), "demo": Known(8)},
        downstream={"demo": count},
    )
    found = GATE.evaluate(facts, judged_at=NOW)
    assert [blocker.code for blocker in found] == codes
    if codes == ["DOWNSTREAM-STANDS"]:
        assert (found[0].resource, found[0].observed) == ("demo", "20 resources")
        assert found[0].remedy.text.endswith("target = demo+confluent and your own confirm")


def test_a_target_is_not_left_alone_as_well() -> None:
    facts = scope_facts(persistent_serials={"core": Known(4), "demo": Known(8)})
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert (blocker.code, blocker.resource) == ("TARGET-CONTRADICTORY", "demo")


def only(facts: TeardownScopeFacts, stack: str = "demo") -> list[str]:
    """What stops the destroy of one stack."""
    assert GATE.stops is not None
    return [blocker.code for blocker in GATE.stops(facts, stack)]


CONFLUENT = scope(stack="confluent", lifecycle="messaging", plan=DARK, destroy_set=(), needed_by=("demo",))


def test_a_part_stops_its_own_stack_and_no_other() -> None:
    """RE2: a lost key of confluent is no reason to leave demo standing, and the gate is closed for it all the same."""
    facts = scope_facts(scope(), CONFLUENT)
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == ["PLAN-UNREADABLE"]
    assert (only(facts), only(facts, "confluent")) == ([], ["PLAN-UNREADABLE"])


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(scope_facts(), [], id="nothing"),
        pytest.param(scope_facts(CONFLUENT), ["SCOPE-PART-MISSING"], id="no-part-of-it"),
        pytest.param(scope_facts(scope(plan=DARK)), ["PLAN-UNREADABLE"], id="its-own-plan"),
        pytest.param(scope_facts(scope(digest="x")), ["FROZEN-DIGEST-MALFORMED"], id="its-own-digest"),
        pytest.param(scope_facts(preserve_set=DARK), ["PRESERVE-SET-UNREADABLE"], id="what-must-survive"),
        pytest.param(scope_facts(frozen_digest=""), ["FROZEN-DIGEST-MALFORMED"], id="the-whole"),
        pytest.param(scope_facts(persistent_serials={"core": DARK}), [], id="a-stack-that-is-left-alone"),
        pytest.param(scope_facts(downstream={"shop": Known(3)}), [], id="what-needs-another-target"),
        pytest.param(
            scope_facts(scope(needed_by=("shop",)), downstream={"shop": Known(3)}),
            ["DOWNSTREAM-STANDS"],
            id="what-needs-it-stands",
        ),
    ],
)
def test_what_stops_the_destroy_of_demo(facts: TeardownScopeFacts, codes: Sequence[str]) -> None:
    assert only(facts) == codes


def guarding(**changes: str) -> TeardownScopeFacts:
    """Demo's database, which somebody protected by hand."""
    given = {
        "address": "aws_db_instance.runtime",
        "type": "aws_db_instance",
        "name": "fraud-platform-dev-min-runtime",
        "region": "eu-west-2",
        "attribute": "deletion_protection",
        **changes,
    }
    return scope_facts(scope(plan=destroy_plan(protected=(ProtectedFromDeletion(**given),))))


@pytest.mark.parametrize(
    ("facts", "begins"),
    [
        (
            guarding(),
            "run `aws rds modify-db-instance --db-instance-identifier fraud-platform-dev-min-runtime "
            "--no-deletion-protection --apply-immediately --region eu-west-2` as the account's owner; then ",
        ),
        (
            guarding(type="aws_rds_cluster", name="c1"),
            "run `aws rds modify-db-cluster --db-cluster-identifier c1 --no-deletion-protection",
        ),
        (
            guarding(type="confluent_kafka_cluster", name="lkc-1"),
            "switch deletion_protection of confluent_kafka_cluster",
        ),
        (guarding(name="x; rm -rf /"), "switch deletion_protection of aws_db_instance"),
        (guarding(region="here $(id)"), "switch deletion_protection of aws_db_instance"),
        (guarding(region=""), "switch deletion_protection of aws_db_instance"),
    ],
)
def test_what_is_protected_by_hand_is_found_before_anything_goes(facts: TeardownScopeFacts, begins: str) -> None:
    """A name that has not AWS's form is put into no command."""
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert (blocker.code, blocker.resource) == ("DELETION-PROTECTED", "aws_db_instance.runtime")
    assert blocker.remedy.text.startswith(begins)
    assert only(facts) == ["DELETION-PROTECTED"]
