"""The one task of a DAG whose manifest cannot be used."""

from collections.abc import Mapping
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException


class BrokenManifestOperator(BaseOperator):
    """Fails with file, line, field and what is allowed."""

    ui_color = "#fce8e6"

    def __init__(self, *, reason: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reason = reason

    def execute(self, context: Mapping[str, Any]) -> None:
        """Always raises."""
        raise AirflowFailException(f"MANIFEST-INVALID {self.reason}")
