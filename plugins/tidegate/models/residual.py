"""What is left of an environment: after a teardown (TD4, TD5), and on any night (TD8)."""

from dataclasses import dataclass, field
from datetime import date

from tidegate.models.authorization import Intent
from tidegate.models.control import PlatformRun
from tidegate.models.facts import Facts
from tidegate.models.findings import FindingFacts
from tidegate.models.inventory import Inventory
from tidegate.models.log_groups import WrittenLogGroup
from tidegate.models.looks import Looks
from tidegate.models.observed import Absent, Known, Observed
from tidegate.models.ownership import OwnedState, Owners
from tidegate.models.plan import PreserveItem
from tidegate.models.policy import ForbiddenRule, PolicyException
from tidegate.models.state import StateResource
from tidegate.models.tagged import TaggedResource

CLASSIFYING_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "aws_db_instance": ("deletion_protection", "dbi_resource_id"),
    "aws_db_snapshot": ("dbi_resource_id",),
    "aws_rds_cluster": ("deletion_protection",),
}
"""By type what the live scan keeps so that one can tell what holds a resource, and under which id a state knows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanFacts(Facts):
    """What every residual scan asks: a live inventory, and by which marks a resource is the environment's."""

    inventory: Inventory
    looks: Looks
    forbidden: tuple[ForbiddenRule, ...]
    exceptions: tuple[PolicyException, ...]
    today: date
    environment_tags: dict[str, str]
    """Tags which mark a resource as one of this environment's ephemeral stacks."""
    name_prefix: str
    """Ids or names with this prefix belong to the environment."""
    ephemeral_types: tuple[str, ...]
    """Types that only ephemeral stacks hold: what is left of them in the environment is residual."""
    free_types: tuple[str, ...]
    """Types that cost nothing while they stand, whatever their attributes, by the price policy."""
    owners: Owners | None = None
    """None in evidence of versions that did not look."""
    findings: FindingFacts | None = None
    """None in evidence of versions that kept none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualFacts(ScanFacts):
    """Facts of M9.F: nothing of the environment is left (TD5)."""

    destroy_set: tuple[StateResource, ...]
    destroyed_still_there: Observed[tuple[StateResource, ...]]
    preserve_set: tuple[PreserveItem, ...]
    """What is not left over, but meant to stay."""
    log_groups: Observed[tuple[WrittenLogGroup, ...]] = field(default_factory=Absent)
    """Those that AWS wrote again. Absent in evidence of versions that did not look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreservedFacts(Facts):
    """Facts of M9.F: everything that must survive is still there, and no other stack moved (TD4, LC6)."""

    environment: str
    preserve_set: tuple[PreserveItem, ...]
    preserved_missing: Observed[tuple[PreserveItem, ...]]
    serials_frozen: dict[str, Observed[int]]
    """State serial of each stack that is no target, when the scope was frozen."""
    serials_now: dict[str, Observed[int]]
    persistent: tuple[str, ...]
    """Stacks that no teardown takes; M2 puts back what is missing of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditResidualFacts(ScanFacts):
    """Facts of the nightly residual scan: while a platform run is open, what stands beside its stacks; else all."""

    region: str
    """Where the stacks stand: a name in a state means the one of this region."""
    platform_run: Observed[PlatformRun]
    """The newest one. Absent: there never was one."""
    states: tuple[OwnedState, ...]
    """Of every stack of the manifest."""
    expected_stacks: tuple[str, ...]
    intents: dict[str, Observed[Intent]]
    """By stack: the terraform that nobody saw end. Absent: there is none."""
    preserve_set: Observed[tuple[PreserveItem, ...]]
    enabled_regions: Observed[tuple[str, ...]] = field(default_factory=Absent)
    """Those of the account. Absent: the manifest wants no more than its own regions looked at, or the evidence is of a
    version that asked for no others."""
    standing_rules: tuple[ForbiddenRule, ...] = ()
    """What may not stand at any time, for the regions into which no other lane looks. Empty in evidence of versions
    that looked into none."""
    tagged: dict[str, Observed[tuple[TaggedResource, ...]]] | None = None
    """By region what bears all of `environment_tags` and no listing answers for. Absent: closed there. None in evidence
    of versions that did not ask."""

    @property
    def applying(self) -> tuple[str, ...]:
        """Stacks of which an apply is under way, or may be: what it has just made is in no state yet."""
        return tuple(stack for stack, it in self.intents.items() if isinstance(it, Known) and it.value.may_be_changing)
