"""Was a state written by a newer Terraform than the one that would work on it now (ID2, ST7)?

Terraform itself reads such a state without a word and may write back less than was there. So this is asked before any
terraform starts on the stack, and once more in the second before it applies.
"""

from collections.abc import Iterator

from tidegate.gates.rules_identity import dag_of
from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_version import Precedence, parse_precedence
from tidegate.models.blocker import Blocker
from tidegate.models.identity import Tools
from tidegate.models.observed import Absent, Known
from tidegate.models.readiness import StackState
from tidegate.models.state import HistoryVersion, StateDigest, StateVersion


def stack_state_blockers(
    states: tuple[StackState, ...], expected_stacks: tuple[str, ...], tools: Tools
) -> Iterator[Blocker]:
    """For the first lane of a phase. All of `expected_stacks` must have been looked at; a stack may have no state."""
    seen = {state.stack for state in states}
    for stack in expected_stacks:
        if stack not in seen:
            yield Blocker(
                code="STATE-NOT-READ",
                summary="nobody looked at this state",
                resource=f"state of {stack}",
                observed="no answer about the state",
                expected="a state, or the answer that there is none",
                remedy="clear this task so that it collects again; if it repeats, check the stacks of the manifest",
            )
    for state in states:
        yield from digest_blockers(state, tools)
        match state.version:
            case Known(version):
                yield from newer_state_blockers(state.stack, version, tools)
            case Absent():
                continue
            case other:
                yield unusable(
                    other,
                    Need(
                        stem="STATE",
                        what="the state",
                        resource=f"state of {state.stack}",
                        expected="a state, or the answer that there is none",
                        remedy="make the state bucket readable for the role, then clear this task",
                    ),
                )


def digest_blockers(state: StackState, tools: Tools) -> Iterator[Blocker]:
    """Block when the digest in the lock table does not fit the state object: Terraform refuses to read it."""
    match state.digest:
        case Absent():
            return
        case Known(found):
            yield _mismatch(state.stack, found, tools)
        case other:
            yield unusable(
                other,
                Need(
                    stem="STATE-DIGEST",
                    what="the digest of the state",
                    resource=f"state of {state.stack}",
                    expected="a digest that fits the state object, or none",
                    remedy="make the lock table and the versions of the state object readable for the role, then clear "
                    "this task",
                ),
            )


def _mismatch(stack: str, found: StateDigest, tools: Tools) -> Blocker:
    """Which version fits, and how to put one back: nobody writes the state bucket by hand."""
    current = found.current.value if isinstance(found.current, Known) else None
    newest = _said_version(current) if current else "there is no object"
    fitting = ", ".join(_said_version(it) for it in found.fitting) or f"none of {found.looked_at} versions"
    offered = found.fitting[0] if found.fitting else current
    named = offered.version_id if offered else "the version id that you choose"
    return Blocker(
        code="STATE-DIGEST-MISMATCH",
        summary="the digest in the lock table does not fit the state object: one of the two is not the newest",
        resource=f"state of {stack}",
        observed=f"digest {found.digest}; newest: {newest}; fitting: {fitting}",
        expected="the digest of the newest version",
        remedy=f"look at the versions (tidegate state history {stack}), then trigger "
        f"{dag_of(tools, 'm2_substrate_build')} (platform_run = continue) or {dag_of(tools, 'm9_teardown_cost_check')} "
        f"with restore_state_version = {stack}:{named} and a state_reason: "
        + ("the version that the digest fits" if found.fitting else "the newest one, if it is the right one"),
    )


def _said_version(version: HistoryVersion) -> str:
    serial = f"serial {version.serial.value}" if isinstance(version.serial, Known) else "no state"
    return f"version {version.version_id} of {version.modified.isoformat()} ({serial})"


def restore_blockers(refused: str) -> Iterator[Blocker]:
    """Block when a state version was to be put back and was not."""
    if refused:
        yield Blocker(
            code="STATE-NOT-RESTORED",
            summary="the named state version was not put back",
            resource="restore_state_version",
            observed=refused,
            expected="the version put back under the lock, with a record",
            remedy="mend what the observed text names, then trigger again with restore_state_version and state_reason; "
            "tidegate state history lists the versions of a stack",
        )


def newer_state_blockers(stack: str, state: StateVersion, tools: Tools) -> Iterator[Blocker]:
    """Block when the Terraform that wrote the state is newer than the running one, or cannot be told."""
    running = tools.terraform_version
    try:
        written = parse_precedence(state.terraform_version)
    except ValueError as error:
        yield Blocker(
            code="STATE-TERRAFORM-UNPARSABLE",
            summary="which Terraform wrote this state cannot be told",
            resource=f"state of {stack}",
            observed=str(error),
            expected="a terraform_version such as 1.12.2",
            remedy=f"read terraform_version in {state.key} (version {state.version_id}); put the last version that "
            "Terraform wrote back as the newest one, then clear this task",
        )
        return
    if isinstance(running, Known) and _older(running.value, written):
        yield Blocker(
            code="STATE-NEWER-TERRAFORM",
            summary="a newer Terraform than the worker's wrote this state",
            resource=f"state of {stack}",
            observed=f"written by terraform {state.terraform_version} (serial {state.serial})",
            expected=f"at most the worker's terraform {running.value}",
            remedy=f"install terraform >= {state.terraform_version} on every worker, as a binary or with `pip install "
            "--require-hashes -r requirements-terraform.txt`, then clear this task",
        )


def _older(running: str, written: Precedence) -> bool:
    """A running version that is none is refused by the rules of identity, in the same gate."""
    try:
        return parse_precedence(running) < written
    except ValueError:
        return False
