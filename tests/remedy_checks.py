"""What holds for every remedy that any test provokes, checked without a run: each of its steps can be taken (RE1)."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from tidegate import environments
from tidegate.lanes.phases import phase_of
from tidegate.lanes.spec import DAG_NAMES, dag_id_of
from tidegate.models.environment import Environment
from tidegate.models.policy import AllowedTypesPolicy, ForbiddenPolicy
from tidegate.models.prices import PricePolicy
from tidegate.models.remedy import MANIFEST, Clear, Command, Edit, Person, Remedy, Step, Trigger, Wait

ENVIRONMENT = "dev_min"
NEVER_PROPOSED = {"confirm", "reason", "repair_reason", "lock_id"}
"""What only a person says: a conf that fills it in would be an approval by nobody."""
_MODELS: dict[str, type[BaseModel]] = {
    "include/policies/allowed_types.yaml": AllowedTypesPolicy,
    "include/policies/forbidden.yaml": ForbiddenPolicy,
    "include/policies/prices.yaml": PricePolicy,
}
_STACKS = {"target", "stack"}
_PROGRAMS = {"aws", "airflow", "tidegate", "docker", "kubectl"}


def assert_can_be_taken(remedy: Remedy, *, dag: str | None = None) -> None:
    """Fail for a remedy without a way, and for a step that cannot be taken as it stands."""
    assert remedy.steps or remedy.note, remedy
    assert remedy.text.strip()
    assert not re.search(r"\n|\bNone\b|\(\)", remedy.text), remedy.text
    for step in (*remedy.steps, *remedy.alternative):
        problems = list(_problems(step, dag))
        assert not problems, (problems, step)


def _problems(step: Step, dag: str | None) -> Iterator[str]:
    match step:
        case Trigger(named, conf, ask):
            yield from _trigger_problems(named.replace("<dag>", dag or "<dag>"), dict(conf), ask)
        case Clear(task) if task != "<task>" and task not in _task_ids():
            yield f"no DAG has a task {task}"
        case Command(argv, as_whom) if argv[0] not in _PROGRAMS or not all(argv) or not as_whom:
            yield f"no command line of a known program: {argv}"
        case Edit(file, path, _, _) if not has_field(_model_of(file), path.split(".")):
            yield f"{file} has no field {path}"
        case Wait(until) if not until.strip():
            yield "waits for nothing"
        case Person(who, what, _) if not who.strip() or not what.strip():
            yield "nobody, or nothing"


def _model_of(file: str) -> type[BaseModel] | None:
    manifests = (MANIFEST, f"include/environments/{ENVIRONMENT}.yaml")
    return Environment if file in manifests else _MODELS.get(file)


def _trigger_problems(dag: str, conf: dict[str, Any], ask: tuple[str, ...]) -> Iterator[str]:
    if dag == "<dag>":
        known = set().union(*(params for params in dag_params().values()))
    else:
        name = dag.rpartition(".")[2]
        if name not in DAG_NAMES.values():
            yield f"no DAG {dag}"
            return
        known = set(dag_params()[name])
        for param, value in conf.items():
            yield from _value_problems(name, param, value)
    for param in (*conf, *ask):
        if param not in known:
            yield f"{dag} has no param {param}"
    for param in NEVER_PROPOSED & set(conf):
        yield f"{param} is for a person to say"


def _value_problems(name: str, param: str, value: Any) -> Iterator[str]:
    from airflow.sdk import Param
    from airflow.sdk.exceptions import ParamValidationError

    given = dag_params()[name].get(param)
    if not isinstance(given, Param) or (isinstance(value, str) and "<" in value):
        return
    if param in _STACKS:  # facts of tests have stacks of their own; that there is one is what counts
        if not value:
            yield f"{param} is empty"
        return
    try:
        given.resolve(value)
    except ParamValidationError as error:
        yield f"{param} = {value!r}: {str(error).splitlines()[0]}"


@cache
def dag_params() -> dict[str, dict[str, Any]]:
    """By DAG name: the params of its form. Airflow is imported only where a test needs them."""
    from tidegate.dag_factory import params_of

    environment = environments.load(ENVIRONMENT)
    return {name: params_of(environment, phase) for phase, name in DAG_NAMES.items()}


@cache
def _task_ids() -> frozenset[str]:
    environment = environments.load(ENVIRONMENT)
    specs = [phase_of(environment, phase) for phase in DAG_NAMES]
    return frozenset(lane.task_id for spec in specs for lane in (*spec.lanes, spec.verdict))


@cache
def dag_ids() -> frozenset[str]:
    """Every DAG of the environment."""
    return frozenset(dag_id_of(ENVIRONMENT, phase) for phase in DAG_NAMES)


def has_field(model: Any, path: list[str]) -> bool:
    """Does a dotted path lead to a field of a model? Any key leads on in a mapping."""
    if not path:
        return True
    for part in _alternatives(model):
        if isinstance(part, type) and issubclass(part, BaseModel):
            named = {field.alias or name: field.annotation for name, field in part.model_fields.items()}
            if path[0] in named and has_field(named[path[0]], path[1:]):
                return True
        elif get_origin(part) is dict and re.fullmatch(r"[^.]+", path[0]) and has_field(get_args(part)[1], path[1:]):
            return True
    return False


def _alternatives(annotation: Any) -> Iterator[Any]:
    if isinstance(annotation, type) or get_origin(annotation) is dict:
        yield annotation
        return
    for part in get_args(annotation):
        yield from _alternatives(part)
