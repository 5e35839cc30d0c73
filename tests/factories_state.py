"""States as Terraform writes them, a backend that holds them, and a state that was not saved."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from moto import mock_aws

from standins import LOADER, dev_min
from tidegate.collectors.aws.clients import Clients
from tidegate.models.observed import Known
from tidegate.models.state import HistoryVersion, NewerProvider, StateDigest
from tidegate.models.unsaved import UnsavedState

LINEAGE = "b6a5"
NOW = datetime(2026, 2, 13, 20, 14, 27, tzinfo=UTC)
KEY = "dev_min/demo/terraform.tfstate"


def resource(name: str = "a", **attributes: Any) -> dict[str, Any]:
    """A subnet in a state."""
    return {
        "mode": "managed",
        "type": "aws_subnet",
        "name": name,
        "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
        "instances": [{"schema_version": 1, "attributes": {"id": f"subnet-{name}", **attributes}}],
    }


def document(*resources: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A state of demo."""
    return {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": 7,
        "lineage": LINEAGE,
        "outputs": {},
        "resources": list(resources),
        **changes,
    }


def body(*resources: dict[str, Any], **changes: Any) -> bytes:
    """The same as bytes."""
    return json.dumps(document(*resources, **changes)).encode()


@contextmanager
def backend() -> Iterator[Clients]:
    """Clients of an account in moto with dev_min's three buckets and its lock table."""
    environment = dev_min()[0]
    with mock_aws():
        clients = Clients.from_environment(environment.region)
        clients.session.register_component("data_loader", LOADER)
        for bucket in (environment.backend.bucket, environment.evidence.bucket, environment.work.bucket):
            clients.s3.create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": environment.region}
            )
            clients.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        clients.dynamodb.create_table(
            TableName=environment.backend.lock_table,
            KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield clients


def unsaved(**changes: Any) -> UnsavedState:
    """A state of demo that was not saved, on record."""
    state = UnsavedState(
        number=1,
        environment="dev_min",
        stack="demo",
        execution_id="m2_20260213T201427Z",
        task="f_demo.apply",
        host="worker-3",
        path="work/dev_min/demo/unsaved/aa.tfstate",
        uri=None,
        sha256="aa",
        written_by_intent=True,
        last_version_id="v1",
        planned_addresses=("aws_subnet.a", "aws_subnet.b"),
        recorded_at=NOW,
    )
    return replace(state, **changes)


def version(id: str = "v2", **changes: Any) -> HistoryVersion:
    """The newest version of a state."""
    found = HistoryVersion(
        version_id=id,
        modified=NOW,
        size=120,
        is_latest=True,
        serial=Known(8),
        lineage=Known(LINEAGE),
        md5=Known("d2"),
    )
    return replace(found, **changes)


def digest(**changes: Any) -> StateDigest:
    """The table's digest is that of the version before the newest."""
    found = StateDigest(
        digest="d1",
        current=Known(version()),
        fitting=(version("v1", is_latest=False, serial=Known(7), md5=Known("d1")),),
        looked_at=2,
    )
    return replace(found, **changes)


def newer(**changes: Any) -> NewerProvider:
    """A subnet that a newer provider wrote; the version before is older."""
    found = NewerProvider(
        address="aws_subnet.a",
        provider="registry.terraform.io/hashicorp/aws",
        locked="5.100.0",
        schema_version=9,
        version_id="v2",
        serial=8,
        older="v1",
    )
    return replace(found, **changes)
