"""Which blockers a gate can raise, with what they say and what closes them, read from the source of the gates.

The source of each gate is followed from its `blockers` function through every rule that it calls; texts are put
together on the way, and what is only known at run time stands as <name>. Nothing is executed.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from tidegate import gates
from tidegate.gates.base import Gate
from tidegate.models.remedy import MANIFEST, OWNER, Clear, Command, Edit, Person, Remedy, Step, Trigger, Wait

PACKAGE = Path(gates.__file__).parent
_PREFIX = "tidegate.gates."
_REMEDIES = "rules_remedies"
"""The module whose steps the constants of others rest on."""
_WORDS = {"MANIFEST": MANIFEST, "OWNER": OWNER}
_ENDINGS = {
    "MISSING": "is not there",
    "UNREADABLE": "cannot be read",
}
"""As `rules_observed.unusable` says them."""


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One kind of blocker of a gate."""

    code: str
    summary: str
    remedy: str


COMMON = (
    Entry(
        "COLLECTOR-BROKEN", "the facts could not be collected", "mend what the observed text names, then clear the task"
    ),
    Entry("FACTS-STALE", "the facts are too old to judge", "clear the task so that it collects again"),
    Entry("GATE-BROKEN", "the gate could not judge, so it stays closed", "report it with the task log"),
)
"""What every gate can raise, whatever it judges."""

_Function = tuple[str, ast.FunctionDef]
"""Name of the module, and the function in it."""


@dataclass(slots=True)
class _Scope:
    """What names mean inside of one call: texts, `Need`s, tuples of these, and nested functions."""

    module: str
    names: dict[str, Any] = field(default_factory=dict)
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    choices: dict[str, bool] = field(default_factory=dict)
    """Which way a condition goes, by its source: the texts of one blocker go the same way."""


def taxonomy(gate: Gate[Any]) -> tuple[Entry, ...]:
    """Every kind of blocker that a gate can raise, sorted by code, without those in `COMMON`."""
    module = gate.id.lower().replace("-", "_")
    reader = _Reader()
    reader.call((module, _functions(module)["blockers"]), {}, ())
    if gate.stops is not None:  # what it says of one stack, a destroy's authorisation asks for
        reader.call((module, _functions(module)["stops"]), {}, ())
    return tuple(sorted(set(reader.found)))


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))


@cache
def _functions(module: str) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in _tree(module).body if isinstance(node, ast.FunctionDef)}


@cache
def _constants(module: str) -> dict[str, ast.expr]:
    return {
        target.id: node.value
        for node in _tree(module).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    } | _shared(module)


def _shared(module: str) -> dict[str, ast.expr]:
    """Constants of other gate modules that a module imports."""
    return {
        alias.asname or alias.name: _constants(node.module.removeprefix(_PREFIX))[alias.name]
        for node in _tree(module).body
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(_PREFIX + "rules_")
        for alias in node.names
        if alias.name in _constants(node.module.removeprefix(_PREFIX))
    }


def _resolve(scope: _Scope, name: str) -> _Function | None:
    """The function behind a name, here or in another module of gates."""
    if name in scope.functions:
        return scope.module, scope.functions[name]
    if name in _functions(scope.module):
        return scope.module, _functions(scope.module)[name]
    for node in _tree(scope.module).body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(_PREFIX):
            other = node.module.removeprefix(_PREFIX)
            if name in {alias.asname or alias.name for alias in node.names} and name in _functions(other):
                return other, _functions(other)[name]
    return (_REMEDIES, _functions(_REMEDIES)[name]) if name in _functions(_REMEDIES) else None


