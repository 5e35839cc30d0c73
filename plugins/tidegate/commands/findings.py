"""`tidegate findings`: what runs saw standing although it should be gone, and what no bill has explained."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from tidegate.commands.environment_option import EnvironmentOption
from tidegate.commands.executions import Origin, open_store
from tidegate.commands.statuses import BLOCKED, COULD_NOT_TELL, PASS


class Format(StrEnum):
    """How to say it."""

    text = "text"
    json = "json"


def findings(
    environment: EnvironmentOption,
    shape: Annotated[Format, typer.Option("--format", help="for people, or for programs")] = Format.text,
) -> None:
    """Show what is open, as the evidence bucket records it: findings, and money without an explanation.

    Status 0 only when there is nothing.
    """
    from tidegate import environments
    from tidegate.evidence.canonical import plain
    from tidegate.evidence.findings import open_findings
    from tidegate.evidence.unexplained_spend import unexplained_spend
    from tidegate.models.bill import SPEND_RULE
    from tidegate.models.observed import Known

    manifest = environments.load(environment)
    store, _ = open_store(manifest, Origin.s3)
    found = open_findings(store, environment)
    spent = unexplained_spend(store, environment)
    if not (isinstance(found, Known) and isinstance(spent, Known)):
        reasons = [it.reason for it in (found, spent) if not isinstance(it, Known)]
        typer.echo(f"tidegate: FINDINGS-UNREADABLE {'; '.join(reasons)}", err=True)
        raise typer.Exit(COULD_NOT_TELL)
    is_open = bool(found.value or spent.value)
    if shape is Format.json:
        bill = [{"type": "bill", "id": each.service, "code": SPEND_RULE, **plain(each)} for each in spent.value]
        typer.echo(json.dumps([*plain(found.value), *bill], indent=2))
    elif not is_open:
        typer.echo(f"{environment}: no open finding")
    else:
        for finding in found.value:
            held = f"state of {finding.held_by}" if finding.held_by else "no state"
            typer.echo(
                f"{finding.type} {finding.id} {finding.region}: {finding.code} since {finding.since.isoformat()}, "
                f"seen by {finding.seen_by}, then in {held}"
            )
        for spend in spent.value:
            typer.echo(
                f"bill {spend.subject}: {SPEND_RULE} since {spend.since}, {spend.usd_per_day} USD on {spend.last}, "
                f"seen by {spend.seen_by}"
            )
    raise typer.Exit(BLOCKED if is_open else PASS)
