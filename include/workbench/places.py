"""Where a workbench keeps its things. Two of them (`make demo`, `make up`) never share a directory or a port."""

import socket
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Bench:
    """One workbench below `runs/`, e.g. `runs/demo`."""

    directory: Path

    @property
    def sandbox(self) -> Path:
        """The sandbox's directory; `env` in it is to be sourced."""
        return self.directory / "sandbox"

    @property
    def airflow_home(self) -> Path:
        """AIRFLOW_HOME."""
        return self.directory / "airflow"

    @property
    def processes(self) -> Path:
        """Pids and start times of what this bench started."""
        return self.directory / "processes.json"

    @property
    def connection(self) -> Path:
        """URL and login of the pages; readable by this user only."""
        return self.directory / "connection.json"


def demo_bench() -> Bench:
    """The bench of `make demo`."""
    return Bench(PROJECT / "runs" / "demo")


def incidents_bench() -> Bench:
    """The bench of `make incidents`."""
    return Bench(PROJECT / "runs" / "incidents")


def local_bench() -> Bench:
    """The bench of `make up`, `make sandbox` and `make run`."""
    return Bench(PROJECT / "runs")


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listens on now."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for held in sockets:
            held.bind(("127.0.0.1", 0))
        return [held.getsockname()[1] for held in sockets]
    finally:
        for held in sockets:
            held.close()


def port_is_free(port: int) -> bool:
    """Can this loopback port be bound?"""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
