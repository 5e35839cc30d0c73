"""Follows the remedies of blocked runs, from the data of their snapshots, as a person would: until the phase passes.

Triggers with the conf that the remedy gives, runs its command line as it stands, makes its edit, clears its task. What
the remedy asks a person for, waits for, or leaves to a person, the scenario answers. Nothing else is done: a remedy
that leads nowhere fails the scenario.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from sandbox.iam.owner import OWNER_ROLE
from sandbox.options import account_and_role
from stage import BUILD, DAG_IDS, ENVIRONMENT, PROJECT, Run, Stage

MOST_STEPS = 4
"""So many steps a person may need, and no more."""

ANSWERS: Mapping[str, Any] = {
    "confirm": ENVIRONMENT,
    "reason": "a remedy is followed",
    "repair_reason": "a remedy is followed",
    "hours": 2,
}
"""What a person fills in where a remedy asks."""

FORMS: Mapping[str, Mapping[str, Any]] = {"m2": BUILD, "m9": {"read_bills_anew": True}}
"""What a person leaves as these tests have it: no database, no answer of hours ago."""

VERDICTS = frozenset({"LANE-BLOCKED", "LANE-NOT-RUN", "LANE-TASK-FAILED", "LANE-MISSING"})
_PHASES = {dag_id: phase for phase, dag_id in DAG_IDS.items()}
AWS = PROJECT / ".venv-aws" / "bin" / "aws"
_COMES_BY_ITSELF = {"audit", "hourly"}

Deed = Callable[[Stage], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What a scenario answers: by a part of the text, what the person does or how the world moves on; by field, what an
    edit becomes where the remedy leaves the value to a person."""

    persons: Mapping[str, Deed] = field(default_factory=dict)
    waits: Mapping[str, Deed] = field(default_factory=dict)
    edits: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Walk:
    """What was met and done, in order."""

    codes: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)


def first_cause(run: Run) -> dict[str, Any]:
    """The first blocker of the first lane that is closed, as its snapshot has it."""
    for name, snapshot in run.snapshots.items():
        if not name.endswith("_phase_verdict"):
            for blocker in snapshot["blockers"]:
                found: dict[str, Any] = blocker
                return found
    verdict = next((it for name, it in run.snapshots.items() if name.endswith("_phase_verdict")), {"blockers": []})
    raise AssertionError(f"no lane says why: {run.tasks}, {[it['code'] for it in verdict['blockers']]}")


def walk(stage: Stage, red: Run, conf: Mapping[str, Any], played: Played, manifest: Path) -> Walk:
    """Follow the remedy of each first cause until the phase of `red` passes, which ran with `conf`."""
    done, met, run = Walk(), set(), red
    while run.state != "success" or run.phase != red.phase:
        if run.state == "success":  # another phase did what it was triggered for: the red one is due again
            done.steps.append(f"{red.phase} again")
            run = stage.run(red.phase, **conf)
        else:
            cause = first_cause(run)
            key = (cause["code"], cause["resource"])
            assert key not in met, f"a circle: {key} once more after {done.steps}"
            met.add(key)
            done.codes.append(cause["code"])
            run = _follow(stage, run, cause, red, conf, played, manifest, done)
        assert len(done.steps) <= MOST_STEPS, f"more than {MOST_STEPS} steps: {done.steps}"
    return done


def _follow(
    stage: Stage,
    run: Run,
    cause: Mapping[str, Any],
    red: Run,
    conf: Mapping[str, Any],
    played: Played,
    manifest: Path,
    done: Walk,
) -> Run:
    steps = cause["remedy"]["steps"]
    assert steps, f"no way out of {cause['code']}: {cause['remedy']['text']}"
    assert "<" not in str(steps), f"a name stays unfilled: {steps}"
    now = run
    for step in steps:
        done.steps.append(f"{step['kind']} {step.get('dag') or step.get('task') or step.get('field') or ''}".strip())
        match step["kind"]:
            case "trigger":
                now = _trigger(stage, step, played)
                if now.state != "success":
                    return now
            case "clear":
                now = stage.clear(run, step["task"])
            case "command":
                _command(step["argv"])
            case "edit":
                _edit(manifest, step, played)
            case "wait":
                _told(played.waits, step["until"])(stage)
            case "person":
                _told(played.persons, step["what"])(stage)
    if now is run:  # the steps mend the world and start nothing
        assert red.phase in _COMES_BY_ITSELF, f"nothing is started after {steps}"
        now = stage.run(red.phase, **conf)
    return now


def _trigger(stage: Stage, step: Mapping[str, Any], played: Played) -> Run:
    phase = _PHASES[step["dag"]]
    asked = {name: {**ANSWERS, **played.answers}[name] for name in step["ask"]}
    assert not set(step["conf"]) & set(asked), f"a person is asked for what is filled in: {step}"
    return stage.run(phase, **{**FORMS.get(phase, {}), **step["conf"], **asked})


def as_owner() -> dict[str, str]:
    """The environment of a person who is the account's owner."""
    account, _ = account_and_role(os.environ["AWS_ROLE_ARN"])
    owner = {"AWS_ROLE_ARN": f"arn:aws:iam::{account}:role/{OWNER_ROLE}", "AWS_PAGER": ""}
    return {**os.environ, **owner, "AWS_DEFAULT_REGION": os.environ.get("AWS_REGION", "eu-west-2")}


def _command(argv: list[str]) -> None:
    programs = {
        "aws": [str(AWS)],
        "airflow": [sys.executable, "-m", "airflow"],
        "tidegate": [sys.executable, "-m", "tidegate.cli"],
    }
    environ = as_owner()
    ran = subprocess.run([*programs[argv[0]], *argv[1:]], env=environ, capture_output=True, text=True, timeout=120)
    # `tidegate` only shows: 1 says that what it shows is not right, which is why somebody looks.
    assert ran.returncode in ((0, 1) if argv[0] == "tidegate" else (0,)), (argv, ran.stdout, ran.stderr)


def _edit(manifest: Path, step: Mapping[str, Any], played: Played) -> None:
    """Set the field; None removes it, as it does where a person decides so."""
    policies = manifest.parent.parent / "policies"
    file = manifest if step["file"].startswith("include/environments/") else policies / Path(step["file"]).name
    value = step["value"] if step["value"] is not None else _told(played.edits, step["field"])
    yaml = YAML(typ="rt")
    document = yaml.load(file.read_text(encoding="utf-8"))
    *path, last = step["field"].split(".")
    place = document
    for part in path:
        place = place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    with file.open("w", encoding="utf-8") as out:
        yaml.dump(document, out)


def _told(table: Mapping[str, Any], said: str) -> Any:
    found = [value for part, value in table.items() if part in said]
    assert len(found) == 1, f"the scenario answers {len(found)} times to {said!r}"
    return found[0]
