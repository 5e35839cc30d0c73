"""A teardown of one stack of three: what is frozen, and that the lanes of the others act on nothing and say so."""

from contextlib import nullcontext
from dataclasses import fields, replace
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

import factories_control as control
import factories_world as world_of
from factories_orphans import left_alone, orphan_facts
from factories_world import NOW, state_resource, state_version
from standins import three_stacks
from tidegate.collectors.aws.state import StateRead
from tidegate.collectors.confluent.api import ConfluentApi
from tidegate.evidence.control import first_apply, inputs_series, open_platform_run, read_platform_run
from tidegate.evidence.teardowns import begin_teardown, unfinished_teardown
from tidegate.gates.registry import by_id
from tidegate.lanes import build, confluent, judging, orphans, proof, readiness, scope, targets, teardown
from tidegate.lanes.frozen import frozen_scope
from tidegate.lanes.run import LaneRun
from tidegate.models.blocker import Blocker
from tidegate.models.confluent import CloudKey
from tidegate.models.control import PlatformRun
from tidegate.models.facts import Facts
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.plan import BegunTeardown, PreserveItem
from tidegate.models.residual import ScanFacts
from tidegate.models.snapshot import InputRecord
from tidegate.models.state import StateResource
from tidegate.settings import settings

ENVIRONMENT = three_stacks()
HANDED_OVER = {"environment_id": "env-1", "cluster_id": "lkc-1", "parameter_prefix": "/x"}
"""What confluent gives to demo, as the manifest names it."""
VPC = state_resource()
PARAMETER = StateResource(
    address="aws_ssm_parameter.bootstrap", type="aws_ssm_parameter", id="/fraud-platform/dev_min/kafka/bootstrap"
)
ACCOUNT = StateResource(address="confluent_service_account.producer", type="confluent_service_account", id="sa-1")
BUDGET = StateResource(address="aws_budgets_budget.monthly", type="aws_budgets_budget", id="1:b")


def state(*resources: StateResource, serial: int, **outputs: Any) -> StateRead:
    return StateRead(
        version=Known(
            state_version(
                serial=serial,
                resource_count=len(resources),
                terraform_version=control.STATE.terraform_version,
            )
        ),
        resources=Known(resources),
        tainted=Known(()),
        outputs=Known(outputs),
    )


EMPTY = StateRead(version=Absent(), resources=Absent(), tainted=Absent(), outputs=Absent())


