"""Where the snapshots of an execution may lie."""

from dataclasses import replace
from pathlib import Path

import pytest

from factories_evidence import M1, M2, M9, Evidence
from tidegate.evidence.canonical import seal
from tidegate.verify.execution import verify_execution
from tidegate.verify.subject import Required

STAMP = M2.removeprefix("m2_")


@pytest.mark.parametrize("letter", ["a", "b", "x", "z"])
def test_a_file_in_any_folder_of_the_build(tmp_path: Path, letter: str) -> None:
    """The mirror has a folder per lane of M2; a lane that this version does not have may have left one."""
    evidence = Evidence(tmp_path).lanes().verdict()
    key = f"dev_substrate/m2_{letter}/{STAMP}/m2_{letter}_other.json"
    evidence.store.create(key, seal({}))
    findings = verify_execution(evidence.store, evidence.subject).findings
    assert [(it.code, it.file) for it in findings] == [("FILE-UNKNOWN", key)]


def test_the_folders_of_the_build_are_those_of_all_letters_once() -> None:
    folders = Evidence(Path()).subject.folders()
    assert folders == tuple(f"dev_substrate/m2_{letter}/{STAMP}/" for letter in "abcdefghijklmnopqrstuvwxyz")


def test_a_lane_that_is_no_letter_has_its_folder_too() -> None:
    """Whatever the phase asks for is looked for."""
    subject = Evidence(Path()).subject
    lane = Required(lane="M2.AA", task="aa_more", gate="PLAN-GUARD", snapshot="m2_aa_more_snapshot")
    folders = replace(subject, lanes=(*subject.lanes, lane)).folders()
    assert f"dev_substrate/m2_aa/{STAMP}/" in folders
    assert len(folders) == 27


@pytest.mark.parametrize(
    ("execution", "remote", "folder"),
    [
        (M1, False, f"dev_substrate/m1/{M1}/"),
        (M9, False, f"dev_substrate/m9/{M9}/"),
        (M2, True, f"evidence/dev_min/substrate/{M2}/"),
        (M9, True, f"evidence/dev_min/run_control/{M9}/"),
    ],
)
def test_elsewhere_all_lanes_share_one_folder(execution: str, remote: bool, folder: str) -> None:
    assert Evidence(Path(), execution, remote=remote).subject.folders() == (folder,)
