"""terraform for one stack: from its root, with its values in files, announced before it may take a lock."""

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tidegate.environments import load
from tidegate.models.environment import Environment
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.settings import settings
from tidegate.terraform import process, runner
from tidegate.terraform.intent import IntentOwner, IntentUnwritable
from tidegate.terraform.process import Started, TerraformDeadline
from tidegate.terraform.program import TerraformMissing
from tidegate.terraform.runner import SavedPlan, Terraform, TerraformStopped, file_digest, version
from tidegate.terraform.workspace import Workspace

LOCKING = ["-input=false", "-lock-timeout=0s", "-no-color"]
WRITES_PLAN = """
for argument in sys.argv:
    if argument.startswith("-out="):
        Path(argument[5:]).write_bytes(b"a plan")
"""
SAYS_ERROR = """
say(json.dumps({"type": "diagnostic", "diagnostic": {"severity": "error", "summary": "no", "detail": "not allowed"}}))
say(json.dumps({"type": "diagnostic", "diagnostic": {"severity": "warning", "summary": "old"}}))
say("on stderr", to=sys.stderr)
sys.exit(1)
"""


class Intents:
    """Stands for the stack's intent record: what was written, in order, and what the fake had done by then."""

    def __init__(self, fake: Any) -> None:
        self.fake = fake
        self.written: list[tuple[str, Any]] = []
        self.refusing = ""

    def open(self, operation: str, owner: IntentOwner, now: datetime, plan_sha256: str | None = None) -> dict[str, Any]:
        self._write("open", (operation, owner.task_id, len(self.fake.calls)))
        self.plan_sha256 = plan_sha256
        assert now.tzinfo is not None
        return {"id": "77aa"}

    def nothing_unfinished(self) -> None:
        self._write("asked", None)

    def planned_again(self, now: datetime) -> None:
        assert now.tzinfo is not None
        self._write("planned again", None)

    def started(self, record: dict[str, Any], started: Started) -> None:
        assert record["id"] == "77aa"
        self._write("started", started.pid)

    def beat(self, record: dict[str, Any], now: datetime) -> None:
        assert record["id"] == "77aa"
        self._write("beat", len(self.fake.calls))

    def ended(self, record: dict[str, Any], returncode: int, now: datetime) -> None:
        assert record["id"] == "77aa"
        self._write("ended", returncode)

    def _write(self, what: str, value: Any) -> None:
        if what == self.refusing:
            raise IntentUnwritable("told not to write")
        self.written.append((what, value))


@pytest.fixture
def environment() -> Environment:
    return load("dev_min")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace("dev_min", "demo", tmp_path / "work" / "dev_min" / "demo")
    workspace.root.mkdir(parents=True)
    workspace.write_inputs({"secret_looking": "value-of-a-variable"})
    return workspace


@pytest.fixture
def intents(fake: Any) -> Intents:
    return Intents(fake)


@pytest.fixture
def said() -> list[str]:
    """The task log."""
    return []


@pytest.fixture
def terraform(
    fake: Any, environment: Environment, workspace: Workspace, intents: Any, said: list[str]
) -> Callable[..., Terraform]:
    def make(**changes: Any) -> Terraform:
        given: dict[str, Any] = {
            "environment": environment,
            "workspace": workspace,
            "log": said.append,
            "intents": intents,
            "owner": IntentOwner("m2_x", "dev_min.m2", "manual__1", "f_demo.apply", 1),
            "environ": {"PATH": os.environ["PATH"]},
        }
        return Terraform(**given | changes)

    return make


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    path = tmp_path / "fetched.tfplan"
    path.write_bytes(b"a plan")
    return path


# What is run.


def test_init(fake: Any, terraform: Any) -> None:
    terraform().init()
    assert fake.call["argv"] == [
        "init",
        "-reconfigure",
        "-lockfile=readonly",
        "-no-color",
        "-backend-config=bucket=fraud-platform-dev-min-tfstate",
        "-backend-config=key=dev_min/demo/terraform.tfstate",
        "-backend-config=region=eu-west-2",
        "-backend-config=dynamodb_table=fraud-platform-dev-min-tf-locks",
        "-backend-config=use_lockfile=true",
        "-backend-config=encrypt=true",
        "-backend-config=use_path_style=false",
    ]


