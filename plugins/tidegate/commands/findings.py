"""`tidegate findings`: what runs saw standing although it should be gone, and no live look has said gone since."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from tidegate.commands.executions import Origin, open_store
from tidegate.commands.statuses import BLOCKED, COULD_NOT_TELL, PASS


class Format(StrEnum):
    """How to say it."""

    text = "text"
    json = "json"


def findings(
    environment: Annotated[str, typer.Option(help="which environment")] = "dev_min",
    shape: Annotated[Format, typer.Option("--format", help="for people, or for programs")] = Format.text,
) -> None:
    """Show the open findings as the evidence bucket records them. Status 0 only when there is none."""
    from tidegate import environments
    from tidegate.evidence.canonical import plain
    from tidegate.evidence.findings import open_findings
    from tidegate.models.observed import Known

    manifest = environments.load(environment)
    store, _ = open_store(manifest, Origin.s3)
    found = open_findings(store, environment)
    if not isinstance(found, Known):
        typer.echo(f"tidegate: FINDINGS-UNREADABLE {found.reason}", err=True)
        raise typer.Exit(COULD_NOT_TELL)
    if shape is Format.json:
        typer.echo(json.dumps(plain(found.value), indent=2))
    elif not found.value:
        typer.echo(f"{environment}: no open finding")
    else:
        for finding in found.value:
            held = f"state of {finding.held_by}" if finding.held_by else "no state"
            typer.echo(
                f"{finding.type} {finding.id} {finding.region}: {finding.code} since {finding.since.isoformat()}, "
                f"seen by {finding.seen_by}, then in {held}"
            )
    raise typer.Exit(BLOCKED if found.value else PASS)
