"""`tidegate ...` as people call it: what it prints, and with which status it ends."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from manifests import ENVIRONMENTS
from standins import LOADER, s3_in_moto, three_stacks
from tidegate import cli
from tidegate.collectors.aws.clients import Clients
from tidegate.evidence.canonical import seal
from tidegate.evidence.layout import Phase, proof_place, snapshot_place
from tidegate.evidence.store import LocalStore
from tidegate.lanes.phases import phase_of
from tidegate.settings import settings

M2, M9 = "m2_20260213T201427Z", "m9_20260214T090000Z"
PLATFORM_RUN = "platform_20260213T201427Z"
BLOCKER = {
    "code": "LATCH-SET",
    "resource": "emergency latch record 4",
    "summary": "the emergency stop is set",
    "observed": "set since yesterday",
    "expected": "never set, or released",
    "remedy": "remove the cause",
    "owner": "platform",
}


@dataclass(frozen=True)
class Ended:
    """How a call ended and what it printed."""

    status: int
    out: str
    err: str

    def row(self, task: str) -> list[str]:
        """The row of a task in the table: lane, status, task, attempt, snapshot."""
        (row,) = [line.split() for line in self.out.splitlines() if f" {task} " in f"{line} "]
        return row


@pytest.fixture
def tidegate(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    monkeypatch.setenv("COLUMNS", "300")

    def call(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["tidegate", *arguments])
        status = cli.main()
        said = capsys.readouterr()
        return Ended(status, said.out, said.err)

    return call


class Mirror:
    """`runs/` of a test."""

    def __init__(self, directory: Path) -> None:
        self.store = LocalStore(directory)
        self.directory = directory

    def write(self, execution: str, task: str, status: str = "pass", attempt: int = 1, **fields: Any) -> Path:
        """Put a lane's snapshot there."""
        phase: Phase = execution[:2]  # type: ignore[assignment]
        lane = phase_of(three_stacks(), phase).lane(task)
        place = snapshot_place("dev_min", "dev_substrate", phase, lane.name, execution, lane.snapshot)
        if lane.snapshot == "teardown_proof":
            place = proof_place(PLATFORM_RUN)
        document = {"status": status, "blockers": [], "attempt": attempt, "platform_run": PLATFORM_RUN, **fields}
        self.store.create(place.local_key(attempt), seal(document))
        return self.directory / place.local_key(attempt)

    def whole(self, execution: str) -> None:
        """A phase all of whose lanes passed."""
        spec = phase_of(three_stacks(), execution[:2])  # type: ignore[arg-type]
        for lane in (*spec.lanes, spec.verdict):
            self.write(execution, lane.task_id)


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mirror:
    monkeypatch.setenv("TIDEGATE_RUNS_DIR", str(tmp_path / "runs"))
    settings.cache_clear()
    return Mirror(tmp_path / "runs")


# show


def test_a_phase_that_passed(tidegate: Any, mirror: Mirror) -> None:
    mirror.whole(M2)
    ended = tidegate("show", M2)
    assert ended.status == 0
    assert ended.row("a_readiness") == [
        "M2.A",
        "pass",
        "a_readiness",
        "1",
        "file:dev_substrate/m2_a/20260213T201427Z/m2_a_readiness_snapshot.json",
    ]
    rows = [line.split()[1] for line in ended.out.splitlines() if line.strip().startswith("M2.")]
    assert rows == ["pass"] * len((*phase_of(three_stacks(), "m2").lanes, "verdict"))


def test_a_phase_whose_verdict_is_closed(tidegate: Any, mirror: Mirror) -> None:
    mirror.write(M2, "a_readiness", "fail", blockers=[BLOCKER])
    mirror.write(M2, "j_phase_verdict", "fail", blockers=[{**BLOCKER, "code": "LANE-BLOCKED"}])
    ended = tidegate("show", M2)
    assert ended.status == 1
    assert ended.row("a_readiness")[1] == "fail"
    assert ended.row("c_core.apply") == ["M2.C", "not_run", "c_core.apply"]
    assert "M2.A LATCH-SET emergency latch record 4: the emergency stop is set\n" in ended.out
    for field in ("observed", "expected", "remedy", "owner"):
        assert f"    {field:<9} {BLOCKER[field]}\n" in ended.out
    assert "M2.J LANE-BLOCKED" in ended.out


def test_lanes_that_passed_are_no_verdict(tidegate: Any, mirror: Mirror) -> None:
    mirror.write(M2, "a_readiness")
    ended = tidegate("show", M2)
    assert ended.status == 2
    assert ended.row("j_phase_verdict") == ["M2.J", "not_run", "j_phase_verdict"]


def test_nothing_is_there(tidegate: Any, mirror: Mirror) -> None:
    ended = tidegate("show", M9)
    assert ended.status == 2
    assert ended.row("a_readiness")[1] == "not_run"


