"""M9.G: what is asked of whom, under which key, and what goes into the evidence: never the key."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import httpx
import pytest

import factories_guardrails as guardrails
from factories_confluent import KEY, TOKEN, Clock, Costs, line, page, refusal
from factories_guardrails import NOW
from factories_world import inventory
from tidegate.collectors.confluent.api import ConfluentApi
from tidegate.evidence.canonical import plain, seal
from tidegate.evidence.control import close_platform_run, inputs_series, open_platform_run, set_latch
from tidegate.gates.registry import by_id
from tidegate.lanes import confluent as lanes_confluent
from tidegate.lanes import cost, own_reads
from tidegate.lanes.judging import judge
from tidegate.lanes.phases import phase_of
from tidegate.models.control import PlatformRun
from tidegate.models.cost import Money, ServiceCost
from tidegate.models.environment import Confluent
from tidegate.models.facts import CollectorBroken
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.settings import settings

HELD = Known(KEY)
REFERENCE = "confluent_dev_min"
LOOPBACK = "http://127.0.0.1:5055"
OPENED = datetime(2026, 2, 3, 9, 30, tzinfo=NOW.tzinfo)
PLATFORM_RUN = PlatformRun(id="platform_1", opened_by="m2_1", opened_at=OPENED, closed_by=None)
DAYS = tuple(guardrails.daily(number) for number in range(1, 14))


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch, moment: Any) -> dict[str, Any]:
    """AWS reports 6.40 and 6.50 USD unless told otherwise; the sandbox has its stand-in for Confluent."""
    moment.now = NOW
    told: dict[str, Any] = {"budgets": guardrails.spent("6.40"), "days": Known(DAYS)}
    told["inventories"] = {"aws": inventory(), "confluent": inventory()}

    def asked(*_: Any, on_request: Any, **__: Any) -> Any:
        on_request()
        return told["days"]

    monkeypatch.setattr(cost, "now", moment)
    monkeypatch.setattr(cost, "read_budget_spend", lambda *_: told["budgets"])
    monkeypatch.setattr(own_reads, "read_daily_cost", asked)
    monkeypatch.setattr(
        cost,
        "read_inventories",
        lambda run, _: {it: told["inventories"][it] for it in run.environment.cost_scope if it in told["inventories"]},
    )
    endpoint(monkeypatch, LOOPBACK)
    return told


def endpoint(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("TIDEGATE_CONFLUENT_ENDPOINT", value)
    settings.cache_clear()


@pytest.fixture
def confluent(monkeypatch: pytest.MonkeyPatch) -> Costs:
    """Confluent, with a line on each of thirteen days."""
    server, clock = Costs(page(*(line(number) for number in range(1, 14)))), Clock()
    transport = httpx.MockTransport(server)
    client = partial(ConfluentApi, transport=transport, clock=clock, pause=clock.pause)
    monkeypatch.setattr(lanes_confluent, "ConfluentApi", client)
    return server


def raised(environment: Any, **changes: Any) -> Any:
    """The manifest with Confluent in the scope and a Confluent stack."""
    stack = environment.stacks["demo"].model_copy(update={"identities": "confluent", "time_to_live": False})
    given = {
        "cost_scope": ("aws", "confluent"),
        "confluent": Confluent(api_key_connection=REFERENCE),
        "stacks": {**environment.stacks, "confluent": stack},
    }
    return environment.model_copy(update=given | changes)


def run_of(world: Any, task: str = "g_cost_guardrail", *, key: Observed[Any] = HELD, **changes: Any) -> Any:
    """A try of M9.G under the raised scope; `changes` are the manifest's."""
    run = world.run("m9", "g_cost_guardrail", cloud_key=lambda name: key if name == REFERENCE else Absent())
    run.environment = raised(run.environment, **changes)
    if task != "g_cost_guardrail":
        run.lane = next(lane for lane in cost_lanes(run) if lane.task_id == task)
        run.task_id = task
    return run


def cost_lanes(run: Any) -> Any:
    return [lane for lane in phase_of(run.environment, "m9").lanes if lane.letter == "g"]


def codes(facts: Any) -> list[str]:
    gate = "COST-GUARDRAIL" if hasattr(facts, "rung") else "CONFLUENT-BILLING"
    return [blocker.code for blocker in by_id(gate).evaluate(facts, judged_at=facts.observed_at)]


# What is read.


