"""Control records of an environment: numbered write-once records, highest number wins.

The emergency latch, the platform run and the recorded inputs of a stack are such series. Reading tells "none" from
"could not look".
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tidegate.evidence.canonical import seal, unseal
from tidegate.evidence.store import PAGE, AlreadyExists, EvidenceStore, StoredObject, StoreError
from tidegate.models.control import LatchRecord, PlatformRun
from tidegate.models.observed import Absent, Known, Observed, Unreadable, shown

_MOST = 1_000_000
"""From this number on keys do not sort by their numbers any more."""

RecordBuilder = Callable[[dict[str, Any] | None], dict[str, Any]]
"""Makes the next record from the newest one (None: there is none)."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series of numbered records below a prefix, e.g. `control/dev_min/latch`."""

    store: EvidenceStore
    prefix: str

    def newest(self) -> Known[tuple[int, dict[str, Any]]] | Absent | Unreadable:
        """The record with the highest number."""
        try:
            keys = [key for key in self._end() if key.rpartition("/")[0] == self.prefix]
            if not keys:
                return Absent()
            newest = max(self._number(key) for key in keys)
            return Known((newest, self.record(newest)[1]))
        except StoreError as error:
            return Unreadable(str(error))
        except ValueError as error:
            return Unreadable(f"{self.prefix}: {error}")

    def record(self, number: int) -> tuple[StoredObject, dict[str, Any]]:
        """The record of a number, and where it lies. Raises StoreError, and ValueError when it is not that record."""
        stored, content = self.store.read(self.key(number))
        record = unseal(content)
        if record.get("number") != number:
            raise ValueError(f"record {number} says that it is number {record.get('number')}")
        return stored, record

    def highest(self) -> int:
        """The highest number that is taken, 0 without any; what the records hold does not matter. Raises StoreError."""
        return max((self._number_or_0(key) for key in self._end()), default=0)

    def append(self, record: dict[str, Any], *, after: int) -> StoredObject:
        """Write record number `after` + 1. Raises AlreadyExists when somebody was faster, StoreUnreachable."""
        return self.store.create(self.key(after + 1), seal({**record, "number": after + 1}))

    def append_next(self, build: "RecordBuilder") -> tuple[StoredObject, dict[str, Any]]:
        """Append with retry on conflict; `build(newest)` makes the record. Raises StoreError."""
        while True:
            match self.newest():
                case Known((number, record)):
                    newest: dict[str, Any] | None = record
                case Absent():
                    number, newest = 0, None
                case other:
                    raise StoreError(self.prefix, f"cannot append: {shown(other)}")
            try:
                document = build(newest)
                return self.append(document, after=number), document
            except AlreadyExists:
                continue

    def key(self, number: int) -> str:
        """Where the record of a number lies."""
        return f"{self.prefix}/{number:06d}.json"

    def _end(self) -> tuple[str, ...]:
        """The keys at the end of the series: all of a series that one list holds. Raises StoreUnreachable.

        Of a longer one the end is searched for, because numbers are taken one after the other: behind one that is free
        there is none. So a series costs one request, and a few more once it has thousands of records. Where a key is no
        record, all keys are listed.
        """
        prefix = f"{self.prefix}/"
        keys, more = self.store.page(prefix)
        try:
            taken, free = self._number(keys[-1]) if more else 0, _MOST
            while more and free - taken > PAGE:
                middle = min(2 * taken, free - 1) if free == _MOST else (taken + free) // 2
                behind, _ = self.store.page(prefix, self.key(middle), 1)
                if behind:
                    self._number(behind[0])
                    taken = middle
                else:
                    free = middle
            if more:
                keys, more = self.store.page(prefix, self.key(taken))
        except ValueError:
            more = True
        return self.store.keys(prefix) if more else keys

    def _number(self, key: str) -> int:
        stem = key.removeprefix(f"{self.prefix}/").removesuffix(".json")
        if not stem.isdecimal() or key != self.key(int(stem)):
            raise ValueError(f"{key} is no record")
        return int(stem)

    def _number_or_0(self, key: str) -> int:
        try:
            return self._number(key)
        except ValueError:
            return 0


@dataclass(slots=True)
class ControlRecords:
    """The control records of an environment as a task first sees them: no list is asked for twice.

    It does not see what is written later.
    """

    store: EvidenceStore
    _pages: dict[tuple[str, str, int], tuple[tuple[str, ...], bool]] = field(default_factory=dict)

    def create(self, key: str, content: bytes) -> StoredObject:
        """As the store does."""
        return self.store.create(key, content)

    def read(self, key: str) -> tuple[StoredObject, bytes]:
        """As the store does."""
        return self.store.read(key)

    def keys(self, prefix: str, after: str = "") -> tuple[str, ...]:
        """As the store does."""
        return self.store.keys(prefix, after)

    def page(self, prefix: str, after: str = "", most: int = PAGE) -> tuple[tuple[str, ...], bool]:
        """As the store did when it was first asked for this list. Raises StoreUnreachable."""
        if (prefix, after, most) not in self._pages:
            self._pages[prefix, after, most] = self.store.page(prefix, after, most)
        return self._pages[prefix, after, most]


def latch_series(store: EvidenceStore, environment: str) -> Series:
    """The emergency latch (CO4)."""
    return Series(store, f"control/{environment}/latch")


def platform_series(store: EvidenceStore, environment: str) -> Series:
    """Openings and closings of platform runs (LC1)."""
    return Series(store, f"control/{environment}/platform_runs")


