"""EMERGENCY-TEARDOWN. The run of M9 that the emergency stop triggered has ended, and its own verdict passed (CO4)."""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_dag import m9_blockers, ready
from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import FINDER, TEARDOWN
from tidegate.models.blocker import Blocker
from tidegate.models.emergency import EmergencyTeardownFacts, TeardownVerdict
from tidegate.models.observed import Absent, Known
from tidegate.models.remedy import Clear, Command, Person, Remedy, Wait

_ENDED = ("success", "failed")
_AGAIN = Clear()


def blockers(facts: EmergencyTeardownFacts) -> Iterator[Blocker]:
    """Yield every reason why the teardown is not known to be done."""
    return each(m9_blockers(facts.m9), _triggered(facts), _run(facts), _verdict(facts))


def _triggered(facts: EmergencyTeardownFacts) -> Iterator[Blocker]:
    if facts.trigger_problem:
        yield _blocker(
            facts,
            "TEARDOWN-NOT-TRIGGERED",
            "Airflow did not take the run of M9",
            observed=facts.trigger_problem,
            expected="a run of M9",
            remedy=Remedy.of(Person(FINDER, "correct what is observed"), Clear(), alternative=(TEARDOWN,)),
        )


def _run(facts: EmergencyTeardownFacts) -> Iterator[Blocker]:
    match facts.run_state:
        case Known(state) if state in _ENDED:
            return
        case Known(state):
            yield _blocker(
                facts,
                "TEARDOWN-RUNNING",
                "the teardown has not ended",
                observed=f"{state}; a run of M9 before it goes first" if state == "queued" else str(state),
                expected=" or ".join(_ENDED),
                remedy=Remedy.of(Wait("the run of M9 has ended; it goes on by itself"), Clear()),
            )
        case Absent() if facts.trigger_problem or not ready(facts.m9):
            return  # said already
        case other:
            need = Need(
                stem="TEARDOWN-RUN",
                what="the run of M9 that this stop triggered",
                resource=f"{facts.m9.dag_id} run {facts.run_id}",
                expected="a run that has ended",
                remedy=Remedy.of(Person(FINDER, f"look at the runs of {facts.m9.dag_id} in Airflow's pages"), _AGAIN),
            )
            yield unusable(other, need)


def _verdict(facts: EmergencyTeardownFacts) -> Iterator[Blocker]:
    if not isinstance(facts.run_state, Known) or facts.run_state.value not in _ENDED:
        return
    if not isinstance(facts.verdict, Known):
        need = Need(
            stem="TEARDOWN-VERDICT",
            what="the verdict of the triggered M9",
            resource=f"{facts.m9.dag_id} run {facts.run_id}",
            expected="a phase verdict in the evidence",
            remedy=Remedy.of(
                Person(FINDER, "read the log of that run's verdict task and correct what it names"), _AGAIN
            ),
        )
        yield unusable(facts.verdict, need)
        return
    verdict = facts.verdict.value
    yield from each(_foreign(facts, verdict), _not_passed(facts, verdict))
    if facts.run_state.value != "success" and verdict.overall_pass is True:
        yield _blocker(
            facts,
            "TEARDOWN-RUN-FAILED",
            "the verdict of M9 passed, and its run did not succeed",
            observed=f"run {facts.run_state.value}, verdict {verdict.uri}",
            expected="success",
            remedy=Remedy.of(Person(FINDER, "read the log of that run's red task and correct what it names"), _AGAIN),
        )


def _foreign(facts: EmergencyTeardownFacts, verdict: TeardownVerdict) -> Iterator[Blocker]:
    for name, observed, expected in (
        ("environment", verdict.environment, facts.environment),
        ("profile", verdict.profile, facts.profile),
        ("run", verdict.run_id, facts.run_id),
        ("gate", verdict.gate, "PHASE-VERDICT"),
    ):
        if observed != expected:
            yield _blocker(
                facts,
                "TEARDOWN-VERDICT-FOREIGN",
                "the verdict is not that of the triggered M9",
                observed=f"{name} {observed} in {verdict.uri}",
                expected=f"{name} {expected}",
                remedy=Remedy.of(Person(FINDER, "find out who wrote it"), _AGAIN),
            )


def _not_passed(facts: EmergencyTeardownFacts, verdict: TeardownVerdict) -> Iterator[Blocker]:
    if verdict.overall_pass is not True or verdict.status != "pass":
        lanes = ", ".join(lane for lane in verdict.lanes if not lane.endswith((" pass", " skipped")))
        yield _blocker(
            facts,
            "TEARDOWN-NOT-PASSED",
            "the triggered M9 did not pass; the lanes that are not named here did",
            observed=f"{verdict.execution_id}: {lanes or verdict.status}",
            expected="verdict pass",
            remedy=Remedy.of(
                Command(
                    ("tidegate", "show", verdict.execution_id, "--environment", "<environment>", "--from", "s3"), FINDER
                ),
                Person(FINDER, "follow the remedies that it shows"),
                _AGAIN,
                note="When the destroy passed and only the cost did not, nothing is left running",
            ),
        )


def _blocker(
    facts: EmergencyTeardownFacts, code: str, summary: str, *, observed: str, expected: str, remedy: Remedy
) -> Blocker:
    return Blocker(
        code=code,
        summary=summary,
        resource=f"{facts.m9.dag_id} run {facts.run_id}",
        observed=observed,
        expected=expected,
        remedy=remedy,
    )


GATE = Gate(
    id="EMERGENCY-TEARDOWN",
    title="The teardown that the emergency stop triggered passed",
    owner="platform",
    requirements=("CO4", "TD9"),
    facts=EmergencyTeardownFacts,
    blockers=blockers,
    transient_codes=frozenset({"TEARDOWN-RUNNING"}),
)
