"""How children are run: in files and sessions of their own, followed line by line, interrupted once."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tidegate.settings import PROJECT
from tidegate.terraform import process
from tidegate.terraform.process import (
    INTENT_VARIABLE,
    Ended,
    Started,
    TerraformDeadline,
    alive,
    child_environment,
    find_marked,
    interrupt,
)

COUNTS_INTERRUPTS = """
def interrupted(*_):
    say("INT")
signal.signal(signal.SIGINT, interrupted)
say("ready")
"""
WAITS_FOR_EVER = "while True:\n    signal.pause()\n"


@pytest.fixture
def run(fake: Any, tmp_path: Path) -> Callable[..., Ended]:
    """Run the fake in a directory of its own; `lines` of the fixture `lines` are what it said."""
    (tmp_path / "cwd").mkdir()

    def run_it(**changes: Any) -> Ended:
        given: dict[str, Any] = {
            "cwd": tmp_path / "cwd",
            "environment": {"PATH": os.environ["PATH"]},
            "logs": tmp_path / "logs" / "00-plan",
            "deadline_seconds": 3600,
        }
        return process.run([str(fake.path), *changes.pop("arguments", ())], **given | changes)

    return run_it


@pytest.fixture
def intent() -> str:
    """A mark that no other process of this machine carries, whoever else runs these tests now."""
    return uuid.uuid4().hex


# Output.


def test_what_it_says_lies_in_files(fake: Any, run: Any, tmp_path: Path) -> None:
    fake('say("out")\nsay("err", to=sys.stderr)\nsys.exit(3)\n')
    ended = run()
    assert ended.returncode == 3
    assert (ended.output, ended.errors) == (tmp_path / "logs" / "00-plan.out", tmp_path / "logs" / "00-plan.err")
    assert (ended.output.read_text(), ended.errors.read_text()) == ("out\n", "err\n")


def test_only_its_owner_may_read_the_output(fake: Any, run: Any) -> None:
    fake('say("secret")\n')
    assert run().output.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        pytest.param('say("a")\nsay("b")\n', ["a", "b"], id="lines"),
        pytest.param('say("a")\nsay("b", end="")\n', ["a", "b"], id="the-last-without-an-end"),
        pytest.param('say("", end="")\n', [], id="nothing"),
        pytest.param('say("a\\n\\nb")\n', ["a", "", "b"], id="an-empty-line"),
        pytest.param('say("a" * 300000)\nsay("b")\n', ["a" * 300000, "b"], id="longer-than-a-pipe"),
        pytest.param('sys.stdout.buffer.write("é\\n".encode())\n', ["é"], id="utf-8"),
        pytest.param('sys.stdout.buffer.write(b"\\xff\\n")\n', ["\ufffd"], id="not-utf-8"),
        pytest.param('say("err", to=sys.stderr)\n', [], id="errors-are-no-lines"),
    ],
)
def test_lines(fake: Any, run: Any, code: str, lines: list[str]) -> None:
    fake(code)
    said: list[str] = []
    run(on_line=said.append)
    assert said == lines


def test_lines_come_while_it_runs(fake: Any, run: Any, open_pipe: Any) -> None:
    pipe = fake.pipe("go")
    fake('say("first")\nwait_for("go")\nsay("half", end="")\nsay(" and half")\n')
    said: list[str] = []

    def each(line: str) -> None:
        said.append(line)
        if line == "first":
            open_pipe(pipe)

    run(on_line=each)
    assert said == ["first", "half and half"]


def test_a_line_is_handed_over_whole(fake: Any, run: Any, open_pipe: Any, clock: Any) -> None:
    pipe, beats = fake.pipe("go"), []
    fake('say("half", end="")\nwait_for("go")\nsay(" and half")\n')
    clock.step = process.HEARTBEAT_SECONDS
    said: list[str] = []

    def heartbeat(seconds: float) -> None:
        beats.append(list(said))
        if len(beats) == 3:
            open_pipe(pipe)

    run(on_line=said.append, on_heartbeat=heartbeat, deadline_seconds=10**9)
    assert said == ["half and half"]
    assert beats[:3] == [[], [], []]


def test_an_earlier_output_is_replaced(fake: Any, run: Any) -> None:
    fake('say("a long first output")\n')
    run()
    fake('say("b")\n')
    assert run().output.read_text() == "b\n"


# Where and how it runs.


def test_it_runs_in_its_directory_whatever_the_callers_is(
    fake: Any, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    run(arguments=("plan", "-out=x y"))
    assert fake.call["cwd"] == os.path.realpath(tmp_path / "cwd")
    assert fake.call["argv"] == ["plan", "-out=x y"]


def test_it_leads_a_session_of_its_own(fake: Any, run: Any) -> None:
    run()
    assert fake.call["sid"] == fake.call["pid"] != os.getsid(0)


def test_its_environment_is_what_it_was_given(fake: Any, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_LOG", "TRACE")
    run(environment={"PATH": os.environ["PATH"], "A": "1"})
    unset_by_the_shell = {"PWD", "SHLVL", "_", "OLDPWD", "LC_CTYPE"}
    assert set(fake.call["env"]) - unset_by_the_shell == {"PATH", "A"}


def test_nobody_types_into_it(fake: Any, run: Any) -> None:
    fake("say(repr(sys.stdin.read()))\n")
    assert run().output.read_text() == "''\n"


def test_its_start_is_told_before_its_first_line(fake: Any, run: Any, open_pipe: Any) -> None:
    pipe = fake.pipe("go")
    fake('say("first")\nwait_for("go")\n')
    told: list[Any] = []

    def on_line(line: str) -> None:
        (started,) = told
        assert alive(started.pid, started.create_time)
        told.append(line)
        open_pipe(pipe)

    run(on_start=told.append, on_line=on_line)
    assert told[0].pid == fake.call["pid"]
    assert told[1] == "first"
    assert not alive(told[0].pid, told[0].create_time)


def test_how_long_it_took(fake: Any, run: Any, clock: Any) -> None:
    fake('say("x")\n')

    def later(_line: str) -> None:
        clock.time += 12.5

    assert run(on_line=later).seconds == 12.5


# Time.


def test_a_heartbeat_every_thirty_seconds(fake: Any, run: Any, clock: Any, open_pipe: Any) -> None:
    assert process.HEARTBEAT_SECONDS == 30
    pipe, beats = fake.pipe("go"), []
    fake('wait_for("go")\n')
    clock.step = 10.0

    def heartbeat(seconds: float) -> None:
        beats.append(seconds)
        if len(beats) == 3:
            open_pipe(pipe)

    run(on_heartbeat=heartbeat, deadline_seconds=10**9)
    assert beats[:3] == [30.0, 60.0, 90.0]


def test_no_heartbeat_from_what_ends_in_time(fake: Any, run: Any, clock: Any) -> None:
    fake('say("x")\n')
    beats: list[float] = []
    run(on_heartbeat=beats.append)
    assert beats == []


def test_past_its_deadline_it_is_interrupted_once_and_may_end_by_itself(fake: Any, run: Any, clock: Any) -> None:
    fake(COUNTS_INTERRUPTS.replace('say("INT")', 'say("INT")\n    sys.exit(1)') + WAITS_FOR_EVER)
    said: list[str] = []

    def on_line(line: str) -> None:
        said.append(line)
        clock.time += 101 if line == "ready" else 1

    assert run(on_line=on_line, deadline_seconds=100).returncode == 1
    assert said == ["ready", "INT"]


def test_what_does_not_end_is_left_alone_and_told(
    fake: Any, run: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "GRACE_SECONDS", 20.0)
    fake(COUNTS_INTERRUPTS + WAITS_FOR_EVER)
    said: list[str] = []
    started: list[Started] = []

    def on_line(line: str) -> None:
        said.append(line)
        if line == "ready":
            clock.time += 101
        else:
            clock.step = 1.0  # from here on every look is a second: twenty more until the grace is over

    with pytest.raises(TerraformDeadline, match=r"still running 20 s after it was asked to stop \(pid \d+\)") as raised:
        run(on_line=on_line, on_start=started.append, deadline_seconds=100)
    assert said == ["ready", "INT"]
    assert str(started[0].pid) in str(raised.value)
    assert alive(started[0].pid, started[0].create_time)


def test_before_its_deadline_nobody_interrupts_it(fake: Any, run: Any, clock: Any, open_pipe: Any) -> None:
    pipe, beats = fake.pipe("go"), []
    fake(COUNTS_INTERRUPTS + 'wait_for("go")\n')

    def on_line(line: str) -> None:
        clock.time += 99.9
        clock.step = 0.001

    def heartbeat(_seconds: float) -> None:
        beats.append(1)
        open_pipe(pipe)

    said: list[str] = []
    run(on_line=lambda line: (said.append(line), on_line(line)), on_heartbeat=heartbeat, deadline_seconds=100)
    assert said == ["ready"]


# Interrupting, and whether it lives.


def test_interrupting_sends_one_sigint(fake: Any, run: Any, open_pipe: Any) -> None:
    pipe, answers, said = fake.pipe("go"), [], []
    fake(COUNTS_INTERRUPTS + 'wait_for("go")\n')
    started: list[Started] = []

    def on_line(line: str) -> None:
        said.append(line)
        if line == "ready":
            answers.append(interrupt(started[0].pid, started[0].create_time))
        else:
            open_pipe(pipe)

    assert run(on_start=started.append, on_line=on_line).returncode == 0
    assert (answers, said) == ([True], ["ready", "INT"])
    assert interrupt(started[0].pid, started[0].create_time) is False


def test_a_reused_pid_is_not_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(os, "kill", lambda *signals: sent.append(signals))
    here = psutil.Process()
    assert interrupt(here.pid, here.create_time() - 60) is False
    assert sent == []
    assert interrupt(here.pid, here.create_time()) is True
    assert sent == [(here.pid, signal.SIGINT)]


def test_alive() -> None:
    here = psutil.Process()
    assert alive(here.pid, here.create_time())
    assert not alive(here.pid, here.create_time() - 3)
    assert not alive(here.pid, here.create_time() + 3)


def test_a_process_that_ended_and_was_not_fetched_yet_is_not_alive(fake: Any, intent: str) -> None:
    child = subprocess.Popen([str(fake.path)], env={INTENT_VARIABLE: intent})
    started = psutil.Process(child.pid).create_time()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # ended, and left for somebody else to fetch
    assert not alive(child.pid, started)
    assert find_marked(intent) is None
    child.wait()
    assert not alive(child.pid, started)


def test_a_marked_child_is_found_while_it_lives(fake: Any, intent: str) -> None:
    pipe = fake.pipe("here")
    fake('tell("here", str(os.getpid()))\n' + WAITS_FOR_EVER)
    child = subprocess.Popen([str(fake.path)], env={INTENT_VARIABLE: intent})
    try:
        assert int(pipe.read_text()) == child.pid
        found = find_marked(intent)
        assert found == Started(child.pid, psutil.Process(child.pid).create_time())
        assert find_marked(f"{intent}0") is None
    finally:
        child.kill()
        child.wait()
    assert find_marked(intent) is None


def test_it_outlives_its_reader(fake: Any, intent: str, tmp_path: Path, open_pipe: Any) -> None:
    here, go, done = fake.pipe("here"), fake.pipe("go"), fake.pipe("done")
    # more output than any pipe would hold, after the reader is gone
    fake('tell("here", str(os.getpid()))\nwait_for("go")\nsay("x" * 200000)\nsay("the end")\ntell("done", "done")\n')
    reader = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from tidegate.terraform import process
        process.run(
            [sys.argv[1]],
            cwd=Path(sys.argv[2]),
            environment={process.INTENT_VARIABLE: sys.argv[3]},
            logs=Path(sys.argv[2]) / "logs" / "00-apply",
            deadline_seconds=3600,
        )
        """
    )
    plugins = {"PYTHONPATH": str(PROJECT / "plugins"), "PATH": os.environ["PATH"]}
    helper = subprocess.Popen([sys.executable, "-c", reader, str(fake.path), str(tmp_path), intent], env=plugins)
    try:
        pid = int(here.read_text())
    finally:
        helper.kill()
        helper.wait()
    started = find_marked(intent)
    assert started is not None
    assert started.pid == pid
    assert alive(started.pid, started.create_time)
    open_pipe(go)
    assert done.read_text() == "done"
    assert (tmp_path / "logs" / "00-apply.out").read_text() == "x" * 200000 + "\nthe end\n"


