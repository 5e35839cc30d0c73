"""The key behind an alias of AWS is AWS's own; a key that somebody makes is a customer's."""

from sandbox.testing import Sandbox


def test_whose_a_key_is(sandbox: Sandbox) -> None:
    kms = sandbox.client("kms")
    assert kms.describe_key(KeyId="alias/aws/dynamodb")["KeyMetadata"]["KeyManager"] == "AWS"
    made = kms.create_key()["KeyMetadata"]["KeyId"]
    assert kms.describe_key(KeyId=made)["KeyMetadata"]["KeyManager"] == "CUSTOMER"
