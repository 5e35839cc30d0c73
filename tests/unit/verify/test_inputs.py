"""What a snapshot rests on is held against its digest and, in a store with versions, against its version."""

import json
from pathlib import Path
from typing import Any

import pytest

from factories_evidence import Evidence
from standins import MemoryStore
from tidegate.evidence.canonical import seal
from tidegate.evidence.store import EvidenceStore
from tidegate.verify.execution import Verification, verify_execution

CHECK, LAST = "b_backend_readiness", "i_teardown_viability"
"""The last lane before the verdict: no other snapshot names its as an input."""
FOREIGN = "evidence/dev_min/bootstrap/m1_x/m1_d_phase_verdict.json"
PLAN = {"uri": "s3://work/x.tfplan", "version_id": None, "sha256": "b" * 64}


def resting_on(root: Path, *inputs: dict[str, Any]) -> Evidence:
    """An execution in the keys of a bucket whose last lane rests on these."""
    evidence = Evidence(root, remote=True).lanes()
    evidence.rewrite(LAST, inputs=list(inputs))
    return evidence.verdict()


def of_own(root: Path, **changes: Any) -> dict[str, Any]:
    """An earlier snapshot of the same execution as an input."""
    return {**Evidence(root / "other", remote=True).lanes().input(CHECK), **changes}


def of_another(**changes: Any) -> dict[str, Any]:
    """A document of another execution as an input."""
    digest = json.loads(seal({"a": 1}))["digest"]
    return {"uri": f"s3://{Evidence(Path()).subject.bucket}/{FOREIGN}", "version_id": None, "sha256": digest} | changes


def verified(evidence: Evidence, *, versions: bool) -> Verification:
    """`versions`: in a store that has them; there the version of a document is `v-` and its key."""
    evidence.store.create(FOREIGN, seal({"a": 1}))
    store: EvidenceStore = evidence.store
    if versions:
        store = MemoryStore()
        for key in evidence.store.keys("evidence/"):
            store.create(key, evidence.store.read(key)[1])
        chain = store.keys("evidence/dev_min/verdicts/")
        for key in chain:  # verdict records name a version of their own
            record = json.loads(store.objects[key])
            store.objects[key] = seal({**record, "verdict": {**record["verdict"], "version_id": None}})
    return verify_execution(store, evidence.subject)


def said(result: Verification) -> list[tuple[str, ...]]:
    return [(it.code, it.file, it.observed, it.expected) for it in result.findings]


@pytest.mark.parametrize("own", [True, False], ids=["own", "of-another-execution"])
@pytest.mark.parametrize(
    ("recorded", "versions", "wrong"),
    [
        pytest.param("as it is", True, False, id="the-version-that-lies-there"),
        pytest.param("v1", True, True, id="another-version"),
        pytest.param(None, True, False, id="recorded-without-a-version"),
        pytest.param("v1", False, False, id="a-store-without-versions"),
        pytest.param(None, False, False, id="no-versions-at-all"),
    ],
)
def test_the_version_of_an_input(
    tmp_path: Path, recorded: str | None, *, versions: bool, wrong: bool, own: bool
) -> None:
    key = Evidence(tmp_path, remote=True).key(CHECK) if own else FOREIGN
    version = f"v-{key}" if recorded == "as it is" else recorded
    given = of_own(tmp_path, version_id=version) if own else of_another(version_id=version)
    evidence = resting_on(tmp_path, given)
    mismatch = ("INPUT-MISMATCH", key, f"version v-{key}", f"version v1, as recorded in {evidence.key(LAST)}")
    assert said(verified(evidence, versions=versions)) == ([mismatch] if wrong else [])


@pytest.mark.parametrize("own", [True, False], ids=["own", "of-another-execution"])
def test_the_digest_of_an_input_is_said(tmp_path: Path, *, own: bool) -> None:
    """A digest that is wrong says enough; the version beside it is not held against it too."""
    right = of_own(tmp_path) if own else of_another()
    evidence = resting_on(tmp_path, {**right, "sha256": "a" * 64, "version_id": "v1"})
    key = evidence.key(CHECK) if own else FOREIGN
    expected = f"digest {'a' * 64}, as recorded in {evidence.key(LAST)}"
    assert said(verified(evidence, versions=True)) == [("INPUT-MISMATCH", key, f"digest {right['sha256']}", expected)]


def test_an_input_without_a_digest_is_said(tmp_path: Path) -> None:
    given = of_another()
    evidence = resting_on(tmp_path, given)
    result = verified(evidence, versions=False)
    assert said(result) == []
    (tmp_path / FOREIGN).write_bytes(b"broken")
    expected = f"digest {given['sha256']}, as recorded in {evidence.key(LAST)}"
    assert said(verify_execution(evidence.store, evidence.subject)) == [
        ("INPUT-MISMATCH", FOREIGN, "content without a valid digest", expected)
    ]


def test_an_input_elsewhere_does_not_hide_the_next(tmp_path: Path) -> None:
    """A plan lies in the work bucket; what is named after it is looked at all the same."""
    evidence = resting_on(tmp_path, PLAN, of_another(sha256="a" * 64), PLAN)
    result = verified(evidence, versions=False)
    assert [(it.code, it.file) for it in result.findings] == [("INPUT-MISMATCH", FOREIGN)]
    plans_of_the_other_lanes = len(evidence.subject.lanes) - 2
    assert result.inputs_elsewhere == plans_of_the_other_lanes + 2
