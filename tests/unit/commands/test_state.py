"""`tidegate state history`: what it prints and ends with."""

import json
import sys
from typing import Any

import pytest

from factories_state import version
from tidegate import cli
from tidegate.models.observed import Absent, Known, Unreadable

BOTH = (version(), version("v1", is_latest=False, serial=Known(7), md5=Known("d1")))


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Any:
    def run(digest: Any, history: Any, *arguments: str) -> int:
        monkeypatch.setattr("tidegate.collectors.aws.state_history.read_digest", lambda *_: digest)
        monkeypatch.setattr("tidegate.collectors.aws.state_history.read_history", lambda *_: history)
        monkeypatch.setattr(sys, "argv", ["tidegate", "state", "history", *(arguments or ("demo",))])
        return cli.main()

    return run


def test_the_newest_fits(ask: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(Known("d2"), Known(BOTH)) == 0
    said = capsys.readouterr().out
    for word in ("v2", "v1", "2026-02-13T20:14:27+00:00", "b6a5", "digest in the lock table: d2"):
        assert word in said


def test_an_older_one_fits(ask: Any) -> None:
    assert ask(Known("d1"), Known(BOTH)) == 1


def test_no_digest_to_fit(ask: Any) -> None:
    assert ask(Absent(), Known(BOTH)) == 0


def test_no_state(ask: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(Absent(), Absent()) == 0
    assert "demo has no state" in capsys.readouterr().out


def test_a_digest_whose_state_is_gone(ask: Any) -> None:
    assert ask(Known("d1"), Absent()) == 1


@pytest.mark.parametrize("given", [(Unreadable("denied"), Known(BOTH)), (Known("d1"), Unreadable("denied"))])
def test_what_cannot_be_read(ask: Any, capsys: pytest.CaptureFixture[str], given: Any) -> None:
    assert ask(*given) == 2
    assert "denied" in capsys.readouterr().err


def test_json(ask: Any, capsys: pytest.CaptureFixture[str]) -> None:
    broken = version("v0", serial=Unreadable("x"), lineage=Unreadable("x"), md5=Unreadable("x"), is_latest=False)
    assert ask(Known("d1"), Known((*BOTH, broken)), "demo", "--format", "json") == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["stack"], document["digest"]) == ("demo", "d1")
    assert [it["fits_digest"] for it in document["versions"]] == [False, True, None]
    assert document["versions"][0] == {
        "version_id": "v2",
        "last_modified": "2026-02-13T20:14:27+00:00",
        "size": 120,
        "serial": 8,
        "lineage": "b6a5",
        "newest": True,
        "fits_digest": False,
    }


def test_a_stack_that_is_none(ask: Any) -> None:
    assert ask(Absent(), Absent(), "edge") == 64
