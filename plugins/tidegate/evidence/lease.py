"""The run lease: one lane run per environment at a time (design.md, environments).

One object, changed only by conditional puts (`If-None-Match: *` for the first, `If-Match: <etag>` afterwards), so that
of two takers one wins. It expires when its holder stops renewing it; Terraform's state lock stays the last line.
"""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tidegate.answers import NO_ANSWER, ask, error_code, explain
from tidegate.evidence.canonical import seal, unseal
from tidegate.models.control import Lease, LeaseHolder
from tidegate.models.observed import Absent, Known, Observed, Unreadable

_LOST_RACE = {"PreconditionFailed", "ConditionalRequestConflict"}


class RunLease:
    """The lease of one environment, seen by one DAG run."""

    def __init__(self, client: Any, bucket: str, environment: str, *, seconds: int) -> None:
        self._client = client
        self._bucket = bucket
        self._key = f"control/{environment}/lease.json"
        self._length = timedelta(seconds=seconds)

    def acquire(self, *, dag_id: str, run_id: str, execution_id: str, now: datetime) -> Lease:
        """Take or renew the lease. Never raises for what S3 answers; a lease that cannot be read is not ours."""
        current, etag = self._read()
        if isinstance(current, Unreadable):
            return Lease(ours=False, holder=current)
        ours = LeaseHolder(
            dag_id=dag_id,
            run_id=run_id,
            execution_id=execution_id,
            acquired_at=now,
            heartbeat_at=now,
            expires_at=now + self._length,
        )
        if isinstance(current, Known):
            holder = current.value
            if (holder.dag_id, holder.run_id) == (dag_id, run_id):
                ours = replace(ours, acquired_at=holder.acquired_at)
            elif holder.expires_at > now:
                return Lease(ours=False, holder=current)
        refusal = self._write(ours, etag)
        if refusal is None:
            return Lease(ours=True, holder=Known(ours))
        return Lease(ours=False, holder=self._read()[0] if refusal == "lost the race" else Unreadable(refusal))

    def check(self, *, dag_id: str, run_id: str, now: datetime) -> Lease:
        """Look without taking: ours only when this run holds it and it has not expired."""
        current, _ = self._read()
        match current:
            case Known(holder):
                ours = (holder.dag_id, holder.run_id) == (dag_id, run_id) and holder.expires_at > now
                return Lease(ours=ours, holder=current)
            case _:
                return Lease(ours=False, holder=current)

    def release(self, *, dag_id: str, run_id: str, now: datetime) -> bool:
        """Let it expire now, when it is ours. True when it is not ours any more afterwards."""
        current, etag = self._read()
        if isinstance(current, Unreadable):
            return False
        if not isinstance(current, Known) or (current.value.dag_id, current.value.run_id) != (dag_id, run_id):
            return True
        return self._write(replace(current.value, heartbeat_at=now, expires_at=now), etag) in {None, "lost the race"}

    def _read(self) -> tuple[Observed[LeaseHolder], str | None]:
        try:
            answer = ask(self._client.get_object, Bucket=self._bucket, Key=self._key)
            record = unseal(ask(answer["Body"].read))
            holder = LeaseHolder(
                dag_id=record["dag_id"],
                run_id=record["run_id"],
                execution_id=record["execution_id"],
                acquired_at=datetime.fromisoformat(record["acquired_at"]),
                heartbeat_at=datetime.fromisoformat(record["heartbeat_at"]),
                expires_at=datetime.fromisoformat(record["expires_at"]),
            )
            if None in {holder.acquired_at.tzinfo, holder.heartbeat_at.tzinfo, holder.expires_at.tzinfo}:
                raise ValueError("a time without a zone")
            return Known(holder), answer["ETag"]
        except NO_ANSWER as error:
            return Absent() if error_code(error) == "NoSuchKey" else Unreadable(explain(self._key, error)), None
        except (KeyError, TypeError, ValueError, json.JSONDecodeError) as error:
            return Unreadable(f"{self._key}: {type(error).__name__}: {error}"), None

    def _write(self, holder: LeaseHolder, etag: str | None) -> str | None:
        """None when written, "lost the race", or what S3 said."""
        condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        record = {
            "dag_id": holder.dag_id,
            "run_id": holder.run_id,
            "execution_id": holder.execution_id,
            "acquired_at": holder.acquired_at.isoformat(),
            "heartbeat_at": holder.heartbeat_at.isoformat(),
            "expires_at": holder.expires_at.isoformat(),
        }
        try:
            ask(self._client.put_object, Bucket=self._bucket, Key=self._key, Body=seal(record), **condition)
        except NO_ANSWER as error:
            return "lost the race" if error_code(error) in _LOST_RACE else explain(self._key, error)
        return None
