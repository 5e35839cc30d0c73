"""One entry in the numbered chain of an environment's verdicts."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tidegate.models.phase import Phase

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class VerdictRecordSchema(_Part):
    """Name and version of the document's schema."""

    name: Literal["tidegate.verdict-record"]
    version: Literal[1]


class VerdictReference(_Part):
    """The verdict's snapshot: where it lies, and the digest that it carries."""

    uri: str
    version_id: str | None
    sha256: Sha256


class PreviousRecord(_Part):
    """The record before this one."""

    number: Annotated[int, Field(ge=1)]
    sha256: Sha256


class VerdictRecord(_Part):
    """What `evidence/<environment>/verdicts/<number>.json` holds. Each record vouches for the one before it."""

    schema_: VerdictRecordSchema = Field(alias="schema")
    number: Annotated[int, Field(ge=1)]
    phase: Phase
    execution_id: str
    overall_pass: bool
    verdict: VerdictReference
    previous: PreviousRecord | None
    recorded_at: str
    digest: Sha256
