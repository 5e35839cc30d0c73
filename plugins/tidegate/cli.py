"""`tidegate ...`: looks, never changes anything (requirement ID3: nothing applies or destroys from a shell).

Exit statuses: 0 pass, 1 blocked, 2 could not tell, 64 wrong usage.
"""

import json
import sys
from enum import StrEnum
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from tidegate import environments
from tidegate.environments import ManifestError
from tidegate.evidence.canonical import document_digest
from tidegate.evidence.layout import Phase, proof_place, snapshot_place
from tidegate.evidence.publish import newest
from tidegate.evidence.store import EvidenceStore, LocalStore, S3Store, StoreError
from tidegate.lanes.phases import phase_of
from tidegate.models.environment import Environment
from tidegate.settings import settings

PASS, BLOCKED, COULD_NOT_TELL, WRONG_USAGE = 0, 1, 2, 64

_USAGE_ERROR: Any = typer.BadParameter.__base__
"""click's UsageError, also where typer brings its own click."""

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


_UNREADABLE = {"status": "unreadable"}


class Origin(StrEnum):
    """Where to read evidence from."""

    runs = "runs"
    s3 = "s3"


@app.callback()
def _root() -> None:
    """Look at environments and at what their runs left. Changes nothing."""


@app.command("environments")
def list_environments() -> None:
    """Check every manifest and list the environments with their stacks."""
    console, broken = Console(soft_wrap=True), False
    names = environments.names()
    if not names:
        raise ManifestError(f"there is no manifest in {settings().environments_dir}")
    for name in names:
        try:
            environment = environments.load(name)
            environments.load_policies(environment)
        except ManifestError as error:
            broken = True
            console.print(f"MANIFEST-INVALID {error}", highlight=False, markup=False)
            continue
        stacks = ", ".join(f"{stack} ({it.lifecycle})" for stack, it in environment.stacks.items())
        console.print(
            f"{name}  account {environment.account_id}, {environment.region}: {stacks}; "
            f"budget {environment.budget.limit_usd} USD, stop at {environment.budget.stop_usd}",
            highlight=False,
        )
    raise typer.Exit(BLOCKED if broken else PASS)


@app.command()
def show(
    execution: Annotated[str, typer.Argument(help="execution id, e.g. m2_20260213T201427Z")],
    environment: Annotated[str, typer.Option(help="which environment")] = "dev_min",
    origin: Annotated[Origin, typer.Option("--from", help="the local mirror, or the evidence bucket")] = Origin.runs,
) -> None:
    """Show the lanes of an execution with their blockers. Status 0 only when the phase's verdict passed."""
    manifest = environments.load(environment)
    phase = _phase(execution)
    store, remote = _store(manifest, origin)
    table, blockers, verdict, doubtful = Table(box=None), [], None, False
    for column in ("lane", "status", "task", "attempt", "snapshot"):
        table.add_column(column, overflow="fold")
    platform_run = ""
    spec = phase_of(manifest, phase)
    for lane in (*spec.lanes, spec.verdict):
        place = snapshot_place(environment, phase, lane.name, execution, lane.snapshot)
        if lane.snapshot == "teardown_proof":
            place = proof_place(platform_run or f"unnumbered_{execution}")
        found = newest(store, place.remote if remote else place.local)
        document = _document(found[1]) if found else {}
        platform_run = document.get("platform_run") or platform_run
        status = _status(document) if found else "not_run"
        uri = found[0].uri if found else ""
        table.add_row(lane.name, status, lane.task_id, str(document.get("attempt", "")), uri)
        if status in {"pass", "fail"}:  # nobody vouches for what the others say
            blockers += [(lane.name, blocker) for blocker in document.get("blockers", ())]
        doubtful = doubtful or status in {"tampered", "unreadable"}
        verdict = status
    console = Console(soft_wrap=True)
    console.print(table)
    for lane_name, blocker in blockers:
        title = f"\n{lane_name} {blocker['code']} {blocker['resource']}: {blocker['summary']}"
        console.print(title, highlight=False, markup=False)
        for field in ("observed", "expected", "remedy", "owner"):
            console.print(f"    {field:<9} {blocker[field]}", highlight=False, markup=False)
    raise typer.Exit(COULD_NOT_TELL if doubtful else {"pass": PASS, "fail": BLOCKED}.get(str(verdict), COULD_NOT_TELL))


def _phase(execution: str) -> Phase:
    match execution.partition("_")[0]:
        case "m1":
            return "m1"
        case "m2":
            return "m2"
        case "m9":
            return "m9"
        case _:
            raise typer.BadParameter(f"{execution!r} is not an execution id such as m2_20260213T201427Z")


def _store(environment: Environment, origin: Origin) -> tuple[EvidenceStore, bool]:
    if origin is Origin.runs:
        return LocalStore(settings().runs_dir), False
    from tidegate.collectors.aws.clients import Clients

    return S3Store(Clients.from_environment(environment.region).s3, environment.evidence.bucket), True


def _document(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except ValueError:
        return _UNREADABLE
    return document if isinstance(document, dict) else _UNREADABLE


def _status(document: dict[str, Any]) -> str:
    if document == _UNREADABLE:
        return "unreadable"
    try:
        vouched = document.get("digest") == document_digest(document)
    except ValueError:  # a number or text that canonical JSON cannot carry
        vouched = False
    return str(document.get("status")) if vouched else "tampered"


def main() -> int:
    """Run the command line."""
    try:
        return int(app(standalone_mode=False) or PASS)
    except _USAGE_ERROR as error:
        error.show()
        return WRONG_USAGE
    except (ManifestError, ValidationError) as error:  # the latter: a TIDEGATE_* setting
        print(f"tidegate: {error}", file=sys.stderr)  # noqa: T201
        return WRONG_USAGE
    except StoreError as error:
        print(f"tidegate: EVIDENCE-UNREACHABLE {error}", file=sys.stderr)  # noqa: T201
        return COULD_NOT_TELL


if __name__ == "__main__":
    sys.exit(main())
