"""Terraform's `-json` events: progress lines for the task log, diagnostics, lock id.

`[3/16] aws_subnet.public["a"] creating 4 s`
"""

import json
from dataclasses import dataclass, field
from typing import Any

_DOING = {
    "create": "creating",
    "update": "updating",
    "delete": "destroying",
    "replace": "replacing",
    "import": "importing",
}
_STEPS = {"noop": 0, "read": 0, "move": 0, "import": 0, "remove": 0, "replace": 2}
"""How many events of completion a planned change brings; 1 for the others. `remove` is what a plan calls `forget`."""
_DONE = {"create": "created", "update": "updated", "delete": "destroyed", "replace": "replaced", "import": "imported"}


@dataclass(slots=True)
class Progress:
    """Follows one terraform command. `feed` returns the line to log for an event, or None."""

    planned: int = 0
    finished: int = 0
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    summary: str = ""

    def feed(self, line: str) -> str | None:
        """Take one output line. A line that is not JSON is passed on as it is."""
        try:
            event = json.loads(line)
        except json.JSONDecodeError:
            return line.strip() or None
        if not isinstance(event, dict):
            return None
        kind = event.get("type")
        if kind == "diagnostic":
            return self._diagnostic(event.get("diagnostic", {}))
        if kind == "change_summary":
            changes = event.get("changes", {})
            self.planned = sum(int(changes.get(name, 0)) for name in ("add", "change", "remove", "import"))
            self.summary = str(event.get("@message", ""))
            return self.summary
        if kind == "planned_change":  # an apply of a saved plan begins with these
            self.planned += _STEPS.get(str(event.get("change", {}).get("action")), 1)
            return None
        hook = event.get("hook", {})
        address = hook.get("resource", {}).get("addr", "")
        if not address or hook.get("action") == "read":
            return None
        return self._change(str(kind), address, str(hook.get("action", "")), hook)

    def _change(self, kind: str, address: str, action: str, hook: dict[str, Any]) -> str | None:
        seconds = int(hook.get("elapsed_seconds", 0))
        if kind == "apply_progress":
            return f"{self._count(1)} {address} {_DOING.get(action, action)} {seconds} s"
        if kind == "apply_complete":
            self.finished += 1
            return f"{self._count(0)} {address} {_DONE.get(action, action)} after {seconds} s"
        if kind == "apply_errored":
            return f"{self._count(1)} {address} {_DOING.get(action, action)} stopped with an error after {seconds} s"
        return None

    def _count(self, ahead: int) -> str:
        return f"[{min(self.finished + ahead, max(self.planned, self.finished))}/{max(self.planned, self.finished)}]"

    def _diagnostic(self, diagnostic: dict[str, Any]) -> str:
        detail = " ".join(str(diagnostic.get("detail", "")).split())
        address = diagnostic.get("address")
        text = f"{diagnostic.get('summary', '')}{f' ({address})' if address else ''}{f': {detail}' if detail else ''}"
        (self.errors if diagnostic.get("severity") == "error" else self.warnings).append(text)
        return f"terraform {diagnostic.get('severity', 'says')}: {text}"
