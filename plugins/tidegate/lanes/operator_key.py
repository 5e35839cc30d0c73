"""A cluster that refuses the operator's key: how it is found, and how a teardown gets past it (TD9, ST7).

A teardown forgets the topics and ACLs that can no longer be read, plans again and destroys. If the cluster still exists
afterwards, the recorded state is put back. Every step is recorded first and done under the state's lock.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from tidegate.answers import MalformedAnswer
from tidegate.collectors.aws.locks import read_state_locks
from tidegate.collectors.aws.stack_backend import backend_settings
from tidegate.collectors.aws.state import instances_of
from tidegate.collectors.aws.state_object import StateObject, read_state_object
from tidegate.collectors.confluent.api import ConfluentApi, NoAnswer, is_loopback
from tidegate.collectors.confluent.identities import confluent_still_there
from tidegate.collectors.confluent.operator_key import ClusterKey, cluster_keys, refused_keys
from tidegate.evidence.control import Series
from tidegate.gates.base import each
from tidegate.gates.rules_control import lease_ours_blockers
from tidegate.gates.rules_intent import intent_blockers
from tidegate.gates.rules_locks import no_lock_blockers
from tidegate.gates.rules_operator_key import forget_blockers, forgotten
from tidegate.lanes.confluent import confluent_api, confluent_endpoint
from tidegate.lanes.run import ActionBlocked, LaneRun, now
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known, shown
from tidegate.models.operator_key import CLUSTER, RefusedKey
from tidegate.models.plan import StackScope
from tidegate.models.remedy import Trigger
from tidegate.models.unsaved import ObjectVersion
from tidegate.terraform.state_writer import Operation, StateNotWritten, write_state


def refused_now(run: LaneRun, stack: str) -> tuple[RefusedKey, ...]:
    """Keys in the state of a stack at Confluent that their clusters refuse, asked now.

    Empty also where that is not known: then the failed plan stays what it is, a blocker.
    """
    if run.environment.stacks[stack].identities is None:
        return ()
    held = read_state_object(run.clients, run.environment, stack)
    if not isinstance(held, Known):
        return ()
    try:
        found = refused_keys(cluster_keys(held.value.body), _opener(run), now())
    except MalformedAnswer as error:
        run.log(f"{stack}: whether its clusters take their keys is not known: {error}")
        return ()
    if not isinstance(found, Known):
        run.log(f"{stack}: whether its clusters take their keys is not known: {shown(found)}")
        return ()
    for key in found.value:
        run.log(f"{stack}: cluster {key.cluster} answers {key.status} to its own key {key.key_id}, asked just now")
    return found.value


def _opener(run: LaneRun) -> Callable[[ClusterKey], AbstractContextManager[ConfluentApi]]:
    """Opens clusters as this profile may: a sandbox's key stays on loopback, a real key is sent over TLS only."""

    def opened(key: ClusterKey) -> AbstractContextManager[ConfluentApi]:
        endpoint = confluent_endpoint(run.environment, run.profile)
        if not isinstance(endpoint, Known):
            raise NoAnswer(endpoint.reason)
        api = ConfluentApi(key.endpoint, key.key)
        if not fits(run.profile, api):
            raise NoAnswer("its REST endpoint is not one that this profile may ask")
        return api

    return opened


def fits(profile: str, api: ConfluentApi) -> bool:
    """Whether a cluster's key may be sent to this address."""
    here = is_loopback(api.origin.host)
    return here if profile == "sandbox" else api.origin.scheme == "https" and not here


def forget(run: LaneRun, scope: StackScope) -> ObjectVersion:
    """Take the topics and ACLs of a frozen scope out of the state, after recording its version; returns that version.

    Raises ActionBlocked before anything is written, StateNotWritten where the state moved or is locked, StoreError.
    """
    stack = scope.stack
    again = {(it.cluster, it.key_id) for it in refused_now(run, stack)}
    if again != {(it.cluster, it.key_id) for it in scope.refused_keys}:
        raise ActionBlocked(f"the keys that the clusters of {stack} refuse are not those of the frozen scope any more")
    refusals = tuple(each(forget_blockers(scope), _unfree(run, stack)))
    if refusals:
        raise ActionBlocked(" ".join(it.sentence() for it in refusals))
    held = read_state_object(run.clients, run.environment, stack)
    frozen = scope.state.value.version_id if isinstance(scope.state, Known) else ""
    if not isinstance(held, Known) or held.value.stored.version_id != frozen:
        raise ActionBlocked(f"the state of {stack} is not version {frozen or 'none'} any more, so nothing is forgotten")
    addresses = forgotten(scope)
    body = without(held.value, addresses)
    record(
        run,
        "forgotten",
        {
            "stack": stack,
            "version_id": frozen,
            "serial": held.value.stored.content.serial,
            "addresses": list(addresses),
            "keys": [{"key_id": it.key_id, "cluster": it.cluster, "status": it.status} for it in scope.refused_keys],
        },
    )
    made = _write(run, stack, body, held.value.stored, "forget")
    run.log(
        f"{stack}: {len(addresses)} topics and ACLs are forgotten, for their cluster refuses the key; "
        f"the state before is version {frozen}, on record; now it is version {made}"
    )
    return ObjectVersion(version_id=held.value.stored.version_id, etag=held.value.stored.etag)