def test_aws_alone_asks_nobody_else(world: Any, confluent: Costs) -> None:
    facts = cost.collect_cost(world.run("m9", "g_cost_guardrail"))
    assert (facts.cost_scope, facts.read_scope, facts.confluent) == (("aws",), ("aws",), None)
    assert [source.name for source in facts.sources] == ["aws-budgets", "aws-cost-explorer"]
    assert confluent.asked == []
    assert codes(facts) == []


def test_a_teardown_knows_of_the_latch_and_nobody_else_asks(world: Any, confluent: Costs, aws: dict[str, Any]) -> None:
    """M9 under the emergency latch is the stop's consequence: it can be proven at the stop."""
    aws["budgets"] = guardrails.spent("28")
    assert codes(cost.collect_cost(world.run("m9", "g_cost_guardrail"))) == ["COST-STOP-REACHED"]
    set_latch(world.remote, "dev_min", reason="28 USD", recorded_by="hourly_1", at=NOW)
    facts = cost.collect_cost(world.run("m9", "g_cost_guardrail"))
    assert (facts.latched, facts.rung, codes(facts)) == (True, "28", [])
    for phase, task in (("m2", "b_cost_guardrail"), ("audit", "f_cost_guardrail"), ("hourly", "a_cost_guardrail")):
        assert cost.collect_cost(world.run(phase, task)).latched is False


def test_both_platforms_under_one_ladder(world: Any, confluent: Costs, aws: dict[str, Any]) -> None:
    aws["budgets"] = guardrails.spent("7.00")
    facts = cost.collect_cost(run_of(world))
    assert facts.confluent is not None
    assert facts.confluent.bill.value.total == Decimal("3.25")  # type: ignore[union-attr]
    assert (facts.read_scope, facts.rung, codes(facts)) == (("aws", "confluent"), "10", [])
    assert [(source.name, source.data_as_of) for source in facts.sources] == [
        ("aws-budgets", NOW - timedelta(hours=24)),
        ("aws-cost-explorer", NOW - timedelta(hours=24)),
        ("confluent-costs", NOW - timedelta(hours=72)),
    ]
    assert world.said[-1] == (
        "since 2026-02-01: reported AWS Budgets 7.00, Cost Explorer 6.5, Confluent 3.25 USD; projected 0 since the "
        "reports at 0 an hour; together 10.25, rung 10, no rung to come at this rate, stop at 28; Cost Explorer asked "
        "now, pages this month 1, 0.01 of 1 USD"
    )
    (request,) = confluent.asked
    assert str(request.url).startswith(f"{LOOPBACK}/billing/v1/costs?start_date=2026-02-01&end_date=2026-02-14")
    assert request.headers["authorization"] == f"Basic {TOKEN}"


@pytest.mark.parametrize(("budgets", "rung"), [("16.74", "10"), ("16.75", "20"), ("24.75", "28")])
def test_the_rung_is_one_of_the_sum(world: Any, confluent: Costs, aws: dict[str, Any], budgets: str, rung: str) -> None:
    aws["budgets"] = guardrails.spent(budgets)
    facts = cost.collect_cost(run_of(world))
    assert facts.rung == rung
    assert codes(facts) == (["COST-STOP-REACHED"] if rung == "28" else [])


@pytest.mark.parametrize("dark", ["budgets", "days", "confluent"])
def test_a_source_that_cannot_be_read_makes_the_rung_unknown(
    world: Any, confluent: Costs, aws: dict[str, Any], dark: str
) -> None:
    aws[dark] = Unreadable("403")
    if dark == "confluent":
        confluent.answers = [refusal(403, "forbidden_access", "no")]
    facts = cost.collect_cost(run_of(world))
    assert (facts.rung, codes(facts)) == ("unknown", ["COST-UNREADABLE"])
    assert [it.coverage[0].status for it in facts.sources].count("unreadable") == 1


def test_what_is_paid_through_aws_marketplace_counts_once(world: Any, confluent: Costs, aws: dict[str, Any]) -> None:
    product = "Confluent Cloud - Pay As You Go"
    kafka = ServiceCost(service=product, region="global", cost=Money(amount=Decimal("0.25"), unit="USD"))
    aws["days"] = Known(
        tuple(
            replace(
                day,
                cost=Money(amount=day.cost.amount + Decimal("0.25"), unit="USD"),
                groups=(kafka, ServiceCost(service="Amazon S3", region="eu-west-2", cost=day.cost)),
            )
            for day in DAYS
        )
    )
    aws["budgets"] = guardrails.spent("9.65")
    section = Confluent(api_key_connection=REFERENCE, marketplace_products=(product,))
    twice = cost.collect_cost(run_of(world))
    once = cost.collect_cost(run_of(world, confluent=section))
    assert (twice.marketplace_usd, once.marketplace_usd) == (Decimal(0), Decimal("3.25"))
    assert twice.total - once.total == Decimal("3.25")
    assert isinstance(once.days, Known)
    assert {group.service for day in once.days.value for group in day.groups or ()} == {"Amazon S3"}
    assert [day.cost for day in once.days.value] == [day.cost for day in DAYS]
    unread = cost.collect_cost(run_of(world, confluent=section, key=Absent()))
    assert unread.marketplace_usd == 0
    assert unread.days == aws["days"]


