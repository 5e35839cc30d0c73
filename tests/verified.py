"""What `tidegate verify` says about executions that really ran, and about copies of them that somebody touched."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stage import ENVIRONMENT, Stage
from tidegate import environments
from tidegate.evidence.canonical import seal
from tidegate.evidence.store import EvidenceStore, LocalStore, S3Store
from tidegate.lanes.subjects import subject_of
from tidegate.verify.execution import verify_execution


def findings(stage: Stage, execution: str, store: EvidenceStore, *, remote: bool) -> set[tuple[str, str]]:
    """Codes with the names of the files they are about; empty for sound evidence of a pass."""
    subject = subject_of(environments.load(ENVIRONMENT), execution, remote=remote)
    verified = verify_execution(store, subject, profile="sandbox")
    if verified.sound and verified.verdict != "pass":
        return {("VERDICT", str(verified.verdict))}
    return {(it.code, it.file.rpartition("/")[2]) for it in verified.findings}


def from_s3(stage: Stage, execution: str) -> set[tuple[str, str]]:
    """Read from the evidence bucket, with the chain of verdicts."""
    store = S3Store(stage.sandbox.client("s3"), environments.load(ENVIRONMENT).evidence.bucket)
    return findings(stage, execution, store, remote=True)


def from_mirror(stage: Stage, execution: str, runs: Path | None = None) -> set[tuple[str, str]]:
    """Read from `runs/`, or from a copy of it."""
    return findings(stage, execution, LocalStore(runs or stage.runs), remote=False)


def touched(stage: Stage, execution: str, touch: Callable[[Path], None]) -> set[tuple[str, str]]:
    """Read a copy of the mirror in which somebody touched the files of a teardown."""
    copy = stage.directory / "touched"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(stage.runs, copy)
    touch(copy / "dev_substrate" / "m9" / execution)
    return from_mirror(stage, execution, copy)


def rewritten(path: Path, **changes: Any) -> None:
    """Change fields and compute the digest anew, as a forger would."""
    path.write_bytes(seal({**json.loads(path.read_bytes()), **changes}))
