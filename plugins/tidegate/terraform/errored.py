"""`errored.tfstate`: what Terraform writes into its working directory when it cannot save the state.

It is the only trace of what was just made, and it holds secrets in the clear: kept at 0600, moved aside and never
deleted before it is settled.
"""

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidegate.terraform.workspace import Workspace

ERRORED = "errored.tfstate"


def errored_file(workspace: "Workspace") -> Path:
    """Where Terraform writes it."""
    return workspace.root / ERRORED


def digest_as_it_ended(workspace: "Workspace") -> str | None:
    """Make the file private and take its digest; None without one. To be called the moment terraform has ended."""
    path = errored_file(workspace)
    if not path.is_file():
        return None
    path.chmod(0o600)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def put_aside(workspace: "Workspace") -> Path | None:
    """Move the file out of Terraform's way to where nothing overwrites it; its new place. None without one."""
    path = errored_file(workspace)
    if not path.is_file():
        return None
    path.chmod(0o600)
    kept = kept_directory(workspace)
    kept.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = kept / f"{hashlib.sha256(path.read_bytes()).hexdigest()}.tfstate"
    os.replace(path, target)
    return target


def kept_directory(workspace: "Workspace") -> Path:
    """Where files that were moved aside wait. Their names are their digests."""
    return workspace.directory / "unsaved"


def kept_files(workspace: "Workspace") -> tuple[Path, ...]:
    """Every file of this kind on this worker, after the one in Terraform's way was put aside."""
    put_aside(workspace)
    directory = kept_directory(workspace)
    return tuple(sorted(directory.glob("*.tfstate"))) if directory.is_dir() else ()
