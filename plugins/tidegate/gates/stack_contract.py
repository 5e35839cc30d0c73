"""STACK-CONTRACT. A stack takes from its upstreams what this run left there: present, fresh, by remote state (LC5)."""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_observed import Need, required
from tidegate.models.blocker import Blocker
from tidegate.models.contract import ContractFacts, Upstream
from tidegate.models.observed import Absent, Known

_BUILD = "trigger <environment>.m2_substrate_build again, so that the upstream stack is applied first"
_MANIFEST = "include/environments/<environment>.yaml"


def blockers(facts: ContractFacts) -> Iterator[Blocker]:
    """Every upstream by itself; a consumer without an upstream has no contract to keep, and that is a defect."""
    if not facts.upstreams:
        yield Blocker(
            code="UPSTREAM-MISSING",
            summary="the stack names no upstream, so there is nothing to hold its inputs against",
            resource=facts.consumer,
            observed="0 upstreams",
            expected="at least one upstream",
            remedy=f"set stacks.{facts.consumer}.depends_on in the manifest {_MANIFEST}",
        )
    for upstream in facts.upstreams:
        yield from each(_source(facts.consumer, upstream), _freshness(upstream), _outputs(upstream))


def _source(consumer: str, upstream: Upstream) -> Iterator[Blocker]:
    if upstream.source != "remote_state" and not upstream.manual_allowed:
        yield Blocker(
            code="MANUAL-CONTRACT-NOT-ALLOWED",
            summary="the inputs were typed in by hand where the manifest does not allow it",
            resource=f"{consumer} <- {upstream.stack}",
            observed=upstream.source,
            expected="remote_state",
            remedy=f"set stacks.{consumer}.contract_source to remote_state in the manifest {_MANIFEST}",
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
            remedy=f"set stacks.{upstream.stack}.required_outputs in the manifest {_MANIFEST}",
        )
    for name in upstream.required_outputs:
        need = Need(
            stem="UPSTREAM-OUTPUT",
            what="a required output of the upstream stack",
            resource=f"{upstream.stack}.{name}",
            expected="a value",
            remedy=f"declare output {name} in include/terraform/{upstream.stack}/outputs.tf, then {_BUILD}",
        )
        yield from required(upstream.outputs.get(name, Absent()), need)


GATE = Gate(
    id="STACK-CONTRACT",
    title="Upstream stacks are fresh and hand over what they promised",
    owner="platform",
    requirements=("LC1", "LC5"),
    facts=ContractFacts,
    blockers=blockers,
    policy_sections=("backend", "stacks"),
)
