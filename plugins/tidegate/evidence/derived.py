"""The fields of a snapshot that repeat what its facts say: made here, and held against the facts again by `verify`."""

from typing import Any

from tidegate.evidence.canonical import digest_of, plain
from tidegate.models.environment import Environment
from tidegate.models.facts import Facts, Source
from tidegate.models.identity import Caller
from tidegate.models.observed import Known, shown
from tidegate.models.policy import Policies
from tidegate.models.state import StateVersion


def derived_fields(facts: Facts) -> dict[str, Any]:
    """`observed_at`, `sources`, `identity`, `state`, `plan_sha256`, `facts_type` and `facts`, in their JSON form."""
    return {
        "observed_at": plain(facts.observed_at),
        "sources": [_source(source) for source in facts.sources],
        "identity": _identity(facts),
        "state": _state(facts),
        "plan_sha256": _plan_sha256(facts),
        "facts_type": type(facts).__name__,
        "facts": plain(facts),
    }


def _source(source: Source) -> dict[str, Any]:
    """A source as snapshots have it: whether a gap may close by itself, the facts alone say."""
    stored: dict[str, Any] = plain(source)
    for covered in stored["coverage"]:
        del covered["transient"]
    return stored


def policy_digest(
    environment: Environment, policies: Policies, *, gate: str, version: int, sections: tuple[str, ...]
) -> str:
    """Digest of what a judgement depends on: the gate's version and its sections of manifest and policies (EV4)."""
    manifest = environment.model_dump(by_alias=True)
    of_policies = {
        "policies.forbidden": policies.forbidden.model_dump(),
        "policies.allowed_types": policies.allowed_types.model_dump(),
        "policies.prices": policies.prices.model_dump(),
        "policies.bill": policies.bill.model_dump(),
        "policies.execution_role": policies.execution_role.model_dump(),
    }
    chosen = {name: of_policies[name] if name in of_policies else manifest[name] for name in sections}
    return digest_of({"gate": gate, "version": version, "sections": chosen})


def _identity(facts: Facts) -> dict[str, str] | None:
    caller = getattr(facts, "caller", None)
    if not isinstance(caller, Caller):
        return None
    return {"account": shown(caller.account_id), "arn": shown(caller.arn), "session": shown(caller.session)}


def _state(facts: Facts) -> dict[str, Any] | None:
    before = getattr(facts, "before", getattr(facts, "state", None))
    after = getattr(facts, "after", None)
    if before is None and after is None:
        return None
    return {"before": _version(before), "after": _version(after)}


def _version(observed: Any) -> dict[str, Any] | None:
    if not isinstance(observed, Known) or not isinstance(observed.value, StateVersion):
        return None
    version = observed.value
    return {"key": version.key, "lineage": version.lineage, "serial": version.serial, "version_id": version.version_id}


def _plan_sha256(facts: Facts) -> str | None:
    plan = getattr(facts, "plan", None)
    if isinstance(plan, Known):
        return str(plan.value.sha256)
    fetched = getattr(facts, "plan_file_sha256", None)
    return str(fetched.value) if isinstance(fetched, Known) else None
