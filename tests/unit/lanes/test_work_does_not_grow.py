"""What runs each hour and each run asks the evidence as often after 1,000 executions as after 10 (ADR 41, ADR 46)."""

import sys
from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

import factories_control as control
import factories_guardrails as guardrails
from factories_audit import drift_plan
from factories_guardrails import NOW
from factories_world import inventory, proof_facts, state_version
from facts_that_pass import passing_on
from standins import MemoryStore, dev_min
from tidegate.collectors.aws.state import StateRead
from tidegate.evidence import control as records
from tidegate.evidence.canonical import seal
from tidegate.evidence.control import Series, inputs_series, platform_series
from tidegate.evidence.cost_judgements import cost_judgement_series
from tidegate.evidence.cost_scope import record_scope
from tidegate.evidence.execution import claim, find_claim
from tidegate.evidence.layout import Phase
from tidegate.evidence.store import PAGE, StoredObject
from tidegate.evidence.time_to_live import renew_time_to_live
from tidegate.lanes import (
    audit_continuity,
    audit_drift,
    audit_locks,
    audit_passes,
    closing,
    cost,
    emergency_release,
    findings,
    outcome,
    own_reads,
    owners,
    platform_way,
    residual,
    scope,
    spend,
    tagged,
    time_to_live,
)
from tidegate.lanes.judging import judge
from tidegate.lanes.phases import phase_of
from tidegate.lanes.run import LaneRun
from tidegate.models.control import Lease, PlatformRun
from tidegate.models.observed import Absent, Known
from tidegate.operators import gate as gate_operator
from tidegate.operators.verdict import PhaseVerdictOperator

FEW, MANY = 10, 1_000
PHASES: tuple[Phase, ...] = ("m2", "m9", "hourly", "audit", "m2", "m9", "hourly", "m2", "m9", "audit")
EVERY = timedelta(hours=3)
UP = StateRead(version=Known(state_version()), resources=Known(()), tainted=Known(()), outputs=Known({}))
REST = ("filler_1", "filler_2", "filler_3", "filler_4", "filler_5", "filler_6", "filler_7", "filler_8")


