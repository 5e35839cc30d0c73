"""A state that Terraform could not save: what it wrote beside its configuration instead (`errored.tfstate`, ST7)."""

from dataclasses import dataclass
from datetime import datetime

ADDRESSES_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsavedState:
    """One `errored.tfstate` that nobody has settled. The stack is closed on every worker until somebody does.

    Its content holds secrets and is never part of it: `sha256` names the file.
    """

    number: int
    """Of its control record; 0: it has none yet."""
    environment: str
    stack: str
    execution_id: str
    """That wrote it; of a file that nobody saw being written, that found it."""
    task: str
    host: str
    path: str
    """On that host."""
    uri: str | None
    """Where the state bucket keeps a copy. None: the bucket did not take it."""
    sha256: str
    written_by_intent: bool
    """The digest was taken as the recorded terraform ended."""
    last_version_id: str | None
    """Version of the state object that the intent read or wrote last; blank: there was none. None: not known."""
    planned_addresses: tuple[str, ...]
    """Of the plan that was applied."""
    recorded_at: datetime
    refusal: str = ""
    """Why it was not pushed, in one sentence for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateContent:
    """What a state document says of itself, with a digest for each managed instance by address."""

    lineage: str
    serial: int
    terraform_version: str
    instances: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectVersion:
    """One version of a state object, whatever it holds."""

    version_id: str
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredState(ObjectVersion):
    """One version of a state object, as it lies in the bucket now."""

    content: StateContent


def push_refusals(kept: StateContent, stored: StoredState | None) -> tuple[str, ...]:
    """Every reason not to push a state that was not saved over the one that is stored (None: there is none).

    Those that a person's word may overrule are not in it: see `doubts`.
    """
    if stored is None:
        return ()
    found = []
    if kept.lineage != stored.content.lineage:
        found.append(
            f"it is of another lineage, {kept.lineage}; the stored state has {stored.content.lineage}: "
            "it belongs to another stack or to another life of this one"
        )
    elif kept.serial <= stored.content.serial:
        found.append(
            f"its serial {kept.serial} is not above the stored one, {stored.content.serial}: the stored state is newer"
        )
    return tuple(found)


def doubts(unsaved: UnsavedState, kept: StateContent, stored: StoredState | None) -> tuple[str, ...]:
    """Every reason why only a person may say that it is to be pushed."""
    found = []
    if not unsaved.written_by_intent:
        found.append("no terraform was seen to write it: it may have been put there, or its worker died with it")
    version = "" if stored is None else stored.version_id
    if unsaved.last_version_id is None:
        found.append("which version of the state its terraform read or wrote last is not known")
    elif version != unsaved.last_version_id:
        found.append(
            f"the state moved since: its version is {version or 'none'}, and that terraform read or wrote "
            f"{unsaved.last_version_id or 'none'} last"
        )
    before = {} if stored is None else stored.content.instances
    differing = {it for it in before.keys() | kept.instances.keys() if before.get(it) != kept.instances.get(it)}
    unplanned = sorted({it.partition(" (deposed ")[0] for it in differing} - set(unsaved.planned_addresses))
    if unplanned:
        shown = ", ".join(unplanned[:ADDRESSES_SHOWN])
        more = f" and {len(unplanned) - ADDRESSES_SHOWN} more" if len(unplanned) > ADDRESSES_SHOWN else ""
        found.append(f"it differs in what its plan does not name: {shown}{more}")
    return tuple(found)
