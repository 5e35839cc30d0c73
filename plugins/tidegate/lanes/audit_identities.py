"""AUDIT.I: identities and parameters that bear the environment's name, compared with the states (TD8, LC3)."""

from tidegate.collectors.aws.state import read_state
from tidegate.collectors.confluent.identities import PREFIX, Identities, read_identities
from tidegate.lanes.confluent import confluent_api
from tidegate.lanes.orphans import left_parameters
from tidegate.lanes.run import LaneRun, now
from tidegate.lanes.underway import unfinished_intents
from tidegate.models.audit import AuditIdentitiesFacts
from tidegate.models.facts import Source
from tidegate.models.observed import Known, Observed

PARAMETER = "aws_ssm_parameter"


def collect_identities(run: LaneRun) -> AuditIdentitiesFacts:
    """A running apply may have just made something that is in no state yet, so running applies are looked for before
    and after listing.
    """
    observed_at = now()
    stacks = run.environment.stacks_with_identities
    before = unfinished_intents(run, stacks)
    held = {name: _held(run, name) for name in run.environment.stacks}
    found = _identities(run, held)
    parameters = left_parameters(run)
    facts = AuditIdentitiesFacts(
        observed_at=observed_at,
        sources=tuple(Source(name=name, data_as_of=observed_at) for name in ("state", "confluent", "ssm")),
        expected_stacks=tuple(run.environment.stacks),
        name_prefix=run.environment.dashed,
        parameter_prefix=run.environment.secrets_prefix,
        intents=unfinished_intents(run, stacks, before),
        held=held,
        environments=found.environments,
        service_accounts=found.service_accounts,
        api_keys=found.api_keys,
        role_bindings=found.role_bindings,
        parameters=parameters,
    )
    if facts.applying:
        run.log(f"an apply of {', '.join(facts.applying)} is under way: what no state holds is not looked for")
    return facts


def _held(run: LaneRun, stack: str) -> Observed[tuple[str, ...]]:
    resources = read_state(run.clients, run.environment, stack).resources
    if not isinstance(resources, Known):
        return resources
    return Known(tuple(sorted({it.id for it in resources.value if it.type.startswith(PREFIX) or it.type == PARAMETER})))


def _identities(run: LaneRun, held: dict[str, Observed[tuple[str, ...]]]) -> Identities:
    known_ids = {id for ids in held.values() if isinstance(ids, Known) for id in ids.value}
    with confluent_api(run) as api:
        if not isinstance(api, Known):
            return Identities(environments=api, service_accounts=api, api_keys=api, role_bindings=api)
        return read_identities(api.value, name_prefix=run.environment.dashed, known_ids=known_ids)
