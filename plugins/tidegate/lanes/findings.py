"""Open findings: checked live, opened for what a lane saw deployed, closed when a live check finds it gone."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from tidegate.collectors.aws.inventory import LISTINGS
from tidegate.collectors.aws.inventory.listing import Found, Scan
from tidegate.collectors.aws.lookup import QUESTIONS, still_there
from tidegate.collectors.confluent.identities import PREFIX, confluent_still_there
from tidegate.evidence.findings import open_findings, record_findings
from tidegate.evidence.unexplained_spend import unexplained_spend
from tidegate.gates.rules_live_remedy import held_by
from tidegate.gates.rules_residual import name_of
from tidegate.lanes.confluent import confluent_api
from tidegate.lanes.owners import owners_of
from tidegate.lanes.run import LaneRun, now
from tidegate.lanes.time_to_live import collect_time_to_live, tear_down_the_ended
from tidegate.models.facts import Facts
from tidegate.models.findings import FINDING_RULE, Finding, FindingFacts, FindingLook
from tidegate.models.inventory import Inventory, LiveResource, PostureFacts
from tidegate.models.observed import Absent, Known, Observed, Unreadable, shown
from tidegate.models.ownership import Owners
from tidegate.models.residual import AuditResidualFacts, ResidualFacts, ScanFacts
from tidegate.models.state import DestroyedStateFacts, StateResource
from tidegate.models.time_to_live import TimeToLiveFacts

_STILL_THERE, _TAGGED = "RESOURCE-STILL-THERE", "TAGGED-BESIDE-LISTINGS"
_STANDING = frozenset(
    {
        "FORBIDDEN-LIVE",
        "ORPHAN-BESIDE-STACKS",
        "RESIDUAL-DELETING",
        "RESIDUAL-RESOURCE",
        "RESIDUAL-UNDELETABLE",
        "RESIDUAL-VENDOR-MANAGED",
    }
)
"""Codes of blockers about one resource that is deployed and should not be."""
_CONFLUENT = "confluent-cloud"
"""The region of resources in Confluent Cloud."""


def finding_facts(run: LaneRun, inventory: Inventory | None = None, owners: Owners | None = None) -> FindingFacts:
    """Every open finding, checked now. What this scan has just read is not asked for again.

    Without findings, the only request is the list of control records, which the run makes once.
    """
    records = open_findings(run.control, run.environment.name)
    looks: Observed[tuple[FindingLook, ...]] = records if isinstance(records, Unreadable) else Known(())
    if isinstance(records, Known) and records.value:
        looks = Known(tuple(_look(run, finding, inventory) for finding in records.value))
        owners = owners or owners_of(run)
    else:
        owners = None
    return FindingFacts(looks=looks, exceptions=run.environment.exceptions, today=now().date(), owners=owners)


def collect_hourly(run: LaneRun) -> TimeToLiveFacts:
    """HOURLY.B: the time to live of every ephemeral stack, every open finding, and every unexplained charge."""
    return replace(
        collect_time_to_live(run),
        findings=finding_facts(run),
        unexplained=unexplained_spend(run.control, run.environment.name),
    )


def settle(run: LaneRun, facts: Facts, document: dict[str, Any]) -> None:
    """After the judgement is in the evidence: open findings for what it saw, close those that are gone. Raises
    StoreError.
    """
    findings = getattr(facts, "findings", None)
    looks = findings.looks if isinstance(findings, FindingFacts) else Absent()
    seen = tuple(_seen(run, facts, document))
    gone = tuple(
        look.finding for look in (looks.value if isinstance(looks, Known) else ()) if isinstance(look.there, Absent)
    )
    if seen or gone:
        record_findings(
            run.remote,
            run.environment.name,
            seen=seen,
            gone=gone,
            recorded_by=run.execution_id,
            at=now(),
            evidence={
                "uri": run.remote.uri(run.place(run.lane).remote_key(int(document["attempt"]))),
                "sha256": str(document["digest"]),
            },
            log=run.log,
        )


def settle_and_tear_down(run: LaneRun, facts: Facts, document: dict[str, Any]) -> None:
    """After a closed TIME-TO-LIVE of the hourly check: first the findings, then the stacks whose time has ended.

    Raises ActionBlocked, StoreError.
    """
    try:
        settle(run, facts, document)
    finally:  # a record that cannot be written keeps nothing standing
        tear_down_the_ended(run, facts, document)


def _seen(run: LaneRun, facts: Facts, document: dict[str, Any]) -> Iterator[Finding]:
    if isinstance(facts, DestroyedStateFacts):
        for resource in facts.still_there.value if isinstance(facts.still_there, Known) else ():
            yield _of_state(run, facts, resource, str(run.lane.stack))
    if isinstance(facts, ResidualFacts) and isinstance(facts.destroyed_still_there, Known):
        for resource in facts.destroyed_still_there.value:
            yield _of_state(run, facts, resource, None)
    if isinstance(facts, ScanFacts | PostureFacts):
        codes = {it["resource"]: it["code"] for it in document.get("blockers", ()) if it["code"] in _STANDING}
        for live in facts.inventory.resources:
            if name_of(live) in codes:
                holder = held_by(live, facts.owners) if facts.owners is not None else None
                yield Finding(
                    type=live.type,
                    id=live.id,
                    region=live.region,
                    since=facts.observed_at,
                    seen_by=run.execution_id,
                    code=codes[name_of(live)],
                    held_by=None if holder is None else holder.stack,
                )
    if isinstance(facts, AuditResidualFacts):
        yield from _tagged(run, facts, document)


def _tagged(run: LaneRun, facts: AuditResidualFacts, document: dict[str, Any]) -> Iterator[Finding]:
    """Resources that are known by their tags alone, where a live check answered: only those can be checked again."""
    named = {it["resource"] for it in document.get("blockers", ()) if it["code"] == _TAGGED}
    for answer in (facts.tagged or {}).values():
        for resource in answer.value if isinstance(answer, Known) else ():
            if resource.name in named and resource.there == Known(True):
                yield Finding(
                    type=resource.type,
                    id=resource.id,
                    region=resource.region,
                    since=facts.observed_at,
                    seen_by=run.execution_id,
                    code=_TAGGED,
                    held_by=None,
                )


def _of_state(run: LaneRun, facts: Facts, resource: StateResource, stack: str | None) -> Finding:
    return Finding(
        type=resource.type,
        id=resource.id,
        region=_CONFLUENT if resource.type.startswith(PREFIX) else run.environment.region,
        since=facts.observed_at,
        seen_by=run.execution_id,
        code=_STILL_THERE,
        held_by=stack,
    )


def _look(run: LaneRun, finding: Finding, inventory: Inventory | None) -> FindingLook:
    rules = [rule.id for rule in run.policies.forbidden.rules if finding.type in rule.types]
    return FindingLook(finding=finding, there=_there(run, finding, inventory), rules=(FINDING_RULE, *rules))


def _there(run: LaneRun, finding: Finding, inventory: Inventory | None) -> Observed[LiveResource]:
    if finding.code in {_STILL_THERE, _TAGGED}:
        return _looked_up(run, finding)
    listed = _listed(run, finding, inventory)
    if isinstance(listed, Absent) and finding.type in QUESTIONS and finding.region == run.environment.region:
        return _looked_up(
            run, finding
        )  # some listings see only what carries the tags, and tags may have been taken off
    return listed


def _listed(run: LaneRun, finding: Finding, inventory: Inventory | None) -> Observed[LiveResource]:
    subject = f"{finding.type}@{finding.region}"
    for covered in inventory.coverage if inventory is not None else ():
        if inventory is not None and covered.subject == subject and covered.status == "read":
            return next(
                (Known(it) for it in inventory.resources if (it.type, it.id, it.region) == finding.subject), Absent()
            )
    listing = LISTINGS.get(finding.type)
    if listing is None:
        return Unreadable(f"no listing knows {finding.type}")
    scan = Scan(run.clients, finding.region, run.environment)
    found = listing.answer(scan)
    if not isinstance(found, Known):
        return Unreadable(shown(found))
    return next((Known(_live(finding, it)) for it in found.value if it.id == finding.id), Absent())


def _looked_up(run: LaneRun, finding: Finding) -> Observed[LiveResource]:
    asked = (StateResource(address=finding.type, type=finding.type, id=finding.id),)
    if finding.type.startswith(PREFIX):
        with confluent_api(run) as api:
            answering = confluent_still_there(api.value, asked) if isinstance(api, Known) else api
    else:
        at_home = finding.region == run.environment.region
        with nullcontext(run.clients) if at_home else run.clients.apart(finding.region) as clients:
            answering = still_there(clients, asked)
    if not isinstance(answering, Known):
        return Unreadable(shown(answering))
    return Known(_live(finding, Found(id=finding.id, status="answers", item={}))) if answering.value else Absent()


def _live(finding: Finding, found: Found) -> LiveResource:
    return LiveResource(
        type=finding.type,
        id=finding.id,
        region=finding.region,
        status=found.status,
        attributes={},
        tags=dict(found.tags),
    )
