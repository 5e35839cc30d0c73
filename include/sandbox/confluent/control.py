"""The fake Confluent API's part of the sandbox's admin API (labelled); the routes are listed in sandbox/admin.py."""

import json
from urllib.parse import parse_qs

from pydantic import ValidationError

from sandbox.confluent.faults import ConfluentFault, ConfluentFaultBook
from sandbox.confluent.inspection import remove, state_of
from sandbox.confluent.journal import ConfluentJournal
from sandbox.confluent.organization import Organization
from sandbox.confluent.spend import ConfluentSpend
from sandbox.proxy_control import BadInput, first_problem

PREFIX = "/_sandbox/"
Answer = tuple[int, bytes]


class Control:
    """What can be set and seen: faults, journal, spend, state."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization
        self.faults = ConfluentFaultBook()
        self.journal = ConfluentJournal()
        self.spend = ConfluentSpend()

    def answer(self, method: str, path: str, query: str, body: bytes) -> Answer:
        """Answer a control request; 400 with one sentence for wrong input, 404 for an unknown route."""
        words = {name: values[0] for name, values in parse_qs(query).items()}
        try:
            return self._answer(method, path.removeprefix(PREFIX), words, body)
        except ValidationError as error:
            return _json(400, {"error": first_problem(error)})
        except (BadInput, ValueError) as error:
            return _json(400, {"error": str(error)})

    def _answer(self, method: str, route: str, query: dict[str, str], body: bytes) -> Answer:
        match method, route:
            case "GET", "ready":
                return _json(200, {"ready": True})
            case _, "faults":
                return self._faults(method, query, body)
            case "GET", "calls":
                return _json(200, self.journal.since(_number(query, "since") if "since" in query else 0))
            case "GET" | "PUT", "spend":
                if method == "PUT":
                    self.spend = ConfluentSpend.model_validate_json(body)
                return _json(200, self.spend.model_dump(mode="json"))
            case "GET" | "DELETE", "state":
                return self._state(method, query)
            case "POST", "reset":
                self._reset()
                return _json(200, {"reset": True})
        return _json(404, {"error": f"there is no {method} /confluent/{route}."})

    def _faults(self, method: str, query: dict[str, str], body: bytes) -> Answer:
        match method:
            case "GET":
                return _json(200, {"faults": self.faults.listing()})
            case "POST":
                return _json(200, {"id": self.faults.add(ConfluentFault.model_validate_json(body))})
            case "DELETE":
                return _json(200, {"removed": self.faults.remove(_number(query, "id") if "id" in query else None)})
        return _json(404, {"error": f"there is no {method} /confluent/faults."})

    def _state(self, method: str, query: dict[str, str]) -> Answer:
        with self._organization.lock:
            if method == "GET":
                return _json(200, state_of(self._organization))
            return _json(200, {"removed": remove(self._organization, query.get("kind", ""), query.get("id", ""))})

    def _reset(self) -> None:
        """Forget everything but the journal and the Cloud key that clients hold."""
        with self._organization.lock:
            self._organization.reset()
        self.faults.remove()
        self.spend = ConfluentSpend()


def _json(status: int, content: object) -> Answer:
    return status, json.dumps(content).encode()


def _number(query: dict[str, str], name: str) -> int:
    text = query[name]
    if not text.isdecimal():
        raise BadInput(f"{name} must be a whole number, not {text!r}.")
    return int(text)
