"""Sections of the manifest about what happens while nobody types: audit, schedules, time to live, alerts, own reads.

They belong to `models.environment.Environment`.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from croniter import croniter
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from tidegate.models.field_error import FieldError
from tidegate.models.scalars import UsDollars


def _cron(schedule: str) -> str:
    """As Airflow reads it: what it cannot read would break the DAG files of all environments."""
    try:
        croniter(schedule, datetime(2026, 1, 1, tzinfo=UTC)).get_next(datetime)
    except ValueError as error:
        raise ValueError(f"no cron that Airflow can read: {error}") from error
    return schedule


Schedule = Annotated[str, Field(pattern=r"^\S+( \S+){4}$"), AfterValidator(_cron)]
"""Five fields of cron; UTC, but for `schedules`, which names a time zone."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OwnReads(_Section):
    """What reading the bills may cost (CO7). AWS charges for each page of Cost Explorer."""

    max_age_hours: Annotated[int, Field(ge=0, le=24)]
    """An answer of Cost Explorer that is younger is not asked for again; AWS refreshes up to three times a day. 0:
    always ask."""
    monthly_usd: UsDollars
    """The most that a month of own reads may cost, in USD. Then nothing is read, and the cost is unknown."""


class Audit(_Section):
    """The nightly audit and the hourly check (TD8)."""

    schedule: Schedule
    hourly_schedule: Schedule
    deadline_minutes: Annotated[int, Field(ge=5, le=600)]
    """By when an audit must have ended, minutes after it was due."""
    max_lock_minutes: Annotated[int, Field(ge=1, le=1440)]
    """A state lock that is older is a finding."""
    warn_expiry_days: Annotated[int, Field(ge=1, le=90)]
    """An exception that ends within so many days is a finding."""
    regions: Literal["enabled", "scan_regions"] = "enabled"
    """Where a night looks for what is left: in every region that the account has enabled, or in the manifest's only."""
    base_usd_per_day: UsDollars
    """What AWS may charge on a day on which nothing but the persistent stacks stands (the nightly watch of the bills).
    Confluent may charge nothing then: none of its resources is persistent."""
    unexplained_usd_per_day: UsDollars = Decimal("0.01")
    """What one service may charge in one region on a day although nothing explains it: a cent of somebody's request
    wakes nobody. Many such cents are `base_usd_per_day`'s business."""


def _time_zone(name: str) -> str:
    """As Airflow finds it. What is none raises KeyError, ValueError or OSError: `Europe` is a directory."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"no time zone of the tz database: {name!r}; write it like Europe/London or UTC") from error
    return name


class Schedules(_Section):
    """When the clock builds and tears down (LC8). Without this section it never does."""

    time_zone: Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_time_zone)]
    """In which both are read; it moves with summer time."""
    build: Schedule | None = None
    """Every time it triggers M2, unless something forbids it. None: only the teardown has a schedule."""
    teardown: Schedule
    """Every time it triggers M9 for all that may be destroyed."""
    max_hold_days: Annotated[int, Field(ge=1, le=90)] = 14
    """The longest that a person may hold builds off."""

    @model_validator(mode="before")
    @classmethod
    def _what_is_built_is_torn_down(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("build") is not None and given.get("teardown") is None:
            raise FieldError("it stands without teardown: what the clock builds, the clock must tear down", "build")
        return given

    @model_validator(mode="after")
    def _they_differ(self) -> "Schedules":
        if self.build == self.teardown:
            raise FieldError("it is the same as build: one would run into the other", "teardown")
        return self

    def teardown_after(self, moment: datetime) -> datetime:
        """When the first teardown after a moment is due; both aware UTC.

        Of an hour that comes twice Airflow takes the second, and of one that does not come the one after it.
        """
        zone = ZoneInfo(self.time_zone)
        due: datetime = croniter(self.teardown, moment.astimezone(zone).replace(tzinfo=None)).get_next(datetime)
        return max(due.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))


class TimeToLive(_Section):
    """How long an ephemeral stack may stand, in hours, and when to warn before it ends."""

    default_hours: Annotated[int, Field(ge=1, le=720)]
    max_hours: Annotated[int, Field(ge=1, le=720)]
    """The most that a build or an extension may ask for, from then on."""
    warn_hours: tuple[Annotated[int, Field(ge=1, le=168)], ...] = ()
    """Falling: a warning when so many hours are left."""

    @model_validator(mode="after")
    def _hours_make_sense(self) -> "TimeToLive":
        if self.default_hours > self.max_hours:
            raise ValueError("default_hours must not exceed max_hours")
        if list(self.warn_hours) != sorted(set(self.warn_hours), reverse=True):
            raise ValueError("warn_hours must fall")
        return self


class AlertChannel(_Section):
    """Where alerts go. SNS takes the environment's alert topic; the others need a connection of Airflow."""

    kind: Literal["sns", "slack", "smtp"]
    connection: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,200}$")] | None = None
    """Id of the Airflow connection: Slack webhook, mail server."""
    to: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Slack channel, or mail address."""

    @model_validator(mode="after")
    def _others_need_a_connection(self) -> "AlertChannel":
        if self.kind != "sns" and (self.connection is None or self.to is None):
            raise ValueError(f"channel {self.kind} needs connection and to")
        return self

    @property
    def name(self) -> str:
        """`sns`, `slack slack_alerts #platform`: what the memory of alerts knows it by."""
        return " ".join(part for part in (self.kind, self.connection, self.to) if part)


class Alerts(_Section):
    """Who hears of failed verdicts, rungs, stops and findings."""

    channels: tuple[AlertChannel, ...] = Field(min_length=1)
