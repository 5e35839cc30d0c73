"""Builds and teardowns by the clock in Airflow's own runner: held off, let go, and a teardown that always starts.

Tests build on each other. What is triggered stays queued: M2 and M9 have tests of their own.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from stage import ENVIRONMENT, Run, Stage
from verified import from_mirror, from_s3

OFFICE_HOURS = 'exceptions: []\nschedules: {time_zone: Europe/London, build: "0 8 * * *", teardown: "0 19 * * *"}'
pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def office(bootstrapped: Stage) -> Iterator[Stage]:
    """An environment with office hours, of which nothing is built."""
    with bootstrapped.manifest_with(("exceptions: []", OFFICE_HOURS)):
        yield bootstrapped


def queued(dag: str) -> list[tuple[str, dict[str, object]]]:
    """Runs that somebody asked for and nobody has begun: id and conf."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        rows = session.scalars(select(DagRun).where(DagRun.dag_id == f"{ENVIRONMENT}.{dag}", DagRun.state == "queued"))
        ours = [row for row in rows if row.run_id.startswith("scheduled_")]
        return sorted((row.run_id, dict(row.conf)) for row in ours)


def execution(run: Run) -> str:
    return str(next(iter(run.snapshots.values()))["execution_id"])


def test_a_hold_of_the_user_who_is_logged_in_skips_the_build(office: Stage) -> None:
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    run = office.run("hold", action="set", until=until, reason="the team is away")
    assert run.state == "success", run.snapshots
    assert run.snapshots["hold_a_hold_snapshot"]["facts"]["who"] == "dag_test"
    held = office.run("scheduledbuild")
    assert (held.state, held.tasks) == ("success", {"a_build": "skipped", "b_phase_verdict": "success"})
    assert held.snapshots["scheduledbuild_a_build_snapshot"]["facts"]["hold"]["who"] == "dag_test"
    assert queued("m2_substrate_build") == []
    for each in (run, held):
        assert (from_s3(office, execution(each)), from_mirror(office, execution(each))) == (set(), set())


def test_a_teardown_starts_under_a_hold(office: Stage) -> None:
    run = office.run("scheduledteardown")
    assert run.state == "success", run.snapshots
    ((run_id, conf),) = queued("m9_teardown_cost_check")
    assert run_id.startswith("scheduled_teardown__")
    assert (conf["target"], conf["confirm"]) == ("demo", ENVIRONMENT)
    assert (from_s3(office, execution(run)), from_mirror(office, execution(run))) == (set(), set())


def test_a_hold_without_an_end_is_refused(office: Stage) -> None:
    run = office.run("hold", action="set", reason="for ever")
    assert (run.state, run.codes("hold_a_hold_snapshot")) == ("failed", {"HOLD-UNTIL-MISSING"})


def test_a_build_starts_once_the_hold_is_lifted(office: Stage) -> None:
    assert office.run("hold", action="lift", reason="back again").state == "success"
    run = office.run("scheduledbuild")
    assert run.state == "success", run.snapshots
    ((run_id, conf),) = queued("m2_substrate_build")
    assert run_id.startswith("scheduled_build__")
    assert (conf["platform_run"], conf["stacks"]) == ("auto", "all")
    assert (from_s3(office, execution(run)), from_mirror(office, execution(run))) == (set(), set())
