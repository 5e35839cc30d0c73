"""The decision on one request. Part of the sandbox's IAM evaluator (labelled stand-in for AWS).

Order, within one account: an explicit deny anywhere decides; then a policy of the resource that names the session lets
the request through by itself; all else needs a policy of the identity, or of the resource that names the role, and the
permissions boundary on top. A policy that cannot be read, and a condition that cannot be evaluated, grant nothing and
deny what they may have denied.

Source: IAM User Guide, "Policy evaluation logic".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from sandbox.iam.conditions import CannotEvaluate, Context, holds
from sandbox.iam.documents import Kind, MalformedPolicy, Principals, Statement, parse
from sandbox.iam.patterns import VariableMissing, matches, resource_matches, substitute


class Source(Enum):
    """Where a policy comes from; the value is how AWS's message calls it."""

    IDENTITY = "identity-based policy"
    BOUNDARY = "permissions boundary"
    RESOURCE = "resource-based policy"


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy document and what people call it."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose policies count: a session of a role, a role, or a user."""

    arn: str
    """As `sts:GetCallerIdentity` says it."""
    account: str
    role_arn: str | None = None
    federated: str | None = None
    """The identity provider, for a caller who is not signed in yet."""


@dataclass(frozen=True, slots=True)
class Policies:
    """Everything that decides about a caller, as it stands at the moment of the request."""

    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    resource: Policy | None = None
    resource_kind: Kind = "resource"
    resource_account: str | None = None
    """The account that owns the resource; None for the caller's own."""


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that a request must be allowed to do. `action` is spelled `service:Name`."""

    action: str
    resource: str
    context: Context


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed or not, and why, in the words of AWS's messages."""

    allowed: bool
    reason: str
    statement: str = ""
    """Policy and Sid that decided, as `policy/Sid`; empty when none did."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A statement that applies to the request. `unsure` says what could not be evaluated about it."""

    policy: str
    statement: Statement
    unsure: str = ""

    @property
    def label(self) -> str:
        return f"{self.policy}/{self.statement.sid}"


class _Unreadable(Exception):
    pass


def decide(need: Need, caller: Caller, policies: Policies) -> Decision:
    """Return whether the caller may do it."""
    boundary = () if policies.boundary is None else (policies.boundary,)
    resource = () if policies.resource is None else (policies.resource,)
    applying: dict[Source, list[_Found]] = {}
    try:
        applying[Source.IDENTITY] = list(_applying(policies.identity, "identity", need, None))
        applying[Source.BOUNDARY] = list(_applying(boundary, "identity", need, None))
        applying[Source.RESOURCE] = list(_applying(resource, policies.resource_kind, need, caller))
    except _Unreadable as error:
        return Decision(False, f"because the sandbox cannot read {error}")
    for source, found in applying.items():
        for each in found:
            if not each.statement.allows:
                return Decision(False, _denied(each, source), each.label)
    allowing = {source: [each for each in found if not each.unsure] for source, found in applying.items()}
    unsure = next((each.unsure for found in applying.values() for each in found if each.unsure), "")
    return _grants(need, caller, policies, allowing, unsure)


def _grants(
    need: Need, caller: Caller, policies: Policies, allowing: dict[Source, list[_Found]], unsure: str
) -> Decision:
    identity, boundary = allowing[Source.IDENTITY], allowing[Source.BOUNDARY]
    by_resource = [(each, _reach(each.statement, caller)) for each in allowing[Source.RESOURCE]]
    directly = [each for each, reach in by_resource if reach == "directly"]
    to_the_role = [each for each, reach in by_resource if reach == "role"]
    foreign = policies.resource_account not in (None, caller.account)
    if foreign and not by_resource:
        return Decision(False, _no(Source.RESOURCE, need, unsure))
    if policies.resource_kind == "trust" and not by_resource:
        return Decision(False, _no(Source.RESOURCE, need, unsure))
    if directly and not foreign:
        return Decision(True, "", directly[0].label)
    granted = identity if foreign else [*identity, *to_the_role]
    if not granted:
        return Decision(False, _no(Source.IDENTITY, need, unsure))
    if policies.boundary is not None and not boundary:
        return Decision(False, _no(Source.BOUNDARY, need, unsure))
    return Decision(True, "", granted[0].label)


