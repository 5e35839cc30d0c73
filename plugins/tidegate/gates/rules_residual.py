"""What a residual scan makes of each resource that answers: on its way out, vendor-managed, held, or simply left (TD5).

A resource has at most one of these stories, the first that fits, because each has another next step:

* still deleting: the service's own word says so. Time removes it; a sensor waits.
* vendor-managed: a service of AWS made it (`aws:` tags, which nobody else can write) and removes it with its owner.
  Tearing down again does not help, so nothing waits for it. It blocks only when it costs: forbidden, or of a type that
  the price policy does not call free. A free one is named in the log and in the inventory of the facts.
* undeletable for now: protected from deletion, kept by a backup, or busy with something during which its service
  refuses to delete it. Somebody must lift that first.
* all others: forbidden, or left over.
"""

import re
from collections.abc import Iterator, Sequence

from tidegate.gates.rules_forbidden import Verdict, expired_blocker, finding_blocker, judge
from tidegate.gates.rules_live_remedy import is_named_by, way_out
from tidegate.gates.rules_remedies import FINDER, SAME_DAG, TEARDOWN
from tidegate.models.blocker import Blocker
from tidegate.models.inventory import LiveResource
from tidegate.models.observed import Known
from tidegate.models.plan import PreserveItem
from tidegate.models.remedy import Clear, Edit, Person, Remedy, Wait
from tidegate.models.residual import ScanFacts

GOING = frozenset(
    {
        "cancelled_terminating",
        "delete in progress",
        "deleted_terminating",
        "deleting",
        "deprovisioning",
        "draining",
        "final-snapshot",
        "inactive-draining",
        "shutting-down",
    }
)
"""Words, folded, with which services say that a resource is on its way out."""

_BUSY = frozenset(
    {
        "backing-up",
        "creating",
        "healing",
        "maintenance",
        "modifying",
        "rebooting",
        "rebooting_broker",
        "renaming",
        "resetting-master-credentials",
        "starting",
        "stopping",
        "updating",
        "upgrading",
    }
)
"""Words, folded, of data stores and clusters that refuse a deletion until they are done."""

_REFUSE_WHILE_BUSY = frozenset(
    {
        "aws_db_cluster_snapshot",
        "aws_db_instance",
        "aws_db_snapshot",
        "aws_eks_cluster",
        "aws_elasticache_cluster",
        "aws_msk_cluster",
        "aws_rds_cluster",
        "aws_redshift_cluster",
    }
)

_VENDORS = {
    "aws:autoscaling:groupName": "Auto Scaling group",
    "aws:cloudformation:stack-name": "CloudFormation stack",
    "aws:ec2:fleet-id": "EC2 fleet",
    "aws:ec2spot:fleet-request-id": "spot fleet request",
    "aws:ecs:serviceName": "ECS service",
    "aws:eks:cluster-name": "EKS cluster",
    "aws:secretsmanager:owningService": "service",
}
"""Tags with which services of AWS name the owner of what they make."""

_BACKUP = "aws:backup:"
_IS_BUSY = "it is busy"


def found_blockers(facts: ScanFacts, preserved: Sequence[PreserveItem]) -> Iterator[Blocker]:
    """Everything forbidden, whoever made it, and everything of the environment that is not preserved."""
    for resource in facts.inventory.resources:
        verdict = judge(
            resource.type,
            resource.attributes,
            key=resource.id,
            rules=facts.forbidden,
            exceptions=facts.exceptions,
            today=facts.today,
        )
        left_over = is_left_over(facts, resource, preserved)
        if has_story(resource):
            if verdict.findings or left_over:
                yield from story_blockers(facts, resource, [finding.rule.id for finding in verdict.findings])
            continue
        yield from forbidden_blockers(facts, resource, verdict)
        if left_over and not (verdict.findings and resource.type not in facts.ephemeral_types):  # said once
            yield Blocker(
                code="RESIDUAL-RESOURCE",
                summary="a resource of the environment is left over",
                resource=name_of(resource),
                observed=said_status(resource),
                expected="gone",
                remedy=way_out(resource, facts.owners, tearing_down=True),
            )


def ephemeral_types_blockers(facts: ScanFacts) -> Iterator[Blocker]:
    """Block when no type counts as ephemeral."""
    if not facts.ephemeral_types:
        yield Blocker(
            code="EPHEMERAL-TYPES-MISSING",
            summary="no type counts as ephemeral, so nothing could ever be found left over",
            resource="ephemeral types",
            observed="0 types",
            expected="the types that ephemeral stacks may hold",
            remedy=Remedy.of(Edit("include/policies/allowed_types.yaml", "stacks", why="by stack"), SAME_DAG),
        )


def has_story(resource: LiveResource) -> bool:
    """Is it on its way out, vendor-managed or held?"""
    return is_going(resource) or bool(vendor_of(resource)) or bool(hold_of(resource))


