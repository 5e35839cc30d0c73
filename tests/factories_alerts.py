"""What runs have to tell; each takes the changes as keywords."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tidegate.models.alert import About, Alert, LaneFound
from tidegate.models.blocker import Blocker
from tidegate.models.notice import Notice
from tidegate.models.remedy import Person, Remedy

NOW = datetime(2026, 2, 13, 20, 14, 27, tzinfo=UTC)
EXECUTION = "audit_20260213T201427Z"


def about(**changes: Any) -> About:
    """A night's audit of dev_min on AWS."""
    return replace(
        About(
            environment="dev_min",
            profile="aws",
            phase="audit",
            execution_id=EXECUTION,
            link="https://airflow.example/dags/dev_min.teardown_audit/runs/scheduled__1",
            evidence="s3://evidence/audit_n_phase_verdict.json",
        ),
        **changes,
    )


def blocker(code: str = "FORBIDDEN-LIVE", resource: str = "aws_nat_gateway nat-1", **changes: Any) -> Blocker:
    """A closed gate's reason."""
    return replace(
        Blocker(
            code=code,
            summary="something forbidden stands",
            resource=resource,
            observed="state available",
            expected="nothing of this type",
            remedy=Remedy.of(Person("its owner", "remove it")),
            owner="finops",
        ),
        **changes,
    )


def lane(*blockers: Blocker, **changes: Any) -> LaneFound:
    """What the posture lane of an audit found."""
    return replace(
        LaneFound(
            lane="AUDIT.C",
            gate="NETWORK-POSTURE",
            uri="s3://evidence/audit_c_network_posture_snapshot.json",
            blockers=blockers,
            notices=(),
            judged=True,
        ),
        **changes,
    )


def notice(key: str = "rung/2026-02/20") -> Notice:
    """A rung that was crossed."""
    return Notice(key=key, summary="the cost has crossed 20 USD", remedy="see what spends")


def lane_blocked(lane: str = "AUDIT.C NETWORK-POSTURE", code: str = "LANE-BLOCKED", **changes: Any) -> Blocker:
    """What the verdict says of a lane."""
    given = {"summary": f"{lane}: the gate is closed", "resource": f"s3://evidence/{EXECUTION}/snapshot.json"}
    return blocker(code, **{**given, **changes})


def alert(key: str = "finding/NETWORK-POSTURE/FORBIDDEN-LIVE/nat-1", **changes: Any) -> Alert:
    """A finding of the posture lane."""
    given = Alert(key=key, scope="NETWORK-POSTURE", fingerprint="f" * 64, subject="subject", text="text\n")
    return replace(given, **changes)
