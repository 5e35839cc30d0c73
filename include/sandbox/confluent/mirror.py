"""The filesystem mirror that serves the stand-in provider for Confluent (labelled stand-in) to Terraform.

    <mirror>/registry.terraform.io/confluentinc/confluent/2.83.0+standin/<platform>/terraform-provider-confluent_v...
    <mirror>/stand-in.lock.hcl      the entry of a dependency lock file for it, for the sandbox only

The version says what it is: build metadata satisfies `~> 2.0` and shows in init's output, plans' providers and locks.
Nothing below registry.terraform.io is a symbolic link: Terraform does not follow them there. Who runs the provider need
not be able to write here.
"""

import base64
import hashlib
import platform
import shlex
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
SOURCE = "registry.terraform.io/confluentinc/confluent"
VERSION = "2.83.0+standin"
LOCK_FILE = "stand-in.lock.hcl"
VIRTUAL_ENVIRONMENT = PROJECT / ".venv-standin"
"""Its own, made by `make setup` and in the image: the package for the protocol wants an older protobuf than Airflow."""

_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}

_WRAPPER = """#!/bin/sh
# Stand-in for the Terraform provider confluentinc/confluent, made by tidegate's sandbox. Not Confluent's provider.
if [ ! -x {python} ]; then
  echo "the stand-in provider has no Python at "{python}": run 'make setup'" >&2
  exit 1
fi
export PYTHONPATH={packages} PYTHONDONTWRITEBYTECODE=1
exec {python} -P -m sandbox.confluent.provider
"""

_LOCK_ENTRY = """provider "{source}" {{
  version = "{version}"
  hashes = [
    "{digest}",
  ]
}}
"""


def make_mirror(mirror: Path, virtual_environment: Path = VIRTUAL_ENVIRONMENT) -> Path:
    """Write the mirror and its lock entry below `mirror`, and return it. An existing one is renewed."""
    mirror = mirror.absolute()
    directory = mirror / SOURCE / VERSION / terraform_platform()
    directory.mkdir(parents=True, exist_ok=True)
    wrapper = directory / f"terraform-provider-confluent_v{VERSION}"
    places = {"python": virtual_environment / "bin" / "python", "packages": PROJECT / "include"}
    wrapper.write_text(_WRAPPER.format(**{name: shlex.quote(str(path)) for name, path in places.items()}), "utf-8")
    wrapper.chmod(0o755)
    entry = _LOCK_ENTRY.format(source=SOURCE, version=VERSION, digest=package_digest(directory))
    (mirror / LOCK_FILE).write_text(entry, "utf-8")
    return mirror


def terraform_platform() -> str:
    """Return what Terraform calls this machine, for example linux_amd64."""
    machine = platform.machine().lower()
    return f"{'darwin' if sys.platform == 'darwin' else 'linux'}_{_MACHINES.get(machine, machine)}"


def package_digest(directory: Path) -> str:
    """Return Terraform's `h1:` digest of an unpacked provider: over the names and sha256 of its files, sorted."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(directory).as_posix()}\n" for path in files
    ]
    return "h1:" + base64.b64encode(hashlib.sha256("".join(lines).encode()).digest()).decode()
