"""AUDIT.I: what the states hold, and what answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from factories_control import intent
from factories_orphans import identity
from factories_world import NOW, state_resource
from standins import dev_min, three_stacks
from tidegate.collectors.confluent.identities import Identities
from tidegate.gates.audit_identities import GATE
from tidegate.lanes import audit_identities
from tidegate.lanes.audit_identities import collect_identities
from tidegate.lanes.watch_phases import audit_phase
from tidegate.models.audit import AuditIdentitiesFacts
from tidegate.models.facts import Source
from tidegate.models.observed import Absent, Known, Unreadable

ACCOUNT = state_resource("confluent_service_account.producer", "sa-1")
SECRET = state_resource("aws_ssm_parameter.x", "/p/kafka/x")
AT_WORK = Known(intent(liveness="live"))
OTHER = state_resource("aws_vpc.this", "vpc-1")
PARAMETER = identity("parameter", id="/p/kafka/x")
FOUND = Identities(
    environments=Known(()),
    service_accounts=Known((identity(id="sa-1"), identity(id="sa-2"))),
    api_keys=Known(()),
    role_bindings=Known(()),
)
CLIENTS = SimpleNamespace(whose="this run's")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    given: dict[str, Any] = {"api": Known("api")}

    @contextmanager
    def api(run: Any) -> Iterator[Any]:
        given["run"] = run
        yield given["api"]

    def read(api: Any, **named: Any) -> Identities:
        given["read"] = {"api": api, **named}
        return FOUND

    def state(clients: Any, environment: Any, stack: str) -> Any:
        assert (clients, environment) == (CLIENTS, three_stacks())
        return SimpleNamespace(resources=states[stack])

    def parameters(run: Any) -> Any:
        return Known((PARAMETER,)) if run is given["run"] else Absent()

    states = {"core": Absent(), "confluent": Known((ACCOUNT, SECRET, OTHER)), "demo": Known((OTHER,))}
    monkeypatch.setattr(audit_identities, "now", lambda: NOW)
    monkeypatch.setattr(audit_identities, "confluent_api", api)
    monkeypatch.setattr(audit_identities, "read_identities", read)
    monkeypatch.setattr(audit_identities, "read_state", state)
    monkeypatch.setattr(audit_identities, "left_parameters", parameters)
    return given


def codes(facts: Any) -> list[tuple[str, str]]:
    return [(blocker.code, blocker.resource) for blocker in GATE.evaluate(facts, judged_at=NOW)]


def collected(world: Any, *answers: Any) -> Any:
    """With what is recorded of the messaging stack's terraform, asked before and after the lists."""
    run = world.run("audit", "i_orphan_identities", environment=three_stacks(), clients=CLIENTS)
    left = list(answers) or [Absent(), Absent()]
    run.intents = {"confluent": SimpleNamespace(unfinished=lambda: left.pop(0))}.__getitem__
    return collect_identities(run)


def test_what_no_state_holds_is_found(world: Any, asked: dict[str, Any]) -> None:
    facts = collected(world)
    assert facts == AuditIdentitiesFacts(
        observed_at=NOW,
        sources=tuple(Source(name=name, data_as_of=NOW) for name in ("state", "confluent", "ssm")),
        expected_stacks=("core", "confluent", "demo"),
        name_prefix="fraud-platform-dev-min",
        parameter_prefix=three_stacks().secrets_prefix,
        intents={"confluent": Absent()},
        held={"core": Absent(), "confluent": Known(("/p/kafka/x", "sa-1")), "demo": Known(())},
        environments=FOUND.environments,
        service_accounts=FOUND.service_accounts,
        api_keys=FOUND.api_keys,
        role_bindings=FOUND.role_bindings,
        parameters=Known((PARAMETER,)),
    )
    assert asked["read"] == {
        "api": "api",
        "name_prefix": "fraud-platform-dev-min",
        "known_ids": {"/p/kafka/x", "sa-1"},
    }
    assert codes(facts) == [("ORPHAN-SERVICE-ACCOUNT", "service account sa-2")]


def test_without_an_answer_each_list_is_unreadable(world: Any, asked: dict[str, Any]) -> None:
    asked["api"] = Unreadable("no key")
    facts = collected(world)
    assert {facts.environments, facts.service_accounts, facts.api_keys, facts.role_bindings} == {asked["api"]}
    assert [code for code, _ in codes(facts)] == [
        "CONFLUENT-ENVIRONMENTS-UNREADABLE",
        "SERVICE-ACCOUNTS-UNREADABLE",
        "API-KEYS-UNREADABLE",
        "ROLE-BINDINGS-UNREADABLE",
    ]


@pytest.mark.parametrize(
    "answers", [(AT_WORK,), (AT_WORK, Absent()), (Absent(), AT_WORK)], ids=["all-along", "it-ended", "it-began"]
)
def test_what_an_apply_is_making_is_no_orphan(world: Any, asked: dict[str, Any], answers: Any) -> None:
    facts = collected(world, *answers)
    assert (facts.applying, codes(facts)) == (("confluent",), [])
    assert "an apply of confluent is under way: what no state holds is not looked for" in world.said


@pytest.mark.parametrize("liveness", ["dead", "unknown"])
def test_an_apply_of_which_nobody_can_tell_explains_nothing(world: Any, asked: dict[str, Any], liveness: Any) -> None:
    found = Known(intent(liveness=liveness))
    facts = collected(world, found, found)
    assert (facts.applying, codes(facts)) == ((), [("ORPHAN-SERVICE-ACCOUNT", "service account sa-2")])


def test_without_a_messaging_stack_the_lane_does_not_exist() -> None:
    def tasks(environment: Any) -> list[str]:
        return [lane.task_id for lane in audit_phase(environment).lanes if lane.letter == "i"]

    assert tasks(dev_min()[0]) == []
    assert tasks(three_stacks()) == ["i_orphan_identities"]
