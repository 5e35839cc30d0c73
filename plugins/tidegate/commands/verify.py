"""`tidegate verify`: the same verdict again, from the evidence alone (EV2, EV3)."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidegate.commands.environment_option import EnvironmentOption
from tidegate.commands.executions import Origin, open_store, phase_named
from tidegate.commands.statuses import BLOCKED, COULD_NOT_TELL, PASS, Format

if TYPE_CHECKING:
    from tidegate.verify.execution import Verification
    from tidegate.verify.standing import Standing

FIELDS = ("code", "file", "observed", "expected", "remedy")


def verify(
    execution: Annotated[str, typer.Argument(help="execution id, e.g. m2_20260213T201427Z")],
    environment: EnvironmentOption,
    source: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="runs|s3|DIR",
            help="the mirror, the evidence bucket, or a directory with a copy of either",
        ),
    ] = "runs",
    output: Annotated[Format, typer.Option("--format", help="table or json")] = Format.table,
) -> None:
    """Judge an execution's evidence again. 0 sound and passed, 1 blocked or not sound, 2 could not tell."""
    from tidegate import environments
    from tidegate.lanes.subjects import as_of_its_time, subject_of
    from tidegate.settings import settings
    from tidegate.verify.execution import verify_execution
    from tidegate.verify.standing import standing_today

    named = source in {each.value for each in Origin}
    origin, directory = (Origin(source), None) if named else (Origin.runs, Path(source))
    if directory is not None and not directory.is_dir():
        raise typer.BadParameter(f"--from takes runs, s3 or a directory; there is no directory {source}")
    manifest = environments.load(environment)
    policies = environments.load_policies(manifest)
    phase_named(execution)
    store, remote = open_store(manifest, origin, directory)
    subject = subject_of(as_of_its_time(manifest, execution, store, remote=remote), execution, remote=remote)
    profile = settings().profile if origin is Origin.s3 else None
    verification = verify_execution(store, subject, profile=profile)
    standing = standing_today(verification.execution, manifest, policies, datetime.now(UTC))
    if output is Format.json:
        print(json.dumps(as_document(verification, standing), indent=2))  # noqa: T201
    else:
        _print(verification, standing)
    raise typer.Exit(status_of(verification))


def status_of(verification: "Verification") -> int:
    """The exit status: 0 only when the evidence is sound and its verdict is a pass."""
    if not verification.certain:
        return COULD_NOT_TELL
    return PASS if verification.sound and verification.verdict == "pass" else BLOCKED


def as_document(verification: "Verification", standing: "tuple[Standing, ...]") -> dict[str, Any]:
    """The result as JSON."""
    subject = verification.execution.subject
    return {
        "execution_id": subject.execution_id,
        "environment": subject.environment,
        "profile": verification.profile,
        "overall_pass": status_of(verification) == PASS,
        "sound": verification.sound,
        "verdict": verification.verdict,
        "findings": [{field: getattr(finding, field) for field in FIELDS} for finding in verification.findings],
        "snapshots": len(verification.execution.documents),
        "inputs": {"checked": verification.inputs_checked, "elsewhere": verification.inputs_elsewhere},
        "chain": verification.chained,
        "standing_today": [{"lane": it.lane, "file": it.file, "reason": it.reason} for it in standing],
    }


def _print(verification: "Verification", standing: "tuple[Standing, ...]") -> None:
    subject = verification.execution.subject
    snapshots = len(verification.execution.documents)
    chain = "no chain in this copy" if verification.chained is None else f"chain of {verification.chained} verdicts"
    lines = [
        f"{subject.execution_id} of {subject.environment}, profile {verification.profile}: "
        f"evidence {_evidence(verification)}, verdict {verification.verdict}",
        f"{snapshots} snapshots judged again, {verification.inputs_checked} inputs compared, "
        f"{verification.inputs_elsewhere} lie elsewhere, {chain}",
    ]
    for finding in verification.findings:
        lines += ["", f"{finding.code} {finding.file}"]
        lines += [f"    {field:<9} {getattr(finding, field)}" for field in ("observed", "expected", "remedy")]
    if standing:
        lines += ["", "today (says nothing against its time):"]
        lines += [f"    {it.lane:<5} {it.file}: {it.reason}" for it in standing]
    print("\n".join(lines))  # noqa: T201


def _evidence(verification: "Verification") -> str:
    if verification.sound:
        return "sound"
    return "NOT SOUND" if verification.certain else "NOT JUDGED"
