"""Control records of an environment: numbered write-once records, highest number wins.

The emergency latch, the platform run and the recorded inputs of a stack are such series. Reading tells "none" from
"could not look".
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tidegate.evidence.canonical import seal, unseal
from tidegate.evidence.store import AlreadyExists, EvidenceStore, StoredObject, StoreError, StoreUnreachable
from tidegate.models.control import LatchRecord, PlatformRun
from tidegate.models.observed import Absent, Known, Observed, Unreadable, shown

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
            keys = [key for key in self.store.keys(f"{self.prefix}/") if key.rpartition("/")[0] == self.prefix]
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
        stored, content = self.store.read(self._key(number))
        record = unseal(content)
        if record.get("number") != number:
            raise ValueError(f"record {number} says that it is number {record.get('number')}")
        return stored, record

    def highest(self) -> int:
        """The highest number that is taken, 0 without any; what the records hold does not matter. Raises StoreError."""
        numbers = (self._number_or_0(key) for key in self.store.keys(f"{self.prefix}/"))
        return max(numbers, default=0)

    def append(self, record: dict[str, Any], *, after: int) -> StoredObject:
        """Write record number `after` + 1. Raises AlreadyExists when somebody was faster, StoreUnreachable."""
        return self.store.create(self._key(after + 1), seal({**record, "number": after + 1}))

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

    def _key(self, number: int) -> str:
        return f"{self.prefix}/{number:06d}.json"

    def _number(self, key: str) -> int:
        stem = key.removeprefix(f"{self.prefix}/").removesuffix(".json")
        if not stem.isdecimal() or key != self._key(int(stem)):
            raise ValueError(f"{key} is no record")
        return int(stem)

    def _number_or_0(self, key: str) -> int:
        try:
            return self._number(key)
        except ValueError:
            return 0


@dataclass(slots=True)
class ControlRecords:
    """The control records of an environment with one list of their keys for all series from `findings` on.

    What is read through it costs one list, however many series are asked for. It does not see what is written later.
    """

    store: EvidenceStore
    environment: str
    _listed: tuple[str, ...] | None = None

    def create(self, key: str, content: bytes) -> StoredObject:
        """As the store does."""
        return self.store.create(key, content)

    def read(self, key: str) -> tuple[StoredObject, bytes]:
        """As the store does."""
        return self.store.read(key)

    def keys(self, prefix: str, after: str = "") -> tuple[str, ...]:
        """From the one list, where it holds them; else as the store does. Raises StoreUnreachable."""
        first = f"control/{self.environment}/findings"
        if not prefix.startswith(f"control/{self.environment}/") or prefix < first:
            return self.store.keys(prefix, after)
        if self._listed is None:
            try:
                self._listed = self.store.keys(f"control/{self.environment}/", first)
            except StoreUnreachable as error:  # named by what was asked for, not by what is listed with it
                raise StoreUnreachable(prefix, str(error).removeprefix(f"{error.key}: ")) from error
        return tuple(key for key in self._listed if key.startswith(prefix) and key > after)


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
