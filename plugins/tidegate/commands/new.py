"""`tidegate new`: writes what a new environment, stack or gate begins with. It changes nothing that is there already.

* `new stack`: a root, its manifest entry and its allowed types
* `new environment`: a manifest (commands/new_environment.py)
* `new gate`: the gate, its facts, its test, and its lines in the registry and in the table of facts that pass
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.commands.environment_option import EnvironmentOption
from tidegate.commands.new_environment import environment as environment_command

if TYPE_CHECKING:
    from tidegate.models.environment import Environment

new = typer.Typer(no_args_is_help=True, help="Write a skeleton into the project. Asks and changes nothing elsewhere.")

_NAME = re.compile(r"[a-z][a-z0-9_]{1,20}")
_GATE_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
_LONGEST = 23
"""The letters of a gate's name: its line in the table of facts that pass is one line."""
_TYPES = ("aws_ssm_parameter",)
"""What the skeleton holds."""


@new.callback()
def _root() -> None:
    """Write a skeleton into the project."""


new.command("environment")(environment_command)


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


@new.command("gate")
def gate(
    name: Annotated[str, typer.Argument(help="name of the gate: small words with underscores between them")],
) -> None:
    """Write a gate: rule, facts, test, its lines in two tables. 0 written, 64 it cannot be, and nothing was."""
    from tidegate.settings import PROJECT, settings

    files = _files_of_gate(PROJECT, name)
    _refuse_gates_that_are_there(name, files)
    written = _texts_of_gate(PROJECT, settings().skeletons_dir / "gate", name, files)
    for path, text in written.items():
        path.write_text(text, encoding="utf-8")
    _say_what_is_left_of_gate(PROJECT, name, list(written))


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


def _files_of_gate(project: Path, name: str) -> dict[str, Path]:
    package = project / "plugins" / "tidegate"
    return {
        "gate": package / "gates" / f"{name}.py",
        "model": package / "models" / f"{name}.py",
        "test": project / "tests" / "unit" / "gates" / f"test_{name}.py",
    }


def _refuse_gates_that_are_there(name: str, files: dict[str, Path]) -> None:
    if not _GATE_NAME.fullmatch(name) or len(name) > _LONGEST or name.startswith("rules_"):
        raise typer.BadParameter(
            f"a name has two or more words of small letters and digits with underscores between them, {_LONGEST} "
            "letters at most, and does not begin with rules_"
        )
    for path in files.values():
        if path.exists():
            raise typer.BadParameter(f"{path} is there already")
        if not path.parent.is_dir():
            raise typer.BadParameter(f"there is no {path.parent}: a gate is written into a checkout of tidegate")


def _texts_of_gate(project: Path, skeleton: Path, name: str, files: dict[str, Path]) -> dict[Path, str]:
    """Every file as it will be. Nothing is written before all of them are known."""
    from tidegate.commands import gate_skeleton

    texts = {
        path: gate_skeleton.filled((skeleton / f"{kind}.py.txt").read_text(encoding="utf-8"), name)
        for kind, path in files.items()
    }
    edited = {
        project / "plugins" / "tidegate" / "gates" / "registry.py": gate_skeleton.with_gate,
        project / "tests" / "facts_that_pass.py": gate_skeleton.with_facts,
    }
    for path, edit in edited.items():
        try:
            texts[path] = edit(path.read_text(encoding="utf-8"), name)
        except gate_skeleton.NoPlace as error:
            raise typer.BadParameter(f"{path}: {error}; add the lines by hand") from error
    return texts


def _say_what_is_left_of_gate(project: Path, name: str, written: list[Path]) -> None:
    from rich.console import Console

    from tidegate.commands.gate_skeleton import MARK, gate_id

    console = Console(soft_wrap=True)
    for line in (
        *(f"written: {path.relative_to(project)}" for path in written),
        "left to do:",
        f"  put your own words, facts and codes in the place of each `{MARK}`",
        f"  move {name}.GATE in plugins/tidegate/gates/registry.py to where an environment meets it",
        "  read the facts: collect(run) in a module below plugins/tidegate/lanes; where AWS is asked, a collector "
        "below plugins/tidegate/collectors/aws",
        f"  give {gate_id(name)} a Lane: in plugins/tidegate/lanes/phases.py, for audit and hourly check in "
        "plugins/tidegate/lanes/watch_phases.py",
        "  make docs, then make lint and make test: a test that is red says what is missing and where",
    ):
        console.print(line, highlight=False, markup=False)
