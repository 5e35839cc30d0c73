"""What is an event: a failed verdict is one, a watch has one per finding, notices and a latch that was set are some."""

from dataclasses import replace

import pytest

import factories_control as control
from factories_alerts import NOW, about, blocker, lane, lane_blocked, notice
from tidegate.alerts import events, message
from tidegate.alerts.causes import asked_by
from tidegate.alerts.fingerprint import digest, fingerprint
from tidegate.models.alert import Alert

M9 = about(phase="m9", execution_id="m9_20260213T201427Z")
NOT_RUN = lane_blocked("M9.D X", "LANE-NOT-RUN")
VERDICT = "s3://evidence/audit_n_phase_verdict.json"
POSTURE = "s3://evidence/audit_c_network_posture_snapshot.json"


def where(evidence: str = VERDICT, execution: str = "m9_20260213T201427Z") -> str:
    """How every text ends."""
    return (
        "Run: https://airflow.example/dags/dev_min.teardown_audit/runs/scheduled__1\n"
        f"Evidence: {evidence}\n"
        f"Execution: {execution} of dev_min\n"
    )


def once(key: str, headline: str, text: str) -> Alert:
    """What M9 tells of something that happened once: no gate will ever say that it is gone."""
    return Alert(
        key=key, scope="", fingerprint="", subject=f"tidegate dev_min M9: {headline}", text=f"{text}\n\n{where()}"
    )


def test_a_passed_verdict_is_no_event() -> None:
    assert events.events(M9, (lane(),), ()) == ()
    assert events.events(about(), (lane(),), ()) == ()


def test_a_failed_verdict_is_one_event_with_all_blockers() -> None:
    lanes = (lane(blocker(), blocker("FORBIDDEN-UNKNOWN")), lane(blocker("COST-STOP-REACHED"), gate="COST-GUARDRAIL"))
    (told,) = events.events(M9, lanes, (lane_blocked(), NOT_RUN, NOT_RUN))
    found = (blocker(), blocker("FORBIDDEN-UNKNOWN"), blocker("COST-STOP-REACHED"))
    gates = ("NETWORK-POSTURE", "NETWORK-POSTURE", "COST-GUARDRAIL")
    identity = digest(sorted(fingerprint(gate, each) for gate, each in zip(gates, found, strict=True)))
    said = "\n\n".join(f"{number}. {message.said(each)}" for number, each in enumerate(found, start=1))
    assert told == once(
        f"verdict/m9_20260213T201427Z/{identity}",
        "FORBIDDEN-LIVE aws_nat_gateway nat-1 and 2 more",
        f"M9 of dev_min is blocked: 3 reasons.\n\n{said}\n\nLanes after that which did not run: 2",
    )


def test_one_reason_is_named_alone_and_lanes_that_all_ran_are_not_counted() -> None:
    (told,) = events.events(M9, (lane(blocker()),), (lane_blocked(),))
    assert told == once(
        f"verdict/m9_20260213T201427Z/{digest([fingerprint('NETWORK-POSTURE', blocker())])}",
        "FORBIDDEN-LIVE aws_nat_gateway nat-1",
        f"M9 of dev_min is blocked: 1 reason.\n\n{message.said(blocker())}",
    )


@pytest.mark.parametrize(("reasons", "said"), [(1, "1 reason"), (2, "2 reasons")])
def test_as_many_lanes_that_did_not_run_as_there_are_reasons_are_counted_all_the_same(reasons: int, said: str) -> None:
    found = [blocker(resource=str(number)) for number in range(reasons)]
    (told,) = events.failure(M9, (lane(*found),), (lane_blocked(), *[NOT_RUN] * reasons))
    assert told.text.startswith(f"M9 of dev_min is blocked: {said}.\n")
    assert f"\nLanes after that which did not run: {reasons}\n" in told.text


def test_what_only_the_verdict_saw_is_told_too() -> None:
    (told,) = events.failure(M9, (lane(blocker()),), (lane_blocked(), lane_blocked("M9.B Y", "LANE-TAMPERED")))
    assert "LANE-TAMPERED" in told.text
    assert "LANE-BLOCKED" not in told.text


def test_a_lane_that_told_its_own_blockers_is_told_of_otherwise_all_the_same() -> None:
    of_the_lane = lane_blocked(summary="AUDIT.C NETWORK-POSTURE: the gate is closed: see there")
    others = (lane_blocked(code="LANE-TAMPERED"), lane_blocked("M9.B Y"))
    (told,) = events.failure(M9, (lane(blocker()),), (of_the_lane, *others))
    assert told.text.startswith("M9 of dev_min is blocked: 3 reasons.\n")
    assert all(f"{number}. {message.said(each)}" in told.text for number, each in enumerate(others, start=2))


def test_a_blocked_lane_whose_snapshot_did_not_arrive_is_told_by_the_verdict() -> None:
    (told,) = events.failure(M9, (), (lane_blocked(),))
    assert "LANE-BLOCKED" in told.text


