"""Log groups that AWS wrote again after a destroy: found by exact names, judged, and removed on record (TD4, TD5)."""

from collections.abc import Iterable

from tidegate.collectors.aws.log_groups import LogGroup, delete_log_group, standing_log_groups
from tidegate.collectors.aws.lookup import QUESTIONS, still_there
from tidegate.evidence.removed_log_groups import record_removal
from tidegate.evidence.teardowns import newest_destroy_set
from tidegate.gates.rules_control import lease_ours_blockers
from tidegate.lanes.run import ActionBlocked, LaneRun, now
from tidegate.models.facts import Facts
from tidegate.models.log_groups import LOG_GROUP, Owner, WrittenLogGroup, by_name
from tidegate.models.observed import Absent, Known, Observed, Unreadable, shown
from tidegate.models.plan import FrozenResource, Plan
from tidegate.models.residual import ResidualFacts
from tidegate.models.state import StateResource


def owners_in(resources: Iterable[StateResource | FrozenResource]) -> tuple[Owner, ...]:
    """The resources of a destroy-set that may have left log groups."""
    return tuple(Owner(type=it.type, id=it.id, name=it.name or it.id) for it in resources)


def destroyed_before(run: LaneRun, stacks: Iterable[str]) -> Observed[tuple[Owner, ...]]:
    """The destroy-set of the newest teardown of each stack, whether it finished or not."""
    found: list[Owner] = []
    for stack in stacks:
        match newest_destroy_set(run.remote, run.environment.name, stack):
            case Known(resources):
                found += owners_in(resources)
            case Absent():
                continue
            case unread:
                return unread
    return Known(tuple(found))


def written_again(run: LaneRun, owners: Iterable[Owner]) -> Observed[tuple[WrittenLogGroup, ...]]:
    """Log groups whose name follows from a destroyed resource, and which of them may be removed.

    They are looked up by exact name. None may be removed while its owner exists or cannot be looked up, or if another
    account, region or environment's tag claims it.
    """
    owners = tuple(owners)
    owner_of = by_name(owners)
    standing = standing_log_groups(run.clients, sorted(owner_of))
    if not isinstance(standing, Known):
        return standing
    return Known(tuple(_judged(run, group, owner_of[group.name], owners) for group in standing.value))


def names_taken(run: LaneRun, stack: str, plan: Plan) -> Observed[tuple[WrittenLogGroup, ...]]:
    """Log groups that already have a name that the plan creates. Those that the last teardown left behind may be
    removed.
    """
    names = [it.attributes.get("name") for it in plan.resources if (it.type, it.actions) == (LOG_GROUP, ("create",))]
    standing = standing_log_groups(run.clients, sorted(it.value for it in names if isinstance(it, Known)))
    if not isinstance(standing, Known) or not standing.value:
        return standing if isinstance(standing, Unreadable) else Known(())
    before = destroyed_before(run, (stack,))
    if not isinstance(before, Known):
        return before
    owner_of = by_name(before.value)
    return Known(
        tuple(
            _judged(run, group, owner_of[group.name], before.value)
            if group.name in owner_of
            else _written(run, group, "nothing that is known", "it follows from nothing that the last teardown took")
            for group in standing.value
        )
    )


def make_way(run: LaneRun, stack: str, plan: Plan) -> None:
    """Right before an apply: removes log groups that AWS wrote again under names that the plan creates, on record.

    Raises ActionBlocked if one stays, and StoreError.
    """
    taken = names_taken(run, stack, plan)
    refused = remove(run, taken.value) if isinstance(taken, Known) else (shown(taken),)
    kept = tuple(f"{it.name}: {it.kept}" for it in (taken.value if isinstance(taken, Known) else ()) if it.kept)
    if refused or kept:
        raise ActionBlocked(
            f"LOG-GROUP-NAME-TAKEN {stack}: the plan creates a log group whose name is taken | observed: "
            f"{'; '.join((*refused, *kept))} | expected: no log group of this name | remedy: remove it by hand, then "
            "clear the plan task of this stack"
        )


def remove_written_again(run: LaneRun, facts: Facts, document: object) -> None:
    """After each scan of M9.F: removes what may be removed. The next scan shows whether it is gone.

    Nothing is removed if another run holds the environment by now: its build may have just made the log group. Raises
    StoreError before anything is removed.
    """
    if not isinstance(facts, ResidualFacts) or not isinstance(facts.log_groups, Known) or not facts.log_groups.value:
        return
    for blocker in (refusals := tuple(lease_ours_blockers(run.acquire_lease()))):
        run.log(f"no log group is removed: {blocker.sentence()}")
    if not refusals:
        remove(run, facts.log_groups.value)


def remove(run: LaneRun, groups: Iterable[WrittenLogGroup]) -> tuple[str, ...]:
    """Remove those that may be removed, after recording them. Returns refusals in AWS's words. Raises StoreError."""
    going = tuple(group for group in groups if not group.kept)
    if not going:
        return ()
    record_removal(run.remote, run.environment.name, going, execution_id=run.execution_id, at=now())
    refused = []
    for group in going:
        match delete_log_group(run.clients, group.name):
            case Unreadable(reason):
                refused.append(reason)
                run.log(f"log group {group.name} stays: {reason}")
            case _:
                run.log(f"log group {group.name} removed: AWS wrote it again after {group.owner} was destroyed")
    return tuple(refused)


def _judged(run: LaneRun, group: LogGroup, owner: Owner, owners: tuple[Owner, ...]) -> WrittenLogGroup:
    whole = owner.type == LOG_GROUP
    asked = [it for it in owners if it.type in QUESTIONS and it.type != LOG_GROUP] if whole else [owner]
    said = "its stack" if whole else f"{owner.type} {owner.id}"
    return _written(run, group, said, _claimed(run, group) or _owned(run, asked, said))


def _written(run: LaneRun, group: LogGroup, owner: str, kept: str) -> WrittenLogGroup:
    environment = run.environment
    named = any(it == environment.dashed or it.startswith(f"{environment.dashed}-") for it in group.name.split("/"))
    tags = {"project": environment.project, "environment": environment.name}
    tagged = all(group.tags.get(key) == value for key, value in tags.items())
    ours = not _claimed(run, group) and (named or tagged or environment.account == "dedicated")
    return WrittenLogGroup(name=group.name, arn=group.arn, owner=owner, kept=kept, ours=ours)


def _claimed(run: LaneRun, group: LogGroup) -> str:
    """Who else claims it, by its ARN and its tags."""
    environment = run.environment
    if (group.account_id, group.region) != (environment.account_id, environment.region):
        return f"it is in account {group.account_id or '?'}, region {group.region or '?'}"
    ours = {"project": environment.project, "environment": environment.name}
    other = {key: group.tags[key] for key in ours if group.tags.get(key, ours[key]) != ours[key]}
    return f"it is tagged {', '.join(f'{key}={value}' for key, value in sorted(other.items()))}" if other else ""


def _owned(run: LaneRun, owners: list[Owner], said: str) -> str:
    """Why its owner may still exist. Empty if the owner is certainly gone."""
    if not owners:
        return f"nobody can ask for {said}"
    answering = still_there(run.clients, [StateResource(address=it.type, type=it.type, id=it.id) for it in owners])
    if not isinstance(answering, Known):
        return f"nobody can tell whether {said} is gone"
    return f"{answering.value[0].type} {answering.value[0].id} still answers" if answering.value else ""
