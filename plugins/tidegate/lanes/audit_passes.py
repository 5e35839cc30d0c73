"""AUDIT.K: passes that people rely on, compared with today's policy, and exceptions that end (TD8, EV4, IN4)."""

from pydantic import TypeAdapter, ValidationError

from tidegate.gates.registry import by_id
from tidegate.lanes.newest import Found, newest_of, newest_proof
from tidegate.lanes.phases import phase_of
from tidegate.lanes.platform_way import counts_as_build
from tidegate.lanes.policy import policy_digest
from tidegate.lanes.run import LaneRun, now
from tidegate.models.audit import JudgedPolicy, StandingPass, StandingPassesFacts
from tidegate.models.facts import Source
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.proof import TeardownProofFacts


def collect_passes(run: LaneRun) -> StandingPassesFacts:
    """Newest cost guardrail and teardown proof; while a platform run is open, the build behind it as well."""
    observed_at = now()
    return StandingPassesFacts(
        observed_at=observed_at,
        sources=(Source(name="evidence", data_as_of=observed_at),),
        cost=_cost(run),
        proof=_proof(run),
        build=_build(run),
        exceptions=run.environment.exceptions,
        today=observed_at.date(),
        warn_expiry_days=run.environment.audit.warn_expiry_days,
    )


def _cost(run: LaneRun) -> Observed[StandingPass]:
    lane = next(lane for lane in phase_of(run.environment, "m9").lanes if lane.gate == "COST-GUARDRAIL")
    found = newest_of(run, lane)
    return _standing(found.value, [_own(run, found.value)]) if isinstance(found, Known) else found


def _proof(run: LaneRun) -> Observed[StandingPass]:
    """A proof rests on the snapshots that it names, so on their policies too."""
    found = newest_proof(run)
    if not isinstance(found, Known):
        return found
    snapshot = found.value.snapshot
    if snapshot.facts_type != TeardownProofFacts.__name__:
        return _standing(found.value, [_own(run, found.value)])
    try:
        references = TypeAdapter(TeardownProofFacts).validate_python(snapshot.facts).references
        policies = [_judged(run, it.lane, it.gate, it.policy_digest) for it in references]
    except ValidationError as error:
        return Unreadable(f"{found.value.stored.uri}: {error.error_count()} fields do not fit the facts of a proof")
    return _standing(found.value, [_own(run, found.value), *policies])


def _build(run: LaneRun) -> Observed[StandingPass]:
    """A verdict has no policy of its own; it rests on its lanes. A lane that this version has and the build did not
    have is skipped: the build's own verdict covers it.
    """
    match run.platform_run:
        case Known(platform) if platform.closed_by is None:
            pass
        case Known():
            return Absent()
        case other:
            return other
    phase = phase_of(run.environment, "m2")
    verdict = newest_of(run, phase.verdict, accept=counts_as_build)
    if not isinstance(verdict, Known):
        return verdict
    policies = []
    for lane in phase.lanes:
        match newest_of(run, lane, verdict.value.snapshot.execution_id):
            case Known(found):
                policies.append(_own(run, found))
            case Unreadable(reason):
                return Unreadable(reason)
    return _standing(verdict.value, policies)


def _standing(found: Found, policies: list[JudgedPolicy]) -> Known[StandingPass]:
    return Known(
        StandingPass(
            execution_id=found.snapshot.execution_id,
            uri=found.stored.uri,
            overall_pass=found.snapshot.overall_pass,
            policies=tuple(policies),
        )
    )


def _own(run: LaneRun, found: Found) -> JudgedPolicy:
    return _judged(run, found.snapshot.lane, found.snapshot.gate, found.snapshot.policy_digest)


def _judged(run: LaneRun, lane: str, gate_id: str, digest: str) -> JudgedPolicy:
    """A gate that this version no longer has judges nothing today, so the digests differ."""
    try:
        today = policy_digest(run, by_id(gate_id))
    except KeyError:
        today = "no such gate"
    return JudgedPolicy(lane=lane, gate=gate_id, policy_digest=digest, policy_digest_today=today)