@pytest.mark.parametrize(("value", "style"), [("true", "true"), ("True", "true"), ("false", "false"), ("", "false")])
def test_init_where_buckets_are_addressed_by_path(fake: Any, terraform: Any, value: str, style: str) -> None:
    terraform(environ={"PATH": os.environ["PATH"], "AWS_S3_USE_PATH_STYLE": value}).init()
    assert f"-backend-config=use_path_style={style}" in fake.call["argv"]


def test_plan_of_a_build(fake: Any, terraform: Any, workspace: Workspace) -> None:
    fake(WRITES_PLAN + "sys.exit(2)")
    plan = terraform().plan(destroy=False)
    path = workspace.directory / "build.tfplan"
    assert plan == SavedPlan(path, hashlib.sha256(b"a plan").hexdigest(), has_changes=True)
    assert fake.call["argv"] == [
        "plan",
        *LOCKING,
        "-json",
        "-detailed-exitcode",
        f"-out={path}",
        f"-var-file={workspace.directory / 'inputs.tfvars.json'}",
    ]


def test_plan_of_a_destroy(fake: Any, terraform: Any, workspace: Workspace) -> None:
    fake(WRITES_PLAN + "sys.exit(2)")
    plan = terraform().plan(destroy=True)
    assert plan.path == workspace.directory / "destroy.tfplan"
    assert fake.call["argv"][-1] == "-destroy"
    assert f"-out={plan.path}" in fake.call["argv"]


def test_a_plan_without_a_refresh(fake: Any, terraform: Any) -> None:
    fake(WRITES_PLAN + "sys.exit(2)")
    terraform().plan(destroy=True, refresh=False)
    assert fake.call["argv"][-2:] == ["-destroy", "-refresh=false"]


def test_a_plan_of_one_address(fake: Any, terraform: Any) -> None:
    fake(WRITES_PLAN + "sys.exit(2)")
    address = 'confluent_api_key.this["operator"]'
    terraform().plan(destroy=False, renew=address)
    assert fake.call["argv"][-2:] == [f"-target={address}", f"-replace={address}"]
    assert "-refresh=false" not in fake.call["argv"]


def test_a_plan_without_changes(fake: Any, terraform: Any) -> None:
    fake(WRITES_PLAN)
    assert terraform().plan(destroy=False).has_changes is False


@pytest.mark.parametrize(("given", "timeout"), [({}, "0s"), ({"lock_timeout_seconds": 60}, "60s")])
def test_a_plan_takes_the_lock_and_waits_for_it_as_told(
    fake: Any, terraform: Any, given: dict[str, int], timeout: str
) -> None:
    """ST3: it never goes without one."""
    fake(WRITES_PLAN)
    terraform().plan(destroy=False, **given)
    assert [argument for argument in fake.call["argv"] if argument.startswith("-lock")] == [f"-lock-timeout={timeout}"]


def test_show(fake: Any, terraform: Any, said: list[str], tmp_path: Path) -> None:
    fake('say(json.dumps({"planned_values": "s3cr3t"}, indent=1))')
    path = terraform().show(SavedPlan(tmp_path / "p", "", has_changes=True))
    assert fake.call["argv"] == ["show", "-json", "-no-color", str(tmp_path / "p")]
    assert json.loads(path.read_text()) == {"planned_values": "s3cr3t"}
    assert path.stat().st_mode & 0o777 == 0o600
    assert "s3cr3t" not in "\n".join(said)


def test_apply(fake: Any, terraform: Any, plan_file: Path) -> None:
    terraform().apply(plan_file)
    assert fake.call["argv"] == ["apply", *LOCKING, "-json", str(plan_file)]


def test_an_apply_is_announced_with_its_plan(fake: Any, terraform: Any, intents: Intents, plan_file: Path) -> None:
    terraform().apply(plan_file)
    assert intents.plan_sha256 == hashlib.sha256(b"a plan").hexdigest()


def test_taking_the_mark_off_is_announced_as_what_takes_the_lock(fake: Any, terraform: Any, intents: Intents) -> None:
    terraform().untaint("aws_budgets_budget.monthly")
    assert fake.call["argv"] == ["untaint", "-lock-timeout=0s", "-no-color", "aws_budgets_budget.monthly"]
    assert intents.written[0] == ("open", ("untaint", "f_demo.apply", 0))
    assert intents.written[-1] == ("ended", 0)


