"""A terraform that does as it is told, and a clock that stands still until a test moves it."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from tidegate.settings import settings
from tidegate.terraform import process

_PRELUDE = """\
import json, os, signal, sys
from pathlib import Path

HERE = Path(__file__).parent
with (HERE / "calls.jsonl").open("a") as file:
    seen = {"argv": sys.argv[1:], "cwd": os.getcwd(), "env": dict(os.environ), "pid": os.getpid(), "sid": os.getsid(0)}
    file.write(json.dumps(seen) + "\\n")

def say(text, end="\\n", to=sys.stdout):
    os.write(to.fileno(), (text + end).encode())  # whole, and also from within a signal handler

def wait_for(name):
    with open(HERE / name) as pipe:
        return pipe.read()

def tell(name, text=""):
    with open(HERE / name, "w") as pipe:
        pipe.write(text)

"""


class FakeTerraform:
    """An executable which runs Python code of a test.

    In that code `say` prints, `wait_for(name)` waits until somebody opens the pipe of this name and `tell(name)` opens
    it from the other side, so that nobody has to wait by the clock.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / "terraform"
        self._script = directory / "script.py"
        directory.mkdir()
        self.path.write_text(f"#!/bin/sh\nexec '{sys.executable}' -SE '{self._script}' \"$@\"\n")
        self.path.chmod(0o700)
        self("")

    def __call__(self, code: str) -> str:
        """From now on it runs this code; returns its path."""
        self._script.write_text(_PRELUDE + code)
        return str(self.path)

    def pipe(self, name: str) -> Path:
        """Make a named pipe for `wait_for` and `tell`."""
        path = self.directory / name
        os.mkfifo(path)
        return path

    @property
    def calls(self) -> list[dict[str, Any]]:
        """How it was called: argv, cwd, env, pid, sid."""
        path = self.directory / "calls.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def call(self) -> dict[str, Any]:
        """How it was called, once."""
        (only,) = self.calls
        return only


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeTerraform]:
    """The fake, in place of terraform; what still runs of it is gone afterwards."""
    fake = FakeTerraform(tmp_path / "fake")
    monkeypatch.setenv("TIDEGATE_TERRAFORM", str(fake.path))
    monkeypatch.setenv("TIDEGATE_WORK_DIR", str(tmp_path / "work"))
    monkeypatch.setenv("TIDEGATE_PROVIDER_MIRRORS", str(tmp_path))
    monkeypatch.setattr(process, "POLL_SECONDS", 0.01)
    settings.cache_clear()
    yield fake
    for call in fake.calls:
        try:
            child = psutil.Process(call["pid"])
            if any(str(fake.directory) in part for part in child.cmdline()):  # the pid may be another's by now
                child.kill()
            os.waitpid(child.pid, 0)
        except (psutil.NoSuchProcess, ChildProcessError):
            continue


class Clock:
    """Stands still; every look may move it on by `step`."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.step = 0.0

    def monotonic(self) -> float:
        self.time += self.step
        return self.time


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of `process`."""
    clock = Clock()
    monkeypatch.setattr(process, "time", SimpleNamespace(monotonic=clock.monotonic))
    return clock


@pytest.fixture
def open_pipe() -> Callable[[Path], None]:
    """Let go whoever waits for a pipe."""

    def let_go(pipe: Path) -> None:
        pipe.open("w").close()

    return let_go
