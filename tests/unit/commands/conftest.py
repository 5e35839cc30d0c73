"""S3 in moto, for what lies in the evidence bucket; settings as each test sets them."""

from collections.abc import Iterator
from typing import Any

import pytest

from standins import s3_in_moto
from tidegate.settings import settings


@pytest.fixture(autouse=True)
def fresh_settings() -> Iterator[None]:
    """Settings are read once per process; here every test has its own environment variables."""
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def s3() -> Iterator[Any]:
    """A client of an S3 with the bucket `standins.BUCKET`, versioned."""
    with s3_in_moto() as client:
        yield client