def test_the_newest_attempt_counts(tidegate: Any, mirror: Mirror) -> None:
    mirror.write(M2, "j_phase_verdict", "fail", blockers=[BLOCKER])
    mirror.write(M2, "j_phase_verdict", "pass", attempt=2)
    ended = tidegate("show", M2)
    assert ended.status == 0
    assert ended.row("j_phase_verdict")[1:4] == ["pass", "j_phase_verdict", "2"]
    assert "LATCH-SET" not in ended.out


@pytest.mark.parametrize(("status", "new"), [("fail", "pass"), ("pass", "fail")])
def test_a_verdict_that_was_changed(tidegate: Any, mirror: Mirror, status: str, new: str) -> None:
    path = mirror.write(M2, "j_phase_verdict", status)
    path.write_bytes(path.read_bytes().replace(f'"{status}"'.encode(), f'"{new}"'.encode()))
    ended = tidegate("show", M2)
    assert ended.status == 2
    assert ended.row("j_phase_verdict")[1] == "tampered"


def test_a_lane_that_was_changed_is_shown_as_such(tidegate: Any, mirror: Mirror) -> None:
    path = mirror.write(M2, "a_readiness", "fail")
    path.write_bytes(path.read_bytes().replace(b'"fail"', b'"pass"'))
    assert tidegate("show", M2).row("a_readiness")[1] == "tampered"


def test_a_changed_lane_below_a_passed_verdict_is_no_pass(tidegate: Any, mirror: Mirror) -> None:
    path = mirror.write(M2, "a_readiness", "fail")
    path.write_bytes(path.read_bytes().replace(b'"fail"', b'"pass"'))
    mirror.write(M2, "j_phase_verdict", "pass")
    assert tidegate("show", M2).status == 2


@pytest.mark.parametrize(
    "content", [b'{"blockers": null}', b'{"blockers": ["x"]}', b'{"blockers": [{}]}', b'{"n": 1e999}']
)
def test_a_lane_that_is_no_snapshot_is_shown_and_no_traceback(tidegate: Any, mirror: Mirror, content: bytes) -> None:
    mirror.write(M2, "a_readiness").write_bytes(content)
    mirror.write(M2, "j_phase_verdict", "pass")
    ended = tidegate("show", M2)
    assert (ended.status, ended.err) == (2, "")
    assert ended.row("a_readiness")[1] == "tampered"


@pytest.mark.parametrize("content", [b"", b"[]", b"not json", b"\xff\xff"])
def test_a_verdict_that_is_no_document(tidegate: Any, mirror: Mirror, content: bytes) -> None:
    mirror.write(M2, "j_phase_verdict").write_bytes(content)
    ended = tidegate("show", M2)
    assert ended.status == 2
    assert ended.row("j_phase_verdict")[1] == "unreadable"


def test_a_document_without_a_digest_is_no_pass(tidegate: Any, mirror: Mirror) -> None:
    path = mirror.write(M2, "j_phase_verdict")
    document = json.loads(path.read_text())
    del document["digest"]
    path.write_text(json.dumps(document))
    assert tidegate("show", M2).status == 2


def test_the_proof_is_looked_for_where_it_lies(tidegate: Any, mirror: Mirror) -> None:
    mirror.whole(M9)
    ended = tidegate("show", M9)
    assert ended.status == 0
    assert ended.row("h_teardown_proof")[-1] == f"file:runs/{PLATFORM_RUN}/teardown/teardown_proof.json"


def test_another_execution_is_another_folder(tidegate: Any, mirror: Mirror) -> None:
    mirror.whole(M2)
    assert tidegate("show", "m2_20260213T201428Z").status == 2


def test_what_people_wrote_is_printed_as_it_is(tidegate: Any, mirror: Mirror) -> None:
    odd = {**BLOCKER, "resource": "parameters [/fraud/dev]", "observed": "[red]x[/red]", "summary": 'aws_x.a["b"] [b]'}
    mirror.write(M2, "a_readiness", "fail", blockers=[odd])
    out = tidegate("show", M2).out
    assert 'LATCH-SET parameters [/fraud/dev]: aws_x.a["b"] [b]\n' in out
    assert "observed  [red]x[/red]\n" in out


