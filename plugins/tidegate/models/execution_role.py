"""What the execution role may do, as the account's owner applies it and the role cannot change it (ID3, ADR 37).

`include/policies/execution_role.yaml` holds the statements; the manifest's names are put in here.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Template
from typing import Any

from tidegate.models.environment import Environment
from tidegate.models.policy import Policies
from tidegate.models.role_policy import ExecutionRolePolicy, RoleStatement

MANAGED_POLICY_LIMIT = 6_144
"""Characters, white space not counted, that IAM takes in a managed policy (IAM User Guide, IAM and STS quotas)."""
_VERSION = "2012-10-17"
_NAMED = 4
"""How many actions of a statement are said."""
ROOM = 10
"""Per cent of that limit which stay free, so that a statement can be added in an emergency."""


@dataclass(frozen=True, slots=True)
class ExecutionRole:
    """The role as it must stand: everything spelled out, documents as minified JSON."""

    arn: str
    name: str
    trust: str
    provider_arn: str | None
    """Of the identity provider. None: a worker's own role assumes it."""
    audience: str
    """What the identity provider must take, whatever else it takes for others."""
    boundary_arn: str
    boundary: str
    policies: Mapping[str, str]
    """By ARN of the managed policy."""
    reader: "ReaderRole | None" = None

    def as_document(self) -> dict[str, Any]:
        """Return everything as JSON can hold it: role and trust, boundary, policies, and the reader role if there is
        one.
        """
        reader = {} if self.reader is None else {"reader": self.reader.as_document()}
        return {
            **reader,
            "role": {"arn": self.arn, "trust": json.loads(self.trust)},
            "boundary": {"arn": self.boundary_arn, "document": json.loads(self.boundary)},
            "policies": [{"arn": arn, "document": json.loads(text)} for arn, text in self.policies.items()],
        }

    def too_long(self) -> tuple[str, ...]:
        """Say which documents IAM would refuse, or that have no room left; empty when all fit."""
        named = {**self.policies, self.boundary_arn: self.boundary}
        most = MANAGED_POLICY_LIMIT * (100 - ROOM) // 100
        return tuple(
            f"{arn.rpartition('/')[2]} has {len(text)} characters, and may have {most}"
            for arn, text in named.items()
            if len(text) > most
        )


@dataclass(frozen=True, slots=True)
class ReaderRole:
    """The role of whoever only shows what happened: it reads evidence and control records."""

    arn: str
    name: str
    trust: str
    policy_arn: str
    policy: str

    def as_document(self) -> dict[str, Any]:
        """Return role, trust and policy as JSON can hold it."""
        return {
            "role": {"arn": self.arn, "trust": json.loads(self.trust)},
            "policy": {"arn": self.policy_arn, "document": json.loads(self.policy)},
        }


def execution_role(
    policy: ExecutionRolePolicy, environment: Environment, types: Mapping[str, Sequence[str]]
) -> ExecutionRole:
    """Return the role of an environment, whose stacks may hold these types. Raises ValueError for an unknown name.

    A stack gets a policy of its own for what its types need beyond the documents that the environment has.
    """
    names = _names(environment)
    held = _held(environment, types)
    held_by = [(stack, types.get(stack, ())) for stack in environment.stacks]
    granted = {stack: found for stack in environment.stacks if (found := _granted(policy, environment, stack, types))}
    documents = {
        **policy.documents_for(held),
        **{f"stack-{_dashed(stack)}": it for stack, it in granted.items()},
    }
    policies = {
        f"{names['policy_prefix_arn']}{part}": _document(statements, names) for part, statements in documents.items()
    }
    first, *others = (
        it.for_stacks(_own_names(policy, environment, [name for name, kinds in held_by if it.each_stack_with in kinds]))
        for it in policy.boundary
    )
    services = sorted({f"{it.partition(':')[0]}:*" for each in granted.values() for s in each for it in s.actions})
    more = tuple(it for it in services if it not in first.actions)
    boundary = (first.model_copy(update={"actions": (*first.actions, *more)}), *others)
    return ExecutionRole(
        arn=names["execution_role_arn"],
        name=environment.role_name,
        trust=_minified([_trust(environment)]),
        provider_arn=_provider_arn(environment),
        audience="" if environment.oidc is None else environment.oidc.audience,
        boundary_arn=names["boundary_arn"],
        boundary=_document(boundary, names),
        policies=policies,
        reader=_reader(policy, environment, names),
    )


def role_of(environment: Environment, policies: Policies) -> ExecutionRole:
    """Return the role of an environment under its policies. Raises ValueError for an unknown name."""
    return execution_role(policies.execution_role, environment, policies.allowed_types.stacks)


