"""Readers of the deployment files: as much of Compose, of the Dockerfile and of .dockerignore as these files use."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from ruamel.yaml import YAML

from sandbox import supervisor
from sandbox.options import Options

PROJECT = Path(__file__).resolve().parents[2]
IMAGE_HOME = PurePosixPath("/opt/airflow")

_REFERENCE = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<name>[A-Z_][A-Z0-9_]*)(?:(?P<how>:-|:\?)(?P<text>[^${}]*))?\})")
_SETTING = re.compile(r"#?(?P<name>[A-Z][A-Z0-9_]*)=(?P<quote>'?)(?P<value>.*)(?P=quote)")

Service = dict[str, Any]


class MissingVariable(Exception):
    """A variable that Compose would refuse to do without."""


def compose() -> dict[str, Any]:
    """docker-compose.yaml with its anchors resolved and its variables not."""
    content: dict[str, Any] = YAML(typ="safe").load(PROJECT / "docker-compose.yaml")
    return content


def services() -> dict[str, Service]:
    """The services by name."""
    found: dict[str, Service] = compose()["services"]
    return found


def interpolated(node: Any, variables: Mapping[str, str]) -> Any:
    """What Compose makes of a part of the file. Raises MissingVariable; an unknown form of `$` is a ValueError."""
    if isinstance(node, dict):
        return {name: interpolated(value, variables) for name, value in node.items()}
    if isinstance(node, list):
        return [interpolated(value, variables) for value in node]
    if not isinstance(node, str):
        return node
    if "$" in _REFERENCE.sub("", node):
        raise ValueError(f"not a reference that this test knows: {node!r}")
    return _REFERENCE.sub(lambda found: _value(found, variables), node)


def _value(found: re.Match[str], variables: Mapping[str, str]) -> str:
    if found["dollar"]:
        return "$"
    value = variables.get(found["name"], "")
    if value or found["how"] is None:
        return value
    if found["how"] == ":?":
        raise MissingVariable(f"{found['name']}: {found['text']}")
    return found["text"]


def container_environment(service: Service, variables: Mapping[str, str]) -> dict[str, str]:
    """What `environment` sets: names without a value are passed on when they have one outside, and are absent else."""
    given = interpolated(service.get("environment", {}), variables)
    passed_on = {name: variables.get(name) for name, value in given.items() if value is None}
    return {name: value for name, value in (given | passed_on).items() if value is not None}


def references(node: Any) -> set[str]:
    """Every variable that a part of the file takes from outside."""
    if isinstance(node, dict):
        passed_on = {name for name, value in node.get("environment", {}).items() if value is None}
        return passed_on.union(*(references(value) for value in node.values()))
    if isinstance(node, list):
        return set().union(*(references(value) for value in node))
    return {found["name"] for found in _REFERENCE.finditer(node) if found["name"]} if isinstance(node, str) else set()


def example(profile: str) -> dict[str, str]:
    """.env.example with the block of one profile in force and the others commented out."""
    found: dict[str, str] = {}
    block = ""
    for line in (PROJECT / ".env.example").read_text("utf-8").splitlines():
        if line.startswith("# --- "):
            block = line.removeprefix("# --- ").partition(":")[0]
        setting = _SETTING.fullmatch(line)
        if setting and (block == profile or (block == "" and not line.startswith("#"))):
            found[setting["name"]] = setting["value"]
    return found


def documented() -> set[str]:
    """Every variable that .env.example names, in force or commented out."""
    lines = (PROJECT / ".env.example").read_text("utf-8").splitlines()
    return {setting["name"] for line in lines if (setting := _SETTING.fullmatch(line))}


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction of the Dockerfile: `COPY --from=terraform /bin/terraform /usr/local/bin/terraform`."""

    name: str
    arguments: str

    @property
    def words(self) -> list[str]:
        """The arguments without flags such as --from."""
        return [word for word in self.arguments.split() if not word.startswith("--")]


def dockerfile() -> list[Instruction]:
    """The Dockerfile's instructions, continued lines joined."""
    lines = [line for line in (PROJECT / "Dockerfile").read_text("utf-8").splitlines() if not line.startswith("#")]
    whole = "\n".join(lines).replace("\\\n", " ").splitlines()
    return [Instruction(*line.split(None, 1)) for line in whole if line.strip()]


def stages() -> list[list[Instruction]]:
    """The Dockerfile's instructions by build stage; the last stage is the image."""
    found: list[list[Instruction]] = []
    for instruction in dockerfile():
        if instruction.name == "FROM":
            found.append([])
        found[-1].append(instruction)
    return found


def copied() -> dict[PurePosixPath, Path]:
    """Where the image holds what of the project."""
    places = {}
    for instruction in stages()[-1]:
        if instruction.name == "COPY" and "--from=" not in instruction.arguments:
            source, target = instruction.words
            places[PurePosixPath(target)] = PROJECT / source
    return places


def commands_of_the_image() -> list[list[str]]:
    """What the image's own stage runs, in order, each command as its words."""
    return [part.split() for step in stages()[-1] if step.name == "RUN" for part in step.arguments.split("&&")]


def made() -> set[PurePosixPath]:
    """The directories that the image's own stage makes."""
    making = [words for words in commands_of_the_image() if words[0] == "mkdir"]
    return {PurePosixPath(word) for words in making for word in words if word[0] == "/"}


def sandbox_options() -> Options:
    """What the sandbox's command asks for, in the sandbox profile of .env.example."""
    words = interpolated(services()["sandbox"]["command"], example("sandbox"))
    given = vars(supervisor._parser().parse_args(words[words.index("run") :]))
    given["advertise"] = given["advertise"] or given["bind"]
    manifests = in_project(PurePosixPath(given["every_environment"]))
    assert manifests is not None
    given["environments"] = tuple(sorted(path.stem for path in manifests.glob("*.yaml")))
    given["reader_directory"] = given["reader_tokens"]
    return Options(**{option.name: given[option.name] for option in fields(Options)})


def in_project(path: PurePosixPath) -> Path | None:
    """The project's file behind a path of the image; None when the image has it from elsewhere."""
    for target, source in copied().items():
        if path.is_relative_to(target):
            return source / path.relative_to(target)
    return None


def ignored(path: str) -> bool:
    """Does .dockerignore keep a path of the project out of the build? The last pattern that fits decides."""
    out = False
    for line in (PROJECT / ".dockerignore").read_text("utf-8").splitlines():
        pattern = line.strip().removeprefix("!")
        if pattern and not pattern.startswith("#") and any(_fits(part, pattern) for part in _with_parents(path)):
            out = not line.startswith("!")
    return out


def _with_parents(path: str) -> Iterator[str]:
    yield path
    yield from (str(parent) for parent in PurePosixPath(path).parents if str(parent) != ".")


def _fits(path: str, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatchcase(PurePosixPath(path).name, pattern.removeprefix("**/"))
    return path.count("/") == pattern.count("/") and fnmatchcase(path, pattern)
