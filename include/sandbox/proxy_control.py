"""The fault proxy's part of the sandbox's admin API (labelled stand-in): /faults and /journal.

GET    <PREFIX>faults            {"faults": [...]}
POST   <PREFIX>faults            a Fault; answers {"id": 3}
DELETE <PREFIX>faults[?id=3]     {"removed": 1}
GET    <PREFIX>journal?since=17  {"last": 19, "dropped": false, "calls": [...]}
"""

import json
from urllib.parse import parse_qs, urlsplit

from pydantic import ValidationError

from sandbox.errors import Answer
from sandbox.faults import Fault, FaultBook
from sandbox.journal import Journal

PREFIX = "/moto-api/sandbox/"


class BadInput(Exception):
    """The admin API was used wrongly; the text is one clear sentence."""


def json_answer(status: int, content: object) -> Answer:
    """Return a JSON answer of the admin API."""
    return Answer(status, [("Content-Type", "application/json")], json.dumps(content).encode())


def first_problem(error: ValidationError) -> str:
    """Return the first problem that pydantic found as one sentence."""
    problem = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in problem["loc"]) or "the body"
    return f"{where}: {problem['msg']}."


def answer(method: str, target: str, body: bytes, faults: FaultBook, journal: Journal) -> Answer | None:
    """Answer a control request; None when the path is not this file's."""
    url = urlsplit(target)
    query = parse_qs(url.query)
    try:
        match method, url.path.removeprefix(PREFIX):
            case "GET", "faults":
                return json_answer(200, {"faults": faults.listing()})
            case "POST", "faults":
                return json_answer(200, {"id": faults.add(Fault.model_validate_json(body))})
            case "DELETE", "faults":
                number = _number(query, "id") if "id" in query else None
                return json_answer(200, {"removed": faults.remove(number)})
            case "GET", "journal":
                return json_answer(200, journal.since(_number(query, "since") if "since" in query else 0))
            case _:
                return None
    except ValidationError as error:
        return json_answer(400, {"error": first_problem(error)})
    except BadInput as error:
        return json_answer(400, {"error": str(error)})


def _number(query: dict[str, list[str]], name: str) -> int:
    text = query[name][0]
    if not text.isdecimal():
        raise BadInput(f"{name} must be a whole number, not {text!r}.")
    return int(text)
