"""One sandbox for all tests of this folder, started and stopped as a user would; each test begins with a reset."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.testing import Sandbox, running_sandbox, supervisor


@pytest.fixture
def own_directory(tmp_path: Path) -> Iterator[Path]:
    """A directory for a sandbox of the test's own, stopped afterwards whatever happened."""
    directory = tmp_path / "sandbox"
    yield directory
    supervisor("stop", "--directory", directory)


@pytest.fixture(scope="session")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The sandbox that most tests share."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Sandbox:
    """The shared sandbox, emptied."""
    shared_sandbox.admin.reset()
    return shared_sandbox
