"""The DAGs of a manifest with `schedules`: there where it asks for them, due when it says, with nothing to type."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag

from manifests import COMMITTED
from tidegate.models.operations import Schedules
from tidegate.settings import settings

PROJECT = Path(__file__).resolve().parents[2]
FILES = ("scheduled_build", "scheduled_teardown", "hold")
OFFICE_HOURS = """
schedules:
  time_zone: Europe/London
  build: "0 8 * * 1-5"
  teardown: "0 19 * * *"
"""


@pytest.fixture
def dags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The DAGs of the three files under a manifest with this text at its end."""

    def load(text: str, **environ: str) -> dict[str, Any]:
        manifest = COMMITTED.read_text(encoding="utf-8") + text
        (tmp_path / "dev_min.yaml").write_text(manifest, encoding="utf-8")
        for name, value in {"TIDEGATE_ENVIRONMENTS_DIR": str(tmp_path), **environ}.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        found: dict[str, Any] = {}
        for name in FILES:
            bag = DagBag(str(PROJECT / "dags" / f"{name}.py"), safe_mode=False)
            assert not bag.import_errors
            found |= bag.dags
        return found

    yield load
    settings.cache_clear()


@pytest.mark.parametrize(
    ("text", "there"),
    [
        pytest.param("", set(), id="off-by-default"),
        pytest.param(OFFICE_HOURS, set(FILES), id="office-hours"),
        pytest.param(OFFICE_HOURS.replace('build: "0 8 * * 1-5"', "#"), {"scheduled_teardown"}, id="teardown-alone"),
        pytest.param(OFFICE_HOURS.replace("teardown", "teardwon"), set(), id="nobody-can-tell"),
    ],
)
def test_what_the_manifest_does_not_ask_for_has_no_dag(dags: Any, text: str, there: set[str]) -> None:
    assert set(dags(text)) == {f"dev_min.{name}" for name in there}


def test_they_are_due_by_the_clock_of_their_time_zone(dags: Any) -> None:
    """London puts its clocks forward on 29 March 2026."""
    found = dags(OFFICE_HOURS)
    for name, cron in (("scheduled_build", "0 8 * * 1-5"), ("scheduled_teardown", "0 19 * * *")):
        timetable = found[f"dev_min.{name}"].timetable
        assert (timetable.expression, str(timetable.timezone)) == (cron, "Europe/London")
    assert due(found["dev_min.scheduled_teardown"], datetime(2026, 3, 28, 12, tzinfo=UTC), 3) == [
        datetime(2026, 3, 28, 19, tzinfo=UTC),
        datetime(2026, 3, 29, 18, tzinfo=UTC),
        datetime(2026, 3, 30, 18, tzinfo=UTC),
    ]


def due(dag: Any, after: datetime, count: int) -> list[datetime]:
    """When Airflow's scheduler starts the next runs."""
    from airflow.serialization.encoders import coerce_to_core_timetable
    from pendulum import instance

    timetable, moments = coerce_to_core_timetable(dag.timetable), []
    for _ in range(count):
        after = timetable._get_next(instance(after))
        moments.append(after)
    return moments


@pytest.mark.parametrize("zone", ["UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("cron", ["0 19 * * *", "30 1 * * *", "15 2 * * 0", "0 8 1 * *"])
def test_the_teardown_after_a_moment_is_the_one_that_airflow_starts(dags: Any, zone: str, cron: str) -> None:
    """Over a year, with hours that come twice and hours that do not come at all."""
    schedules = Schedules(time_zone=zone, teardown=cron)
    found = dags(f'\nschedules: {{time_zone: {zone}, teardown: "{cron}"}}\n')
    dag = found["dev_min.scheduled_teardown"]
    moment, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    while moment < end:
        (wanted,) = due(dag, moment, 1)
        assert schedules.teardown_after(moment) == wanted
        moment = max(wanted, moment + timedelta(hours=1))


def test_utc_needs_no_timetable_of_its_own(dags: Any) -> None:
    found = dags(OFFICE_HOURS.replace("Europe/London", "UTC"))
    assert found["dev_min.scheduled_build"].schedule == "0 8 * * 1-5"


def test_without_schedules_in_the_settings_they_wait_for_a_trigger(dags: Any) -> None:
    found = dags(OFFICE_HOURS, TIDEGATE_SCHEDULES="false")
    assert set(found) == {f"dev_min.{name}" for name in FILES}
    assert {dag.schedule for dag in found.values()} == {None}


def test_airflow_stores_them_and_they_ask_nobody_for_anything(dags: Any) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    found = dags(OFFICE_HOURS)
    for name in ("scheduled_build", "scheduled_teardown"):
        dag = found[f"dev_min.{name}"]
        stored: Any = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
        assert stored.timetable._expression == dag.timetable.expression
        assert not dag.params
        assert (dag.catchup, dag.max_active_runs, dag.dagrun_timeout) == (False, 1, timedelta(minutes=20))
        assert "**Schedule.**" in dag.doc_md


def test_the_form_of_the_hold(dags: Any) -> None:
    dag = dags(OFFICE_HOURS + "  max_hold_days: 5\n")["dev_min.hold"]
    assert (dag.schedule, dag.dag_display_name) == (None, "Hold scheduled builds - dev_min")
    action, until, reason = (dag.params.get_param(name) for name in ("action", "until", "reason"))
    assert (action.value, action.schema["enum"]) == ("set", ["set", "lift"])
    assert (until.value, until.schema["format"]) == (None, "date-time")
    assert "at most 5 days from now" in until.description
    assert (reason.value, reason.schema["maxLength"]) == ("", 200)
    assert until.resolve("2026-02-16T20:14:27Z") == "2026-02-16T20:14:27Z"
    assert until.resolve(None) is None


@pytest.mark.parametrize("name", FILES)
def test_the_verdict_is_the_only_leaf(dags: Any, name: str) -> None:
    dag = dags(OFFICE_HOURS)[f"dev_min.{name}"]
    assert [task.task_id for task in dag.leaves] == ["b_phase_verdict"]
    assert len(dag.tasks) == 2
