"""Collectors and actions of M2's stack lanes: plan, authorise, apply, check the state, contract, posture."""

import os
from dataclasses import replace
from typing import Any

from tidegate.collectors.aws.inventory import collect_inventory
from tidegate.collectors.aws.locks import read_state_locks
from tidegate.collectors.aws.parameters import read_parameters
from tidegate.collectors.aws.state import read_state
from tidegate.cost.estimate import estimate_of, said
from tidegate.evidence.canonical import digest_of
from tidegate.evidence.control import inputs_series, read_latch
from tidegate.evidence.teardowns import end_teardown
from tidegate.gates.rules_operator_key import RENEWED
from tidegate.lanes import readiness, time_to_live
from tidegate.lanes.confluent import confluent_endpoint
from tidegate.lanes.guards import guarding_snapshots, handed_over_facts, plan_reference
from tidegate.lanes.log_groups import make_way, names_taken
from tidegate.lanes.month import month_so_far
from tidegate.lanes.operator_key import refused_now
from tidegate.lanes.operator_key_renewal import renew_operator_key
from tidegate.lanes.owners import owners_of
from tidegate.lanes.plan_facts import is_persistent, plan_facts, protected_addresses
from tidegate.lanes.planning import make_plan
from tidegate.lanes.roots import look_at_root
from tidegate.lanes.run import ActionBlocked, LaneRun, now
from tidegate.lanes.stack_lanes import build_group
from tidegate.lanes.taint import take_marks_off
from tidegate.lanes.targets import asked_for, not_targets
from tidegate.lanes.too_new import newer_provider
from tidegate.lanes.unsaved import save_after_apply, settle, unsaved_state
from tidegate.models.authorization import AuthorizationFacts
from tidegate.models.contract import ContractFacts, Upstream
from tidegate.models.cost import MonthSoFar
from tidegate.models.facts import Facts, Source
from tidegate.models.inventory import PostureFacts
from tidegate.models.observed import Absent, Known, Observed, Unreadable, shown
from tidegate.models.operator_key import RefusedKey
from tidegate.models.plan import Plan, PlanFacts
from tidegate.models.state import AppliedStateFacts, StateVersion
from tidegate.terraform import plan_store, variables, workspace
from tidegate.terraform.runner import TerraformStopped


def collect_plan(run: LaneRun) -> PlanFacts:
    """M2.C, M2.D, M2.F: init, plan, show; the plan goes to the work bucket with its digest."""
    stack = _stack(run)
    observed_at = now()
    reason = _repair_reason(run)
    unsaved = settle(run, stack)
    root = look_at_root(run, stack)
    free = isinstance(unsaved, Absent)
    untainted = take_marks_off(run, stack, reason) if free and reason and reason.strip() else ()
    state = read_state(run.clients, run.environment, stack)
    plan: Observed[Plan] = Unreadable("a state that terraform could not save comes first")
    refused: tuple[RefusedKey, ...] = ()
    renewed = False
    if free:
        inputs = stack_inputs(run, stack)
        plan = make_plan(run, stack, "build", inputs)
        refused = () if isinstance(plan, Known) else refused_now(run, stack)
        if refused and reason and reason.strip():
            renewed = renew_operator_key(run, stack, inputs, refused, reason, apply_fetched)
        if renewed:
            state = read_state(run.clients, run.environment, stack)
            plan = make_plan(run, stack, "build", inputs, refresh=False)
    alone = asked_for(run) != "all"
    month: Observed[MonthSoFar] = Unreadable("a stack that is repaired alone adds no cost") if alone else _month(run)
    facts = plan_facts(
        run.environment,
        run.policies,
        stack=stack,
        plan=plan,
        state=state.version,
        observed_at=now(),
        sources=(Source(name="terraform", data_as_of=observed_at), Source(name="state", data_as_of=observed_at)),
        today=observed_at.date(),
        drift_blocks=is_persistent(run.environment, stack),
        tainted=state.tainted,
        month=month,
        untainted=untainted,
        repair_drift_reason=reason,
        unsaved=unsaved,
        too_new=newer_provider(run, stack, plan),
        root=root,
    )
    facts = replace(facts, refused_keys=refused, renewed=(RENEWED,) if renewed else ())
    if alone:
        latch = read_latch(run.remote, run.environment.name)
        free = isinstance(latch, Absent) or (isinstance(latch, Known) and not latch.value.is_set)
        facts = replace(facts, alone=True, only_repairs=not free)
        run.log(f"{stack} alone: it adds nothing that has a price" + ("" if free else ", and only puts drift back"))
    if isinstance(plan, Known):
        facts = replace(facts, log_groups=names_taken(run, stack, plan.value))
        run.log(said(estimate_of(plan.value, facts.prices, facts.region), month))
    return facts


