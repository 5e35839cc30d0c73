"""Start, stop and status of the sandbox's supervisor (labelled stand-in; never imported by product code)."""

import fcntl
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from sandbox.children import PACKAGE_PARENT
from sandbox.confluent.credentials import FILE_NAME as CONNECTIONS
from sandbox.record import FILE_NAME, Record, read_record, running_record

START_SECONDS = 75.0
STOP_SECONDS = 15.0


def start_in_background(directory: Path, run_arguments: Sequence[str]) -> int:
    """Start a supervisor in a session of its own and wait until it is ready; 0 also when one runs already."""
    with _one_at_a_time(directory):
        if running := running_record(directory):
            print(f"The sandbox is already running at {running.urls['proxy']} (pid {running.pid}).")
            return 0
        report_read, report_write = os.pipe()
        with (directory / "supervisor.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "sandbox.supervisor", *run_arguments, "--report-fd", str(report_write)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=os.environ | {"PYTHONPATH": _search_path()},
                pass_fds=(report_write,),
            )
        os.close(report_write)
        report = _wait_for_report(report_read, time.monotonic() + START_SECONDS)
        os.close(report_read)
        record = running_record(directory) if report == "ready" else None
        if record is None:
            _end(psutil.Process(process.pid)) if process.poll() is None else None
            print(report or f"error: the sandbox did not start; see {directory / 'supervisor.log'}.", file=sys.stderr)
            return 1
        print(f"The sandbox is ready at {record.urls['proxy']} (pid {record.pid}).")
        print(f"Use it with: . {directory / 'env'}")
        return 0


def stop(directory: Path) -> int:
    """Stop the supervisor that the directory's record names, and only that one; 0 also when none runs."""
    if not directory.is_dir():
        print("The sandbox is not running.")
        return 0
    with _one_at_a_time(directory):
        record = read_record(directory)
        process = record.process() if record else None
        if record is None or process is None:
            print("The sandbox is not running.")
            _remove_leftovers(directory)
            return 0
        _end(process)
        _remove_leftovers(directory)
        print(f"The sandbox (pid {record.pid}) is stopped; its state is gone.")
        return 0


def status(directory: Path) -> int:
    """Say whether the sandbox runs, and where; 1 when it does not."""
    record = running_record(directory)
    if record is None:
        print("The sandbox is not running.")
        return 1
    print(describe(record))
    return 0


def describe(record: Record) -> str:
    """Return what to know about a running sandbox."""
    children = ", ".join(f"{name} {pid}" for name, pid in record.children.items())
    return (
        f"The sandbox is running since {record.started_at:%Y-%m-%d %H:%M:%S} UTC (pid {record.pid}; {children}).\n"
        f"AWS:       {record.urls['proxy']}\nConfluent: {record.urls['confluent']}\n"
        f"admin:     {record.urls['admin']}\nrole:      {record.role_arn}"
    )


def _end(process: psutil.Process) -> None:
    """End a process and its children; SIGKILL for what is left at the deadline."""
    try:
        family = [process, *process.children(recursive=True)]
        process.terminate()
    except psutil.NoSuchProcess:
        return
    _, left = psutil.wait_procs(family, timeout=STOP_SECONDS)
    for each in left:
        each.kill()
    psutil.wait_procs(left, timeout=STOP_SECONDS)


def _remove_leftovers(directory: Path) -> None:
    for token in (*directory.glob("tokens/*"), *directory.glob("reader_tokens/*")):
        token.unlink()
    for name in (FILE_NAME, "env", "web_identity_token", CONNECTIONS):
        (directory / name).unlink(missing_ok=True)


def _wait_for_report(read_end: int, deadline: float) -> str:
    """Return what the supervisor reported; empty when it died or did not report in time."""
    remaining = max(0.0, deadline - time.monotonic())
    readable, _, _ = select.select([read_end], [], [], remaining)
    return os.read(read_end, 4096).decode() if readable else ""


def _search_path() -> str:
    return os.pathsep.join([str(PACKAGE_PARENT), *filter(None, [os.environ.get("PYTHONPATH")])])


@contextmanager
def _one_at_a_time(directory: Path) -> Iterator[None]:
    """Let two starts, or a start and a stop, wait for each other."""
    with (directory / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
