"""SCHEDULED-TEARDOWN. M9 has started, as it is started every time: this gate says so, and keeps nothing from starting.

What M9 itself may do, its own gates decide.
"""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_dag import m9_blockers
from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import FINDER, TEARDOWN
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known
from tidegate.models.remedy import Clear, Person, Remedy
from tidegate.models.schedule import ScheduledTeardownFacts


def blockers(facts: ScheduledTeardownFacts) -> Iterator[Blocker]:
    """Yield every reason why the teardown is not known to have started."""
    return each(m9_blockers(facts.m9), _triggered(facts))


def _triggered(facts: ScheduledTeardownFacts) -> Iterator[Blocker]:
    resource = f"{facts.m9.dag_id} run {facts.run_id}"
    if facts.trigger_problem:
        yield Blocker(
            code="SCHEDULED-TEARDOWN-NOT-STARTED",
            summary="Airflow did not take the run of M9, so what stands goes on standing",
            resource=resource,
            observed=facts.trigger_problem,
            expected="a run of M9",
            remedy=Remedy.of(Person(FINDER, "correct what is observed"), Clear(), alternative=(TEARDOWN,)),
        )
    elif facts.m9.paused == Known(True) or facts.m9.loads == Known(False):
        return  # said already: it was not triggered
    elif not isinstance(facts.run_state, Known):
        need = Need(
            stem="SCHEDULED-TEARDOWN-RUN",
            what="the run of M9",
            resource=resource,
            expected="a run that waits, runs or has ended",
            remedy=Remedy.of(
                Person(FINDER, f"look at the runs of {facts.m9.dag_id} in Airflow's pages"),
                Clear(),
                alternative=(TEARDOWN,),
            ),
        )
        yield unusable(facts.run_state, need)


GATE = Gate(
    id="SCHEDULED-TEARDOWN",
    title="The teardown by the clock has started",
    owner="platform",
    requirements=("LC8", "TD9"),
    facts=ScheduledTeardownFacts,
    blockers=blockers,
    policy_sections=("schedules", "stacks"),
)
