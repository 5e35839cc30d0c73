"""What mutmut left behind, told apart by what was changed and not by a running number, and held against the reasons."""

import ast
import difflib
import json
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

Status = Literal["killed", "survived", "timeout", "no tests", "not run", "broken"]

_STATUS: dict[int | None, Status] = {
    0: "survived",
    1: "killed",
    3: "killed",
    5: "no tests",
    33: "no tests",
    None: "not run",
    **dict.fromkeys((-24, 24, 36, 152, 255), "timeout"),
}
"""mutmut's exit codes. 24 is SIGXCPU: a mutant that never ends was noticed. Any other is `broken`: nobody knows."""

NOTICED = frozenset({"killed", "timeout"})
TEXT_FIELDS = frozenset({"summary", "observed", "expected", "remedy", "what"})
"""Keyword arguments whose string literals only a person reads."""

_NAMING_FIELDS = frozenset({"code", "resource", "owner", "stem", "otherwise"})
_DECIDING_METHODS = frozenset(
    {"split", "rsplit", "partition", "rpartition", "startswith", "endswith", "removeprefix", "removesuffix", "replace"}
    | {"get", "fullmatch", "match", "search", "sub", "strip", "lstrip", "rstrip", "index", "find", "count", "pop"}
)


class ReasonsError(Exception):
    """The file of reasons cannot be used; the text names the file and the place."""


class Reason(BaseModel):
    """Why no test notices a change, and why that is right."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    before: str
    after: str
    reason: Annotated[str, Field(min_length=20)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change. `before` and `after` are the changed lines, stripped: they outlive edits elsewhere in the file."""

    module: str
    function: str
    status: Status
    before: str
    after: str
    only_text: bool

    @property
    def key(self) -> tuple[str, str, str]:
        """What a reason names. The same change at two places of a function has one key."""
        return f"{self.module}.{self.function}", self.before, self.after


Reasons = Mapping[tuple[str, str, str], Reason]


def read_reasons(path: Path) -> Reasons:
    """Reasons by key. The file has a table array per function. Raises ReasonsError."""
    try:
        given = tomllib.loads(path.read_text("utf-8"))
        tables = TypeAdapter(dict[str, list[Reason]]).validate_python(given)
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise ReasonsError(f"{path.name}: {error}") from error
    reasons: dict[tuple[str, str, str], Reason] = {}
    for function, entries in tables.items():
        for entry in entries:
            key = (function, entry.before, entry.after)
            if key in reasons:
                raise ReasonsError(f"{path.name}: {function} has two reasons for {entry.before!r}")
            reasons[key] = entry
    return reasons


def mutants_of(sources: Path, modules: Sequence[str]) -> Iterator[Mutant]:
    """The mutants of modules, from mutmut's sources: `<module>.py`, and `<module>.py.meta` with the results."""
    for module in modules:
        path = sources / Path(*module.split(".")).with_suffix(".py")
        meta = path.with_name(f"{path.name}.meta")
        if not meta.exists():
            continue  # no mutant in it
        results: dict[str, int | None] = json.loads(meta.read_text("utf-8"))["exit_code_by_key"]
        functions = _functions(path.read_text("utf-8"))
        for key, code in results.items():
            name = key.removeprefix(f"{module}.")
            yield _mutant(module, name, _STATUS.get(code, "broken"), functions)


def _functions(source: str) -> dict[str, tuple[ast.FunctionDef, list[str]]]:
    """Each function of a mutated file by its mangled name: the tree, and the lines below the first."""
    lines = source.splitlines()
    return {
        node.name: (node, [line.strip() for line in lines[node.lineno - 1 : node.end_lineno]])
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
    }


def _mutant(
    module: str, name: str, status: Status, functions: Mapping[str, tuple[ast.FunctionDef, list[str]]]
) -> Mutant:
    stem = name.partition("__mutmut_")[0]
    (tree, lines), (changed_tree, changed) = functions[f"{stem}__mutmut_orig"], functions[name]
    lines, changed = (["", *given] for given in (_unnamed(lines, f"{stem}__mutmut_orig"), _unnamed(changed, name)))
    blocks = [
        (lines[a:b], changed[c:d])
        for tag, a, b, c, d in difflib.SequenceMatcher(None, lines, changed, autojunk=False).get_opcodes()
        if tag != "equal"
    ]
    return Mutant(
        module=module,
        function=stem.removeprefix("x_") if stem.startswith("x_") else stem.strip("xǁ").replace("ǁ", "."),
        status=status,
        before="\n".join(line for before, _ in blocks for line in before),
        after="\n".join(line for _, after in blocks for line in after),
        only_text=_without_text(tree) == _without_text(changed_tree),
    )


