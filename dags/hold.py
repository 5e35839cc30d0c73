"""One Airflow DAG per environment with `schedules`. Wiring only: the lanes are in plugins/tidegate/lanes."""

from tidegate.dag_factory import dags_of

globals().update(dags_of("hold"))
