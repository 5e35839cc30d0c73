"""The record of every paid read of Cost Explorer: what it cost, and what it answered (CO7).

Numbered write-once records per UTC month. Each carries the count of pages of its month, so that the newest one tells
it. A read leaves two: `asked` counts its first page before it is sent, so that nothing is read unless it was counted;
`answered` counts the others and holds the days when the answer is whole.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from tidegate.evidence.canonical import plain
from tidegate.evidence.control import Series
from tidegate.evidence.store import EvidenceStore, StoredObject, StoreError
from tidegate.models.cost import DailyCost
from tidegate.models.observed import Absent, Known, Observed, Unreadable, shown


class PagesSpent(Exception):
    """One page more would be above the limit of the month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer of Cost Explorer, and where its record lies."""

    read_at: datetime
    start: date
    end: date
    days: tuple[DailyCost, ...]
    pages: int
    """How many pages it took."""
    stored: StoredObject
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthOfReads:
    """What the records of a month say."""

    pages: int
    newest_at: datetime | None
    """When the newest read was made. None: there was none in this month."""
    answer: Answer | None
    """The newest whole one."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    read_at: datetime
    start: date
    end: date
    pages: int = Field(default=0, ge=0)
    """Those that this record added to the month: an answer's first page was counted as it was asked for."""
    pages_of_month: int = Field(ge=0)
    newest_whole: int | None
    days: tuple[DailyCost, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostReads:
    """The series of one month of an environment, `control/<environment>/cost_reads/<YYYY-MM>/`."""

    store: EvidenceStore
    environment: str
    month: date

    @property
    def series(self) -> Series:
        """The numbered records."""
        return Series(self.store, f"control/{self.environment}/cost_reads/{self.month:%Y-%m}")

    def read(self) -> Known[MonthOfReads] | Unreadable:
        """Count, newest moment and newest whole answer. A month without a record has 0 pages."""
        match self.series.newest():
            case Absent():
                return Known(MonthOfReads(pages=0, newest_at=None, answer=None))
            case Known((number, _)):
                return self._month(number)
            case unreadable:
                return unreadable

    def announce(self, *, at: datetime, start: date, end: date, by: str, most_pages: int) -> int:
        """Count the first page of a read that is about to be sent, and say how many pages it may have.

        Raises PagesSpent when the month has `most_pages` already, and StoreError: then nothing may be sent.
        """

        def asked(newest: dict[str, Any] | None) -> dict[str, Any]:
            so_far = self._pages(newest)
            if so_far >= most_pages:
                raise PagesSpent
            return {
                "what": "asked",
                "read_at": at.isoformat(),
                "start": start.isoformat(),
                "end": end.isoformat(),
                "pages": 1,
                "pages_of_month": so_far + 1,
                "newest_whole": None if newest is None else newest["newest_whole"],
                "days": None,
                "recorded_by": by,
            }

        _, record = self.series.append_next(asked)
        return most_pages - int(record["pages_of_month"]) + 1

    def answered(
        self, days: Observed[tuple[DailyCost, ...]], *, at: datetime, start: date, end: date, by: str, pages: int
    ) -> int:
        """Record what an announced read of `pages` pages answered; gives the pages of the month. Raises StoreError."""

        def answer(newest: dict[str, Any] | None) -> dict[str, Any]:
            number = 1 if newest is None else int(newest["number"]) + 1
            whole = isinstance(days, Known)
            return {
                "what": "answered",
                "read_at": at.isoformat(),
                "start": start.isoformat(),
                "end": end.isoformat(),
                "pages": max(pages - 1, 0),
                "pages_of_month": self._pages(newest) + max(pages - 1, 0),
                "newest_whole": number if whole else None if newest is None else newest["newest_whole"],
                "days": plain(days.value) if isinstance(days, Known) else None,
                "reason": "" if whole else shown(days),
                "recorded_by": by,
            }

        return int(self.series.append_next(answer)[1]["pages_of_month"])

    def _pages(self, newest: dict[str, Any] | None) -> int:
        try:
            return 0 if newest is None else _Record.model_validate(newest).pages_of_month
        except ValidationError as error:
            raise StoreError(self.series.prefix, f"the newest record is none: {error.error_count()} fields") from error

    def _month(self, number: int) -> Known[MonthOfReads] | Unreadable:
        try:
            _, newest = self._parsed(number)
            answer = None
            if newest.newest_whole is not None:
                (stored, digest), whole = self._parsed(newest.newest_whole)
                if whole.days is None:
                    raise ValueError(f"record {newest.newest_whole} holds no days")
                answer = Answer(
                    read_at=whole.read_at,
                    start=whole.start,
                    end=whole.end,
                    days=whole.days,
                    pages=whole.pages + 1,
                    stored=stored,
                    digest=digest,
                )
            return Known(MonthOfReads(pages=newest.pages_of_month, newest_at=newest.read_at, answer=answer))
        except StoreError as error:
            return Unreadable(str(error))
        except ValueError as error:
            return Unreadable(f"{self.series.prefix}: {error}")

    def _parsed(self, number: int) -> tuple[tuple[StoredObject, str], _Record]:
        stored, document = self.series.record(number)
        try:
            record = _RECORDS.validate_python(document)
        except ValidationError as error:
            raise ValueError(f"record {number}: {error.error_count()} fields do not fit") from error
        if record.read_at.tzinfo is None or record.start != self.month:
            raise ValueError(f"record {number} is of another month, or its time has no zone")
        return (stored, str(document["digest"])), record


_RECORDS = TypeAdapter(_Record)