# What it is given.


FORBIDDEN = {
    "AWS_ACCESS_KEY_ID": "AKIA",
    "AWS_SECRET_ACCESS_KEY": "s3cr3t",
    "AWS_SESSION_TOKEN": "t0ken",
    "TF_VAR_region": "us-east-1",
    "TF_CLI_ARGS": "-lock=false",
    "TF_CLI_ARGS_apply": "-lock=false",
    "TF_LOG": "TRACE",
    "TF_LOG_PATH": "log",
    "TF_DATA_DIR": "elsewhere",
    "TF_WORKSPACE": "other",
    "TF_CLI_CONFIG_FILE": "other.rc",
    "TF_INPUT": "1",
    "TF_REATTACH_PROVIDERS": "{}",
    "TF_TOKEN_example_com": "t0ken",
    "AIRFLOW__CORE__FERNET_KEY": "k",
    "TIDEGATE_RUNS_DIR": "runs",
    "LD_PRELOAD": "evil.so",
    "PYTHONPATH": "plugins",
    "CONFLUENT_CLOUD_API_KEY": "key",
    "CONFLUENT_CLOUD_API_SECRET": "secret",
}
PASSED = {
    "PATH": "bin",
    "HOME": "home",
    "HTTPS_PROXY": "http://proxy",
    "SSL_CERT_FILE": "ca.pem",
    "AWS_REGION": "eu-west-2",
    "AWS_ROLE_ARN": "arn",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "token",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:2",
    "AWS_CA_BUNDLE": "ca.pem",
    "AWS_S3_USE_PATH_STYLE": "true",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
}