COMMANDS = [
    pytest.param(lambda it, _: it.init(), "init", id="init"),
    pytest.param(lambda it, _: it.plan(destroy=False), "plan", id="plan"),
    pytest.param(lambda it, path: it.show(SavedPlan(path, "", has_changes=True)), "show", id="show"),
    pytest.param(lambda it, path: it.apply(path), "apply", id="apply"),
]


@pytest.mark.parametrize(("act", "command"), COMMANDS)
def test_every_command_runs_in_the_root_whatever_the_callers_directory(
    fake: Any,
    terraform: Any,
    workspace: Workspace,
    plan_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    act: Any,
    command: str,
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    fake(WRITES_PLAN)
    act(terraform(), plan_file)
    assert fake.call["argv"][0] == command
    assert fake.call["cwd"] == os.path.realpath(workspace.root)
    assert fake.call["sid"] == fake.call["pid"]


@pytest.mark.parametrize(("act", "command"), COMMANDS)
def test_no_command_gets_more_of_the_environment_than_it_may(
    fake: Any, terraform: Any, workspace: Workspace, plan_file: Path, act: Any, command: str
) -> None:
    switches = {"AWS_ACCESS_KEY_ID": "AKIA", "TF_VAR_region": "x", "TF_CLI_ARGS": "-lock=false", "TF_LOG": "TRACE"}
    fake(WRITES_PLAN)
    act(terraform(environ={"PATH": os.environ["PATH"], "AWS_REGION": "eu-west-2", **switches}), plan_file)
    given = fake.call["env"]
    assert set(switches) & set(given) == set()
    assert given["AWS_REGION"] == "eu-west-2"
    assert given["TF_CLI_CONFIG_FILE"] == str(workspace.directory / "terraform.rc")
    assert "provider_installation" in (workspace.directory / "terraform.rc").read_text()


@pytest.mark.parametrize(("act", "command"), COMMANDS)
def test_no_value_of_a_variable_is_in_argv(fake: Any, terraform: Any, plan_file: Path, act: Any, command: str) -> None:
    fake(WRITES_PLAN)
    act(terraform(), plan_file)
    assert "value-of-a-variable" not in json.dumps(fake.call)


# How it ends.


@pytest.mark.parametrize(
    ("act", "status"),
    [
        (lambda it, _: it.init(), 1),
        (lambda it, _: it.init(), 2),
        (lambda it, _: it.plan(destroy=False), 1),
        (lambda it, _: it.plan(destroy=False), 3),
        (lambda it, _: it.plan(destroy=False), 130),
        (lambda it, path: it.show(SavedPlan(path, "", has_changes=True)), 2),
        (lambda it, path: it.apply(path), 1),
        (lambda it, path: it.apply(path), 2),
    ],
)
def test_other_statuses_stop(fake: Any, terraform: Any, plan_file: Path, act: Any, status: int) -> None:
    fake(WRITES_PLAN + f"sys.exit({status})")
    with pytest.raises(TerraformStopped) as raised:
        act(terraform(), plan_file)
    assert raised.value.returncode == status
    assert str(raised.value) == (
        f"terraform {raised.value.command} ended with status {status}: it said nothing; see the log above"
    )


def test_a_terraform_that_was_killed_is_no_success(fake: Any, terraform: Any, plan_file: Path) -> None:
    fake("os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(TerraformStopped, match="terraform apply ended with status -9: "):
        terraform().apply(plan_file)


def test_its_own_words_are_its_error_events(fake: Any, terraform: Any, plan_file: Path) -> None:
    fake(SAYS_ERROR)
    with pytest.raises(TerraformStopped) as raised:
        terraform().apply(plan_file)
    assert raised.value.diagnostics == ("no: not allowed",)
    assert str(raised.value) == "terraform apply ended with status 1: no: not allowed"


def test_without_events_the_last_lines_of_stderr_are_its_words(fake: Any, terraform: Any) -> None:
    fake(
        'say("on stdout")\n'
        'for n in range(12): say(f"line {n}", to=sys.stderr)\n'
        'say("\\n\\u2577\\n\\u2502 Error: no bucket\\n\\u2502  \\n\\u2575", to=sys.stderr)\n'
        "sys.exit(1)"
    )
    with pytest.raises(TerraformStopped) as raised:
        terraform().init()
    (words,) = raised.value.diagnostics
    assert words.endswith("line 10 line 11 Error: no bucket")
    assert "line 3" not in words
    assert "│" not in words


def test_without_stderr_the_last_lines_of_stdout_are(fake: Any, terraform: Any) -> None:
    fake('say("no init in this place")\nsys.exit(1)')
    with pytest.raises(TerraformStopped, match=r"status 1: no init in this place$"):
        terraform().init()


def test_what_show_prints_is_never_its_words(fake: Any, terraform: Any, tmp_path: Path) -> None:
    """It prints the plan, with all that is sensitive in it."""
    fake('say(json.dumps({"planned_values": {"password": "s3cr3t"}}))\nsys.exit(1)')
    with pytest.raises(TerraformStopped) as raised:
        terraform().show(SavedPlan(tmp_path / "p", "", has_changes=True))
    assert raised.value.diagnostics == ()
    assert "s3cr3t" not in str(raised.value)


def test_secrets_are_taken_out_of_its_words(fake: Any, terraform: Any, plan_file: Path) -> None:
    fake(
        'event = {"severity": "error", "summary": "no", "detail": "x-amz-security-token: s3cr3t"}\n'
        'say(json.dumps({"type": "diagnostic", "diagnostic": event}))\n'
        "sys.exit(1)"
    )
    with pytest.raises(TerraformStopped) as raised:
        terraform().apply(plan_file)
    assert raised.value.diagnostics == ("no: x-amz-security-token: ****",)
    assert "s3cr3t" not in str(raised.value)


def test_no_terraform_at_all(fake: Any, terraform: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TIDEGATE_TERRAFORM", str(tmp_path / "nowhere"))
    settings.cache_clear()
    with pytest.raises(TerraformMissing, match="is not on PATH"):
        terraform().init()


# What people read.


def test_the_log_of_an_apply(fake: Any, terraform: Any, said: list[str], plan_file: Path, clock: Any) -> None:
    resource = '{"addr": "aws_vpc.a", "resource": "aws_vpc.a"}'
    fake(
        'say(\'{"type": "version", "terraform": "1.12.2"}\')\n'
        f'say(\'{{"type": "apply_complete", "hook": {{"resource": {resource}, "action": "create"}}}}\')\n'
        'say("a plain line")\n'
    )
    terraform().apply(plan_file)
    assert said == [
        "terraform apply of demo: started",
        "[1/1] aws_vpc.a created after 0 s",
        "a plain line",
        "terraform apply of demo: status 0 after 0.0 s",
    ]


def test_init_says_only_that_it_ran(fake: Any, terraform: Any, said: list[str]) -> None:
    fake('say("Initializing provider plugins...")')
    terraform().init()
    assert [line.split(" after")[0] for line in said] == [
        "terraform init of demo: started",
        "terraform init of demo: status 0",
    ]


def test_a_heartbeat_is_logged_and_passed_on(
    fake: Any, terraform: Any, intents: Intents, said: list[str], plan_file: Path, clock: Any, open_pipe: Any
) -> None:
    pipe, beats = fake.pipe("go"), []
    fake('wait_for("go")')
    clock.step = 10.0

    def heartbeat(seconds: float) -> None:
        beats.append(seconds)
        if len(beats) == 2:
            open_pipe(pipe)

    terraform(on_heartbeat=heartbeat).apply(plan_file)
    assert beats[:2] == [30.0, 60.0]
    assert [what for what, _ in intents.written[:4]] == ["open", "started", "beat", "beat"]
    assert said[1:3] == [
        "terraform apply of demo: still running after 30 s",
        "terraform apply of demo: still running after 60 s",
    ]


def test_every_command_leaves_its_output_and_its_time(
    fake: Any, terraform: Any, workspace: Workspace, plan_file: Path
) -> None:
    fake(WRITES_PLAN + "sys.exit(2 if sys.argv[1] == 'plan' else 0)")
    it = terraform()
    it.init()
    it.plan(destroy=False)
    it.apply(plan_file)
    assert it.commands == ["init", "plan", "apply"]
    assert sorted(path.name for path in (workspace.directory / "logs").glob("*.out")) == [
        "00-init.out",
        "01-plan.out",
        "02-apply.out",
    ]
    rows = [json.loads(line) for line in (workspace.directory / "timings.jsonl").read_text().splitlines()]
    assert [(row["command"], row["returncode"]) for row in rows] == [("init", 0), ("plan", 2), ("apply", 0)]
    assert {(row["execution_id"], row["task"], row["stack"]) for row in rows} == {("m2_x", "f_demo.apply", "demo")}


def test_the_time_of_a_command_that_stopped_is_kept(fake: Any, terraform: Any, workspace: Workspace) -> None:
    fake("sys.exit(1)")
    with pytest.raises(TerraformStopped):
        terraform().init()
    assert json.loads((workspace.directory / "timings.jsonl").read_text())["returncode"] == 1


# The intent record.


@pytest.mark.parametrize(
    ("act", "operation", "status"),
    [
        (lambda it, _: it.plan(destroy=False), "plan", 0),
        (lambda it, _: it.plan(destroy=True), "plan", 2),
        (lambda it, path: it.apply(path), "apply", 0),
    ],
)
def test_what_may_lock_is_announced_before_it_starts(
    fake: Any, terraform: Any, intents: Intents, plan_file: Path, act: Any, operation: str, status: int
) -> None:
    fake(WRITES_PLAN + f"sys.exit({status})")
    act(terraform(), plan_file)
    assert intents.written == [
        ("open", (operation, "f_demo.apply", 0)),
        ("started", fake.call["pid"]),
        ("ended", status),
        *([("planned again", None)] if operation == "plan" else []),
    ]
    assert fake.call["env"]["TIDEGATE_INTENT"] == "77aa"


def test_a_plan_that_only_looks_asks_first_and_says_nothing_about_an_apply(
    fake: Any, terraform: Any, intents: Intents
) -> None:
    fake(WRITES_PLAN)
    terraform().plan(destroy=False, only_looks=True)
    assert [what for what, _ in intents.written] == ["asked", "open", "started", "ended"]


def test_a_plan_that_only_looks_takes_no_open_record_s_place(fake: Any, terraform: Any, intents: Intents) -> None:
    fake(WRITES_PLAN)
    intents.refusing = "asked"
    with pytest.raises(IntentUnwritable):
        terraform().plan(destroy=False, only_looks=True)
    assert (intents.written, fake.calls) == ([], [])


def test_a_failure_closes_the_record_as_well(fake: Any, terraform: Any, intents: Intents, plan_file: Path) -> None:
    fake(SAYS_ERROR)
    with pytest.raises(TerraformStopped):
        terraform().apply(plan_file)
    assert intents.written[-1] == ("ended", 1)


@pytest.mark.parametrize(
    "act", [lambda it, path: it.init(), lambda it, path: it.show(SavedPlan(path, "", has_changes=True))]
)
def test_what_takes_no_lock_is_not_announced(
    fake: Any, terraform: Any, intents: Intents, plan_file: Path, act: Any
) -> None:
    act(terraform(), plan_file)
    assert intents.written == []
    assert fake.call["env"]["TIDEGATE_INTENT"] == ""


@pytest.mark.parametrize("act", [lambda it, path: it.plan(destroy=False), lambda it, path: it.apply(path)])
def test_without_a_record_nothing_starts(
    fake: Any, terraform: Any, intents: Intents, plan_file: Path, act: Any
) -> None:
    intents.refusing = "open"
    with pytest.raises(IntentUnwritable):
        act(terraform(), plan_file)
    assert fake.calls == []


@pytest.mark.parametrize("what", ["started", "beat", "ended"])
def test_a_record_that_cannot_be_updated_never_abandons_a_terraform(
    fake: Any, terraform: Any, intents: Intents, said: list[str], plan_file: Path, clock: Any, open_pipe: Any, what: str
) -> None:
    pipe, beats = fake.pipe("go"), []
    fake('wait_for("go")\nsay("done")')
    clock.step = 10.0
    intents.refusing = what

    def heartbeat(_seconds: float) -> None:
        beats.append(what)
        if len(beats) == 2:
            open_pipe(pipe)

    terraform(on_heartbeat=heartbeat).apply(plan_file)
    assert "done" in said
    assert "intent record not updated, terraform goes on: told not to write" in said
    assert {"started", "beat", "ended"} - {done for done, _ in intents.written} == {what}


def test_a_failure_whose_end_cannot_be_recorded_is_still_a_failure(
    fake: Any, terraform: Any, intents: Intents, plan_file: Path
) -> None:
    fake(SAYS_ERROR)
    intents.refusing = "ended"
    with pytest.raises(TerraformStopped, match="no: not allowed"):
        terraform().apply(plan_file)


# Interrupting.


def test_an_interrupt_reaches_the_running_command_once(
    fake: Any, terraform: Any, said: list[str], plan_file: Path
) -> None:
    fake(
        "def interrupted(*_):\n"
        '    say("INT")\n'
        "    sys.exit(1)\n"
        "signal.signal(signal.SIGINT, interrupted)\n"
        'say("ready")\n'
        "while True:\n"
        "    signal.pause()\n"
    )
    answers: list[bool] = []

    def log(line: str) -> None:
        said.append(line)
        if line == "ready":
            answers.append(it.interrupt())

    it = terraform(log=log)
    assert it.interrupt() is False
    with pytest.raises(TerraformStopped) as raised:
        it.apply(plan_file)
    assert answers == [True]
    assert said.count("INT") == 1
    assert raised.value.returncode == 1
    assert it.interrupt() is False


def test_a_command_that_nobody_watches_any_more_is_asked_to_stop(
    fake: Any, terraform: Any, workspace: Workspace
) -> None:
    """A task's timeout comes from outside, anywhere: then terraform must release its lock, not go on alone."""

    class Timeout(BaseException):
        pass

    def log(line: str) -> None:
        if line == "ready":
            raise Timeout

    fake(
        "def interrupted(*_):\n"
        f"    Path({str(workspace.directory / 'interrupted')!r}).touch()\n"
        "    sys.exit(1)\n"
        "signal.signal(signal.SIGINT, interrupted)\n"
        'say("ready")\n'
        "while True:\n"
        "    signal.pause()\n"
    )
    with pytest.raises(Timeout):
        terraform(log=log).plan(destroy=False)
    (call,) = fake.calls
    with suppress(ChildProcessError):  # somebody else has taken note of its end already
        os.waitpid(call["pid"], 0)
    assert (workspace.directory / "interrupted").exists()


STOPS_WHEN_TOLD = 'signal.signal(signal.SIGINT, lambda *_: say("INT"))\nsay("ready")\nwait_for("go")\n'
"""Takes note of a SIGINT and works on until the test lets it end; at a second one terraform would lose its state."""


def test_the_deadline_and_a_kill_send_one_sigint(
    fake: Any, terraform: Any, said: list[str], plan_file: Path, clock: Any, open_pipe: Any
) -> None:
    pipe = fake.pipe("go")
    fake(STOPS_WHEN_TOLD)

    def log(line: str) -> None:
        said.append(line)
        if line == "ready":
            clock.time += 3601  # past the manifest's deadline
        if line == "INT" and said.count("INT") == 1:
            it.interrupt()  # somebody marks the task failed while terraform is stopping
            clock.step = 1.0

    it = terraform(log=log, on_heartbeat=lambda _seconds: open_pipe(pipe) if "INT" in said else None)
    it.apply(plan_file)
    assert said.count("INT") == 1


def test_killing_twice_sends_one_sigint(
    fake: Any, terraform: Any, said: list[str], plan_file: Path, clock: Any, open_pipe: Any
) -> None:
    pipe = fake.pipe("go")
    fake(STOPS_WHEN_TOLD)
    answers: list[bool] = []

    def log(line: str) -> None:
        said.append(line)
        if line == "ready" or (line == "INT" and said.count("INT") == 1):
            answers.append(it.interrupt())
        if line == "INT":
            clock.step = 1.0

    it = terraform(log=log, on_heartbeat=lambda _seconds: open_pipe(pipe) if "INT" in said else None)
    it.apply(plan_file)
    assert said.count("INT") == 1
    assert answers == [True, False]


def test_the_deadline_is_the_manifests(
    fake: Any, terraform: Any, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[float] = []
    run = process.run

    def watched(*arguments: Any, **options: Any) -> Any:
        given.append(options["deadline_seconds"])
        return run(*arguments, **options)

    monkeypatch.setattr(process, "run", watched)
    deadlines = environment.deadlines.model_copy(update={"terraform": 1234})
    terraform(environment=environment.model_copy(update={"deadlines": deadlines})).init()
    assert given == [1234]


def test_what_runs_on_past_its_deadline_stays_announced(
    fake: Any, terraform: Any, intents: Intents, plan_file: Path, clock: Any
) -> None:
    fake('signal.signal(signal.SIGINT, lambda *_: say("INT"))\nsay("ready")\nwhile True:\n    signal.pause()\n')

    def log(line: str) -> None:
        clock.time += 10**6 if line in {"ready", "INT"} else 0

    it = terraform(log=log)
    with pytest.raises(TerraformDeadline):
        it.apply(plan_file)
    assert {what for what, _ in intents.written} == {"open", "started", "beat"}


# The version.


def test_version(fake: Any, tmp_path: Path) -> None:
    fake('say(json.dumps({"terraform_version": "1.12.2", "provider_selections": {}}))')
    assert version() == Known("1.12.2")
    assert fake.call["argv"] == ["version", "-json"]
    # beside its configuration nothing is left
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["terraform.rc"]


def test_version_gets_no_more_of_the_environment_than_others(fake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CLI_ARGS", "-lock=false")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    fake('say(json.dumps({"terraform_version": "1.12.2"}))')
    version()
    assert {"TF_CLI_ARGS", "AWS_ACCESS_KEY_ID"} & set(fake.call["env"]) == set()


def test_no_terraform_has_no_version(fake: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TIDEGATE_TERRAFORM", str(tmp_path / "nowhere"))
    settings.cache_clear()
    said: list[str] = []
    assert version(said.append) == Absent()
    assert "nowhere' is not on PATH" in said[0]


@pytest.mark.parametrize(
    "code",
    ["", 'say("Terraform v1.12.2")', "say('{}')", "say('[]')", "say('null')", "sys.exit(1)"],
)
def test_a_version_that_cannot_be_told(fake: Any, code: str) -> None:
    fake(code)
    found = version()
    assert isinstance(found, Unreadable)
    assert found.reason.startswith("terraform version -json: ")


def test_a_version_that_is_refused_says_why(fake: Any) -> None:
    fake('say("no such library", to=sys.stderr)\nsys.exit(1)')
    assert version() == Unreadable("terraform version -json: status 1: no such library")


def test_an_executable_that_does_not_run(fake: Any) -> None:
    fake.path.write_bytes(b"\x7fELF broken")
    assert isinstance(version(), Unreadable)


def test_a_version_that_does_not_come(fake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **options: Any) -> None:
        assert options["deadline_seconds"] <= 60
        raise TerraformDeadline("still running")

    monkeypatch.setattr(runner.process, "run", never)
    assert version() == Unreadable("terraform version -json: TerraformDeadline: still running")


def test_digest_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "p"
    path.write_bytes(b"a plan" * 100000)
    assert file_digest(path) == hashlib.sha256(b"a plan" * 100000).hexdigest()


LEAVES_STATE = "Path('errored.tfstate').write_text('what was made'); sys.exit(1)"


def test_a_state_that_was_not_saved_gets_its_digest_as_the_process_ended(
    fake: Any, terraform: Any, intents: Intents, plan_file: Path
) -> None:
    fake(LEAVES_STATE)
    runner_of_demo = terraform()
    with pytest.raises(TerraformStopped):
        runner_of_demo.apply(plan_file)
    left = runner_of_demo.workspace.root / "errored.tfstate"
    assert runner_of_demo.errored_sha256 == hashlib.sha256(b"what was made").hexdigest()
    assert left.stat().st_mode & 0o777 == 0o600


def test_a_planted_state_is_moved_aside_and_never_taken_for_the_applys_own(
    fake: Any, terraform: Any, plan_file: Path
) -> None:
    runner_of_demo = terraform()
    planted = runner_of_demo.workspace.root / "errored.tfstate"
    planted.write_text("planted")
    fake("sys.exit(1)")
    with pytest.raises(TerraformStopped):
        runner_of_demo.apply(plan_file)
    assert runner_of_demo.errored_sha256 is None
    (kept,) = (runner_of_demo.workspace.directory / "unsaved").iterdir()
    assert (kept.read_text(), planted.exists()) == ("planted", False)


def test_the_digest_of_an_earlier_apply_is_not_kept(fake: Any, terraform: Any, plan_file: Path) -> None:
    fake(LEAVES_STATE)
    runner_of_demo = terraform()
    with pytest.raises(TerraformStopped):
        runner_of_demo.apply(plan_file)
    fake("")
    runner_of_demo.apply(plan_file)
    assert runner_of_demo.errored_sha256 is None
