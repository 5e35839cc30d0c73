"""Reads a Terraform file that is written in JSON into the same blocks as `hcl` does.

JSON does not say what is a block and what is an argument; what Terraform takes for a block, and its labels, is listed
here. A name may stand several times, and a list stands for several blocks: nothing of that is lost.
"""

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from tidegate.terraform.hcl import MOST_CHARACTERS, Attribute, Block, Token, Unreadable

_TOP = {
    "terraform": 0,
    "provider": 1,
    "variable": 1,
    "output": 1,
    "locals": 0,
    "module": 1,
    "resource": 2,
    "data": 2,
    "ephemeral": 2,
    "check": 1,
    "moved": 0,
    "removed": 0,
    "import": 0,
    "action": 2,
}
"""Blocks of a file, and how many labels each has."""
_INSIDE: dict[str, dict[str, int]] = {
    "": _TOP,
    "terraform": {"required_providers": 0, "backend": 1, "cloud": 0, "provider_meta": 1},
    "provider": {"endpoints": 0, "assume_role_with_web_identity": 0},
    "check": {"data": 2},
    "resource": {"provisioner": 1, "connection": 0},
    "removed": {"provisioner": 1, "connection": 0},
}


class _Object(list[tuple[str, Any]]):
    """The pairs of an object, in their order, with those that stand twice."""


def parse(text: str) -> Block:
    """The blocks of a file. Raises Unreadable."""
    if len(text) > MOST_CHARACTERS:
        raise Unreadable(1, f"longer than {MOST_CHARACTERS} characters")
    try:
        document = json.loads(text, object_pairs_hook=_Object, parse_constant=_no_constant)
        return _body("", (), list(_objects(document)))
    except json.JSONDecodeError as error:
        raise Unreadable(error.lineno, f"no JSON: {error.msg}") from error
    except RecursionError as error:
        raise Unreadable(1, "nests too deep") from error


def _no_constant(name: str) -> NoReturn:
    raise Unreadable(1, f"{name} is no JSON")


def _objects(value: Any) -> Iterator[_Object]:
    """One object, or those of a list of lists."""
    if isinstance(value, _Object):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _objects(each)
    else:
        raise Unreadable(1, "something else stands where a block is expected")


def _body(kind: str, labels: tuple[str, ...], objects: list[_Object]) -> Block:
    attributes: list[Attribute] = []
    blocks: list[Block] = []
    inside = _INSIDE.get(kind, {})
    for name, value in (pair for each in objects for pair in each):
        if not name.isascii():
            raise Unreadable(1, f"a name that is not plain: {name!r}")
        if name in inside:
            blocks += _blocks(name, (), inside[name], value)
        elif name != "//":
            attributes.append(Attribute(name, 0, tuple(_tokens(value))))
    return Block(kind, labels, 0, tuple(attributes), tuple(blocks))


def _blocks(kind: str, labels: tuple[str, ...], missing: int, value: Any) -> Iterator[Block]:
    for each in _objects(value):
        if not missing:
            yield _body(kind, labels, [each])
            continue
        for label, inner in each:
            if not label.isascii():
                raise Unreadable(1, f"a label of {kind} that is not plain: {label!r}")
            yield from _blocks(kind, (*labels, label), missing - 1, inner)


def _tokens(value: Any) -> Iterator[Token]:
    """A value as the tokens that it would be in the other language."""
    if isinstance(value, _Object):
        yield Token("mark", "{", 0)
        for name, inner in value:
            yield from (_text(name), Token("mark", "=", 0), *_tokens(inner), Token("newline", "", 0))
        yield Token("mark", "}", 0)
    elif isinstance(value, list):
        yield Token("mark", "[", 0)
        for inner in value:
            yield from (*_tokens(inner), Token("mark", ",", 0))
        yield Token("mark", "]", 0)
    elif isinstance(value, str):
        yield _text(value)
    else:
        yield Token("word", json.dumps(value), 0)


def _text(value: str) -> Token:
    plain = "${" not in value and "%{" not in value
    return Token("string" if plain else "template", value if plain else "", 0)
