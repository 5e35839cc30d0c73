"""`tidegate plan-check`: the judgement of the plan lanes on any `terraform show -json` file, without AWS or Airflow."""

import hashlib
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidegate.commands.environment_option import EnvironmentOption
from tidegate.commands.statuses import BLOCKED, COULD_NOT_TELL, PASS, Format

if TYPE_CHECKING:
    from tidegate.models.blocker import Blocker
    from tidegate.models.environment import Environment
    from tidegate.models.observed import Observed
    from tidegate.models.plan import Plan
    from tidegate.models.policy import Policies
    from tidegate.models.remedy import Remedy, Step

UNJUDGED = frozenset(
    {"PLAN-UNREADABLE", "PLAN-INCOMPLETE", "PLAN-FORMAT-UNKNOWN", "FORBIDDEN-RULES-MISSING", "GATE-BROKEN"}
)
"""Codes which mean that nobody can say whether the plan is allowed."""

FIELDS = ("code", "resource", "observed", "expected", "remedy")


def plan_check(
    plan: Annotated[str, typer.Argument(help="output of terraform show -json of a saved plan; - reads stdin")],
    environment: EnvironmentOption,
    stack: Annotated[str, typer.Option(help="which stack; without it the only ephemeral one")] = "",
    output: Annotated[Format, typer.Option("--format", help="table or json")] = Format.table,
) -> None:
    """Hold a plan against policy, as the plan lanes do. 0 pass, 1 blocked, 2 the plan cannot be judged."""
    from tidegate import environments
    from tidegate.terraform.plan import collection_paused

    manifest = environments.load(environment)
    policies = environments.load_policies(manifest)
    chosen = _stack(manifest, stack)
    with collection_paused():
        blockers = judge_plan(manifest, policies, chosen, *_read(plan), now=now())
    if output is Format.json:
        print(json.dumps(as_document(blockers), indent=2))  # noqa: T201
    else:
        _print_table(blockers, plan, chosen)
    raise typer.Exit(status_of(blockers))


def now() -> datetime:
    """The present, aware UTC."""
    return datetime.now(UTC)


def judge_plan(
    environment: "Environment", policies: "Policies", stack: str, content: bytes | None, name: str, *, now: datetime
) -> "tuple[Blocker, ...]":
    """What `PLAN-GUARD` says about a plan document. There is no state, no drift and no month to compare with here.

    `content` None: the file cannot be read, and `name` says why.
    """
    from tidegate.gates.plan_guard import GATE
    from tidegate.lanes.plan_facts import plan_facts
    from tidegate.models.facts import Source
    from tidegate.models.observed import Absent

    facts = plan_facts(
        environment,
        policies,
        stack=stack,
        plan=_plan(content, name, stack, policies),
        state=Absent(),
        observed_at=now,
        sources=(Source(name="file", data_as_of=now),),
        today=now.date(),
        drift_blocks=False,
        tainted=Absent(),
        month=Absent(),
    )
    found = GATE.evaluate(facts, judged_at=now, names=environment.names_in_texts)
    return tuple(replace(blocker, remedy=_offline(blocker.remedy)) for blocker in found)


def _offline(remedy: "Remedy") -> "Remedy":
    """Without what only a run can do: there is no task to clear, and no run to trigger again."""
    from tidegate.models.remedy import Clear, Trigger

    def kept(steps: "tuple[Step, ...]") -> "tuple[Step, ...]":
        return tuple(step for step in steps if not isinstance(step, Clear) and step != Trigger("<dag>"))

    return replace(remedy, steps=kept(remedy.steps), alternative=kept(remedy.alternative))


def as_document(blockers: "tuple[Blocker, ...]") -> dict[str, Any]:
    """The judgement as JSON."""
    return {
        "overall_pass": not blockers,
        "blockers": [
            {**{field: getattr(blocker, field) for field in FIELDS}, "remedy": blocker.remedy.text}
            for blocker in blockers
        ],
    }


def status_of(blockers: "tuple[Blocker, ...]") -> int:
    """The exit status of a judgement."""
    if not blockers:
        return PASS
    return COULD_NOT_TELL if any(blocker.code in UNJUDGED for blocker in blockers) else BLOCKED


def _plan(content: bytes | None, name: str, stack: str, policies: "Policies") -> "Observed[Plan]":
    from tidegate.models.observed import Known, Unreadable
    from tidegate.terraform.plan import PlanUnreadable, parse_document, to_plan

    if content is None:
        return Unreadable(name)
    try:
        document = parse_document(content, name)
        return Known(
            to_plan(
                document,
                stack=stack,
                purpose="build",
                has_changes=True,
                policy=policies.forbidden,
                prices=policies.prices,
                sha256=hashlib.sha256(content).hexdigest(),
                source_digest="",
            )
        )
    except PlanUnreadable as error:
        return Unreadable(str(error))


def _read(plan: str) -> tuple[bytes | None, str]:
    """The content and what to call it; without content, why there is none."""
    if plan == "-":
        return sys.stdin.buffer.read(), "stdin"
    try:
        return Path(plan).read_bytes(), Path(plan).name
    except OSError as error:
        return None, f"{plan}: {error.strerror}"


def _stack(environment: "Environment", stack: str) -> str:
    names = ", ".join(environment.stacks)
    if stack:
        if stack not in environment.stacks:
            raise typer.BadParameter(f"{environment.name} has no stack {stack!r}; it has {names}")
        return stack
    ephemeral = tuple(environment.stacks_with_time_to_live)
    if len(ephemeral) != 1:
        raise typer.BadParameter(f"say --stack: {environment.name} has {names}")
    return ephemeral[0]


def _print_table(blockers: "tuple[Blocker, ...]", plan: str, stack: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(soft_wrap=True)
    console.print(f"{plan} as a plan of {stack}: {_said(blockers)}", highlight=False, markup=False)
    if not blockers:
        return
    table = Table(box=None)
    for column in ("code", "resource", "observed", "expected"):
        table.add_column(column, overflow="fold")
    for blocker in blockers:
        table.add_row(*(Text(getattr(blocker, column)) for column in ("code", "resource", "observed", "expected")))
    console.print(table)
    for remedy, resources in _remedies(blockers).items():
        console.print(f"remedy for {', '.join(resources)}: {remedy}", highlight=False, markup=False)


def _said(blockers: "tuple[Blocker, ...]") -> str:
    return {
        PASS: "pass",
        BLOCKED: f"blocked by {len(blockers)}",
        COULD_NOT_TELL: "it cannot be judged, so it is blocked",
    }[status_of(blockers)]


def _remedies(blockers: "tuple[Blocker, ...]") -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for blocker in blockers:
        resources = found.setdefault(blocker.remedy.text, [])
        if blocker.resource not in resources:
            resources.append(blocker.resource)
    return found
