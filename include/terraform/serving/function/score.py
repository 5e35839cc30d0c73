"""Answers a signed request for /<customer id> with what the online table knows of the customer."""

import json
import os

import boto3

TABLE = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event, _context):
    """`event` is a request to a function URL; status 404 where nothing is known."""
    customer = event["rawPath"].removeprefix("/")
    found = TABLE.get_item(Key={"customer_id": customer}).get("Item") if customer else None
    # DynamoDB has numbers of its own, which JSON shows as text.
    body = json.dumps(found, default=str) if found else json.dumps({"error": "unknown customer"})
    return {"statusCode": 200 if found else 404, "headers": {"content-type": "application/json"}, "body": body}
