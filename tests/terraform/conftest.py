"""A small reader for Terraform code in the form that `terraform fmt` gives it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

TERRAFORM = Path(__file__).resolve().parents[2] / "include" / "terraform"

_HEADER = re.compile(r'^(?P<kind>[a-z]+)(?P<labels>(?: "[^"]+")*) \{(?P<empty>\})?$')


@dataclass(frozen=True, slots=True)
class Block:
    """One top-level block: `resource "aws_vpc" "this" { ... }` has kind resource and labels (aws_vpc, this)."""

    kind: str
    labels: tuple[str, ...]
    body: str
    path: Path

    def __str__(self) -> str:
        return f"{self.path.relative_to(TERRAFORM)}: {'.'.join((self.kind, *self.labels))}"

    @property
    def address(self) -> str:
        """Return what Terraform calls it inside its module."""
        return ".".join(self.labels)

    def argument(self, name: str) -> str | None:
        """Return the first line of what is set by `name = ...` at the block's own level; None when it is not set."""
        found = re.search(rf"^  {name} += (.+)$", self.body, re.MULTILINE)
        return found.group(1).strip() if found else None


Reader = Callable[..., list[Block]]


@pytest.fixture(scope="session")
def blocks() -> Reader:
    """Return a function that lists a directory's top-level blocks, all or those of one kind."""

    def read(directory: Path, kind: str | None = None) -> list[Block]:
        found = [block for path in sorted(directory.glob("*.tf")) for block in _blocks_of(path)]
        return [block for block in found if kind in (None, block.kind)]

    return read


@pytest.fixture(scope="session")
def code() -> Callable[[Path], str]:
    """Return a function that gives all HCL of a directory without comments."""

    def read(directory: Path) -> str:
        lines = [line for path in sorted(directory.glob("*.tf")) for line in path.read_text("utf-8").splitlines()]
        return "\n".join(line for line in lines if not line.lstrip().startswith("#"))

    return read


def _blocks_of(path: Path) -> list[Block]:
    lines = path.read_text("utf-8").splitlines()
    result = []
    for number, line in enumerate(lines):
        header = _HEADER.match(line)
        if header is None:
            continue
        end = number if header["empty"] else lines.index("}", number)
        labels = tuple(re.findall(r'"([^"]+)"', header["labels"]))
        result.append(Block(header["kind"], labels, "\n".join(lines[number + 1 : end]), path))
    return result
