"""Schedules: what Airflow cannot read is refused with the manifest, not in the DAG file."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from tidegate.models.operations import Schedule

SCHEDULE: TypeAdapter[Any] = TypeAdapter(Schedule)


@pytest.mark.parametrize("given", ["0 2 * * *", "*/15 8-18 * * 1-5", "17 * 1,15 * *", "0 2 * * mon"])
def test_five_fields_of_cron(given: str) -> None:
    assert SCHEDULE.validate_python(given) == given


@pytest.mark.parametrize(
    "given",
    ["", "@daily", "0 2 * *", "0 2 * * * *", "99 2 * * *", "0 25 * * *", "0 2 * 13 *", "x 2 * * *", "0 2 30 2 *"],
)
def test_what_airflow_cannot_read_is_refused(given: str) -> None:
    with pytest.raises(ValidationError):
        SCHEDULE.validate_python(given)
