"""STACK-CONTRACT. A stack takes from its upstreams what this run left there: present, fresh, by remote state (LC5).

Secrets are looked for by name and type only.
"""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_observed import Need, required, unusable
from tidegate.gates.rules_remedies import AUTHOR, BUILD, REBUILD, SAME_DAG, allow, manifest, root_of
from tidegate.models.blocker import Blocker
from tidegate.models.contract import ContractFacts, Upstream
from tidegate.models.observed import Absent, Known
from tidegate.models.remedy import Person, Remedy

_BUILD = REBUILD


def blockers(facts: ContractFacts) -> Iterator[Blocker]:
    """Every upstream by itself; a consumer without an upstream has no contract to keep, and that is a defect."""
    if not facts.upstreams:
        yield Blocker(
            code="UPSTREAM-MISSING",
            summary="the stack names no upstream, so there is nothing to hold its inputs against",
            resource=facts.consumer,
            observed="0 upstreams",
            expected="at least one upstream",
            remedy=Remedy.of(manifest(f"stacks.{facts.consumer}.depends_on", why="the stacks that it needs"), SAME_DAG),
        )
    for upstream in facts.upstreams:
        yield from each(_source(facts.consumer, upstream), _freshness(upstream), _outputs(upstream), _secrets(upstream))


def _source(consumer: str, upstream: Upstream) -> Iterator[Blocker]:
    if upstream.source != "remote_state" and not upstream.manual_allowed:
        yield Blocker(
            code="MANUAL-CONTRACT-NOT-ALLOWED",
            summary="the inputs were typed in by hand where the manifest does not allow it",
            resource=f"{consumer} <- {upstream.stack}",
            observed=upstream.source,
            expected="remote_state",
            remedy=Remedy.of(manifest(f"stacks.{consumer}.contract_source", "remote_state"), SAME_DAG),
        )


def _freshness(upstream: Upstream) -> Iterator[Blocker]:
    state = Need(
        stem="UPSTREAM-STATE",
        what="the state of the upstream stack",
        resource=upstream.stack,
        expected="a state version",
        remedy=_BUILD,
    )
    serial = Need(
        stem="UPSTREAM-SERIAL",
        what="the serial that this run left the upstream stack with",
        resource=upstream.stack,
        expected="the serial recorded by the upstream's state check in this run",
        remedy=_BUILD,
    )
    yield from each(required(upstream.state, state), required(upstream.expected_serial, serial))
    if isinstance(upstream.state, Known) and upstream.state.value.resource_count == 0:
        yield Blocker(
            code="UPSTREAM-STATE-EMPTY",
            summary="the upstream stack holds nothing: it was destroyed, or never built",
            resource=upstream.state.value.key,
            observed="0 resources",
            expected="the resources of the upstream stack",
            remedy=_BUILD,
        )
    if not isinstance(upstream.state, Known) or not isinstance(upstream.expected_serial, Known):
        return
    if upstream.state.value.serial != upstream.expected_serial.value:
        yield Blocker(
            code="UPSTREAM-STALE",
            summary="the upstream state is not the one that this run checked",
            resource=upstream.state.value.key,
            observed=f"serial {upstream.state.value.serial}",
            expected=f"serial {upstream.expected_serial.value}",
            remedy=_BUILD,
        )


def _outputs(upstream: Upstream) -> Iterator[Blocker]:
    if not upstream.required_outputs:
        yield Blocker(
            code="UPSTREAM-OUTPUTS-UNDECLARED",
            summary="the manifest does not say what the upstream must hand over",
            resource=upstream.stack,
            observed="0 required outputs",
            expected="at least one required output",
            remedy=Remedy.of(
                manifest(f"stacks.{upstream.stack}.required_outputs", why="the outputs that it hands over"), SAME_DAG
            ),
        )
    for name in upstream.required_outputs:
        need = Need(
            stem="UPSTREAM-OUTPUT",
            what="a required output of the upstream stack",
            resource=f"{upstream.stack}.{name}",
            expected="a value",
            remedy=Remedy.of(Person(AUTHOR, f"declare output {name} in {root_of(upstream.stack)}/outputs.tf"), BUILD),
        )
        yield from required(upstream.outputs.get(name, Absent()), need)


def _secrets(upstream: Upstream) -> Iterator[Blocker]:
    """Each is there and encrypted, by name and type; its value is never asked for."""
    if not upstream.required_secrets:
        return
    if not isinstance(upstream.secrets, Known):
        need = Need(
            stem="SECRETS",
            what="the list of parameters that the upstream stack wrote",
            resource=upstream.stack,
            expected="names and types of its parameters",
            remedy=allow("call ssm:DescribeParameters"),
        )
        yield unusable(upstream.secrets, need)
        return
    types = {parameter.name: parameter.type for parameter in upstream.secrets.value}
    for name in upstream.required_secrets:
        if name not in types:
            yield Blocker(
                code="SECRET-MISSING",
                summary="the upstream stack did not write a parameter that the manifest promises",
                resource=name,
                observed="no such parameter",
                expected="a SecureString",
                remedy=Remedy.of(
                    Person(AUTHOR, f"write it in {root_of(upstream.stack)}"),
                    BUILD,
                    alternative=(
                        manifest(f"stacks.{upstream.stack}.required_secrets", why="the secrets that it writes"),
                        BUILD,
                    ),
                ),
            )
        elif types[name] != "SecureString":
            yield Blocker(
                code="SECRET-NOT-ENCRYPTED",
                summary="a parameter that holds a secret is stored in clear",
                resource=name,
                observed=types[name] or "blank",
                expected="SecureString",
                remedy=Remedy.of(
                    Person(
                        AUTHOR,
                        f"set its type to SecureString in {root_of(upstream.stack)} and rotate what it holds",
                    ),
                    BUILD,
                ),
            )


GATE = Gate(
    id="STACK-CONTRACT",
    title="Upstream stacks are fresh, hand over what they promised and have written their secrets",
    owner="platform",
    requirements=("LC1", "LC3", "LC5"),
    facts=ContractFacts,
    blockers=blockers,
    policy_sections=("backend", "stacks"),
)
