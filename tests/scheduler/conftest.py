"""One workbench in a directory of its own for the module; stopped whatever happens."""

from collections.abc import Iterator

import pytest

from live_bench import Live, running
from manifests import without_kafka


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    directory = tmp_path_factory.mktemp("live")
    with running(directory, without_kafka(directory / "environments")) as live:
        yield live
