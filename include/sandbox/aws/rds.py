"""RDS in the sandbox (labelled extension of moto): retained automated backups can be deleted, as in AWS.

moto keeps the automated snapshots of a database that was deleted without its backups, and knows no way to remove them:
AWS takes the backup as a whole, by the id that RDS gave its database.
"""

from moto.core.responses import ActionResult
from moto.rds.exceptions import RDSClientError
from moto.rds.responses import RDSResponse

from sandbox.aws.patching import add
from sandbox.refusals import Kinder, Refusal

SERVICE = "rds"
_OPERATION = "DeleteDBInstanceAutomatedBackup"
_REFERENCE = f"https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_{_OPERATION}.html"
REFUSALS = (
    Refusal(_OPERATION, "InvalidDBInstanceAutomatedBackupState", "the database stands", _REFERENCE),
    Refusal(_OPERATION, "DBInstanceAutomatedBackupNotFound", "there is no such backup", _REFERENCE),
)
KINDER: tuple[Kinder, ...] = ()


def install() -> None:
    """Put it on moto's class."""
    add(RDSResponse, "delete_db_instance_automated_backup", _delete_automated_backup)


def _delete_automated_backup(response: RDSResponse) -> ActionResult:
    wanted = response.params.get("DbiResourceId")
    kept = response.backend.database_snapshots
    if any(it.dbi_resource_id == wanted for it in response.backend.databases.values()):
        raise RDSClientError("InvalidDBInstanceAutomatedBackupState", f"the database of {wanted} stands")
    going = [
        id_
        for id_, snapshot in kept.items()
        if snapshot.snapshot_type == "automated" and snapshot.dbi_resource_id == wanted
    ]
    if not going:
        raise RDSClientError("DBInstanceAutomatedBackupNotFound", f"there is no automated backup of {wanted}")
    for id_ in going:
        del kept[id_]
    return ActionResult({"DBInstanceAutomatedBackup": {"DbiResourceId": wanted, "Status": "deleting"}})
