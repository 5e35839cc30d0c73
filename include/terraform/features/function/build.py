"""Starts the query that builds the features of the day before, and says so in a queue."""

import json
import os
from datetime import datetime, timedelta

import boto3

ATHENA = boto3.client("athena")
SQS = boto3.client("sqs")


def handler(event, _context):
    """`event["time"]` is when the schedule was due, such as 2026-11-30T03:00:00Z."""
    day = (datetime.fromisoformat(event["time"]) - timedelta(days=1)).date().isoformat()
    started = ATHENA.start_query_execution(
        QueryString=os.environ["QUERY"],
        QueryExecutionContext={"Database": os.environ["DATABASE"]},
        WorkGroup=os.environ["WORKGROUP"],
        # Texts are quoted as in the query itself.
        ExecutionParameters=[f"'{day}'"],
    )
    built = {"day": day, "query": started["QueryExecutionId"]}
    SQS.send_message(QueueUrl=os.environ["BUILT_QUEUE"], MessageBody=json.dumps(built))
    return built
