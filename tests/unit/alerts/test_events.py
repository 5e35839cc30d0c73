"""What is an event: a failed verdict is one, a watch has one per finding, notices and a latch that was set are some."""

import pytest

import factories_control as control
from factories_alerts import NOW, about, blocker, lane, lane_blocked, notice
from tidegate.alerts import events
from tidegate.alerts.causes import asked_by

M9 = about(phase="m9", execution_id="m9_20260213T201427Z")
NOT_RUN = lane_blocked("M9.D X", "LANE-NOT-RUN")


def test_a_passed_verdict_is_no_event() -> None:
    assert events.events(M9, (lane(),), ()) == ()
    assert events.events(about(), (lane(),), ()) == ()


def test_a_failed_verdict_is_one_event_with_all_blockers() -> None:
    lanes = (lane(blocker(), blocker("FORBIDDEN-UNKNOWN")), lane(blocker("COST-STOP-REACHED"), gate="COST-GUARDRAIL"))
    (told,) = events.events(M9, lanes, (lane_blocked(), NOT_RUN, NOT_RUN))
    assert told.scope == ""
    assert told.subject.endswith("M9: FORBIDDEN-LIVE aws_nat_gateway nat-1 and 2 more")
    assert "M9 of dev_min is blocked: 3 reasons." in told.text
    assert all(
        f"{number}. {code}" in told.text for number, code in enumerate(("FORBIDDEN-LIVE", "FORBIDDEN-UNKNOWN"), 1)
    )
    assert "3. COST-STOP-REACHED" in told.text
    assert "Lanes after that which did not run: 2" in told.text


def test_what_only_the_verdict_saw_is_told_too() -> None:
    (told,) = events.failure(M9, (lane(blocker()),), (lane_blocked(), lane_blocked("M9.B Y", "LANE-TAMPERED")))
    assert "LANE-TAMPERED" in told.text
    assert "LANE-BLOCKED" not in told.text


def test_a_blocked_lane_whose_snapshot_did_not_arrive_is_told_by_the_verdict() -> None:
    (told,) = events.failure(M9, (), (lane_blocked(),))
    assert "LANE-BLOCKED" in told.text


def test_a_verdict_of_lanes_that_did_not_run_is_told() -> None:
    (told,) = events.failure(M9, (), (NOT_RUN,))
    assert "LANE-NOT-RUN" in told.text
    assert "1 reason." in told.text


def test_the_same_blockers_of_the_same_execution_are_the_same_event() -> None:
    def key(execution: str, *found: object) -> str:
        of = about(phase="m9", execution_id=execution)
        return events.failure(of, (lane(*found),), (lane_blocked(),))[0].key  # type: ignore[arg-type]

    first = key("m9_20260213T201427Z", blocker(), blocker("FORBIDDEN-UNKNOWN"))
    assert key("m9_20260213T201427Z", blocker("FORBIDDEN-UNKNOWN"), blocker()) == first
    assert key("m9_20260213T201427Z", blocker()) != first
    assert key("m9_20260214T201427Z", blocker(), blocker("FORBIDDEN-UNKNOWN")) != first


def test_each_finding_of_a_watch_is_an_event_with_the_evidence_of_its_lane() -> None:
    told = events.events(about(), (lane(blocker(), blocker("FORBIDDEN-UNKNOWN")),), (lane_blocked(),))
    assert [alert.key for alert in told] == [
        "finding/NETWORK-POSTURE/FORBIDDEN-LIVE/aws_nat_gateway nat-1",
        "finding/NETWORK-POSTURE/FORBIDDEN-UNKNOWN/aws_nat_gateway nat-1",
    ]
    assert {alert.scope for alert in told} == {"NETWORK-POSTURE"}
    assert "Evidence: s3://evidence/audit_c_network_posture_snapshot.json" in told[0].text


def test_audit_and_hourly_check_share_a_finding() -> None:
    hourly = about(phase="hourly", execution_id="hourly_20260213T201427Z")
    given = (lane(blocker()),)
    (night,), (hour,) = events.events(about(), given, ()), events.events(hourly, given, ())
    assert (night.key, night.fingerprint) == (hour.key, hour.fingerprint)


def test_two_blockers_about_one_thing_are_one_finding() -> None:
    (told,) = events.findings(about(), (lane(blocker(), blocker(observed="state pending")),), ())
    assert "1. FORBIDDEN-LIVE" in told.text
    assert "2. FORBIDDEN-LIVE" in told.text


def test_a_lane_that_did_not_run_is_the_same_finding_every_night_and_each_watchs_own() -> None:
    def missed(phase: str, execution: str) -> tuple[str, str]:
        of = about(phase=phase, execution_id=execution)
        said = lane_blocked(code="LANE-NOT-RUN", resource=f"s3://evidence/{execution}/x.json")
        (told,) = events.findings(of, (), (said,))
        return told.key, told.fingerprint

    assert missed("audit", "audit_20260213T000000Z") == missed("audit", "audit_20260214T000000Z")
    assert missed("audit", "audit_20260213T000000Z") != missed("hourly", "hourly_20260213T000000Z")


def test_notices_of_any_phase_are_told_once_by_their_key() -> None:
    for of in (about(), M9):
        (told,) = events.events(of, (lane(notices=(notice(),)), lane(notices=(notice(),))), ())
        assert told.key == "notice/rung/2026-02/20"
        assert told.subject.endswith(": the cost has crossed 20 USD")
        assert "Do: see what spends" in told.text


