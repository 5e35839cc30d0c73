"""What a stack's root may not hold: terraform runs the code that it names with the execution role's token (ID3, ID4).

Judged before `terraform init`, and again from the facts (ADR 42).
"""

from collections.abc import Iterable, Iterator

from tidegate.gates.base import each
from tidegate.gates.rules_observed import Need, readable, unusable
from tidegate.gates.rules_remedies import AUTHOR, OPERATOR, SAME_DAG, manifest, root_of
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known, Observed
from tidegate.models.remedy import Clear, Person, Remedy
from tidegate.models.root import RootPart, RootSources, StackRoot

_RUNS_OR_FETCHES = frozenset({"external", "http"})
"""Data sources that start a program on the worker, and that ask any server."""


def roots_blockers(roots: Iterable[StackRoot]) -> Iterator[Blocker]:
    """Before anything is built: block for each root that is not there, or that the plan of its stack would refuse."""
    for each_root in roots:
        if isinstance(each_root.root, Absent):
            yield unusable(
                each_root.root,
                Need(
                    stem="ROOT",
                    what="the stack's Terraform root",
                    resource=root_of(each_root.stack),
                    expected="a directory with backend.tf and .terraform.lock.hcl",
                    remedy=Remedy.of(
                        manifest(f"stacks.{each_root.stack}.root", why="the directory of the root"),
                        SAME_DAG,
                        alternative=(Person(AUTHOR, "put the two files there"), Clear()),
                    ),
                ),
            )
        else:
            yield from root_blockers(each_root.root, each_root.stack)


def root_blockers(root: Observed[RootSources], stack: str) -> Iterator[Blocker]:
    """Block for each part of a root that may not be there. Absent is no root, and the plan says so."""
    yield from readable(
        root,
        Need(
            stem="ROOT",
            what="the stack's Terraform root",
            resource=root_of(stack),
            expected="a directory that can be read before terraform sees it",
            remedy=Remedy.of(Person(OPERATOR, f"let the worker read {root_of(stack)}"), Clear()),
        ),
    )
    if isinstance(root, Known):
        for part in root.value.parts:
            yield from each(_value(part, root.value, stack), _presence(part, stack), _secret(part, stack))


def _value(part: RootPart, root: RootSources, stack: str) -> Iterator[Blocker]:
    """Parts that may be there, if they are the right ones."""
    match part.kind:
        case "provider":
            if part.what not in root.allowed_providers:
                yield _provider(part, root, stack)
        case "data_source":
            if part.what in _RUNS_OR_FETCHES:
                yield _data_source(part, stack)
        case "remote_state":
            if part.what != "s3":
                yield _remote_state(part, stack)
        case "backend":
            if part.what != "s3":
                yield _backend(part, stack)


def _presence(part: RootPart, stack: str) -> Iterator[Blocker]:
    """Parts that may not be there at all."""
    match part.kind:
        case "no_backend":
            yield _no_backend(part, stack)
        case "cloud":
            yield _cloud(part, stack)
        case "provisioner":
            yield _provisioner(part, stack)
        case "connection":
            yield _connection(part, stack)
        case "credentials":
            yield _credentials(part, stack)
        case "module":
            yield _module(part, stack)
        case "symlink":
            yield _symlink(part, stack)
        case "file":
            yield _file(part, stack)
        case "not_understood":
            yield _not_understood(part, stack)


def _secret(part: RootPart, stack: str) -> Iterator[Blocker]:
    """What the stack takes from Airflow's connections."""
    match part.kind:
        case "open_variable":
            yield _open_variable(part, stack)
        case "no_login":
            yield _no_login(part)


def _provider(part: RootPart, root: RootSources, stack: str) -> Blocker:
    return Blocker(
        code="ROOT-PROVIDER-NOT-ALLOWED",
        summary="the root requires, uses or locks a provider that the manifest does not list",
        resource=part.where,
        observed=part.what,
        expected=f"one of {', '.join(root.allowed_providers)}",
        remedy=Remedy.of(
            Person(AUTHOR, f"take the provider out of {root_of(stack)} and its .terraform.lock.hcl"),
            Clear(),
            alternative=(
                manifest("providers", why=f"list {part.what} as well, if its code may run with the role"),
                SAME_DAG,
            ),
        ),
    )


def _provisioner(part: RootPart, stack: str) -> Blocker:
    return Blocker(
        code="ROOT-PROVISIONER",
        summary="the root holds a provisioner, which runs a program or copies files outside the plan",
        resource=part.where,
        observed=part.what,
        expected="no provisioner",
        remedy=Remedy.of(Person(AUTHOR, f"take the provisioner out of {root_of(stack)}"), Clear()),
    )


def _connection(part: RootPart, stack: str) -> Blocker:
    return Blocker(
        code="ROOT-CONNECTION",
        summary="the root says how a provisioner reaches a machine",
        resource=part.where,
        observed=part.what,
        expected="no connection block",
        remedy=Remedy.of(Person(AUTHOR, f"take the connection out of {root_of(stack)}"), Clear()),
    )


