"""The forbidden list held against resources, planned or live (CO1, CO2).

A condition has four outcomes, not two: a value that is unknown or of the wrong kind is never taken for a fine one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from tidegate.gates.rules_remedies import SAME_DAG, manifest
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known, Planned, UnknownUntilApply, shown
from tidegate.models.policy import Condition, ForbiddenRule, PolicyException
from tidegate.models.remedy import Edit, Remedy

OWNER = "finops"
_POLICY = "include/policies/forbidden.yaml"

Outcome = Literal["fine", "forbidden", "unknown", "unreadable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule that a resource does not demonstrably keep. `observed` and `expected` are ready to be said."""

    rule: ForbiddenRule
    outcome: Outcome
    observed: str
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the rules say about one resource: what stands against it, and the exceptions that have run out."""

    findings: tuple[Finding, ...]
    expired: tuple[PolicyException, ...]


def judge(
    resource_type: str,
    attributes: Mapping[str, Planned[Any]],
    *,
    key: str,
    rules: Sequence[ForbiddenRule],
    exceptions: Sequence[PolicyException],
    today: date,
) -> Verdict:
    """Hold one resource against every rule for its type. `key` is what an exception names: address or id.

    An exception lifts its own rule for its own resource, up to and including its last day. It does not lift a
    value that could not be read: nobody knows whether that is what was allowed.
    """
    findings: list[Finding] = []
    expired: list[PolicyException] = []
    for rule in rules:
        finding = _finding(rule, resource_type, attributes)
        if finding is None:
            continue
        named = [exception for exception in exceptions if exception.rule == rule.id and exception.resource == key]
        if any(today <= exception.expires for exception in named):
            if finding.outcome == "unreadable":
                findings.append(finding)
            continue
        findings.append(finding)
        expired += named
    return Verdict(findings=tuple(findings), expired=tuple(expired))


def rules_blockers(rules: Sequence[ForbiddenRule]) -> Iterator[Blocker]:
    """Block when there is nothing to hold resources against: an empty list forbids nothing."""
    if not rules:
        yield Blocker(
            code="FORBIDDEN-RULES-MISSING",
            summary="there is no rule to judge by",
            resource=_POLICY,
            observed="0 rules",
            expected="at least one rule",
            remedy=Remedy.of(Edit(_POLICY, "rules", why="the rules as they were"), SAME_DAG),
            owner=OWNER,
        )


def finding_blocker(finding: Finding, *, forbidden_code: str, resource: str, remedy: Remedy) -> Blocker:
    """Say a finding. A known violation gets the caller's code; the other outcomes share theirs."""
    code, summary = {
        "forbidden": (forbidden_code, f"rule {finding.rule.id}: {finding.rule.reason}"),
        "unknown": ("FORBIDDEN-UNKNOWN", f"rule {finding.rule.id} cannot be judged before the apply"),
    }.get(finding.outcome, ("FORBIDDEN-UNREADABLE", f"rule {finding.rule.id} has no usable value to judge"))
    return Blocker(
        code=code,
        summary=summary,
        resource=resource,
        observed=finding.observed,
        expected=finding.expected,
        remedy=remedy,
        owner=OWNER,
    )


def expired_blocker(exception: PolicyException, *, resource: str, today: date) -> Blocker:
    """Say that an exception, which would have lifted a finding, has run out."""
    return Blocker(
        code="EXCEPTION-EXPIRED",
        summary=f"the exception of {exception.owner} from rule {exception.rule} has run out",
        resource=resource,
        observed=f"expired {exception.expires.isoformat()}, today {today.isoformat()}",
        expected="an exception that is still running, or none needed",
        remedy=Remedy.of(manifest("exceptions", why="let its owner renew the entry, or remove the resource"), SAME_DAG),
        owner=OWNER,
    )


def condition_outcome(condition: Condition, observed: Planned[Any] | None) -> Outcome:
    """Judge one attribute. None: the attribute is not among the facts, so nobody looked."""
    match observed:
        case Known(value):
            matched = _matches(condition, value)
            return "unreadable" if matched is None else "forbidden" if matched else "fine"
        case Absent():
            return "forbidden" if condition.operator == "not_equals" else "fine"
        case UnknownUntilApply():
            return "unknown"
        case _:
            return "unreadable"


def _finding(rule: ForbiddenRule, resource_type: str, attributes: Mapping[str, Planned[Any]]) -> Finding | None:
    if resource_type not in rule.types:
        return None
    if rule.condition is None:
        return Finding(
            rule=rule, outcome="forbidden", observed=f"a resource of type {resource_type}", expected="none of this type"
        )
    attribute = rule.condition.attribute
    observed = attributes.get(attribute)
    outcome = condition_outcome(rule.condition, observed)
    if outcome == "fine":
        return None
    said = "not among the facts" if observed is None else shown(observed)
    return Finding(rule=rule, outcome=outcome, observed=f"{attribute} = {said}", expected=_expected(rule.condition))


def _matches(condition: Condition, value: object) -> bool | None:
    """Does a known value fulfil the condition? None when the two cannot be compared."""
    wanted = condition.value
    match condition.operator:
        case "present":
            return True
        case "greater_than":
            number, limit = _number(value), _number(wanted)
            return None if number is None or limit is None else number > limit
        case "equals":
            return _same(value, wanted)
        case "not_equals":
            same = _same(value, wanted)
            return None if same is None else not same
        case "in":
            return _one_of(value, wanted)
    return None


def _one_of(value: object, wanted: object) -> bool | None:
    answers = [_same(value, each) for each in wanted] if isinstance(wanted, tuple) else []
    if True in answers:
        return True
    return False if False in answers else None


def _same(value: object, wanted: object) -> bool | None:
    """Equal within one kind: text, truth value or number, where a string of digits may stand for a number."""
    if isinstance(value, str) and isinstance(wanted, str):
        return value == wanted
    if isinstance(value, bool) and isinstance(wanted, bool):
        return value is wanted
    left, right = _number(value), _number(wanted)
    return None if left is None or right is None else left == right


def _number(value: object) -> int | float | None:
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"[0-9]+", value) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        return None
    return value


def _expected(condition: Condition) -> str:
    words = {
        "greater_than": f"at most {condition.value}",
        "equals": f"not {condition.value}",
        "not_equals": f"{condition.value}",
        "present": "not set",
        "in": f"none of {condition.value}",
    }
    return f"{condition.attribute}: {words[condition.operator]}"
