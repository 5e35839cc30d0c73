"""`supervisor.json`: which process is the sandbox's supervisor. Labelled stand-in; never imported by product code.

A pid alone can be reused by a stranger, so the record also holds the process's creation time.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

FILE_NAME = "supervisor.json"
CLOCK_TOLERANCE_SECONDS = 0.05


class Record(BaseModel):
    """What a running sandbox says about itself."""

    model_config = ConfigDict(frozen=True)

    pid: int
    create_time: float
    started_at: datetime
    region: str
    role_arn: str
    urls: dict[str, str]
    ports: dict[str, int]
    children: dict[str, int]

    def process(self) -> psutil.Process | None:
        """Return the supervisor's process; None when it is gone or its pid now belongs to another process."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.create_time) < CLOCK_TOLERANCE_SECONDS
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


def this_process(
    urls: dict[str, str], ports: dict[str, int], children: dict[str, int], region: str, role_arn: str
) -> Record:
    """Return the record of the calling process."""
    return Record(
        pid=os.getpid(),
        create_time=psutil.Process().create_time(),
        started_at=datetime.now(UTC),
        region=region,
        role_arn=role_arn,
        urls=urls,
        ports=ports,
        children=children,
    )


def read_record(directory: Path) -> Record | None:
    """Return the record in `directory`, whether its process lives or not; None when there is none to read."""
    try:
        return Record.model_validate_json((directory / FILE_NAME).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def running_record(directory: Path) -> Record | None:
    """Return the record of a supervisor that is alive; else None."""
    record = read_record(directory)
    return record if record and record.process() else None


def write_whole(path: Path, text: str) -> None:
    """Write a file that readers see either whole or not at all."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
