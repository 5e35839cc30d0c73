"""What leads out of a blocker, as data: who triggers, clears, runs, edits, waits or asks, in which order (RE1).

The sentence that people read is written from the data, so the two cannot differ. The product never executes a remedy:
persons do, with their own credentials (ID3).
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

MANIFEST = "include/environments/<environment>.yaml"
"""The file of an environment's manifest. `<environment>`, `<dag>` and `<task>` are filled where a gate is evaluated."""

OWNER = "the account's owner"
"""Whoever may change the account and the execution role; never the execution role itself."""

_REACHES = "it counts from the next run on; where include/ is in an image or a config map, roll that out first"


@dataclass(frozen=True, slots=True)
class Trigger:
    """Start a new run of a DAG.

    `conf` fits the DAG's own params. `ask` names params that a person fills in (a confirmation, a reason, an approval,
    a lock id): their values are never proposed.
    """

    dag: str
    conf: Mapping[str, Any] = field(default_factory=dict)
    ask: tuple[str, ...] = ()
    kind: Literal["trigger"] = "trigger"

    def text(self) -> str:
        """`trigger dev_min.m2_substrate_build with platform_run = continue and your own repair_reason`."""
        given = [f"{name} = {str(value).lower() if isinstance(value, bool) else value}" for name, value in self.params]
        asked = [f"your own {name}" for name in self.ask]
        parts = [*given, *asked]
        listed = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
        dag = "this DAG again" if self.dag == "<dag>" else self.dag
        return f"trigger {dag}" + (f" with {listed}" if listed else "")

    @property
    def params(self) -> tuple[tuple[str, Any], ...]:
        """`conf` in its order."""
        return tuple(self.conf.items())


@dataclass(frozen=True, slots=True)
class Clear:
    """Clear a task of the run that is blocked, with everything downstream of it."""

    task: str = "<task>"
    kind: Literal["clear"] = "clear"

    def text(self) -> str:
        """`clear b_readiness with everything downstream`."""
        task = "this task" if self.task == "<task>" else self.task
        return f"clear {task} with everything downstream"


@dataclass(frozen=True, slots=True)
class Command:
    """Run a command line with one's own credentials; `as_whom` says whose. Real names, region and ARN stand in it."""

    argv: tuple[str, ...]
    as_whom: str = OWNER
    kind: Literal["command"] = "command"

    def text(self) -> str:
        """The command line as a shell takes it."""
        return f"run `{shlex.join(self.argv)}` as {self.as_whom}"


@dataclass(frozen=True, slots=True)
class Edit:
    """Change a file of the project. `field` is a dotted path in it; `value` is what it becomes, None: a person decides.

    `why` says what is asked for where no one value is right.
    """

    file: str
    field: str
    value: Any = None
    why: str = ""
    kind: Literal["edit"] = "edit"

    def text(self) -> str:
        """`set budget.cap in include/environments/dev_min.yaml to 30`, and how that reaches the DAGs."""
        to = "" if self.value is None else f" to {self.value}"
        why = f": {self.why}" if self.why else ""
        return f"set {self.field} in {self.file}{to}{why} ({_REACHES})"


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait until something is so; nobody has to act before."""

    until: str
    kind: Literal["wait"] = "wait"

    def text(self) -> str:
        """`wait until ...`."""
        return f"wait until {self.until}"


@dataclass(frozen=True, slots=True)
class Person:
    """A person must do what no command of this project does: who, what, and where that is told in more words."""

    who: str
    what: str
    where: str = ""
    kind: Literal["person"] = "person"

    def text(self) -> str:
        """`let the execution role read the state bucket (the account's owner)`."""
        where = f"; see {self.where}" if self.where else ""
        return f"{self.what} ({self.who}{where})"


Step = Trigger | Clear | Command | Edit | Wait | Person


@dataclass(frozen=True, slots=True)
class Remedy:
    """Steps in their order. `alternative` is another way, for a person to choose; `note`, what the way does not do."""

    steps: tuple[Step, ...]
    alternative: tuple[Step, ...] = ()
    note: str = ""

    @classmethod
    def of(cls, *steps: Step, alternative: tuple[Step, ...] = (), note: str = "") -> "Remedy":
        """A remedy of these steps."""
        return cls(steps, alternative, note)

    @property
    def text(self) -> str:
        """The sentence that people read."""
        ways = ["; then ".join(step.text() for step in way) for way in (self.steps, self.alternative) if way]
        return ". ".join(part for part in ("; or ".join(ways), self.note) if part)

    def filled(self, names: Mapping[str, str]) -> "Remedy":
        """The same with every `<name>` replaced."""
        return Remedy(
            tuple(_filled(step, names) for step in self.steps),
            tuple(_filled(step, names) for step in self.alternative),
            fill(self.note, names),
        )


def written(text: str) -> Remedy:
    """A remedy of evidence that was written before remedies were data: its sentence is all that there is."""
    return Remedy((), note=text)


def fill(text: str, names: Mapping[str, str]) -> str:
    """The text with every `<name>` replaced."""
    for name, value in names.items():
        text = text.replace(f"<{name}>", value)
    return text


def _filled(step: Step, names: Mapping[str, str]) -> Step:
    match step:
        case Trigger(dag, conf, ask):
            return Trigger(fill(dag, names), {key: _value(value, names) for key, value in conf.items()}, ask)
        case Clear(task):
            return Clear(fill(task, names))
        case Command(argv, as_whom):
            return Command(tuple(fill(part, names) for part in argv), as_whom)
        case Edit(file, path, value, why):
            return Edit(fill(file, names), fill(path, names), _value(value, names), fill(why, names))
        case Wait(until):
            return replace(step, until=fill(until, names))
        case Person(who, what, where):
            return Person(fill(who, names), fill(what, names), fill(where, names))


def _value(value: Any, names: Mapping[str, str]) -> Any:
    return fill(value, names) if isinstance(value, str) else value