def story_blockers(facts: ScanFacts, resource: LiveResource, broken_rules: Sequence[str]) -> Iterator[Blocker]:
    """The one blocker of a resource that has a story and stands where it should not; none for a free vendor's one."""
    against = f"; against rule {', '.join(broken_rules)}" if broken_rules else ""
    vendor = vendor_of(resource)
    if is_going(resource):
        yield Blocker(
            code="RESIDUAL-DELETING",
            summary="a resource is still on its way out",
            resource=name_of(resource),
            observed=said_status(resource) + against,
            expected="gone",
            remedy=Remedy.of(Wait("the service has finished"), Clear()),
        )
    elif vendor:
        if broken_rules or resource.type not in facts.free_types:
            yield Blocker(
                code="RESIDUAL-VENDOR-MANAGED",
                summary="a service of AWS made it, it costs, and only its owner removes it",
                resource=name_of(resource),
                observed=f"{said_status(resource)}; made by {vendor}{against}",
                expected="gone with its owner",
                remedy=Remedy.of(
                    Person(vendor, "remove its owner, or let the owner make none"),
                    Clear(),
                    note="A teardown does not reach it",
                ),
            )
    else:
        hold = hold_of(resource)
        yield Blocker(
            code="RESIDUAL-UNDELETABLE",
            summary="a resource is left over that its service refuses to delete for now",
            resource=name_of(resource),
            observed=f"{said_status(resource)}; {hold}{against}",
            expected="gone",
            remedy=Remedy.of(
                Wait("it is no longer busy") if hold == _IS_BUSY else Person(FINDER, "lift what holds it"), TEARDOWN
            ),
        )


def is_left_over(facts: ScanFacts, resource: LiveResource, preserved: Sequence[PreserveItem]) -> bool:
    """Is it nobody's to keep, and the environment's: by any mark where only ephemeral stacks hold its type, else by all
    of the tags that ephemeral stacks give?
    """
    if any(item.type == resource.type and is_named_by(item.id, resource) for item in preserved):
        return False
    return _is_tagged(facts, resource) or (resource.type in facts.ephemeral_types and _belongs(facts, resource))


def harmless_vendors(facts: ScanFacts, preserved: Sequence[PreserveItem]) -> tuple[str, ...]:
    """Names, with their owners, of the environment's vendor-managed resources that cost nothing and block nothing."""
    return tuple(
        f"{name_of(resource)} ({vendor_of(resource)})"
        for resource in facts.inventory.resources
        if not is_going(resource)
        and vendor_of(resource)
        and resource.type in facts.free_types
        and is_left_over(facts, resource, preserved)
    )


def is_going(resource: LiveResource) -> bool:
    """Does its service say that it is on its way out?"""
    return resource.status.casefold() in GOING


def vendor_of(resource: LiveResource) -> str:
    """Which service of AWS made it, and its owner there; empty when none did. What a backup keeps is held, not made."""
    for key, owner in _VENDORS.items():
        if key in resource.tags:
            return f"{owner} {resource.tags[key]}"
    unknown = sorted(key for key in resource.tags if key.startswith("aws:") and not key.startswith(_BACKUP))
    return f"AWS, tag {unknown[0]}={resource.tags[unknown[0]]}" if unknown else ""


def hold_of(resource: LiveResource) -> str:
    """What keeps its service from deleting it now; empty when nothing is known to."""
    if resource.attributes.get("deletion_protection") == Known(True):
        return "deletion protection is on"
    if any(key.startswith(_BACKUP) for key in resource.tags):
        return "a backup vault keeps it"
    if resource.type in _REFUSE_WHILE_BUSY and resource.status.casefold() in _BUSY:
        return _IS_BUSY
    return ""


def is_only_busy(resource: LiveResource) -> bool:
    """Does its service refuse to delete it for no other reason than that it is being made or changed?"""
    return not is_going(resource) and not vendor_of(resource) and hold_of(resource) == _IS_BUSY


def name_of(resource: LiveResource) -> str:
    """Type, id and region."""
    return f"{resource.type} {resource.id} {resource.region}"


def said_status(resource: LiveResource) -> str:
    """The service's word."""
    return f"status {resource.status or 'blank'}"


def forbidden_blockers(facts: ScanFacts, resource: LiveResource, verdict: Verdict) -> Iterator[Blocker]:
    """What the rules say against one resource that stands."""
    for finding in verdict.findings:
        yield finding_blocker(
            finding,
            forbidden_code="FORBIDDEN-LIVE",
            resource=name_of(resource),
            remedy=way_out(resource, facts.owners, tearing_down=True),
        )
    for exception in verdict.expired:
        yield expired_blocker(exception, resource=name_of(resource), today=facts.today)


def _is_tagged(facts: ScanFacts, resource: LiveResource) -> bool:
    tags = facts.environment_tags
    return bool(tags) and all(resource.tags.get(name) == value for name, value in tags.items())


def _belongs(facts: ScanFacts, resource: LiveResource) -> bool:
    if _is_tagged(facts, resource):
        return True
    last = re.split("[/:]", resource.id.rstrip("/:*"))[-1]
    return resource.id.startswith(facts.name_prefix) or last.startswith(facts.name_prefix)
