"""Runs terraform for one stack: init, plan, show, apply, untaint, version.

Every command runs from the stack's initialised workspace with an allow-listed environment, its values in files and not
in argv. Commands that take the state lock are announced by an intent record.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tidegate.models.environment import Environment
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.redaction import without_secrets
from tidegate.settings import settings
from tidegate.terraform import cli_config, errored, process
from tidegate.terraform.events import Progress
from tidegate.terraform.intent import IntentLog, IntentOwner, IntentUnwritable
from tidegate.terraform.program import TerraformMissing, find_program
from tidegate.terraform.workspace import Workspace, backend_arguments

Log = Callable[[str], None]

_ASKS_NOTHING = frozenset({"untaint"})
"""Commands that do not know `-input`."""


class TerraformStopped(Exception):
    """terraform ended with an error. `diagnostics` are its own words."""

    def __init__(self, command: str, returncode: int, diagnostics: tuple[str, ...]) -> None:
        diagnostics = tuple(without_secrets(words) for words in diagnostics)
        said = "; ".join(diagnostics) or "it said nothing; see the log above"
        super().__init__(f"terraform {command} ended with status {returncode}: {said}")
        self.command = command
        self.returncode = returncode
        self.diagnostics = diagnostics


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan file and what its exit status said."""

    path: Path
    sha256: str
    has_changes: bool