def test_a_verdict_of_lanes_that_did_not_run_is_told() -> None:
    (told,) = events.failure(M9, (), (NOT_RUN,))
    assert told.text == f"M9 of dev_min is blocked: 1 reason.\n\n{message.said(NOT_RUN)}\n\n{where()}"


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
    assert told == tuple(
        Alert(
            key=f"finding/NETWORK-POSTURE/{each.code}/aws_nat_gateway nat-1",
            scope="NETWORK-POSTURE",
            fingerprint=digest([fingerprint("NETWORK-POSTURE", each)]),
            subject=f"tidegate dev_min AUDIT: {each.code} aws_nat_gateway nat-1",
            text=f"AUDIT of dev_min found something.\n\n{message.said(each)}\n\n"
            + where(POSTURE, "audit_20260213T201427Z"),
        )
        for each in (blocker(), blocker("FORBIDDEN-UNKNOWN"))
    )


def test_what_the_verdict_of_a_watch_found_has_the_evidence_of_the_verdict() -> None:
    missed = lane_blocked(code="LANE-NOT-RUN", summary="AUDIT.C NETWORK-POSTURE: it did not run: upstream_failed")
    (told,) = events.findings(about(), (), (missed,))
    assert told.key == "finding/PHASE-VERDICT audit/LANE-NOT-RUN/AUDIT.C NETWORK-POSTURE"
    assert told.text.endswith(f"\n\n{where(VERDICT, 'audit_20260213T201427Z')}")


def test_the_proof_of_an_earlier_run_is_no_reason_where_this_one_made_none() -> None:
    """It lies with the platform run: a run that stops before its own proof finds the one before."""
    proof = "s3://evidence/runs/platform_x/teardown/teardown_proof.json"
    earlier = [
        lane_blocked(code=code, summary="M9.H TEARDOWN-PROOF: another", resource=proof)
        for code in ("LANE-SUPERSEDED", "LANE-STALE", "LANE-FOREIGN")
    ]
    not_run = lane_blocked(code="LANE-NOT-RUN", summary="M9.H TEARDOWN-PROOF: it did not run", resource=proof)
    (told,) = events.events(M9, (lane(blocker()),), (not_run, *earlier))
    assert told.subject == "tidegate dev_min M9: FORBIDDEN-LIVE aws_nat_gateway nat-1"
    (told,) = events.events(M9, (lane(blocker()),), tuple(earlier))
    assert told.subject.endswith("and 3 more"), "a lane that ran must have a proof of its own"


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
        assert told == Alert(
            key="notice/rung/2026-02/20",
            scope="",
            fingerprint="",
            subject=f"tidegate dev_min {of.phase.upper()}: the cost has crossed 20 USD",
            text=f"the cost has crossed 20 USD\n\nDo: see what spends\n\n{where(POSTURE, of.execution_id)}",
        )


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
    assert told == replace(
        once(
            f"manifest/{digest(['prices.yaml:7: usage.0.unit: Field required'])}",
            "MANIFEST-INVALID prices.yaml:7: usage.0.unit: Field required",
            "M9 of dev_min could not begin: a file of the manifest cannot be used.\n\n"
            "MANIFEST-INVALID\nprices.yaml:7: usage.0.unit: Field required\n\n"
            "Until then every phase fails without a verdict: no audit, no cost check, no end of a time to live, no "
            "teardown. This is told once.\n\n"
            "Do: mend what is named above, in include/environments or include/policies; then clear this run",
        ),
        scope="MANIFEST",
    )
    assert (
        events.unusable_manifest(about(phase="hourly"), "prices.yaml:7: usage.0.unit: Field required").key == told.key
    )
    assert events.unusable_manifest(M9, "prices.yaml:8: another").key != told.key


def test_a_latch_that_was_set() -> None:
    told = events.latch_set(M9, control.latch(number=7, is_set=True, reason="the cost has reached 28"))
    assert told == once(
        "stop/7",
        "EMERGENCY STOP SET, builds are closed",
        "The emergency stop of dev_min is set. Nothing new is built; teardown stays open.\n\n"
        f"Why: the cost has reached 28\nSince: {NOW.isoformat()}\nRecord: 7\n\n"
        "Do: see that dev_min.emergency_stop tears down what spends (docs/runbooks/emergency-stop.md); when the cost "
        "is below the stop, trigger dev_min.emergency_release with a reason",
    )


def test_a_verdict_that_is_not_in_the_evidence() -> None:
    told = events.unpublished(M9, "EVIDENCE-UNREACHABLE s3://b: not taken | observed: no answer | remedy: mend it")
    assert told == once(
        f"unpublished/m9_20260213T201427Z/{digest(['EVIDENCE-UNREACHABLE'])}",
        "EVIDENCE-UNREACHABLE, the verdict is not in the evidence",
        "M9 of dev_min could not put its verdict into the evidence. Nothing counts as passed.\n\n"
        "EVIDENCE-UNREACHABLE\ns3://b: not taken\nobserved: no answer\nremedy: mend it",
    )


@pytest.mark.parametrize(("reason", "said"), [("timed_out", "timed_out"), ("", "nothing")])
def test_a_run_without_a_verdict(reason: str, said: str) -> None:
    assert events.without_verdict(M9, "dag/run/", reason) == once(
        "without_verdict/dag/run/",
        "run failed without a verdict",
        "M9 of dev_min failed, and there is no verdict of it.\n\n"
        f"Airflow says: {said}\n\n"
        "Do: open the run, read the log of the task that failed first, clear that task with everything downstream",
    )