class Requests(MemoryStore):
    """Counts requests as S3 would get them: a list brings a thousand keys at most."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()
        self.by_key: list[str] = []

    def put(self, key: str, content: bytes) -> None:
        if key not in self.objects:
            insort(self.by_key, key)
        self.objects[key] = content

    def create(self, key: str, content: bytes) -> StoredObject:
        self.asked["put"] += 1
        stored = super().create(key, content)
        insort(self.by_key, key)
        return stored

    def read(self, key: str) -> tuple[StoredObject, bytes]:
        self.asked["get"] += 1
        return super().read(key)

    def keys(self, prefix: str, after: str = "") -> tuple[str, ...]:
        found = self._listed(prefix, after)
        self.asked["list"] += max(1, -(-len(found) // PAGE))
        return tuple(found)

    def page(self, prefix: str, after: str = "", most: int = PAGE) -> tuple[tuple[str, ...], bool]:
        found = self._listed(prefix, after)
        self.asked["list"] += 1
        return tuple(found[:most]), len(found) > most

    def _listed(self, prefix: str, after: str) -> list[str]:
        first = bisect_right(self.by_key, after) if after > prefix else bisect_right(self.by_key, prefix)
        last = bisect_right(self.by_key, f"{prefix}\U0010ffff")
        return [key for key in self.by_key[first:last] if key.startswith(prefix)]


class Past:
    """An environment with so many earlier executions: builds, teardowns, audits and hourly checks by turns."""

    def __init__(self, world: Any, count: int) -> None:
        self.world, self.count = world, count
        self.store = world.remote = Requests()
        self._templates: dict[str, bytes] = {}
        self._cycles: Counter[str] = Counter()
        for index in range(count):
            back = count - index  # of both environments the newest executions are the same
            self._execution(index, PHASES[-back % len(PHASES)], NOW - back * EVERY)
        record_scope(self.store, "dev_min", ("aws",), recorded_by="m9_1", at=NOW)
        records.set_latch(self.store, "dev_min", reason="28 USD", recorded_by="audit_1", at=NOW - timedelta(hours=80))

    def _template(self, phase: Phase, task: str, facts: Any) -> bytes:
        """A snapshot of this lane; which execution wrote it does not matter to how often one asks."""
        if task not in self._templates:
            run = self.world.run(phase, task, remote=MemoryStore())
            self._templates[task] = seal(judge(run, facts).published.document)
        return self._templates[task]

    def _execution(self, index: int, phase: Phase, at: datetime) -> None:
        execution, run = (
            f"{phase}_{at:%Y%m%dT%H%M%SZ}",
            self.world.run(phase, phase_of(dev_min()[0], phase).verdict.task_id),
        )
        claim(self.store, "dev_min", phase, dag_id=f"dev_min.{phase}", run_id=f"r{index}", run_after=at)
        spec = phase_of(run.environment, phase)
        folder = run.place_of(spec.verdict, execution).remote.rpartition("/")[0]
        for name in REST if phase in ("m2", "m9") else REST[:3]:
            self.store.put(f"{folder}/{name}.json", b"{}")
        verdict = self._template(phase, spec.verdict.task_id, control.verdict_facts())
        self.store.put(f"{run.place_of(spec.verdict, execution).remote}.json", verdict)
        for lane in spec.lanes:
            if lane.gate == "COST-GUARDRAIL":
                self.store.put(
                    f"{run.place_of(lane, execution).remote}.json",
                    self._template(phase, lane.task_id, guardrails.cost_facts()),
                )
        self._chained(index + 1, phase, execution, at)
        self._controlled(index, phase, execution, at)

    def _chained(self, number: int, phase: Phase, execution: str, at: datetime) -> None:
        record = {
            "schema": {"name": "tidegate.verdict-record", "version": 1},
            "number": number,
            "phase": phase,
            "execution_id": execution,
            "overall_pass": True,
            "verdict": {"uri": f"s3://the-evidence/{execution}", "version_id": None, "sha256": "d" * 64},
            "previous": None if number == 1 else {"number": number - 1, "sha256": "d" * 64},
            "recorded_at": at.isoformat(),
        }
        self.store.put(f"evidence/dev_min/verdicts/{number:06d}.json", seal(record))

    def _controlled(self, index: int, phase: Phase, execution: str, at: datetime) -> None:
        """What the execution left below `control/`."""
        cycle = self._cycles[phase]
        self._cycles[phase] += 1
        platform = f"platform_{at:%Y%m%dT%H%M%SZ}"
        opened = {"id": platform, "opened_by": execution, "opened_at": at.isoformat(), "closed_by": None}
        if phase == "m2":
            for stack in ("core", "demo"):
                self._append(
                    inputs_series(self.store, "dev_min", stack),
                    cycle,
                    {"stack": stack, "execution_id": execution, "inputs": {}, "recorded_at": at.isoformat()},
                )
            renew_time_to_live(self.store, "dev_min", "demo", hours=1, set_by=execution, reason="built", at=at)
            self._append(platform_series(self.store, "dev_min"), 2 * cycle, opened)
        if phase == "m9":
            proof = f"evidence/runs/{platform}/teardown/teardown_proof.json"
            self.store.put(proof, self._template("m9", "h_teardown_proof", proof_facts()))
            closed = {**opened, "closed_by": self.store.uri(proof)}
            self._append(platform_series(self.store, "dev_min"), 2 * cycle + 1, closed)
            self._append(
                cost_judgement_series(self.store, "dev_min"),
                cycle,
                {
                    "schema": {"name": "tidegate.cost-judgement", "version": 1},
                    "execution_id": execution,
                    "recorded_at": at.isoformat(),
                },
            )
            for number, status in enumerate(("begun", "ended")):
                record = {"status": status, "stack": "demo", "execution_id": execution, "destroy_set": [], "scope": {}}
                self._append(Series(self.store, "control/dev_min/teardowns/demo"), 2 * cycle + number, record)
        self._append(
            records.alert_series(self.store, "dev_min"),
            index,
            {"schema": {"name": "tidegate.alerts", "version": 1}, "entries": {}},
        )

    def _append(self, series: Series, after: int, record: dict[str, Any]) -> None:
        self.store.put(series.key(after + 1), seal({**record, "number": after + 1}))

    def asked(self, act: Callable[["Past"], object]) -> Counter[str]:
        """The requests of something that a run does. What it writes is gone afterwards."""
        objects, by_key = dict(self.store.objects), list(self.store.by_key)
        self.world.handed_over.clear()
        self.store.asked.clear()
        try:
            act(self)
            return Counter(self.store.asked)
        finally:
            self.store.objects, self.store.by_key = objects, by_key


@pytest.fixture(scope="module")
def pasts() -> dict[int, Past]:
    """Made once; what a test writes, the next one finds."""
    return {}


@pytest.fixture
def past(
    world: Any, pasts: dict[int, Past], quiet_world: None, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[int], Past]:
    def of(count: int) -> Past:
        if count not in pasts:
            pasts[count] = Past(type(world)(tmp_path_factory.mktemp("past")), count)
        return pasts[count]

    return of


@pytest.fixture
def quiet_world(monkeypatch: pytest.MonkeyPatch, moment: Any) -> None:
    """It is one moment; AWS, Terraform and people answer at once, and nothing stands."""
    moment.now = NOW
    for name, module in list(sys.modules.items()):
        if name.startswith("tidegate.lanes.") and hasattr(module, "now"):
            monkeypatch.setattr(module, "now", moment)
    for module in (cost, residual, owners, scope, audit_drift, audit_locks, time_to_live, emergency_release, outcome):
        for name, stand_in in STAND_INS.items():
            if hasattr(module, name):
                monkeypatch.setattr(module, name, stand_in)
    monkeypatch.setattr(own_reads, "read_daily_cost", _days)
    monkeypatch.setattr(tagged, "tagged_in", lambda _clients, regions, *_: dict.fromkeys(regions, Known(())))
    monkeypatch.setattr(closing, "_give_lease_back", lambda _run: None)
    lease = SimpleNamespace(check=lambda **_: Lease(ours=False, holder=Absent()))
    monkeypatch.setattr(LaneRun, "lease", lease)


def _days(*_: Any, on_request: Callable[[], None], **__: Any) -> Any:
    on_request()
    return Known(tuple(guardrails.daily(number) for number in range(1, 14)))


STAND_INS: dict[str, Any] = {
    "read_budget_spend": lambda *_: guardrails.spent("6.40"),
    "read_inventories": lambda *_: {"aws": inventory()},
    "collect_inventory": lambda *_: inventory(),
    "enabled_regions": lambda _clients: Known(("eu-west-2",)),
    "read_state": lambda *_: UP,
    "read_state_locks": lambda *_: Known(()),
    "make_drift_plan": lambda *_: Known(drift_plan()),
    "look_at_root": lambda *_: Absent(),
    "caller": lambda _run: control.caller(),
    "tools": lambda _run: control.tools(),
}


def a_run(past: Past, phase: Phase, task: str, **changes: Any) -> Any:
    """A try of a lane of the execution that is due now."""
    runs = SimpleNamespace(state=lambda *_: Absent())
    run = past.world.run(
        phase, task, run_after=NOW, run_id=f"now_{phase}", dag_id=f"dev_min.{phase}", dag_runs=runs, **changes
    )
    run.intents = lambda _stack: SimpleNamespace(unfinished=Absent, last_apply=Absent)
    return run


def a_lane(phase: Phase, task: str, collect: Callable[[Any], Any], **params: Any) -> Callable[[Past], object]:
    """Collect and judge as the lane's task does."""

    def act(past: Past) -> object:
        run = a_run(past, phase, task, params=params)
        judged = judge(run, collect(run))
        past.world.handed_over[task] = judged.published.document
        return judged

    return act


