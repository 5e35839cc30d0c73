"""M9.E after the destroy: whether an identity or a secret of the stack is left behind (LC3)."""

from tidegate.collectors.aws.parameters import read_parameters
from tidegate.collectors.confluent.identities import PREFIX, Identities, read_identities
from tidegate.lanes.confluent import confluent_api
from tidegate.lanes.frozen import frozen_scope
from tidegate.lanes.run import LaneRun, now
from tidegate.models.facts import Source
from tidegate.models.observed import Absent, Known, Observed
from tidegate.models.orphans import Identity, OrphanFacts
from tidegate.models.plan import StackScope

_NOT_ASKED = Identities(environments=Absent(), service_accounts=Absent(), api_keys=Absent(), role_bindings=Absent())


def collect_orphans(run: LaneRun) -> OrphanFacts:
    """Every identity and parameter of the environment that still exists. A stack that is no target is not looked at.

    Raises LookupError if this run froze no scope.
    """
    stack = str(run.lane.stack)
    observed_at = now()
    frozen = frozen_scope(run)
    scope = next((scope for scope in frozen.stacks if scope.stack == stack), None)
    found = _NOT_ASKED if scope is None else _identities(run, scope)
    return OrphanFacts(
        observed_at=observed_at,
        sources=()
        if scope is None
        else (Source(name="confluent", data_as_of=observed_at), Source(name="ssm", data_as_of=observed_at)),
        stack=stack,
        target=frozen.target,
        targeted=scope is not None,
        name_prefix=run.environment.dashed,
        parameter_prefix=run.environment.secrets_prefix,
        environments=found.environments,
        service_accounts=found.service_accounts,
        api_keys=found.api_keys,
        role_bindings=found.role_bindings,
        parameters=Absent() if scope is None else left_parameters(run),
    )


def _identities(run: LaneRun, scope: StackScope) -> Identities:
    with confluent_api(run) as api:
        if not isinstance(api, Known):
            return Identities(environments=api, service_accounts=api, api_keys=api, role_bindings=api)
        return read_identities(api.value, name_prefix=run.environment.dashed, known_ids=_known_ids(scope))


def _known_ids(scope: StackScope) -> set[str]:
    """Ids of what was destroyed now, and of what an earlier, unfinished teardown had frozen."""
    ids = {resource.id for resource in scope.destroy_set if resource.type.startswith(PREFIX)}
    if isinstance(scope.resumes, Known):
        ids |= {resource.id for resource in scope.resumes.value.destroy_set if resource.type.startswith(PREFIX)}
    return ids


def left_parameters(run: LaneRun) -> Observed[tuple[Identity, ...]]:
    """The SSM parameters below the environment's prefix for secrets, as identities that could be left over."""
    found = read_parameters(run.clients, run.environment.secrets_prefix)
    if not isinstance(found, Known):
        return found
    return Known(tuple(Identity(kind="parameter", id=each.name, display_name=each.type) for each in found.value))