def put_back_if_standing(run: LaneRun, scope: StackScope, before: ObjectVersion) -> None:
    """If a cluster of the scope still exists in Confluent, put the recorded state back and log it.

    Raises ActionBlocked if it exists or cannot be read; the text says what became of the state.
    """
    stack = scope.stack
    clusters = tuple(it for it in scope.destroy_set if it.type == CLUSTER)
    environments = tuple(it for it in scope.destroy_set if it.type == "confluent_environment")
    with confluent_api(run) as api:
        answering = confluent_still_there(api.value, (*environments, *clusters)) if isinstance(api, Known) else api
    if not isinstance(answering, Known):
        raise ActionBlocked(
            f"whether the cluster of {stack} still stands is not known ({shown(answering)}); what was forgotten is in "
            f"version {before.version_id} of its state"
        )
    standing = [it.id for it in answering.value if it.type == CLUSTER]
    if not standing:
        return
    wanted = read_state_object(run.clients, run.environment, stack, before.version_id)
    over = read_state_object(run.clients, run.environment, stack)
    if not isinstance(wanted, Known) or not isinstance(over, Known):
        raise ActionBlocked(f"{', '.join(standing)} still stands, and version {before.version_id} cannot be put back")
    record(
        run,
        "restored_states",
        {
            "stack": stack,
            "version_id": before.version_id,
            "serial": wanted.value.stored.content.serial,
            "over_version_id": over.value.stored.version_id,
            "reason": f"{', '.join(standing)} still stands after the destroy",
        },
    )
    try:
        made = _write(run, stack, wanted.value.body, over.value.stored, "restore")
    except StateNotWritten as error:
        raise ActionBlocked(f"{', '.join(standing)} still stands, and the state is not put back: {error}") from error
    said = f"{', '.join(standing)} still stands: version {before.version_id} of the state is put back as {made}"
    run.log(f"{stack}: {said}")
    raise ActionBlocked(said)


def without(held: StateObject, addresses: tuple[str, ...]) -> bytes:
    """The state without these instances, its serial raised by one. Raises MalformedAnswer unless it
    holds all of them.
    """
    document: dict[str, Any] = json.loads(held.body)
    gone = {id(instance): address for address, instance in instances_of(document) if address in addresses}
    if set(gone.values()) != set(addresses):
        raise MalformedAnswer("the state does not hold what is to be forgotten")
    for resource in document["resources"]:
        resource["instances"] = [it for it in resource["instances"] if id(it) not in gone]
    document["resources"] = [it for it in document["resources"] if it["instances"]]
    document["serial"] += 1
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


def record(run: LaneRun, series: str, content: dict[str, Any]) -> None:
    """A numbered record below `control/<env>/`, before anything is written. Raises StoreError."""
    told = {**content, "execution_id": run.execution_id, "recorded_at": now().isoformat()}
    Series(run.remote, f"control/{run.environment.name}/{series}").append_next(lambda _newest: told)


def _write(run: LaneRun, stack: str, body: bytes, over: ObjectVersion, name: str) -> str:
    settings = backend_settings(run.environment, stack)
    return write_state(run.clients, settings, body, over=over, operation=Operation(name, now()))


def _unfree(run: LaneRun, stack: str) -> Iterator[Blocker]:
    return each(
        lease_ours_blockers(run.acquire_lease()),
        no_lock_blockers(stack, read_state_locks(run.clients, run.environment, stack)),
        intent_blockers(run.intents(stack).unfinished(), stack, Trigger(run.dag_id)),
    )