def _unnamed(lines: Sequence[str], name: str) -> list[str]:
    return [line.replace(name, "_") for line in lines]


def _without_text(function: ast.FunctionDef) -> str:
    """The function without its name, and without the string literals in what only a person reads."""
    again = ast.parse(ast.unparse(function)).body[0]
    _Blank().visit(again)
    assert isinstance(again, ast.FunctionDef)
    return "".join(ast.dump(part) for part in (again.args, *again.body))


class _Blank(ast.NodeVisitor):
    """Empties the string literals in fields that only a person reads, and elsewhere those that hold a space: prose.

    Left alone is what the program itself goes by: a code, a resource, an owner, a key, the operand of a comparison,
    the argument of a string method.
    """

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg in TEXT_FIELDS:
            for part in ast.walk(node.value):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    part.value = ""
        elif node.arg not in _NAMING_FIELDS:
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and " " in node.value:
            node.value = ""

    def visit_Compare(self, node: ast.Compare) -> None:
        """A literal that is compared decides something."""

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute) and node.func.attr in _DECIDING_METHODS:
            self.visit(node.func.value)
        else:
            self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> None:
        for value in node.values:
            self.visit(value)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit(node.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome. `unexplained` and `stale` are what a person has to deal with."""

    mutants: tuple[Mutant, ...]
    reasons: Reasons
    unexplained: tuple[Mutant, ...]
    stale: tuple[tuple[str, str, str], ...]

    @classmethod
    def of(cls, mutants: Sequence[Mutant], reasons: Reasons, *, modules: Sequence[str], whole: bool) -> "Report":
        """Compare. A run over some modules says nothing about reasons in others; a `whole` one does."""
        lasting = [mutant for mutant in mutants if mutant.status not in NOTICED]
        found = {mutant.key for mutant in lasting}
        judged = [key for key in reasons if whole or _module_of(key[0], modules)]
        return cls(
            mutants=tuple(mutants),
            reasons=reasons,
            unexplained=tuple(m for m in lasting if not _excused(m, reasons)),
            stale=tuple(key for key in judged if key not in found),
        )

    @property
    def clean(self) -> bool:
        """Something was mutated, each survivor has a reason, and each reason a survivor."""
        return bool(self.mutants) and not self.unexplained and not self.stale

    def lines(self) -> Iterator[str]:
        """A table per module, then what is to be done, in the form in which the file of reasons wants it."""
        yield "| module | mutants | killed | timeout | survived | with a reason | text for people | open |"
        yield "|---|---|---|---|---|---|---|---|"
        for module in sorted({mutant.module for mutant in self.mutants}):
            yield self._row(module, [mutant for mutant in self.mutants if mutant.module == module])
        yield self._row("all", self.mutants)
        for mutant in self.unexplained:
            yield ""
            yield f"# {mutant.status}: write a test that notices this, or a reason in tests/survivors.toml"
            yield from _entry(mutant)
        for function, before, after in self.stale:
            yield ""
            yield f"# nothing of the kind survives any more: remove this reason of {function}"
            yield f"# before = {before!r}, after = {after!r}"
        if not self.mutants:
            yield "no mutant was made: nothing was shown"

    def _row(self, name: str, mutants: Sequence[Mutant]) -> str:
        count = Counter(mutant.status for mutant in mutants)
        lasting = [mutant for mutant in mutants if mutant.status not in NOTICED]
        text = sum(mutant.only_text for mutant in lasting if mutant.key not in self.reasons)
        given = sum(mutant.key in self.reasons for mutant in lasting)
        cells: list[Any] = [name, len(mutants), count["killed"], count["timeout"], len(lasting), given, text]
        return "| " + " | ".join(str(cell) for cell in [*cells, len(lasting) - given - text]) + " |"


def _excused(mutant: Mutant, reasons: Reasons) -> bool:
    """A mutant that was never judged has no excuse, whatever it changes."""
    if mutant.status in {"not run", "broken"}:
        return False
    return mutant.only_text or mutant.key in reasons


def _module_of(function: str, modules: Sequence[str]) -> bool:
    return any(function.startswith(f"{module}.") for module in modules)


def _entry(mutant: Mutant) -> Iterator[str]:
    """The mutant as an entry of the file of reasons, its reason still to be written."""
    yield f"[[{json.dumps(mutant.key[0])}]]"
    yield f"before = {_toml(mutant.before)}"
    yield f"after = {_toml(mutant.after)}"
    yield 'reason = ""'


def _toml(text: str) -> str:
    """A TOML string; literal, so that code reads as code, where that can be."""
    if "\n" in text:
        return f"'''\n{text}'''" if "'''" not in text and not text.endswith("'") else json.dumps(text)
    return f"'{text}'" if "'" not in text else json.dumps(text, ensure_ascii=False)
