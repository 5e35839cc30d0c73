"""The way out of something that stands and should not: who holds it decides, never a guess (RE1).

What a stack's state holds, a teardown or a build of that stack removes. What no state holds, no run of this project
removes: saying "trigger M9" for it would take demo down and leave the culprit standing.
"""

import re

from tidegate.gates.rules_deletion import deleting_command
from tidegate.gates.rules_remedies import AUTHOR, BUILD, FINDER, manifest, root_of, teardown
from tidegate.models.inventory import LiveResource
from tidegate.models.observed import Absent, Known
from tidegate.models.ownership import OwnedState, Owners
from tidegate.models.remedy import OWNER, Clear, Command, Person, Remedy

_UNHELD = "No state holds it: it was made outside tidegate, and M9 will not remove it"


def way_out(resource: LiveResource, owners: Owners | None, *, tearing_down: bool) -> Remedy:
    """What removes it. `owners` None: evidence of a version that did not look; then a person has to.

    `tearing_down`: the blocker is one of a teardown, whose next run is the nearest way.
    """
    if owners is None or not all(isinstance(state.resources, Known | Absent) for state in owners.states):
        return Remedy.of(
            Person(FINDER, "find out which state holds it; what no state holds, let whoever made it remove"),
            Clear(),
            note="Not every state could be read, so nobody can tell who holds it",
        )
    holder = held_by(resource, owners)
    if holder is None:
        return _unheld(resource, owners)
    if not holder.destroyable:
        return Remedy.of(Person(AUTHOR, f"take it out of {root_of(holder.stack)}"), BUILD)
    if tearing_down:
        return Remedy.of(teardown(holder.stack))
    return Remedy.of(
        Person(AUTHOR, f"take it out of {root_of(holder.stack)}"), BUILD, alternative=(teardown(holder.stack),)
    )


def held_by(resource: LiveResource, owners: Owners) -> OwnedState | None:
    """Whose state holds it? A name or id is unique in its region alone."""
    for state in owners.states:
        for held in state.resources.value if isinstance(state.resources, Known) else ():
            if (
                held.type == resource.type
                and is_named_by(held.id, resource)
                and (resource.region == owners.region or held.id.startswith("arn:"))
            ):
                return state
    return None


def is_named_by(id_: str, resource: LiveResource) -> bool:
    """Is it the id by which a state knows the resource? States know some things by ARN, databases by RDS's own id."""
    rds = resource.attributes.get("dbi_resource_id")
    if id_ == resource.id or (isinstance(rds, Known) and id_ == str(rds.value)):
        return True
    return id_.startswith("arn:") and f":{resource.region}:" in id_ and id_.endswith(f"/{resource.id}")


def is_marked(resource: LiveResource, owners: Owners) -> bool:
    """Does it carry this environment's tags or name?"""
    if owners.tags and all(resource.tags.get(name) == value for name, value in owners.tags.items()):
        return True
    last = re.split("[/:]", resource.id.rstrip("/:*"))[-1]
    return any(name == owners.name_prefix or name.startswith(f"{owners.name_prefix}-") for name in (resource.id, last))


def _deleting(resource: LiveResource) -> tuple[str, ...] | None:
    """RDS deletes no automated snapshot by itself: it goes with the retained backup of its database."""
    if resource.type == "aws_db_snapshot" and resource.id.startswith("rds:"):
        database = resource.attributes.get("dbi_resource_id")
        named = str(database.value) if isinstance(database, Known) else ""
        return deleting_command("automated backup", named, resource.region)
    return deleting_command(resource.type, resource.id, resource.region)


def _unheld(resource: LiveResource, owners: Owners) -> Remedy:
    exception = (manifest("exceptions", why="rule, this id, owner, reason and expiry, where it shall stay"), Clear())
    argv = _deleting(resource)
    if argv is not None and (owners.dedicated or is_marked(resource, owners)):
        return Remedy.of(Command(argv, OWNER), Clear(), alternative=exception, note=_UNHELD)
    return Remedy.of(
        Person("the resource's owner", f"remove {resource.type} {resource.id} in {resource.region}"),
        Clear(),
        alternative=exception,
        note=_UNHELD,
    )
