"""Retained automated backups in the sandbox: deleted by the id of a database that is gone, and refused else."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.testing import Sandbox


def made(rds: Any, name: str, *, deleted: bool) -> str:
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="somebody",
        MasterUserPassword="not-a-secret",
        BackupRetentionPeriod=7,
    )
    found = str(rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]["DbiResourceId"])
    if deleted:
        rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True, DeleteAutomatedBackups=False)
    return found


def test_the_backup_of_a_database_that_is_gone(sandbox: Sandbox) -> None:
    rds = sandbox.client("rds")
    id_ = made(rds, "gone", deleted=True)
    assert rds.describe_db_snapshots()["DBSnapshots"]
    rds.delete_db_instance_automated_backup(DbiResourceId=id_)
    assert rds.describe_db_snapshots()["DBSnapshots"] == []
    with pytest.raises(ClientError, match="DBInstanceAutomatedBackupNotFound"):
        rds.delete_db_instance_automated_backup(DbiResourceId=id_)


def test_the_backup_of_a_database_that_stands_is_its_own(sandbox: Sandbox) -> None:
    rds = sandbox.client("rds")
    id_ = made(rds, "stands", deleted=False)
    with pytest.raises(ClientError, match="InvalidDBInstanceAutomatedBackupState"):
        rds.delete_db_instance_automated_backup(DbiResourceId=id_)
