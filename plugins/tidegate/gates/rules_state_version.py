"""Was a state written by a newer Terraform than the one that would work on it now (ID2, ST7)?

Terraform itself reads such a state without a word and may write back less than was there. So this is asked before any
terraform starts on the stack, and once more in the second before it applies.
"""

from collections.abc import Iterator

from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import FINDER, MANIFEST_STACKS, OPERATOR, STATE_BUCKET
from tidegate.gates.rules_version import Precedence, parse_precedence
from tidegate.models.blocker import Blocker
from tidegate.models.identity import Tools
from tidegate.models.observed import Absent, Known
from tidegate.models.readiness import StackState
from tidegate.models.remedy import Clear, Person, Remedy
from tidegate.models.state import StateVersion


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
                Person(
                    FINDER,
                    f"read terraform_version in {state.key} (version {state.version_id}), and let the last "
                    "version that Terraform wrote be the newest one",
                ),
                Clear(),
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
                    f"install terraform >= {state.terraform_version} on every worker, as a binary or with `pip "
                    "install --require-hashes -r requirements-terraform.txt`",
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
