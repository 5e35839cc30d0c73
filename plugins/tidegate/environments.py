"""Loads manifests and policies; says file, line, field and what is allowed when one is wrong."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError

from tidegate.models.environment import Environment, Handle
from tidegate.models.field_error import FieldError
from tidegate.models.policy import AllowedTypesPolicy, BillPolicy, ForbiddenPolicy, Policies
from tidegate.models.prices import PricePolicy
from tidegate.models.role_policy import ExecutionRolePolicy
from tidegate.plain_yaml import plain
from tidegate.settings import settings

M = TypeVar("M", bound=BaseModel)


class ManifestError(ValueError):
    """A manifest or policy that cannot be used. The text names file, line, field and the remedy."""


def names() -> tuple[str, ...]:
    """The environments that have a manifest, sorted. The only directory read at DAG parse time."""
    return tuple(sorted(path.stem for path in settings().environments_dir.glob("*.yaml")))


@dataclass(frozen=True, slots=True)
class _Claim:
    """An environment beside others: what it has for itself alone, worked out once."""

    environment: Environment
    handles: dict[Handle, tuple[str, ...]]

    @classmethod
    def of(cls, environment: Environment) -> "_Claim":
        return cls(environment, environment.handles)


def load(name: str) -> Environment:
    """Load the manifest of an environment. Raises `ManifestError`."""
    path = _path(name)
    if not path.is_file():
        known = ", ".join(names()) or "none"
        raise ManifestError(f"unknown environment {name!r}: there is no {path.name}; known environments: {known}")
    claim = _Claim.of(_read(path, Environment))
    _refuse_another_name(name, claim)
    _refuse_shared(claim, _neighbours(claim))
    return claim.environment


def load_all() -> dict[str, Environment | ManifestError]:
    """Every environment by name, or what is wrong with its manifest: as `load`, but each manifest is read once."""
    read: dict[str, _Claim | ManifestError] = {}
    for name in names():
        try:
            read[name] = _Claim.of(_read(_path(name), Environment))
        except ManifestError as error:
            read[name] = error
    claims = [it for it in read.values() if isinstance(it, _Claim)]
    return {name: it if isinstance(it, ManifestError) else _beside(name, it, claims) for name, it in read.items()}


def _beside(name: str, claim: _Claim, others: Iterable[_Claim]) -> Environment | ManifestError:
    try:
        _refuse_another_name(name, claim)
        _refuse_shared(claim, others)
    except ManifestError as error:
        return error
    return claim.environment


def _path(name: str) -> Path:
    return settings().environments_dir / f"{name}.yaml"


def _refuse_another_name(name: str, claim: _Claim) -> None:
    if claim.environment.name != name:
        raise ManifestError(f"{name}.yaml: name is {claim.environment.name!r}, expected {name!r} as the file is called")


def _neighbours(claim: _Claim) -> Iterator[_Claim]:
    """The other environments that may have something in common with one. A manifest that cannot be read is of none that
    could do anything.

    One that writes down neither the account nor a bucket is not even parsed, for each task looks at them; a text with
    an escape in it may write them down otherwise.
    """
    words = {claim.environment.account_id, "\\", *(it.name for it in claim.handles if not it.account)}
    for name in names():
        if name == claim.environment.name:
            continue
        try:
            text = _text(_path(name))
            if any(word in text for word in words):
                yield _Claim.of(cast(Environment, _parsed(_path(name), text, Environment)))
        except ManifestError:
            continue


def _refuse_shared(claim: _Claim, others: Iterable[_Claim]) -> None:
    """Raises `ManifestError` where an environment has something in common with another that only one can have."""
    for other in others:
        if other.environment.name != claim.environment.name:
            _refuse_shared_prefix(claim.environment, other.environment)
            _refuse_shared_handles(claim, other)


def _refuse_shared_prefix(environment: Environment, other: Environment) -> None:
    """Names tell whose a resource is, to the role's policy, to scans and to teardowns: where one prefix begins the
    other, one of the two would take the other's for its own.
    """
    if other.account_id != environment.account_id:
        return
    shorter, longer = sorted((environment, other), key=lambda it: (len(it.dashed), it.name))
    if longer.dashed.startswith(shorter.dashed):
        raise ManifestError(
            f"{_written_at(environment, 'name')}: the name prefix {shorter.dashed} of {shorter.name} begins "
            f"{longer.dashed} of {longer.name}, and both are of account {environment.account_id}: resources of "
            f"one would count as the other's; give one of them another name or project, or an account of its own"
        )


def _refuse_shared_handles(claim: _Claim, other: _Claim) -> None:
    shared = claim.handles.keys() & other.handles.keys()
    if shared:
        handle = next(it for it in claim.handles if it in shared)
        raise ManifestError(
            f"{_written_at(claim.environment, *claim.handles[handle])}: {handle.said} is that of "
            f"{other.environment.name} as well ({_written_at(other.environment, *other.handles[handle])}): each would "
            "find and take what is the other's; give one of them another"
        )


def _written_at(environment: Environment, *at: str | int) -> str:
    """`dev_min.yaml:33: evidence.bucket`. The line is looked up only for who has to read it."""
    from ruamel.yaml import YAML

    path = _path(environment.name)
    return f"{path.name}:{_line(YAML(typ='rt').load(_text(path)), at)}: {'.'.join(map(str, at))}"


def load_policies(environment: Environment) -> Policies:
    """Load the policy files that the manifest names. Raises `ManifestError`."""
    directory = settings().policies_dir
    return Policies(
        forbidden=_read(directory / environment.policies.forbidden, ForbiddenPolicy),
        allowed_types=_read(directory / environment.policies.allowed_types, AllowedTypesPolicy),
        prices=_read(prices_path(environment), PricePolicy),
        bill=_read(directory / environment.policies.bill, BillPolicy),
        execution_role=_read(directory / environment.policies.execution_role, ExecutionRolePolicy),
    )


def prices_path(environment: Environment) -> Path:
    """The file with the prices that the manifest names."""
    return settings().policies_dir / environment.policies.prices


def _read(path: Path, model: type[M]) -> M:
    return cast(M, _parsed(path, _text(path), model))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ManifestError(f"{path.name}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ManifestError(f"{path.name}: not YAML: {error}") from error


@lru_cache(maxsize=64)
def _parsed(path: Path, text: str, model: type[BaseModel]) -> BaseModel:
    """Kept by content, so never stale: one process loads the same manifest many times."""
    document = plain(text)
    if document is not None:
        try:
            return model.model_validate(document)
        except ValidationError:
            pass  # read again below, by the reader that knows the line of each field
    return _parsed_with_lines(path, text, model)


def _parsed_with_lines(path: Path, text: str, model: type[BaseModel]) -> BaseModel:
    """As `_parsed`, for all of YAML, and it names the line of what is wrong. It takes fifteen times as long."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        document = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise ManifestError(f"{path.name}:{line}: not YAML: {error.problem}") from error
    except (YAMLError, ValueError, RecursionError) as error:  # a control character, 30 February
        raise ManifestError(f"{path.name}: not YAML: {error}") from error
    if not isinstance(document, dict):
        found = "nothing" if document is None else type(document).__name__
        raise ManifestError(f"{path.name}: expected a mapping at the top, found {found}")
    try:
        return model.model_validate(_without_positions(document))
    except ValidationError as error:
        raise ManifestError(
            "\n".join(
                f"{path.name}:{_line(document, _place(problem))}: {'.'.join(map(str, _place(problem))) or 'manifest'}: "
                f"{problem['msg'].removeprefix('Value error, ')}{_given(problem)}{_allowed(model, problem)}"
                for problem in error.errors(include_url=False)
            )
        ) from error


