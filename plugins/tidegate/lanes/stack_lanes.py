"""The lanes of one stack, to build it and to destroy it. A stack that the manifest does not have has none."""

from tidegate.lanes.spec import Lane
from tidegate.models.environment import Environment

_BUILD = "tidegate.lanes.build"
_TEARDOWN = "tidegate.lanes.teardown"
_FINDINGS = "tidegate.lanes.findings"
_ORPHANS = "tidegate.lanes.orphans"

_BUILD_LETTERS = {"core": "c", "confluent": "d", "demo": "f"}
_DESTROY_LETTERS = {"demo": "d", "confluent": "e"}
"""Downstream first."""


def build_group(stack: str) -> str:
    """`c_core`: the group of the tasks that build a stack. Raises KeyError for a stack that no lane builds."""
    return f"{_BUILD_LETTERS[stack]}_{stack}"


def build_lanes(environment: Environment, stack: str, guards: tuple[str, ...]) -> list[Lane]:
    """What builds a stack; nothing when the manifest does not have it."""
    if stack not in environment.stacks:
        return []
    letter, group = _BUILD_LETTERS[stack], build_group(stack)
    return [
        Lane(
            phase="m2",
            letter=letter,
            task_id=f"{group}.plan_and_guard",
            title=f"Plan of {stack}, held against policy",
            snapshot=f"m2_{group}_plan_snapshot",
            gate="PLAN-GUARD",
            collect=f"{_BUILD}:collect_plan",
            stack=stack,
            guards=guards,
        ),
        Lane(
            phase="m2",
            letter=letter,
            task_id=f"{group}.apply",
            title=f"Apply the guarded plan of {stack}",
            snapshot=f"m2_{group}_authorization_snapshot",
            gate="MUTATION-AUTHORIZATION",
            collect=f"{_BUILD}:authorize_apply",
            on_pass=f"{_BUILD}:apply",
            stack=stack,
            guards=(*guards, f"{group}.plan_and_guard"),
            mutates=True,
        ),
        Lane(
            phase="m2",
            letter=letter,
            task_id=f"{group}.verify",
            title=f"State of {stack} after the apply",
            snapshot=f"m2_{group}_state_snapshot",
            gate="APPLIED-STATE",
            collect=f"{_BUILD}:collect_applied",
            stack=stack,
        ),
    ]


def destroy_task(stack: str) -> str:
    """`d_demo.destroy`: the task that destroys a stack. Raises KeyError for a stack that no lane destroys."""
    return f"{_DESTROY_LETTERS[stack]}_{stack}.destroy"


def _goes(environment: Environment, stack: str) -> bool:
    return stack in environment.destroyable_stacks


def destroy_lanes(environment: Environment, stack: str) -> list[Lane]:
    """What destroys a stack; nothing when the manifest does not have it, or does not let it go.

    Which of the stacks a run takes is its param `target`: the lanes of the others leave a snapshot that says so, and
    end skipped. A destroy starts when the last look at the scope and the destroys of what needs the stack have ended,
    whatever their end: its own authorisation decides. It waits for nothing else (RE2).
    """
    if stack not in environment.destroyable_stacks:
        return []
    letter = _DESTROY_LETTERS[stack]
    group = f"{letter}_{stack}"
    messaging = environment.stacks[stack].lifecycle == "messaging"
    destroy = Lane(
        phase="m9",
        letter=letter,
        task_id=f"{group}.destroy",
        title=f"Apply the frozen destroy plan of {stack}",
        snapshot=f"m9_{group}_authorization_snapshot",
        gate="MUTATION-AUTHORIZATION",
        collect=f"{_TEARDOWN}:authorize_destroy",
        on_pass=f"{_TEARDOWN}:apply_destroy",
        stack=stack,
        guards=("a_readiness", "b_scope_freeze", "c_pre_destroy"),
        mutates=True,
        after=(
            "c_pre_destroy",
            *(destroy_task(name) for name in environment.needing(stack) if _goes(environment, name)),
        ),
        starts="end",
    )
    verify = Lane(
        phase="m9",
        letter=letter,
        task_id=f"{group}.verify",
        title="State empty, resources gone",
        snapshot=f"m9_{group}_state_snapshot",
        gate="DESTROYED-STATE",
        collect=f"{_TEARDOWN}:collect_destroyed",
        # A teardown of a messaging stack ends with its identities: until then a next one knows what to look for.
        on_pass=None if messaging else f"{_TEARDOWN}:end_stack_teardown",
        on_fail=f"{_FINDINGS}:settle",
        effect="keeps what still answers as an open finding",
        stack=stack,
        waits_seconds=environment.deadlines.residual_wait,
        after=(f"{group}.destroy",),
    )
    orphans = Lane(
        phase="m9",
        letter=letter,
        task_id=f"{group}.orphans",
        title="No identity and no secret left behind",
        snapshot=f"m9_{group}_orphan_identities_snapshot",
        gate="ORPHAN-IDENTITIES",
        collect=f"{_ORPHANS}:collect_orphans",
        on_pass=f"{_TEARDOWN}:end_stack_teardown",
        stack=stack,
        waits_seconds=environment.deadlines.residual_wait,
        after=(f"{group}.verify",),
    )
    return [destroy, verify, orphans] if messaging else [destroy, verify]
