"""Can what stands be torn down: asked while it still stands (TD9)."""

from dataclasses import dataclass

from tidegate.models.facts import Facts
from tidegate.models.observed import Observed
from tidegate.models.plan import PreserveItem, StackScope


@dataclass(frozen=True, slots=True, kw_only=True)
class DagStatus:
    """A DAG as Airflow knows it, and as its file loads now."""

    dag_id: str
    paused: Observed[bool]
    """Absent: Airflow knows no such DAG."""
    loads: Observed[bool]
    """True when its file was loaded on the worker without an error and made this DAG."""
    problem: str = ""
    """Why it does not load."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViabilityFacts(Facts):
    """Facts of M2.I: a destroy plan of every destroyable stack, the DAGs that would apply it, and those that watch."""

    destroyable: tuple[str, ...]
    """Every stack that the manifest lets be destroyed; each must be among `stacks`."""
    stacks: tuple[StackScope, ...]
    preserve_set: Observed[tuple[PreserveItem, ...]]
    protected_types: tuple[str, ...]
    protected_ids: tuple[str, ...]
    protected_prefixes: tuple[str, ...]
    m9: DagStatus
    emergency_stop: DagStatus
    schedules: bool
    """False: nothing runs by itself here (TIDEGATE_SCHEDULES), so audit and hourly check are not asked for."""
    audit: DagStatus | None
    hourly_check: DagStatus | None