class _Reader:
    """Follows calls and collects the blockers that they would make."""

    def __init__(self) -> None:
        self.found: list[Entry] = []

    def call(
        self, function: _Function, given: dict[str, Any], stack: tuple[str, ...], outer: _Scope | None = None
    ) -> Any:
        """Walk a function with these arguments. The result is what it returns, as far as that is a text."""
        module, node = function
        if node.name in stack:
            return None
        names = dict(outer.names) if outer is not None and node in outer.functions.values() else {}
        scope = _Scope(module, {**names, **given})
        return self._block(node.body, scope, (*stack, node.name))

    def _block(self, body: list[ast.stmt], scope: _Scope, stack: tuple[str, ...]) -> Any:
        returned: Any = None
        for statement in body:
            value = self._statement(statement, scope, stack)
            returned = value if returned is None else returned
        return returned

    def _statement(self, node: ast.stmt, scope: _Scope, stack: tuple[str, ...]) -> Any:
        match node:
            case ast.FunctionDef():
                scope.functions[node.name] = node
            case ast.Assign(targets=[target], value=value):
                self._bind(target, self._value(value, scope, stack), scope)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._bind(target, self._value(value, scope, stack), scope)
            case ast.For():
                self._loop(node, scope, stack)
            case ast.Return(value=ast.expr() as value):
                return self._value(value, scope, stack)
            case ast.Expr(value=value):
                self._value(value, scope, stack)
            case _:
                return self._parts(node, scope, stack)
        return None

    def _parts(self, node: ast.stmt, scope: _Scope, stack: tuple[str, ...]) -> Any:
        """Every branch of a compound statement: any of them may be taken."""
        returned: Any = None
        for name in ("test", "subject"):
            if isinstance(part := getattr(node, name, None), ast.expr):
                self._value(part, scope, stack)
        blocks = [getattr(node, name, []) for name in ("body", "orelse", "finalbody")]
        blocks += [case.body for case in getattr(node, "cases", [])]
        blocks += [handler.body for handler in getattr(node, "handlers", [])]
        for block in blocks:
            value = self._block(block, scope, stack)
            returned = value if returned is None else returned
        return returned

    def _loop(self, node: ast.For, scope: _Scope, stack: tuple[str, ...]) -> None:
        items = self._value(node.iter, scope, stack)
        for item in items if isinstance(items, list) and items else [None]:
            self._bind(node.target, item, scope)
            self._block(node.body, scope, stack)

    def _bind(self, target: ast.expr, value: Any, scope: _Scope) -> None:
        match target:
            case ast.Name(id=name):
                scope.names[name] = value
            case ast.Tuple(elts=parts):
                values = value if isinstance(value, list) and len(value) == len(parts) else [None] * len(parts)
                for part, each in zip(parts, values, strict=True):
                    self._bind(part, each, scope)

    def _value(self, node: ast.expr, scope: _Scope, stack: tuple[str, ...]) -> Any:
        """A text, a list of values, a `Need` as a dict, or None for what is known at run time only."""
        match node:
            case ast.Constant(value=str() as text):
                return text
            case ast.JoinedStr(values=parts):
                return "".join(self._part(part, scope, stack) for part in parts)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._sum((left, right), scope, stack)
            case ast.IfExp():
                return self._either(node, scope, stack)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                return [self._value(part, scope, stack) for part in parts]
            case ast.Name(id=name):
                return self._name(name, scope, stack)
            case ast.Attribute():
                return self._attribute(node, scope, stack)
            case ast.BoolOp(values=parts):
                values = [self._value(part, scope, stack) for part in parts]
                return next((value for value in values if value), None)
            case ast.Call():
                return self._call(node, scope, stack)
        self._inside(node, scope, stack)
        return None

    def _attribute(self, node: ast.Attribute, scope: _Scope, stack: tuple[str, ...]) -> Any:
        """A field of a `Need`, the steps of a remedy; None for what is known at run time only."""
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if isinstance(scope.names.get(name), dict):
                return scope.names[name].get(attribute)
            case ast.Attribute(attr="steps"):
                return self._value(node.value, scope, stack)
        self._inside(node, scope, stack)
        return None

    def _inside(self, node: ast.expr, scope: _Scope, stack: tuple[str, ...]) -> None:
        """Calls may stand anywhere in an expression."""
        for child in ast.iter_child_nodes(node):
            inner = child.iter if isinstance(child, ast.comprehension) else child
            if isinstance(inner, ast.expr):
                self._value(inner, scope, stack)

    def _sum(self, sides: tuple[ast.expr, ast.expr], scope: _Scope, stack: tuple[str, ...]) -> str | None:
        texts = [self._value(side, scope, stack) for side in sides]
        if not any(isinstance(text, str) for text in texts):
            return None
        shown = zip(texts, sides, strict=True)
        return "".join(text if isinstance(text, str) else _placeholder(side) for text, side in shown)

    def _either(self, node: ast.IfExp, scope: _Scope, stack: tuple[str, ...]) -> Any:
        """The branch that was chosen; where nothing was, the first that says something. Both are walked."""
        yes, no = self._value(node.body, scope, stack), self._value(node.orelse, scope, stack)
        taken = scope.choices.get(ast.unparse(node.test))
        if taken is None:
            return no if yes is None else yes
        return yes if taken else no

    def _name(self, name: str, scope: _Scope, stack: tuple[str, ...]) -> Any:
        if name in scope.names:
            return scope.names[name]
        if name in _WORDS:
            return _WORDS[name]
        constant = _constants(scope.module).get(name) or _constants(_REMEDIES).get(name)
        return None if constant is None else self._value(constant, _Scope(scope.module), stack)

    def _part(self, part: ast.expr, scope: _Scope, stack: tuple[str, ...]) -> str:
        if isinstance(part, ast.FormattedValue):
            value = self._value(part.value, scope, stack)
            return value if isinstance(value, str) else _placeholder(part.value)
        return str(self._value(part, scope, stack))

    def _call(self, node: ast.Call, scope: _Scope, stack: tuple[str, ...]) -> Any:
        match node.func:
            case ast.Attribute(value=value, attr="format"):
                text = self._value(value, scope, stack)
                given = [self._value(each, scope, stack) for each in node.args]
                return text.format(*given) if isinstance(text, str) and all(given) else None
            case ast.Name(id="Need"):
                return {str(each.arg): self._value(each.value, scope, stack) for each in node.keywords}
            case ast.Name(id="Blocker"):
                self._blocker(node, scope, stack)
                return None
            case ast.Attribute(value=ast.Name(id="Remedy"), attr="of") | ast.Name(id="Remedy"):
                return self._remedy(node, scope, stack)
            case ast.Name(id=name) if name in _STEPS:
                return self._step(_STEPS[name], node, scope, stack)
            case ast.Name(id=name):
                return self._named_call(name, node, scope, stack)
            case _:
                for each in (*node.args, *(keyword.value for keyword in node.keywords)):
                    self._value(each, scope, stack)
                return None

    def _remedy(self, node: ast.Call, scope: _Scope, stack: tuple[str, ...]) -> Remedy:
        named = {str(each.arg): self._value(each.value, scope, stack) for each in node.keywords}
        note = next((_words(each.value, named["note"]) for each in node.keywords if each.arg == "note"), "")
        return Remedy(
            self._several(node.args, scope, stack), _as_steps(named.get("alternative")), "" if note == "<...>" else note
        )

    def _several(self, nodes: list[ast.expr], scope: _Scope, stack: tuple[str, ...]) -> tuple[Step, ...]:
        """The steps of some expressions; a starred one is another remedy's steps."""
        found: list[Step] = []
        for each in nodes:
            inner = each.value if isinstance(each, ast.Starred) else each
            value = self._value(inner, scope, stack)
            found += _as_steps(value) or (() if value == [] else (Person("", _words(inner, None)),))
        return tuple(found)

    def _step(self, kind: type[Step], node: ast.Call, scope: _Scope, stack: tuple[str, ...]) -> Step:
        names = [each.name for each in fields(kind)]
        given = dict(zip(names, node.args, strict=False)) | {str(each.arg): each.value for each in node.keywords}
        made = {name: self._field(value, scope, stack) for name, value in given.items()}
        if kind is Edit and made.get("value") == "<value>":
            made["value"] = None  # the default: a person decides
        return kind(**made)

    def _field(self, node: ast.expr, scope: _Scope, stack: tuple[str, ...]) -> Any:
        """A part of a step: a text, a tuple of texts, a conf; what is known at run time only stands as `<name>`."""
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Dict(keys=keys, values=values):
                pairs = zip(keys, values, strict=True)
                return {str(self._field(key, scope, stack)): self._field(it, scope, stack) for key, it in pairs if key}
            case ast.Tuple(elts=parts):
                return tuple(text for part in parts for text in self._texts(part, scope, stack))
            case ast.DictComp():
                return {}
        value = self._value(node, scope, stack)
        return tuple(map(str, value)) if isinstance(value, list) else _words(node, value)

    def _texts(self, node: ast.expr, scope: _Scope, stack: tuple[str, ...]) -> tuple[str, ...]:
        inner = node.value if isinstance(node, ast.Starred) else node
        value = self._field(inner, scope, stack)
        return value if isinstance(value, tuple) else (str(value),)

    def _named_call(self, name: str, node: ast.Call, scope: _Scope, stack: tuple[str, ...]) -> Any:
        if name == "finding_blocker":
            self._finding(node, scope, stack)
            return None
        for each in node.args:
            if isinstance(each, ast.Starred):
                self._value(each.value, scope, stack)
        positional = [self._value(each, scope, stack) for each in node.args if not isinstance(each, ast.Starred)]
        named = {str(each.arg): self._value(each.value, scope, stack) for each in node.keywords}
        if name in _NEEDS:
            need = next((each for each in positional if isinstance(each, dict)), None)
            if need is not None:
                self.found += _of_need(need, _NEEDS[name], named.get("otherwise"))
            return None
        function = _resolve(scope, name)
        if function is None:
            return None
        arguments = function[1].args
        given = dict(zip((each.arg for each in (*arguments.posonlyargs, *arguments.args)), positional, strict=False))
        defaults = self._defaults(function, stack)
        return self.call(function, {**defaults, **given, **named}, stack, scope)

    def _defaults(self, function: _Function, stack: tuple[str, ...]) -> dict[str, Any]:
        module, node = function
        positional = [*node.args.posonlyargs, *node.args.args]
        pairs = list(zip(reversed(positional), reversed(node.args.defaults), strict=False))
        pairs += [(a, d) for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d is not None]
        return {argument.arg: self._value(default, _Scope(module), stack) for argument, default in pairs}

    def _blocker(self, node: ast.Call, scope: _Scope, stack: tuple[str, ...]) -> None:
        given = dict(zip(("code", "summary", "resource", "observed", "expected", "remedy"), node.args, strict=False))
        given |= {str(each.arg): each.value for each in node.keywords}
        for choices in _choices([given[name] for name in ("code", "summary", "remedy")]):
            chosen = _Scope(scope.module, scope.names, scope.functions, choices)
            said = {
                name: _said(self._value(given[name], chosen, stack)) or _placeholder(given[name])
                for name in ("code", "summary", "remedy")
            }
            self.found.append(Entry(str(said["code"]), str(said["summary"]), str(said["remedy"])))

    def _finding(self, node: ast.Call, scope: _Scope, stack: tuple[str, ...]) -> None:
        """`finding_blocker` looks its texts up in a table; they are these."""
        given = {str(each.arg): self._value(each.value, scope, stack) for each in node.keywords}
        remedy = str(_said(given["remedy"]))
        self.found += [
            Entry(str(given["forbidden_code"]), "rule <id>: <reason>", remedy),
            Entry("FORBIDDEN-UNKNOWN", "rule <id> cannot be judged before the apply", remedy),
            Entry("FORBIDDEN-UNREADABLE", "rule <id> has no usable value to judge", remedy),
        ]


