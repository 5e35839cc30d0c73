"""The option `--environment` of all commands: without it the only environment that there is."""

from typing import Annotated

import typer


def only_environment() -> str:
    """The one environment that has a manifest. Raises BadParameter where there are several, or none."""
    from tidegate import environments

    names = environments.names()
    if len(names) == 1:
        return names[0]
    known = f"say which: {', '.join(names)}" if names else "there is no manifest in include/environments"
    raise typer.BadParameter(known, param_hint="--environment")


EnvironmentOption = Annotated[
    str,
    typer.Option(
        "--environment", help="which environment", default_factory=only_environment, show_default="the only one"
    ),
]
