"""S3 in moto, for what lies in the evidence bucket."""

from collections.abc import Iterator
from typing import Any

import pytest

from standins import s3_in_moto


@pytest.fixture
def s3() -> Iterator[Any]:
    """A client of an S3 with the bucket `standins.BUCKET`, versioned."""
    with s3_in_moto() as client:
        yield client