def test_the_bill_by_itself(world: Any, confluent: Costs) -> None:
    confluent.answers = [
        page(*(line(number) for number in range(1, 14)), line(14, 9, line_type="KAFKA_X", start_date="2026-02-13"))
    ]
    facts = cost.collect_confluent_billing(run_of(world, "g_confluent_billing"))
    assert codes(facts) == []
    assert facts.billing.bill.value.total == Decimal("12.25")  # type: ignore[union-attr]
    assert "counted all the same: KAFKA KAFKA_X (1)" in world.said[-1]


# What must have been billed.


def applied(world: Any, recorded_at: datetime | None, stack: str = "confluent") -> None:
    """A recorded input of an apply."""
    record = {"stack": stack, "execution_id": "m2_1", "inputs": {}, "upstream_contract": {}}
    record |= {} if recorded_at is None else {"recorded_at": recorded_at.isoformat()}
    inputs_series(world.remote, "dev_min", stack).append_next(lambda _: record)


@pytest.mark.parametrize(
    ("applies", "standing_since"),
    [
        pytest.param((), Absent(), id="never"),
        pytest.param((OPENED - timedelta(days=9),), Absent(), id="in-an-earlier-platform-run"),
        pytest.param((OPENED + timedelta(days=2),), Known(OPENED + timedelta(days=2)), id="days-later"),
        pytest.param(
            (OPENED - timedelta(days=9), OPENED + timedelta(days=2), OPENED + timedelta(days=4)),
            Known(OPENED + timedelta(days=2)),
            id="the-first-of-this-run",
        ),
        pytest.param((None,), Known(OPENED), id="of-the-version-before"),
        pytest.param((None, OPENED + timedelta(days=2)), Known(OPENED), id="one-of-them-of-the-version-before"),
    ],
)
def test_days_count_from_the_first_apply_in_the_platform_run(
    world: Any, confluent: Costs, applies: Any, standing_since: Any
) -> None:
    """A platform run that waits for its stack owes nothing."""
    open_platform_run(world.remote, "dev_min", PLATFORM_RUN)
    for moment in applies:
        applied(world, moment)
    confluent.answers = [page()]
    facts = cost.collect_confluent_billing(run_of(world, "g_confluent_billing"))
    assert facts.billing.standing_since == standing_since
    assert codes(facts) == ([] if standing_since == Absent() else ["CONFLUENT-DAYS-MISSING"])


def test_recorded_inputs_that_cannot_be_read(world: Any, confluent: Costs) -> None:
    open_platform_run(world.remote, "dev_min", PLATFORM_RUN)
    world.remote.objects["control/dev_min/inputs/confluent/000001.json"] = b"{"
    facts = cost.collect_confluent_billing(run_of(world, "g_confluent_billing"))
    assert codes(facts) == ["CONFLUENT-HISTORY-UNREADABLE"]


def test_days_of_an_open_platform_run_must_have_been_reported(world: Any, confluent: Costs) -> None:
    open_platform_run(world.remote, "dev_min", PLATFORM_RUN)
    applied(world, OPENED)
    confluent.answers = [page(line(1))]
    facts = cost.collect_confluent_billing(run_of(world, "g_confluent_billing"))
    assert facts.billing.standing_since == Known(OPENED)
    assert codes(facts) == ["CONFLUENT-DAYS-MISSING"]


def test_a_closed_platform_run_owes_nothing(world: Any, confluent: Costs) -> None:
    open_platform_run(world.remote, "dev_min", PLATFORM_RUN)
    close_platform_run(world.remote, "dev_min", PLATFORM_RUN, "s3://proof")
    confluent.answers = [page()]
    facts = cost.collect_confluent_billing(run_of(world, "g_confluent_billing"))
    assert (facts.billing.standing_since, codes(facts)) == (Absent(), [])


