"""`tidegate preflight ENVIRONMENT`: each prerequisite of the first run that an API can see, in one table. Read-only."""

from typing import Annotated

import typer

from tidegate.commands.statuses import BLOCKED, COULD_NOT_TELL, PASS


def preflight(environment: Annotated[str, typer.Argument(help="name of the environment")]) -> None:
    """Look whether the first run can begin, as the environment's role. 0 yes, 1 something is missing, 2 cannot tell.

    Run it where a worker runs: it takes the environment's role as a task does. As anybody else it asks nothing but who
    that is. What no API can see is listed with the place to look, and changes no status.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from tidegate import environments
    from tidegate.collectors.aws.clients import Clients
    from tidegate.lanes.preflight import prerequisites

    manifest = environments.load(environment)
    policies = environments.load_policies(manifest)
    clients = Clients.acting_for(manifest, "preflight")
    found = tuple(prerequisites(manifest, policies, clients))
    table = Table(box=None)
    for column in ("status", "what", "said"):
        table.add_column(column, overflow="fold")
    for each in found:
        table.add_row(Text(each.status), Text(each.what), Text(each.said))
    console = Console(soft_wrap=True)
    console.print(table)
    missing = sum(each.status == "missing" for each in found)
    unread = sum(not each.readable for each in found)
    elsewhere = sum(each.status == "cannot be seen" and each.readable for each in found)
    said = f"{environment}: {missing} missing, {unread} that could not be read, {elsewhere} to be looked at elsewhere"
    console.print(said, highlight=False, markup=False)
    raise typer.Exit(COULD_NOT_TELL if unread else BLOCKED if missing else PASS)