def _data_source(part: RootPart, stack: str) -> Blocker:
    return Blocker(
        code="ROOT-DATA-SOURCE",
        summary="the root reads from a program or from any server, and a plan already does that",
        resource=part.where,
        observed=f"data source {part.what}",
        expected="no data source external or http",
        remedy=Remedy.of(
            Person(AUTHOR, f"take the data source out of {root_of(stack)} and hand its value over as a variable"),
            Clear(),
        ),
    )


def _credentials(part: RootPart, stack: str) -> Blocker:
    return Blocker(
        code="ROOT-CREDENTIALS",
        summary="the root leads terraform to other credentials, or sends the role's to another service",
        resource=part.where,
        observed=part.what,
        expected="credentials and endpoints from the process environment alone",
        remedy=Remedy.of(Person(AUTHOR, f"take the setting out of {root_of(stack)}"), Clear()),
    )


def _remote_state(part: RootPart, stack: str) -> Blocker:
    return Blocker(
        code="ROOT-REMOTE-STATE",
        summary="the root reads a state from somewhere else than S3",
        resource=part.where,
        observed=f"backend {part.what}",
        expected='backend = "s3"',
        remedy=Remedy.of(
            Person(AUTHOR, f'write backend = "s3" in {root_of(stack)}, or take an output through the manifest'),
            Clear(),
        ),
    )


def _module(part: RootPart, stack: str) -> Blocker:
    return Blocker(
        code="ROOT-MODULE-OUTSIDE",
        summary="a module does not lie in the root or in the project's modules, so its code would be fetched unread",
        resource=part.where,
        observed=part.what,
        expected="a path below the root, or ../modules/ and a directory of include/terraform/modules; none is fetched, "
        "pinned or not",
        remedy=Remedy.of(Person(AUTHOR, f"copy the module into {root_of(stack)} and name it by its path"), Clear()),
    )


def _backend(part: RootPart, stack: str) -> Blocker:
    return Blocker(
        code="ROOT-BACKEND",
        summary="the root says itself where its state lies",
        resource=part.where,
        observed=f"backend {part.what}",
        expected='an empty backend "s3" {}, which the manifest fills',
        remedy=Remedy.of(Person(AUTHOR, f'leave an empty backend "s3" {{}} in {root_of(stack)}'), Clear()),
    )


def _no_backend(part: RootPart, stack: str) -> Blocker:
    return Blocker(
        code="ROOT-BACKEND-MISSING",
        summary="the root has no backend, so its state would stay on the worker",
        resource=part.where,
        observed=part.what,
        expected='an empty backend "s3" {}, which the manifest fills',
        remedy=Remedy.of(Person(AUTHOR, f'write backend "s3" {{}} into backend.tf of {root_of(stack)}'), Clear()),
    )


def _cloud(part: RootPart, stack: str) -> Blocker:
    return Blocker(
        code="ROOT-CLOUD",
        summary="the root hands its state and its runs to HCP Terraform",
        resource=part.where,
        observed=f"a block {part.what}",
        expected='an empty backend "s3" {}, which the manifest fills',
        remedy=Remedy.of(Person(AUTHOR, f"take the cloud block out of {root_of(stack)}"), Clear()),
    )


def _symlink(part: RootPart, stack: str) -> Blocker:
    return Blocker(
        code="ROOT-SYMLINK",
        summary="a symlink leads out of the root, in a circle or nowhere",
        resource=part.where,
        observed=part.what,
        expected="files of the root itself",
        remedy=Remedy.of(Person(AUTHOR, f"put the file itself into {root_of(stack)}"), Clear()),
    )


def _file(part: RootPart, stack: str) -> Blocker:
    return Blocker(
        code="ROOT-FILE",
        summary="a file in the root would change what terraform takes from the manifest",
        resource=part.where,
        observed=part.what,
        expected="no values, no settings of the command line and no plugins beside the code",
        remedy=Remedy.of(
            Person(AUTHOR, f"take it out of {root_of(stack)}; values belong into the stack's entry in the manifest"),
            Clear(),
        ),
    )


def _open_variable(part: RootPart, stack: str) -> Blocker:
    return Blocker(
        code="ROOT-VARIABLE-NOT-SENSITIVE",
        summary="a variable takes a secret, and terraform would show it",
        resource=part.where,
        observed=f"variable {part.what} is not sensitive, or not there",
        expected="sensitive = true",
        remedy=Remedy.of(
            Person(AUTHOR, f"write sensitive = true into variable {part.what} of {root_of(stack)}"), Clear()
        ),
    )


def _no_login(part: RootPart) -> Blocker:
    return Blocker(
        code="ROOT-CONNECTION-UNUSABLE",
        summary="the stack takes a credential from an Airflow connection, and there is none",
        resource=part.where,
        observed=part.what,
        expected="a connection with what the manifest names",
        remedy=Remedy.of(
            Person(OPERATOR, "put the named connection right in Airflow (Admin, Connections) or its secrets backend"),
            Clear(),
        ),
    )


def _not_understood(part: RootPart, stack: str) -> Blocker:
    return Blocker(
        code="ROOT-NOT-UNDERSTOOD",
        summary="a file of the root cannot be read, so nobody knows what it holds",
        resource=part.where,
        observed=part.what,
        expected="blocks and arguments of Terraform that this version knows",
        remedy=Remedy.of(
            Person(AUTHOR, f"write this place of {root_of(stack)} in a plain way; docs/stacks.md says which"), Clear()
        ),
    )