class Place:
    """Three stacks with states, and a Confluent Cloud in which nothing of ours is left."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.states = {
            "core": state(BUDGET, serial=4, alert_topic_arn="arn:x"),
            "confluent": state(PARAMETER, ACCOUNT, serial=12, **HANDED_OVER),
            "demo": state(VPC, serial=8),
        }
        self.asked: list[str] = []
        self.accounts: list[dict[str, Any]] = []
        self.parameters: Observed[Any] = Known(())
        self.unplannable: set[str] = set()
        self.planned: list[str] = []

    def run(self, task_id: str, phase: Any = "m9", **changes: Any) -> LaneRun:
        given = {
            "cloud_key": lambda _connection: Known(CloudKey(key="the-key", secret="the-secret")),
            "policies": self.world.run("m9", "a_readiness").policies,
            **changes,
        }
        found: LaneRun = self.world.run(phase, task_id, **{"environment": ENVIRONMENT, **given})
        return found

    def freeze(self, target: str, *held: Any) -> Any:
        """M9.B with this target; its snapshot is handed over. Returns its facts."""
        names = {"core", "confluent", "demo"} - {each.stack for each in held}
        stacks = (*held, *(control.stack_locks(stack=name) for name in sorted(names)))
        ready = control.teardown_readiness_facts(
            target=tuple(target.split("+")),
            destroyable=("demo", "confluent"),
            locks=stacks,
            states=tuple(control.stack_state(stack=name) for name in ("confluent", "demo")),
        )
        self.world.left("m9", "a_readiness", ready, environment=ENVIRONMENT)
        facts = teardown.collect_scope(self.run("b_scope_freeze", params={"target": target}))
        self.world.left("m9", "b_scope_freeze", facts, environment=ENVIRONMENT)
        return facts

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        data = self.accounts if request.url.path.endswith("service-accounts") else []
        return httpx.Response(200, json={"data": data, "metadata": {}})


@pytest.fixture
def place(world: Any, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place(world)

    def read(_clients: Any, _environment: Any, stack: str) -> StateRead:
        return place.states[stack]

    def plan(_run: Any, stack: str, purpose: Any, _inputs: Any, **_how: Any) -> Observed[Any]:
        place.planned.append(stack)
        if stack in place.unplannable:
            return Unreadable("401 Unauthorized")
        found = place.states[stack].resources
        resources = found.value if isinstance(found, Known) else ()
        deletions = tuple(world_of.planned(each.address, "delete") for each in resources)
        whole = world_of.plan(stack=stack, purpose=purpose, has_changes=bool(deletions))
        return Known(replace(whole, resources=deletions))

    for module in (teardown, scope, build, proof):
        monkeypatch.setattr(module, "read_state", read)
        monkeypatch.setattr(module, "now", lambda: NOW, raising=False)
    monkeypatch.setattr(orphans, "now", lambda: NOW)
    monkeypatch.setattr(scope, "make_plan", plan)
    monkeypatch.setattr(scope, "refused_now", lambda *_: ())
    monkeypatch.setattr(orphans, "read_parameters", lambda *_: place.parameters)
    monkeypatch.setattr(teardown, "still_there", lambda _clients, asked: Known(tuple(asked) and ()))
    monkeypatch.setattr(teardown, "missing", lambda _clients, asked: Known(tuple(asked) and ()))
    monkeypatch.setattr(teardown, "read_state_locks", lambda *_: Known(()))
    monkeypatch.setenv("TIDEGATE_CONFLUENT_ENDPOINT", "http://127.0.0.1:9")
    settings.cache_clear()
    client = partial(ConfluentApi, transport=httpx.MockTransport(place.answer))
    monkeypatch.setattr(confluent, "ConfluentApi", client)
    return place


def judged(gate: str, facts: Facts) -> tuple[Blocker, ...]:
    return by_id(gate).evaluate(facts, judged_at=facts.observed_at)


def codes(gate: str, facts: Facts) -> list[str]:
    return [blocker.code for blocker in judged(gate, facts)]


# What is frozen.


@pytest.mark.parametrize(
    ("target", "stacks", "left"),
    [
        ("demo", ["demo"], {"core": 4, "confluent": 12}),
        ("demo+confluent", ["demo", "confluent"], {"core": 4}),
        ("confluent+demo", ["demo", "confluent"], {"core": 4}),
        ("confluent", ["confluent"], {"core": 4, "demo": 8}),
    ],
)
def test_targets_go_downstream_first_and_all_others_are_frozen(
    place: Place, target: str, stacks: list[str], left: dict[str, int]
) -> None:
    facts = place.freeze(target)
    assert [each.stack for each in facts.stacks] == stacks
    assert facts.persistent_serials == {name: Known(serial) for name, serial in left.items()}


def test_confluent_alone_is_refused_while_demo_stands(place: Place) -> None:
    facts = place.freeze("confluent")
    assert facts.downstream == {"demo": Known(1)}
    (blocker,) = judged("TEARDOWN-SCOPE", facts)
    assert (blocker.code, blocker.resource, blocker.observed) == ("DOWNSTREAM-STANDS", "demo", "1 resources")
    assert "target = demo+confluent" in blocker.remedy.text


@pytest.mark.parametrize("target", ["demo", "demo+confluent"])
def test_nothing_stands_downstream_of_demo(place: Place, target: str) -> None:
    facts = place.freeze(target)
    assert facts.downstream == {}
    assert codes("TEARDOWN-SCOPE", facts) == []


@pytest.mark.parametrize("gone", [EMPTY, state(serial=9)], ids=["no-state", "an-empty-state"])
def test_confluent_alone_goes_when_demo_is_gone(place: Place, gone: StateRead) -> None:
    place.states["demo"] = gone
    facts = place.freeze("confluent")
    assert facts.downstream == {"demo": Known(0)}
    assert codes("TEARDOWN-SCOPE", facts) == []


def test_confluent_alone_is_refused_when_nobody_can_tell_whether_demo_stands(place: Place) -> None:
    dark = Unreadable("403")
    place.states["demo"] = StateRead(version=dark, resources=dark, tainted=dark, outputs=dark)
    found = codes("TEARDOWN-SCOPE", place.freeze("confluent"))
    assert sorted(found) == ["DOWNSTREAM-STATE-UNREADABLE", "PERSISTENT-STATE-UNREADABLE"]


def test_what_aws_holds_of_a_stack_that_is_left_alone_is_preserved(place: Place) -> None:
    def preserved(target: str) -> set[tuple[str, str]]:
        items = place.freeze(target).preserve_set
        assert isinstance(items, Known)
        return {(item.type, item.id) for item in items.value if isinstance(item, PreserveItem)}

    held = (PARAMETER.type, PARAMETER.id)
    assert held in preserved("demo")
    assert held not in preserved("demo+confluent")
    assert (ACCOUNT.type, ACCOUNT.id) not in preserved("demo")
    assert {(BUDGET.type, BUDGET.id)} <= preserved("demo") & preserved("demo+confluent")


def test_a_stack_that_is_left_alone_and_moves_closes_the_last_look(place: Place) -> None:
    place.freeze("demo")
    run = place.run("c_pre_destroy")
    assert codes("PRE-DESTROY", teardown.collect_pre_destroy(run)) == []
    place.states["confluent"] = state(PARAMETER, ACCOUNT, serial=13)
    found = judged("PRE-DESTROY", teardown.collect_pre_destroy(run))
    assert [(blocker.code, blocker.resource) for blocker in found] == [("STATE-MOVED", "confluent")]


# The lanes of a stack that is left alone.


@pytest.fixture
def asking(place: Place, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Who asks for locks or plans of a stack; identity and the rest are as they should be."""
    asked: list[str] = []
    monkeypatch.setattr(LaneRun, "acquire_lease", lambda _: control.OURS)
    monkeypatch.setattr(readiness, "caller", lambda _: control.caller())
    monkeypatch.setattr(readiness, "tools", lambda _: control.tools())
    monkeypatch.setattr(
        readiness, "control_records", lambda _run, lease: control.control(lease=lease, latch=Unreadable("x"))
    )
    monkeypatch.setattr(build, "read_state_locks", lambda *_: asked.append("locks") or Known(()))
    monkeypatch.setattr(build, "_fetched", lambda *_: asked.append("plan") or Known(world_of.SHA))
    monkeypatch.setattr(
        LaneRun, "intents", lambda *_: asked.append("intent") or SimpleNamespace(unfinished=lambda: Absent())
    )
    return asked