@dataclass(slots=True)
class Terraform:
    """terraform in one workspace, on behalf of one task try."""

    environment: Environment
    workspace: Workspace
    log: Log
    intents: IntentLog
    owner: IntentOwner
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Credentials that this stack's terraform alone gets, by environment variable (ID4)."""
    on_heartbeat: Callable[[float], None] = lambda _seconds: None
    commands: list[str] = field(default_factory=list)
    errored_sha256: str | None = None
    """Of the state that the last apply could not save."""
    _running: process.Started | None = None

    def init(self) -> None:
        """Initialise the workspace against the stack's backend, with the committed dependency lock unchanged."""
        stack = self.environment.stacks[self.workspace.stack]
        path_style = self.environ.get("AWS_S3_USE_PATH_STYLE", "").lower() == "true"
        arguments = backend_arguments(self.environment, stack, path_style=path_style)
        self._run("init", ["-reconfigure", "-lockfile=readonly", "-no-color", *arguments], log_lines=False)

    def plan(
        self,
        *,
        destroy: bool,
        lock_timeout_seconds: int = 0,
        only_looks: bool = False,
        refresh: bool = True,
        renew: str | None = None,
    ) -> SavedPlan:
        """Make a saved plan. Takes the state lock; while somebody holds it, waits so long, and then fails.

        One that `only_looks` serves no apply: it never takes the place of a record of a terraform not seen to end.
        Any other shows whoever reads it what a lost apply left, so that apply is not looked for any more. Without
        `refresh` the state is taken for what stands. `renew` is the one address that is planned, to be made anew.
        """
        path = self.workspace.directory / ("destroy.tfplan" if destroy else "build.tfplan")
        arguments = ["-json", "-detailed-exitcode", f"-out={path}", f"-var-file={self.workspace.inputs}"]
        if destroy:
            arguments.append("-destroy")
        if not refresh:
            arguments.append("-refresh=false")
        if renew is not None:
            arguments += [f"-target={renew}", f"-replace={renew}"]
        ended = self._locked(
            "plan", arguments, accepted=(0, 2), lock_timeout_seconds=lock_timeout_seconds, only_looks=only_looks
        )
        if not only_looks:
            self._note(lambda: self.intents.planned_again(datetime.now(UTC)))
        return SavedPlan(path, file_digest(path), has_changes=ended.returncode == 2)

    def show(self, plan: SavedPlan) -> Path:
        """The plan as JSON, in a private file. It can hold sensitive values: delete it after use."""
        return self._run("show", ["-json", "-no-color", str(plan.path)], log_lines=False).output

    def apply(self, plan_file: Path) -> None:
        """Apply exactly this plan file. What an earlier terraform could not save is moved out of the way first, so that
        an `errored.tfstate` afterwards is this one's; `errored_sha256` is its digest as the process ended.
        """
        self.errored_sha256 = None
        errored.put_aside(self.workspace)
        self._locked("apply", ["-json", str(plan_file)], plan_sha256=file_digest(plan_file))

    def untaint(self, address: str) -> None:
        """Take the mark `tainted` off a resource in the state. The caller holds the authorisation."""
        self._locked("untaint", [address])

    def interrupt(self) -> bool:
        """Send one SIGINT to the running command, so that it releases its lock. Returns at once."""
        running = self._running
        return running is not None and process.interrupt(running.pid, running.create_time)

    def _locked(
        self,
        command: str,
        arguments: list[str],
        accepted: tuple[int, ...] = (0,),
        plan_sha256: str | None = None,
        lock_timeout_seconds: int = 0,
        only_looks: bool = False,
    ) -> process.Ended:
        if only_looks:
            self.intents.nothing_unfinished()
        record = self.intents.open(command, self.owner, datetime.now(UTC), plan_sha256)
        ended = self._run(
            command,
            [
                *([] if command in _ASKS_NOTHING else ["-input=false"]),
                f"-lock-timeout={lock_timeout_seconds}s",
                "-no-color",
                *arguments,
            ],
            log_lines=True,
            accepted=accepted,
            intent=record["id"],
            on_start=lambda started: self._note(lambda: self.intents.started(record, started)),
            on_beat=lambda: self._note(lambda: self.intents.beat(record, datetime.now(UTC))),
            on_end=lambda returncode: self._ended(command, record, returncode),
        )
        return ended

    def _ended(self, command: str, record: dict[str, Any], returncode: int) -> None:
        """Close the record, with the digest of a state that was not saved: that tells it from a planted one."""
        if command == "apply":
            self.errored_sha256 = errored.digest_as_it_ended(self.workspace)
            if self.errored_sha256 is not None:
                record |= {"errored_sha256": self.errored_sha256}
        self._note(lambda: self.intents.ended(record, returncode, datetime.now(UTC)))

    def _run(
        self,
        command: str,
        arguments: list[str],
        *,
        log_lines: bool,
        accepted: tuple[int, ...] = (0,),
        intent: str = "",
        on_start: Callable[[process.Started], None] = lambda _started: None,
        on_beat: Callable[[], None] = lambda: None,
        on_end: Callable[[int], None] = lambda _returncode: None,
    ) -> process.Ended:
        progress = Progress()

        def remember(started: process.Started) -> None:
            self._running = started
            on_start(started)

        def each_line(line: str) -> None:
            said = progress.feed(line) if log_lines else None
            if said:
                self.log(said)

        def heartbeat(seconds: float) -> None:
            self.log(f"terraform {command} of {self.workspace.stack}: still running after {seconds:.0f} s")
            on_beat()
            self.on_heartbeat(seconds)

        logs = self.workspace.directory / "logs" / f"{len(self.commands):02d}-{command}"
        self.log(f"terraform {command} of {self.workspace.stack}: started")
        ended: process.Ended | None = None
        try:
            ended = process.run(
                [*find_program(settings().terraform).command, command, *arguments],
                cwd=self.workspace.root,
                environment=process.child_environment(self.environ, self._cli_config(), intent, self.secrets),
                logs=logs,
                deadline_seconds=self.environment.deadlines.terraform,
                on_start=remember,
                on_line=each_line,
                on_heartbeat=heartbeat,
            )
        finally:
            if ended is None:  # whatever broke in here, a timeout of the task too: nobody watches it any more
                self.interrupt()
            self._running = None
        self.commands.append(command)
        self._record_time(command, ended)
        on_end(ended.returncode)
        self.log(
            f"terraform {command} of {self.workspace.stack}: status {ended.returncode} after {ended.seconds:.1f} s"
        )
        if ended.returncode not in accepted:
            said = tuple(progress.errors) or _last_words(ended.errors)
            if not said and command != "show":  # what show prints is the plan itself, sensitive values included (ID4)
                said = _last_words(ended.output)
            raise TerraformStopped(command, ended.returncode, said)
        return ended

    def _note(self, write: Callable[[], None]) -> None:
        """Update the intent record of a running or ended terraform. It was announced before it started: a record that
        cannot be updated only makes the next try more careful; it never abandons a terraform that works.
        """
        try:
            write()
        except IntentUnwritable as error:
            self.log(f"intent record not updated, terraform goes on: {error}")

    def _record_time(self, command: str, ended: process.Ended) -> None:
        row = {
            "execution_id": self.owner.execution_id,
            "task": self.owner.task_id,
            "stack": self.workspace.stack,
            "command": command,
            "returncode": ended.returncode,
            "seconds": round(ended.seconds, 3),
        }
        with (self.workspace.directory / "timings.jsonl").open("a", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(json.dumps(row) + "\n")

    def _cli_config(self) -> Path:
        return cli_config.write(self.workspace.directory / "terraform.rc", settings().provider_mirrors)


def version(log: Log = lambda _line: None) -> Observed[str]:
    """The version of terraform on this worker. Absent: there is none."""
    directory = settings().work_dir
    directory.mkdir(parents=True, exist_ok=True)
    try:
        ended = process.run(
            [*find_program(settings().terraform).command, "version", "-json"],
            cwd=directory,
            environment=process.child_environment(
                os.environ, cli_config.write(directory / "terraform.rc", settings().provider_mirrors), ""
            ),
            logs=directory / f"version-{os.getpid()}",
            deadline_seconds=60,
        )
        said, errors = ended.output.read_bytes(), " ".join(_last_words(ended.errors))
        ended.output.unlink()
        ended.errors.unlink()
        if ended.returncode != 0:
            return Unreadable(f"terraform version -json: status {ended.returncode}: {errors or 'it said nothing'}")
        return Known(str(json.loads(said)["terraform_version"]))
    except TerraformMissing as error:
        log(str(error))
        return Absent()
    except (OSError, ValueError, KeyError, TypeError, process.TerraformDeadline) as error:
        return Unreadable(f"terraform version -json: {type(error).__name__}: {error}")


def file_digest(path: Path) -> str:
    """sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _last_words(path: Path, lines: int = 12) -> tuple[str, ...]:
    text = [line.strip(" │╷╵\t") for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    return (" ".join(line for line in text[-lines:] if line),) if any(text) else ()