def _no(source: Source, need: Need, unsure: str) -> str:
    reason = f"because no {source.value} allows the {need.action} action"
    return f"{reason}; the sandbox cannot evaluate {unsure}" if unsure else reason


def _denied(found: _Found, source: Source) -> str:
    if found.unsure:
        return f"because the sandbox cannot evaluate {found.unsure} of a deny in {found.label}"
    return f"with an explicit deny in {'an' if source is Source.IDENTITY else 'a'} {source.value}"


def _applying(policies: Sequence[Policy], kind: Kind, need: Need, caller: Caller | None) -> Iterator[_Found]:
    for policy in policies:
        try:
            statements = parse(policy.text, kind)
        except MalformedPolicy as error:
            raise _Unreadable(f"the policy {policy.name}: {error}") from error
        for statement in statements:
            if caller is not None and not _names(statement, caller):
                continue
            found = _judge(policy.name, statement, need)
            if found is not None:
                yield found


def _judge(policy: str, statement: Statement, need: Need) -> _Found | None:
    """Return the statement if it applies, or if only what cannot be evaluated keeps it from being known."""
    acts = any(matches(pattern, need.action, ignore_case=True) for pattern in statement.actions)
    if acts is statement.except_actions or not _covers_resource(statement, need):
        return None
    unsure = ""
    for condition in statement.conditions:
        try:
            if not holds(condition, need.context, with_variables=statement.with_variables):
                return None
        except CannotEvaluate as error:
            unsure = str(error)
    return _Found(policy, statement, unsure)


def _covers_resource(statement: Statement, need: Need) -> bool:
    """Return whether the statement is about the resource. What a missing variable leaves open grants nothing."""
    covered, left_open = False, False
    for pattern in statement.resources:
        try:
            replaced = substitute(pattern, need.context) if statement.with_variables else pattern
        except VariableMissing:
            left_open = True
            continue
        covered = covered or resource_matches(replaced, need.resource, grants=statement.allows)
    if statement.except_resources and left_open and not covered:
        return not statement.allows
    return covered is not statement.except_resources


def _names(statement: Statement, caller: Caller) -> bool:
    if statement.principals is None:
        return False
    if statement.except_principals:
        return not _is_spared(statement.principals, caller)
    return _reach_of(statement.principals, caller) != ""


def _is_spared(principals: Principals, caller: Caller) -> bool:
    """NotPrincipal spares a session only where it names the session, its role and their account.

    Source: IAM User Guide, "IAM JSON policy elements: NotPrincipal".
    """
    named = set(principals.get("AWS", ()))
    account = {caller.account, f"arn:{caller.arn.split(':')[1]}:iam::{caller.account}:root"}
    return caller.arn in named and caller.role_arn in named and bool(account & named)


def _reach(statement: Statement, caller: Caller) -> str:
    """Return how a policy of a resource names the caller: `directly`, by its `role`, or by its `account`."""
    if statement.except_principals or statement.principals is None:
        return "role"
    return _reach_of(statement.principals, caller)


def _reach_of(principals: Principals, caller: Caller) -> str:
    if caller.federated is not None:
        return "directly" if caller.federated in principals.get("Federated", ()) else ""
    named = principals.get("AWS", ())
    if "*" in named or caller.arn in named:
        return "directly"
    if caller.role_arn is not None and caller.role_arn in named:
        return "role"
    partition = caller.arn.split(":")[1]
    return "account" if {caller.account, f"arn:{partition}:iam::{caller.account}:root"} & set(named) else ""
