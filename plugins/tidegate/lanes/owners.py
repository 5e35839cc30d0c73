"""Who owns what is deployed: read from every state of the environment."""

from collections.abc import Mapping

from tidegate.collectors.aws.state import StateRead, read_state
from tidegate.lanes.run import LaneRun
from tidegate.models.ownership import OwnedState, Owners


def read_states(run: LaneRun) -> dict[str, StateRead]:
    """The state of every stack of the manifest, as it is now."""
    return {name: read_state(run.clients, run.environment, name) for name in run.environment.stacks}


def owners_of(run: LaneRun, states: Mapping[str, StateRead] | None = None) -> Owners:
    """Every state as it is now, or as it was just read, and the tags and names that mark the environment."""
    environment, read = run.environment, read_states(run) if states is None else states
    return Owners(
        states=tuple(
            OwnedState(
                stack=name,
                destroyable=stack.destroyable,
                resources=read[name].resources,
            )
            for name, stack in environment.stacks.items()
        ),
        region=environment.region,
        tags={"project": environment.project, "environment": environment.name},
        name_prefix=environment.dashed,
        dedicated=environment.account == "dedicated",
    )