def hand_over_guards(place: Place) -> None:
    world = place.world
    world.left("m9", "a_readiness", control.teardown_readiness_facts(observed_at=NOW), environment=ENVIRONMENT)
    facts = teardown.collect_pre_destroy(place.run("c_pre_destroy"))
    world.left("m9", "c_pre_destroy", facts, environment=ENVIRONMENT)


@pytest.mark.parametrize("task", ["e_confluent.destroy", "e_confluent.verify", "e_confluent.orphans"])
def test_its_lanes_leave_that_they_were_no_target(place: Place, task: str) -> None:
    place.freeze("demo")
    facts = targets.nothing_to_do(place.run(task))
    assert facts is not None
    assert (facts.stack, facts.target, facts.recorded_in) == ("confluent", "demo", "b_scope_freeze")
    published = judging.leave_not_run(place.run(task), facts)
    document = published.document
    assert (document["status"], document["overall_pass"], document["blockers"]) == ("not_run", False, [])
    assert document["gate"] == place.run(task).lane.gate


@pytest.mark.parametrize("task", ["d_demo.destroy", "f_residual_scan", "i_phase_verdict", "a_readiness"])
def test_all_other_lanes_have_something_to_do(place: Place, task: str) -> None:
    place.freeze("demo")
    assert targets.nothing_to_do(place.run(task)) is None


def test_the_conf_alone_excludes_nothing(place: Place) -> None:
    """What is recorded counts: a run whose conf says demo, and that has frozen nothing, skips no lane."""
    assert targets.nothing_to_do(place.run("e_confluent.destroy", params={"target": "demo"})) is None


def test_a_target_is_authorised_with_all_that_belongs_to_it(place: Place, asking: list[str]) -> None:
    place.freeze("demo+confluent")
    hand_over_guards(place)
    facts = teardown.authorize_destroy(place.run("e_confluent.destroy"))
    assert (facts.targeted, facts.plan_file_sha256) == (True, Known(world_of.SHA))
    assert (facts.needed_by, facts.emergency) == ({"demo": Known(1)}, Absent())
    assert asking == ["plan", "locks", "intent"]


def test_without_a_frozen_scope_nothing_counts_as_left_alone(place: Place, asking: list[str]) -> None:
    facts = teardown.authorize_destroy(place.run("e_confluent.destroy"))
    assert facts.targeted is True
    assert "GUARD-MISSING" in codes("MUTATION-AUTHORIZATION", facts)