def test_without_a_confluent_stack_a_platform_run_owes_nothing(world: Any, confluent: Costs) -> None:
    open_platform_run(world.remote, "dev_min", PLATFORM_RUN)
    run = run_of(world)
    run.environment = run.environment.model_copy(update={"stacks": dict(list(run.environment.stacks.items())[:2])})
    assert cost.read_confluent(run, NOW).standing_since == Absent()


@pytest.mark.parametrize("broken", ["no-answer", "no-zone"])
def test_a_platform_run_that_cannot_be_read(world: Any, confluent: Costs, broken: str) -> None:
    if broken == "no-answer":
        world.remote.refusing.add("keys")
    else:
        open_platform_run(world.remote, "dev_min", replace(PLATFORM_RUN, opened_at=OPENED.replace(tzinfo=None)))
    assert codes(cost.collect_confluent_billing(run_of(world, "g_confluent_billing"))) == [
        "CONFLUENT-HISTORY-UNREADABLE"
    ]


# Whom it asks, and with what.


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (
            Absent(),
            "Airflow has no connection confluent_dev_min, which confluent.api_key_connection names",
        ),
        (Unreadable("connection confluent_dev_min has no password"), "has no password"),
    ],
)
def test_without_a_key_nobody_is_asked(world: Any, confluent: Costs, key: Any, said: str) -> None:
    facts = cost.collect_cost(run_of(world, key=key))
    assert codes(facts) == ["COST-UNREADABLE"]
    assert said in facts.confluent.bill.reason  # type: ignore[union-attr]
    assert confluent.asked == []


def test_a_scope_without_an_account_is_missing_and_not_zero(world: Any, confluent: Costs) -> None:
    run = run_of(world, confluent=None)
    assert codes(cost.collect_cost(run)) == ["COST-MISSING"]
    assert codes(cost.collect_confluent_billing(run)) == ["CONFLUENT-BILLING-MISSING"]
    assert cost.collect_confluent_billing(run).sources[0].coverage[0].status == "unreadable"


