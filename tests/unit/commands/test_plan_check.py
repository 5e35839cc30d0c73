"""`tidegate plan-check`: the plan guard on any plan file. The fixtures are named by the verdict that they must get."""

import io
import json
import os
import subprocess
import sys
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from standins import dev_min
from tidegate import cli
from tidegate.commands import plan_check

PLANS = Path(__file__).resolve().parents[2] / "fixtures" / "plans"
STATUSES = {"pass": 0, "blocked": 1, "unjudged": 2, "unreadable": 2}
TYPE, FORBIDDEN = "TYPE-NOT-ALLOWED", "FORBIDDEN-RESOURCE"
UNPRICED, OVER_LIMIT = "COST-PLAN-UNPRICED", "COST-PLAN-OVER-LIMIT"
CODES = {
    "blocked_action_of_a_provider": ["PLAN-ACTION-UNKNOWN"],
    "blocked_action_put_off": ["PLAN-ACTION-UNKNOWN"],
    "blocked_bucket_of_demo_deleted": ["PROTECTED-RESOURCE"],
    "blocked_database_beyond_its_standard_support": [FORBIDDEN],
    "blocked_region_of_its_own": ["PLAN-REGION-MISMATCH"],
    "blocked_database_that_grows_and_runs_fast": [FORBIDDEN] * 6,
    "blocked_logs_for_ever": [FORBIDDEN],
    "blocked_machines_of_another_name": [*[FORBIDDEN, TYPE] * 3, *[UNPRICED] * 3],
    "blocked_deferred_nat_gateway": ["PLAN-DEFERRED", FORBIDDEN, TYPE, OVER_LIMIT],
    "blocked_deferred_vpc": ["PLAN-DEFERRED"],
    "blocked_deposed_nat_gateway_stands_after": [FORBIDDEN, TYPE],
    "blocked_hostile_addresses": [FORBIDDEN, TYPE] * 4,
    "blocked_action_of_the_future": ["PLAN-ACTION-UNKNOWN"],
    "blocked_count_kept": [FORBIDDEN],
    "blocked_count_lowered_but_not_to_zero": [FORBIDDEN, UNPRICED],
    "blocked_count_raised": [FORBIDDEN, UNPRICED],
    "blocked_count_unknown_until_apply": ["FORBIDDEN-UNKNOWN", UNPRICED],
    "blocked_daemon_service": [FORBIDDEN, UNPRICED],
    "blocked_endpoint_of_unknown_type": ["FORBIDDEN-UNKNOWN", UNPRICED],
    "blocked_fleets": [*[FORBIDDEN, TYPE] * 3, *[UNPRICED] * 3],
    "blocked_interface_endpoint": [FORBIDDEN],
    "blocked_load_balancers_by_any_name": [*[FORBIDDEN, TYPE] * 3, OVER_LIMIT],
    "blocked_nat_gateway_created": [FORBIDDEN, TYPE, OVER_LIMIT],
    "blocked_nat_gateway_forgotten": [FORBIDDEN],
    "blocked_nat_gateway_forgotten_and_still_listed": [FORBIDDEN],
    "blocked_nat_gateway_in_nested_modules": [FORBIDDEN, TYPE, OVER_LIMIT],
    "blocked_nat_gateway_kept": [FORBIDDEN, TYPE],
    "blocked_nat_gateway_only_in_planned_values": [FORBIDDEN, TYPE],
    "blocked_nat_gateway_replaced": [FORBIDDEN, TYPE],
    "blocked_no_resource_at_all": ["PLAN-EMPTY"],
    "blocked_running_service_forgotten": [FORBIDDEN],
    "blocked_scaling_group_with_room": [FORBIDDEN, TYPE, UNPRICED],
    "blocked_scaling_target_with_a_minimum": [FORBIDDEN, TYPE],
    "blocked_sensitive_count_forgotten": ["FORBIDDEN-UNREADABLE"],
    "blocked_sensitive_count_only_in_planned_values": ["FORBIDDEN-UNREADABLE"],
    "blocked_lightsail_instance": [FORBIDDEN, TYPE, UNPRICED],
    "blocked_type_that_nobody_classified": [TYPE, UNPRICED],
    "unjudged_complete_not_said": ["PLAN-INCOMPLETE"],
    "unjudged_errored": ["PLAN-INCOMPLETE"],
    "unjudged_format_of_the_future": ["PLAN-FORMAT-UNKNOWN"],
    "unjudged_incomplete": ["PLAN-INCOMPLETE"],
    "unjudged_incomplete_with_a_nat_gateway": ["PLAN-INCOMPLETE", FORBIDDEN, TYPE, OVER_LIMIT],
}
"""What is expected of the fixtures that neither pass nor are unreadable."""


@pytest.fixture(autouse=True)
def same_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prices get old; a plan's verdict is asked for at a moment at which they are not."""
    monkeypatch.setattr(plan_check, "now", lambda: datetime(2026, 11, 22, 12, tzinfo=UTC))


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["tidegate", "plan-check", *arguments])
    return cli.main()


def as_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    status = run(monkeypatch, *arguments, "--format", "json")
    return status, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("path", sorted(PLANS.glob("*.json")), ids=lambda path: path.stem)