def test_only_a_target_is_applied(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    applied: list[str] = []
    monkeypatch.setattr(teardown, "apply_fetched", lambda _run, stack, _plan: applied.append(stack))
    place.freeze("demo")
    with pytest.raises(LookupError, match="confluent is not in the frozen scope"):
        teardown.apply_destroy(place.run("e_confluent.destroy"), control.authorization_left_alone(), {})
    assert isinstance(unfinished_teardown(place.world.remote, "dev_min", "confluent"), Absent)
    teardown.apply_destroy(place.run("d_demo.destroy"), control.authorization_facts(direction="destroy"), {})
    assert applied == ["demo"]
    assert isinstance(unfinished_teardown(place.world.remote, "dev_min", "demo"), Known)


def test_a_stack_that_is_left_alone_and_moves_is_seen_after_the_destroy(place: Place) -> None:
    place.freeze("demo")
    facts = teardown.collect_preserved(place.run("f_preserved"))
    assert facts.serials_frozen == {"core": Known(4), "confluent": Known(12)}
    assert codes("PRESERVED-THINGS", facts) == []
    place.states["confluent"] = state(serial=13)
    (blocker,) = judged("PRESERVED-THINGS", teardown.collect_preserved(place.run("f_preserved")))
    assert (blocker.code, blocker.resource) == ("PERSISTENT-STATE-MOVED", "confluent")


def test_a_stack_that_never_was_did_not_move_either(place: Place) -> None:
    place.states["confluent"] = EMPTY
    place.freeze("demo")
    facts = teardown.collect_preserved(place.run("f_preserved"))
    assert facts.serials_now["confluent"] == Known(0)
    assert codes("PRESERVED-THINGS", facts) == []


# Each part by itself.


def stops(gate: str, facts: Facts, stack: str) -> list[str]:
    found = by_id(gate).stops
    assert found is not None
    return [blocker.code for blocker in found(facts, stack)]


def test_a_part_that_cannot_be_planned_stops_its_own_stack_alone(place: Place, asking: list[str]) -> None:
    """RE2: the emergency stop takes demo, although a key of confluent is lost."""
    place.unplannable.add("confluent")
    facts = place.freeze("demo+confluent")
    assert codes("TEARDOWN-SCOPE", facts) == ["PLAN-UNREADABLE"]
    assert (stops("TEARDOWN-SCOPE", facts, "demo"), stops("TEARDOWN-SCOPE", facts, "confluent")) == (
        [],
        ["PLAN-UNREADABLE"],
    )
    hand_over_guards(place)
    assert codes("MUTATION-AUTHORIZATION", teardown.authorize_destroy(place.run("d_demo.destroy"))) == []
    found = teardown.authorize_destroy(place.run("e_confluent.destroy"))
    assert {"GUARD-NOT-PASSED", "PLAN-UNGUARDED", "DOWNSTREAM-STANDS"} <= set(codes("MUTATION-AUTHORIZATION", found))


def test_a_snapshot_that_says_more_than_its_facts_stops_every_stack(place: Place, asking: list[str]) -> None:
    """Stale facts, a crashed gate, a line that somebody wrote: none of it is about another stack."""
    place.unplannable.add("confluent")
    facts = place.freeze("demo+confluent")
    late = replace(facts, observed_at=NOW.replace(year=2001))
    place.world.left("m9", "b_scope_freeze", late, environment=ENVIRONMENT)
    hand_over_guards(place)
    found = judged("MUTATION-AUTHORIZATION", teardown.authorize_destroy(place.run("d_demo.destroy")))
    assert ("GUARD-NOT-PASSED", "FACTS-STALE TEARDOWN-SCOPE") in [(it.code, it.observed) for it in found]


def test_a_stack_that_is_held_is_not_planned_and_stops_no_other(place: Place) -> None:
    held = control.stack_locks(stack="confluent", locks=Known((control.lock(),)), liveness="unknown")
    facts = place.freeze("demo+confluent", held)
    assert codes("TEARDOWN-SCOPE", facts) == ["STATE-LOCKED"]
    assert place.planned == ["demo"]
    assert (stops("TEARDOWN-SCOPE", facts, "demo"), stops("TEARDOWN-SCOPE", facts, "confluent")) == (
        [],
        ["STATE-LOCKED"],
    )


def test_a_state_that_cannot_be_read_and_is_no_target_stops_nothing(place: Place) -> None:
    dark = Unreadable("403")
    place.states["confluent"] = StateRead(version=dark, resources=dark, tainted=dark, outputs=dark)
    facts = place.freeze("demo")
    assert codes("TEARDOWN-SCOPE", facts) == ["PERSISTENT-STATE-UNREADABLE"]
    assert stops("TEARDOWN-SCOPE", facts, "demo") == []
    last = teardown.collect_pre_destroy(place.run("c_pre_destroy"))
    assert stops("PRE-DESTROY", last, "demo") == []


def test_what_must_survive_and_cannot_be_read_stops_everything(place: Place) -> None:
    dark = Unreadable("403")
    place.states["core"] = StateRead(version=dark, resources=dark, tainted=dark, outputs=dark)
    facts = place.freeze("demo")
    assert stops("TEARDOWN-SCOPE", facts, "demo") == ["PRESERVE-SET-UNREADABLE"]


def test_a_subscription_belongs_to_the_budget_guardrail(place: Place) -> None:
    """One click in an alert mail ends it: no teardown loses it, and none is red for it."""
    mail = StateResource(address="aws_sns_topic_subscription.email", type="aws_sns_topic_subscription", id="arn:mail")
    place.states["core"] = state(BUDGET, mail, serial=4)
    items = place.freeze("demo").preserve_set
    assert isinstance(items, Known)
    assert (BUDGET.type, BUDGET.id) in {(item.type, item.id) for item in items.value}
    assert mail.type not in {item.type for item in items.value}


def test_what_needs_a_stack_goes_first_and_the_emergency_stop_waits_for_its_end_alone(
    place: Place, asking: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place.freeze("demo+confluent")
    hand_over_guards(place)
    run = place.run("e_confluent.destroy")
    assert codes("MUTATION-AUTHORIZATION", teardown.authorize_destroy(run)) == ["DOWNSTREAM-STANDS"]
    monkeypatch.setattr(teardown, "triggered_by_the_stop", lambda _run: Unreadable("the latch is released"))
    assert codes("MUTATION-AUTHORIZATION", teardown.authorize_destroy(run)) == ["DOWNSTREAM-STANDS"]
    monkeypatch.setattr(teardown, "triggered_by_the_stop", lambda _run: Known("stop_20261129T000000Z"))
    assert codes("MUTATION-AUTHORIZATION", teardown.authorize_destroy(run)) == []
    monkeypatch.setattr(teardown, "triggered_by_the_stop", lambda _run: Absent())
    place.states["demo"] = state(serial=9)
    assert codes("MUTATION-AUTHORIZATION", teardown.authorize_destroy(run)) == []
    dark = Unreadable("403")
    place.states["demo"] = StateRead(version=dark, resources=dark, tainted=dark, outputs=dark)
    assert codes("MUTATION-AUTHORIZATION", teardown.authorize_destroy(run)) == ["DOWNSTREAM-STATE-UNREADABLE"]


def begun(place: Place) -> None:
    scope_record = InputRecord(uri="s3://x", version_id=None, sha256="a" * 64)
    begin_teardown(
        place.world.remote, "dev_min", "confluent", execution_id="m9_0", scope=scope_record, destroy_set=(ACCOUNT,)
    )


@pytest.mark.parametrize(
    ("facts", "ended"),
    [
        (world_of.destroyed_left_alone(), False),
        (left_alone(), False),
        (world_of.destroyed_facts(), True),
        (orphan_facts(), True),
    ],
    ids=["left-alone", "not-asked", "destroyed", "nothing-left"],
)
def test_only_a_teardown_of_it_ends_one(place: Place, facts: Facts, ended: bool) -> None:
    begun(place)
    with nullcontext() if ended else pytest.raises(LookupError, match="nothing was found of confluent"):
        teardown.end_stack_teardown(place.run("e_confluent.orphans"), facts, {})
    assert isinstance(unfinished_teardown(place.world.remote, "dev_min", "confluent"), Absent) is ended


# After the destroy of both.


def test_what_confluent_holds_is_asked_in_confluent(place: Place) -> None:
    place.freeze("demo+confluent")
    place.accounts = [{"id": "sa-1", "display_name": "x"}]
    place.states["confluent"] = state(serial=13)
    facts = teardown.collect_destroyed(place.run("e_confluent.verify"))
    assert (facts.targeted, facts.still_there) == (True, Known((ACCOUNT,)))
    assert codes("DESTROYED-STATE", facts) == ["RESOURCE-STILL-THERE"]
    place.accounts = []
    assert codes("DESTROYED-STATE", teardown.collect_destroyed(place.run("e_confluent.verify"))) == []


def test_what_lives_in_the_state_alone_is_asked_nowhere(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    generation = world_of.state_resource("terraform_data.api_key_generation", "5d9b699f")
    asked: list[Any] = []

    def ask(_clients: Any, resources: Any) -> Observed[Any]:
        asked.extend(resources)
        return Known(())

    monkeypatch.setattr(teardown, "still_there", ask)
    place.states["confluent"] = state(PARAMETER, ACCOUNT, generation, serial=12, **HANDED_OVER)
    place.freeze("demo+confluent")
    place.states["confluent"] = state(serial=13)
    facts = teardown.collect_destroyed(place.run("e_confluent.verify"))
    assert generation in facts.destroy_set
    assert (facts.still_there, asked) == (Known(()), [PARAMETER])


def test_log_groups_are_left_to_the_residual_scan(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS may have written them again since; that holds up neither a verify nor the next destroy."""
    group = world_of.state_resource("aws_cloudwatch_log_group.this", "g")
    asked: list[Any] = []

    def ask(_clients: Any, resources: Any) -> Observed[Any]:
        asked.append(list(resources))
        return Known(())

    monkeypatch.setattr(teardown, "still_there", ask)
    place.states["confluent"] = state(PARAMETER, group, serial=12, **HANDED_OVER)
    place.freeze("demo+confluent")
    place.states["confluent"] = state(serial=13)
    facts = teardown.collect_destroyed(place.run("e_confluent.verify"))
    assert group in facts.destroy_set
    assert asked == [[PARAMETER]]


def test_the_residual_scan_asks_for_log_groups_by_what_was_destroyed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of this teardown; of a stack that was empty already, by what the teardown before it took."""
    group = world_of.state_resource("aws_cloudwatch_log_group.this", "g")
    asked: list[Any] = []
    owners: list[Any] = []
    earlier: list[Any] = []

    def ask(_clients: Any, resources: Any) -> Observed[Any]:
        asked.append(list(resources))
        return Known(())

    def before(_run: Any, stacks: Any) -> Observed[Any]:
        earlier.extend(stacks)
        return Known(())

    def written(_run: Any, given: Any) -> Observed[Any]:
        owners.extend(it.id for it in given)
        return Known(())

    monkeypatch.setattr(teardown, "still_there", ask)
    monkeypatch.setattr(teardown, "destroyed_before", before)
    monkeypatch.setattr(teardown, "written_again", written)
    monkeypatch.setattr(teardown, "read_states", lambda *_: {})
    scan = {it.name: getattr(world_of.residual_facts(), it.name) for it in fields(ScanFacts)}
    monkeypatch.setattr(teardown, "scan_now", lambda *_: ScanFacts(**scan))
    place.states["confluent"] = state(PARAMETER, group, serial=12, **HANDED_OVER)
    place.freeze("demo+confluent")
    empty = [it.stack for it in frozen_scope(place.run("f_residual_scan")).stacks if not it.destroy_set]
    place.states["confluent"] = state(serial=13)
    facts = teardown.collect_residual(place.run("f_residual_scan"))
    assert asked == [[PARAMETER]]
    assert {"g", PARAMETER.id} <= set(owners)
    assert earlier == empty
    assert "confluent" not in empty
    assert facts.log_groups == Known(())


def test_demo_does_not_ask_confluent(place: Place) -> None:
    place.freeze("demo")
    teardown.collect_destroyed(place.run("d_demo.verify"))
    assert place.asked == []


@pytest.mark.parametrize(
    ("credentials", "reason"),
    [
        (
            Absent(),
            "credentials of Confluent Cloud: Airflow has no connection confluent_default, "
            "which confluent.api_key_connection names",
        ),
        (Unreadable("no database"), "credentials of Confluent Cloud: no database"),
    ],
)
def test_without_credentials_nobody_can_tell_what_is_left(
    place: Place, credentials: Observed[Any], reason: str
) -> None:
    place.freeze("demo+confluent")
    run = place.run("e_confluent.verify", cloud_key=lambda _connection: credentials)
    assert teardown.collect_destroyed(run).still_there == Unreadable(reason)
    facts = orphans.collect_orphans(place.run("e_confluent.orphans", cloud_key=lambda _connection: credentials))
    assert facts.environments == facts.service_accounts == facts.api_keys == facts.role_bindings == Unreadable(reason)
    assert codes("ORPHAN-IDENTITIES", facts) == [
        "CONFLUENT-ENVIRONMENTS-UNREADABLE",
        "SERVICE-ACCOUNTS-UNREADABLE",
        "API-KEYS-UNREADABLE",
        "ROLE-BINDINGS-UNREADABLE",
    ]


def test_orphans_are_looked_for(place: Place) -> None:
    place.freeze("demo+confluent")
    place.accounts = [
        {"id": "sa-1", "display_name": "renamed"},
        {"id": "sa-2", "display_name": "fraud-platform-dev-min-x"},
        {"id": "sa-3", "display_name": "somebody"},
    ]
    place.parameters = Known((world_of.parameter("bootstrap"),))
    facts = orphans.collect_orphans(place.run("e_confluent.orphans"))
    assert (facts.stack, facts.target, facts.targeted) == ("confluent", "demo+confluent", True)
    assert [(each.code, each.resource) for each in judged("ORPHAN-IDENTITIES", facts)] == [
        ("ORPHAN-SERVICE-ACCOUNT", "service account sa-1"),
        ("ORPHAN-SERVICE-ACCOUNT", "service account sa-2"),
        ("ORPHAN-PARAMETER", "SSM parameter /fraud-platform/dev_min/kafka/bootstrap"),
    ]


def test_what_an_earlier_teardown_froze_is_looked_for_as_well(place: Place) -> None:
    begun(place)
    place.states["confluent"] = state(serial=13)
    facts = place.freeze("demo+confluent")
    assert isinstance(facts.stacks[1].resumes, Known)
    assert isinstance(facts.stacks[1].resumes.value, BegunTeardown)
    place.accounts = [{"id": "sa-1", "display_name": "renamed"}]
    found = orphans.collect_orphans(place.run("e_confluent.orphans"))
    assert codes("ORPHAN-IDENTITIES", found) == ["ORPHAN-SERVICE-ACCOUNT"]


def test_parameters_that_cannot_be_listed_are_not_gone(place: Place) -> None:
    place.freeze("demo+confluent")
    place.parameters = Unreadable("AccessDenied")
    facts = orphans.collect_orphans(place.run("e_confluent.orphans"))
    assert codes("ORPHAN-IDENTITIES", facts) == ["KAFKA-PARAMETERS-UNREADABLE"]


def test_orphans_of_a_stack_that_is_left_alone_are_not_looked_for(place: Place) -> None:
    place.freeze("demo")
    place.parameters = Unreadable("AccessDenied")
    facts = orphans.collect_orphans(place.run("e_confluent.orphans"))
    assert (facts.targeted, facts.target, place.asked) == (False, "demo", [])
    assert codes("ORPHAN-IDENTITIES", facts) == []


def test_orphans_need_a_frozen_scope(place: Place) -> None:
    with pytest.raises(LookupError, match=r"no frozen scope in this run: none$"):
        orphans.collect_orphans(place.run("e_confluent.orphans"))


# The proof.


@pytest.mark.parametrize(
    ("target", "standing"),
    [("demo", ("confluent",)), ("demo+confluent", ())],
)
def test_the_platform_run_ends_when_nothing_stands(place: Place, target: str, standing: tuple[str, ...]) -> None:
    ours = PlatformRun(id="platform_1", opened_by="m2_1", opened_at=NOW, closed_by=None)
    open_platform_run(place.world.remote, "dev_min", ours)
    place.world.handed_over["a_readiness"] = {"platform_run": ours.id}
    place.freeze(target)
    for stack in target.split("+"):
        place.states[stack] = EMPTY
    run = place.run("h_teardown_proof")
    facts = proof.collect_proof(run)
    assert facts.targets == tuple(target.split("+"))
    assert facts.platform_run_stays_open_for == standing
    assert "STATE-NOT-EMPTY" not in codes("TEARDOWN-PROOF", facts)
    proof.close_platform_run(run, facts, {"attempt": 1})
    closed = read_platform_run(place.world.remote, "dev_min")
    assert isinstance(closed, Known)
    assert (closed.value.closed_by is None) is bool(standing)
    if standing:
        assert place.world.said[-1] == "platform_1 is not closed: confluent still stands"


def test_a_target_that_is_not_empty_is_not_proven(place: Place) -> None:
    place.freeze("demo+confluent")
    place.states["demo"] = EMPTY
    assert "STATE-NOT-EMPTY" in codes("TEARDOWN-PROOF", proof.collect_proof(place.run("h_teardown_proof")))


# The contract.


def test_every_upstream_is_held_against_what_this_run_left(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = "/fraud-platform/dev_min/kafka/"
    names = list(ENVIRONMENT.stacks["confluent"].required_secrets)
    asked: list[str] = []

    def read(_clients: Any, given: str) -> Observed[Any]:
        asked.append(given)
        return Known(tuple(world_of.parameter(name) for name in names))

    monkeypatch.setattr(build, "read_parameters", read)
    for stack, task in (("core", "c_core.verify"), ("confluent", "d_confluent.verify")):
        after = place.states[stack].version
        place.world.left("m2", task, world_of.applied_facts(after=after, stack=stack), environment=ENVIRONMENT)
    facts = build.collect_contract(place.run("e_stack_contract", "m2"))
    assert [each.stack for each in facts.upstreams] == ["core", "confluent"]
    core, messaging = facts.upstreams
    assert (core.required_secrets, core.secrets) == ((), Absent())
    assert messaging.required_secrets == tuple(prefix + name for name in names)
    assert asked == [prefix]
    found = {blocker.resource for blocker in judged("STACK-CONTRACT", facts)}
    assert found == {f"core.{name}" for name in core.required_outputs if name != "alert_topic_arn"}
    names.pop()
    facts = build.collect_contract(place.run("e_stack_contract", "m2"))
    assert "SECRET-MISSING" in codes("STACK-CONTRACT", facts)
    place.states["confluent"] = state(serial=13, **HANDED_OVER)
    facts = build.collect_contract(place.run("e_stack_contract", "m2"))
    assert {"UPSTREAM-STALE", "UPSTREAM-STATE-EMPTY"} <= set(codes("STACK-CONTRACT", facts))


# Recorded inputs.


def recorded(place: Place, contract: dict[str, Any]) -> None:
    record = {"stack": "demo", "execution_id": "m2_1", "inputs": {"a": 1}, "upstream_contract": contract}
    inputs_series(place.world.remote, "dev_min", "demo").append_next(lambda _: record)


def inputs_of(place: Place, stack: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    given: dict[str, Any] = {}
    monkeypatch.setattr(
        scope, "make_plan", lambda _run, _stack, _purpose, inputs, **_how: given.update(inputs) or Absent()
    )
    scope.stack_scope(place.run("b_scope_freeze", params={"target": stack}), stack)
    return given


def test_a_build_records_what_every_upstream_handed_over(place: Place) -> None:
    build._record_inputs(place.run("f_demo.apply", "m2"), "demo")
    newest = inputs_series(place.world.remote, "dev_min", "demo").newest()
    assert isinstance(newest, Known)
    recorded_at = datetime.fromisoformat(newest.value[1]["recorded_at"])
    found = first_apply(place.world.remote, "dev_min", "demo", since=datetime(2026, 1, 1, tzinfo=UTC))
    assert found == Known(recorded_at)
    assert newest.value[1]["upstream_contract"] == {"core": {"alert_topic_arn": "arn:x"}, "confluent": HANDED_OVER}


def test_a_destroy_repeats_what_its_build_recorded(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    contract = {"core": {"alert_topic_arn": "then"}, "confluent": dict.fromkeys(HANDED_OVER, "then")}
    recorded(place, contract)
    place.states["confluent"] = EMPTY
    assert inputs_of(place, "demo", monkeypatch) == {"a": 1, "upstream_contract": contract}


def test_an_upstream_that_came_after_the_build_is_filled_in(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(place, {"core": {"alert_topic_arn": "then"}})
    place.states["confluent"] = EMPTY
    found = inputs_of(place, "demo", monkeypatch)["upstream_contract"]
    assert found == {"core": {"alert_topic_arn": "then"}, "confluent": dict.fromkeys(HANDED_OVER, "gone")}


def test_without_a_record_every_upstream_is_there_or_gone(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.states["confluent"] = EMPTY
    found = inputs_of(place, "demo", monkeypatch)
    gone = dict.fromkeys(("evidence_bucket", "parameter_prefix", "execution_role_arn"), "gone")
    assert found["upstream_contract"] == {
        "core": {"alert_topic_arn": "arn:x", **gone},
        "confluent": dict.fromkeys(HANDED_OVER, "gone"),
    }
    assert set(found) >= {"core_state", "confluent_state"}


def test_the_messaging_stack_has_its_own_inputs(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    found = inputs_of(place, "confluent", monkeypatch)
    assert found["confluent_endpoint"] == "http://127.0.0.1:9"
    assert "upstream_contract" not in found, "it takes nothing of its upstream"
    assert "runtime_database_enabled" not in found
    assert "the-secret" not in str(found)


# Outputs by name.


def taking(**changes: Any) -> Any:
    """The environment in which demo takes one output of core by name, and reads no state."""
    entry = {"states": {}, "outputs": {"topic": "core.alert_topic_arn"}, **changes}
    demo = ENVIRONMENT.stacks["demo"].model_copy(update=entry)
    return ENVIRONMENT.model_copy(update={"stacks": {**ENVIRONMENT.stacks, "demo": demo}})


def test_a_build_takes_what_the_upstream_state_holds(place: Place) -> None:
    run = place.run("f_demo.plan_and_guard", "m2", environment=taking())
    assert build.stack_inputs(run, "demo")["topic"] == "arn:x"


@pytest.mark.parametrize("left", [EMPTY, state(serial=9)], ids=["empty", "without-it"])
def test_a_build_without_the_output_stops_by_name(place: Place, left: Any) -> None:
    place.states["core"] = left
    run = place.run("f_demo.plan_and_guard", "m2", environment=taking())
    with pytest.raises(LookupError, match=r"no value of core\.alert_topic_arn"):
        build.stack_inputs(run, "demo")


def test_a_destroy_without_a_record_needs_no_true_output(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.states["core"] = EMPTY
    given: dict[str, Any] = {}
    monkeypatch.setattr(scope, "make_plan", lambda _run, _stack, _why, inputs, **_: given.update(inputs) or Absent())
    scope.stack_scope(place.run("b_scope_freeze", params={"target": "demo"}, environment=taking()), "demo")
    assert given["topic"] == "gone"
    assert "upstream_contract" not in given, "it reads no state"


def test_what_the_root_reads_itself_goes_by_its_own_handles(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = taking(outputs={}, states={"base": "core"})
    given: dict[str, Any] = {}
    monkeypatch.setattr(scope, "make_plan", lambda _run, _stack, _why, inputs, **_: given.update(inputs) or Absent())
    scope.stack_scope(place.run("b_scope_freeze", params={"target": "demo"}, environment=environment), "demo")
    assert given["base_state"]["key"] == ENVIRONMENT.stacks["core"].state_key
    assert set(given["upstream_contract"]) == {"base"}
