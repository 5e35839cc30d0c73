"""`tidegate manifest check`: a manifest, its policies, and a price for whatever its stacks may hold. Asks nobody."""

from typing import Annotated

import typer

from tidegate.commands.statuses import BLOCKED, PASS

manifest = typer.Typer(no_args_is_help=True, help="Look at a manifest. Changes nothing.")


@manifest.callback()
def _root() -> None:
    """Look at a manifest. Changes nothing."""


@manifest.command("check")
def check(environment: Annotated[str, typer.Argument(help="name of the environment")]) -> None:
    """Check a manifest before its first run. 0 it can be used, 1 a price is missing, 64 it is wrong, with each line."""
    from rich.console import Console

    from tidegate import environments
    from tidegate.cost.region_cover import kinds_of, unpriced_kinds

    found = environments.load(environment)
    policies = environments.load_policies(found)
    console = Console(soft_wrap=True)
    kinds = kinds_of(found, policies.allowed_types)
    without = tuple(unpriced_kinds(kinds, policies.prices))
    for each in without:
        where = f"{each.kind.type} of {each.kind.stack} in {each.kind.region}"
        console.print(f"REGION-UNPRICED {where}: {each.reason}", highlight=False, markup=False)
    for region in sorted({each.kind.region for each in without if each.listed}):
        path = environments.prices_path(found)
        command = f"tidegate prices refresh --region {region} --environment {environment} --write {path}"
        console.print(f"    remedy    {command}", highlight=False, markup=False)
    if any(not each.listed for each in without):
        text = f"add what the price list is not asked for to {found.policies.prices}, with source and date"
        console.print(f"    remedy    {text}", highlight=False, markup=False)
    priced = len(kinds) - len(without)
    said = f"{environment}: the manifest is valid; {priced} of {len(kinds)} types of its stacks are priced"
    console.print(said, highlight=False, markup=False)
    raise typer.Exit(BLOCKED if without else PASS)
