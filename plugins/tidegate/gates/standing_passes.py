"""STANDING-PASSES. Passes that people rely on belong to today's policy, and no exception ends unnoticed (EV4, IN4)."""

from collections.abc import Iterator
from datetime import timedelta

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_observed import Need, readable
from tidegate.gates.rules_remedies import BUILD, EVIDENCE_BUCKET, SAME_DAG, TEARDOWN, manifest
from tidegate.models.audit import StandingPass, StandingPassesFacts
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known, Observed
from tidegate.models.remedy import Remedy

_READ = EVIDENCE_BUCKET
_TODAY = "It judges under today's manifest and policies"
_M9 = Remedy.of(TEARDOWN, note=_TODAY)
_M2 = Remedy.of(BUILD, note=_TODAY)


def blockers(facts: StandingPassesFacts) -> Iterator[Blocker]:
    """Cost, proof, build, and the exceptions of the manifest."""
    return each(
        _standing(facts.cost, stem="COST-PASS", what="the newest cost guardrail (M9.G)", remedy=_M9),
        _standing(facts.proof, stem="PROOF-PASS", what="the newest teardown proof", remedy=_M9),
        _standing(facts.build, stem="BUILD-PASS", what="the verdict of the newest build", remedy=_M2),
        _exceptions(facts),
    )


def _standing(found: Observed[StandingPass], *, stem: str, what: str, remedy: Remedy) -> Iterator[Blocker]:
    """Nothing there: nobody relies on it. A snapshot that is no pass is relied on by nobody either."""
    yield from readable(
        found, Need(stem=stem, what=what, resource="evidence", expected="a snapshot, or none yet", remedy=_READ)
    )
    if isinstance(found, Known) and found.value.overall_pass:
        yield from _stale(found.value, what=what, remedy=remedy)


def _stale(standing: StandingPass, *, what: str, remedy: Remedy) -> Iterator[Blocker]:
    changed = [it for it in standing.policies if it.policy_digest != it.policy_digest_today]
    if changed or not standing.policies:
        named = ", ".join(dict.fromkeys(f"{it.lane} {it.gate}" for it in changed))
        yield Blocker(
            code="PASS-STALE",
            summary=f"{what} passed under another policy than today's",
            resource=standing.uri,
            observed=f"{standing.execution_id}: manifest or policies changed since for {named or 'nobody knows which'}",
            expected="a pass under today's manifest and policies",
            remedy=remedy,
        )


def _exceptions(facts: StandingPassesFacts) -> Iterator[Blocker]:
    soon = facts.today + timedelta(days=facts.warn_expiry_days)
    for exception in facts.exceptions:
        said = f"owner {exception.owner}, last day {exception.expires.isoformat()}: {exception.reason}"
        if exception.expires < facts.today:
            yield Blocker(
                code="EXCEPTION-ENDED",
                summary="an exception of the manifest has ended, and what it lifted blocks again",
                resource=f"exception from {exception.rule} for {exception.resource}",
                observed=said,
                expected="no exception whose last day has passed",
                remedy=Remedy.of(
                    manifest("exceptions", why="remove it with what it allowed, or let its owner give it a new end"),
                    SAME_DAG,
                ),
            )
        elif exception.expires <= soon:
            yield Blocker(
                code="EXCEPTION-EXPIRES",
                summary="an exception of the manifest ends soon",
                resource=f"exception from {exception.rule} for {exception.resource}",
                observed=said,
                expected=f"more than {facts.warn_expiry_days} days left (audit.warn_expiry_days)",
                remedy=Remedy.of(
                    manifest("exceptions", why="let its owner give it a new end, or remove what it allows"), SAME_DAG
                ),
            )


GATE = Gate(
    id="STANDING-PASSES",
    title="Passes that people rely on belong to today's policy",
    owner="platform",
    requirements=("TD8", "EV4", "IN4"),
    facts=StandingPassesFacts,
    blockers=blockers,
    policy_sections=("audit", "exceptions"),
)