def test_a_stacks_own_credentials_are_added_and_replace_nothing(tmp_path: Path) -> None:
    secrets = {"GITHUB_TOKEN": "s3cr3t", "PATH": "elsewhere", "GOGC": "1"}
    given = child_environment(PASSED, tmp_path / "rc", "77aa", secrets)
    assert (given["GITHUB_TOKEN"], given["PATH"], given["GOGC"]) == ("s3cr3t", "bin", "400")


def test_the_environment_of_a_child_is_an_allow_list(tmp_path: Path) -> None:
    assert child_environment(FORBIDDEN | PASSED, tmp_path / "terraform.rc", "77aa") == PASSED | {
        "TF_CLI_CONFIG_FILE": str(tmp_path / "terraform.rc"),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        "GOGC": "400",
        "TIDEGATE_INTENT": "77aa",
    }


def test_what_is_not_set_is_not_made_up(tmp_path: Path) -> None:
    assert set(child_environment({}, tmp_path / "rc", "")) == {
        "TF_CLI_CONFIG_FILE",
        "TF_IN_AUTOMATION",
        "TF_INPUT",
        "CHECKPOINT_DISABLE",
        "GOGC",
        "TIDEGATE_INTENT",
    }


def test_no_secret_of_the_worker_reaches_a_child(fake: Any, run: Any, tmp_path: Path) -> None:
    run(environment=child_environment({**os.environ, **FORBIDDEN}, tmp_path / "rc", "77aa"))
    told = json.dumps(fake.call)
    for value in ("AKIA", "s3cr3t", "t0ken", "-lock=false", "TRACE", "evil.so"):
        assert value not in told


def test_what_it_writes_is_private(fake: Any, run: Any, tmp_path: Path) -> None:
    written = tmp_path / "made"
    fake(f"Path({str(written)!r}).mkdir(); Path({str(written)!r}, 'errored.tfstate').write_text('secret')")
    run()
    assert written.stat().st_mode & 0o777 == 0o700
    assert (written / "errored.tfstate").stat().st_mode & 0o777 == 0o600
