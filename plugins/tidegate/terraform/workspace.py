"""A stack's working directory: a copy of its root and of the modules, where terraform is initialised.

Terraform always runs from this directory, whatever the caller's working directory is (requirement TD1).
"""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidegate.models.environment import Environment
from tidegate.models.stack import Stack
from tidegate.settings import PROJECT, settings
from tidegate.terraform import errored
from tidegate.terraform.stand_in import lock_of

LOCK = ".terraform.lock.hcl"
LEFT_OUT = shutil.ignore_patterns(".terraform", "*.tfstate*", "*.tfplan", "*.tftest.hcl", "*.md")
"""What terraform makes itself or plans without: neither copied nor part of the digest. Everything else is both."""


class StackRootMissing(Exception):
    """The directory of a stack is not an initialisable Terraform root."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where one stack of one environment is planned and applied on this machine."""

    environment: str
    stack: str
    directory: Path

    @property
    def root(self) -> Path:
        """The initialised stack directory: terraform's working directory."""
        return self.directory / "source" / "root"

    @property
    def inputs(self) -> Path:
        """The generated variable values."""
        return self.directory / "inputs.tfvars.json"

    def write_inputs(self, variables: dict[str, Any]) -> None:
        """Write the variable values that the next plan uses; they hold no secrets."""
        self.inputs.write_text(json.dumps(variables, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        self.inputs.chmod(0o600)

    def make_private(self) -> None:
        """Directories 0700 and files 0600, whatever made them: states and plans hold secrets (ID4)."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder, directories, files in os.walk(self.directory):
            os.chmod(folder, 0o700)
            directories[:] = [name for name in directories if name != ".terraform"]  # providers: private by umask
            for name in files:
                path = Path(folder, name)
                if not path.is_symlink():
                    path.chmod(0o600)


def root_directory(stack: Stack) -> Path:
    """Where a stack's Terraform lies: below include/terraform by its name, or at a path elsewhere."""
    return PROJECT / stack.root if "/" in stack.root else settings().terraform_dir / stack.root


def sources(environment: Environment, stack_name: str) -> tuple[Path, Path]:
    """The directories that a stack's working copy is made of: its root, and beside it the project's modules.

    Raises StackRootMissing, naming the directory that was expected to hold the root.
    """
    stack = environment.stacks[stack_name]
    root = root_directory(stack)
    if not (root / "backend.tf").is_file() or not (root / LOCK).is_file():
        raise StackRootMissing(
            f"{stack.root_path}: not the root of stack {stack_name!r}: backend.tf or .terraform.lock.hcl is missing; "
            f"set stacks.{stack_name}.root in include/environments/{environment.name}.yaml"
        )
    return root, settings().terraform_dir / "modules"


def workspace_of(environment: Environment, stack_name: str) -> Workspace:
    """Where a stack's working copy lies, or would lie. Nothing is copied."""
    return Workspace(environment.name, stack_name, settings().work_dir / environment.name / stack_name)


def prepare(environment: Environment, stack_name: str) -> tuple[Workspace, str]:
    """Copy the stack's sources when they changed. Returns the workspace and the digest of the sources.

    Raises StackRootMissing.
    """
    root, modules = sources(environment, stack_name)
    workspace = workspace_of(environment, stack_name)
    digest = source_digest(root, modules)
    marker = workspace.directory / "source.sha256"
    if not workspace.root.is_dir() or not marker.is_file() or marker.read_text(encoding="utf-8") != digest:
        marker.unlink(missing_ok=True)  # a copy that breaks off must not look like a whole one
        errored.put_aside(workspace)  # a state that was not saved outlives the copy in which terraform left it
        shutil.rmtree(workspace.directory / "source", ignore_errors=True)
        shutil.copytree(root, workspace.root, ignore=LEFT_OUT)
        if modules.is_dir():
            shutil.copytree(modules, workspace.directory / "source" / "modules", ignore=LEFT_OUT)
        marker.write_text(digest, encoding="utf-8")
    # Each time: the sandbox and with it its stand-ins may be others than when the sources were copied.
    (workspace.root / LOCK).write_text(lock_of(root), encoding="utf-8")
    workspace.make_private()
    return workspace, digest


def source_digest(*directories: Path) -> str:
    """sha256 over names and contents of the Terraform sources below these directories."""
    total = hashlib.sha256()
    for directory in directories:
        files = [path for path in directory.rglob("*") if path.is_file()]
        for path in sorted(files):
            parts = path.relative_to(directory).parts
            if LEFT_OUT("", list(parts)):
                continue
            content = path.read_bytes()
            total.update(f"{directory.name}/{path.relative_to(directory).as_posix()}:{len(content)}:".encode())
            total.update(content)
    return total.hexdigest()


def backend_arguments(environment: Environment, stack: Stack, *, path_style: bool) -> list[str]:
    """`-backend-config=...` of a stack. No secrets: credentials come from the environment's role."""
    backend = environment.backend
    values: dict[str, str | bool] = {
        "bucket": stack.state_bucket or backend.bucket,
        "key": stack.state_key,
        "region": stack.region or environment.region,
        "dynamodb_table": stack.lock_table or backend.lock_table,
        "use_lockfile": backend.use_lockfile if stack.use_lockfile is None else stack.use_lockfile,
        "encrypt": backend.encrypt if stack.encrypt is None else stack.encrypt,
        "use_path_style": path_style,
    }
    return [
        f"-backend-config={name}={str(value).lower() if isinstance(value, bool) else value}"
        for name, value in values.items()
    ]


def locked_providers(root: Path) -> dict[str, str]:
    """Provider versions that a root is initialised with, by source address; a stand-in's says `+standin`."""
    versions: dict[str, str] = {}
    current = ""
    for line in lock_of(root).splitlines():
        if line.startswith('provider "'):
            current = line.split('"')[1]
        elif current and line.strip().startswith("version "):
            versions[current] = line.split('"')[1]
            current = ""
    return versions


def fetched_plan(prepared: Workspace) -> Path:
    """Where a plan from the work bucket lies for its apply."""
    return prepared.directory / "fetched.tfplan"
