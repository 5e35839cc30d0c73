"""What was seen standing and should be gone is asked for until it is: no proof and no all-clear before (TD4, TD5)."""

from collections.abc import Iterable, Iterator

from tidegate.gates.rules_live_remedy import held_by, way_out
from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import DESCRIBE, OPERATOR
from tidegate.models.blocker import Blocker
from tidegate.models.findings import FINDING_RULE, FindingFacts, FindingLook
from tidegate.models.inventory import LiveResource
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.remedy import OWNER, Clear, Person, Remedy

_RECORDS = "control record findings"
_READ_RECORDS = Remedy.of(
    Person(
        OWNER,
        "let the role read control/<environment>/findings in the evidence bucket; of a damaged record, bring back the "
        "object version that its digest fits",
        "docs/runbooks/evidence-unreachable.md",
    ),
    Clear(),
    alternative=(Person(OPERATOR, "run the version of tidegate that wrote the newest record"), Clear()),
)


def finding_blockers(
    findings: FindingFacts | None, told: Iterable[Blocker] = (), *, tearing_down: bool
) -> Iterator[Blocker]:
    """Block for every open finding that stands, that nobody could ask, or when the records cannot be read.

    Not for what an exception covers, for what a state holds again, nor for what is `told` by another blocker already.
    """
    looks = Unreadable("nobody looked") if findings is None else findings.looks
    if not isinstance(looks, Known):
        yield unusable(
            looks,
            Need(
                stem="FINDINGS",
                what="the open findings",
                resource=_RECORDS,
                expected="what earlier runs saw standing, or nothing",
                remedy=_READ_RECORDS,
            ),
        )
    if findings is None or not isinstance(looks, Known):
        return
    names = {blocker.resource for blocker in told}
    for look in looks.value:
        if not _is_covered(findings, look) and names.isdisjoint(_names(look)):
            yield from _look(findings, look, tearing_down)


def _look(findings: FindingFacts, look: FindingLook, tearing_down: bool) -> Iterator[Blocker]:
    finding = look.finding
    if isinstance(look.there, Absent):
        return
    if not isinstance(look.there, Known):
        yield unusable(
            look.there,
            Need(
                stem="FINDING",
                what="whether an open finding still stands",
                resource=_names(look)[0],
                expected="that it stands, or that it is gone",
                remedy=DESCRIBE,
            ),
        )
        return
    resource: LiveResource = look.there.value
    if findings.owners is not None and held_by(resource, findings.owners) is not None:
        return  # built again since, so it stands rightly; the teardown of its stack takes it
    held = f"state of {finding.held_by}" if finding.held_by else "no state"
    yield Blocker(
        code="FINDING-OPEN",
        summary="something that should be gone was seen standing, and it still stands",
        resource=_names(look)[0],
        observed=f"{finding.code} since {finding.since.isoformat()}, seen by {finding.seen_by}, then in {held}",
        expected=f"gone, or an exception of the manifest from rule {FINDING_RULE}",
        remedy=way_out(resource, findings.owners, tearing_down=tearing_down),
        owner="finops",
    )


def _names(look: FindingLook) -> tuple[str, str]:
    """As blockers name it: with its region, and without."""
    finding = look.finding
    return f"{finding.type} {finding.id} {finding.region}", f"{finding.type} {finding.id}"


def _is_covered(findings: FindingFacts, look: FindingLook) -> bool:
    return any(
        exception.resource == look.finding.id and exception.rule in look.rules and findings.today <= exception.expires
        for exception in findings.exceptions
    )
