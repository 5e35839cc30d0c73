"""Which log groups were removed after AWS had written them again: on record before the first one goes.

Numbered write-once records under `control/<environment>/removed_log_groups/`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tidegate.evidence.control import Series
from tidegate.evidence.store import EvidenceStore
from tidegate.models.log_groups import WrittenLogGroup
from tidegate.models.observed import Known


def record_removal(
    store: EvidenceStore, environment: str, groups: Sequence[WrittenLogGroup], *, execution_id: str, at: datetime
) -> None:
    """Write down what is about to be removed, by whom (`execution_id`) and when (UTC). A removal that is tried again by
    the same execution is on record already. Raises StoreError.
    """
    series = Series(store, f"control/{environment}/removed_log_groups")
    entries = [{"name": it.name, "arn": it.arn, "owner": it.owner} for it in groups]
    newest = series.newest()
    if isinstance(newest, Known) and (newest.value[1].get("execution_id"), newest.value[1].get("log_groups")) == (
        execution_id,
        entries,
    ):
        return

    def record(_newest: dict[str, Any] | None) -> dict[str, Any]:
        return {"execution_id": execution_id, "at": at.isoformat(), "log_groups": entries}

    series.append_next(record)
