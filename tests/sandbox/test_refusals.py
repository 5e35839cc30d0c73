"""Every stand-in is as strict as it says: each refusal is made that it declares, and each error of AWS is declared."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.session import get_session

from refused_calls import callers, confluent, lists, money, services
from refused_calls.world import Call, World
from sandbox.aws import patching, price_list, seeded
from sandbox.aws.extensions import EXTENSIONS
from sandbox.confluent import control_plane, costs, kafka_rest
from sandbox.declarations import kinder, refusals
from sandbox.iam import assumption
from sandbox.refusals import EVERY, MADE_ELSEWHERE, Refusal
from sandbox.testing import running_sandbox

pytestmark = pytest.mark.timeout(120)

TABLES = (callers, confluent, lists, money, services)
CALLS = {name: call for table in TABLES for name, call in table.CALLS.items()}
DECLARED = {f"{service} {each.operation}: {each.when}": each for service, each in refusals()}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One sandbox for all calls: what is refused changes nothing."""
    with running_sandbox(tmp_path_factory.mktemp("refusals"), "--environment", "dev_min") as sandbox:
        made = World(sandbox)
        sandbox.admin.set_spend(as_of=money.TODAY, page_size=2)
        money.make_budgets(made)
        yield made


def answered(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The operations that an extension puts on moto's classes, told by its own patches, of which none is made here."""
    operations: set[str] = set()
    model = get_session().get_service_model(module.SERVICE)
    methods = {xform_name(name): name for name in model.operation_names}

    def note(owner: type, name: str, function: object, *, answers: tuple[str, ...] = ()) -> None:
        named = methods.get(name) if owner.__name__.endswith("Response") else None
        found = {*answers, *([named] if named else [])}
        assert found, f"{module.__name__} patches {owner.__name__}.{name}, and does not say what it answers"
        assert found <= set(model.operation_names)
        operations.update(found)

    for name in ("replace", "add"):
        if hasattr(module, name):
            monkeypatch.setattr(module, name, note)
    module.install()
    return operations


def everything_answered(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """Service and operation of all that the sandbox answers in the place of moto."""
    for module in EXTENSIONS:
        yield from ((module.SERVICE, operation) for operation in answered(module, monkeypatch))
    yield price_list.SERVICE, price_list.OPERATION
    yield assumption.SERVICE, assumption.OPERATION
    yield from seeded.OPERATIONS


def test_each_declared_refusal_has_one_call_and_each_call_is_declared() -> None:
    assert Counter(f"{service} {each.operation}: {each.when}" for service, each in refusals()).most_common(1)[0][1] == 1
    assert sum(len(table.CALLS) for table in TABLES) == len(CALLS)
    assert set(CALLS) == set(DECLARED)


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_it_is_refused(world: World, name: str) -> None:
    declared: Refusal = DECLARED[name]
    answer = answer_to(CALLS[name], world)
    if isinstance(answer, ClientError):
        assert answer.response["Error"]["Code"] == declared.code, answer
        assert declared.operation in {EVERY, answer.operation_name}
    else:
        assert isinstance(answer, httpx.Response), f"the call was not refused: {answer}"
        assert f"{answer.status_code} {confluent_code(answer)}" == declared.code, answer.text
        assert declared.operation == EVERY or is_asked(answer.request, declared.operation), answer.request


def answer_to(call: Call, world: World) -> Any:
    """What a client gets: the error that AWS's clients raise, else what the call returns."""
    try:
        return call(world)
    except ClientError as error:
        return error


def confluent_code(answer: httpx.Response) -> str:
    content = answer.json()
    return str(content["errors"][0]["code"] if "errors" in content else content.get("error_code"))


def is_asked(request: httpx.Request, operation: str) -> bool:
    """Whether a request is the operation: its method, and its path with an id for each {id}."""
    method, _, path = operation.partition(" ")
    wanted, parts = path.split("/"), request.url.path.removeprefix("/kafka/v3").split("/")
    fits = all(each in (there, "{id}", "{name}") for each, there in zip(wanted, parts, strict=False))
    return request.method == method and len(wanted) == len(parts) and fits


def test_every_error_of_a_model_is_refused_or_said_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    declared = {(service, each.operation, each.code) for service, each in (*refusals(), *kinder())}
    undeclared = {
        (service, operation, error.error_code)
        for service, operation in everything_answered(monkeypatch)
        for error in get_session().get_service_model(service).operation_model(operation).error_shapes
        if not {error.name, error.error_code} & MADE_ELSEWHERE
    } - declared
    assert undeclared == set()


def test_every_operation_refuses_something(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = {
        *everything_answered(monkeypatch),
        *((control_plane.SERVICE, operation) for operation in control_plane.operations()),
        *((costs.SERVICE, operation) for operation in costs.OPERATIONS),
        *((kafka_rest.SERVICE, operation) for operation in kafka_rest.OPERATIONS),
    }
    refusing = {(service, each.operation) for service, each in refusals()}
    assert ours - refusing == set()
    assert {each for each in refusing if each[1] != EVERY} - ours == set()


def test_what_is_said_to_be_missing_is_of_an_operation_that_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = {(service, each.operation) for service, each in refusals()} | set(everything_answered(monkeypatch))
    assert {(service, each.operation) for service, each in kinder()} - ours == set()
    assert Counter(kinder()).most_common(1)[0][1] == 1


def test_every_extension_is_among_the_declarations() -> None:
    """A new file in sandbox/aws that patches moto must be installed, and so declare."""
    patching_modules = {module.__name__ for module in EXTENSIONS}
    folder = Path(patching.__file__).parent
    found = {
        f"sandbox.aws.{path.stem}"
        for path in folder.glob("*.py")
        if "from sandbox.aws.patching import" in path.read_text("utf-8")
    }
    assert found == patching_modules


@pytest.mark.parametrize("each", [*refusals(), *kinder()], ids=lambda each: f"{each[0]}-{each[1].operation}")
def test_declarations_are_sentences_with_a_source(each: tuple[str, Any]) -> None:
    _, declared = each
    text = declared.when if isinstance(declared, Refusal) else declared.why
    assert text == text.strip()
    assert not text.endswith(".")
    if isinstance(declared, Refusal):
        assert declared.source.startswith(("https://docs.aws.amazon.com/", "https://docs.confluent.io/"))
