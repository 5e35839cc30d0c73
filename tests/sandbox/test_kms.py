"""The key behind an alias of AWS is AWS's own; a key that somebody makes is a customer's."""

from sandbox.testing import Sandbox


def test_whose_a_key_is(sandbox: Sandbox) -> None:
    kms = sandbox.client("kms")
    assert kms.describe_key(KeyId="alias/aws/dynamodb")["KeyMetadata"]["KeyManager"] == "AWS"
    made = kms.create_key()["KeyMetadata"]["KeyId"]
    assert kms.describe_key(KeyId=made)["KeyMetadata"]["KeyManager"] == "CUSTOMER"


def test_the_key_of_an_encrypted_table_is_awss(sandbox: Sandbox) -> None:
    sandbox.client("dynamodb").create_table(
        TableName="locks",
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True},
    )
    kms = sandbox.client("kms")
    keys = [kms.describe_key(KeyId=it["KeyId"])["KeyMetadata"] for it in kms.list_keys()["Keys"]]
    assert {it["KeyManager"] for it in keys if it["Description"] != ""} <= {"AWS"}
    assert keys
