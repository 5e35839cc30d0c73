"""The supervisor's life: start, stop, status, and how it dies."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from sandbox.children import clean_environment
from sandbox.client import SandboxClient
from sandbox.environment import read_env
from sandbox.record import read_record
from sandbox.testing import supervisor

pytestmark = pytest.mark.timeout(180)
GONE_SECONDS = 20


def family(directory: Path) -> list[psutil.Process]:
    record = read_record(directory)
    assert record is not None
    return [psutil.Process(pid) for pid in (record.pid, *record.children.values())]


def test_start_and_stop_can_be_repeated(own_directory: Path) -> None:
    first = supervisor("start", "--directory", own_directory)
    processes = family(own_directory)
    second = supervisor("start", "--directory", own_directory)
    status = supervisor("status", "--directory", own_directory)

    assert (first.returncode, second.returncode, status.returncode) == (0, 0, 0)
    assert "The sandbox is ready at http://127.0.0.1:" in first.stdout
    assert "already running at http://127.0.0.1:" in second.stdout
    assert len(processes) == 4
    assert family(own_directory) == processes

    assert "is stopped" in supervisor("stop", "--directory", own_directory).stdout
    assert not any(process.is_running() for process in processes)
    again = supervisor("stop", "--directory", own_directory)
    assert (again.returncode, again.stdout) == (0, "The sandbox is not running.\n")
    assert supervisor("status", "--directory", own_directory).returncode == 1
    left = {path.name for path in own_directory.iterdir()}
    assert left.isdisjoint({"env", "web_identity_token", "supervisor.json", "confluent_cloud_key.json"})


def test_port_in_use_is_one_sentence(own_directory: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        started = supervisor("start", "--directory", own_directory, "--port", str(port))

    assert started.returncode == 1
    assert started.stderr.splitlines() == [
        f"error: port {port} is in use on 127.0.0.1: stop what listens there or choose another port."
    ]
    assert not (own_directory / "supervisor.json").exists()
    assert not [each for each in psutil.process_iter(["cmdline"]) if str(own_directory) in (each.info["cmdline"] or [])]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(
            ["--bind", "0.0.0.0"],
            "error: --bind must be a loopback address such as 127.0.0.1, not '0.0.0.0'.",
            id="any",
        ),
        pytest.param(
            ["--bind", "localhost"],
            "error: --bind must be a loopback address such as 127.0.0.1, not 'localhost'.",
            id="name",
        ),
        pytest.param(
            ["--role-arn", "admin"],
            "error: 'admin' is not a role ARN such as arn:aws:iam::123456789012:role/name.",
            id="no-arn",
        ),
    ],
)
def test_wrong_usage_is_one_sentence(own_directory: Path, arguments: list[str], sentence: str) -> None:
    started = supervisor("start", "--directory", own_directory, *arguments)

    assert (started.returncode, started.stderr.strip()) == (1, sentence)


def test_children_do_not_outlive_a_killed_supervisor(own_directory: Path) -> None:
    supervisor("start", "--directory", own_directory)
    parent, *children = family(own_directory)

    parent.kill()

    _, alive = psutil.wait_procs([parent, *children], timeout=GONE_SECONDS)
    assert alive == []
    assert supervisor("status", "--directory", own_directory).returncode == 1
    assert "is ready" in supervisor("start", "--directory", own_directory).stdout


@pytest.mark.parametrize("child", ["aws", "proxy", "confluent"])
def test_a_dead_child_takes_the_sandbox_down(own_directory: Path, child: str) -> None:
    supervisor("start", "--directory", own_directory)
    processes = family(own_directory)
    record = read_record(own_directory)
    assert record is not None

    psutil.Process(record.children[child]).kill()

    _, alive = psutil.wait_procs(processes, timeout=GONE_SECONDS)
    assert alive == []
    assert f"the {child} process ended with status -9" in (own_directory / "supervisor.log").read_text()


def test_stop_spares_a_stranger_with_the_recorded_pid(own_directory: Path) -> None:
    supervisor("start", "--directory", own_directory)
    record_file = own_directory / "supervisor.json"
    record = json.loads(record_file.read_text())
    supervisor("stop", "--directory", own_directory)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        record_file.write_text(json.dumps(record | {"pid": stranger.pid}))

        stopped = supervisor("stop", "--directory", own_directory)

        assert "not running" in stopped.stdout
        assert stranger.poll() is None
        stranger.communicate(b"\n")


def test_run_stays_in_the_foreground_until_sigterm(own_directory: Path) -> None:
    read_end, write_end = os.pipe()
    command = [sys.executable, "-m", "sandbox.supervisor", "run", "--directory", str(own_directory)]
    process = subprocess.Popen(
        [*command, "--report-fd", str(write_end)],
        pass_fds=(write_end,),
        env=clean_environment(),
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)

    assert os.read(read_end, 100) == b"ready"
    assert process.poll() is None
    with SandboxClient.from_env_file(own_directory / "env") as admin:
        assert admin.is_ready()
    children = family(own_directory)[1:]
    process.terminate()

    assert process.wait(GONE_SECONDS) == 0
    assert psutil.wait_procs(children, timeout=GONE_SECONDS)[1] == []
    os.close(read_end)


def test_a_container_advertises_another_name(own_directory: Path) -> None:
    started = supervisor(
        "start", "--directory", own_directory, "--inside-container", "--bind", "0.0.0.0", "--advertise", "sandbox"
    )

    assert started.returncode == 0, started.stderr
    assert read_env(own_directory / "env")["AWS_ENDPOINT_URL"].startswith("http://sandbox:")
