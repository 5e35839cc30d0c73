"""SCHEDULED-BUILD. The clock starts a build only where no latch, no open finding and no hold forbids it.

What cannot be read forbids it as well: nobody is there to decide.
"""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_control import latch_blockers
from tidegate.gates.rules_dag import m2_blockers, scheduled_teardown_blockers
from tidegate.gates.rules_findings import finding_blockers
from tidegate.gates.rules_identity import IDENTITY_SECTIONS, identity_blockers
from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import BUILD, OPERATOR
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known
from tidegate.models.remedy import OWNER, Clear, Person, Remedy, Trigger
from tidegate.models.schedule import ScheduledBuildFacts

_LIFT = Trigger("<environment>.hold", {"action": "lift"}, ("reason",))


def blockers(facts: ScheduledBuildFacts) -> Iterator[Blocker]:
    """Yield every reason why the clock starts no build now."""
    return each(
        identity_blockers(facts.caller, facts.tools),
        latch_blockers(facts.latch, f"{facts.environment}.emergency_release"),
        finding_blockers(facts.findings, tearing_down=False),
        _hold(facts),
        m2_blockers(facts.m2),
        scheduled_teardown_blockers(facts.teardown),
        _run(facts),
    )


def _hold(facts: ScheduledBuildFacts) -> Iterator[Blocker]:
    match facts.hold:
        case Absent():
            return
        case Known(hold) if not hold.in_force(facts.observed_at):
            return
        case Known(hold):
            yield Blocker(
                code="HOLD-IN-FORCE",
                summary="a person holds scheduled builds off",
                resource=f"hold record {hold.number}",
                observed=hold.said,
                expected="no hold, or one that has ended",
                remedy=Remedy.of(_LIFT, Clear(), alternative=(BUILD,)),
            )
        case other:
            yield unusable(
                other,
                Need(
                    stem="HOLD",
                    what="whether builds are held off",
                    resource="hold",
                    expected="a record that can be read, or none",
                    remedy=Remedy.of(
                        _LIFT,
                        Clear(),
                        alternative=(
                            Person(OWNER, "let the execution role read control/<environment>/holds in the bucket"),
                            Clear(),
                        ),
                        note="Lifting writes a new record on top of one that is damaged",
                    ),
                ),
            )


def _run(facts: ScheduledBuildFacts) -> Iterator[Blocker]:
    if not isinstance(facts.run.state, Known | Absent):
        yield unusable(
            facts.run.state,
            Need(
                stem="SCHEDULED-BUILD-RUN",
                what="whether the run of M2 is there already",
                resource=f"{facts.m2.dag_id} run {facts.run.run_id}",
                expected="a run, or none",
                remedy=Remedy.of(
                    Person(OPERATOR, f"look at the runs of {facts.m2.dag_id} in Airflow's pages"), Clear()
                ),
            ),
        )


GATE = Gate(
    id="SCHEDULED-BUILD",
    title="Nothing forbids a build by the clock",
    owner="platform",
    requirements=("LC8", "CO4", "TD9", "RE3", "ID1", "ID2", "ID3"),
    facts=ScheduledBuildFacts,
    blockers=blockers,
    policy_sections=(*IDENTITY_SECTIONS, "evidence", "schedules", "exceptions"),
)
