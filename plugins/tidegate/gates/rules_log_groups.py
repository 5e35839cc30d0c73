"""Log groups that AWS wrote again under the names of what was destroyed: they hold up no destroy."""

from collections.abc import Iterator

from tidegate.gates.rules_deletion import deleting_command
from tidegate.gates.rules_observed import Need, readable
from tidegate.gates.rules_remedies import allow
from tidegate.models.blocker import Blocker
from tidegate.models.log_groups import LOG_GROUP, WrittenLogGroup
from tidegate.models.observed import Known, Observed
from tidegate.models.remedy import OWNER, Clear, Command, Person, Remedy

_LIST = "list log groups and their tags"


def written_again_blockers(found: Observed[tuple[WrittenLogGroup, ...]], environment: str) -> Iterator[Blocker]:
    """After a teardown: one that may be removed is, between two looks. What is left alone has its own reason."""
    yield from _readable(found, environment)
    for group in found.value if isinstance(found, Known) else ():
        if not group.kept:
            yield Blocker(
                code="LOG-GROUP-WRITTEN-AGAIN",
                summary="AWS wrote a log group again after its owner was destroyed",
                resource=f"{LOG_GROUP} {group.name}",
                observed=f"{group.arn} stands; {group.owner} is gone",
                expected="gone",
                remedy=_removed(group),
            )


def taken_names_blockers(found: Observed[tuple[WrittenLogGroup, ...]], stack: str) -> Iterator[Blocker]:
    """Before a build: a name that the plan creates and that stands. What may be removed is, right before the apply."""
    yield from _readable(found, stack)
    for group in found.value if isinstance(found, Known) else ():
        if group.kept:
            yield Blocker(
                code="LOG-GROUP-NAME-TAKEN",
                summary="the plan creates a log group whose name is taken",
                resource=f"{LOG_GROUP} {group.name}",
                observed=f"{group.arn} stands, and is left alone: {group.kept}",
                expected="no log group of this name, or one that follows from what the last teardown destroyed",
                remedy=_removed(group),
            )


def _readable(found: Observed[tuple[WrittenLogGroup, ...]], resource: str) -> Iterator[Blocker]:
    need = Need(
        stem="LOG-GROUPS",
        what="which log groups stand under names of the environment",
        resource=resource,
        expected="an answer for each name",
        remedy=allow(_LIST),
    )
    return readable(found, need)


def _removed(group: WrittenLogGroup) -> Remedy:
    """A command where the log group is the environment's own."""
    argv = deleting_command(LOG_GROUP, group.name, group.region)
    if argv is None or not group.ours or not group.region:
        return Remedy.of(Person("the log group's owner", f"remove {group.name}, or give it another name"), Clear())
    return Remedy.of(Command(argv, OWNER), Clear())