def test_every_plan_gets_the_verdict_of_its_name(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kind = path.stem.partition("_")[0]
    expected = {"pass": [], "unreadable": ["PLAN-UNREADABLE"]}.get(kind) or CODES.get(path.stem, [])
    status, said = as_json(monkeypatch, capsys, str(path), "--environment", "dev_min")
    assert [blocker["code"] for blocker in said["blockers"]] == expected
    assert (status, said["overall_pass"]) == (STATUSES[kind], kind == "pass")
    assert (kind == "pass") is not bool(expected)


def test_the_document_is_exactly_this(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(PLANS / "blocked_nat_gateway_in_nested_modules.json")
    _, said = as_json(monkeypatch, capsys, path, "--environment", "dev_min", "--stack", "demo")
    assert set(said) == {"overall_pass", "blockers"}
    forbidden = said["blockers"][0]
    assert forbidden == {
        "code": "FORBIDDEN-RESOURCE",
        "resource": 'module.platform.module.zones["a"].aws_nat_gateway.spare["eu-west-2a"]',
        "observed": "a resource of type aws_nat_gateway",
        "expected": "none of this type",
        "remedy": "change include/terraform/demo (whoever writes the stack's Terraform); "
        "or set exceptions in include/environments/dev_min.yaml: an exception with owner, reason and expiry "
        "(it counts from the next run on; where include/ is in an image or a config map, roll that out first)",
    }


def test_a_plan_from_stdin(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    content = (PLANS / "blocked_count_raised.json").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    status, said = as_json(monkeypatch, capsys, "-", "--environment", "dev_min")
    assert (status, said["blockers"][0]["resource"]) == (1, "aws_ecs_service.api")


@pytest.mark.parametrize("name", ["no/such/plan.json", "."])
def test_a_file_that_cannot_be_read_is_no_plan(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = as_json(monkeypatch, capsys, str(tmp_path / name))
    assert (status, [blocker["code"] for blocker in said["blockers"]]) == (2, ["PLAN-UNREADABLE"])
    assert str(tmp_path / name) in said["blockers"][0]["observed"]


def test_a_table_for_people(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, str(PLANS / "blocked_nat_gateway_in_nested_modules.json")) == 1
    said = capsys.readouterr().out
    assert "as a plan of demo: blocked by 3" in said
    assert 'remedy for module.platform.module.zones["a"].aws_nat_gateway.spare["eu-west-2a"]: change include/' in said
    assert run(monkeypatch, str(PLANS / "pass_build_at_rest.json")) == 0
    assert capsys.readouterr().out.endswith("as a plan of demo: pass\n")


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_no_address_steers_the_terminal_or_breaks_the_table(encoding: str) -> None:
    """In a terminal of its own encoding, with an address that clears the screen and one that is half a character."""
    plan = PLANS / "blocked_hostile_addresses.json"
    ended = subprocess.run(
        [sys.executable, "-m", "tidegate.cli", "plan-check", str(plan)],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
        timeout=120,
    )
    said = ended.stdout.decode(encoding)
    assert (ended.returncode, ended.stderr) == (1, b"")
    assert not {character for character in said if unicodedata.category(character) in {"Cc", "Cf"}} - {"\n"}
    for shown in (r"\x1b[2J", r"\ud800", r"\u202egnp", "Zürich" if encoding == "utf-8" else r"Z\xfcrich"):
        assert shown in said, said


def test_the_stack_decides_what_is_allowed_and_protected(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    document = json.loads((PLANS / "pass_nat_gateway_deleted.json").read_text("utf-8"))
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(document), "utf-8")
    status, said = as_json(monkeypatch, capsys, str(plan), "--stack", "core")
    assert (status, [blocker["code"] for blocker in said["blockers"]]) == (
        1,
        ["TYPE-NOT-ALLOWED", "PROTECTED-RESOURCE"],
    )


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("a.json", "b.json"),
        ("a.json", "--stack", "moon"),
        ("a.json", "--environment", "moon"),
        ("a.json", "--format", "xml"),
        ("a.json", "--nonsense"),
    ],
)
def test_wrong_usage(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *arguments) == 64
    assert capsys.readouterr().out == ""


def test_what_breaks_inside_is_no_answer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("inside")

    monkeypatch.setattr("tidegate.commands.plan_check.judge_plan", broken)
    assert run(monkeypatch, str(PLANS / "pass_build_at_rest.json")) == 2
    assert "ZeroDivisionError: inside" in capsys.readouterr().err


def test_it_needs_neither_airflow_nor_an_aws_client() -> None:
    program = (
        "import sys; from tidegate import cli; status = cli.main(); "
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'airflow', 'boto3', 'botocore', 'httpx'})); "
        "sys.exit(status)"
    )
    plan = str(PLANS / "blocked_fleets.json")
    done = subprocess.run(
        [sys.executable, "-c", program, "plan-check", plan, "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "[]"), done.stderr


# What stays, stays: W1 and W2 of the reading of foreign plans.

LOCK_TABLE = "aws_dynamodb_table.locks"


def losing(address: str, kind: str, *actions: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((PLANS / "pass_nothing_changes.json").read_text("utf-8"))
    change = {"actions": list(actions), "before": {}, "after": None if "create" not in actions else {}}
    lost = {"address": address, "mode": "managed", "type": kind, "name": "x", "change": {**change, "after_unknown": {}}}
    return {**document, "planned_values": {}, "resource_changes": [lost]}


CORE_TYPES = sorted(dev_min()[1].allowed_types.stacks["core"])


@pytest.mark.parametrize("actions", [("delete",), ("forget",), ("delete", "create"), ("create", "delete")])
@pytest.mark.parametrize("kind", CORE_TYPES)
def test_no_build_takes_anything_from_core(
    kind: str, actions: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(losing(f"{kind}.x", kind, *actions)), "utf-8")
    _, said = as_json(monkeypatch, capsys, str(plan), "--stack", "core")
    assert "PROTECTED-RESOURCE" in [blocker["code"] for blocker in said["blockers"]]
