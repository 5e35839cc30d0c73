"""The posture of the DynamoDB lock table (ST2, ST3)."""

from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.reading import MalformedAnswer, ask, field, observe
from tidegate.models.backend import LockTablePosture
from tidegate.models.environment import Environment
from tidegate.models.observed import Known

IAM_ACTIONS: tuple[str, ...] = ("dynamodb:DescribeTable",)


def collect_lock_table(clients: Clients, environment: Environment) -> LockTablePosture:
    """The environment's lock table; every field Absent when there is none. Never raises for what AWS answers."""
    name = environment.backend.lock_table
    call = f"DescribeTable {name}"
    answer = observe(
        call, lambda: ask(clients.dynamodb.describe_table, TableName=name), absent=["ResourceNotFoundException"]
    )
    if not isinstance(answer, Known):
        return LockTablePosture(
            name=name, exists=answer, region=answer, status=answer, key_schema=answer, deletion_protection=answer
        )
    return LockTablePosture(
        name=name,
        exists=observe(call, lambda: field(answer.value, "Table.TableName", str) == name),
        region=observe(call, lambda: _region(field(answer.value, "Table.TableArn", str))),
        status=observe(call, lambda: field(answer.value, "Table.TableStatus", str)),
        key_schema=observe(call, lambda: _key_schema(answer.value)),
        deletion_protection=observe(call, lambda: field(answer.value, "Table.DeletionProtectionEnabled", bool)),
    )


def _region(arn: str) -> str:
    parts = arn.split(":")
    if len(parts) != 6 or not parts[3]:
        raise MalformedAnswer("Table.TableArn is not the ARN of a table")
    return parts[3]


def _key_schema(answer: object) -> tuple[str, ...]:
    types = {
        field(attribute, "AttributeName", str): field(attribute, "AttributeType", str)
        for attribute in field(answer, "Table.AttributeDefinitions", list)
    }
    names = [
        (field(key, "AttributeName", str), field(key, "KeyType", str)) for key in field(answer, "Table.KeySchema", list)
    ]
    return tuple(f"{name}:{kind}:{field(types, name, str)}" for name, kind in names)