def _month(run: LaneRun) -> Observed[MonthSoFar]:
    """What the cost guardrail of this run saw; that it handed nothing over is no licence to build."""
    month = month_so_far(run)
    return Unreadable("the cost guardrail of this run handed nothing over") if isinstance(month, Absent) else month


def authorize_apply(run: LaneRun) -> AuthorizationFacts:
    """The facts right before `terraform apply`, read afresh; the plan file is fetched and digested here."""
    return authorization_facts(run, _stack(run), "build")


def authorization_facts(run: LaneRun, stack: str, direction: Any) -> AuthorizationFacts:
    """Facts for `MUTATION-AUTHORIZATION`. `direction` is `build` or `destroy`."""
    observed_at = now()
    lease = run.acquire_lease()
    return AuthorizationFacts(
        observed_at=observed_at,
        sources=(Source(name="evidence", data_as_of=observed_at), Source(name="state", data_as_of=observed_at)),
        stack=stack,
        direction=direction,
        guards=guarding_snapshots(run, stack, not_targets(run)),
        plan_file_sha256=_fetched(run, stack),
        state=read_state(run.clients, run.environment, stack).version,
        caller=readiness.caller(run),
        tools=readiness.tools(run),
        control=readiness.control_records(run, lease),
        locks=read_state_locks(run.clients, run.environment, stack),
        intent=run.intents(stack).unfinished(),
        evidence_writable=readiness.evidence_writable(run),
        unsaved=unsaved_state(run, stack),
        platform_run=run.platform_run_id,
        alone=asked_for(run) != "all",
    )


def _fetched(run: LaneRun, stack: str) -> Observed[str]:
    """Fetch the guarded plan file into the stack's workspace; its digest."""
    reference = plan_reference(run, stack)
    if not isinstance(reference, Known):
        return reference
    try:
        prepared, _ = workspace.prepare(run.environment, stack)
    except workspace.StackRootMissing as error:
        return Unreadable(str(error))
    return plan_store.fetch_plan(run.clients.s3, reference.value, workspace.fetched_plan(prepared))


def apply(run: LaneRun, facts: Facts, document: dict[str, Any]) -> None:
    """After the authorisation passed: renew the time to live, record the inputs and apply the fetched plan.

    Raises ActionBlocked and StoreError before anything is applied, and TerraformStopped.
    """
    stack = _stack(run)
    time_to_live.renew(run, stack)
    if not planned(run, stack).has_changes:
        run.log(f"the plan of {stack} has no changes: nothing is applied")
        return
    make_way(run, stack, planned(run, stack))
    _record_inputs(run, stack)
    end_teardown(run.remote, run.environment.name, stack, execution_id=run.execution_id, outcome="rebuilt")
    apply_fetched(run, stack, planned(run, stack))


