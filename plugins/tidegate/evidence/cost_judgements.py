"""Which executions of M9 had their cost judged, in the order of the judgements: `control/<env>/cost_judgements/` (CO4).

Numbered write-once records, the newest counts. M9.G writes one before it is judged. An execution of long ago whose task
is cleared today has the newest judgement, and no key of a snapshot tells that; its record does.
"""

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from tidegate.evidence.control import Series
from tidegate.evidence.store import AlreadyExists, EvidenceStore
from tidegate.models.observed import Known, Observed, Unreadable

SCHEMA = "tidegate.cost-judgement"
VERSION = 1


class _Schema(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Literal["tidegate.cost-judgement"]
    version: Literal[1]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid")

    schema_: _Schema = Field(alias="schema")
    number: int
    execution_id: str = Field(min_length=1)
    recorded_at: AwareDatetime
    digest: str


def cost_judgement_series(store: EvidenceStore, environment: str) -> Series:
    """The numbered records."""
    return Series(store, f"control/{environment}/cost_judgements")


def last_judged(store: EvidenceStore, environment: str) -> Observed[str]:
    """The execution of M9 whose cost was judged last. Absent: none is on record, as after an update."""
    match cost_judgement_series(store, environment).newest():
        case Known((number, document)):
            try:
                return Known(_Record.model_validate(document).execution_id)
            except ValidationError as error:
                return Unreadable(f"cost judgement {number}: {error.error_count()} fields do not fit")
        case other:
            return other


def record_judging(store: EvidenceStore, environment: str, execution_id: str, *, at: datetime) -> None:
    """Record that the cost of an execution is judged now. Raises StoreError.

    A newest record that cannot be read is no obstacle: the new one is readable again.
    """
    series = cost_judgement_series(store, environment)
    record = {
        "schema": {"name": SCHEMA, "version": VERSION},
        "execution_id": execution_id,
        "recorded_at": at.isoformat(),
    }
    while True:
        try:
            series.append(record, after=series.highest())
            return
        except AlreadyExists:
            continue