def a_verdict(phase: Phase) -> Callable[[Past], object]:
    """All lanes hand their snapshots over, then the verdict's task runs to its end."""

    def act(past: Past) -> object:
        spec = phase_of(dev_min()[0], phase)
        for lane in spec.lanes:
            run = a_run(past, phase, lane.task_id)
            facts = replace(passing_on(NOW, lane.gate), observed_at=NOW)
            past.world.handed_over[lane.task_id] = judge(run, facts).published.document
        past.store.asked.clear()
        pulled: Counter[str] = Counter()
        states = {lane.task_id: "success" for lane in spec.lanes}
        run = a_run(past, phase, spec.verdict.task_id, task_states=lambda: states)
        give = run.handed_over

        def pull(task: str) -> Any:
            pulled[task] += 1
            return give(task)

        run.handed_over = pull
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(gate_operator, "lane_run", lambda *_: run)
            patch.setattr("tidegate.operators.notifiers.deliver", lambda *_: None)
            operator = PhaseVerdictOperator(task_id=run.task_id, lane=spec.verdict, environment="dev_min")
            with suppress(AirflowFailException):  # some lanes' facts are of another day; the verdict says so
                operator.execute({"ti": SimpleNamespace(xcom_push=lambda **_: None)})
        assert set(pulled) == set(states)
        assert set(pulled.values()) == {1}, "each snapshot is fetched once"
        return run

    return act


