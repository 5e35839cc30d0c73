"""What lies in a stack's Terraform root, as far as a judgement before `terraform init` needs it."""

from dataclasses import dataclass
from typing import Literal

from tidegate.models.observed import Observed

RootKind = Literal[
    "backend",
    "cloud",
    "connection",
    "credentials",
    "data_source",
    "file",
    "module",
    "no_backend",
    "not_understood",
    "no_login",
    "open_variable",
    "provider",
    "provisioner",
    "remote_state",
    "symlink",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RootPart:
    """One thing that was found, where it was found first. The same thing further down is not kept.

    * `provider`: the source address of a provider that is required, used or locked
    * `data_source`: its type; `remote_state`: the backend that one reads
    * `backend`: how it is written, `s3` if it is empty; `no_backend`: the root has none; `cloud`: HCP Terraform
    * `provisioner`: its type; `connection`
    * `credentials`: a setting that leads a provider, or the read of a state, to other credentials or another service
    * `module`: a source that is not a directory which is copied with the root
    * `symlink`: one that leaves the root; `file`: one that Terraform would take settings from
    * `not_understood`: what could not be read
    * `open_variable`: a variable that takes a secret and is not sensitive, or is not there
    * `no_login`: why a connection that the stack takes cannot be used
    """

    kind: RootKind
    what: str
    where: str
    """File and line, seen from the root; in JSON file and address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RootSources:
    """A root and the local modules that it uses. Nothing of it was run."""

    parts: tuple[RootPart, ...]
    source_digest: str
    """Of all that is copied, made before the first file was read."""
    allowed_providers: tuple[str, ...]
    """Source addresses that the manifest lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackRoot:
    """The root of a stack, looked at before anything is built."""

    stack: str
    root: Observed[RootSources]
    """Absent: there is no root of a stack where the manifest says."""
