"""AUDIT-CONTINUITY. There was an audit every night, each left its verdict, and the clock agrees with the evidence."""

from collections.abc import Iterator
from datetime import timedelta

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_observed import Need, readable, required
from tidegate.gates.rules_remedies import EVIDENCE_BUCKET, OPERATOR, SAME_DAG, manifest
from tidegate.models.audit import AuditContinuityFacts, PreviousAudit
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known
from tidegate.models.remedy import Clear, Person, Remedy, Trigger

CLOCK_TOLERANCE = timedelta(minutes=1)
"""By so much the clocks of two workers may differ."""

_RESOURCE = "teardown_audit"
_HOURLY = "hourly_check"
_DAG = "<environment>.teardown_audit"


def blockers(facts: AuditContinuityFacts) -> Iterator[Blocker]:
    """What could not be read, nights without a verdict, audits that broke off, hours in which nobody looked, and a
    clock that runs behind.
    """
    return each(_readable(facts), _missed(facts), _without_verdict(facts), _hourly(facts), _clock(facts))


def _readable(facts: AuditContinuityFacts) -> Iterator[Blocker]:
    chain = Need(
        stem="VERDICT-CHAIN",
        what="the chain of verdicts",
        resource=_RESOURCE,
        expected="numbered records below evidence/<environment>/verdicts, or none yet",
        remedy=EVIDENCE_BUCKET,
    )
    claims = Need(
        stem="AUDIT-CLAIMS",
        what="which audits began",
        resource=_RESOURCE,
        expected="the claims below control/<environment>/executions",
        remedy=EVIDENCE_BUCKET,
    )
    schedule = Need(
        stem="AUDIT-SCHEDULE",
        what="when audits were due",
        resource=_RESOURCE,
        expected="five fields of cron, UTC",
        remedy=Remedy.of(manifest("audit.schedule", why="a cron expression"), SAME_DAG),
    )
    hourly = Need(
        stem="HOURLY-SCHEDULE",
        what="when hourly checks were due",
        resource=_HOURLY,
        expected="five fields of cron, UTC",
        remedy=Remedy.of(
            manifest("audit.hourly_schedule", why="a cron expression"), SAME_DAG, alternative=EVIDENCE_BUCKET.steps
        ),
    )
    if not isinstance(facts.previous, Known | Absent):
        return readable(facts.previous, chain)  # all else rests on it
    return each(
        readable(facts.newest_record, chain),
        required(facts.without_verdict, claims),
        required(facts.missed, schedule),
        readable(facts.hourly_due, hourly),
        readable(facts.hourly_newest, chain),
    )


def _missed(facts: AuditContinuityFacts) -> Iterator[Blocker]:
    """One blocker for all nights: what kept the audit from running in one of them kept it in the others, mostly."""
    if not isinstance(facts.missed, Known) or not facts.missed.value:
        return
    nights = ", ".join(due.isoformat(timespec="minutes") for due in facts.missed.value)
    last = "none" if not isinstance(facts.previous, Known) else _said(facts.previous.value)
    yield Blocker(
        code="AUDIT-MISSED",
        summary="nobody looked when an audit was due",
        resource=_RESOURCE,
        observed=f"no verdict of the audits due at {nights}; the newest one is {last}",
        expected=f"a verdict for each time of {facts.schedule} (UTC), at most {facts.deadline_minutes} minutes later",
        remedy=Remedy.of(
            Person(
                OPERATOR,
                f"see in Airflow why {_DAG} did not run or did not end: paused, no scheduler, past its deadline",
            ),
            note="This audit looks at everything anew",
        ),
    )


def _said(previous: PreviousAudit) -> str:
    return f"{previous.execution_id}, recorded at {previous.recorded_at.isoformat(timespec='minutes')}"


def _without_verdict(facts: AuditContinuityFacts) -> Iterator[Blocker]:
    for execution in facts.without_verdict.value if isinstance(facts.without_verdict, Known) else ():
        yield Blocker(
            code="AUDIT-WITHOUT-VERDICT",
            summary="an audit began and left no verdict",
            resource=execution,
            observed="its execution is claimed, and no record of the chain names it",
            expected="a verdict, passed or not",
            remedy=Remedy.of(
                Person(OPERATOR, f"open the run of {_DAG} in Airflow and read which task did not end"),
                note="This audit looks at everything anew",
            ),
        )


def _hourly(facts: AuditContinuityFacts) -> Iterator[Blocker]:
    if isinstance(facts.hourly_due, Known) and isinstance(facts.hourly_newest, Absent):
        yield Blocker(
            code="HOURLY-CHECK-MISSED",
            summary="nobody looks every hour at what is spent and at what has outlived its time",
            resource=_HOURLY,
            observed=f"no verdict of an hourly check due since {facts.hourly_due.value.isoformat(timespec='minutes')}",
            expected=f"a verdict for each time of {facts.hourly_schedule} (UTC)",
            remedy=Remedy.of(
                Person(
                    OPERATOR,
                    "see in Airflow whether <environment>.hourly_check is unpaused, whether the scheduler runs, "
                    "and why the newest run did not end",
                ),
                Trigger("<environment>.hourly_check"),
            ),
        )


def _clock(facts: AuditContinuityFacts) -> Iterator[Blocker]:
    """Records are written in order: one of the future says that a clock jumped, and ages cannot be trusted."""
    newest = facts.newest_record
    if isinstance(newest, Known) and newest.value - facts.observed_at > CLOCK_TOLERANCE:
        yield Blocker(
            code="CLOCK-BEHIND",
            summary="the newest verdict was recorded in the future, so the clock of a worker is wrong",
            resource="clock of the worker",
            observed=f"now {facts.observed_at.isoformat()}, newest record of {newest.value.isoformat()}",
            expected=f"no record more than {int(CLOCK_TOLERANCE.total_seconds())} seconds ahead",
            remedy=Remedy.of(Person(OPERATOR, "set the clock of the worker right by time synchronisation"), Clear()),
        )


GATE = Gate(
    id="AUDIT-CONTINUITY",
    title="An audit left its verdict every night",
    owner="platform",
    requirements=("TD8", "EV2"),
    facts=AuditContinuityFacts,
    blockers=blockers,
    policy_sections=("audit",),
    measured_codes=frozenset({"CLOCK-BEHIND", "HOURLY-CHECK-MISSED"}),
)
