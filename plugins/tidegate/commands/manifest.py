"""`tidegate manifest check`: a manifest, its policies, its roots, and a price for whatever its stacks may hold.

Asks nobody.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.commands.statuses import BLOCKED, PASS

if TYPE_CHECKING:
    from tidegate.models.blocker import Blocker
    from tidegate.models.environment import Environment

manifest = typer.Typer(no_args_is_help=True, help="Look at a manifest. Changes nothing.")


@manifest.callback()
def _root() -> None:
    """Look at a manifest. Changes nothing."""


@manifest.command("check")
def check(environment: Annotated[str, typer.Argument(help="name of the environment")]) -> None:
    """Check a manifest before its first run. 0 it can be used, 1 something of a type is missing, 64 it is wrong."""
    from rich.console import Console

    from tidegate import environments
    from tidegate.collectors.aws.lookup import QUESTIONS
    from tidegate.cost.region_cover import kinds_of, unpriced_kinds
    from tidegate.models.execution_role import without_grant

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
    denied = without_grant(policies.execution_role, found, policies.allowed_types.stacks)
    for stack, kind in denied:
        console.print(f"TYPE-NOT-GRANTED {kind} of {stack}: the execution role may not make it", markup=False)
    if denied:
        text = "add what Terraform does with it to `grants` in include/policies/execution_role.yaml"
        console.print(f"    remedy    {text}", highlight=False, markup=False)
    unseen = [
        (stack, kind)
        for stack in found.destroyable_stacks
        for kind in policies.allowed_types.stacks.get(stack, ())
        if kind.startswith("aws_") and kind not in QUESTIONS
    ]
    for stack, kind in unseen:
        console.print(
            f"TYPE-NOT-LOOKED-UP {kind} of {stack}: no teardown could prove that it is gone",
            highlight=False,
            markup=False,
        )
    if unseen:
        text = "take it out of the allowed types, or add how to ask for it to plugins/tidegate/collectors/aws/lookup"
        console.print(f"    remedy    {text}", highlight=False, markup=False)
    refused = [blocker for name in found.stacks for blocker in _of_root(found, name)]
    for blocker in refused:
        said = f"{blocker.code} {blocker.resource}: {blocker.summary}: {blocker.observed}"
        console.print(said, highlight=False, markup=False)
        console.print(f"    remedy    {blocker.remedy.text}", highlight=False, markup=False)
    priced = len(kinds) - len(without)
    said = f"{environment}: the manifest is valid; {priced} of {len(kinds)} types of its stacks are priced"
    console.print(said, highlight=False, markup=False)
    raise typer.Exit(BLOCKED if without or denied or unseen or refused else PASS)


def _of_root(environment: "Environment", stack: str) -> "tuple[Blocker, ...]":
    """What would close M2.A because of a stack's root, with the place in the root's files and the manifest's field."""
    from dataclasses import replace

    from tidegate.gates.rules_root import roots_blockers
    from tidegate.lanes.roots import root_of_stack
    from tidegate.models.root import StackRoot

    root = environment.stacks[stack].root_path
    looked_at = StackRoot(stack=stack, root=root_of_stack(environment, stack))
    said = (blocker.filled(environment.names_in_texts) for blocker in roots_blockers((looked_at,)))
    return tuple(replace(it, resource=f"stacks.{stack}.root {root}: {it.resource}") for it in said)
