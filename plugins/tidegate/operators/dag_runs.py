"""Triggers runs of other DAGs and asks how they stand, through the supervisor of this task."""

from typing import Any

from airflow.sdk.exceptions import AirflowRuntimeError

from tidegate.models.observed import Absent, Known, Observed, Unreadable

_NOT_FOUND = 404


class SupervisedDagRuns:
    """`tidegate.lanes.run.DagRuns` in a running task.

    Airflow's TriggerDagRunOperator does the same by way of an exception that ends its task; a gate has to go on.
    """

    def __init__(self, ti: Any) -> None:
        self._ti = ti

    def trigger(self, dag_id: str, run_id: str, conf: dict[str, Any]) -> str:
        """Ask for a run. Empty when it is there now, whoever asked first; else what Airflow said."""
        from airflow.sdk.api.client import ServerResponseError
        from airflow.sdk.exceptions import ErrorType
        from airflow.sdk.execution_time.comms import ErrorResponse, TriggerDagRun
        from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

        try:
            answer = SUPERVISOR_COMMS.send(TriggerDagRun(dag_id=dag_id, run_id=run_id, conf=conf))
        except AirflowRuntimeError as error:
            return "" if error.error.error == ErrorType.DAGRUN_ALREADY_EXISTS else f"TriggerDagRun: {error}"
        except ServerResponseError as error:  # the same when the task runs in the test's own process
            return f"TriggerDagRun: {error}"
        if isinstance(answer, ErrorResponse) and answer.error != ErrorType.DAGRUN_ALREADY_EXISTS:
            return f"TriggerDagRun: {answer.error} {answer.detail}"
        return ""

    def state(self, dag_id: str, run_id: str) -> Observed[str]:
        """The state of a run."""
        from airflow.sdk.api.client import ServerResponseError

        try:
            state = self._ti.get_dagrun_state(dag_id, run_id)
        except AirflowRuntimeError as error:
            if (error.error.detail or {}).get("status_code") == _NOT_FOUND:
                return Absent()
            return Unreadable(f"GetDagRunState {dag_id} {run_id}: {error}")
        except ServerResponseError as error:  # the same when the task runs in the test's own process
            if error.response.status_code == _NOT_FOUND:
                return Absent()
            return Unreadable(f"GetDagRunState {dag_id} {run_id}: {error}")
        return Known(str(getattr(state, "value", state)))
