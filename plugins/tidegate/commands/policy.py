"""`tidegate policy`: the execution role's trust, policies and boundary, for the account's owner to apply."""

import json
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.commands.statuses import BLOCKED, PASS

if TYPE_CHECKING:
    from tidegate.models.environment import Environment
    from tidegate.models.execution_role import ExecutionRole, ReaderRole
    from tidegate.models.role_assumption import Oidc


def policy(
    environment: Annotated[str, typer.Argument(help="which environment")],
    owner: Annotated[bool, typer.Option("--owner", help="as commands of the AWS CLI, to be run as the owner")] = False,
    boundary: Annotated[bool, typer.Option("--boundary", help="the permissions boundary alone")] = False,
    execution: Annotated[bool, typer.Option("--execution", help="the policies of the role alone")] = False,
) -> None:
    """Print what the execution role must be: its trust, its policies and its permissions boundary, as JSON.

    The role cannot change itself, so the account's owner applies it. Status 1 when IAM would take a document no more.
    """
    from tidegate import environments
    from tidegate.models.execution_role import role_of

    manifest = environments.load(environment)
    role = role_of(manifest, environments.load_policies(manifest))
    document = role.as_document()
    if owner:
        typer.echo("\n".join(_commands(role, manifest)))
    elif boundary or execution:
        chosen = [name for name, asked in (("boundary", boundary), ("policies", execution)) if asked]
        typer.echo(json.dumps({name: document[name] for name in chosen}, indent=2))
    else:
        typer.echo(json.dumps(document, indent=2))
    for problem in role.too_long():
        typer.echo(f"tidegate: POLICY-TOO-LONG {problem}: shorten the names in the manifest", err=True)
    raise typer.Exit(BLOCKED if role.too_long() else PASS)


def _commands(role: "ExecutionRole", manifest: "Environment") -> Iterator[str]:
    """Say what the owner runs, in order; every line may be run again."""
    yield f"# The execution role of {manifest.name}: its account's owner makes it, or puts it right, with bash."
    yield "set -eu"
    if manifest.oidc is not None and role.provider_arn is not None:
        yield from _provider(role.provider_arn, manifest.oidc)
    yield "# 2. the boundary, and what the role may do; IAM keeps five versions of a policy: delete one if it says so"
    for arn, text in {role.boundary_arn: role.boundary, **role.policies}.items():
        yield _policy(arn, text)
    yield "# 3. the role"
    named = ("--role-name", role.name)
    yield _either(
        ("update-assume-role-policy", *named, "--policy-document", role.trust),
        (
            "create-role",
            *named,
            "--assume-role-policy-document",
            role.trust,
            "--permissions-boundary",
            role.boundary_arn,
        ),
    )
    yield _aws("put-role-permissions-boundary", *named, "--permissions-boundary", role.boundary_arn)
    for arn in role.policies:
        yield _aws("attach-role-policy", *named, "--policy-arn", arn)
    if role.reader is not None:
        yield from _reader(role.reader)
    yield "# 4. whatever else is attached must go: detach-role-policy, delete-role-policy"
    yield _aws("list-attached-role-policies", *named, "--output", "text")
    yield _aws("list-role-policies", *named, "--output", "text")


def _provider(arn: str, oidc: "Oidc") -> Iterator[str]:
    yield "# 1. whose tokens are taken; environments of one account share the provider, so nothing is taken off it"
    yield _either(
        ("get-open-id-connect-provider", "--open-id-connect-provider-arn", arn),
        ("create-open-id-connect-provider", "--url", oidc.provider_url, "--client-id-list", oidc.audience),
    )
    yield _aws(
        *("add-client-id-to-open-id-connect-provider", "--open-id-connect-provider-arn", arn),
        *("--client-id", oidc.audience),
    )


def _policy(arn: str, text: str) -> str:
    return _either(
        ("create-policy-version", "--policy-arn", arn, "--policy-document", text, "--set-as-default"),
        ("create-policy", "--policy-name", arn.rpartition("/")[2], "--policy-document", text),
    )


def _reader(reader: "ReaderRole") -> Iterator[str]:
    yield "# and the role of the API server, which only shows what happened"
    yield _policy(reader.policy_arn, reader.policy)
    named = ("--role-name", reader.name)
    yield _either(
        ("update-assume-role-policy", *named, "--policy-document", reader.trust),
        ("create-role", *named, "--assume-role-policy-document", reader.trust),
    )
    yield _aws("attach-role-policy", *named, "--policy-arn", reader.policy_arn)


def _either(first: tuple[str, ...], otherwise: tuple[str, ...]) -> str:
    return f"{_aws(*first)} > /dev/null 2>&1 || {_aws(*otherwise)}"


def _aws(*arguments: str) -> str:
    return shlex.join(("aws", "iam", *arguments))
