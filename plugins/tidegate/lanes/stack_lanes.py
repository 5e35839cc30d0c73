"""The lanes of the stacks, to build and to destroy them, as the manifest describes them: no stack is known by name.

The letters say what a lane is for, so that a further stack changes the letter of no other:

* C: a persistent stack
* D: an ephemeral one that takes nothing from other ephemeral stacks
* E: the contract between a stack and its upstreams
* F: an ephemeral stack behind a contract

A teardown goes the other way round: D destroys what is behind a contract, E the others.
"""

from tidegate.lanes.spec import Lane
from tidegate.models.environment import Environment

_BUILD = "tidegate.lanes.build"
_TEARDOWN = "tidegate.lanes.teardown"
_FINDINGS = "tidegate.lanes.findings"
_ORPHANS = "tidegate.lanes.orphans"

_DESTROYS_IN = {"f": "d", "d": "e"}
"""The letter of M9 by that of M2; downstream first."""


def _letter(environment: Environment, name: str) -> str:
    stack = environment.stacks[name]
    if stack.lifecycle == "persistent":
        return "c"
    behind = stack.has_contract or any(_letter(environment, it) == "f" for it in stack.depends_on)
    return "f" if behind else "d"


def build_group(environment: Environment, stack: str) -> str:
    """`c_core`: the group of the tasks that build a stack. Raises KeyError for a stack that the manifest has not."""
    return f"{_letter(environment, stack)}_{stack}"


def contract_task(environment: Environment, stack: str) -> str | None:
    """The task that judges what a stack takes from its upstreams; None where it takes nothing."""
    entry = environment.stacks[stack]
    if not entry.has_contract:
        return None
    letter = "c" if entry.lifecycle == "persistent" else "e"
    return f"{letter}_{entry.contract_task or f'{stack}_contract'}"


def all_build_lanes(environment: Environment, *, guards: tuple[str, ...], after: tuple[str, ...]) -> list[Lane]:
    """What builds every stack, upstream first and by letter, after these lanes; each is guarded by all of `guards`."""
    lanes = [lane for stack in environment.stacks for lane in _build_lanes(environment, stack, guards, after)]
    return sorted(lanes, key=lambda lane: lane.letter)


def _build_lanes(environment: Environment, stack: str, guards: tuple[str, ...], after: tuple[str, ...]) -> list[Lane]:
    """A stack waits for its upstreams and for nothing else: independent ones are built beside each other."""
    letter, group = _letter(environment, stack), build_group(environment, stack)
    upstream = tuple(f"{build_group(environment, it)}.verify" for it in environment.stacks[stack].depends_on)
    waits_for = upstream or after
    contract = contract_task(environment, stack)
    judged: list[Lane] = []
    if contract is not None:
        judged.append(
            Lane(
                phase="m2",
                letter=contract[0],
                task_id=contract,
                title="Contract between the stacks",
                snapshot=f"m2_{contract}_snapshot",
                gate="STACK-CONTRACT",
                collect=f"{_BUILD}:collect_contract",
                stack=stack,
                after=waits_for,
            )
        )
        guards, waits_for = (*guards, contract), (contract,)
    return [
        *judged,
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
            after=waits_for,
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
            after=(f"{group}.plan_and_guard",),
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
            after=(f"{group}.apply",),
        ),
    ]


def destroy_task(environment: Environment, stack: str) -> str:
    """`d_demo.destroy`: the task that destroys a stack. Raises KeyError for a stack that no lane destroys."""
    return f"{_destroy_group(environment, stack)}.destroy"


def _destroy_group(environment: Environment, stack: str) -> str:
    return f"{_DESTROYS_IN[_letter(environment, stack)]}_{stack}"


def all_destroy_lanes(environment: Environment) -> list[Lane]:
    """What destroys every stack that may go, downstream first and by letter."""
    lanes = [lane for stack in environment.destroyable_stacks for lane in _destroy_lanes(environment, stack)]
    return sorted(lanes, key=lambda lane: lane.letter)


def _destroy_lanes(environment: Environment, stack: str) -> list[Lane]:
    """What destroys one stack.

    Which of the stacks a run takes is its param `target`: the lanes of the others leave a snapshot that says so, and
    end skipped. A destroy starts when the last look at the scope and the destroys of what needs the stack have ended,
    whatever their end: its own authorisation decides. It waits for nothing else (RE2).
    """
    group = _destroy_group(environment, stack)
    letter = group[0]
    identities = environment.stacks[stack].identities is not None
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
            *(
                destroy_task(environment, name)
                for name in environment.needing(stack)
                if environment.stacks[name].destroyable
            ),
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
        # Where identities may be left, a teardown ends with them: until then a next one knows what to look for.
        on_pass=None if identities else f"{_TEARDOWN}:end_stack_teardown",
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
    return [destroy, verify, orphans] if identities else [destroy, verify]
