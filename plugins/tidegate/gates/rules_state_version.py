"""Was a state written by a newer Terraform than the one that would work on it now (ID2, ST7)?

Terraform itself reads such a state without a word and may write back less than was there. So this is asked before any
terraform starts on the stack, and once more in the second before it applies.
"""

from collections.abc import Iterator

from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import FINDER, MANIFEST_STACKS, OPERATOR, STATE_BUCKET, allow
from tidegate.gates.rules_version import Precedence, parse_precedence
from tidegate.models.blocker import Blocker
from tidegate.models.identity import Tools
from tidegate.models.observed import Absent, Known
from tidegate.models.readiness import StackState
from tidegate.models.remedy import Clear, Command, Person, Remedy, Trigger
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
                remedy=MANIFEST_STACKS,
            )
    for state in states:
        yield from digest_blockers(state)
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
                        remedy=STATE_BUCKET,
                    ),
                )


def digest_blockers(state: StackState) -> Iterator[Blocker]:
    """Block when the digest in the lock table does not fit the state object: Terraform refuses to read it."""
    match state.digest:
        case Absent():
            return
        case Known(found):
            yield _mismatch(state.stack, found)
        case other:
            yield unusable(
                other,
                Need(
                    stem="STATE-DIGEST",
                    what="the digest of the state",
                    resource=f"state of {state.stack}",
                    expected="a digest that fits the state object, or none",
                    remedy=allow("read the lock table and the versions of the state object"),
                ),
            )


def _mismatch(stack: str, found: StateDigest) -> Blocker:
    """Which version fits, and how to put one back: nobody writes the state bucket by hand."""
    current = found.current.value if isinstance(found.current, Known) else None
    newest = _said_version(current) if current else "there is no object"
    fitting = ", ".join(_said_version(it) for it in found.fitting) or f"none of {found.looked_at} versions"
    offered = found.fitting[0] if found.fitting else current
    return Blocker(
        code="STATE-DIGEST-MISMATCH",
        summary="the digest in the lock table does not fit the state object: one of the two is not the newest",
        resource=f"state of {stack}",
        observed=f"digest {found.digest}; newest: {newest}; fitting: {fitting}",
        expected="the digest of the newest version",
        remedy=Remedy.of(
            Command(("tidegate", "state", "history", stack, "--environment", "<environment>"), FINDER),
            _restore("<dag>", stack, offered),
            note="Offered is the version that the digest fits" if found.fitting else "Offered is the newest version",
        ),
    )


def _restore(dag: str, stack: str, offered: HistoryVersion | None) -> Trigger:
    """Put a version back under the lock; without one to offer a person chooses it."""
    if offered is None:
        return Trigger(dag, {}, ("restore_state_version", "state_reason"))
    return Trigger(dag, {"restore_state_version": f"{stack}:{offered.version_id}"}, ("state_reason",))


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
            remedy=Remedy.of(
                Person(FINDER, "mend what the observed text names"),
                Trigger("<dag>", {}, ("restore_state_version", "state_reason")),
                note="tidegate state history --environment <environment> lists the versions of a stack",
            ),
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
            remedy=Remedy.of(
                Command(("tidegate", "state", "history", stack, "--environment", "<environment>"), FINDER),
                Trigger("<dag>", {}, ("restore_state_version", "state_reason")),
                note=f"Version {state.version_id} of {state.key} says no version; the one before it may",
            ),
        )
        return
    if isinstance(running, Known) and _older(running.value, written):
        yield Blocker(
            code="STATE-NEWER-TERRAFORM",
            summary="a newer Terraform than the worker's wrote this state",
            resource=f"state of {stack}",
            observed=f"written by terraform {state.terraform_version} (serial {state.serial})",
            expected=f"at most the worker's terraform {running.value}",
            remedy=Remedy.of(
                Person(
                    OPERATOR,
                    f"install terraform >= {state.terraform_version} on every worker, as a binary or with `pip install "
                    "--require-hashes -r requirements-terraform.txt`",
                ),
                Clear(),
            ),
        )


def _older(running: str, written: Precedence) -> bool:
    """A running version that is none is refused by the rules of identity, in the same gate."""
    try:
        return parse_precedence(running) < written
    except ValueError:
        return False
