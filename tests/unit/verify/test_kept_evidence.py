"""Evidence that earlier versions wrote stays verifiable: whatever a later gate would say, nobody changed it.

Each archive is the mirror that `make demo` left, of a commit or of a day. A gate that judges otherwise by now is said
(`GATE-VERSION`), with the version that would judge it; anything else would be an accusation.
"""

import json
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tidegate import cli
from tidegate.settings import settings

KEPT = sorted((Path(__file__).parents[2] / "fixtures" / "evidence").glob("*.tar.xz"))


@pytest.fixture(params=KEPT, ids=lambda path: path.name.removesuffix(".tar.xz"))
def mirror(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with tarfile.open(request.param) as archive:
        archive.extractall(tmp_path, filter="data")
    monkeypatch.setenv("TIDEGATE_RUNS_DIR", str(tmp_path))
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


def executions(mirror: Path) -> list[str]:
    found = [path.name for phase in ("m1", "m9") for path in (mirror / "dev_substrate" / phase).iterdir()]
    return [*found, *(f"m2_{path.name}" for path in (mirror / "dev_substrate" / "m2_a").iterdir())]


def verified(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], execution: str) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["tidegate", "verify", execution])
    status = cli.main()
    return status, capsys.readouterr().out


def findings(said: str) -> set[str]:
    """Codes at the beginning of a line, before what is said of today."""
    lines = said.partition("\ntoday (")[0].splitlines()
    return {line.split()[0] for line in lines if line[:1].isupper()}


def test_nobody_changed_it(mirror: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(executions(mirror)) == 3
    for execution in executions(mirror):
        status, said = verified(monkeypatch, capsys, execution)
        assert findings(said) <= {"GATE-VERSION"}, said
        assert status == (2 if findings(said) else 0)
        assert "verdict pass" in said
        assert " 0 inputs compared" not in said


def test_a_changed_fact_is_found(
    mirror: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (changed,) = (mirror / "dev_substrate" / "m9").glob("*/m9_f_residual_scan_snapshot.json")
    document = json.loads(changed.read_bytes())
    document["facts"]["observed_at"] = "2026-01-01T00:00:00Z"
    changed.write_text(json.dumps(document), "utf-8")
    status, said = verified(monkeypatch, capsys, changed.parent.name)
    assert status == 1
    assert "DIGEST-MISMATCH" in findings(said)
