"""`tidegate new stack`: writes a root, its manifest entry and its allowed types. Nothing else changes."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.commands.environment_option import EnvironmentOption

if TYPE_CHECKING:
    from tidegate.models.environment import Environment

new = typer.Typer(no_args_is_help=True, help="Write a skeleton into the project. Asks and changes nothing elsewhere.")

_NAME = re.compile(r"[a-z][a-z0-9_]{1,20}")
_TYPES = ("aws_ssm_parameter",)
"""What the skeleton holds."""


@new.callback()
def _root() -> None:
    """Write a skeleton into the project."""


@new.command("stack")
def stack(
    name: Annotated[str, typer.Argument(help="name of the stack: small letters, digits, underscores")],
    environment: EnvironmentOption,
    depends_on: Annotated[list[str] | None, typer.Option(help="a stack that it needs; may be given again")] = None,
) -> None:
    """Write a stack: root, manifest entry, allowed types. 0 written, 64 it cannot be, and nothing was."""
    from tidegate import environments
    from tidegate.settings import settings

    manifest = environments.load(environment)
    root = settings().terraform_dir / name
    _refuse_what_is_there(name, root, manifest, depends_on or [])
    manifest_file = settings().environments_dir / f"{environment}.yaml"
    types_file = settings().policies_dir / manifest.policies.allowed_types
    before = {path: path.read_text(encoding="utf-8") for path in (manifest_file, types_file)}
    manifest_file.write_text(
        with_entry(before[manifest_file], _entry(name, environment, depends_on or [])), encoding="utf-8"
    )
    types_file.write_text(
        with_entry(before[types_file], [f"  {name}:", *(f"    - {kind}" for kind in _TYPES)]), encoding="utf-8"
    )
    try:
        environments.load_policies(environments.load(environment))
    except environments.ManifestError:
        for path, text in before.items():
            path.write_text(text, encoding="utf-8")
        raise
    _write_root(root, name)
    _say_what_is_left(name, environment, root, manifest_file, types_file)


def with_entry(text: str, entry: list[str]) -> str:
    """Return a YAML file with lines added at the end of its section `stacks`; every other line stays as it is.

    Raises BadParameter when there is no such section, or when it is not written as a block.
    """
    lines = text.splitlines()
    if lines.count("stacks:") != 1:
        raise typer.BadParameter("the file has no section `stacks:` that a line could be added to; add it by hand")
    end = lines.index("stacks:") + 1
    for number in range(end, len(lines)):
        if lines[number] and not lines[number].startswith((" ", "#")):
            break
        if lines[number].startswith(" "):
            end = number + 1
    return "\n".join([*lines[:end], *entry, *lines[end:]]) + "\n"


def _refuse_what_is_there(name: str, root: Path, manifest: "Environment", depends_on: list[str]) -> None:
    if not _NAME.fullmatch(name):
        raise typer.BadParameter("a name has 2 to 21 small letters, digits and underscores, and begins with a letter")
    if name in manifest.stacks:
        raise typer.BadParameter(f"{manifest.name} has a stack {name}")
    if root.exists():
        raise typer.BadParameter(f"{root} is there already; name it as root of an entry of your own")
    unknown = [it for it in depends_on if it not in manifest.stacks]
    if unknown:
        known = ", ".join(manifest.stacks)
        raise typer.BadParameter(f"{manifest.name} has no stack {', '.join(unknown)}; it has {known}")


def _entry(name: str, environment: str, depends_on: list[str]) -> list[str]:
    return [
        f"  {name}:",
        f"    root: {name}",
        "    lifecycle: ephemeral",
        *([f"    depends_on: [{', '.join(depends_on)}]"] if depends_on else []),
        "    destroyable: true",
        f"    state_key: {environment}/{name}/terraform.tfstate",
        "    inputs: [common, platform_run, parameters]",
        "    required_outputs: [parameter_prefix]",
    ]


def _write_root(root: Path, name: str) -> None:
    from tidegate.settings import settings

    put = {"STACK_DASHED": name.replace("_", "-"), "STACK": name}
    skeleton = settings().skeletons_dir / "stack"
    for source in sorted(path for path in skeleton.rglob("*") if path.is_file()):
        relative = source.relative_to(skeleton).as_posix()
        text = source.read_text(encoding="utf-8")
        for token, value in put.items():
            relative, text = relative.replace(token, value), text.replace(token, value)
        target = root / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def _say_what_is_left(name: str, environment: str, root: Path, manifest_file: Path, types_file: Path) -> None:
    from rich.console import Console

    console = Console(soft_wrap=True)
    for line in (
        f"written: {root}, and an entry {name} in {manifest_file} and {types_file}",
        "left to do:",
        f"  write the stack's resources in {root}; names begin with local.name",
        f"  list each new type under stacks.{name} in {types_file}; docs/stacks.md has the fields of the entry",
        f"  tidegate manifest check {environment}",
        f"  tidegate policy {environment} --owner, where a type needs rights that include/policies/execution_role.yaml "
        "does not give yet",
    ):
        console.print(line, highlight=False, markup=False)