def test_only_gates_that_judged_say_that_a_finding_is_gone() -> None:
    lanes = (lane(), lane(gate="COST-GUARDRAIL", judged=False))
    assert events.looked_at(about(), lanes) == {"NETWORK-POSTURE", "PHASE-VERDICT audit", "MANIFEST"}
    assert events.looked_at(M9, lanes) == frozenset()


def test_a_gate_that_could_not_judge_has_not_looked() -> None:
    assert events.judged(True, (blocker(),))
    assert not events.judged(True, (blocker("GATE-BROKEN"),))
    assert not events.judged(True, (blocker("FACTS-STALE"),))
    assert not events.judged(False, ())


@pytest.mark.parametrize(
    "code",
    [
        "FORBIDDEN-UNREADABLE",
        "COST-INVENTORY-UNREAD",
        "LOCK-AGE-UNKNOWN",
        "COST-OWN-READS-MISSING",
        "PLAN-INCOMPLETE",
        "EVIDENCE-NOT-JUDGED",
        "STACK-NOT-LOOKED-AT",
        "STATE-NOT-READ",
        "COST-OWN-READS-SPENT",
        "REGION-DISABLED",
    ],
)
def test_a_gate_that_did_not_see_a_part_has_not_looked(code: str) -> None:
    assert not events.judged(True, (blocker(), blocker(code)))


def test_runs_that_are_triggered_again_for_one_cause_tell_it_once() -> None:
    def key(phase: str, execution: str, asked_by: str, *found: object) -> str:
        of = about(phase=phase, execution_id=execution, asked_by=asked_by)
        return events.failure(of, (lane(*found),), (lane_blocked(),))[0].key  # type: ignore[arg-type]

    first = key("stop", "stop_20260213T201427Z", "cost_stop__3", blocker())
    assert key("stop", "stop_20260213T211427Z", "cost_stop__3", blocker()) == first
    assert key("stop", "stop_20260213T211427Z", "cost_stop__4", blocker()) != first
    assert key("stop", "stop_20260213T211427Z", "cost_stop__3", blocker("FORBIDDEN-UNKNOWN")) != first
    assert key("m9", "m9_20260213T211427Z", "cost_stop__3", blocker()) != first


def test_so_do_those_that_fail_without_a_verdict() -> None:
    of = about(phase="m9", asked_by="ttl__demo__20260213T201427Z")
    first = events.without_verdict(of, "dag/ttl__demo__20260213T201427Z__1/", "timed_out")
    assert events.without_verdict(of, "dag/ttl__demo__20260213T201427Z__2/", "timed_out").key == first.key
    assert events.without_verdict(of, "dag/ttl__demo__20260213T201427Z__2/", "task_failure").key != first.key


@pytest.mark.parametrize(
    ("run_id", "cause"),
    [
        ("ttl__demo__20260213T201427Z__1", "ttl__demo__20260213T201427Z"),
        ("ttl__demo__20260213T201427Z__12", "ttl__demo__20260213T201427Z"),
        ("cost_stop__3", "cost_stop__3"),
        ("cost_stop__3__2", "cost_stop__3"),
        ("stop_20260213T201427Z__try1", "stop of latch 7"),
        ("manual__2026-02-13T20:14:27+00:00", ""),
        ("scheduled__2026-02-13T20:14:27+00:00", ""),
    ],
)
def test_why_a_run_was_asked_for(run_id: str, cause: str) -> None:
    assert asked_by(run_id, 7) == cause


def test_a_stop_whose_latch_cannot_be_read_is_each_time_another() -> None:
    assert asked_by("stop_20260213T201427Z__try1", None) == ""


def test_a_file_that_cannot_be_used() -> None:
    told = events.unusable_manifest(M9, "prices.yaml:7: usage.0.unit: Field required")
    assert told.subject == "tidegate dev_min M9: MANIFEST-INVALID prices.yaml:7: usage.0.unit: Field required"
    assert "\nprices.yaml:7: usage.0.unit: Field required\n" in told.text
    assert "Do: mend what is named above" in told.text
    assert (
        events.unusable_manifest(about(phase="hourly"), "prices.yaml:7: usage.0.unit: Field required").key == told.key
    )
    assert events.unusable_manifest(M9, "prices.yaml:8: another").key != told.key


def test_a_latch_that_was_set() -> None:
    told = events.latch_set(M9, control.latch(number=7, is_set=True, reason="the cost has reached 28"))
    assert told.key == "stop/7"
    assert "EMERGENCY STOP SET" in told.subject
    assert "Why: the cost has reached 28" in told.text
    assert NOW.isoformat() in told.text


def test_a_verdict_that_is_not_in_the_evidence() -> None:
    told = events.unpublished(M9, "EVIDENCE-UNREACHABLE s3://b: not taken | observed: no answer | remedy: mend it")
    assert told.subject == "tidegate dev_min M9: EVIDENCE-UNREACHABLE, the verdict is not in the evidence"
    assert "\nobserved: no answer\nremedy: mend it\n" in told.text


def test_a_run_without_a_verdict() -> None:
    told = events.without_verdict(M9, "dag/run/", "timed_out")
    assert told.key == "without_verdict/dag/run/"
    assert "Airflow says: timed_out" in told.text
    assert "no verdict of it" in told.text
