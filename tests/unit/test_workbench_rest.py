"""The workbench's client of Airflow: no answer in time is one sentence and status 2, never a traceback."""

import sys
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from workbench import __main__ as workbench
from workbench.airflow import Connection, WorkbenchError
from workbench.rest import READS, Airflow

HERE = Connection(url="http://127.0.0.1:1", username="admin", password="p")
TOKEN = httpx.Response(201, json={"access_token": "t"})


class Pages:
    """Airflow's API: what it answers by method, one after the other; an exception is raised."""

    def __init__(self, **answers: list[Any]) -> None:
        self.answers = {"POST": [TOKEN]} | answers
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.path}")
        answer: Any = self.answers[request.method].pop(0)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, httpx.Response)
        return answer


def late() -> Exception:
    return httpx.ReadTimeout("timed out")


def client(pages: Pages) -> Airflow:
    return Airflow(HERE, httpx.MockTransport(pages))


def test_a_late_answer_to_a_read_is_asked_for_again() -> None:
    pages = Pages(GET=[late(), late(), httpx.Response(200, json={"state": "running"})])
    assert client(pages).run_state("d", "r") == "running"
    assert pages.asked[1:] == ["GET /api/v2/dags/d/dagRuns/r"] * 3


@pytest.mark.parametrize("error", [late(), httpx.ConnectError("refused"), httpx.RemoteProtocolError("cut off")])
def test_no_answer_at_all_is_one_sentence(error: Exception) -> None:
    pages = Pages(GET=[error] * READS)
    with pytest.raises(WorkbenchError) as raised:
        client(pages).run_state("d", "r")
    said = str(raised.value)
    assert f"no answer to GET /api/v2/dags/d/dagRuns/r ({type(error).__name__})" in said
    assert "a run that was triggered goes on, follow it at http://127.0.0.1:1" in said
    assert "\n" not in said


def test_what_changes_something_is_never_sent_twice() -> None:
    pages = Pages(POST=[TOKEN, late()])
    with pytest.raises(WorkbenchError, match="no answer to POST /api/v2/dags/d/dagRuns"):
        client(pages).trigger("d", {})
    assert pages.asked == ["POST /auth/token", "POST /api/v2/dags/d/dagRuns"]


def test_a_login_without_an_answer() -> None:
    with pytest.raises(WorkbenchError, match="no answer to POST /auth/token"):
        client(Pages(POST=[late()]))


@pytest.mark.parametrize("pages", [Pages(POST=[httpx.Response(200, text="<html>")]), Pages(GET=[httpx.Response(200)])])
def test_an_answer_that_is_no_document(pages: Pages) -> None:
    with pytest.raises(WorkbenchError, match="is not JSON"):
        client(pages).run_state("d", "r")


def test_make_run_ends_with_a_sentence_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def app(**_given: Any) -> int:
        client(Pages(GET=[late()] * READS)).run_state("d", "r")
        return 0

    monkeypatch.setattr(workbench, "app", app)
    monkeypatch.setattr(sys, "argv", ["workbench", "run"])
    assert _quietly(workbench.main) == 2
    said = capsys.readouterr().err
    assert said.startswith("tidegate: Airflow gave no answer")
    assert "Traceback" not in said


def _quietly(main: Callable[[], int]) -> int:
    """Whatever handler of signals the command sets is taken back."""
    import signal

    before = signal.getsignal(signal.SIGTERM)
    try:
        return main()
    finally:
        signal.signal(signal.SIGTERM, before)
