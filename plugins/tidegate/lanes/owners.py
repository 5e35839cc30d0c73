"""Who may hold what stands: read from every state of the environment."""

from tidegate.collectors.aws.state import read_state
from tidegate.lanes.run import LaneRun
from tidegate.models.ownership import OwnedState, Owners


def owners_of(run: LaneRun) -> Owners:
    """Every state as it is now, and the marks of the environment."""
    environment = run.environment
    return Owners(
        states=tuple(
            OwnedState(
                stack=name,
                destroyable=stack.destroyable,
                resources=read_state(run.clients, environment, name).resources,
            )
            for name, stack in environment.stacks.items()
        ),
        region=environment.region,
        tags={"project": environment.project, "environment": environment.name},
        name_prefix=environment.dashed,
        dedicated=environment.account == "dedicated",
    )
