"""Red for every defect that was found and not fixed."""

import json
import os
from datetime import datetime, timedelta, timezone

# the fakes of tests/unit/terraform
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import pytest

import factories_control as control
from factories_world import NOW
from standins import BUCKET, MemoryStore, dev_min, lane_run, s3_in_moto
from tidegate.evidence.canonical import plain, seal
from tidegate.evidence.control import latch_series, platform_series, read_latch, read_platform_run
from tidegate.evidence.layout import Place, attempt_of
from tidegate.evidence.lease import RunLease
from tidegate.evidence.publish import publish
from tidegate.evidence.store import LocalStore, StoreUnreachable
from tidegate.models.observed import Absent, Unreadable
from tidegate.terraform.events import Progress
from tidegate.terraform.plan import to_plan
from tidegate.terraform.workspace import source_digest

_path = Path(__file__).parents[1] / "terraform"


def _load(name: str) -> Any:
    loader = SourceFileLoader(f"defects_{name}", str(_path / f"{name}.py"))
    module = module_from_spec(spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


_conftest, _runner = _load("conftest"), _load("test_runner")
fake, clock, open_pipe = _conftest.fake, _conftest.clock, _conftest.open_pipe
environment, workspace, intents = _runner.environment, _runner.workspace, _runner.intents
said, terraform, plan_file = _runner.said, _runner.terraform, _runner.plan_file


# D1, D2: a record that cannot be written while terraform runs abandons a living terraform


@pytest.mark.parametrize("what", ["beat", "started"])
def test_a_record_that_cannot_be_written_meanwhile_does_not_abandon_terraform(
    fake, terraform, intents, plan_file, clock, open_pipe, what
):
    pipe, beats = fake.pipe("go"), []
    fake('wait_for("go")\nsay("done")')
    clock.step = 10.0
    intents.refusing = what

    def heartbeat(_seconds):
        beats.append(1)
        if len(beats) == 2:
            open_pipe(pipe)

    terraform(on_heartbeat=heartbeat).apply(plan_file)
    assert intents.written[-1] == ("ended", 0)


# D3: two SIGINTs make terraform give up at once, with its state unwritten

TWO = """
signal.signal(signal.SIGINT, lambda *_: say("INT"))
say("ready")
wait_for("go")
"""


def test_the_deadline_and_a_kill_send_one_sigint(fake, terraform, plan_file, clock, open_pipe):
    pipe = fake.pipe("go")
    fake(TWO)
    lines = []

    def log(line):
        lines.append(line)
        if line == "ready":
            clock.time += 3601
        if line == "INT" and lines.count("INT") == 1:
            it.interrupt()  # the user marks the task failed while terraform is stopping
            clock.step = 1.0

    def beat(_seconds):
        if "INT" in lines:
            open_pipe(pipe)

    it = terraform(log=log, on_heartbeat=beat)
    it.apply(plan_file)
    assert lines.count("INT") == 1


def test_killing_twice_sends_one_sigint(fake, terraform, plan_file, clock, open_pipe):
    pipe = fake.pipe("go")
    fake(TWO)
    lines = []

    def log(line):
        lines.append(line)
        if line == "ready":
            it.interrupt()
        if line == "INT" and lines.count("INT") == 1:
            it.interrupt()
            clock.step = 1.0

    it = terraform(log=log, on_heartbeat=lambda _s: open_pipe(pipe) if "INT" in lines else None)
    it.apply(plan_file)
    assert lines.count("INT") == 1


# D4: the total of an apply


def test_an_apply_of_a_saved_plan_knows_its_total():
    progress = Progress()
    for n in range(3):
        progress.feed(
            json.dumps(
                {"type": "planned_change", "change": {"resource": {"addr": f"aws_vpc.a[{n}]"}, "action": "create"}}
            )
        )
    line = json.dumps(
        {
            "type": "apply_complete",
            "hook": {"resource": {"addr": "aws_vpc.a[0]", "resource": "aws_vpc.a[0]"}, "action": "create"},
        }
    )
    assert progress.feed(line) == "[1/3] aws_vpc.a[0] created after 0 s"


def test_a_module_called_data_is_no_data_source():
    resource = {"addr": "module.data.aws_vpc.a", "resource": "aws_vpc.a"}
    line = json.dumps({"type": "apply_complete", "hook": {"resource": resource, "action": "create"}})
    assert Progress().feed(line) is not None


# D5: sources that terraform reads and the digest does not


@pytest.mark.parametrize("name", ["terraform.tfvars", "x.auto.tfvars", "user_data.sh", "policy.yaml"])
def test_every_file_that_is_copied_counts(tmp_path, name):
    (tmp_path / "main.tf").write_text("")
    before = source_digest(tmp_path)
    (tmp_path / name).write_text("x")
    assert source_digest(tmp_path) != before


# D6: a mirror that cannot be written or listed


@pytest.mark.parametrize("call", [lambda s: s.create("a/b.json", b""), lambda s: s.keys("a/"), lambda s: s.read("a/b")])
def test_a_mirror_that_is_no_directory_is_unreachable(tmp_path, call):
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(StoreUnreachable):
        call(LocalStore(tmp_path / "runs"))


def test_a_directory_that_cannot_be_listed_is_not_empty(tmp_path, monkeypatch):
    store = LocalStore(tmp_path)
    store.create("a/b/x.json", b"")
    scandir = os.scandir

    def denied(path="."):
        if str(path).endswith("b"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(StoreUnreachable):
        store.keys("a/")


# D7: M1's attempts


def test_before_there_is_a_bucket_the_slower_one_takes_the_next_number(tmp_path):
    class Busy(LocalStore):
        def create(self, key, content):
            if key == "e/x.json" and not (tmp_path / key).exists():
                super().create(key, b"faster")
            return super().create(key, content)

    assert publish(Place("r", "e/x"), lambda attempt: {"attempt": attempt}, Busy(tmp_path), None).attempt == 2


# D8: a lease without time zones


def test_a_lease_without_time_zones_is_unreadable():
    holder = {"dag_id": "d", "run_id": "r", "execution_id": "e"}
    times = dict.fromkeys(("acquired_at", "heartbeat_at", "expires_at"), "2026-02-13T20:14:27")
    with s3_in_moto() as s3:
        s3.put_object(Bucket=BUCKET, Key="control/e/lease.json", Body=seal(holder | times))
        lease = RunLease(s3, BUCKET, "e", seconds=60)
        assert isinstance(lease.check(dag_id="x", run_id="y", now=NOW).holder, Unreadable)
        assert not lease.acquire(dag_id="x", run_id="y", execution_id="z", now=NOW).ours


# D12: control records


@pytest.mark.parametrize("closed_by", ["", False, 0, {}])
def test_a_platform_run_is_closed_by_an_address_only(closed_by):
    store = MemoryStore()
    record = {"id": "p", "opened_by": "m2", "opened_at": NOW.isoformat(), "closed_by": closed_by}
    platform_series(store, "e").append(record, after=0)
    assert isinstance(read_platform_run(store, "e"), Unreadable)


def test_a_platform_run_without_an_id_is_unreadable():
    store = MemoryStore()
    record = {"id": None, "opened_by": "m2", "opened_at": NOW.isoformat(), "closed_by": None}
    platform_series(store, "e").append(record, after=0)
    assert isinstance(read_platform_run(store, "e"), Unreadable)


def test_an_older_record_under_a_higher_number_is_unreadable():
    store = MemoryStore()
    latch = latch_series(store, "e")
    latch.append({"is_set": False, "reason": "r", "recorded_at": NOW.isoformat()}, after=0)
    latch.append({"is_set": True, "reason": "r", "recorded_at": NOW.isoformat()}, after=1)
    store.objects["control/e/latch/000003.json"] = store.objects["control/e/latch/000001.json"]
    assert isinstance(read_latch(store, "e"), Unreadable)


def test_keys_that_are_no_records_are_not_nothing():
    store = MemoryStore()
    store.create("control/e/latch/000001.json.bak", b"")
    assert not isinstance(read_latch(store, "e"), Absent)


# D11: times


def test_times_are_utc_with_z():
    same = datetime(2026, 2, 13, 21, 0, tzinfo=timezone(timedelta(hours=1)))
    assert plain(same) == "2026-02-13T20:00:00Z"


def test_a_time_without_a_zone_has_no_form():
    with pytest.raises((TypeError, ValueError)):
        plain(datetime(2026, 2, 13))


# D17: attempts


@pytest.mark.parametrize("key", ["x.attempt3", "x.attempt\u00b2.json", "x.attempt0.json", "x.attempt1.json"])
def test_what_is_no_attempt(key):
    assert attempt_of("x", key) is None


# D18: sensitive attributes


def test_a_sensitive_attribute_never_becomes_a_fact():
    document = {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "resource_changes": [
            {
                "address": "aws_vpc_endpoint.a",
                "mode": "managed",
                "type": "aws_vpc_endpoint",
                "change": {
                    "actions": ["create"],
                    "after": {"vpc_endpoint_type": "s3cr3t"},
                    "after_unknown": {},
                    "after_sensitive": {"vpc_endpoint_type": True},
                },
            }
        ],
    }
    plan = to_plan(
        document,
        stack="demo",
        purpose="build",
        has_changes=True,
        policy=dev_min()[1].forbidden,
        sha256="",
        source_digest="",
    )
    assert "s3cr3t" not in repr(plan)


# D10: an XCom that cannot be fetched


def test_an_xcom_that_cannot_be_fetched_is_unreadable():
    from tidegate.operators.airflow_run import handed_over

    class Denied:
        def xcom_pull(self, **_):
            raise PermissionError("Forbidden")

    assert isinstance(handed_over(Denied(), "a"), Unreadable)


# D30: a number beyond JSON in a stored snapshot


def test_a_verdict_survives_a_snapshot_with_a_number_beyond_json(tmp_path, monkeypatch):
    from tidegate.lanes import judging, verdict

    for module in (judging, verdict):
        monkeypatch.setattr(module, "now", lambda: NOW)
    run = lane_run(tmp_path, "m9", "a_readiness")
    judging.judge(run, control.teardown_readiness_facts(observed_at=NOW))
    (key,) = [key for key in run.remote.objects if "snapshot" in key]
    run.remote.objects[key] = run.remote.objects[key].replace(b'"facts": {', b'"facts": {"n": 1e999, ', 1)
    facts = verdict.collect_verdict(lane_run(tmp_path, "m9", "i_phase_verdict", remote=run.remote))
    assert isinstance(facts.lanes[0].digest_valid, Unreadable) or facts.lanes[0].digest_valid.value is False


# D9: the CLI


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    import sys

    from tidegate import cli
    from tidegate.settings import settings

    monkeypatch.setenv("TIDEGATE_RUNS_DIR", str(tmp_path / "runs"))
    settings.cache_clear()

    def call_it(*arguments):
        monkeypatch.setattr(sys, "argv", ["tidegate", *arguments])
        try:
            return cli.main()
        finally:
            capsys.readouterr()

    return call_it


A = "dev_substrate/m2_a/20260213T201427Z/m2_a_readiness_snapshot.json"
J = "dev_substrate/m2_j/20260213T201427Z/m2_j_phase_verdict.json"


def test_a_tampered_lane_below_a_passed_verdict_is_no_pass(call, tmp_path):
    store = LocalStore(tmp_path / "runs")
    store.create(A, seal({"status": "fail", "blockers": []}).replace(b'"fail"', b'"pass"'))
    store.create(J, seal({"status": "pass", "blockers": []}))
    assert call("show", "m2_20260213T201427Z") == 2


@pytest.mark.parametrize(
    "content", [b'{"blockers": null}', b'{"blockers": ["x"]}', b'{"blockers": [{}]}', b'{"n": 1e999}']
)
def test_a_tampered_file_is_shown_and_not_a_traceback(call, tmp_path, content):
    LocalStore(tmp_path / "runs").create(A, content)
    assert call("show", "m2_20260213T201427Z") == 2


def test_no_environment_is_no_pass(call, tmp_path, monkeypatch):
    from tidegate.settings import settings

    monkeypatch.setenv("TIDEGATE_ENVIRONMENTS_DIR", str(tmp_path))
    settings.cache_clear()
    assert call("environments") != 0


def test_an_unknown_profile_is_wrong_usage(call, monkeypatch):
    from tidegate.settings import settings

    monkeypatch.setenv("TIDEGATE_PROFILE", "production")
    settings.cache_clear()
    assert call("environments") == 64


# D14: stacks that no lane knows


@pytest.mark.parametrize("name", ["confluent", "edge"])
def test_a_stack_that_no_lane_builds_is_not_passed_over(name):
    from tidegate.lanes.phases import build_phase

    environment = dev_min()[0]
    stack = environment.stacks["demo"].model_copy(update={"state_key": f"dev_min/{name}/terraform.tfstate"})
    changed = environment.model_copy(update={"stacks": {**environment.stacks, name: stack}})
    assert name in {lane.stack for lane in build_phase(changed).lanes}
