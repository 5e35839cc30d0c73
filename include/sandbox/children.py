"""The child processes of the sandbox's supervisor (labelled stand-in): start, watch, stop."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

PACKAGE_PARENT = Path(__file__).resolve().parents[1]
STOP_SECONDS = 5.0


class Children:
    """Starts children that die with this process. Whoever makes one must `stop` it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._life_read, self._life_write = os.pipe()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by name."""
        return {name: process.pid for name, process in self._processes.items()}

    def start(self, name: str, module: str, listener: socket.socket, arguments: Sequence[str] = ()) -> None:
        """Start `python -m module` serving on `listener`, which is closed here; it logs to <name>.log."""
        command = [sys.executable, "-m", module, "--fd", str(listener.fileno()), "--lifeline", str(self._life_read)]
        with listener, (self._directory / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [*command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=clean_environment(),
                pass_fds=(listener.fileno(), self._life_read),
            )

    def first_death(self) -> str | None:
        """Return one sentence about a child that is gone; None while all live."""
        for name, process in self._processes.items():
            if process.poll() is not None:
                return f"the {name} process ended with status {process.returncode}; see {name}.log."
        return None

    def tell_deaths(self, wake: int) -> None:
        """Write a byte to the pipe end `wake` whenever a child ends."""
        for process in self._processes.values():
            threading.Thread(target=_tell_death, args=(process, wake), daemon=True).start()

    def stop(self) -> None:
        """End every child, politely first."""
        for process in self._processes.values():
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._processes.values():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def clean_environment() -> dict[str, str]:
    """Return this process's environment without what would steer moto or an AWS client, and able to import us."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_"))}
    search_path = [str(PACKAGE_PARENT), *filter(None, [kept.get("PYTHONPATH")])]
    return kept | {"PYTHONPATH": os.pathsep.join(search_path), "PYTHONUNBUFFERED": "1"}


def _tell_death(process: subprocess.Popen[bytes], wake: int) -> None:
    process.wait()
    os.write(wake, b"x")