@pytest.mark.parametrize(
    "value", ["", "https://api.confluent.cloud", "http://10.0.0.1:5055", "ftp://127.0.0.1", "http://[::"]
)
def test_the_sandbox_asks_its_own_stand_in_or_nobody(
    world: Any, confluent: Costs, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    endpoint(monkeypatch, value)
    facts = cost.collect_cost(run_of(world))
    assert codes(facts) == ["COST-UNREADABLE"]
    assert "TIDEGATE_CONFLUENT_ENDPOINT" in facts.confluent.bill.reason  # type: ignore[union-attr]
    assert confluent.asked == []


def test_outside_of_the_sandbox_the_manifest_says_whom_to_ask(
    world: Any, confluent: Costs, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint(monkeypatch, "")
    run = run_of(world)
    run.profile = "aws"
    assert cost.read_confluent(run, NOW).endpoint == "https://api.confluent.cloud"
    assert confluent.asked[0].url.host == "api.confluent.cloud"


def test_outside_of_the_sandbox_no_variable_leads_elsewhere(world: Any, confluent: Costs) -> None:
    run = run_of(world)
    run.profile = "aws"
    found = cost.read_confluent(run, NOW).bill
    assert found == Unreadable("TIDEGATE_CONFLUENT_ENDPOINT is set outside of the sandbox")
    assert confluent.asked == []


@pytest.mark.parametrize("answer", [page(line(1)), refusal(401, "x", f"{KEY.secret} and {TOKEN} for {KEY.key}")])
def test_the_key_is_nowhere(world: Any, confluent: Costs, answer: Any) -> None:
    confluent.answers = [answer]
    run = run_of(world)
    for facts, lane in zip((cost.collect_confluent_billing(run), cost.collect_cost(run)), cost_lanes(run), strict=True):
        run.lane = lane
        judge(run, facts)
        told = json.dumps(plain(facts)) + repr(facts) + repr(run.cloud_key(REFERENCE))
        for secret in (KEY.secret, KEY.key, TOKEN):
            assert secret not in told
    everything = b"".join(world.remote.objects.values()).decode() + "\n".join(world.said)
    assert "confluent_billing_snapshot" in " ".join(world.remote.objects)
    for secret in (KEY.secret, KEY.key, TOKEN):
        assert secret not in everything


# The scope that was (EV4, IN4).


def left(world: Any, run: Any, **changes: Any) -> Any:
    """What M9.G leaves in the evidence."""
    facts = replace(cost.collect_cost(run), **changes)
    return judge(run, facts)


def test_the_widest_scope_is_remembered(world: Any, confluent: Costs) -> None:
    assert cost.collect_cost(world.run("m9", "g_cost_guardrail")).widest_scope == Known(("aws",))
    left(world, run_of(world))
    again = world.run("m9", "g_cost_guardrail", run_id="manual__2", run_after=NOW + timedelta(hours=1))
    facts = cost.collect_cost(again)
    assert facts.widest_scope == Known(("aws", "confluent"))
    assert codes(facts) == ["COST-SCOPE-NARROWED"]
    assert [given.uri.rpartition("/")[2] for given in again.inputs if "cost_reads" not in given.uri] == [
        "m9_g_cost_guardrail_snapshot.json",
        "000002.json",
    ]
    left(world, again)
    third = world.run("m9", "g_cost_guardrail", run_id="manual__3", run_after=NOW + timedelta(hours=2))
    assert cost.collect_cost(third).widest_scope == Known(("aws", "confluent"))


def test_the_newest_snapshot_remembers_what_is_no_longer_kept(world: Any, confluent: Costs) -> None:
    left(world, run_of(world))
    first = set(world.remote.objects)
    left(world, world.run("m9", "g_cost_guardrail", run_id="manual__2", run_after=NOW + timedelta(hours=1)))
    for key in first:
        del world.remote.objects[key]
    third = world.run("m9", "g_cost_guardrail", run_id="manual__3", run_after=NOW + timedelta(hours=2))
    assert cost.collect_cost(third).widest_scope == Known(("aws", "confluent"))


def test_a_failed_attempt_counts_and_a_later_one_does_not_hide_it(world: Any, confluent: Costs) -> None:
    confluent.answers = [refusal(401)]
    run = run_of(world)
    assert not left(world, run).passed
    judge(run, CollectorBroken(observed_at=NOW, error="KeyError"))
    assert cost.collect_cost(world.run("m9", "g_cost_guardrail")).widest_scope == Known(("aws", "confluent"))


def test_an_exception_lets_the_scope_be_narrowed_until_it_ends(world: Any, confluent: Costs) -> None:
    left(world, run_of(world))
    run = world.run("m9", "g_cost_guardrail")
    exception = guardrails.quiet(rule="COST-SCOPE-NARROWED", resource="confluent", expires=date(2026, 2, 13))
    other = guardrails.quiet(rule="NAT-GATEWAY", resource="confluent")
    run.environment = run.environment.model_copy(update={"exceptions": (other, exception)})
    facts = cost.collect_cost(run)
    assert (facts.exceptions, codes(facts)) == ((exception,), [])
    assert codes(replace(facts, observed_at=NOW + timedelta(days=1), exceptions=(exception,)))[:2] == [
        "COST-SCOPE-NARROWED",
        "EXCEPTION-EXPIRED",
    ]


@pytest.mark.parametrize("broken", ["keys", "read", "content", "facts"])
def test_earlier_scopes_that_cannot_be_read_are_no_narrow_ones(world: Any, confluent: Costs, broken: str) -> None:
    judged = left(world, world.run("m9", "g_cost_guardrail"))
    run = world.run("m9", "g_cost_guardrail")
    key = next(key for key in world.remote.objects if "m9_g_cost" in key)
    if broken == "content":
        world.remote.objects[key] = b"{"
    elif broken == "facts":
        world.remote.objects[key] = seal({**judged.published.document, "facts": {"cost_scope": "aws"}})
    else:
        world.remote.refusing.add(broken)
    facts = cost.collect_cost(run)
    assert isinstance(facts.widest_scope, Unreadable)
    others = {"COST-OWN-READS-UNREADABLE", "COST-CLOCK-UNREADABLE"} if broken in ("keys", "read") else set()
    assert set(codes(facts)) - others == {"COST-SCOPE-HISTORY-UNREADABLE"}


def test_a_snapshot_of_the_version_before_has_a_scope_too(world: Any, confluent: Costs) -> None:
    judged = left(world, run_of(world))
    facts = {name: value for name, value in judged.published.document["facts"].items() if name != "widest_scope"}
    key = next(key for key in world.remote.objects if "m9_g_cost" in key)
    world.remote.objects[key] = seal({**judged.published.document, "gate_version": 1, "facts": facts})
    assert cost.collect_cost(world.run("m9", "g_cost_guardrail")).widest_scope == Known(("aws", "confluent"))