def apply_fetched(run: LaneRun, stack: str, plan: Plan) -> None:
    """Apply the plan file that the authorisation fetched and digested, in an initialised workspace of its own sources.

    What it could not save is pushed right after it. Raises TerraformStopped, and ActionBlocked when that failed too or
    when the root is no longer the one that was checked and planned (TD2).
    """
    prepared, source_digest = workspace.prepare(run.environment, stack)
    terraform = run.terraform(prepared)
    try:
        if source_digest != plan.source_digest:
            raise ActionBlocked(
                f"{run.environment.stacks[stack].root_path} changed after {stack} was planned from it: plan again"
            )
        if not (prepared.root / ".terraform").is_dir():
            terraform.init()  # another worker made the plan
        terraform.apply(workspace.fetched_plan(prepared))
    except TerraformStopped:
        save_after_apply(run, stack, prepared, terraform)
        raise
    finally:
        workspace.fetched_plan(prepared).unlink()  # a plan can hold sensitive values


def planned(run: LaneRun, stack: str) -> Plan:
    """The plan that this run's guard passed on. Raises LookupError when there is none."""
    facts = handed_over_facts(run, f"{build_group(run.environment, stack)}.plan_and_guard", PlanFacts)
    if not isinstance(facts, Known) or not isinstance(facts.value.plan, Known):
        raise LookupError(f"no guarded plan of {stack} in this run: {facts}")
    return facts.value.plan.value


def collect_applied(run: LaneRun) -> AppliedStateFacts:
    """M2.C, M2.D, M2.F after the apply: the state beside the plan."""
    stack = _stack(run)
    observed_at = now()
    after = read_state(run.clients, run.environment, stack)
    planned_facts = handed_over_facts(run, f"{build_group(run.environment, stack)}.plan_and_guard", PlanFacts)
    before: Observed[StateVersion] = Absent()
    applied, sha256 = False, ""
    addresses: tuple[str, ...] = ()
    if isinstance(planned_facts, Known) and isinstance(planned_facts.value.plan, Known):
        plan = planned_facts.value.plan.value
        before, applied, sha256 = planned_facts.value.state, plan.has_changes, plan.sha256
        addresses = tuple(sorted(resource.address for resource in plan.resources if resource.stands_after))
    else:
        before = Unreadable(f"no guarded plan in this run: {planned_facts}")
    return AppliedStateFacts(
        observed_at=observed_at,
        sources=(Source(name="state", data_as_of=observed_at),),
        stack=stack,
        applied=applied,
        planned_sha256=sha256,
        apply_end=run.intents(stack).last_apply() if applied else Absent(),
        before=before,
        after=after.version,
        planned_addresses=addresses,
        state_addresses=Known(tuple(sorted(r.address for r in after.resources.value)))
        if isinstance(after.resources, Known)
        else after.resources,
        tainted=after.tainted,
        protected_addresses=protected_addresses(run.environment, stack),
        required_outputs=run.environment.stacks[stack].required_outputs,
        outputs=Known(tuple(sorted(after.outputs.value))) if isinstance(after.outputs, Known) else after.outputs,
        locks=read_state_locks(run.clients, run.environment, stack),
    )


def collect_contract(run: LaneRun) -> ContractFacts:
    """M2.E: what the stack takes from upstream is there, and is what this run's lane left."""
    stack = _stack(run)
    observed_at = now()
    consumer = run.environment.stacks[stack]
    return ContractFacts(
        observed_at=observed_at,
        sources=(Source(name="state", data_as_of=observed_at), Source(name="ssm", data_as_of=observed_at)),
        consumer=stack,
        upstreams=tuple(
            _upstream(run, name, consumer.contract_source, consumer.manual_contract_allowed)
            for name in consumer.depends_on
        ),
    )


def collect_posture(run: LaneRun) -> PostureFacts:
    """M2.G: what runs now, asked service by service in every region of the manifest."""
    observed_at = now()
    return PostureFacts(
        observed_at=observed_at,
        sources=(Source(name="aws", data_as_of=observed_at),),
        inventory=collect_inventory(
            run.clients,
            run.environment,
            run.environment.scan_regions,
            run.policies.forbidden,
            observed_at,
            run.policies.prices,
        ),
        forbidden=run.policies.forbidden.standing_rules,
        exceptions=run.environment.exceptions,
        today=observed_at.date(),
        owners=owners_of(run),
    )


