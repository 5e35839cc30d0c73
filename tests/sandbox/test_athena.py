"""A workgroup of Athena is changed in place, field by field, as Terraform changes it."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.testing import Sandbox

BEFORE = {
    "EnforceWorkGroupConfiguration": True,
    "BytesScannedCutoffPerQuery": 10_000_000,
    "ResultConfiguration": {
        "OutputLocation": "s3://results/",
        "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
    },
}


@pytest.fixture
def athena(sandbox: Sandbox) -> Any:
    client = sandbox.client("athena")
    client.create_work_group(Name="lake", Description="before", Configuration=BEFORE)
    return client


def standing(athena: Any) -> dict[str, Any]:
    group: dict[str, Any] = athena.get_work_group(WorkGroup="lake")["WorkGroup"]
    return group


def test_what_a_change_names_is_changed_and_the_rest_stays(athena: Any) -> None:
    athena.update_work_group(
        WorkGroup="lake",
        ConfigurationUpdates={
            "BytesScannedCutoffPerQuery": 20_000_000,
            "ResultConfigurationUpdates": {"OutputLocation": "s3://others/"},
        },
    )
    group = standing(athena)
    assert (group["Description"], group["State"]) == ("before", "ENABLED")
    assert group["Configuration"]["BytesScannedCutoffPerQuery"] == 20_000_000
    assert group["Configuration"]["EnforceWorkGroupConfiguration"] is True
    assert group["Configuration"]["ResultConfiguration"] == {
        "OutputLocation": "s3://others/",
        "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
    }


def test_what_is_removed_is_gone(athena: Any) -> None:
    athena.update_work_group(
        WorkGroup="lake",
        Description="after",
        State="DISABLED",
        ConfigurationUpdates={
            "RemoveBytesScannedCutoffPerQuery": True,
            "ResultConfigurationUpdates": {"RemoveEncryptionConfiguration": True},
        },
    )
    group = standing(athena)
    assert (group["Description"], group["State"]) == ("after", "DISABLED")
    assert "BytesScannedCutoffPerQuery" not in group["Configuration"]
    assert group["Configuration"]["ResultConfiguration"] == {"OutputLocation": "s3://results/"}


def test_what_was_deleted_is_not_found(athena: Any) -> None:
    athena.delete_work_group(WorkGroup="lake")
    with pytest.raises(ClientError) as caught:
        standing(athena)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("InvalidRequestException", "WorkGroup lake is not found.")