def without_grant(
    policy: ExecutionRolePolicy, environment: Environment, types: Mapping[str, Sequence[str]]
) -> tuple[tuple[str, str], ...]:
    """Stacks with a type of AWS that no document and no grant is about: its apply would be denied."""
    granted = policy.granted_by_documents(_held(environment, types)).union(policy.grants)
    return tuple(
        (stack, kind)
        for stack, entry in environment.stacks.items()
        for kind in types.get(stack, ())
        if kind.startswith("aws_") and entry.root not in policy.documents and kind not in granted
    )


def _granted(
    policy: ExecutionRolePolicy, environment: Environment, stack: str, types: Mapping[str, Sequence[str]]
) -> tuple[RoleStatement, ...]:
    """One statement for each grant. A root that ships has a document of its own, by its name."""
    entry = environment.stacks[stack]
    if entry.root in policy.documents:
        return ()
    already = policy.granted_by_documents(_held(environment, types))
    return tuple(
        grant.statement(
            "".join(part.title() for part in kind.split("_")[1:]) + (str(number) if number else ""),
            _dashed(stack),
            destroyable=entry.destroyable,
        )
        for kind in types.get(stack, ())
        if kind not in already
        for number, grant in enumerate(policy.grants.get(kind, ()))
    )


def _held(environment: Environment, types: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """What the stacks of an environment may hold."""
    return frozenset(kind for stack in environment.stacks for kind in types.get(stack, ()))


def _own_names(policy: ExecutionRolePolicy, environment: Environment, stacks: Sequence[str]) -> tuple[str, ...]:
    """How what the stacks make is called behind the environment's name. A root that ships gives its own name to it."""
    roots = {stack: environment.stacks[stack].root for stack in stacks}
    return tuple(dict.fromkeys(_dashed(root if root in policy.documents else stack) for stack, root in roots.items()))


def _dashed(stack: str) -> str:
    return stack.replace("_", "-")


def boundary_arn(environment: Environment) -> str:
    """The permissions boundary of the execution role and of every role that it makes."""
    return f"arn:aws:iam::{environment.account_id}:policy/{environment.dashed}-boundary"


def differences(standing: Mapping[str, Any], wanted: str) -> tuple[str, ...]:
    """Return what a document that stands has otherwise than the one that is wanted; empty where they mean the same.

    The order of statements, actions and resources means nothing, nor whether one text stands in a list of its own.
    """
    found, asked = _statements(standing), _statements(json.loads(wanted))
    said = [f"lacks {sid} ({_said(_actions(asked[sid]))})" for sid in asked if sid not in found]
    said += [f"has {sid} besides" for sid in found if sid not in asked]
    said += [
        f"{sid} differs{_changed(found[sid], asked[sid])}" for sid in asked if sid in found and found[sid] != asked[sid]
    ]
    if standing.get("Version") != _VERSION:
        said.append(f"Version is {standing.get('Version')!r}")
    return tuple(said)


def _statements(document: Mapping[str, Any]) -> dict[str, str]:
    """Each statement by its Sid, or by its place, in one spelling."""
    listed = document.get("Statement", [])
    statements = listed if isinstance(listed, list) else [listed]
    named = [(_sid(each, place), json.dumps(_plain(each), sort_keys=True)) for place, each in enumerate(statements, 1)]
    return dict(named)


def _changed(found: str, asked: str) -> str:
    """Which actions it lacks or has besides; nothing where it differs elsewhere."""
    has, needs = _actions(found), _actions(asked)
    parts = [
        f"{word} {_said(actions)}"
        for word, actions in (
            ("lacks", [it for it in needs if it not in has]),
            ("has besides", [it for it in has if it not in needs]),
        )
        if actions
    ]
    return f" ({'; '.join(parts)})" if parts else ""


def _actions(statement: str) -> list[str]:
    """What a statement grants or denies, in its order; whatever else stands there is none."""
    document = json.loads(statement)
    given = document.get("Action") if isinstance(document, dict) else None
    return [it for it in given if isinstance(it, str)] if isinstance(given, list) else []


def _said(actions: Sequence[str]) -> str:
    named, more = actions[:_NAMED], len(actions) - _NAMED
    listed = ", ".join(it.encode("utf-8", "backslashreplace").decode() for it in named)
    return listed + (f" and {more} more" if more > 0 else "")


def _sid(statement: object, place: int) -> str:
    sid = statement.get("Sid") if isinstance(statement, dict) else None
    # Somebody else may have written it: half a character is one that no evidence can hold.
    return str(sid).encode("utf-8", "backslashreplace").decode() if sid else f"statement {place}"


def _plain(node: object, key: str = "") -> object:
    if isinstance(node, dict):
        return {name: _plain(value, name) for name, value in node.items()}
    if isinstance(node, list):
        return sorted(node) if all(isinstance(value, str) for value in node) else [_plain(value) for value in node]
    return [node] if isinstance(node, str) and key not in {"Sid", "Effect"} else node


def _names(environment: Environment) -> dict[str, str]:
    account = environment.account_id
    name = environment.dashed
    return {
        "account": account,
        "region": environment.region,
        "regional": f"{environment.region}:{account}",
        "project": environment.project,
        "environment": environment.name,
        "name": name,
        "state_arn": f"arn:aws:s3:::{environment.backend.bucket}",
        "evidence_arn": f"arn:aws:s3:::{environment.evidence.bucket}",
        "work_arn": f"arn:aws:s3:::{environment.work.bucket}",
        "lock_table_arn": f"arn:aws:dynamodb:{environment.region}:{account}:table/{environment.backend.lock_table}",
        "execution_role_arn": f"arn:aws:iam::{account}:role/{environment.role_name}",
        "policy_prefix_arn": f"arn:aws:iam::{account}:policy/{name}-lanes-",
        "policies_arn": f"arn:aws:iam::{account}:policy/{name}-lanes-*",
        "boundary_arn": boundary_arn(environment),
        "demo_roles_arn": f"arn:aws:iam::{account}:role/{name}-demo-*",
        # Where no token is taken there is none to read, and reading others' tells nothing.
        "oidc_provider_arn": _provider_arn(environment) or f"arn:aws:iam::{account}:oidc-provider/*",
        "alert_topic_arn": environment.alert_topic_arn,
        "budget_name": environment.budget.name,
        "parameters": environment.parameter_prefix,
    }


def _provider_arn(environment: Environment) -> str | None:
    """None: no token is taken, a worker's own role assumes the roles."""
    if environment.oidc is None:
        return None
    issuer = environment.oidc.provider_url.removeprefix("https://")
    return f"arn:aws:iam::{environment.account_id}:oidc-provider/{issuer}"


def _trust(environment: Environment) -> dict[str, Any]:
    subject = None if environment.oidc is None else environment.oidc.subject
    worker = None if environment.worker is None else environment.worker.role_arn
    trusted = _trusted(environment, subject, worker)
    if trusted is None:
        raise ValueError(f"{environment.name}: nobody may assume the execution role")
    return trusted


def _reader(policy: ExecutionRolePolicy, environment: Environment, names: Mapping[str, str]) -> ReaderRole | None:
    """None where the manifest names nobody who may assume it."""
    subject = None if environment.oidc is None else environment.oidc.reader_subject
    worker = None if environment.worker is None else environment.worker.reader_arn
    trust = _trusted(environment, subject, worker)
    if trust is None:
        return None
    arn = environment.reader_arn
    policy_arn = f"arn:aws:iam::{environment.account_id}:policy/{environment.dashed}-reader"
    document = _document(policy.reader, names)
    return ReaderRole(arn, arn.rpartition("/")[2], _minified([trust]), policy_arn, document)


def _trusted(environment: Environment, subject: str | None, role_arn: str | None) -> dict[str, Any] | None:
    """A statement of trust for holders of a token, or for a role."""
    if role_arn is not None:
        return {"Effect": "Allow", "Principal": {"AWS": role_arn}, "Action": "sts:AssumeRole"}
    if environment.oidc is None or subject is None:
        return None
    issuer = environment.oidc.provider_url.removeprefix("https://")
    claims = {f"{issuer}:aud": environment.oidc.audience, f"{issuer}:sub": subject}
    return {
        "Effect": "Allow",
        "Principal": {"Federated": _provider_arn(environment)},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": claims},
    }


def _document(statements: Sequence[RoleStatement], names: Mapping[str, str]) -> str:
    return _minified([_filled(statement.document(), names) for statement in statements])


def _filled(node: Any, names: Mapping[str, str]) -> Any:
    """Put the names in. A name that is not known is a mistake in the file."""
    if isinstance(node, dict):
        return {_filled(key, names): _filled(value, names) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_filled(value, names) for value in node]
    try:
        return Template(node).substitute(names)
    except KeyError as error:
        raise ValueError(f"execution_role.yaml: {node!r} names {error}, known: {', '.join(sorted(names))}") from error


def _minified(statements: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps({"Version": _VERSION, "Statement": statements}, separators=(",", ":"))