_NEEDS = {
    "unusable": ("MISSING", "UNREADABLE"),
    "required": ("MISSING", "UNREADABLE"),
    "required_equal": ("MISSING", "UNREADABLE"),
    "readable": ("UNREADABLE",),
}
"""The functions of `rules_observed`, with the endings that they give to the stem of a need."""


def _of_need(need: dict[str, Any], endings: tuple[str, ...], otherwise: str | None) -> Iterator[Entry]:
    what, remedy = str(need["what"] or "<what>"), str(_said(need["remedy"]) or "<remedy>")
    for ending in endings:
        yield Entry(f"{need['stem']}-{ending}", f"{what} {_ENDINGS[ending]}", remedy)
    if otherwise is not None:
        yield Entry(f"{need['stem']}-{otherwise}", f"{what} is not {need['expected'] or 'as expected'}", remedy)


_STEPS: dict[str, type[Step]] = {
    "Trigger": Trigger,
    "Clear": Clear,
    "Command": Command,
    "Edit": Edit,
    "Wait": Wait,
    "Person": Person,
}


def _as_steps(value: Any) -> tuple[Step, ...]:
    """A step, the steps of a remedy, or those of a list."""
    if isinstance(value, Remedy):
        return value.steps
    if isinstance(value, list | tuple):
        return tuple(step for each in value for step in _as_steps(each))
    return (value,) if isinstance(value, Trigger | Clear | Command | Edit | Wait | Person) else ()


def _said(value: Any) -> Any:
    """The sentence of a remedy; anything else as it is."""
    return value.text if isinstance(value, Remedy) else value


def _words(node: ast.expr, value: Any) -> str:
    return value if isinstance(value, str) else _placeholder(node)


def _choices(nodes: list[ast.expr]) -> Iterator[dict[str, bool]]:
    """Every way in which the conditions inside of some expressions can go together."""
    tests = sorted({ast.unparse(part.test) for node in nodes for part in ast.walk(node) if isinstance(part, ast.IfExp)})
    for number in range(2 ** len(tests)):
        yield {test: bool(number >> position & 1) for position, test in enumerate(tests)}


def _placeholder(node: ast.expr) -> str:
    """`<stack>` for `scope.stack`."""
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return f"<{name.strip('_')}>"
        case ast.Call(func=function, args=[first, *_]) if isinstance(function, ast.Name):
            return _placeholder(first)
        case ast.Call(func=ast.Attribute(value=value)):
            return _placeholder(value)
        case ast.BoolOp(values=[first, *_]):
            return _placeholder(first)
        case _:
            return "<...>"
