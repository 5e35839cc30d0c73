"""The DAGs that are the way out, and those that watch: Airflow knows them, they are not paused, their files load."""

from collections.abc import Iterator

from tidegate.gates.base import each
from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import OPERATOR
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known
from tidegate.models.remedy import Clear, Command, Person, Remedy
from tidegate.models.viability import DagStatus

_CORRECT = Remedy.of(
    Person(OPERATOR, "see in `airflow dags list-import-errors` why it is not there, and correct it"), Clear()
)
_BUNDLE = Remedy.of(Person(OPERATOR, "make the DAG file of the named bundle readable on the worker"), Clear())
_WOULD_WAIT = "so a triggered run would wait and spend"
_BUILDS_LATER = "so a triggered run would wait, and build whenever somebody unpauses it"
_STANDS_ON = "so what is built now would not be torn down by schedule"
_NOBODY_LOOKS = "so nobody notices what stands too long or costs too much"


def m9_blockers(dag: DagStatus) -> Iterator[Blocker]:
    """The teardown DAG."""
    what = "the teardown DAG"
    unknown = Need(
        stem="M9",
        what=what,
        resource=dag.dag_id,
        expected="a DAG that is not paused",
        remedy=_CORRECT,
    )
    unloaded = Need(
        stem="M9-LOAD",
        what=f"the file of {what}",
        resource=dag.dag_id,
        expected="a file that loads on the worker and makes the DAG",
        remedy=_BUNDLE,
    )
    return each(
        _known_and_unpaused(dag, unknown, "M9-PAUSED", _WOULD_WAIT),
        _loads(dag, unloaded, "M9-IMPORT-ERROR", "dags/m9_teardown_cost_check.py"),
    )


def stop_blockers(dag: DagStatus) -> Iterator[Blocker]:
    """The DAG of the emergency stop."""
    what = "the emergency stop's DAG"
    unknown = Need(
        stem="STOP",
        what=what,
        resource=dag.dag_id,
        expected="a DAG that is not paused",
        remedy=_CORRECT,
    )
    unloaded = Need(
        stem="STOP-LOAD",
        what=f"the file of {what}",
        resource=dag.dag_id,
        expected="a file that loads on the worker and makes the DAG",
        remedy=_BUNDLE,
    )
    return each(
        _known_and_unpaused(dag, unknown, "STOP-PAUSED", _WOULD_WAIT),
        _loads(dag, unloaded, "STOP-IMPORT-ERROR", "dags/emergency_stop.py"),
    )


def audit_blockers(dag: DagStatus | None) -> Iterator[Blocker]:
    """The nightly audit; None: nobody looked for it."""
    what = "the DAG of the nightly audit"
    unknown = Need(
        stem="AUDIT",
        what=what,
        resource="teardown_audit" if dag is None else dag.dag_id,
        expected="a DAG that is not paused",
        remedy=_CORRECT,
    )
    if dag is None:
        yield unusable(Absent(), unknown)
        return
    unloaded = Need(
        stem="AUDIT-LOAD",
        what=f"the file of {what}",
        resource=dag.dag_id,
        expected="a file that loads on the worker and makes the DAG",
        remedy=_BUNDLE,
    )
    yield from each(
        _known_and_unpaused(dag, unknown, "AUDIT-PAUSED", _NOBODY_LOOKS),
        _loads(dag, unloaded, "AUDIT-IMPORT-ERROR", "dags/teardown_audit.py"),
    )


def hourly_blockers(dag: DagStatus | None) -> Iterator[Blocker]:
    """The hourly check; None: nobody looked for it."""
    what = "the DAG of the hourly check"
    unknown = Need(
        stem="HOURLY",
        what=what,
        resource="hourly_check" if dag is None else dag.dag_id,
        expected="a DAG that is not paused",
        remedy=_CORRECT,
    )
    if dag is None:
        yield unusable(Absent(), unknown)
        return
    unloaded = Need(
        stem="HOURLY-LOAD",
        what=f"the file of {what}",
        resource=dag.dag_id,
        expected="a file that loads on the worker and makes the DAG",
        remedy=_BUNDLE,
    )
    yield from each(
        _known_and_unpaused(dag, unknown, "HOURLY-PAUSED", _NOBODY_LOOKS),
        _loads(dag, unloaded, "HOURLY-IMPORT-ERROR", "dags/hourly_check.py"),
    )


def m2_blockers(dag: DagStatus) -> Iterator[Blocker]:
    """The build DAG, for whoever starts it by schedule."""
    what = "the build DAG"
    unknown = Need(
        stem="M2",
        what=what,
        resource=dag.dag_id,
        expected="a DAG that is not paused",
        remedy=_CORRECT,
    )
    unloaded = Need(
        stem="M2-LOAD",
        what=f"the file of {what}",
        resource=dag.dag_id,
        expected="a file that loads on the worker and makes the DAG",
        remedy=_BUNDLE,
    )
    return each(
        _known_and_unpaused(dag, unknown, "M2-PAUSED", _BUILDS_LATER),
        _loads(dag, unloaded, "M2-IMPORT-ERROR", "dags/m2_substrate_build.py"),
    )


def scheduled_teardown_blockers(dag: DagStatus) -> Iterator[Blocker]:
    """The DAG that tears down by schedule what is built by schedule."""
    what = "the DAG of the scheduled teardown"
    unknown = Need(
        stem="SCHEDULED-TEARDOWN-DAG",
        what=what,
        resource=dag.dag_id,
        expected="a DAG that is not paused",
        remedy=_CORRECT,
    )
    unloaded = Need(
        stem="SCHEDULED-TEARDOWN-LOAD",
        what=f"the file of {what}",
        resource=dag.dag_id,
        expected="a file that loads on the worker and makes the DAG",
        remedy=_BUNDLE,
    )
    return each(
        _known_and_unpaused(dag, unknown, "SCHEDULED-TEARDOWN-PAUSED", _STANDS_ON),
        _loads(dag, unloaded, "SCHEDULED-TEARDOWN-IMPORT-ERROR", "dags/scheduled_teardown.py"),
    )


def ready(dag: DagStatus) -> bool:
    """A run of it would start now."""
    return dag.paused == Known(False) and dag.loads == Known(True)


def _known_and_unpaused(dag: DagStatus, need: Need, code: str, so: str) -> Iterator[Blocker]:
    if not isinstance(dag.paused, Known):
        yield unusable(dag.paused, need)
    elif dag.paused.value is not False:
        yield Blocker(
            code=code,
            summary=f"{need.what} is paused, {so}",
            resource=dag.dag_id,
            observed=f"paused = {dag.paused.value}",
            expected="paused = False",
            remedy=Remedy.of(
                Command(("airflow", "dags", "unpause", dag.dag_id), OPERATOR),
                Clear(),
                note="Its switch in Airflow's pages does the same",
            ),
        )


def _loads(dag: DagStatus, need: Need, code: str, file: str) -> Iterator[Blocker]:
    if not isinstance(dag.loads, Known):
        yield unusable(dag.loads, need)
    elif dag.loads.value is not True:
        yield Blocker(
            code=code,
            summary=f"{need.what} does not load",
            resource=dag.dag_id,
            observed=dag.problem or f"loads = {dag.loads.value}",
            expected=need.expected,
            remedy=Remedy.of(Person(OPERATOR, f"correct {file} or what it imports"), Clear()),
        )
