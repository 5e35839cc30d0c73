"""A cluster refuses the key with which its topics and ACLs are managed: what may be forgotten, planned and renewed.

A teardown that cannot ask for a topic forgets it and takes its cluster, with which it goes. Nothing else is forgotten.
"""

from collections.abc import Iterator

from tidegate.gates.rules_remedies import REPAIR, TEARDOWN
from tidegate.models.blocker import Blocker
from tidegate.models.operator_key import CLUSTER, IN_CLUSTER, RefusedKey, cluster_of
from tidegate.models.plan import Plan, StackScope
from tidegate.models.remedy import Remedy

RENEWED = 'confluent_api_key.this["operator"]'
"""The one address that M2 with repair makes anew before its plan."""
_MADE_ANEW = {("create",), ("create", "delete"), ("delete", "create")}
_UNCHANGED = {("no-op",), ("read",)}


def refused_blockers(refused: tuple[RefusedKey, ...], stack: str) -> Iterator[Blocker]:
    """There is no plan, and the cluster itself says why: it does not take the key."""
    for key in refused:
        yield Blocker(
            code="OPERATOR-KEY-REFUSED",
            summary="the cluster refuses the key with which Terraform manages its topics and ACLs",
            resource=stack,
            observed=f"cluster {key.cluster} answered {key.status} to key {key.key_id}, which "
            f"{len(key.addresses)} topics and ACLs are managed with",
            expected="a key that the cluster takes",
            remedy=Remedy.of(REPAIR, note="It makes a new key and leaves everything else as the plan says"),
        )


def forget_blockers(scope: StackScope) -> Iterator[Blocker]:
    """Only topics and ACLs of a cluster that goes with this very scope may be forgotten."""
    going = {it.id for it in scope.destroy_set if it.type == CLUSTER}
    frozen = {it.address: it for it in scope.destroy_set}
    for address in forgotten(scope):
        resource = frozen.get(address)
        if resource is None or resource.type not in IN_CLUSTER or cluster_of(resource.id) not in going:
            yield Blocker(
                code="FORGET-OUTSIDE-SCOPE",
                summary="what would be forgotten does not go with a cluster of this teardown",
                resource=address,
                observed="not in the destroy-set" if resource is None else f"{resource.type} {resource.id}",
                expected="a topic or an ACL of a cluster in the destroy-set",
                remedy=Remedy.of(REPAIR, TEARDOWN, note="The repair makes a key that the cluster takes"),
            )


def forgotten(scope: StackScope) -> tuple[str, ...]:
    """Addresses that a teardown of this scope forgets before it destroys."""
    return tuple(sorted({address for key in scope.refused_keys for address in key.addresses}))


def renewal_refusals(plan: Plan) -> tuple[str, ...]:
    """Every reason not to apply the plan that makes the key anew; it is targeted, so it is not complete by design."""
    found = []
    if plan.errored or plan.purpose != "build" or plan.format_version.split(".")[0] != "1":
        found.append(f"errored {plan.errored}, purpose {plan.purpose}, format {plan.format_version}")
    changed = {it.address: it.actions for it in plan.resources if it.actions not in _UNCHANGED}
    found += [f"it would {', '.join(how)} {what}" for what, how in changed.items() if what != RENEWED]
    if changed.get(RENEWED) not in _MADE_ANEW:
        found.append(f"it would not make {RENEWED} anew")
    return tuple(found)
