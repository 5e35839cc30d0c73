"""`tidegate verify`: the same verdict again, from the evidence alone (EV2, EV3)."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidegate.commands.executions import Origin, open_store, phase_named
from tidegate.commands.statuses import BLOCKED, COULD_NOT_TELL, PASS, Format

if TYPE_CHECKING:
    from tidegate.evidence.store import EvidenceStore
    from tidegate.models.environment import Environment
    from tidegate.verify.execution import Verification
    from tidegate.verify.standing import Standing
    from tidegate.verify.subject import Subject

FIELDS = ("code", "file", "observed", "expected", "remedy")


def verify(
    execution: Annotated[str, typer.Argument(help="execution id, e.g. m2_20260213T201427Z")],
    source: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="runs|s3|DIR",
            help="the mirror, the evidence bucket, or a directory with a copy of either",
        ),
    ] = "runs",
    environment: Annotated[str, typer.Option(help="which environment")] = "dev_min",
    output: Annotated[Format, typer.Option("--format", help="table or json")] = Format.table,
) -> None:
    """Judge an execution's evidence again. 0 sound and passed, 1 blocked or not sound, 2 could not tell."""
    from tidegate import environments
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


def as_of_its_time(
    environment: "Environment", execution: str, store: "EvidenceStore", *, remote: bool
) -> "Environment":
    """The manifest with the cost scope under which an M9 was judged: which lanes it had depends on it (EV4).

    Without a readable cost guardrail the scope stays as it is today. Raises StoreUnreachable.
    """
    from tidegate.verify.scope import judged_scope

    subject = subject_of(environment, execution, remote=remote)
    scope = judged_scope(store, subject)
    return environment if scope is None else environment.model_copy(update={"cost_scope": scope})


def subject_of(environment: "Environment", execution: str, *, remote: bool) -> "Subject":
    """What an execution of this environment must consist of."""
    from tidegate.lanes.phases import phase_of
    from tidegate.lanes.spec import Lane
    from tidegate.verify.subject import Required, Subject

    def required(lane: Lane) -> Required:
        return Required(lane=lane.name, task=lane.task_id, gate=lane.gate, snapshot=lane.snapshot)

    spec = phase_of(environment, phase_named(execution))
    return Subject(
        environment=environment.name,
        phase=spec.phase,
        execution_id=execution,
        bucket=environment.evidence.bucket,
        lanes=tuple(required(lane) for lane in spec.lanes),
        verdict=required(spec.verdict),
        remote=remote,
    )


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
