"""`tidegate show`: the lanes of an execution with their blockers."""

import json
from typing import Annotated, Any

import typer

from tidegate.commands.environment_option import EnvironmentOption
from tidegate.commands.executions import Origin, open_store, phase_named
from tidegate.commands.statuses import BLOCKED, COULD_NOT_TELL, PASS

_UNREADABLE = {"status": "unreadable"}


def show(
    execution: Annotated[str, typer.Argument(help="execution id, e.g. m2_20260213T201427Z")],
    environment: EnvironmentOption,
    origin: Annotated[Origin, typer.Option("--from", help="the local mirror, or the evidence bucket")] = Origin.runs,
) -> None:
    """Show the lanes of an execution with their blockers. Status 0 only when the phase's verdict passed."""
    from rich.console import Console
    from rich.table import Table

    from tidegate import environments
    from tidegate.evidence.layout import proof_place, snapshot_place
    from tidegate.evidence.publish import newest
    from tidegate.lanes.phases import phase_of

    manifest = environments.load(environment)
    phase = phase_named(execution)
    store, remote = open_store(manifest, origin)
    table, blockers, verdict, doubtful = Table(box=None), [], None, False
    for column in ("lane", "status", "task", "attempt", "snapshot"):
        table.add_column(column, overflow="fold")
    platform_run = outcome = ""
    spec = phase_of(manifest, phase)
    for lane in (*spec.lanes, spec.verdict):
        place = snapshot_place(environment, manifest.mirror, phase, lane.name, execution, lane.snapshot)
        if lane.snapshot == "teardown_proof":
            place = proof_place(platform_run or f"unnumbered_{execution}")
        found = newest(store, place.remote if remote else place.local)
        document = _document(found[1]) if found else {}
        platform_run = document.get("platform_run") or platform_run
        status = _status(document) if found else "not_run"
        outcome = document.get("facts", {}).get("outcome", "") if status in {"pass", "fail"} else outcome
        uri = found[0].uri if found else ""
        table.add_row(lane.name, _said(status, document), lane.task_id, str(document.get("attempt", "")), uri)
        if status in {"pass", "fail"}:  # nobody vouches for what the others say
            blockers += [(lane.name, blocker) for blocker in document.get("blockers", ())]
        doubtful = doubtful or status in {"tampered", "unreadable"}
        verdict = status
    console = Console(soft_wrap=True)
    console.print(table)
    for lane_name, blocker in blockers:
        line = f"\n{lane_name} {blocker['code']} {blocker['resource']}: {blocker['summary']}"
        console.print(line, highlight=False, markup=False)
        for field in ("observed", "expected", "remedy", "owner"):
            console.print(f"    {field:<9} {_text(blocker[field])}", highlight=False, markup=False)
    if outcome:
        console.print(f"\n{outcome}", highlight=False, markup=False)
    raise typer.Exit(COULD_NOT_TELL if doubtful else {"pass": PASS, "fail": BLOCKED}.get(str(verdict), COULD_NOT_TELL))


def _text(value: Any) -> str:
    """A remedy as its sentence; evidence of version 1 has nothing else."""
    return str(value.get("text", "")) if isinstance(value, dict) else str(value)


def _said(status: str, document: dict[str, Any]) -> str:
    """An authorisation is no apply: whether that followed and passed, the verdict says. A lane may be no target, or
    its build not wanted.
    """
    if status == "pass" and document.get("gate") == "MUTATION-AUTHORIZATION":
        return "authorised"
    if status != "not_run":
        return status
    return {"NotTargetFacts": "no target", "NotWantedFacts": "not wanted"}.get(str(document.get("facts_type")), status)


def _document(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except ValueError:
        return _UNREADABLE
    return document if isinstance(document, dict) else _UNREADABLE


def _status(document: dict[str, Any]) -> str:
    from tidegate.evidence.canonical import document_digest

    if document == _UNREADABLE:
        return "unreadable"
    try:
        vouched = document.get("digest") == document_digest(document)
    except ValueError:  # a number or text that canonical JSON cannot carry
        vouched = False
    return str(document.get("status")) if vouched else "tampered"
