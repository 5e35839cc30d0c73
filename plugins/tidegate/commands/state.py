"""`tidegate state history STACK`: the versions of a state object, and which one the lock table's digest fits."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidegate.commands.environment_option import EnvironmentOption
from tidegate.commands.statuses import BLOCKED, COULD_NOT_TELL, PASS, Format

if TYPE_CHECKING:
    from tidegate.models.state import HistoryVersion

COLUMNS = ("version", "modified", "size", "serial", "lineage", "newest", "fits the digest")


state = typer.Typer(no_args_is_help=True, help="Look at Terraform states. Changes nothing.")


@state.callback()
def _root() -> None:
    """Look at Terraform states. Changes nothing."""


@state.command("history")
def history(
    stack: Annotated[str, typer.Argument(help="a stack of the manifest")],
    environment: EnvironmentOption,
    output: Annotated[Format, typer.Option("--format", help="table or json")] = Format.table,
) -> None:
    """Versions of a stack's state, newest first. 0 the newest fits the digest, 1 it does not, 2 cannot be read."""
    from tidegate import environments
    from tidegate.collectors.aws.clients import Clients
    from tidegate.collectors.aws.state_history import read_digest, read_history
    from tidegate.models.observed import Absent, Known, shown

    manifest = environments.load(environment)
    if stack not in manifest.stacks:
        raise typer.BadParameter(f"{stack}: expected one of {', '.join(manifest.stacks)}")
    clients = Clients.from_environment(manifest.region)
    digest, found = read_digest(clients, manifest, stack), read_history(clients, manifest, stack)
    if not isinstance(found, Known | Absent) or not isinstance(digest, Known | Absent):
        for observed in (found, digest):
            if not isinstance(observed, Known | Absent):
                typer.echo(f"tidegate: {shown(observed)}", err=True)
        raise typer.Exit(COULD_NOT_TELL)
    wanted = digest.value if isinstance(digest, Known) else None
    rows = [row(version, wanted) for version in (found.value if isinstance(found, Known) else ())]
    if output is Format.json:
        typer.echo(json.dumps({"stack": stack, "digest": wanted, "versions": rows}, indent=2))
    else:
        _print(stack, wanted, rows)
    fits = wanted is None or any(each["newest"] and each["fits_digest"] for each in rows)
    raise typer.Exit(PASS if fits else BLOCKED)


def row(version: "HistoryVersion", digest: str | None) -> dict[str, Any]:
    """One version for people and programs; `fits_digest` is null where there is no digest, or none can be made."""
    from tidegate.models.observed import Known

    md5 = version.md5
    return {
        "version_id": version.version_id,
        "last_modified": version.modified.isoformat(),
        "size": version.size,
        "serial": version.serial.value if isinstance(version.serial, Known) else None,
        "lineage": version.lineage.value if isinstance(version.lineage, Known) else None,
        "newest": version.is_latest,
        "fits_digest": md5.value == digest if isinstance(md5, Known) and digest is not None else None,
    }


def _print(stack: str, digest: str | None, rows: list[dict[str, Any]]) -> None:
    """One line a version, never folded: version ids are there to be copied."""
    if not rows:
        typer.echo(f"{stack} has no state")
    said = {True: "yes", False: "no", None: "-"}
    table = [COLUMNS]
    for each in rows:
        serial, lineage = ("no state" if each[name] is None else str(each[name]) for name in ("serial", "lineage"))
        newest, fits = "yes" if each["newest"] else "no", said[each["fits_digest"]]
        table.append((each["version_id"], each["last_modified"], str(each["size"]), serial, lineage, newest, fits))
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table if rows else ():
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    typer.echo(f"digest in the lock table: {digest or 'none'}")
