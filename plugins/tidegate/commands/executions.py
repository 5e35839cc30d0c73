"""What every command on an execution needs: its phase, and the store that holds its evidence."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from tidegate.evidence.layout import Phase
    from tidegate.evidence.store import EvidenceStore
    from tidegate.models.environment import Environment


class Origin(StrEnum):
    """Where to read evidence from."""

    runs = "runs"
    s3 = "s3"


def phase_named(execution: str) -> "Phase":
    """The phase of an execution id. Raises a usage error."""
    from tidegate.evidence.execution import phase_of_execution

    try:
        return phase_of_execution(execution)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def open_store(
    environment: "Environment", origin: Origin, directory: Path | None = None
) -> "tuple[EvidenceStore, bool]":
    """The store, and whether its keys are those of the bucket."""
    from tidegate.evidence.store import LocalStore, S3Store
    from tidegate.settings import settings

    if origin is Origin.runs:
        root = directory or settings().runs_dir
        return LocalStore(root), (root / "evidence").is_dir()
    from tidegate.collectors.aws.clients import Clients

    return S3Store(Clients.from_environment(environment.region).s3, environment.evidence.bucket), True