def stack_inputs(run: LaneRun, stack: str, *, without_upstream: str | None = None) -> dict[str, Any]:
    """The variable values of a stack, from manifest, params and upstream states.

    Raises LookupError when the endpoint of Confluent or an upstream output is not known. `without_upstream` stands for
    an output that is gone: a destroy needs no true value.
    """
    entry = run.environment.stacks[stack]
    endpoint = ""
    if "confluent" in entry.inputs:
        match confluent_endpoint(run.environment, run.profile):
            case Known(url):
                endpoint = url
            case unknown:  # no default: the provider's own would be the real service
                raise LookupError(f"no endpoint of Confluent: {shown(unknown)}")
    given = variables.FromTheRun(
        platform_run=str(run.platform_run_id) if "platform_run" in entry.inputs else "",
        confluent_endpoint=endpoint,
        path_style=os.environ.get("AWS_S3_USE_PATH_STYLE", "").lower() == "true",
        params=run.params,
        outputs=_upstream_outputs(run, stack, without_upstream),
    )
    return variables.stack_variables(run.environment, stack, given)


def _upstream_outputs(run: LaneRun, stack: str, without_upstream: str | None) -> dict[str, Any]:
    """By variable the outputs that the stack takes; each upstream state is read once."""
    taken = {name: address.partition(".") for name, address in run.environment.stacks[stack].outputs.items()}
    states = {upstream: read_state(run.clients, run.environment, upstream).outputs for upstream, _, _ in taken.values()}
    found = {}
    for name, (upstream, _, output) in taken.items():
        match states[upstream]:
            case Known(outputs) if output in outputs:
                found[name] = outputs[output]
            case _ if without_upstream is not None:
                found[name] = without_upstream
    return found


def _record_inputs(run: LaneRun, stack: str) -> None:
    inputs = stack_inputs(run, stack)
    upstream = {
        name: read_state(run.clients, run.environment, name).outputs
        for name in run.environment.stacks[stack].depends_on
    }
    contract = {
        name: {key: outputs.value[key] for key in run.environment.stacks[name].required_outputs if key in outputs.value}
        for name, outputs in upstream.items()
        if isinstance(outputs, Known)
    }

    def record(_newest: dict[str, Any] | None) -> dict[str, Any]:
        return {
            "stack": stack,
            "execution_id": run.execution_id,
            "recorded_at": now().isoformat(),
            "inputs": inputs,
            "upstream_contract": contract,
        }

    inputs_series(run.remote, run.environment.name, stack).append_next(record)


def _upstream(run: LaneRun, name: str, source: Any, manual_allowed: bool) -> Upstream:
    state = read_state(run.clients, run.environment, name)
    required = run.environment.stacks[name].required_outputs
    prefix = run.environment.secrets_prefix
    secrets = tuple(prefix + secret for secret in run.environment.stacks[name].required_secrets)
    applied = handed_over_facts(run, f"{build_group(run.environment, name)}.verify", AppliedStateFacts)
    expected: Observed[int] = Unreadable(f"no state check of {name} in this run: {applied}")
    if isinstance(applied, Known) and isinstance(applied.value.after, Known):
        expected = Known(applied.value.after.value.serial)
    outputs: dict[str, Observed[str]] = {}
    for output in required:
        if not isinstance(state.outputs, Known):
            outputs[output] = state.outputs
        elif output in state.outputs.value:
            outputs[output] = Known(digest_of({"value": state.outputs.value[output]}))
        else:
            outputs[output] = Absent()
    return Upstream(
        stack=name,
        source=source,
        manual_allowed=manual_allowed,
        state=state.version,
        expected_serial=expected,
        required_outputs=required,
        outputs=outputs,
        required_secrets=secrets,
        secrets=read_parameters(run.clients, prefix) if secrets else Absent(),
    )


def _stack(run: LaneRun) -> str:
    if run.lane.stack is None:
        raise LookupError(f"lane {run.lane.name} has no stack")
    return run.lane.stack


def _repair_reason(run: LaneRun) -> str | None:
    return str(run.params.get("repair_reason") or "") if run.params.get("repair_drift") else None
