"""Execution ids: `m2_20260213T201427Z`, claimed once per DAG run by a conditional put (ADR 3).

The id comes from the run's `run_after`, so it stays the same when tasks are cleared; two runs of one second get
neighbouring seconds.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import cast, get_args

from tidegate.evidence.canonical import seal, unseal
from tidegate.evidence.layout import Phase
from tidegate.evidence.store import AlreadyExists, EvidenceStore, NotThere, StoreError, StoreUnreachable
from tidegate.models.observed import Absent, Known, Observed, Unreadable

_ID = re.compile(rf"({'|'.join(get_args(Phase))})_[0-9]{{8}}T[0-9]{{6}}Z")


def phase_of_execution(execution_id: str) -> Phase:
    """The phase that an execution id begins with. Raises ValueError for what is none."""
    found = _ID.fullmatch(execution_id)
    if found is None:
        raise ValueError(f"{execution_id!r} is not an execution id such as m2_20260213T201427Z")
    return cast(Phase, found[1])


def moment_of_execution(execution_id: str) -> datetime:
    """When its DAG run was due, aware UTC, to the second. Raises ValueError for what is no execution id."""
    phase_of_execution(execution_id)
    return datetime.strptime(execution_id.partition("_")[2], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def find_claim(
    store: EvidenceStore, environment: str, phase: Phase, *, dag_id: str, run_id: str, not_before: datetime
) -> Observed[str]:
    """The execution id that another DAG run claimed. `not_before` (aware UTC) bounds the search. Absent: none yet."""
    prefix = f"control/{environment}/executions/{phase}_"
    first = f"{prefix}{not_before.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    try:
        for key in reversed(store.keys(prefix, first)):  # a key goes on behind its moment
            claimed = unseal(store.read(key)[1])
            if (claimed.get("dag_id"), claimed.get("run_id")) == (dag_id, run_id):
                return Known(key.rpartition("/")[2].removesuffix(".json"))
    except (StoreError, ValueError) as error:
        return Unreadable(f"{prefix}*: {error}")
    return Absent()


def claim(
    store: EvidenceStore, environment: str, phase: Phase, *, dag_id: str, run_id: str, run_after: datetime
) -> str:
    """The execution id of a DAG run: the one that it claimed before, or the next free one.

    Raises StoreUnreachable, also when a claim cannot be read back.
    """
    second = run_after.astimezone(UTC).replace(microsecond=0)
    while True:
        execution_id = f"{phase}_{second:%Y%m%dT%H%M%SZ}"
        key = f"control/{environment}/executions/{execution_id}.json"
        ours = {"dag_id": dag_id, "run_id": run_id}
        try:
            store.create(key, seal(ours))
            return execution_id
        except AlreadyExists:
            try:
                _, content = store.read(key)
                claimed = unseal(content)
            except (NotThere, ValueError) as error:
                raise StoreUnreachable(key, f"the claim is not usable: {error}") from error
            if {name: claimed.get(name) for name in ours} == ours:
                return execution_id
            second += timedelta(seconds=1)