def _place(problem: Any) -> tuple[str | int, ...]:
    """Where it is wrong. A rule across fields may say at which of them it is broken."""
    error = problem.get("ctx", {}).get("error")
    return (*problem["loc"], *(error.at if isinstance(error, FieldError) else ()))


def _given(problem: Any) -> str:
    return "" if problem["type"] in {"missing", "value_error"} else f" (given: {problem['input']!r})"


def _allowed(model: type[BaseModel], problem: Any) -> str:
    """What may stand there, where pydantic does not say it: the known fields, or the values of a missing one."""
    *parents, last = problem["loc"] or ("",)
    owner: Any = model
    for part in parents:
        if isinstance(part, str):
            field = getattr(owner, "model_fields", {}).get(part)
            owner = None if field is None else _model_in(field.annotation)
    fields = getattr(owner, "model_fields", {})
    if problem["type"] == "extra_forbidden" and fields:
        return f"; known: {', '.join(field.alias or name for name, field in fields.items())}"
    if problem["type"] == "missing" and last in fields and get_origin(fields[last].annotation) is Literal:
        return f": one of {', '.join(map(str, get_args(fields[last].annotation)))}"
    return ""


def _model_in(annotation: Any) -> Any:
    """The one model in `tuple[Price, ...]`, `dict[str, Stack]` or `Offer | None`; None where there is none."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation if issubclass(annotation, BaseModel) else None
    return next(filter(None, map(_model_in, get_args(annotation))), None)


def _line(document: Any, location: Sequence[str | int]) -> int:
    """The line of the innermost part of `location` that exists, counted from 1."""
    node: Any = document
    line = 1
    for part in location:
        try:
            position: Any = node.lc
            line = (position.key(part) if hasattr(node, "keys") else position.item(part))[0] + 1
            node = node[part]
        except (KeyError, IndexError, TypeError, AttributeError):
            break
    return line


def _without_positions(node: Any) -> Any:
    """The document without ruamel's position-keeping types."""
    if isinstance(node, dict):
        return {str(key): _without_positions(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_without_positions(value) for value in node]
    return node
