"""Functions, queues, schedules, and the catalog of a data lake. Each is asked by its name, which its id is or holds.

No document of the role holds these actions: a stack that may hold such a type is granted them with it, for its own
names (`grants` in execution_role.yaml).
"""

from tidegate.answers import NO_ANSWER
from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.lookup.question import Question
from tidegate.collectors.aws.reading import MalformedAnswer, NotThere, ask, error_code, explain, text

IAM_ACTIONS: tuple[str, ...] = (
    "athena:GetWorkGroup",
    "glue:GetDatabase",
    "glue:GetTable",
    "lambda:GetFunctionConfiguration",
    "lambda:GetFunctionUrlConfig",
    "scheduler:GetSchedule",
    "scheduler:GetScheduleGroup",
    "sqs:GetQueueAttributes",
)

_NOT_FOUND = ("ResourceNotFoundException",)
_NO_ENTITY = ("EntityNotFoundException",)
_NO_QUEUE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")


def _workgroup(clients: Clients, name: str) -> bool:
    """Athena has no code of its own for one that is not there: the text tells it from other wrong requests."""
    try:
        answer = ask(clients.of("athena").get_work_group, WorkGroup=name)
    except NO_ANSWER as error:
        if error_code(error) == "InvalidRequestException" and "is not found" in explain("GetWorkGroup", error):
            raise NotThere from error
        raise
    return _shows(answer, "WorkGroup.Name", name)


def _database(clients: Clients, id: str) -> bool:
    """`<catalog>:<database>`."""
    catalog, name = _parts(id, 2)
    return _shows(ask(clients.of("glue").get_database, CatalogId=catalog, Name=name), "Database.Name", name)


def _table(clients: Clients, id: str) -> bool:
    """`<catalog>:<database>:<table>`."""
    catalog, database, name = _parts(id, 3)
    answer = ask(clients.of("glue").get_table, CatalogId=catalog, DatabaseName=database, Name=name)
    return _shows(answer, "Table.Name", name)


def _function(clients: Clients, name: str) -> bool:
    answer = ask(clients.of("lambda").get_function_configuration, FunctionName=name)
    return _shows(answer, "FunctionName", name)


def _function_url(clients: Clients, id: str) -> bool:
    """`<function>`, or `<function>/<alias>`."""
    function, slash, alias = id.partition("/")
    qualified = {"Qualifier": alias} if slash else {}
    answer = ask(clients.of("lambda").get_function_url_config, FunctionName=function, **qualified)
    return _shows(answer, "FunctionArn", id.replace("/", ":"))


def _group(clients: Clients, name: str) -> bool:
    return _shows(ask(clients.of("scheduler").get_schedule_group, Name=name), "Name", name)


def _schedule(clients: Clients, id: str) -> bool:
    """`<group>/<schedule>`."""
    group, name = _parts(id, 2, "/")
    return _shows(ask(clients.of("scheduler").get_schedule, GroupName=group, Name=name), "Name", name)


def _queue(clients: Clients, url: str) -> bool:
    """The address ends in the queue's name."""
    answer = ask(clients.of("sqs").get_queue_attributes, QueueUrl=url, AttributeNames=["QueueArn"])
    return _shows(answer, "Attributes.QueueArn", url.rpartition("/")[2])


def _shows(answer: object, path: str, name: str) -> bool:
    """Does the answer name what was asked for, by its name or by an ARN? An answer about something else is no use."""
    shown = text(answer, path)
    if shown != name and not (shown.startswith("arn:") and shown.endswith(f":{name}")):
        raise MalformedAnswer(f"{path} names something else")
    return True


def _parts(id: str, number: int, between: str = ":") -> list[str]:
    parts = id.split(between)
    if len(parts) != number or not all(parts):
        raise MalformedAnswer(f"the id in the state has no {number} parts")
    return parts


QUESTIONS: dict[str, Question] = {
    "aws_athena_workgroup": Question(_workgroup),
    "aws_glue_catalog_database": Question(_database, _NO_ENTITY),
    "aws_glue_catalog_table": Question(_table, _NO_ENTITY),
    "aws_lambda_function": Question(_function, _NOT_FOUND),
    "aws_lambda_function_url": Question(_function_url, _NOT_FOUND),
    "aws_scheduler_schedule": Question(_schedule, _NOT_FOUND),
    "aws_scheduler_schedule_group": Question(_group, _NOT_FOUND),
    "aws_sqs_queue": Question(_queue, _NO_QUEUE),
}