def inputs_series(store: EvidenceStore, environment: str, stack: str) -> Series:
    """The variable values that each build of a stack used; the destroy uses the newest (TD2)."""
    return Series(store, f"control/{environment}/inputs/{stack}")


def alert_series(store: EvidenceStore, environment: str) -> Series:
    """What was told to whom: each record holds all that is remembered (CO6)."""
    return Series(store, f"control/{environment}/alerts")


def first_apply(store: EvidenceStore, environment: str, stack: str, *, since: datetime) -> Observed[datetime]:
    """When the first apply of a stack since a moment began, by its recorded inputs. Absent: there was none since then.

    A record of an earlier version does not say when it was made: it may be of any time, so that `since` is the answer.
    """
    series = inputs_series(store, environment, stack)
    match series.newest():
        case Known((number, record)):
            newest = number
        case other:
            return other
    first: Observed[datetime] = Absent()
    try:
        while newest > 0:
            if "recorded_at" not in record:
                return Known(since)
            moment = _moment(record["recorded_at"])
            if moment < since:
                break
            first = Known(moment)
            newest -= 1
            record = series.record(newest)[1] if newest else {}
    except (StoreError, ValueError) as error:
        return Unreadable(f"recorded inputs {newest} of {stack}: {error}")
    return first


def read_latch(store: EvidenceStore, environment: str) -> Observed[LatchRecord]:
    """The newest latch record. Absent: it was never set."""
    match latch_series(store, environment).newest():
        case Known((number, record)):
            try:
                return Known(
                    LatchRecord(
                        number=number,
                        is_set=_boolean(record["is_set"]),
                        reason=_text(record["reason"]),
                        recorded_by=_text(record["recorded_by"]),
                        recorded_at=_moment(record["recorded_at"]),
                    )
                )
            except (KeyError, ValueError) as error:
                return Unreadable(f"latch record {number}: {type(error).__name__}: {error}")
        case other:
            return other


def set_latch(
    store: EvidenceStore,
    environment: str,
    *,
    reason: str,
    recorded_by: str,
    at: datetime,
    evidence: dict[str, str] | None = None,
) -> None:
    """Set the emergency latch; one that is set already stays as it is (CO4). Raises StoreError.

    A newest record that cannot be read is no obstacle: setting closes builds, and the new record is readable again.
    `evidence` is `uri` and `sha256` of the snapshot that led to it.
    """
    series = latch_series(store, environment)
    while True:
        match read_latch(store, environment):
            case Known(latch) if latch.is_set:
                return
            case Known(latch):
                number = latch.number
            case _:
                number = series.highest()
        try:
            series.append(_latch_record(True, reason, recorded_by, at, evidence), after=number)
            return
        except AlreadyExists:
            continue


def release_latch(
    store: EvidenceStore,
    environment: str,
    latch: LatchRecord,
    *,
    reason: str,
    recorded_by: str,
    at: datetime,
    evidence: dict[str, str],
) -> StoredObject:
    """Release exactly this record of the latch (CO4). Raises AlreadyExists when another followed it, StoreError."""
    record = _latch_record(False, reason, recorded_by, at, evidence)
    return latch_series(store, environment).append(record, after=latch.number)


def _latch_record(
    is_set: bool, reason: str, recorded_by: str, at: datetime, evidence: dict[str, str] | None
) -> dict[str, Any]:
    return {
        "is_set": is_set,
        "reason": reason,
        "recorded_by": recorded_by,
        "recorded_at": at.isoformat(),
        "evidence": evidence,
    }


def read_platform_run(store: EvidenceStore, environment: str) -> Observed[PlatformRun]:
    """The newest platform run, open or closed. Absent: there never was one."""
    match platform_series(store, environment).newest():
        case Known((number, record)):
            try:
                return Known(
                    PlatformRun(
                        id=_text(record["id"]),
                        opened_by=_text(record["opened_by"]),
                        opened_at=datetime.fromisoformat(str(record["opened_at"])),
                        closed_by=None if record["closed_by"] is None else _text(record["closed_by"]),
                    )
                )
            except (KeyError, ValueError) as error:
                return Unreadable(f"platform run record {number}: {type(error).__name__}: {error}")
        case other:
            return other


def open_platform_run(store: EvidenceStore, environment: str, run: PlatformRun) -> None:
    """Record that a platform run is open. Does nothing when it is already the newest. Raises StoreError."""
    _record_platform_run(store, environment, run)


def close_platform_run(store: EvidenceStore, environment: str, run: PlatformRun, proof_uri: str) -> None:
    """Record that a proof closed the platform run. Raises StoreError."""
    closed = PlatformRun(id=run.id, opened_by=run.opened_by, opened_at=run.opened_at, closed_by=proof_uri)
    _record_platform_run(store, environment, closed)


def _record_platform_run(store: EvidenceStore, environment: str, run: PlatformRun) -> None:
    if read_platform_run(store, environment) == Known(run):
        return

    def record(_newest: dict[str, Any] | None) -> dict[str, Any]:
        return {
            "id": run.id,
            "opened_by": run.opened_by,
            "opened_at": run.opened_at.isoformat(),
            "closed_by": run.closed_by,
        }

    platform_series(store, environment).append_next(record)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"expected a text, found {value!r}")
    return value


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError(f"expected a time with a zone, found {value!r}")
    return moment


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, found {value!r}")
    return value
