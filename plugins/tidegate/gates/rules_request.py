"""What a person asked for: the confirmation, the target and the reason of a run."""

from collections.abc import Iterator

from tidegate.gates.rules_remedies import SAME_DAG, manifest
from tidegate.models.blocker import Blocker
from tidegate.models.remedy import Remedy, Trigger


def confirmation_blockers(confirm: str, environment: str, dag: str) -> Iterator[Blocker]:
    """Yield a blocker unless the confirmation is the environment's name, so that nobody meant another one."""
    if confirm != environment or not confirm:
        yield Blocker(
            code="CONFIRM-MISMATCH",
            summary="the confirmation does not name this environment",
            resource=environment or "environment",
            observed=f"confirm = {confirm!r}",
            expected=f"confirm = {environment!r}",
            remedy=Remedy.of(
                Trigger(f"{environment}.{dag}", {}, ("confirm",)),
                note="Clearing does not help: a run keeps what it was triggered with",
            ),
        )


def target_blockers(
    target: tuple[str, ...], destroyable: tuple[str, ...], environment: str, dag: str
) -> Iterator[Blocker]:
    """Yield a blocker for each stack that a teardown may not destroy, and for none at all."""
    offered = "+".join(destroyable) or "no stack of this environment"
    whole = "+".join(destroyable)
    refused = [stack for stack in target if stack not in destroyable]
    for stack in refused if target else ["none"]:
        yield Blocker(
            code="TARGET-NOT-DESTROYABLE",
            summary="the target is no stack that a teardown may destroy" if target else "the target is empty",
            resource=f"stack {stack}",
            observed=f"target = {'+'.join(target) or 'none'}",
            expected=f"one or more of {offered}",
            remedy=Remedy.of(
                Trigger(f"{environment}.{dag}", {"target": whole}, ("confirm",)), note=f"Targets are {offered}"
            )
            if destroyable
            else Remedy.of(manifest("stacks", why="destroyable: true for a stack"), SAME_DAG),
        )


def reason_blockers(
    reason: str, environment: str, dag: str, asks: tuple[str, ...] = ("confirm", "reason")
) -> Iterator[Blocker]:
    """Yield a blocker unless there is a reason: it stays on record. `asks` are the fields that a person fills in."""
    if not reason.strip():
        yield Blocker(
            code="REASON-MISSING",
            summary="nobody said why",
            resource=environment or "environment",
            observed="an empty reason",
            expected="one sentence for those who read the record",
            remedy=Remedy.of(Trigger(f"{environment}.{dag}", {}, asks)),
        )