def m2_way(past: Past) -> object:
    """M2.A with `auto`: a platform run is open, and nothing of it has a verdict."""
    platform = PlatformRun(id="platform_now", opened_by="m2_now", opened_at=NOW - EVERY / 2, closed_by=None)
    run = a_run(past, "m2", "a_readiness")
    run.platform_run = Known(platform)
    return platform_way.platform_way(run)


RUNS: dict[str, Callable[[Past], object]] = {
    "M2.A auto": m2_way,
    "M2.B": a_lane("m2", "b_cost_guardrail", cost.collect_cost),
    "M9.G": a_lane("m9", "g_cost_guardrail", cost.collect_cost),
    "RELEASE.A": a_lane(
        "release", "a_emergency_release", emergency_release.collect_release, reason="over", confirm="dev_min"
    ),
    "HOURLY.A": a_lane("hourly", "a_cost_guardrail", cost.collect_cost),
    "HOURLY.B": a_lane("hourly", "b_time_to_live", findings.collect_hourly),
    "AUDIT.B": a_lane("audit", "b_continuity", audit_continuity.collect_continuity),
    "AUDIT.D": a_lane("audit", "d_residual_scan", residual.collect_audit_residual),
    "AUDIT.F": a_lane("audit", "f_cost_guardrail", cost.collect_cost),
    "AUDIT.G": a_lane("audit", "g_state_locks", audit_locks.collect_locks),
    "AUDIT.H": a_lane("audit", "h_drift", audit_drift.collect_drift),
    "AUDIT.K": a_lane("audit", "k_standing_passes", audit_passes.collect_passes),
    "AUDIT.L": a_lane("audit", "l_time_to_live", time_to_live.collect_time_to_live),
    "AUDIT.M": a_lane("audit", "m_spend_after_zero", spend.collect_spend_after_zero),
    "M2's verdict": a_verdict("m2"),
    "M9's verdict": a_verdict("m9"),
    "HOURLY's verdict": a_verdict("hourly"),
    "AUDIT's verdict": a_verdict("audit"),
    "STOP.B looks for its M9": lambda past: find_claim(
        past.store, "dev_min", "m9", dag_id="dev_min.m9", run_id="none", not_before=NOW - EVERY
    ),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_thousand_executions_cost_no_more_than_ten(past: Callable[[int], Past], name: str) -> None:
    few, many = (past(count).asked(RUNS[name]) for count in (FEW, MANY))
    assert many == few
    assert few.total() > 0