def test_a_mirror_that_cannot_be_read(tidegate: Any, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror.write(M2, "j_phase_verdict")

    def denied(_path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    ended = tidegate("show", M2)
    assert ended.status == 2
    assert ended.err.startswith("tidegate: EVIDENCE-UNREACHABLE dev_substrate/m2_j/")
    assert "PermissionError: Permission denied" in ended.err


# show --from s3


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The evidence bucket in moto."""
    with s3_in_moto(three_stacks().evidence.bucket) as client:
        connect = Clients.from_environment

        def quickly(region: str) -> Clients:
            clients = connect(region)
            clients.session.register_component("data_loader", LOADER)
            return clients

        monkeypatch.setattr(Clients, "from_environment", quickly)
        yield client


def test_the_evidence_bucket(tidegate: Any, mirror: Mirror, bucket: Any) -> None:
    name = three_stacks().evidence.bucket
    key = f"evidence/dev_min/substrate/{M2}/m2_j_phase_verdict.json"
    bucket.put_object(Bucket=name, Key=key, Body=seal({"status": "pass", "blockers": [], "attempt": 1}))
    ended = tidegate("show", M2, "--from", "s3")
    assert ended.status == 0
    assert ended.row("j_phase_verdict")[-1] == f"s3://{name}/{key}"
    assert tidegate("show", M2).status == 2


def test_a_bucket_without_an_answer(tidegate: Any, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.delete_bucket(Bucket=three_stacks().evidence.bucket)
    ended = tidegate("show", M2, "--from", "s3")
    assert ended.status == 2
    assert ended.err.startswith("tidegate: EVIDENCE-UNREACHABLE ")
    assert "NoSuchBucket" in ended.err


# environments


@pytest.fixture
def manifests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Manifests of a test: dev_min's."""
    directory = tmp_path / "environments"
    directory.mkdir()
    for path in ENVIRONMENTS.glob("*.yaml"):
        (directory / path.name).write_bytes(path.read_bytes())
    monkeypatch.setenv("TIDEGATE_ENVIRONMENTS_DIR", str(directory))
    settings.cache_clear()
    return directory


def test_environments(tidegate: Any) -> None:
    ended = tidegate("environments")
    assert ended.status == 0
    assert ended.out == (
        "dev_min  account 123456789012, eu-west-2: core (persistent), confluent (ephemeral), demo (ephemeral); "
        "budget 30 USD, stop at 28\n"
    )


def test_a_broken_manifest_does_not_hide_the_others(tidegate: Any, manifests: Path) -> None:
    text = (manifests / "dev_min.yaml").read_text()
    (manifests / "another.yaml").write_text(text.replace("name: dev_min", "name: another", 1) + "colour: [blue]\n")
    ended = tidegate("environments")
    assert ended.status == 1
    first, second = ended.out.splitlines()
    number = len(text.splitlines()) + 1
    said = f"MANIFEST-INVALID another.yaml:{number}: colour: Extra inputs are not permitted (given: ['blue'])"
    assert first.startswith(f"{said}; known: schema, name, title, ")
    assert second.startswith("dev_min  account ")


def test_a_broken_policy_is_found_as_well(tidegate: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_POLICIES_DIR", str(tmp_path))
    settings.cache_clear()
    ended = tidegate("environments")
    assert ended.status == 1
    assert ended.out.startswith("MANIFEST-INVALID forbidden.yaml: cannot be read")


def test_no_environment_at_all_is_no_pass(tidegate: Any, manifests: Path) -> None:
    (manifests / "dev_min.yaml").unlink()
    ended = tidegate("environments")
    assert ended.status == 64
    assert ended.err == f"tidegate: there is no manifest in {manifests}\n"


def test_an_unknown_profile_is_wrong_usage(tidegate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_PROFILE", "production")
    settings.cache_clear()
    ended = tidegate("environments")
    assert ended.status == 64
    assert "'aws' or 'sandbox'" in ended.err


# Wrong usage, and help.


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show",), "Missing argument"),
        (("show", "m3_20260213T201427Z"), "is not an execution id"),
        (("show", M2, "--from", "tape"), "tape"),
        (("show", M2, "--wrong"), "No such option"),
        (("show", M2, "more"), "unexpected extra argument"),
        (("shw", M2), "No such command"),
        (("environments", "more"), "unexpected extra argument"),
        (("show", M2, "--environment", "prod"), "unknown environment 'prod'"),
    ],
)
def test_wrong_usage(tidegate: Any, mirror: Mirror, arguments: tuple[str, ...], said: str) -> None:
    ended = tidegate(*arguments)
    assert ended.status == 64
    assert said in ended.err


def test_a_broken_manifest_cannot_be_used(tidegate: Any, manifests: Path) -> None:
    (manifests / "dev_min.yaml").write_text("name: [")
    ended = tidegate("show", M2)
    assert ended.status == 64
    assert ended.err.startswith("tidegate: dev_min.yaml:")


@pytest.mark.parametrize("arguments", [("--help",), ("show", "--help"), ("environments", "--help")])
def test_help(tidegate: Any, arguments: tuple[str, ...]) -> None:
    ended = tidegate(*arguments)
    assert ended.status == 0
    assert "Usage" in ended.out


def test_without_a_command_nothing_passed(tidegate: Any) -> None:
    assert tidegate().status == 64


@pytest.mark.parametrize("command", ["apply", "destroy", "build", "teardown", "bootstrap", "stop", "release", "unlock"])
def test_nothing_that_changes_an_environment_can_be_called_from_a_shell(tidegate: Any, command: str) -> None:
    ended = tidegate(command, "dev_min")
    assert ended.status == 64
    assert "No such command" in ended.err
