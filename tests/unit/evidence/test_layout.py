"""The keys of the evidence, letter by letter: what is stored under another key is not found again."""

from typing import get_args

import pytest

from tidegate.environments import load
from tidegate.evidence.layout import Phase, Place, attempt_of, proof_place, snapshot_place
from tidegate.lanes.phases import phase_of

M1, M2, M9 = "m1_20260213T200000Z", "m2_20260213T201427Z", "m9_20260214T090000Z"


@pytest.mark.parametrize(
    ("phase", "lane", "execution_id", "name", "remote", "local"),
    [
        (
            "m1",
            "M1.C",
            M1,
            "m1_c_backend_state_readiness_snapshot",
            f"evidence/dev_min/bootstrap/{M1}/m1_c_backend_state_readiness_snapshot",
            f"dev_substrate/m1/{M1}/m1_c_backend_state_readiness_snapshot",
        ),
        (
            "m2",
            "M2.B",
            M2,
            "m2_b_backend_state_readiness_snapshot",
            f"evidence/dev_min/substrate/{M2}/m2_b_backend_state_readiness_snapshot",
            "dev_substrate/m2_b/20260213T201427Z/m2_b_backend_state_readiness_snapshot",
        ),
        (
            "m2",
            "M2.G",
            M2,
            "no_nat_check",
            f"evidence/dev_min/substrate/{M2}/no_nat_check",
            "dev_substrate/m2_g/20260213T201427Z/no_nat_check",
        ),
        (
            "m2",
            "M2.J",
            M2,
            "m2_j_phase_verdict",
            f"evidence/dev_min/substrate/{M2}/m2_j_phase_verdict",
            "dev_substrate/m2_j/20260213T201427Z/m2_j_phase_verdict",
        ),
        (
            "m9",
            "M9.B",
            M9,
            "m9_b_teardown_scope",
            f"evidence/dev_min/run_control/{M9}/m9_b_teardown_scope",
            f"dev_substrate/m9/{M9}/m9_b_teardown_scope",
        ),
        (
            "m9",
            "M9.I",
            M9,
            "m9_i_phase_verdict",
            f"evidence/dev_min/run_control/{M9}/m9_i_phase_verdict",
            f"dev_substrate/m9/{M9}/m9_i_phase_verdict",
        ),
        (
            "stop",
            "STOP.A",
            "stop_20260213T201427Z",
            "stop_a_emergency_latch_snapshot",
            "evidence/dev_min/emergency_stop/stop_20260213T201427Z/stop_a_emergency_latch_snapshot",
            "dev_substrate/emergency_stop/stop_20260213T201427Z/stop_a_emergency_latch_snapshot",
        ),
        (
            "release",
            "RELEASE.B",
            "release_20260213T201427Z",
            "release_b_phase_verdict",
            "evidence/dev_min/emergency_release/release_20260213T201427Z/release_b_phase_verdict",
            "dev_substrate/emergency_release/release_20260213T201427Z/release_b_phase_verdict",
        ),
    ],
)
def test_places_of_dev_min(phase: Phase, lane: str, execution_id: str, name: str, remote: str, local: str) -> None:
    place = snapshot_place("dev_min", "dev_substrate", phase, lane, execution_id, name)
    assert place == Place(remote=remote, local=local)


@pytest.mark.parametrize(
    ("phase", "lane", "local"),
    [("m1", "M1.A", f"staging/m1/{M2}/x"), ("m2", "M2.A", "staging/m2_a/20260213T201427Z/x")],
)
def test_other_environments_are_mirrored_under_their_own_name(phase: Phase, lane: str, local: str) -> None:
    place = snapshot_place("staging", "staging", phase, lane, M2, "x")
    assert place.local == local
    assert place.remote.startswith("evidence/staging/")


def test_the_proof_belongs_to_the_platform_run() -> None:
    place = proof_place("platform_20260213T201427Z")
    assert place.remote_key(1) == "evidence/runs/platform_20260213T201427Z/teardown/teardown_proof.json"
    assert place.remote_key(2) == "evidence/runs/platform_20260213T201427Z/teardown/teardown_proof.attempt2.json"
    assert place.local_key(1) == "runs/platform_20260213T201427Z/teardown/teardown_proof.json"


def test_names_of_attempts() -> None:
    place = Place(remote="evidence/e/x", local="e/x")
    assert [place.remote_key(n) for n in (1, 2, 10)] == [
        "evidence/e/x.json",
        "evidence/e/x.attempt2.json",
        "evidence/e/x.attempt10.json",
    ]
    assert place.local_key(3) == "e/x.attempt3.json"


@pytest.mark.parametrize(
    ("key", "attempt"),
    [
        ("e/x.json", 1),
        ("e/x.attempt2.json", 2),
        ("e/x.attempt10.json", 10),
        ("e/xy.json", None),
        ("e/x.attempt.json", None),
        ("e/x.attemptx.json", None),
        ("e/x.attempt-2.json", None),
        ("e/x.attempt0.json", None),
        ("e/x.attempt1.json", None),
        ("e/x.attempt02.json", None),
        ("e/x.attempt\N{SUPERSCRIPT TWO}.json", None),
        ("e/x.attempt3", None),
        ("e/x.attempt2.json.bak", None),
        ("e/x.json.attempt2.json", None),
        ("e/x.txt", None),
        ("other/x.json", None),
        ("e/x", None),
    ],
)
def test_which_attempt_a_key_is(key: str, attempt: int | None) -> None:
    assert attempt_of("e/x", key) == attempt


@pytest.mark.parametrize("attempt", [1, 2, 9, 10, 123])
def test_a_key_tells_its_attempt(attempt: int) -> None:
    place = Place(remote="evidence/e/x", local="e/x")
    assert attempt_of(place.remote, place.remote_key(attempt)) == attempt
    assert attempt_of(place.local, place.local_key(attempt)) == attempt


@pytest.mark.parametrize("phase", get_args(Phase))
def test_no_two_lanes_share_a_place(phase: Phase) -> None:
    spec = phase_of(load("dev_min"), phase)
    lanes = (*spec.lanes, spec.verdict)
    places = [snapshot_place("dev_min", "x", phase, lane.name, f"{phase}_x", lane.snapshot) for lane in lanes]
    assert len({place.remote for place in places}) == len(lanes)
    assert len({place.local for place in places}) == len(lanes)
